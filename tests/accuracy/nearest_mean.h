// A network that is often right without a training: one dense layer, whose rows are the means of
// the classes.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "accuracy/oracle.h"
#include "execution/data_set.h"
#include "execution/npy.h"
#include "models/base/data_path.h"

namespace wattlas::test {

constexpr const char* data = "generated-keywords";
constexpr std::int64_t inputs = 40 * 49, classes = 10;

class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() / ("accuracy-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return (path_ / name).string();
  }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline const std::string description =
    "generator: layers\ntitle: means\nfamily: signal\nsource: test\nformat: int8\n"
    "input: {channels: 1, height: 40, width: 49}\nlayers:\n"
    "  - {name: out, kind: dense, cout: 10, bias: true}\n";

/// Nearest mean: 2 m x - m^2 is largest.
inline NumpyArchive meanWeights() {
  const DataSet train = loadData(data, Split::train, 1000, 1);
  std::vector<float> w(inputs * classes, 0.0f), bias(classes, 0.0f), count(classes, 0.0f);
  for (std::int64_t s = 0; s < train.size(); ++s) {
    const auto c = static_cast<std::size_t>(train.labels[static_cast<std::size_t>(s)]);
    count[c] += 1;
    for (std::size_t i = 0; i < inputs; ++i)
      w[c * inputs + i] += train.inputs[static_cast<std::size_t>(s) * inputs + i];
  }
  for (std::size_t k = 0; k < w.size(); ++k) {
    w[k] /= count[k / inputs];
    bias[k / inputs] -= w[k] * w[k] / 2;
  }
  return {{"out.weight", NumpyArray::of(w, {classes, inputs})},
          {"out.bias", NumpyArray::of(bias, {classes})}};
}

inline Experiment experimentOf(const std::string& workload,
                               const std::vector<std::string>& sets = {}) {
  ConfigNode options = ConfigNode::ofMap();
  for (const std::string& text : sets) {
    const auto [key, value] = parseAssignment(text);
    options.set(key, value);
  }
  Experiment out;
  out.workload = std::make_shared<const Workload>(makeWorkload(workload, options, dataPath()));
  return out;
}

/// The section `accuracy` of a study over one workload.
inline AccuracyOptions optionsOf(const std::string& workload, const std::string& section) {
  const ConfigNode tree = parseYaml("accuracy: " + section + "\n", "study.yaml");
  AccuracyOptions out;
  Problems problems;
  bindConfig(tree, "", problems,
             [&](Binder& b) { b.section("accuracy", "", [&](Binder& a) { out.bind(a); }); });
  out.finish(tree, {workload}, problems);
  problems.finish();
  return out;
}

}  // namespace wattlas::test
