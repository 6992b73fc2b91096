#include "accuracy/table_oracle.h"

#include <charconv>
#include <filesystem>

#include "validation/operator_csv.h"

namespace wattlas {
namespace {

std::optional<double> numberIn(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

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

}  // namespace wattlas
