#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "results/plot.h"
#include "results/plot_frame.h"
#include "results/report/report.h"
#include "results/store_layout.h"
#include "results/store_table.h"
#include "results/style.h"

namespace wattlas {
namespace {

using Json = nlohmann::json;

constexpr const char* shapeNames[] = {"circle",  "square", "diamond", "up",  "down",
                                      "hexagon", "plus",   "cross",   "star"};

/// Eight digits are more than a page shows, and half the bytes of twelve.
Json number(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (value == 0) return 0;
  const double unit = std::pow(10.0, 7 - std::floor(std::log10(std::abs(value))));
  const double cut = std::round(value * unit) / unit;
  return std::isfinite(cut) ? cut : value;
}

/// A text column as its different values and one index per row.
class Dictionary {
 public:
  void add(const std::string& text) {
    const auto [at, isNew] = index_.try_emplace(text, index_.size());
    if (isNew) values_.push_back(text);
    rows_.push_back(at->second);
  }
  Json json() const { return {{"d", values_}, {"v", rows_}}; }
  const std::vector<std::string>& values() const { return values_; }

 private:
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<std::string> values_;
  std::vector<std::size_t> rows_;
};

class RowsBuilder {
 public:
  RowsBuilder(const Store& store, const std::vector<std::size_t>& shown)
      : store_(store), shown_(shown) {}

  Json build() {
    out_["meta"] = {{"name", store_.header().name},
                    {"scope", store_.header().scope},
                    {"energyMode", store_.header().energyMode},
                    {"study", store_.header().study},
                    {"version", store_.version()},
                    {"contentHash", store_.contentHash()},
                    {"points", store_.rows().size()},
                    {"shown", shown_.size()}};
    texts();
    numbers();
    search();
    return std::move(out_);
  }

 private:
  const PointRow& row(std::size_t i) const { return store_.rows()[i]; }

  template <class Get>
  Dictionary column(const Get& get) const {
    Dictionary dictionary;
    for (const std::size_t i : shown_) dictionary.add(get(row(i)));
    return dictionary;
  }

  void texts() {
    for (const auto& [name, member] : {std::pair{"workload", &PointRow::workload},
                                       {"platform", &PointRow::platform},
                                       {"format", &PointRow::format},
                                       {"fidelity", &PointRow::fidelity},
                                       {"reason", &PointRow::reason},
                                       {"bound", &PointRow::bound},
                                       {"energy_category", &PointRow::energyCategory},
                                       {"accuracy_kind", &PointRow::accuracyKind},
                                       {"device", &PointRow::device}}) {
      const Dictionary d = column([m = member](const PointRow& r) { return r.*m; });
      if (std::string_view(name) == "platform") families(d.values());
      out_["text"][name] = d.json();
    }
    Json parameters = Json::array();
    for (const std::string& parameter :
         columnsOf(store_.rows(), store_.header().parameters).parameters) {
      parameters.push_back(parameter);
      out_["text"][parameter] = column([&](const PointRow& r) {
                                  const std::string* value = parameterOf(r, parameter);
                                  return value == nullptr ? std::string() : *value;
                                }).json();
    }
    out_["genes"] = parameters;
    std::string feasible, pareto;
    Json ids = Json::array(), hashes = Json::array();
    for (const std::size_t i : shown_) {
      ids.push_back(row(i).id);
      hashes.push_back(row(i).configHash == row(i).id ? "" : row(i).configHash);
      feasible += row(i).feasible ? '1' : '0';
      pareto += row(i).pareto ? '1' : '0';
    }
    out_["id"] = ids;
    out_["hash"] = hashes;
    out_["feasible"] = feasible;
    out_["pareto"] = pareto;
  }

  /// Families of the platforms and, for points that a host ran, that of host processors.
  void families(const std::vector<std::string>& platforms) {
    Json list = Json::array(), of = Json::array();
    std::vector<std::string> names;
    const auto add = [&](const Family& family) {
      const auto known = std::find(names.begin(), names.end(), family.name);
      const auto index = known - names.begin();
      if (known != names.end()) return index;
      names.push_back(family.name);
      const Colour& colour = palette[family.colour % palette.size()];
      list.push_back({{"name", family.name},
                      {"shape", shapeNames[static_cast<std::size_t>(family.shape)]},
                      {"light", colour.light},
                      {"dark", colour.dark}});
      return index;
    };
    for (const std::string& platform : platforms) of.push_back(add(familyOf(platform)));
    const bool hosted = std::any_of(shown_.begin(), shown_.end(),
                                    [&](std::size_t i) { return row(i).device == "host"; });
    if (hosted) out_["hostFamily"] = add(hostFamily());
    out_["families"] = list;
    out_["familyOf"] = of;  // by platform
    Json colours = Json::array();
    for (const Colour& c : palette) colours.push_back({c.light, c.dark});
    out_["palette"] = colours;
  }

