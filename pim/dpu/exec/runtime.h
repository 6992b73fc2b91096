// What instructions do to the state that tasklets share - locks, run bits, DMA engine, counters -
// and the statistics. Both timing engines call order() in the global order of issue. Internal.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pim/dpu/exec/core.h"
#include "pim/dpu/exec/options.h"
#include "pim/dpu/exec/result.h"

namespace wattlas::dpu {

/// Happens-before check of WRAM sharing (vector clocks): two accesses of different tasklets to one
/// byte, one of them a write, with no chain of lock, stop/resume or boot between them.
class RaceChecker {
 public:
  RaceChecker();
  void access(unsigned t, std::uint32_t pc, std::uint32_t address, unsigned bytes, bool write);
  void acquired(unsigned t, unsigned lock);
  void released(unsigned t, unsigned lock);
  void stopped(unsigned t);
  /// `by` made `t` run again (resume, boot) after t had stopped or before it ever ran.
  void woke(unsigned by, unsigned t);
  /// The unordered pairs found, by program counters.
  std::vector<Race> races() const;

 private:
  using Clock = std::array<std::uint32_t, kTasklets>;
  struct Access {
    std::uint32_t time = 0;  ///< clock of the tasklet; 0 = none
    std::uint16_t pc = 0;
  };
  struct Cell {
    Access write;
    std::uint8_t writer = 0;
    std::array<Access, kTasklets> reads{};
  };
  void join(Clock& into, const Clock& from);
  void report(unsigned t0, const Access& a, bool w0, unsigned t1, std::uint32_t pc, bool w1,
              std::uint32_t address);

  std::array<Clock, kTasklets> clocks_{};
  std::array<Clock, kTasklets> stops_{};
  std::vector<Clock> locks_;
  std::vector<Cell> cells_;
  std::map<std::uint64_t, Race> found_;
};

/// What issuing an ordering instruction did.
struct OrderingEffect {
  std::uint64_t readyAt = 0;  ///< next possible issue of the tasklet, unless it stopped
  bool stopped = false;
  bool transfer = false;      ///< waits for the DMA engine until readyAt
  bool selfRetry = false;     ///< failed and goes to itself: nothing changed
  bool frees = false;         ///< others that only retry may get on: a lock or run bit went to 0
  unsigned slots = 1;         ///< issue cycles that it takes
  bool loadsCode = false;     ///< instructions changed, maybe this one
  int woken = -1;             ///< tasklet that starts to run
  std::uint64_t wokenAt = 0;  ///< its first possible issue
  bool halted = false;        ///< clr_run stopped `haltedTasklet`
  unsigned haltedTasklet = 0;
};

/// The performance counter: cycles or issued instructions of the DPU, in units of 16.
class PerfCounter {
 public:
  /// Applies the configuration word of time_cfg: bit 0 resets, bits 3:1 select 0 keep, 1 cycles,
  /// 2 instructions, 3 nothing, 5 / 6 freeze both and select cycles / instructions, 7 run both.
  void configure(std::uint32_t config, std::uint64_t cycle, std::uint64_t issued);
  std::uint32_t read(std::uint64_t cycle, std::uint64_t issued) const;

 private:
  struct Counter {
    std::uint64_t held = 0, since = 0;
    bool running = false;
    std::uint64_t value(std::uint64_t now) const { return held + (running ? now - since : 0); }
    void set(bool run, std::uint64_t now) {
      held = value(now);
      since = now;
      running = run;
    }
    void clear(std::uint64_t now) {
      held = 0;
      since = now;
    }
  };
  Counter cycles_{0, 0, true}, instructions_;
  unsigned selected_ = 1;  ///< 1 cycles, 2 instructions, 3 nothing
};

class Runtime {
 public:
  using SymbolAt = std::function<std::string(std::uint32_t pc)>;
  Runtime(Core& core, const DpuRunOptions& options, SymbolAt symbolAt);

  /// Executes the ordering instruction at the program counter of `t`, issued in `cycle` after
  /// `issued` instructions. Sets `error` when it cannot; anything else that blocked the
  /// interpreter (illegal word, bad address) is diagnosed here too.
  OrderingEffect order(unsigned t, std::uint64_t cycle, std::uint64_t issued);

