#include "pim/dram/validation.h"

#include <algorithm>
#include <cmath>

#include "pim/dram/memory.h"
#include "pim/dram/traffic.h"

namespace wattlas::dram {

namespace {

/// Everything here happens in one channel.
DramSpec oneChannel(const SearchPath& path, const std::string& id) {
  return loadDramSpec(path, id,
                      {{"organisation.channels", ConfigNode::ofScalar("1")},
                       {"organisation.pseudoChannels", ConfigNode::ofScalar("1")}});
}

MemoryResult run(const DramSpec& spec, const ControllerParams& params, Level level,
                 const Traffic& traffic) {
  DramMemory memory(spec, params, level);
  return memory.run(makeTraffic(traffic, memory.map()));
}

class Rows {
 public:
  explicit Rows(const std::string& id) : id_(id) {}

  ValidationRow& add(const char* what, const char* quantity, const char* unit, double ours,
                     double reference, double gate, std::string source) {
    ValidationRow row;
    row.group = "banks";
    row.id = "dram-" + id_ + "-" + what;
    row.kind = "identity";
    row.quantity = quantity;
    row.unit = unit;
    row.ours = rounded(ours);
    row.reference = rounded(reference);
    row.gate = gate;
    row.source = std::move(source);
    rows.push_back(std::move(row));
    return rows.back();
  }
  ValidationRows rows;

 private:
  std::string id_;
};

void bandwidthRows(const DramSpec& spec, Rows& out) {
  ControllerParams params;
  params.refresh = "none";
  Traffic stream;
  stream.requests = 10000;
  const MemoryResult alone = run(spec, params, Level::event, stream);
  out.add("peak", "stream bandwidth without refresh", "GB/s", alone.bytesPerS / 1e9,
          spec.peak().value / 8e9, 0.02, "clock x beats x width");

  ControllerParams refreshed;
  refreshed.postpone = spec.refresh.postponeLimit;
  // Whole periods of postponed refreshes, or the last one would be counted in part.
  const Clocks c = clocksOf(spec);
  const std::int64_t periods = spec.refresh.postponeLimit + 1;
  stream.requests = 4 * periods * c.refi / c.ccdS;
  const double lost = spec.refresh.rfc.value / spec.refresh.refi.value;
  const MemoryResult with = run(spec, refreshed, Level::event, stream);
  const MemoryResult without = run(spec, params, Level::event, stream);
  out.add("refresh-stream", "share of a stream's bandwidth that refresh leaves", "",
          with.bytesPerS / without.bytesPerS, 1 - lost, 0.02,
          "1 - tRFC / tREFI; refreshes postponed to the limit");

  Traffic sparse;
  sparse.pattern = "random";
  sparse.requests = 2000;
  sparse.interval = 200 * c.refi / sparse.requests + 1;
  const MemoryResult busy = run(spec, {}, Level::event, sparse);
  out.add("refresh-loss", "share of time lost to refresh", "", busy.refreshShare, lost, 0.02,
          "tRFC / tREFI");
}

void rowRows(const DramSpec& spec, Rows& out) {
  const Clocks c = clocksOf(spec);
  ControllerParams params;
  params.refresh = "none";
  params.readQueue = 512;
  Traffic rows;
  rows.pattern = "rows";
  rows.requests = 6000;
  const MemoryResult random = run(spec, params, Level::event, rows);
  const double window = static_cast<double>(c.faw) / 4, bus = static_cast<double>(c.ccdS),
               distance = static_cast<double>(c.rrdS),
               cycle = static_cast<double>(c.rc) / static_cast<double>(c.banks());
  const double bound = std::max({window, bus, distance, cycle}) / c.clock.value;
  ValidationRow& row =
      out.add("random-rows", "reads of random rows", "GB/s", random.bytesPerS / 1e9,
              static_cast<double>(spec.organisation.accessBytes()) / bound / 1e9, -1,
              "bound: one access per tFAW/4, tRRD_S, tRC/banks or burst, whichever is longest");
  row.target = 0.1;

  Traffic one;
  one.requests = 1;
  const MemoryResult single = run(spec, params, Level::detailed, one);
  const TimingSpec& t = spec.timing;
  const double latency =
      (std::ceil(t.rcd.value.value * t.clock.value.value - 0.01) + t.cl.value.value +
       static_cast<double>(spec.organisation.burstLength) /
           static_cast<double>(spec.organisation.beatsPerClock)) /
      t.clock.value.value;
  out.add("latency", "unloaded read of a closed bank", "ns", single.readLatencyMeanS * 1e9,
          latency * 1e9, 1e-4, "tRCD + CL + burst");
}

/// The worst of several mixes at both levels.
void levelRows(const DramSpec& spec, Rows& out) {
  double time = 0, energy = 0;
  std::uint64_t seed = 1;
  for (const std::string& pattern : trafficPatterns())
    for (const double writes : {0.0, 0.4}) {
      Traffic traffic;
      traffic.pattern = pattern;
      traffic.requests = 600;
      traffic.writeShare = writes;
      traffic.seed = seed++;
      const MemoryResult event = run(spec, {}, Level::event, traffic);
      const MemoryResult detailed = run(spec, {}, Level::detailed, traffic);
      time = std::max(time, std::abs(toSeconds(event.time) / toSeconds(detailed.time) - 1));
      energy = std::max(energy, std::abs(event.ledger.total() / detailed.ledger.total() - 1));
    }
  const auto figure = [&](const char* what, const char* quantity, double value, double gate) {
    ValidationRow& row = out.add(what, quantity, "", value, 0, gate,
                                 "own detailed level, each command through the checker; ten mixes");
    row.figure = true;
  };
  figure("event-time", "largest difference of time, event against detailed", time, 0.01);
  figure("event-energy", "largest difference of energy, event against detailed", energy, 0.001);
}

}  // namespace

ValidationRows dramValidationRows(const SearchPath& path) {
  ValidationRows all;
  for (const std::string& id : dramSpecIds(path)) {
    const DramSpec spec = oneChannel(path, id);
    Rows rows(id);
    bandwidthRows(spec, rows);
    rowRows(spec, rows);
    levelRows(spec, rows);
    for (ValidationRow& row : rows.rows) all.push_back(std::move(row));
  }
  return all;
}

}  // namespace wattlas::dram
