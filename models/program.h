// What a device runs and what it costs: Program (a lowered region), Profile (its demand).
// A profile is a demand, not a time: private time plus traffic per port, so that it can be replayed
// against links that others use too.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/base/error.h"
#include "models/base/hash.h"
#include "models/energy.h"
#include "workloads/graph/workload.h"

namespace wattlas {

/// One kind of fabric: look-up tables, flip-flops, DSP blocks, memories.
struct FabricUse {
  std::string name;   ///< key in results: lut, ff, dsp, bram18, uram
  double used = 0;    ///< by the design with its shell
  double shell = 0;   ///< of that, by the platform shell
  double usable = 0;  ///< that designs fill before routing gets hard
  double total = 0;   ///< on the device
};

/// How one operator of the region was built, by the keys of `operators[]`: pe, simd, reuse,
/// ii_cycles, fifo_depth, and its part of the fabric.
struct OperatorDesign {
  std::vector<std::pair<std::string, double>> numbers;
  std::string why;  ///< who decided about the parallelism
};

/// A stream between two layers.
struct StreamDesign {
  std::string name;
  double depth = 0;      ///< tokens (pixels with all channels)
  double peak = 0;       ///< that one inference fills when the stream is never full
  double tokenBits = 0;  ///< information of a token
  double wordBits = 0;   ///< width of the stream
};

/// What a device says about hardware that it built for a program: fabric, intervals, and how each
/// operator is laid out. Plain data, part of Program and RunResult; empty for fixed hardware.
struct DesignReport {
  std::vector<FabricUse> fabric;
  double iiCycles = 0;        ///< between two results of a full pipeline; 0 = nothing was built
  double latencyCycles = 0;   ///< from the first input to the last result of one inference
  double throughputPerS = 0;  ///< inferences in steady state
  std::string bottleneck;     ///< operator that sets the interval
  std::vector<OperatorDesign> operators;  ///< by index into the region; only when asked for

  std::vector<StreamDesign> streams;  ///< only when asked for

  bool empty() const { return fabric.empty(); }
  /// Another design on the same device at the same time.
  void join(const DesignReport& other);
  double used(const std::string& name) const;  ///< NaN when there is no such fabric
};

enum class Fidelity { analytic, event, detailed };
const char* nameOf(Fidelity fidelity);
Fidelity parseFidelity(const std::string& text);

/// What limits an operator or a segment.
enum class Bottleneck { compute, memory, link, latency, control, host };
const char* nameOf(Bottleneck bottleneck);

using TierId = std::int32_t;
using PortId = std::int32_t;

/// Why a device does not run something.
struct Refusal {
  enum class Code { unsupported, capacity, format, mapping, budget };
  Code code = Code::unsupported;
  std::string what;          ///< complete sentence for people, naming operator and limit
  std::string nearestLegal;  ///< what would work, may be empty
};
const char* nameOf(Refusal::Code code);

/// Traffic of one segment through a port of the device.
struct Demand {
  PortId port = 0;
  Bits amount;
  BitRate peak;               ///< the device cannot take more than this
  std::uint8_t priority = 0;  ///< higher first on priority links
  bool write = false;         ///< out of the device
};

/// A phase of execution. Alone it lasts max(local, slowest demand).
struct Segment {
  Ticks local;  ///< private time: compute, private memory, control
  std::vector<Demand> demands;
  EnergyCounts energy;  ///< events during ONE repetition
  std::int64_t repeat = 1;
  std::int32_t op = -1;  ///< index into the region, -1 = the region as a whole
  Bottleneck bottleneck = Bottleneck::compute;
};

/// What one operator of the region took. Segments say when power flows; shares say who used it.
struct OperatorShare {
  std::int32_t op = 0;  ///< index into the region
  Ticks start, end;     ///< relative to the start of the program
  Ticks busy;           ///< time its units worked; may overlap with other operators
  Ticks attributed;     ///< non-overlapping share; all shares add up to the program's duration
  EnergyCounts energy;  ///< all shares add up to the segments' energy
  Bottleneck bottleneck = Bottleneck::compute;
  double utilisation = 0;  ///< achieved / peak MAC rate of the device in `attributed`, 0..1
};

enum class ReplicationKind { symmetry, periodicity, repetition };
const char* nameOf(ReplicationKind kind);

/// One simplification that was applied, with the guard that allowed it.
struct Replication {
  ReplicationKind kind = ReplicationKind::symmetry;
  std::int64_t factor = 1;
  std::string what;   ///< such as "64 identical banks"
  std::string guard;  ///< such as "same program, same entry state, data-independent timing"
};

/// Something a result rests on that is not a parameter of a configuration.
struct Assumption {
  std::string key, value, low, high, source;
  Basis basis = Basis::assumption;
};

/// Cost of one program, free of location: cacheable.
struct Profile {
  std::vector<Segment> segments;
  std::vector<OperatorShare> shares;
  std::vector<Replication> replications;
  std::vector<Assumption> assumptions;
  std::int64_t events = 0;  ///< kernel events + steps inside modules; folded copies once
  std::vector<std::pair<std::string, double>> statistics;  ///< such as {"dma.busyCycles", 812}

  /// Duration with all links to itself: sum over segments of repeat x max(local, demands).
  Ticks alone() const;
};

/// Bits a program needs in a memory tier of its device.
struct Footprint {
  TierId tier = 0;
  Bits resident;   ///< parameters, with padding and replication, kept between runs
  Bits workspace;  ///< activations and buffers while it runs
};

/// A lowered region: tiles, commands, kernels of one device family.
class Program {
 public:
  virtual ~Program() = default;
  /// Cache key together with device hash, entry state and fidelity: equal hash = equal profile.
  virtual Hash128 hash() const = 0;
  virtual const std::vector<Footprint>& footprint() const = 0;
  /// Physical lower bound on the duration that no fidelity may beat.
  virtual Ticks lowerBound() const = 0;
  /// False: the program covers ONE instance of each operator and the platform runs it
  /// `Operator::count` times (all operators of the region then have the same count). True: it
  /// covers all instances (a pipeline that holds the whole network).
  virtual bool coversCounts() const { return false; }
  /// Hardware that was built for this program; empty when the device is what it is. `operators`:
  /// with a row for each operator of the region.
  virtual DesignReport designReport(bool operators) const {
    (void)operators;
    return {};
  }
};

/// What is to be lowered: operators of a graph that the device chose to run together.
struct WorkItem {
  const Graph& graph;
  std::vector<OpId> region;
  PhaseKind phase = PhaseKind::inference;
  std::int64_t step = 0;  ///< decode step: growing operators attend to keys + step
  /// Bits touched between two uses of the same operands (a benchmark loop): operands that fit a
  /// cache stay there. 0 = unknown, nothing stays.
  Bits loopWorkingSet{};
  std::string stack{};  ///< software stack whose calibration is asked for; empty = the device's
  /// False when parameters come over the host link for every use (they do not fit).
  bool weightsResident = true;
  /// Of the whole workload, so that items of equal content, phase, region and step are equal items;
  /// zero = unknown.
  Hash128 content{};

  /// Operator `i` of the region at this step.
  Operator op(std::size_t i) const { return atStep(graph.at(region[i]), step); }
};

}  // namespace wattlas
