#include "pim/sliced/tiles.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <utility>

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

TileRun runTiles(const SlicedOp& op, const SlicedParams& p, const MemoryPort& port,
                 Ticks inputReady) {
  TileRun run;
  const SlicedDemand d = demandOf(op, p, port);
  const double half = p.tileBuffer.value.value / 2;
  const std::int64_t tiles = d.tiles, perPass = tiles / op.passes;
  Cut compute(toTicks(d.compute), tiles), elements(toTicks(d.elements), tiles),
      stores(toTicks(d.memory - d.read), tiles);
  // What the stream takes up to each tile; the last of a pass is what is left of it.
  std::int64_t delivered = 0;
  const auto fetch = [&](std::int64_t i) {
    const std::int64_t pass = i / perPass, inPass = i % perPass + 1;
    const double bits = op.read.value * static_cast<double>(pass) +
                        std::min(op.read.value, half * static_cast<double>(inPass));
    const std::int64_t until = std::max(delivered, toTicks(port.read(Bits(bits))).ps);
    return until - std::exchange(delivered, until);
  };
  Resource memory, arithmetic, vector;
  struct Store {
    std::int64_t ready, duration;
  };
  std::deque<Store> waiting;
  std::array<std::int64_t, 2> freed = {0, 0};  // when each half of the buffer may be filled again
  // Through the host, the exchange passes the memory itself; own links leave it alone.
  memory.free = (p.isPeer() ? 0 : inputReady.ps) + toTicks(d.latency).ps;
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
    const std::int64_t fetched = memory.serve(buffer, fetch(i));
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
  run.tiles = tiles;
  run.time = Ticks(std::max(end, memory.free));
  run.memory = Ticks(memory.busy);
  run.compute = Ticks(arithmetic.busy);
  run.vector = Ticks(vector.busy);
  return run;
}

}  // namespace wattlas::pim