  void numberColumn(const std::string& name, const std::vector<double>& values) {
    if (std::none_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
      return;
    Json cells = Json::array();
    for (const double v : values) cells.push_back(number(v));
    const Measure measure = measureOf(name);
    out_["num"].push_back({{"name", name},
                           {"label", measure.name},
                           {"unit", layout::unitOf(name)},
                           {"better", nameOf(measure.better)},
                           {"v", cells}});
  }

  void numbers() {
    out_["num"] = Json::array();
    std::vector<double> values(shown_.size());
    for (const layout::NumberField& c : layout::numbers()) {
      for (std::size_t k = 0; k < shown_.size(); ++k) values[k] = c.of(row(shown_[k]));
      numberColumn(c.name, values);
    }
    for (const std::string& name : columnsOf(store_.rows()).extras) {
      for (std::size_t k = 0; k < shown_.size(); ++k) values[k] = extraOf(row(shown_[k]), name);
      numberColumn(name, values);
    }
  }

  /// [winner id, name, other id, name, workload, metric, probability, ratio, low, high, decided by,
  /// level at]; names too, because a page may not hold all points.
  Json comparisons() const {
    std::unordered_map<std::string, const PointRow*> rows;
    for (const PointRow& r : store_.rows()) rows.emplace(r.id, &r);
    Json list = Json::array();
    for (const ComparisonRow& d : rowsOf<ComparisonRow>(store_)) {
      const auto a = rows.find(d.winner), b = rows.find(d.other);
      if (a == rows.end() || b == rows.end()) continue;
      list.push_back({d.winner, nameOf(*a->second), d.other, nameOf(*b->second),
                      a->second->workload, d.metric, number(d.probability), number(d.ratio),
                      number(d.low), number(d.high), d.decidedBy, d.level});
    }
    return list;
  }

  /// [workload, objective, point id, name of the rival, rests on, probability, value, low, high,
  /// whether it rests on an unknown]
  Json winners() const {
    Json list = Json::array();
    for (const WinnerRow& w : rowsOf<WinnerRow>(store_)) {
      const auto rival = std::find_if(store_.rows().begin(), store_.rows().end(),
                                      [&](const PointRow& r) { return r.id == w.rival; });
      list.push_back({w.workload, w.metric, w.point,
                      rival == store_.rows().end() ? "" : nameOf(*rival), w.restsOn,
                      number(w.probability), number(w.value), number(w.low), number(w.high),
                      w.restsOnUnknown()});
    }
    return list;
  }

  void search() {
    Json objectives = Json::array(), effects = Json::array(), regions = Json::array();
    for (const ObjectiveInfo& o : rowsOf<ObjectiveInfo>(store_))
      objectives.push_back({o.name, o.maximise});
    for (const ParameterInfluence& e : rowsOf<ParameterInfluence>(store_))
      effects.push_back({e.parameter, e.platform, e.pairs, e.changes});
    for (const RefusedGroup& r : rowsOf<RefusedGroup>(store_))
      regions.push_back(
          {r.reason, fmt::format("{}", fmt::join(r.common, "; ")), r.count, r.failed});
    out_["objectives"] = objectives;
    out_["effects"] = effects;
    out_["regions"] = regions;
    out_["duels"] = comparisons();
    out_["winners"] = winners();
    std::map<std::pair<std::string, std::int64_t>, Json> curves;
    for (const HistoryStep& step : rowsOf<HistoryStep>(store_))
      curves[{step.workload, step.seed}].push_back({step.evaluations, number(step.hypervolume)});
    Json history = Json::array();
    for (const auto& [key, steps] : curves)
      history.push_back({{"workload", key.first}, {"seed", key.second}, {"steps", steps}});
    out_["history"] = history;
  }

  const Store& store_;
  const std::vector<std::size_t>& shown_;
  Json out_;
};

}  // namespace

std::vector<std::size_t> shownRows(const Store& store, std::size_t most) {
  const std::vector<PointRow>& rows = store.rows();
  std::vector<std::size_t> front, others;
  for (std::size_t i = 0; i < rows.size(); ++i) (rows[i].pareto ? front : others).push_back(i);
  std::vector<std::size_t> shown = front;
  const std::size_t room = std::min(others.size(), most > front.size() ? most - front.size() : 0);
  for (std::size_t k = 0; k < room; ++k) shown.push_back(others[k * others.size() / room]);
  std::sort(shown.begin(), shown.end());
  return shown;
}

std::string reportRows(const Store& store, const std::vector<std::size_t>& shown) {
  return RowsBuilder(store, shown).build().dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace wattlas
