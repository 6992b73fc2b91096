#include "explorer/accuracy.h"

#include <cmath>
#include <filesystem>
#include <map>
#include <numbers>

#include "explorer/expression.h"
#include "models/base/data_path.h"
#include "models/base/units.h"

namespace wattlas {
namespace fs = std::filesystem;

void AccuracyOptions::bind(Binder& b) {
  const FieldRule none{.fallback = "-"};
  b.section("measured", "Networks are executed on data", [&](Binder& m) {
    m.text("data", data, {.fallback = "fashion-mnist"}, "As `wattlas execute --data` takes it");
    m.text("weights", weights, none,
           "F.npz, or `supernet`: shared by all widths; without it those of each workload");
    m.choice("split", split, {"validation", "test"}, {.fallback = "validation"},
             "What the search sees; the final front is measured on the test split once");
    m.integer("samples", samples, {0, 1e8, "0"}, "At most so many of the split; 0 = all");
    m.integer("calibrate", calibrate, {1, 1e5, "256"}, "Training samples for ranges");
    m.integer("train_samples", trainSamples, {2, 1e6, "10000"},
              "Training samples of hyperdimensional classifiers");
    std::int64_t number = 1;
    m.integer("seed", number, {0, 9e15, "1"}, "Of generated data and projections");
    seed = static_cast<std::uint64_t>(number);
  });
  b.section("command", "A program of yours answers, one JSON object a line", [&](Binder& c) {
    c.texts("run", command, "Program and arguments, such as [wattlas-train, serve]");
    Sourced<Seconds> timeout;
    c.quantity("timeout", timeout, {1e-3, 1e7, "10 min"}, "Longest wait for one answer");
    timeoutS = timeout.value.value;
    c.text("cache", cache, none, "Folder in which answers are kept");
    c.any("request", request, "Further keys of each request");
  });
  b.section("table", "Published or own values", [&](Binder& t) {
    t.text("file", table, none,
           "CSV: workload, format, accuracy, source, and optionally se, split");
  });
  b.section("proxy", "Orders designs by the noise of their formats; no accuracy", [](Binder&) {});
  b.flag("share_front", mixed, {.fallback = "false"}, "Lets kinds stand on one front");
  for (std::string* text : {&weights, &table, &cache})
    if (*text == "-") text->clear();
}

void AccuracyOptions::finish(const ConfigNode& tree, const std::vector<std::string>& workloads,
                             Problems& problems) {
  const ConfigNode* section = tree.find("accuracy");
  if (section == nullptr || !section->isMap()) return;
  for (std::size_t k = 0; k < accuracyKindNames.size(); ++k)
    if (section->find(accuracyKindNames[k]) != nullptr)
      kinds.push_back(static_cast<AccuracyKind>(k));
  const auto has = [&](const char* kind) { return section->find(kind) != nullptr; };
  const auto missing = [&](const char* key, const char* expected) {
    problems.add({section->place(), std::string("accuracy.") + key, "is missing", expected, {}});
  };
  if (kinds.empty()) missing("measured", "one of the sections measured, command, table, proxy");
  if (has("command") && command.empty()) missing("command.run", "[program, argument, ...]");
  if (has("table") && table.empty()) missing("table.file", "a CSV file");
  Hasher hasher;
  hasher.add(section->hash());
  const auto addFile = [&](const std::string& file) {
    try {
      hasher.add(hashText(readTextFile(file, std::size_t{1} << 30)));
    } catch (const InputError& error) {
      for (const Problem& problem : error.problems()) problems.add(problem);
    }
  };
  if (has("measured"))
    for (const std::string& workload : workloads)
      if (const auto file = weightFileOf(weights, workload, dataPath())) {
        addFile(*file);
        addRanking(*file, problems);
        weightFiles[fs::path(workload).has_extension() ? fs::path(workload).stem().string()
                                                       : workload] = *file;
      }
  if (has("table") && !table.empty()) addFile(table);
  inputs = hasher.finish().hex();
}

/// How well a weight-sharing network ranks its parts is part of every number that it gives.
void AccuracyOptions::addRanking(const std::string& weightFile, Problems& problems) {
  if (!weightFile.ends_with(".supernet.npz")) return;
  const std::string name = fs::path(weightFile).stem().string();
  const fs::path file = fs::path(weightFile).replace_extension(".yaml");
  if (!fs::exists(file)) {
    notes.push_back(name + ": rank correlation with stand-alone trainings is unknown");
    return;
  }
  Sourced<Ratio> tau, recall;
  std::int64_t trainings = 0, seeds = 0;
  const ConfigNode tree = parseYaml(readTextFile(file.string()), file.string());
  bindConfig(tree, "", problems, [&](Binder& b) {
    b.quantity("kendall_tau", tau, {-1, 1, ""}, "Against stand-alone trainings");
    b.quantity("top10_recall", recall, {0, 1, ""}, "Of their best tenth");
    b.integer("trainings", trainings, {2, 1e6, ""}, "Networks that were trained alone");
    b.integer("seeds", seeds, {1, 1e3, ""}, "Trainings of each");
  });
  notes.push_back(name + ": Kendall tau " + numberText(tau.value.value) + " against " +
                  std::to_string(trainings) + " stand-alone trainings x " + std::to_string(seeds) +
                  ", " + numberText(recall.value.value * 100) + " % of their best tenth found" +
                  (tau.value.value < 0.7 ? "; too low to rank designs by" : ""));
}

std::optional<std::string> weightFileOf(const std::string& given, const std::string& workload,
                                        const SearchPath& path) {
  const auto shipped = [&](const std::string& id) {
    return path.findPart("weights/" + id + ".npz");
  };
  const fs::path file(workload);
  if (given.ends_with(".npz")) return given;
  if (!given.empty()) return shipped(file.stem().string() + "." + given);
  const fs::path beside = fs::path(file).replace_extension(".npz");
  if (file.has_extension() && fs::exists(beside)) return beside.string();
  return shipped(file.stem().string());
}

namespace {

double density(double x) {
  return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi);
}
double below(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

/// Mean square error of a unit Gaussian on `levels` levels `step` apart, centred on zero.
double errorOf(int levels, double step) {
  double error = 0;
  for (int i = 0; i < levels; ++i) {
    const double y = (i - 0.5 * (levels - 1)) * step;
    const bool first = i == 0, last = i + 1 == levels;
    const double a = y - 0.5 * step, b = y + 0.5 * step;
    const double mass = (last ? 1 : below(b)) - (first ? 0 : below(a));
    const double da = first ? 0 : density(a), db = last ? 0 : density(b);
    const double second = mass - ((last ? 0 : b * db) - (first ? 0 : a * da));
    error += second - 2 * y * (da - db) + y * y * mass;
  }
  return error;
}

/// Of the best step; the error has one minimum over the step.
double leastError(int levels) {
  double low = 0.2 / levels, high = 8.0 / levels;
  constexpr double golden = 0.6180339887498949;
  for (int i = 0; i < 80; ++i) {
    const double x = high - golden * (high - low), y = low + golden * (high - low);
    (errorOf(levels, x) < errorOf(levels, y) ? high : low) =
        errorOf(levels, x) < errorOf(levels, y) ? y : x;
  }
  return errorOf(levels, 0.5 * (low + high));
}

double uniformNoise(int levels) {
  static std::map<int, double> known;
  const auto [at, isNew] = known.emplace(levels, 0.0);
  if (isNew) at->second = leastError(levels);
  return at->second;
}

}  // namespace

double quantisationNoise(const NumberFormat& format) {
  if (format.kind == NumberKind::binary) return uniformNoise(2);
  if (format.kind == NumberKind::ternary) return uniformNoise(3);
  // Even over an octave [1, 2): step^2 / 12 over the mean square 7/3.
  if (format.isFloat()) return std::pow(2.0, -2.0 * format.mantissaBits) / 28.0;
  constexpr int widest = 12;
  if (format.bits <= widest) return uniformNoise(1 << format.bits);
  // Hui, Neuhoff, "Asymptotic Analysis of Optimal Fixed-Rate Uniform Scalar Quantization" (2001).
  const double levels = std::pow(2.0, format.bits);
  return 4.0 * std::log(levels) / (3.0 * levels * levels);
}

double quantisationNoise(const std::string& formats) {
  const TensorFormats f = parseTensorFormats(formats);
  return quantisationNoise(f.weight) + quantisationNoise(f.activation);
}

}  // namespace wattlas
