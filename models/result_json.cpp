// The result object of docs/contract.md, 2: keys, their order, and which numbers are null.
#include <cmath>
#include <nlohmann/json.hpp>

#include "models/base/units.h"
#include "models/result.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

/// A measured quantity: 12 significant digits, null when it does not exist.
Json number(double value) {
  return std::isfinite(value) ? Json(rounded(value)) : Json(nullptr);
}
Json number(double value, bool exists) {
  return exists ? number(value) : Json(nullptr);
}

/// A count held in a double: exact as long as a double can be, and printed without a fraction.
Json whole(double value) {
  constexpr double exactLimit = 9007199254740992.0;  // 2^53
  if (std::abs(value) < exactLimit && value == std::floor(value))
    return static_cast<std::int64_t>(value);
  return number(value);
}

Json includesJson(const Includes& in) {
  return {{"weight_load", in.weightLoad},
          {"input_copy", in.inputCopy},
          {"output_copy", in.outputCopy},
          {"launch", in.launch},
          {"host", in.host},
          {"idle_devices", in.idleDevices},
          {"refresh", in.refresh},
          {"psu", in.psu}};
}

Json breakdownJson(const RunResult& r) {
  Json cells = Json::object();
  for (int i = 0; i < categoryCount; ++i)
    cells[nameOf(static_cast<Category>(i))] =
        number(r.breakdownJ[static_cast<std::size_t>(i)], r.feasible);
  return cells;
}

Json phasesJson(const RunResult& r) {
  Json phases = Json::object();
  for (const PhaseResult& p : r.phases)
    phases[p.name] = {
        {"time_s", number(p.timeS, r.feasible)},
        {"energy_j", number(p.energyJ, r.feasible)},
        {"tokens", r.feasible ? whole(p.tokens) : Json(nullptr)},
        {"tokens_per_s", number(p.tokensPerS, r.feasible && p.tokens > 0)},
        {"energy_per_token_j", number(p.energyPerTokenJ, r.feasible && p.tokens > 0)}};
  return phases;
}

Json operatorsJson(const RunResult& r) {
  Json rows = Json::array();
  for (const OperatorResult& o : r.operators) {
    rows.push_back({{"name", o.name},
                    {"kind", o.kind},
                    {"phase", o.phase},
                    {"region", o.region},
                    {"device", o.device},
                    {"count", o.count},
                    {"start_s", number(o.startS)},
                    {"end_s", number(o.endS)},
                    {"attributed_s", number(o.attributedS)},
                    {"energy_j", number(o.energyJ)},
                    {"bound", o.bound},
                    {"utilisation", number(o.utilisation)},
                    {"macs", whole(o.macs)},
                    {"bytes", whole(o.bytes)}});
    for (const auto& [key, value] : o.design.numbers) rows.back()[key] = whole(value);
    if (!o.design.why.empty()) rows.back()["folding"] = o.design.why;
  }
  return rows;
}

/// Fabric, intervals and pace of hardware that was built for the workload.
void addDesign(Json& out, const DesignReport& d) {
  if (d.empty()) return;
  Json resources = Json::object(), usable = Json::object(), total = usable, shell = usable;
  for (const FabricUse& f : d.fabric) {
    resources[f.name] = whole(f.used);
    usable[f.name] = whole(f.usable);
    total[f.name] = whole(f.total);
    shell[f.name] = whole(f.shell);
  }
  resources["usable"] = std::move(usable);
  resources["total"] = std::move(total);
  resources["shell"] = std::move(shell);
  out["resources"] = std::move(resources);
  out["ii_cycles"] = whole(d.iiCycles);
  out["latency_cycles"] = whole(d.latencyCycles);
  out["throughput_per_s"] = number(d.throughputPerS);
  out["bottleneck"] = d.bottleneck;
  Json fifos = Json::array();
  for (const StreamDesign& s : d.streams)
    fifos.push_back({{"name", s.name},
                     {"depth", whole(s.depth)},
                     {"peak", whole(s.peak)},
                     {"token_bits", whole(s.tokenBits)},
                     {"word_bits", whole(s.wordBits)}});
  out["fifos"] = std::move(fifos);
}

Json memoryJson(const RunResult& r) {
  // A refused design still says how much it needed, when that is known.
  const auto size = [&](double bytes) {
    return r.feasible || bytes != 0 ? whole(bytes) : Json(nullptr);
  };
  Json tiers = Json::array();
  for (const TierResult& t : r.tiers)
    tiers.push_back({{"name", t.name},
                     {"resident_bytes", size(t.residentBytes)},
                     {"peak_bytes", size(t.peakBytes)},
                     {"capacity_bytes", size(t.capacityBytes)}});
  return {{"tiers", std::move(tiers)},
          {"weights_bytes", size(r.weightsBytes)},
          {"peak_bytes", size(r.peakBytes)},
          {"capacity_bytes", size(r.capacityBytes)}};
}

