#include "validation/group_file.h"

#include <algorithm>
#include <map>
#include <set>

namespace wattlas {
namespace {

/// A map of the file whose keys are all known.
class Fields {
 public:
  Fields(const ConfigNode& node, std::vector<std::string> known) : node_(node) {
    if (!node.isMap()) fail({}, "is no map of keys", "one of the keys of docs/validation.md");
    for (const auto& [key, value] : node.entries())
      if (std::find(known.begin(), known.end(), key) == known.end())
        throw InputError(
            Problem{value.place(), key, "is no known key", {}, didYouMean(key, known)});
  }

  const ConfigNode* find(const char* key) const { return node_.find(key); }
  std::string text(const char* key, const std::string& fallback = {}) const {
    const ConfigNode* value = node_.find(key);
    if (value == nullptr) return fallback;
    if (!value->isScalar()) fail(key, "is no text", "text");
    return value->scalar();
  }
  std::string need(const char* key) const {
    const std::string value = text(key);
    if (value.empty()) fail(key, "is missing", "text");
    return value;
  }
  double number(const char* key, double fallback) const {
    const ConfigNode* value = node_.find(key);
    return value == nullptr ? fallback : parseQuantity(text(key), Dimension::ratio);
  }
  std::vector<std::string> list(const char* key) const {
    std::vector<std::string> out;
    const ConfigNode* value = node_.find(key);
    if (value == nullptr) return out;
    if (value->isScalar()) return {value->scalar()};
    for (const ConfigNode& item : value->items()) out.push_back(item.scalar());
    return out;
  }
  [[noreturn]] void fail(const std::string& key, const std::string& what,
                         const std::string& expected) const {
    throw InputError(Problem{node_.place(), key, what, expected, {}});
  }

