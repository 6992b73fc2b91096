#include "results/trace.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "models/base/atomic_file.h"
#include "models/base/error.h"
#include "models/base/units.h"
#include "models/records.h"
#include "results/summary.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

constexpr int busyProcess = 1, shareProcess = 2, unitProcess = 3, runProcess = 4;

class Trace {
 public:
  void process(int id, const std::string& name) { meta("process_name", id, 0, name); }
  void thread(int process, int id, const std::string& name) {
    meta("thread_name", process, id, name);
    events_.push_back({{"name", "thread_sort_index"},
                       {"ph", "M"},
                       {"pid", process},
                       {"tid", id},
                       {"args", {{"sort_index", id}}}});
  }
  void slice(int process, int id, const std::string& name, const std::string& category,
             double startS, double durationS, Json args) {
    events_.push_back({{"name", name},
                       {"cat", category},
                       {"ph", "X"},
                       {"ts", rounded(startS * 1e6)},
                       {"dur", rounded(durationS * 1e6)},
                       {"pid", process},
                       {"tid", id},
                       {"args", std::move(args)}});
  }
  /// An arrow; `phase` is s at its start and f at its end.
  void arrow(const char* phase, std::int64_t id, int process, int thread, double atS) {
    events_.push_back({{"name", "then"},
                       {"cat", "order"},
                       {"ph", phase},
                       {"bp", "e"},
                       {"id", id},
                       {"ts", rounded(atS * 1e6)},
                       {"pid", process},
                       {"tid", thread}});
  }
  Json take() { return std::move(events_); }

 private:
  void meta(const char* what, int process, int thread, const std::string& name) {
    events_.push_back({{"name", what},
                       {"ph", "M"},
                       {"pid", process},
                       {"tid", thread},
                       {"args", {{"name", name}}}});
  }
  Json events_ = Json::array();
};

Json argsOf(const OperatorResult& o) {
  return {{"kind", o.kind},
          {"phase", o.phase},
          {"region", o.region},
          {"count", o.count},
          {"attributed_s", rounded(o.attributedS)},
          {"energy_j", rounded(o.energyJ)},
          {"bound", o.bound},
          {"utilisation", rounded(o.utilisation)},
          {"macs", rounded(o.macs)},
          {"bytes", rounded(o.bytes)}};
}

/// Slices of one track must not overlap, so operators that do get lanes of their own.
void busyTracks(const RunResult& r, Trace& trace) {
  std::map<std::string, std::vector<const OperatorResult*>> byDevice;
  for (const OperatorResult& o : r.operators)
    if (o.endS > o.startS) byDevice[o.device].push_back(&o);
  int track = 1;
  for (auto& [device, rows] : byDevice) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](auto* a, auto* b) { return a->startS < b->startS; });
    std::vector<double> laneEnds;
    for (const OperatorResult* o : rows) {
      const auto free = std::find_if(laneEnds.begin(), laneEnds.end(),
                                     [&](double end) { return end <= o->startS; });
      const auto lane = static_cast<int>(free - laneEnds.begin());
      if (free == laneEnds.end()) {
        trace.thread(busyProcess, track + lane,
                     (device.empty() ? "device" : device) +
                         (lane > 0 ? " " + std::to_string(lane + 1) : ""));
        laneEnds.push_back(o->endS);
      } else {
        *free = o->endS;
      }
      trace.slice(busyProcess, track + lane, o->name, o->kind, o->startS, o->endS - o->startS,
                  argsOf(*o));
    }
    track += static_cast<int>(laneEnds.size());
  }
}

/// Attributed time end to end, in order of start: what adds up to the time of the result.
void shareTrack(const RunResult& r, Trace& trace) {
  trace.thread(shareProcess, 1, "attributed time");
  std::vector<const OperatorResult*> rows;
  for (const OperatorResult& o : r.operators)
    if (o.attributedS > 0) rows.push_back(&o);
  std::stable_sort(rows.begin(), rows.end(),
                   [](auto* a, auto* b) { return a->startS < b->startS; });
  double at = 0;
  for (const OperatorResult* o : rows) {
    trace.slice(shareProcess, 1, o->name, o->bound, at, o->attributedS, argsOf(*o));
    at += o->attributedS;
  }
}

