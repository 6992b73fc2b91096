#include "execution/data_set.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "execution/npy.h"
#include "models/base/config.h"
#include "models/base/error.h"
#include "models/base/parameter.h"

namespace wattlas {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t trainSamples = 6000, testSamples = 1000;  ///< of generated sets
constexpr const char* fashionFolder = "/usr/share/datasets/fashion-mnist";

/// Samples of a split when the training data end with the validation split.
struct Part {
  std::int64_t first = 0, count = 0;
};
Part partOf(Split split, std::int64_t train, std::int64_t test) {
  const std::int64_t held = train / 6;
  if (split == Split::train) return {0, train - held};
  if (split == Split::validation) return {train - held, held};
  return {0, test};
}

/// IDX: two zero bytes, type 8 (unsigned bytes), number of axes, extents big-endian, values.
NumpyArray readIdx(const std::string& file) {
  const std::string bytes = inflateAll(readTextFile(file, 256u << 20), 512u << 20, file);
  const auto refuse = [&](const std::string& what) {
    throw InputError({file, 0}, "", what, "an IDX file of unsigned bytes");
  };
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 8 || bytes[3] < 1 ||
      bytes[3] > 4)
    refuse("no IDX file");
  const auto axes = static_cast<std::size_t>(bytes[3]);
  if (bytes.size() < 4 + 4 * axes) refuse("is cut off");
  NumpyArray array;
  array.type = NumpyArray::Type::u8;
  std::uint64_t values = 1;
  for (std::size_t i = 0; i < axes; ++i) {
    std::uint64_t extent = 0;
    for (std::size_t b = 0; b < 4; ++b)
      extent = extent << 8 | static_cast<unsigned char>(bytes[4 + 4 * i + b]);
    array.shape.push_back(static_cast<std::int64_t>(extent));
    if (extent == 0 || values > bytes.size() / extent) refuse("its extents do not fit its size");
    values *= extent;
  }
  if (bytes.size() - 4 - 4 * axes != values) refuse("its extents do not fit its size");
  array.bytes = bytes.substr(4 + 4 * axes);
  return array;
}

DataSet fromArrays(const NumpyArray& inputs, const NumpyArray* labels, double scale,
                   const std::string& file) {
  DataSet data;
  const auto refuse = [&](const std::string& what, const std::string& expected) {
    throw InputError({file, 0}, "", what, expected);
  };
  if (inputs.shape.empty() || inputs.size() == 0)
    refuse("has the shape " + inputs.shapeText(), "samples in the first axis");
  data.shape.assign(inputs.shape.begin() + 1, inputs.shape.end());
  data.inputs = inputs.reals();
  for (float& v : data.inputs) {
    if (!std::isfinite(v)) refuse("holds a value that is no finite number", "numbers");
    v = static_cast<float>(v / scale);
  }
  if (labels == nullptr) return data;
  data.labels = labels->integers();
  if (labels->shape.size() != 1 || labels->size() != inputs.shape.front())
    refuse("labels have the shape " + labels->shapeText() + " for " +
               std::to_string(inputs.shape.front()) + " samples",
           "one label a sample");
  for (const std::int64_t label : data.labels) {
    if (label < 0 || label > 1000000)
      refuse("label " + std::to_string(label), "classes numbered from 0");
    data.classes = std::max(data.classes, label + 1);
  }
  return data;
}

DataSet fashionMnist(Split split) {
  const char* const own = std::getenv("WATTLAS_FASHION_MNIST");
  const std::string folder = own != nullptr ? own : fashionFolder;
  const std::string front = folder + (split == Split::test ? "/t10k" : "/train");
  if (!fs::exists(front + "-images-idx3-ubyte.gz"))
    throw InputError("Fashion-MNIST is not installed (" + folder + ")",
                     "its four files there, or their folder in WATTLAS_FASHION_MNIST",
                     "apt-get install dataset-fashion-mnist");
  const NumpyArray images = readIdx(front + "-images-idx3-ubyte.gz");
  const NumpyArray labels = readIdx(front + "-labels-idx1-ubyte.gz");
  DataSet data = fromArrays(images, &labels, 255, front);
  data.source = "Fashion-MNIST, Zalando SE 2017 (MIT), Debian package dataset-fashion-mnist";
  const Part part = partOf(split, data.size(), data.size());
  return data.part(part.first, part.count);
}

/// data.yaml of a user's folder.
struct FolderDescription {
  std::string source, inputs, labels, trainInputs, trainLabels, testInputs, testLabels;
  Sourced<Ratio> scale;

  void bind(Binder& b) {
    const FieldRule optional{.fallback = "-"};
    b.text("inputs", inputs, optional, "Array of samples when there is one split only");
    b.text("labels", labels, optional, "Array of their classes");
    b.text("train_inputs", trainInputs, optional, "Samples of the training split");
    b.text("train_labels", trainLabels, optional, "Their classes");
    b.text("test_inputs", testInputs, optional, "Samples of the test split");
    b.text("test_labels", testLabels, optional, "Their classes");
    b.quantity("scale", scale, {.min = 1e-30, .max = 1e30, .fallback = "1"},
               "Divides every input (255 for bytes)");
  }
};

