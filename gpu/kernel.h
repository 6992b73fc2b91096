// What a GPU executes: kernels made of CTAs. Lowering describes the work of a kernel; the closed
// form (timing.h) and the event model (sim/) turn the same description into time in separate ways.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/program.h"

namespace wattlas::gpu {

struct Parameters;

/// CTAs that do the same work. Bits are per CTA; cycles are at the efficiency the tile reaches.
struct CtaGroup {
  std::int64_t count = 0;
  double cycles = 0;    ///< SM cycles of the busiest unit
  double inFlight = 0;  ///< bits of outstanding loads (Little's law); 0 = no limit
};

/// Which MACs a kernel does, for energy.
enum class MacKind { none, fp32, fp16, fp8, fp4, int8, int4, binary };

/// A grid of output tiles: lets the event model follow which operand panels a wave touches first.
/// One plane of `rows` x `columns` tiles for each batch and each part of a split K.
struct TileGrid {
  std::int64_t rows = 0, columns = 0;  ///< tiles along M and N; 0 = not a tiled product
  double rowPanelBits = 0;             ///< operand bits of one tile row in one plane
  double columnPanelBits = 0;          ///< operand bits of one tile column in one plane
  double rowsFromDram = 0, columnsFromDram = 0, outputToDram = 0;  ///< shares that miss L2
};

struct Kernel {
  std::string name;
  std::vector<CtaGroup> groups;  ///< in launch order, at most `maxGroups`
  static constexpr std::size_t maxGroups = 32;
  int slotsPerSm = 1;        ///< CTAs that an SM holds at the same time
  int parallelPerSm = 1;     ///< of these, how many run without slowing each other down
  double ctasToFill = 1;     ///< CTAs that an SM needs to reach its rate
  double dramBits = 0;       ///< traffic of device memory, all CTAs
  double l2Bits = 0;         ///< traffic between L2 and SMs, all CTAs
  double outputBits = 0;     ///< the part of it that is written at the end of each CTA
  double dramShare = 1;      ///< reachable share of the DRAM peak
  double l2Share = 1;        ///< reachable share of the L2 peak
  double start = 0;          ///< seconds on the device that depend on nothing
  double latency = 0;        ///< seconds until the first data arrive and after the last leave
  double memoryLatency = 0;  ///< seconds that outstanding loads cover (Little's law); 0 = no limit
  double overlapLoss = 0;
  bool waveByWave = false;  ///< few long CTAs: memory waits for the tail, it cannot run ahead
  bool rowTimes = false;    ///< cycles are the time of a row on one CTA, not work of a unit
  TileGrid grid;
  int tileRows = 0, tileColumns = 0, split = 1;  ///< as chosen, for people
  std::int32_t op = 0;  ///< of the region; kernels of different ones run in streams of their own
  // Energy events.
  MacKind macKind = MacKind::none;
  double macs = 0, vectorOps = 0, sharedBits = 0;
  // Collectives between devices; zero elsewhere.
  double linkBits = 0, linkRate = 0, linkFixed = 0;
  std::int64_t linkSteps = 0;
  double launches = 1;  ///< kernels the host starts for this one
  /// Runs that depend on each other, all alike; everything above is of one of them.
  std::int64_t repeat = 1;

  std::int64_t ctas() const;
  double totalCycles() const;
};

/// A lowered operator: kernels that run one after the other.
class GpuProgram final : public Program {
 public:
  Hash128 hash() const override { return hash_; }
  const std::vector<Footprint>& footprint() const override { return footprint_; }
  Ticks lowerBound() const override { return bound_; }

  std::vector<Kernel> kernels;
  std::vector<Assumption> assumptions;
  /// The device with the constants of the stack it was lowered for (owned by the device).
  const Parameters* parameters = nullptr;
  double usefulMacs = 0;      ///< MACs of the operator, without padding
  double streamedBits = 0;    ///< parameters that come over the host link for each use
  double rest = 0;            ///< seconds without work around each run
  std::size_t operators = 1;  ///< of the region: heads, and those that ride in their kernels
  Hash128 hash_;
  std::vector<Footprint> footprint_;
  Ticks bound_;
};

}  // namespace wattlas::gpu
