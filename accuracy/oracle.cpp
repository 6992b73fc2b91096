#include "accuracy/oracle.h"

#include <charconv>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "accuracy/command_oracle.h"
#include "accuracy/measure.h"
#include "explorer/outcome.h"
#include "models/base/error.h"
#include "validation/operator_csv.h"

namespace wattlas {
namespace {

std::optional<double> numberIn(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Accuracies from a CSV file of published or own values.
/// Columns `workload`, `format`, `accuracy`, `source`; optionally `se`, `split`, and keys of the
/// workload such as `sparsity.density`. A row stands for the network that its cells name, which is
/// otherwise as the library has it.
class TableOracle {
 public:
  /// Keeps a reference to the path. Throws InputError with every bad row.
  TableOracle(const std::string& file, const SearchPath& path);
  AccuracyResult of(const Workload& workload) const;

 private:
  struct Row {
    std::string workload;
    ConfigNode options;  ///< format and further keys
    AccuracyResult accuracy;
  };
  const SearchPath& path_;
  std::string file_;
  std::vector<Row> rows_;
};

TableOracle::TableOracle(const std::string& file, const SearchPath& path)
    : path_(path), file_(std::filesystem::path(file).filename().string()) {
  const CsvFile csv = CsvFile::read(file, "workload", true);
  Problems problems;
  for (const char* needed : {"format", "accuracy", "source"})
    if (!csv.column(needed))
      problems.add({{file, 1}, needed, "is missing", "a column of this name", {}});
  problems.finish();
  for (const CsvRecord& record : csv.records) {
    Row row;
    row.options = ConfigNode::ofMap();
    row.accuracy.kind = "table";
    std::string split;
    const auto bad = [&](const std::string& key, const std::string& what, const char* expected) {
      problems.add({{file, record.line}, key, what, expected, {}});
    };
    const auto share = [&](const std::string& key, const std::string& cell) {
      const auto value = numberIn(cell);
      if (!value || !(*value >= 0 && *value <= 1))
        bad(key, "'" + cell.substr(0, 40) + "' is no share", "a number from 0 to 1");
      return value;
    };
    for (std::size_t c = 0; c < csv.header.size() && c < record.cells.size(); ++c) {
      const std::string &key = csv.header[c], &cell = record.cells[c];
      if (key == "workload")
        row.workload = cell;
      else if (key == "source")
        row.accuracy.source = cell;
      else if (key == "split")
        split = cell;
      else if (key == "accuracy")
        row.accuracy.value = share(key, cell);
      else if (key == "se") {
        if (!cell.empty()) row.accuracy.se = share(key, cell);
      } else if (!cell.empty())
        row.options.set(key, parseYaml(cell, file));
    }
    if (row.accuracy.source.empty()) bad("source", "is empty", "where the value comes from");
    if (!split.empty()) row.accuracy.source += ", " + split + " split";
    rows_.push_back(std::move(row));
  }
  problems.finish();
}

AccuracyResult TableOracle::of(const Workload& workload) const {
  for (const Row& row : rows_) {
    if (row.workload != workload.id) continue;
    ConfigNode options = row.options;
    for (const char* key : {"batch", "prompt", "generate", "rate"})  // change no answer
      if (const ConfigNode* value = workload.config.find(key)) options.put(key, *value);
    const Workload named = buildWorkload(row.workload, loadWorkload(row.workload, path_), options);
    if (named.config.hash() == workload.config.hash()) return row.accuracy;
  }
  return {std::nullopt, std::nullopt, "none", file_ + " has no row for this network and format"};
}

AccuracyResult unknown(const std::string& why) {
  return {std::nullopt, std::nullopt, "none", why};
}

class MeasuredOracle {
 public:
  explicit MeasuredOracle(const AccuracyOptions& options)
      : options_(options),
        tested_(loadData(options.data, parseSplit(options.split), options.samples, options.seed)) {
    if (tested_.labels.empty()) throw InputError("'" + options.data + "' has no labels");
  }

  /// Networks that cannot be executed have an unknown accuracy, not a wrong one.
  AccuracyResult of(const Workload& workload) {
    try {
      if (const Operator* search = hdcSearch(workload)) return hdc(workload, *search);
      ExecutableNetwork network = makeExecutable(workload);
      const auto file = options_.weightFiles.find(workload.id);
      if (file == options_.weightFiles.end())
        return unknown("no weights for '" + workload.id + "'");
      loadNetworkWeights(network, file->second);
      pruneWeights(network);
      const ExecutionFormat format = executionFormatOf(network);
      EvaluationOptions how;
      how.compared = false;
      how.integer.rounding.range = RangeRule::leastError;
      const Evaluation e = evaluate(network, format, tested_, training(options_.calibrate), how);
      return measuredShare(e.correct, e.samples, tested_, options_.split);
    } catch (const InputError& error) {
      return unknown(textOf(error));
    }
  }

 private:
  const DataSet& training(std::int64_t samples) {
    DataSet& data = training_[samples];
    if (data.size() == 0) data = loadData(options_.data, Split::train, samples, options_.seed);
    return data;
  }

  AccuracyResult hdc(const Workload& workload, const Operator& search) {
    const HdcClassifier classifier = trainedHdc(workload, parseTensorFormats(search.formats.name),
                                                training(options_.trainSamples), options_.seed);
    const std::vector<std::int64_t> classes = classifier.classify(tested_);
    std::int64_t right = 0;
    for (std::size_t i = 0; i < classes.size(); ++i) right += classes[i] == tested_.labels[i];
    return measuredShare(right, tested_.size(), tested_, options_.split);
  }

  const AccuracyOptions& options_;
  DataSet tested_;
  std::map<std::int64_t, DataSet> training_;  ///< by number of samples
};

/// Signal over signal and noise, when the noise of all layers' formats adds up: 1 is exact.
AccuracyResult proxyOf(const Workload& workload) {
  double noise = 0;
  for (const Phase& phase : workload.phases)
    for (std::size_t i = 0; i < phase.graph.size(); ++i)
      if (const Operator& op = phase.graph.at(static_cast<OpId>(i));
          op.hasWeights && costOf(op).parameters > 0)
        noise += quantisationNoise(op.formats.weight) + quantisationNoise(op.formats.activation);
  return {1 / (1 + noise), std::nullopt, "proxy", "noise of the formats (no accuracy)"};
}

class StudyOracle final : public AccuracyOracle {
 public:
  StudyOracle(const AccuracyOptions& options, const SearchPath& path) : options_(options) {
    for (const AccuracyKind kind : options_.kinds) {
      if (kind == AccuracyKind::measured) measured_.emplace(options_);
      if (kind == AccuracyKind::command) command_.emplace(options_);
      if (kind == AccuracyKind::table) table_.emplace(options_.table, path);
    }
  }

  AccuracyResult of(const Experiment& experiment) override {
    const Workload& asked = *experiment.workload;
    if (experiment.tasks || asked.phases.empty()) return unknown("no network");
    ConfigNode config = asked.config;
    config.put("batch", ConfigNode::ofScalar("1"));
    const Hash128 key = Hasher().text(asked.id).add(config.hash()).finish();
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
    AccuracyResult answer;
    try {
      answer = ask(buildWorkload(asked.id, config, ConfigNode::ofMap()));
    } catch (const InputError& error) {
      answer = unknown(textOf(error));
    }
    return known_.emplace(key, std::move(answer)).first->second;
  }

 private:
  AccuracyResult ask(const Workload& workload) {
    AccuracyResult last = unknown("nobody was asked");
    for (const AccuracyKind kind : options_.kinds) {
      last = kind == AccuracyKind::measured  ? measured_->of(workload)
             : kind == AccuracyKind::command ? command_->of(workload)
             : kind == AccuracyKind::table   ? table_->of(workload)
                                             : proxyOf(workload);
      if (last.value) break;
    }
    return last;
  }

  const AccuracyOptions options_;
  std::optional<MeasuredOracle> measured_;
  std::optional<CommandOracle> command_;
  std::optional<TableOracle> table_;
  std::unordered_map<Hash128, AccuracyResult, Hash128Hasher> known_;
};

}  // namespace

std::unique_ptr<AccuracyOracle> makeOracle(const AccuracyOptions& options, const SearchPath& path) {
  return options.on() ? std::make_unique<StudyOracle>(options, path) : nullptr;
}

}  // namespace wattlas