  void start(unsigned t, std::uint32_t pc);
  bool running(unsigned t) const { return (runningMask >> t & 1U) != 0; }
  void fail(RunErrorKind kind, unsigned t, std::uint64_t cycle, std::string reason);
  void deadlock(std::uint64_t cycle);

  Core& core;
  const DpuRunOptions& options;
  std::uint32_t runningMask = 0;
  std::array<TaskletStats, kTasklets> stats{};
  DmaStats dma;
  StallStats stalls;
  std::vector<std::uint64_t> orderingCounts;  ///< per loaded word
  std::optional<RunError> error;
  std::unique_ptr<RaceChecker> races;
  std::uint64_t lastEnd = 0;  ///< end of the last transfer
  bool dropsLowBits = false;  ///< of DMA addresses; otherwise bits 2:0 must be 0
  std::uint64_t misaligned = 0;
  std::uint32_t firstMisaligned = 0;  ///< instruction index

 private:
  void lock(unsigned t, const Instruction& in, OrderingEffect& effect);
  void thread(unsigned t, const Instruction& in, std::uint64_t cycle, OrderingEffect& effect);
  void transfer(unsigned t, const Instruction& in, std::uint64_t cycle, OrderingEffect& effect);
  void copy(const Instruction& in, std::uint32_t local, std::uint32_t mram, std::uint32_t bytes);
  void costed(unsigned t, std::uint64_t cycle, OrderingEffect& effect);
  void timeRead(unsigned t, const Instruction& in, std::uint64_t cycle, std::uint64_t issued);
  void diagnose(unsigned t, std::uint64_t cycle);
  /// Advances the program counter: to the target when the condition holds for `value`.
  bool branch(unsigned t, const Instruction& in, std::uint32_t value);
  void countRows(std::uint32_t mram, std::uint32_t bytes);
  /// Engine time and latency of a transfer by the measured model, in 1/1000 cycles; with bank
  /// detail without the rows and refreshes that the model contains.
  struct DmaCost {
    std::uint64_t latency = 0, occupancy = 0;
  };
  DmaCost transfersOf(bool write, std::uint32_t bytes) const;

  SymbolAt symbolAt_;
  PerfCounter counter_;
  std::uint64_t engineFree_ = 0;           ///< in 1/1000 cycles
  std::map<int, std::uint64_t> unitFree_;  ///< of instructions with an occupancy
  std::uint32_t openRow_ = ~0U;
  std::array<std::array<DmaCost, 256>, 2> costs_{};  ///< by direction and size / 8 - 1
  std::optional<MramBank> bank_;                     ///< with bank detail
};

// From what a run counted to its result: mix, energy, rates, races by symbol. Internal.

/// `before`: Core::counts() when the run began; cycles, instructions and wallS are set.
void fillResult(DpuRunResult& result, const Runtime& runtime,
                const std::vector<std::uint64_t>& before, const Program& program);

/// The timing engine over Core and Runtime. Internal.
struct EngineOutcome {
  std::uint64_t cycles = 0;
  std::uint64_t instructions = 0;
};

/// Runs until all tasklets stopped, an error, or Core::spinFound. `ahead`: tasklets run ahead
/// functionally; otherwise each instruction is executed when it issues, with checks and traces.
EngineOutcome runEngine(Runtime& runtime, bool ahead);

/// Which tasklets only repeat a failed acquire or resume. When all that run do, nothing can change.
class SpinWatch {
 public:
  /// `t` issued; `retry` = it failed and goes to itself; `frees` = a lock or run bit went to 0.
  /// True when all of `running` only retry.
  bool issued(unsigned t, bool retry, bool frees, std::uint32_t running) {
    if (frees) spinning_ = 0;
    if (retry) {
      spinning_ |= 1U << t;
    } else {
      spinning_ &= ~(1U << t);
    }
    return running != 0 && (running & ~spinning_) == 0;
  }
  /// Whether `t` failed, and fails again whenever it issues before something is freed.
  bool fails(unsigned t) const { return (spinning_ >> t & 1U) != 0; }

 private:
  std::uint32_t spinning_ = 0;
};

}  // namespace wattlas::dpu
