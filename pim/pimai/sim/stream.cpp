#include "pim/pimai/sim/stream.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace wattlas::pim {

namespace {

class Channel {
 public:
  explicit Channel(const PimAiParams& p)
      : p_(p),
        ready_(static_cast<std::size_t>(p.banks), 0),
        open_(nearestTicks(p.bank.tRCD).ps),
        cycle_((nearestTicks(p.bank.tRAS) + nearestTicks(p.bank.tRP)).ps),
        recover_((nearestTicks(p.bank.tRTP) + nearestTicks(p.bank.tRP)).ps),
        refresh_(nearestTicks(p.allBank() ? p.bank.tRFC.value : p.tRFCpb.value).ps),
        interval_(nearestTicks(p.bank.tREFI).ps) {
    if (!p.allBank()) interval_ = std::max<std::int64_t>(1, interval_ / p.banks);
    nextRefresh_ = interval_;
  }

  /// Reads one row of `burst` ps of bus time, not before `earliest`; returns the end of its data.
  std::int64_t row(std::int64_t burst, std::int64_t earliest, StreamRun& run) {
    refreshUntil(std::max(bus_, earliest), run);
    // A row is prepared ahead in a free bank; a bank in refresh gives way to the next one.
    std::size_t bank = turn_;
    for (std::size_t i = 0; i < ready_.size(); ++i) {
      const std::size_t candidate = (turn_ + i) % ready_.size();
      if (ready_[candidate] + open_ <= std::max(bus_, earliest)) {
        bank = candidate;
        break;
      }
      if (ready_[candidate] < ready_[bank]) bank = candidate;
    }
    if (bank != turn_) ++run.deferred;
    turn_ = (bank + 1) % ready_.size();
    const std::int64_t activate = ready_[bank];
    const std::int64_t start = std::max({bus_, earliest, activate + open_});
    bus_ = start + burst;
    ready_[bank] = std::max(bus_ + recover_, start - open_ + cycle_);
    ++run.rows;
    ++run.steps;
    return bus_;
  }

 private:
  void refreshUntil(std::int64_t now, StreamRun& run) {
    while (nextRefresh_ <= now) {
      ++run.refreshes;
      if (p_.allBank()) {
        bus_ = std::max(bus_, nextRefresh_) + refresh_;  // after the row that is under way
        for (std::int64_t& r : ready_) r = std::max(r, bus_);
        now = std::max(now, bus_);
      } else {
        std::int64_t& r = ready_[refreshing_];
        r = std::max(r, nextRefresh_) + refresh_;
        refreshing_ = (refreshing_ + 1) % ready_.size();
      }
      nextRefresh_ += interval_;
    }
  }

  const PimAiParams& p_;
  std::vector<std::int64_t> ready_;  ///< when each bank may be activated
  std::int64_t open_, cycle_, recover_, refresh_, interval_, nextRefresh_ = 0, bus_ = 0;
  std::size_t turn_ = 0, refreshing_ = 0;
};

}  // namespace

StreamRun runStream(const PimAiOp& op, const PimAiParams& p) {
  StreamRun run;
  const StreamTiles tiles = tilesOf(op, p);
  const std::int64_t rows = tiles.rows, rowsPerTile = tiles.rowsPerTile;
  const double perChannel = tiles.perChannel, operations = tiles.operationsPerRow;
  const double rowBits = p.bank.rowBits.value.value;
  Channel channel(p);
  std::array<std::int64_t, 2> freed = {0, 0};  // when each half of the buffer may be filled again
  std::int64_t compute = 0, memory = 0;
  std::size_t half = 0;
  for (std::int64_t pass = 0; pass < op.streamPasses; ++pass) {
    for (std::int64_t first = 0; first < rows; first += rowsPerTile) {
      const std::int64_t n = std::min(rowsPerTile, rows - first);
      for (std::int64_t r = 0; r < n; ++r) {
        const bool last = first + r + 1 == rows;
        const double bits = last ? perChannel - rowBits * static_cast<double>(rows - 1) : rowBits;
        memory = channel.row(toTicks(Bits(bits) / p.channelRate.value).ps, freed[half], run);
      }
      const double work = operations * static_cast<double>(n);
      const std::int64_t busy = op.operations > 0 ? toTicks(Seconds(work / op.rate.value)).ps : 0;
      compute = std::max(compute, memory) + busy;
      freed[half] = compute;
      half = 1 - half;
      ++run.steps;
    }
  }
  if (rows == 0 && op.operations > 0) compute = toTicks(Seconds(op.operations / op.rate.value)).ps;
  run.memory = Ticks(memory);
  run.time = Ticks(std::max(memory, compute));
  return run;
}

}  // namespace wattlas::pim