Json replicationsJson(const RunResult& r) {
  Json rows = Json::array();
  for (const Replication& f : r.replications)
    rows.push_back(
        {{"kind", nameOf(f.kind)}, {"factor", f.factor}, {"what", f.what}, {"guard", f.guard}});
  return rows;
}

Json assumptionsJson(const RunResult& r) {
  Json rows = Json::array();
  for (const Assumption& a : r.assumptions)
    rows.push_back({{"key", a.key},
                    {"value", a.value},
                    {"low", a.low},
                    {"high", a.high},
                    {"source", a.source},
                    {"basis", nameOf(a.basis)}});
  return rows;
}

Json ledgerJson(const RunResult& r) {
  Json rows = Json::array();
  for (const LedgerCell& c : r.ledger)
    rows.push_back({{"component", c.component},
                    {"category", nameOf(c.category)},
                    {"coefficient", c.coefficient},
                    {"count", whole(c.count)},
                    {"per_count_j", number(c.perCountJ)},
                    {"low_j", number(c.lowJ)},
                    {"high_j", number(c.highJ)},
                    {"basis", nameOf(c.basis)},
                    {"source", c.source}});
  return rows;
}

Json statisticsJson(const RunResult& r) {
  Json out = Json::object();
  for (const ComponentStatistics& s : r.statistics)
    out[s.component] = {{"utilisation", number(s.utilisation)},
                        {"busy_s", number(s.busyS)},
                        {"wait_s", number(s.waitS)},
                        {"served", s.served},
                        {"queue_max", s.queueMax},
                        {"bytes", whole(s.bytes)}};
  return out;
}

Json quantiles(double p5, double p50, double p95) {
  return {{"p5", number(p5)}, {"p50", number(p50)}, {"p95", number(p95)}};
}

Json optionalNumber(const std::optional<double>& value) {
  return value ? number(*value) : Json(nullptr);
}

/// Keys that stand only when they were asked for.
void addOptional(Json& out, const RunResult& r) {
  const UncertaintyResult& u = r.uncertainty;
  if (u.present)
    out["uncertainty"] = {{"time_s", quantiles(u.timeP5, u.timeP50, u.timeP95)},
                          {"energy_j", quantiles(u.energyP5, u.energyP50, u.energyP95)}};
  const AccuracyResult& a = r.accuracy;
  if (a.kind != "none" || !a.source.empty())
    out["accuracy"] = {{"value", optionalNumber(a.value)},
                       {"se", optionalNumber(a.se)},
                       {"kind", a.kind},
                       {"source", a.source}};
}

}  // namespace

std::string toJson(const RunResult& r, bool withHost, int indent) {
  Json out;
  out["schema"] = resultSchema;
  out["version"] = WATTLAS_VERSION;
  out["config_hash"] = r.configHash;
  out["platform"] = r.platform;
  out["workload"] = r.workload;
  out["format"] = r.format;
  out["batch"] = r.batch;
  out["seed"] = r.seed;
  out["fidelity"] = r.fidelity;
  out["coupling"] = r.coupling;
  out["scope"] = r.scope;
  out["energy_mode"] = r.energyMode;
  out["includes"] = includesJson(r.includes);
  out["mapping"] = r.mapping;
  out["fidelity_used"] = Json::object();
  for (const auto& [component, level] : r.fidelityUsed) out["fidelity_used"][component] = level;
  out["feasible"] = r.feasible;
  out["reasons"] = r.reasons;
  out["time_s"] = number(r.timeS, r.feasible);
  out["bound_s"] = number(r.boundS, r.feasible);
  out["energy_j"] = number(r.energyJ, r.feasible);
  out["power_avg_w"] = number(r.powerAvgW, r.feasible);
  out["power_peak_w"] = number(r.powerPeakW, r.feasible);
  out["power_window_s"] = number(r.powerWindowS, r.feasible);
  out["area_mm2"] = number(r.areaMm2, r.feasible && r.areaMm2 > 0);
  out["energy_breakdown_j"] = breakdownJson(r);
  out["phases"] = phasesJson(r);
  out["operators"] = operatorsJson(r);
  addDesign(out, r.design);
  out["memory"] = memoryJson(r);
  out["folds"] = replicationsJson(r);
  out["assumptions"] = assumptionsJson(r);
  addOptional(out, r);
  if (!r.statistics.empty()) out["statistics"] = statisticsJson(r);
  out["notes"] = r.notes;
  out["ledger"] = ledgerJson(r);
  out["config"] = r.config;
  if (withHost)
    out["host"] = {{"wall_s", number(r.host.wallS)},
                   {"events", r.host.events},
                   {"rss_bytes", r.host.rssBytes},
                   {"cpu", r.host.cpu}};
  // Text of a broken encoding (an id from a file) is replaced, never a reason to fail.
  return out.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace wattlas