 private:
  const ConfigNode& node_;
};

/// Nested maps and dotted keys are the same.
void addSettings(const ConfigNode* node, Settings& out, const std::string& prefix = {}) {
  if (node == nullptr) return;
  for (const auto& [key, value] : node->entries()) {
    if (value.isMap())
      addSettings(&value, out, prefix + key + ".");
    else
      out.put(prefix + key, value.isScalar() ? value.scalar() : value.toYaml());
  }
}

ReferenceBasis basisOf(const Fields& set) {
  const std::string word = set.text("basis", "measured");
  static const std::map<std::string, ReferenceBasis> words = {
      {"measured", ReferenceBasis::measured},
      {"simulated", ReferenceBasis::simulated},
      {"equations", ReferenceBasis::equations}};
  const auto at = words.find(word);
  if (at == words.end())
    set.fail("basis", "is '" + word.substr(0, 40) + "'", "measured, simulated or equations");
  return at->second;
}

/// Blind and seen rows say how far they may be off.
void checkGate(const Fields& fields, ReferenceBasis basis, const std::vector<std::string>& fitted,
               bool gated, const std::string& id) {
  const RowKind kind = kindOf(basis, fitted);
  if (!gated && (kind == RowKind::blind || kind == RowKind::seen))
    fields.fail(id, std::string("is a ") + nameOf(kind) + " row without a gate",
                "a gate; a row that misses it stands in known-gaps.yaml with the reason");
}

RowSpec rowOf(const ConfigNode& node, const SetSpec& set, const Fields& defaults) {
  const Fields row(node, {"id", "quantity", "unit", "reference", "gate", "target", "settings",
                          "over", "fitted_on", "source", "figure", "better"});
  RowSpec out;
  out.id = row.need("id");
  out.quantity = row.text("quantity", set.quantity);
  out.unit = row.text("unit", set.unit);
  out.source = row.text("source", set.source);
  out.settings = set.settings;
  addSettings(row.find("settings"), out.settings);
  if (const ConfigNode* over = row.find("over") ? row.find("over") : defaults.find("over")) {
    out.over = set.settings;
    addSettings(over, *out.over);
  }
  out.reference = row.number("reference", 0);
  out.gate = row.number("gate", defaults.number("gate", -1));
  out.target = row.number("target", defaults.number("target", -1));
  out.figure = row.text("figure") == "true";
  out.higherIsBetter = row.text("better") == "higher";
  out.fittedOn = row.find("fitted_on") ? row.list("fitted_on") : set.fittedOn;
  if (out.quantity.empty()) row.fail("quantity", "is missing", "a figure of the probe");
  if (row.find("reference") == nullptr && !out.figure)
    row.fail("reference", "is missing", "a number in the row's unit");
  checkGate(row, set.basis, out.fittedOn, out.gate >= 0, out.id);
  return out;
}

FigureSpec figureOf(const ConfigNode& node, const SetSpec& set) {
  const Fields figure(node, {"name", "where", "mean", "max", "each", "target", "above", "fewest",
                             "fitted_on", "source", "reported"});
  FigureSpec out;
  out.name = figure.text("name");
  if (const ConfigNode* where = figure.find("where"))
    for (const auto& [column, value] : where->entries()) {
      std::vector<std::string> values;
      if (value.isScalar()) values.push_back(value.scalar());
      for (const ConfigNode& item : value.items()) values.push_back(item.scalar());
      out.where.emplace_back(column, values);
    }
  out.mean = figure.number("mean", -1);
  out.largest = figure.number("max", -1);
  out.each = figure.number("each", -1);
  out.reported = figure.text("reported") == "true";
  out.target = figure.number("target", -1);
  out.above = figure.number("above", 0);
  out.fewest = static_cast<std::size_t>(figure.number("fewest", 1));
  out.fittedOn = figure.find("fitted_on") ? figure.list("fitted_on") : set.fittedOn;
  out.source = figure.text("source", set.source);
  const bool gated = out.mean >= 0 || out.largest >= 0 || out.each >= 0;
  checkGate(figure, set.basis, out.fittedOn, gated, out.name.empty() ? set.id : out.name);
  if (!gated && !out.reported)
    figure.fail("mean", "is missing", "a gate as mean, max or each, or `reported: true`");
  return out;
}

SetSpec setOf(const ConfigNode& node) {
  const Fields set(node, {"probe", "source", "basis", "fitted_on", "settings", "quantity", "unit",
                          "gate", "target", "over", "rows", "data", "id", "reference", "peer",
                          "peer_name", "fidelities", "figures"});
  SetSpec out;
  out.probe = set.need("probe");
  out.source = set.need("source");
  out.basis = basisOf(set);
  out.quantity = set.text("quantity");
  out.unit = set.text("unit");
  addSettings(set.find("settings"), out.settings);
  if (set.find("fitted_on") == nullptr && out.basis != ReferenceBasis::equations)
    set.fail("fitted_on", "is missing",
             "what was chosen with these data in view: 'parameter NAME', 'form TEXT', or [] if "
             "nothing was");
  out.fittedOn = set.list("fitted_on");
  if (const ConfigNode* rows = set.find("rows"))
    for (const ConfigNode& row : rows->items()) out.rows.push_back(rowOf(row, out, set));
  out.data = set.text("data");
  if (out.data.empty() == out.rows.empty())
    set.fail({}, "has neither or both of rows and data", "one of them");
  if (out.data.empty()) return out;
  out.id = set.need("id");
  out.referenceColumn = set.need("reference");
  out.peerColumn = set.text("peer");
  out.peerName = set.text("peer_name", out.peerColumn);
  out.fidelities = set.list("fidelities");
  if (out.quantity.empty()) set.fail("quantity", "is missing", "a figure of the probe");
  const ConfigNode* figures = set.find("figures");
  if (figures == nullptr) set.fail("figures", "is missing", "at least one figure over the data");
  for (const ConfigNode& figure : figures->items()) out.figures.push_back(figureOf(figure, out));
  return out;
}

}  // namespace

GroupSpec readGroup(const std::string& name, const SearchPath& path) {
  const auto file = path.findPart("validation/" + name + ".yaml");
  if (!file) throw InputError("validation/" + name + ".yaml was not found on the search path");
  const ConfigNode tree = loadConfig(*file, path);
  const Fields group(tree, {"what", "sets"});
  GroupSpec out{name, group.need("what"), {}};
  if (const ConfigNode* sets = group.find("sets"))
    for (const ConfigNode& set : sets->items()) out.sets.push_back(setOf(set));
  return out;
}

double scaleOf(const std::string& unit) {
  static const std::map<std::string, double> scales = {
      {"ps", 1e-12}, {"ns", 1e-9},   {"us", 1e-6},  {"ms", 1e-3},   {"nJ", 1e-9},
      {"uJ", 1e-6},  {"mJ", 1e-3},   {"mW", 1e-3},  {"GB/s", 1e9},  {"MB/s", 1e6},
      {"MOPS", 1e6}, {"TOPS", 1e12}, {"GMAC", 1e9}, {"GMAC/s", 1e9}};
  const auto at = scales.find(unit);
  return at == scales.end() ? 1 : at->second;
}

}  // namespace wattlas
