#include "explorer/accuracy.h"

#include <filesystem>

#include "explorer/value.h"
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

}  // namespace wattlas
