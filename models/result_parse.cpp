// Reads back what result_json.cpp wrote: stored results, results of worker processes.
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "models/result.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

double number(const Json& object, const char* key) {
  const Json& value = object.at(key);
  return value.is_null() ? 0.0 : value.get<double>();
}

/// As `number`, but null is the answer "unknown" where zero would be a value.
double numberOrNan(const Json& object, const char* key) {
  const Json& value = object.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

template <class T>
void get(const Json& object, const char* key, T& target) {
  object.at(key).get_to(target);
}

/// The enumerator whose name the object holds; `last` is the greatest one.
template <class E>
E named(const Json& object, const char* key, E last) {
  const auto text = object.at(key).get<std::string>();
  for (int i = 0; i <= static_cast<int>(last); ++i)
    if (text == nameOf(static_cast<E>(i))) return static_cast<E>(i);
  throw std::runtime_error(std::string("'") + key + "' holds the unknown name '" + text + "'");
}

Includes readIncludes(const Json& j) {
  Includes in;
  get(j, "weight_load", in.weightLoad);
  get(j, "input_copy", in.inputCopy);
  get(j, "output_copy", in.outputCopy);
  get(j, "launch", in.launch);
  get(j, "host", in.host);
  get(j, "idle_devices", in.idleDevices);
  get(j, "refresh", in.refresh);
  get(j, "psu", in.psu);
  return in;
}

PhaseResult readPhase(const std::string& name, const Json& j) {
  PhaseResult p;
  p.name = name;
  p.timeS = number(j, "time_s");
  p.energyJ = number(j, "energy_j");
  p.tokens = number(j, "tokens");
  p.tokensPerS = number(j, "tokens_per_s");
  p.energyPerTokenJ = number(j, "energy_per_token_j");
  return p;
}

/// Keys of OperatorDesign::numbers: all that the other fields of an operator do not own.
bool isDesignKey(const std::string& key) {
  static const std::set<std::string> own = {
      "name",  "kind",         "phase",    "region", "device",      "count", "start_s",
      "end_s", "attributed_s", "energy_j", "bound",  "utilisation", "macs",  "bytes"};
  return own.count(key) == 0;
}

OperatorResult readOperator(const Json& j) {
  OperatorResult o;
  get(j, "name", o.name);
  get(j, "kind", o.kind);
  get(j, "phase", o.phase);
  get(j, "region", o.region);
  get(j, "device", o.device);
  get(j, "count", o.count);
  o.startS = number(j, "start_s");
  o.endS = number(j, "end_s");
  o.attributedS = number(j, "attributed_s");
  o.energyJ = number(j, "energy_j");
  get(j, "bound", o.bound);
  o.utilisation = number(j, "utilisation");
  o.macs = number(j, "macs");
  o.bytes = number(j, "bytes");
  for (const auto& [key, value] : j.items())
    if (key == "folding")
      value.get_to(o.design.why);
    else if (value.is_number() && isDesignKey(key))
      o.design.numbers.emplace_back(key, value.get<double>());
  return o;
}

void readDesign(const Json& j, DesignReport& d) {
  const auto resources = j.find("resources");
  if (resources == j.end()) return;
  for (const auto& [name, total] : resources->at("total").items()) {
    FabricUse f;
    f.name = name;
    f.used = number(*resources, name.c_str());
    f.shell = number(resources->at("shell"), name.c_str());
    f.usable = number(resources->at("usable"), name.c_str());
    f.total = total.get<double>();
    d.fabric.push_back(std::move(f));
  }
  d.iiCycles = number(j, "ii_cycles");
  d.latencyCycles = number(j, "latency_cycles");
  d.throughputPerS = number(j, "throughput_per_s");
  get(j, "bottleneck", d.bottleneck);
  for (const Json& row : j.at("fifos")) {
    StreamDesign s;
    get(row, "name", s.name);
    s.depth = number(row, "depth");
    s.peak = number(row, "peak");
    s.tokenBits = number(row, "token_bits");
    s.wordBits = number(row, "word_bits");
    d.streams.push_back(std::move(s));
  }
}

void readMemory(const Json& j, RunResult& r) {
  for (const Json& row : j.at("tiers")) {
    TierResult t;
    get(row, "name", t.name);
    t.residentBytes = number(row, "resident_bytes");
    t.peakBytes = number(row, "peak_bytes");
    t.capacityBytes = number(row, "capacity_bytes");
    r.tiers.push_back(std::move(t));
  }
  r.weightsBytes = number(j, "weights_bytes");
  r.peakBytes = number(j, "peak_bytes");
  r.capacityBytes = number(j, "capacity_bytes");
}

Replication readReplication(const Json& j) {
  Replication f;
  f.kind = named(j, "kind", ReplicationKind::repetition);
  get(j, "factor", f.factor);
  get(j, "what", f.what);
  get(j, "guard", f.guard);
  return f;
}

Assumption readAssumption(const Json& j) {
  Assumption a;
  get(j, "key", a.key);
  get(j, "value", a.value);
  get(j, "low", a.low);
  get(j, "high", a.high);
  get(j, "source", a.source);
  a.basis = named(j, "basis", Basis::assumption);
  return a;
}

LedgerCell readCell(const Json& j) {
  LedgerCell c;
  get(j, "component", c.component);
  c.category = named(j, "category", Category::leakage);
  get(j, "coefficient", c.coefficient);
  c.count = number(j, "count");
  c.perCountJ = number(j, "per_count_j");
  c.lowJ = numberOrNan(j, "low_j");
  c.highJ = numberOrNan(j, "high_j");
  c.basis = named(j, "basis", Basis::assumption);
  get(j, "source", c.source);
  return c;
}

void readOptional(const Json& j, RunResult& r) {
  if (const auto found = j.find("statistics"); found != j.end())
    for (const auto& [component, row] : found->items()) {
      ComponentStatistics s;
      s.component = component;
      s.utilisation = number(row, "utilisation");
      s.busyS = number(row, "busy_s");
      s.waitS = number(row, "wait_s");
      get(row, "served", s.served);
      get(row, "queue_max", s.queueMax);
      s.bytes = number(row, "bytes");
      r.statistics.push_back(std::move(s));
    }
  if (const auto found = j.find("uncertainty"); found != j.end()) {
    const Json &time = found->at("time_s"), &energy = found->at("energy_j");
    r.uncertainty = {true,
                     number(time, "p5"),
                     number(time, "p50"),
                     number(time, "p95"),
                     number(energy, "p5"),
                     number(energy, "p50"),
                     number(energy, "p95")};
  }
  if (const auto found = j.find("accuracy"); found != j.end()) {
    if (!found->at("value").is_null()) r.accuracy.value = number(*found, "value");
    if (!found->at("se").is_null()) r.accuracy.se = number(*found, "se");
    get(*found, "kind", r.accuracy.kind);
    get(*found, "source", r.accuracy.source);
  }
  if (const auto found = j.find("host"); found != j.end()) {
    r.host.wallS = number(*found, "wall_s");
    get(*found, "events", r.host.events);
    get(*found, "rss_bytes", r.host.rssBytes);
    get(*found, "cpu", r.host.cpu);
  }
}

RunResult read(const Json& j) {
  if (const int schema = j.at("schema").get<int>(); schema != resultSchema)
    throw std::runtime_error("schema " + std::to_string(schema) + " instead of " +
                             std::to_string(resultSchema));
  RunResult r;
  get(j, "config_hash", r.configHash);
  get(j, "platform", r.platform);
  get(j, "workload", r.workload);
  get(j, "format", r.format);
  get(j, "batch", r.batch);
  get(j, "seed", r.seed);
  get(j, "fidelity", r.fidelity);
  get(j, "coupling", r.coupling);
  get(j, "scope", r.scope);
  get(j, "energy_mode", r.energyMode);
  r.includes = readIncludes(j.at("includes"));
  get(j, "mapping", r.mapping);
  for (const auto& [component, level] : j.at("fidelity_used").items())
    r.fidelityUsed[component] = level.get<std::string>();
  get(j, "feasible", r.feasible);
  get(j, "reasons", r.reasons);
  r.timeS = number(j, "time_s");
  r.boundS = number(j, "bound_s");
  r.energyJ = number(j, "energy_j");
  r.powerAvgW = number(j, "power_avg_w");
  r.powerPeakW = number(j, "power_peak_w");
  r.powerWindowS = number(j, "power_window_s");
  r.areaMm2 = number(j, "area_mm2");
  for (int i = 0; i < categoryCount; ++i)
    r.breakdownJ[static_cast<std::size_t>(i)] =
        number(j.at("energy_breakdown_j"), nameOf(static_cast<Category>(i)));
  for (const auto& [name, phase] : j.at("phases").items())
    r.phases.push_back(readPhase(name, phase));
  for (const Json& row : j.at("operators")) {
    r.operators.push_back(readOperator(row));
    const OperatorResult& op = r.operators.back();
    r.attributedS[static_cast<std::size_t>(bottleneckCategoryOf(op))] += op.attributedS;
    if (op.device == "host") r.hostS += op.attributedS;
  }
  readMemory(j.at("memory"), r);
  readDesign(j, r.design);
  for (const Json& row : j.at("folds")) r.replications.push_back(readReplication(row));
  for (const Json& row : j.at("assumptions")) r.assumptions.push_back(readAssumption(row));
  readOptional(j, r);
  get(j, "notes", r.notes);
  for (const Json& row : j.at("ledger")) r.ledger.push_back(readCell(row));
  get(j, "config", r.config);
  return r;
}

}  // namespace

RunResult resultFromJson(const std::string& text) {
  try {
    return read(Json::parse(text));
  } catch (const nlohmann::json::exception& problem) {
    throw std::runtime_error(std::string("not a result of wattlas: ") + problem.what());
  } catch (const std::runtime_error& problem) {
    throw std::runtime_error(std::string("not a result of wattlas: ") + problem.what());
  }
}

}  // namespace wattlas
