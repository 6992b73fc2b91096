#include <algorithm>
#include <charconv>
#include <set>

#include "workloads/graph/description.h"

namespace wattlas {
namespace {

/// Reads "L3" or "L0-3" at the front of `key` and moves past it (and its dot).
bool takeRange(std::string_view& key, LayerRange& range) {
  if (key.size() < 2 || key[0] != 'L') return false;
  const char* const end = key.data() + key.size();
  auto [at, error] = std::from_chars(key.data() + 1, end, range.first);
  if (error != std::errc() || range.first < 0) return false;
  range.last = range.first;
  if (at != end && *at == '-') {
    auto [after, failed] = std::from_chars(at + 1, end, range.last);
    if (failed != std::errc() || range.last < range.first) return false;
    at = after;
  }
  if (at != end && *at != '.') return false;
  key.remove_prefix(std::min(key.size(), static_cast<std::size_t>(at - key.data()) + 1));
  return true;
}

bool covers(std::string_view pattern, std::string_view name) {
  if (pattern.empty() || pattern == name) return true;
  return name.size() > pattern.size() && name.starts_with(pattern) && name[pattern.size()] == '.';
}

}  // namespace

FormatPlan::FormatPlan(TensorFormats fallback, const ConfigNode& overrides, Problems& problems)
    : fallback_(std::move(fallback)) {
  if (overrides.isNull()) return;
  if (overrides.isMap())
    read(overrides, {}, problems);
  else
    problems.add(overrides.place(), "workload.formats", "is not a section",
                 "operator names with formats, such as {lm_head: fp16}");
}

void FormatPlan::read(const ConfigNode& node, const std::string& prefix, Problems& problems) {
  for (const auto& [key, value] : node.entries()) {
    const std::string path = prefix.empty() ? key : prefix + "." + key;
    if (value.isMap()) {  // `--set workload.formats.mlp.down=int4` arrives as nested maps
      read(value, path, problems);
      continue;
    }
    Override entry;
    entry.key = path;
    entry.place = value.place();
    std::string_view name = path;
    entry.layered = takeRange(name, entry.range);
    entry.name = std::string(name);
    try {
      entry.formats = parseTensorFormats(value.isScalar() ? value.scalar() : std::string());
    } catch (const InputError& error) {
      problems.add(value.place(), "workload.formats." + path, error);
    }
    overrides_.push_back(std::move(entry));
  }
}

void FormatPlan::add(const std::string& name, const LayerRange* range, const std::string& format) {
  Override entry;
  entry.key = entry.name = name;
  entry.layered = range != nullptr;
  entry.own = true;
  if (range != nullptr) entry.range = *range;
  entry.formats = parseTensorFormats(format);
  entry.used = true;
  overrides_.push_back(std::move(entry));
}

const TensorFormats& FormatPlan::formatsOf(std::string_view name, const LayerRange* range) {
  const TensorFormats* given = overrideOf(name, range);
  return given != nullptr ? *given : fallback_;
}

const TensorFormats* FormatPlan::overrideOf(std::string_view name, const LayerRange* range) {
  Override* best = nullptr;
  const auto weight = [](const Override& o) {
    return (o.own ? 0 : 10000) + (o.layered ? 1000 : 0) + static_cast<int>(o.name.size());
  };
  for (Override& entry : overrides_) {
    if (!covers(entry.name, name)) continue;
    if (entry.layered &&
        (range == nullptr || range->first < entry.range.first || range->last > entry.range.last))
      continue;
    entry.used = true;
    if (best == nullptr || weight(entry) >= weight(*best)) best = &entry;
  }
  return best != nullptr ? &best->formats : nullptr;
}

std::vector<LayerRange> FormatPlan::pieces(std::int64_t count) const {
  std::set<std::int64_t> starts{0};
  for (const Override& entry : overrides_) {
    if (!entry.layered) continue;
    if (entry.range.first < count) starts.insert(entry.range.first);
    if (entry.range.last < count - 1) starts.insert(entry.range.last + 1);
  }
  std::vector<LayerRange> out;
  for (auto it = starts.begin(); it != starts.end(); ++it) {
    const auto next = std::next(it);
    out.push_back({*it, next == starts.end() ? count - 1 : *next - 1});
  }
  return out;
}

void FormatPlan::reportUnused(const std::vector<std::string>& names, Problems& problems) const {
  for (const Override& entry : overrides_)
    if (!entry.used)
      problems.add(entry.place, "workload.formats." + entry.key, "no operator has this name",
                   "an operator or layer of the workload", didYouMean(entry.name, names));
}

}  // namespace wattlas
