// Tile loops on the DPU executor: configs/kernels/dpu/tile.s with the sizes of a loop.
#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "models/base/multiples.h"
#include "pim/dpu/exec/machine.h"
#include "pim/upmem/kernels/executed_kernels.h"

namespace wattlas::pim {

namespace {

// MRAM is dealt out to the tasklets; a run that needs more goes over the same rows again.
constexpr std::int64_t share = 2 << 20, arena = share / 4;
constexpr std::int64_t longestTransfer = 2048;
// Rounds of tiles that are run: `fewestRounds` are enough when one kind of resource binds, more
// cost little when tiles are short. Loops of up to `whole` instructions run to their end.
constexpr std::int64_t fewestRounds = 4, mostRounds = 24, budget = 600'000, wholeRun = 1'500'000;

/// `count` transfers of `bytes`, as the engine can make them.
struct Transfers {
  std::int64_t count = 0, bytes = 8;
  Transfers(std::int64_t n, std::int64_t size) {
    if (n <= 0) return;
    const std::int64_t pieces = ceilDiv(std::max<std::int64_t>(size, 1), longestTransfer);
    bytes = ceilDiv(ceilDiv(std::max<std::int64_t>(size, 1), pieces), 8) * 8;
    count = n * pieces;
  }
  std::uint32_t field() const { return static_cast<std::uint32_t>((bytes / 8 - 1) << 24); }
};

/// What some rounds of tiles took.
struct Rounds {
  double cycles = 0, dmaBusy = 0;
  std::int64_t transfers = 0;
};

/// Values that are made once, also by several threads.
template <class T>
class Memo {
 public:
  template <class Make>
  T get(const Hash128& key, Make make) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = known_.find(key); found != known_.end()) return found->second;
    }
    const T made = make();
    const std::lock_guard lock(mutex_);
    if (known_.size() >= mostKept) known_.clear();
    known_.emplace(key, made);
    return made;
  }

 private:
  static constexpr std::size_t mostKept = 1 << 16;
  std::mutex mutex_;
  std::map<Hash128, T> known_;
};

Hasher hashOf(const Tile& t, const dpu::DpuTiming& timing) {
  Hasher h;
  h.add(pim::hashOf(timing));
  h.integer(t.reads).integer(t.readBytes).integer(t.reads2).integer(t.read2Bytes);
  h.integer(t.instructions).integer(t.writes).integer(t.writeBytes);
  return h;
}

class LoopRun {
 public:
  LoopRun(const TileLoop& loop, const KernelSetting& setting)
      : loop_(loop),
        reads_(loop.tile.reads, loop.tile.readBytes),
        second_(loop.tile.reads2, loop.tile.read2Bytes),
        writes_(loop.tile.writes, loop.tile.writeBytes),
        all_(setting.allRounds) {
    options_.timing = setting.timing;
    active_ = std::min<std::int64_t>(loop.tiles, setting.tasklets);
    options_.tasklets = static_cast<unsigned>(active_);
    split();
  }

  LoopMeasurement run() {
    const std::int64_t rounds = loop_.tiles / active_, extra = loop_.tiles % active_;
    const std::int64_t perRound = active_ * std::max<std::int64_t>(1, issued_);
    const std::int64_t step = std::clamp(budget / perRound, fewestRounds, mostRounds);
    LoopMeasurement m;
    m.instructions = loop_.tiles * loop_.tile.instructions;
    if (all_ || rounds <= 3 * step || rounds * perRound <= wholeRun) {
      const auto all = go(rounds, extra);
      m.cycles = static_cast<std::int64_t>(all.cycles);
      m.dmaBusy = static_cast<std::int64_t>(all.dmaBusy);
      m.events = all.transfers + active_;
      return m;
    }
    // What one more round adds once the start is over.
    const auto less = go(2 * step, extra), more = go(3 * step, extra);
    const double left = static_cast<double>(rounds - 3 * step) / static_cast<double>(step);
    const auto beyond = [&](double a, double b) {
      return static_cast<std::int64_t>(b + (b - a) * left + 0.5);
    };
    m.cycles = beyond(static_cast<double>(less.cycles), static_cast<double>(more.cycles));
    m.dmaBusy = beyond(less.dmaBusy, more.dmaBusy);
    m.events = less.transfers + more.transfers + 2 * active_;
    m.cycles = std::max({m.cycles, m.dmaBusy, m.instructions});
    m.folded = rounds - 3 * step;
    return m;
  }

