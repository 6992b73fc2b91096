// Execution of one kernel as cohorts of CTAs that share SMs, L2 and device memory. Plain C++: the
// SystemC module asks for the next useful time and advances to it.
#pragma once

#include <vector>

#include "gpu/kernel.h"
#include "gpu/parameters.h"

namespace wattlas::gpu {

/// CTAs that started together on SMs of equal occupancy and move in step.
struct Cohort {
  std::int64_t sms = 0, perSm = 0;
  double cycles = 0;                ///< of one CTA, alone on its SM
  double dramBits = 0, l2Bits = 0;  ///< of all CTAs
  double chipShare = 0;             ///< share of the kernel's on-chip energy
  double inFlight = 0;              ///< outstanding bits of all CTAs; 0 = no limit
  int stage = 0;                    ///< 0 memory ahead, 1 both, 2 compute behind
  double done = 0;                  ///< progress in the stage, 0..1
};

class WaveEngine {
 public:
  /// Largest number of cohorts of a uniform kernel before waves in the middle are merged.
  static constexpr std::int64_t mostWaves = 120;

  explicit WaveEngine(const Parameters& p) : WaveEngine(p, p.power.tdp.value.value) {}
  /// `limit`: watts that may flow.
  WaveEngine(const Parameters& p, double limit) : p_(p), limit_(limit) {}
  /// `merge` = false runs every wave by itself (the unfolded twin of the tests).
  void begin(const Kernel& kernel, bool merge = true);
  bool finished() const { return phase_ == Phase::finished; }
  /// Seconds to the next change of state.
  double next();
  /// Moves all cohorts on by the time that next() returned.
  void advance();

  double onChip() const { return onChip_; }  ///< energy events weighted by voltage squared, 0..
  double activeSeconds() const { return active_; }  ///< weighted by clock and voltage
  double dramBits() const { return dramMoved_; }
  double computeSeconds() const { return computeSeconds_; }
  double memorySeconds() const { return memorySeconds_; }
  std::int64_t merged() const { return factor_; }
  std::int64_t steps() const { return steps_; }

 private:
  enum class Phase { starting, running, linking, finished };
  void enterGroup();
  void dispatch();
  bool leave();
  void launch(std::int64_t sms, std::int64_t perSm);
  double firstTouches(double from, double to) const;
  void rates(double clockScale);
  double power(double clockScale) const;
  double settleClock();
  void skipEmptyStages(Cohort& cohort) const;
  double stageBits(const Cohort& cohort, double bits) const;
  double stageCycles(const Cohort& cohort) const;

  const Parameters& p_;
  const double limit_;
  const Kernel* kernel_ = nullptr;
  Phase phase_ = Phase::finished;
  std::vector<Cohort> cohorts_;
  std::vector<double> speed_;  ///< progress per second of each cohort
  std::vector<char> byMemory_, open_;
  struct Scratch {
    std::vector<double> limit, dramWish, l2Wish, weight, dramGot, l2Got;
  } scratch_;
  std::size_t group_ = 0;
  std::int64_t left_ = 0;        ///< CTAs of the group not yet started
  std::int64_t groupWaves_ = 0;  ///< whole waves of the group
  std::int64_t started_ = 0;     ///< CTAs started, for the place in the tile grid
  std::int64_t freeSms_ = 0, wave_ = 0, waves_ = 0, factor_ = 1, linkStep_ = 0, steps_ = 0;
  bool merge_ = true;
  double totalCycles_ = 0, clock_ = 1, stretch_ = 1, step_ = 0;
  double fill_ = 1;  ///< longer stay of CTAs too few to fill the SMs
  double onChip_ = 0, active_ = 0, dramMoved_ = 0, computeSeconds_ = 0, memorySeconds_ = 0;
};

}  // namespace wattlas::gpu
