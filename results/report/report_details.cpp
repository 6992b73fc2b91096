#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unordered_map>

#include "models/base/units.h"
#include "results/report/report_data.h"
#include "results/summary.h"

namespace wattlas {
namespace {

using Json = nlohmann::json;

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json shortNumber(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::stod(fmt::format("{:.6g}", value));
}

/// Things that many points share, kept once.
class Shared {
 public:
  std::size_t indexOf(const Json& value) {
    const auto [at, isNew] = index_.try_emplace(dumped(value), values_.size());
    if (isNew) values_.push_back(value);
    return at->second;
  }
  const Json& values() const { return values_; }

 private:
  std::unordered_map<std::string, std::size_t> index_;
  Json values_ = Json::array();
};

/// Numbers of lines as "0-11,14,20-31": a configuration mostly repeats another one.
std::string ranges(const std::vector<std::size_t>& lines) {
  std::string out;
  for (std::size_t i = 0; i < lines.size();) {
    std::size_t end = i;
    while (end + 1 < lines.size() && lines[end + 1] == lines[end] + 1) ++end;
    out += fmt::format("{}{}", out.empty() ? "" : ",", lines[i]);
    if (end > i) out += fmt::format("-{}", lines[end]);
    i = end + 1;
  }
  return out;
}

Json sharesJson(const std::vector<Share>& shares) {
  Json out = Json::array();
  for (const Share& s : shares) out.push_back({s.name, shortNumber(s.value)});
  return out;
}

class DetailsBuilder {
 public:
  explicit DetailsBuilder(const Store& store) {
    for (const TornadoBar& bar : rowsOf<TornadoBar>(store))
      tornado_[bar.point].push_back({bar.parameter, shortNumber(bar.low), shortNumber(bar.high),
                                     bar.metric, shortNumber(bar.simulatedLow),
                                     shortNumber(bar.simulatedHigh)});
    for (const ScenarioValue& value : rowsOf<ScenarioValue>(store))
      scenarios_[value.point].push_back(
          {value.scenario, shortNumber(value.timeS), shortNumber(value.energyJ)});
  }

  std::string line(const Store& store, std::size_t i, bool whole) {
    Json out;
    const std::string& id = store.rows()[i].id;
    if (whole && !store.json(i).empty()) out = result(store.result(i));
    if (const auto bars = tornado_.find(id); bars != tornado_.end()) out["tornado"] = bars->second;
    if (const auto all = scenarios_.find(id); all != scenarios_.end())
      out["scenarios"] = all->second;
    return out.is_null() ? "" : dumped(out);
  }

  std::string shared() const {
    return dumped({{"assumptions", assumptions_.values()}, {"lines", lines_.values()}});
  }

 private:
  Json result(const RunResult& r) {
    Json out = {{"batch", r.batch},    {"seed", r.seed},         {"mapping", r.mapping},
                {"asked", r.fidelity}, {"used", r.fidelityUsed}, {"coupling", r.coupling}};
    Json spots = Json::array(), assumed = Json::array();
    for (const WeakSpot& s : weakSpots(r))
      spots.push_back({s.key, s.value, s.range, s.source, shortNumber(s.energyShare)});
    for (const Assumption& a : r.assumptions)
      assumed.push_back(
          assumptions_.indexOf({a.key, readableQuantity(a.value), readableQuantity(a.low),
                                readableQuantity(a.high), nameOf(a.basis), a.source}));
    out["spots"] = spots;
    out["assumptions"] = assumed;
    out["config"] = configOf(r.config);
    Json tiers = Json::array(), replications = Json::array();
    for (const TierResult& t : r.tiers)
      tiers.push_back({t.name, shortNumber(t.residentBytes), shortNumber(t.peakBytes),
                       shortNumber(t.capacityBytes)});
    out["tiers"] = tiers;
    if (!r.feasible) {
      out["reasons"] = r.reasons;
      return out;
    }
    for (const Replication& f : r.replications) replications.push_back({f.factor, f.what, f.guard});
    out["folds"] = replications;
    out["lower"] = shortNumber(r.boundS);
    out["energy"] = sharesJson(energyByCategory(r));
    out["time"] = sharesJson(timeByBound(r));
    Json phases = Json::array(), operators = Json::array();
    for (const PhaseResult& p : r.phases)
      phases.push_back({p.name, shortNumber(p.timeS), shortNumber(p.energyJ), shortNumber(p.tokens),
                        shortNumber(p.tokensPerS), shortNumber(p.energyPerTokenJ)});
    for (const OperatorResult& o : r.operators)
      operators.push_back({o.name, o.kind, o.phase, o.device, o.count, shortNumber(o.attributedS),
                           shortNumber(o.energyJ), shortNumber(o.utilisation), o.bound,
                           shortNumber(o.macs), shortNumber(o.bytes)});
    out["phases"] = phases;
    out["operators"] = operators;
    return out;
  }

  std::string configOf(const std::string& yaml) {
    std::vector<std::size_t> lines;
    std::istringstream in(yaml);
    for (std::string line; std::getline(in, line);) lines.push_back(lines_.indexOf(line));
    return ranges(lines);
  }

  Shared assumptions_, lines_;
  std::unordered_map<std::string, Json> tornado_, scenarios_;
};

}  // namespace

std::string reportDetails(const Store& store, const std::vector<std::size_t>& shown,
                          std::size_t most) {
  std::vector<bool> whole(shown.size());
  std::size_t left = most;
  for (const bool front : {true, false})
    for (std::size_t k = 0; k < shown.size(); ++k)
      if (left > 0 && !whole[k] && store.rows()[shown[k]].pareto == front) {
        whole[k] = true;
        --left;
      }
  DetailsBuilder builder(store);
  std::string lines;
  for (std::size_t k = 0; k < shown.size(); ++k)
    lines += "\n" + builder.line(store, shown[k], whole[k]);
  return builder.shared() + lines;
}

}  // namespace wattlas
