// The result object of docs/contract.md, 2: keys, their order, and which numbers are null. One list
// of fields writes it and reads it back (stored results, results of worker processes).
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "models/base/units.h"
#include "models/result.h"

namespace wattlas {

const char* nameOf(BottleneckCategory cause) {
  static constexpr const char* names[] = {"compute", "memory",   "link", "latency", "control",
                                          "host",    "transfer", "idle", ""};
  return names[static_cast<std::size_t>(cause)];
}

BottleneckCategory bottleneckCategoryOf(Bottleneck bottleneck) {
  static_assert(static_cast<int>(BottleneckCategory::host) == static_cast<int>(Bottleneck::host));
  return static_cast<BottleneckCategory>(bottleneck);
}

BottleneckCategory bottleneckCategoryOf(const OperatorResult& row) {
  for (int c = 0; c < bottleneckCategoryCount; ++c) {
    const auto cause = static_cast<BottleneckCategory>(c);
    const bool waits = cause == BottleneckCategory::transfer || cause == BottleneckCategory::idle;
    if (row.kind == nameOf(BottleneckCategory::transfer) ||
                row.kind == nameOf(BottleneckCategory::idle)
            ? waits && row.kind == nameOf(cause)
            : row.bound == nameOf(cause))
      return cause;
  }
  return BottleneckCategory::unknown;
}

const PhaseResult* RunResult::phase(const std::string& name) const {
  for (const PhaseResult& p : phases)
    if (p.name == name) return &p;
  return nullptr;
}

namespace {

using Json = nlohmann::ordered_json;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

class Writer {
 public:
  static constexpr bool reads = false;
  explicit Writer(Json& object) : json(object) {}

  /// A measured quantity: 12 significant digits, null when it does not exist.
  void number(const char* key, double value, bool exists = true, double = 0) {
    json[key] = exists && std::isfinite(value) ? Json(rounded(value)) : Json(nullptr);
  }
  /// A count held in a double: exact as long as a double can be, and printed without a fraction.
  void whole(const char* key, double value, bool exists = true) {
    constexpr double exactLimit = 9007199254740992.0;  // 2^53
    if (exists && std::abs(value) < exactLimit && value == std::floor(value))
      json[key] = static_cast<std::int64_t>(value);
    else
      number(key, value, exists);
  }
  template <class T>
  void plain(const char* key, const T& value) {
    json[key] = value;
  }
  /// An enumerator by its name; `last` is the greatest one.
  template <class E>
  void named(const char* key, E value, E) {
    json[key] = nameOf(value);
  }
  template <class Each>
  void section(const char* key, const Each& each) {
    Json inner = Json::object();
    each(Writer(inner));
    json[key] = std::move(inner);
  }
  template <class T, class Each>
  void list(const char* key, const std::vector<T>& items, const Each& each) {
    Json rows = Json::array();
    for (const T& item : items) each(Writer(rows.emplace_back(Json::object())), item);
    json[key] = std::move(rows);
  }
  /// An object whose keys are the names of its items.
  template <class T, class Each>
  void table(const char* key, const std::vector<T>& items, std::string T::*name, const Each& each) {
    Json rows = Json::object();
    for (const T& item : items) {
      Json row = Json::object();
      each(Writer(row), item);
      rows[item.*name] = std::move(row);
    }
    json[key] = std::move(rows);
  }
  /// Whether a key stands that is not always there.
  bool has(const char*, bool present) const { return present; }

  Json& json;
};

class Reader {
 public:
  static constexpr bool reads = true;
  explicit Reader(const Json& object) : json(object) {}