/// Tracks of units: a slice goes to the first lane of its unit that is free.
void unitTracks(const std::vector<UnitSlice>& slices, Trace& trace) {
  struct Unit {
    std::vector<double> ends;
    std::vector<int> tracks;
  };
  std::map<std::string, Unit> units;
  int tracks = 0;
  std::vector<const UnitSlice*> sorted;
  for (const UnitSlice& s : slices) sorted.push_back(&s);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](auto* a, auto* b) { return a->startS < b->startS; });
  for (const UnitSlice* s : sorted) {
    Unit& unit = units[s->unit];
    // Half a picosecond: starts and ends come from integers through doubles.
    const auto free = std::find_if(unit.ends.begin(), unit.ends.end(),
                                   [&](double end) { return end <= s->startS + 5e-13; });
    const auto lane = static_cast<std::size_t>(free - unit.ends.begin());
    if (free == unit.ends.end()) {
      unit.ends.push_back(0);
      unit.tracks.push_back(++tracks);
      trace.thread(unitProcess, tracks,
                   s->unit + (lane > 0 ? " (" + std::to_string(lane + 1) + ")" : ""));
    }
    unit.ends[lane] = s->startS + s->durationS;
    trace.slice(unitProcess, unit.tracks[lane], s->name, "command", s->startS, s->durationS,
                {{"detail", s->detail}});
  }
}

/// The events of the run: a track for each component, an arrow for what waited for what.
void runTracks(const RunResult& r, Trace& trace) {
  std::map<std::string, int> tracks;
  for (const ComponentStatistics& s : r.statistics) {
    const int track = static_cast<int>(tracks.size()) + 1;
    if (tracks.emplace(s.component, track).second) trace.thread(runProcess, track, s.component);
  }
  std::map<std::int64_t, const TraceSlice*> last;  // of a task
  std::int64_t arrows = 0;
  for (const TraceSlice& s : r.trace) {
    const TraceSlice*& known = last[s.task];
    if (known == nullptr || s.startS + s.durationS > known->startS + known->durationS) known = &s;
  }
  for (const TraceSlice& s : r.trace) {
    const int track = tracks[s.track];
    trace.slice(runProcess, track, s.name, "task", s.startS, s.durationS, {{"task", s.task}});
    for (const std::int64_t task : s.after) {
      const auto before = last.find(task);
      if (before == last.end()) continue;
      const TraceSlice& from = *before->second;
      trace.arrow("s", ++arrows, runProcess, tracks[from.track], from.startS + from.durationS);
      trace.arrow("f", arrows, runProcess, track, s.startS);
    }
  }
}

}  // namespace

std::string traceJson(const RunResult& r) {
  return traceJson(r, {}, {});
}

std::string traceJson(const RunResult& r, const std::string& units,
                      const std::vector<UnitSlice>& slices) {
  if (!r.feasible)
    throw InputError("an infeasible result has no timeline", "a feasible design",
                     r.reasons.empty() ? "" : "reason: " + r.reasons.front());
  Trace trace;
  trace.process(busyProcess, r.platform + ": " + r.workload + " " + r.format);
  trace.process(shareProcess, "where the time goes");
  trace.thread(busyProcess, 0, "phases");
  double at = 0;
  for (const PhaseResult& p : r.phases) {
    trace.slice(busyProcess, 0, p.name, "phase", at, p.timeS,
                {{"energy_j", rounded(p.energyJ)}, {"tokens", rounded(p.tokens)}});
    at += p.timeS;
  }
  busyTracks(r, trace);
  shareTrack(r, trace);
  if (!r.trace.empty()) {
    trace.process(runProcess, "the run, by component");
    runTracks(r, trace);
  }
  if (!slices.empty()) {
    trace.process(unitProcess, units);
    unitTracks(slices, trace);
  }
  const Json out = {
      {"displayTimeUnit", "ns"},
      {"otherData",
       {{"config_hash", r.configHash}, {"scope", r.scope}, {"fidelity", fidelityText(r)}}},
      {"traceEvents", trace.take()}};
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

void writeTrace(const std::string& path, const RunResult& result) {
  writeFileAtomically(path, traceJson(result));
}

void writeTrace(const std::string& path, const RunResult& result, const std::string& units,
                const std::vector<UnitSlice>& slices) {
  writeFileAtomically(path, traceJson(result, units, slices));
}

}  // namespace wattlas
