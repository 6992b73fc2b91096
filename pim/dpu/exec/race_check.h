// Happens-before check of WRAM sharing (vector clocks): two accesses of different tasklets to one
// byte, one of them a write, with no chain of lock, stop/resume or boot between them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "pim/dpu/exec/options.h"
#include "pim/dpu/exec/result.h"

namespace wattlas::dpu {

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

}  // namespace wattlas::dpu