  void number(const char* key, double& value, bool = true, double ifNull = 0) {
    const Json& found = json.at(key);
    value = found.is_null() ? ifNull : found.get<double>();
  }
  void whole(const char* key, double& value, bool = true) { number(key, value); }
  template <class T>
  void plain(const char* key, T& value) {
    json.at(key).get_to(value);
  }
  template <class E>
  void named(const char* key, E& value, E last) {
    const auto text = json.at(key).get<std::string>();
    for (int i = 0; i <= static_cast<int>(last); ++i)
      if (text == nameOf(static_cast<E>(i))) {
        value = static_cast<E>(i);
        return;
      }
    throw std::runtime_error(std::string("'") + key + "' holds the unknown name '" + text + "'");
  }
  template <class Each>
  void section(const char* key, const Each& each) {
    each(Reader(json.at(key)));
  }
  template <class T, class Each>
  void list(const char* key, std::vector<T>& items, const Each& each) {
    for (const Json& row : json.at(key)) each(Reader(row), items.emplace_back());
  }
  template <class T, class Each>
  void table(const char* key, std::vector<T>& items, std::string T::*name, const Each& each) {
    for (const auto& [own, row] : json.at(key).items()) {
      items.emplace_back().*name = own;
      each(Reader(row), items.back());
    }
  }
  bool has(const char* key, bool) const { return json.contains(key); }