 private:
  static const dpu::Program& programOf(const dpu::Defines& defines) {
    return assembledKernel("tile.s", {}, defines, {1, 1, nullptr});
  }

  /// Instructions of the tile that are not those of the frame.
  void split() {
    parts_ = std::max<std::int64_t>(1, second_.count);
    const auto frame = [](const Transfers& t) { return t.count > 0 ? 1 + 3 * t.count : 0; };
    const std::int64_t fixed =
        frame(reads_) + frame(writes_) + 3 + parts_ * (second_.count > 0 ? 4 : 2);
    const std::int64_t left = std::max<std::int64_t>(0, loop_.tile.instructions - fixed);
    work_ = std::max<std::int64_t>(1, (left - 1) / parts_);
    rest_ = std::max<std::int64_t>(1, left - work_ * parts_);
    issued_ = fixed + work_ * parts_ + rest_;
  }

  /// Loops that differ in their number of tiles alone run the same rounds.
  Rounds go(std::int64_t rounds, std::int64_t extra) {
    static Memo<Rounds> known;
    Hasher h = hashOf(loop_.tile, options_.timing);
    h.integer(active_).integer(rounds).integer(extra);
    return known.get(h.finish(), [&] { return executed(rounds, extra); });
  }

  Rounds executed(std::int64_t rounds, std::int64_t extra) {
    dpu::DpuMachine machine(programOf({{"READS", reads_.count > 0},
                                       {"SECOND", second_.count > 0},
                                       {"WRITES", writes_.count > 0}}));
    // Bytes one behind the other, as long as they stay in the tasklet's arena.
    const auto step = [&](const Transfers& t) {
      const bool room = t.count * t.bytes * (rounds + 1) <= arena;
      return static_cast<std::uint32_t>(room ? t.bytes : 0);
    };
    for (std::int64_t i = 0; i < active_; ++i) {
      const auto base = static_cast<std::uint32_t>(i * share);
      std::array<std::uint32_t, 15> r{};
      r[0] = static_cast<std::uint32_t>(rounds + (i < extra ? 1 : 0));
      r[1] = static_cast<std::uint32_t>(reads_.count);
      r[2] = reads_.field();
      r[3] = base;
      r[4] = step(reads_);
      r[5] = static_cast<std::uint32_t>(parts_);
      r[6] = second_.field();
      r[7] = base + static_cast<std::uint32_t>(arena);
      r[8] = step(second_);
      r[9] = static_cast<std::uint32_t>(work_);
      r[10] = static_cast<std::uint32_t>(rest_);
      r[11] = static_cast<std::uint32_t>(writes_.count);
      r[12] = writes_.field();
      r[13] = base + static_cast<std::uint32_t>(2 * arena);
      r[14] = step(writes_);
      for (unsigned n = 0; n < r.size(); ++n)
        machine.setRegister(static_cast<unsigned>(i), n, r[n]);
    }
    const auto result = machine.run(options_);
    if (result.error) throw std::logic_error("tile loop: " + result.error->text());
    return {static_cast<double>(result.cycles), static_cast<double>(result.dma.busyCycles),
            static_cast<std::int64_t>(result.dma.reads + result.dma.writes)};
  }

  const TileLoop& loop_;
  Transfers reads_, second_, writes_;
  bool all_;
  dpu::DpuRunOptions options_;
  std::int64_t active_ = 1, parts_ = 1, work_ = 1, rest_ = 1, issued_ = 1;
};

}  // namespace

LoopMeasurement measure(const TileLoop& loop, const KernelSetting& setting) {
  const Tile& t = loop.tile;
  if (loop.tiles <= 0 || (t.instructions <= 0 && t.reads <= 0 && t.reads2 <= 0 && t.writes <= 0))
    return {};
  static Memo<LoopMeasurement> known;
  Hasher h = hashOf(t, setting.timing);
  h.integer(setting.tasklets).integer(setting.allRounds).integer(loop.tiles);
  return known.get(h.finish(), [&] { return LoopRun(loop, setting).run(); });
}

}  // namespace wattlas::pim