DataSet fromFolder(const std::string& folder, Split split) {
  const std::string file = (fs::path(folder) / "data.yaml").string();
  const ConfigNode tree = parseYaml(readTextFile(file, 1u << 20), file);
  FolderDescription d;
  Problems problems;
  bindConfig(tree, "", problems, [&](Binder& b) { d.bind(b); });
  for (std::string* name :
       {&d.inputs, &d.labels, &d.trainInputs, &d.trainLabels, &d.testInputs, &d.testLabels})
    if (*name == "-") name->clear();
  const bool test = split == Split::test;
  std::string inputs = test ? d.testInputs : d.trainInputs;
  std::string labels = test ? d.testLabels : d.trainLabels;
  const bool single = d.trainInputs.empty() && d.testInputs.empty();
  if (single) inputs = d.inputs, labels = d.labels;
  if (inputs.empty())
    problems.add({file, 0},
                 single ? "inputs"
                 : test ? "test_inputs"
                        : "train_inputs",
                 "is missing for the split '" + std::string(nameOf(split)) + "'",
                 "a .npy file beside data.yaml");
  problems.finish();
  const auto beside = [&](const std::string& name) { return (fs::path(folder) / name).string(); };
  const NumpyArray x = readNpy(beside(inputs));
  NumpyArray y;
  if (!labels.empty()) y = readNpy(beside(labels));
  DataSet data = fromArrays(x, labels.empty() ? nullptr : &y, d.scale.value.value, beside(inputs));
  if (const ConfigNode* source = tree.find("source"); source != nullptr && source->isScalar())
    data.source = source->scalar();
  if (single || test) return data;
  const Part part = partOf(split, data.size(), 0);
  return data.part(part.first, part.count);
}

}  // namespace

Split parseSplit(const std::string& name) {
  for (const Split split : {Split::train, Split::validation, Split::test})
    if (name == nameOf(split)) return split;
  throw InputError("split '" + name.substr(0, 40) + "'", "train, validation or test",
                   didYouMean(name, {"train", "validation", "test"}));
}

const char* nameOf(Split split) {
  return split == Split::train ? "train" : split == Split::validation ? "validation" : "test";
}

std::int64_t DataSet::values() const {
  std::int64_t n = 1;
  for (const std::int64_t extent : shape) n *= extent;
  return n;
}

DataSet DataSet::part(std::int64_t first, std::int64_t count) const {
  DataSet out{name, source, shape, {}, {}, classes};
  first = std::min(first, size());
  count = std::min(count, size() - first);
  out.inputs.assign(inputs.begin() + first * values(), inputs.begin() + (first + count) * values());
  if (!labels.empty()) out.labels.assign(labels.begin() + first, labels.begin() + first + count);
  return out;
}

const std::vector<std::string>& dataSetNames() {
  static const std::vector<std::string> names = {"fashion-mnist", "generated-rhythm",
                                                 "generated-keywords", "generated-signals-4"};
  return names;
}

DataSet loadData(const std::string& name, Split split, std::int64_t limit, std::uint64_t seed) {
  DataSet data;
  if (name == "fmnist" || name == "fashion-mnist") {
    data = fashionMnist(split);
    data.name = "fashion-mnist";
  } else if (isGenerated(name)) {
    // The test samples lie behind all training samples of the sequence.
    Part part = partOf(split, trainSamples, testSamples);
    if (split == Split::test) part.first = trainSamples;
    if (limit > 0) part.count = std::min(part.count, limit);
    data = generateData(name, part.first, part.count, seed);
  } else if (fs::is_directory(name)) {
    data = fromFolder(name, split);
    data.name = fs::path(name).filename().string();
  } else if (name.ends_with(".npy")) {
    data = fromArrays(readNpy(name), nullptr, 1, name);
    data.name = fs::path(name).stem().string();
  } else {
    throw InputError("data '" + name.substr(0, 80) + "' are not known",
                     "fashion-mnist, generated-rhythm, generated-keywords, generated-signals-N, a "
                     "folder with data.yaml, or a .npy file",
                     didYouMean(name, dataSetNames()));
  }
  return limit > 0 && limit < data.size() ? data.part(0, limit) : data;
}

std::vector<float> channelsLast(const DataSet& data, std::int64_t channels) {
  const std::int64_t each = data.values(), places = each / channels;
  if (channels == 1 || places == 1) return data.inputs;
  std::vector<float> out(data.inputs.size());
  for (std::int64_t s = 0; s < data.size(); ++s)
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t p = 0; p < places; ++p)
        out[static_cast<std::size_t>(s * each + p * channels + c)] =
            data.inputs[static_cast<std::size_t>(s * each + c * places + p)];
  return out;
}

}  // namespace wattlas