  const Json& json;
};

template <class F, class R>
void phases(F& f, R& r) {
  f.table("phases", r.phases, &PhaseResult::name, [&](F row, auto& p) {
    row.number("time_s", p.timeS, r.feasible);
    row.number("energy_j", p.energyJ, r.feasible);
    row.whole("tokens", p.tokens, r.feasible);
    row.number("tokens_per_s", p.tokensPerS, r.feasible && p.tokens > 0);
    row.number("energy_per_token_j", p.energyPerTokenJ, r.feasible && p.tokens > 0);
  });
}

/// Keys beside those of every operator.
void operatorDesign(Writer row, const OperatorDesign& design) {
  for (const auto& [key, value] : design.numbers) row.whole(key.c_str(), value);
  if (!design.why.empty()) row.plain("folding", design.why);
}
void operatorDesign(Reader row, OperatorDesign& design) {
  static const std::set<std::string> own = {
      "name",  "kind",         "phase",    "region", "device",      "count", "start_s",
      "end_s", "attributed_s", "energy_j", "bound",  "utilisation", "macs",  "bytes"};
  for (const auto& [key, value] : row.json.items())
    if (key == "folding")
      value.get_to(design.why);
    else if (value.is_number() && own.count(key) == 0)
      design.numbers.emplace_back(key, value.get<double>());
}

template <class F, class R>
void operators(F& f, R& r) {
  f.list("operators", r.operators, [](F row, auto& o) {
    row.plain("name", o.name);
    row.plain("kind", o.kind);
    row.plain("phase", o.phase);
    row.plain("region", o.region);
    row.plain("device", o.device);
    row.plain("count", o.count);
    row.number("start_s", o.startS);
    row.number("end_s", o.endS);
    row.number("attributed_s", o.attributedS);
    row.number("energy_j", o.energyJ);
    row.plain("bound", o.bound);
    row.number("utilisation", o.utilisation);
    row.whole("macs", o.macs);
    row.whole("bytes", o.bytes);
    operatorDesign(row, o.design);
  });
}

void fabric(Writer row, const std::vector<FabricUse>& fabric) {
  for (const FabricUse& f : fabric) row.whole(f.name.c_str(), f.used);
  for (const auto& [key, member] : {std::pair{"usable", &FabricUse::usable},
                                    {"total", &FabricUse::total},
                                    {"shell", &FabricUse::shell}})
    row.section(key, [&fabric, member = member](Writer part) {
      for (const FabricUse& f : fabric) part.whole(f.name.c_str(), f.*member);
    });
}
void fabric(Reader row, std::vector<FabricUse>& fabric) {
  for (const auto& [name, total] : row.json.at("total").items()) {
    FabricUse& f = fabric.emplace_back();
    f.name = name;
    f.total = total.get<double>();
    row.number(name.c_str(), f.used);
    Reader(row.json.at("shell")).number(name.c_str(), f.shell);
    Reader(row.json.at("usable")).number(name.c_str(), f.usable);
  }
}

/// Fabric, intervals and pace of hardware that was built for the workload.
template <class F, class D>
void design(F& f, D& d) {
  if (!f.has("resources", !d.empty())) return;
  f.section("resources", [&](F row) { fabric(row, d.fabric); });
  f.whole("ii_cycles", d.iiCycles);
  f.whole("latency_cycles", d.latencyCycles);
  f.number("throughput_per_s", d.throughputPerS);
  f.plain("bottleneck", d.bottleneck);
  f.list("fifos", d.streams, [](F row, auto& s) {
    row.plain("name", s.name);
    row.whole("depth", s.depth);
    row.whole("peak", s.peak);
    row.whole("token_bits", s.tokenBits);
    row.whole("word_bits", s.wordBits);
  });
}

template <class F, class R>
void memory(F& f, R& r) {
  // A refused design still says how much it needed, when that is known.
  const auto size = [&](F& row, const char* key, auto& bytes) {
    row.whole(key, bytes, r.feasible || bytes != 0);
  };
  f.section("memory", [&](F all) {
    all.list("tiers", r.tiers, [&](F row, auto& t) {
      row.plain("name", t.name);
      size(row, "resident_bytes", t.residentBytes);
      size(row, "peak_bytes", t.peakBytes);
      size(row, "capacity_bytes", t.capacityBytes);
    });
    size(all, "weights_bytes", r.weightsBytes);
    size(all, "peak_bytes", r.peakBytes);
    size(all, "capacity_bytes", r.capacityBytes);
  });
}

template <class F, class R>
void grounds(F& f, R& r) {
  f.list("folds", r.replications, [](F row, auto& fold) {
    row.named("kind", fold.kind, ReplicationKind::repetition);
    row.plain("factor", fold.factor);
    row.plain("what", fold.what);
    row.plain("guard", fold.guard);
  });
  f.list("assumptions", r.assumptions, [](F row, auto& a) {
    row.plain("key", a.key);
    row.plain("value", a.value);
    row.plain("low", a.low);
    row.plain("high", a.high);
    row.plain("source", a.source);
    row.named("basis", a.basis, Basis::assumption);
  });
}

template <class F, class O>
void optionalNumber(F& f, const char* key, O& value) {
  double held = value.value_or(unknown);
  f.number(key, held, true, unknown);
  if constexpr (F::reads)
    if (!std::isnan(held)) value = held;
}

/// Keys that stand only when they were asked for, or in complete results.
template <class F, class R>
void optionals(F& f, R& r) {
  if (f.has("uncertainty", r.uncertainty.present))
    f.section("uncertainty", [&](F all) {
      auto& u = r.uncertainty;
      if constexpr (F::reads) u.present = true;
      all.section("time_s", [&](F row) {
        row.number("p5", u.timeP5);
        row.number("p50", u.timeP50);
        row.number("p95", u.timeP95);
      });
      all.section("energy_j", [&](F row) {
        row.number("p5", u.energyP5);
        row.number("p50", u.energyP50);
        row.number("p95", u.energyP95);
      });
    });
  if (f.has("accuracy", r.accuracy.kind != "none" || !r.accuracy.source.empty()))
    f.section("accuracy", [&](F row) {
      optionalNumber(row, "value", r.accuracy.value);
      optionalNumber(row, "se", r.accuracy.se);
      row.plain("kind", r.accuracy.kind);
      row.plain("source", r.accuracy.source);
    });
  if (f.has("statistics", !r.statistics.empty()))
    f.table("statistics", r.statistics, &ComponentStatistics::component, [](F row, auto& s) {
      row.number("utilisation", s.utilisation);
      row.number("busy_s", s.busyS);
      row.number("wait_s", s.waitS);
      row.plain("served", s.served);
      row.plain("queue_max", s.queueMax);
      row.whole("bytes", s.bytes);
    });
}

template <class F, class R>
void ledger(F& f, R& r) {
  f.list("ledger", r.ledger, [](F row, auto& c) {
    row.plain("component", c.component);
    row.named("category", c.category, Category::leakage);
    row.plain("coefficient", c.coefficient);
    row.whole("count", c.count);
    row.number("per_count_j", c.perCountJ);
    row.number("low_j", c.lowJ, true, unknown);
    row.number("high_j", c.highJ, true, unknown);
    row.named("basis", c.basis, Basis::assumption);
    row.plain("source", c.source);
  });
}

template <class F, class R>
void fields(F& f, R& r, bool withHost) {
  f.plain("config_hash", r.configHash);
  f.plain("platform", r.platform);
  f.plain("workload", r.workload);
  f.plain("format", r.format);
  f.plain("batch", r.batch);
  f.plain("seed", r.seed);
  f.plain("fidelity", r.fidelity);
  f.plain("coupling", r.coupling);
  f.plain("scope", r.scope);
  f.plain("energy_mode", r.energyMode);
  f.section("includes", [&](F in) {
    in.plain("weight_load", r.includes.weightLoad);
    in.plain("input_copy", r.includes.inputCopy);
    in.plain("output_copy", r.includes.outputCopy);
    in.plain("launch", r.includes.launch);
    in.plain("host", r.includes.host);
    in.plain("idle_devices", r.includes.idleDevices);
    in.plain("refresh", r.includes.refresh);
    in.plain("psu", r.includes.psu);
  });
  f.plain("mapping", r.mapping);
  f.plain("fidelity_used", r.fidelityUsed);
  f.plain("feasible", r.feasible);
  f.plain("reasons", r.reasons);
  f.number("time_s", r.timeS, r.feasible);
  f.number("bound_s", r.boundS, r.feasible);
  f.number("energy_j", r.energyJ, r.feasible);
  f.number("power_avg_w", r.powerAvgW, r.feasible);
  f.number("power_peak_w", r.powerPeakW, r.feasible);
  f.number("power_window_s", r.powerWindowS, r.feasible);
  f.number("area_mm2", r.areaMm2, r.feasible && r.areaMm2 > 0);
  f.section("energy_breakdown_j", [&](F cells) {
    for (int i = 0; i < categoryCount; ++i)
      cells.number(nameOf(static_cast<Category>(i)), r.breakdownJ[static_cast<std::size_t>(i)],
                   r.feasible);
  });
  phases(f, r);
  operators(f, r);
  design(f, r.design);
  memory(f, r);
  grounds(f, r);
  optionals(f, r);
  f.plain("notes", r.notes);
  ledger(f, r);
  f.plain("config", r.config);
  if (f.has("host", withHost))
    f.section("host", [&](F row) {
      row.number("wall_s", r.host.wallS);
      row.plain("events", r.host.events);
      row.plain("rss_bytes", r.host.rssBytes);
      row.plain("cpu", r.host.cpu);
    });
}

}  // namespace

std::string toJson(const RunResult& r, bool withHost, int indent) {
  Json out;
  Writer writer(out);
  writer.plain("schema", resultSchema);
  writer.plain("version", WATTLAS_VERSION);
  fields(writer, r, withHost);
  // Text of a broken encoding (an id from a file) is replaced, never a reason to fail.
  return out.dump(indent, ' ', false, Json::error_handler_t::replace);
}

RunResult resultFromJson(const std::string& text) try {
  const Json json = Json::parse(text);
  if (const int schema = json.at("schema").get<int>(); schema != resultSchema)
    throw std::runtime_error("schema " + std::to_string(schema) + " instead of " +
                             std::to_string(resultSchema));
  RunResult r;
  Reader reader(json);
  fields(reader, r, true);
  for (const OperatorResult& op : r.operators) {
    r.attributedS[static_cast<std::size_t>(bottleneckCategoryOf(op))] += op.attributedS;
    if (op.device == "host") r.hostS += op.attributedS;
  }
  return r;
} catch (const std::exception& problem) {
  throw std::runtime_error(std::string("not a result of wattlas: ") + problem.what());
}

}  // namespace wattlas
