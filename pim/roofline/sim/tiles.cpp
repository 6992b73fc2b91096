#include "pim/roofline/sim/tiles.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>

namespace wattlas::pim {

namespace {

/// A resource that serves one request after the other.
struct Resource {
  std::int64_t free = 0, busy = 0;
  std::int64_t serve(std::int64_t ready, std::int64_t duration) {
    free = std::max(free, ready) + duration;
    busy += duration;
    return free;
  }
};

/// Cuts a total into whole picoseconds so that the parts add up to it.
class Cut {
 public:
  Cut(Ticks total, std::int64_t parts) : total_(total.ps), parts_(parts) {}
  std::int64_t next() {
    ++index_;
    const std::int64_t upTo = total_ / parts_ * index_ + total_ % parts_ * index_ / parts_;
    const std::int64_t part = upTo - given_;
    given_ = upTo;
    return part;
  }

 private:
  std::int64_t total_, parts_, index_ = 0, given_ = 0;
};

}  // namespace

TileRun runTiles(const RooflineOp& op, const RooflineParams& p, Ticks inputReady) {
  TileRun run;
  const RooflineDemand d = demandOf(op, p);
  const double half = p.tileBuffer.value.value / 2;
  const auto perPass =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(op.read.value / half - 1e-9)));
  const std::int64_t tiles = perPass * op.passes;
  const BitRate rate = p.streamRate();
  const std::int64_t full = toTicks(Bits(half) / rate).ps;
  const std::int64_t last =
      toTicks(Bits(op.read.value - half * static_cast<double>(perPass - 1)) / rate).ps;
  Cut compute(toTicks(d.compute), tiles), elements(toTicks(d.elements), tiles),
      stores(toTicks(op.written / rate), tiles);
  Resource memory, arithmetic, vector;
  struct Store {
    std::int64_t ready, duration;
  };
  std::deque<Store> waiting;
  std::array<std::int64_t, 2> freed = {0, 0};  // when each half of the buffer may be filled again
  // Through the host, the exchange passes the memory itself; own links leave it alone.
  memory.free = (p.isPeer() ? 0 : inputReady.ps) + toTicks(p.memoryLatency.value).ps;
  std::int64_t end = inputReady.ps;
  for (std::int64_t i = 0; i < tiles; ++i) {
    std::int64_t& buffer = freed[static_cast<std::size_t>(i % 2)];
    // Results that are ready by then leave before the next tile comes.
    const std::int64_t begin = std::max(memory.free, buffer);
    while (!waiting.empty() && waiting.front().ready <= begin) {
      memory.serve(waiting.front().ready, waiting.front().duration);
      waiting.pop_front();
      ++run.steps;
    }
    const bool short_ = (i + 1) % perPass == 0;
    const std::int64_t fetched = memory.serve(buffer, short_ ? last : full);
    const std::int64_t computed =
        arithmetic.serve(std::max(fetched, inputReady.ps), compute.next());
    buffer = computed;
    const std::int64_t done = vector.serve(computed, elements.next());
    waiting.push_back({done, stores.next()});
    end = std::max(end, done);
    ++run.steps;
  }
  for (const Store& store : waiting) {
    memory.serve(store.ready, store.duration);
    ++run.steps;
  }
  run.time = Ticks(std::max(end, memory.free));
  run.memory = Ticks(memory.busy);
  run.compute = Ticks(arithmetic.busy);
  run.vector = Ticks(vector.busy);
  return run;
}

}  // namespace wattlas::pim
