#include "pim/sliced/program.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <utility>

namespace wattlas::pim {

KeySplit splitKeys(const Operator& op, std::int64_t chips, std::int64_t block) {
  const Dims& d = op.dims;
  const std::int64_t heads = d[Dim::batch] * d[Dim::kvHeads];
  const std::int64_t spare = std::max<std::int64_t>(1, chips / heads);
  const std::int64_t blocks = (visibleKeys(op) + block - 1) / block;
  KeySplit split;
  split.chips = std::clamp<std::int64_t>(blocks, 1, spare);
  split.parts = heads * split.chips;
  const std::int64_t each = (heads + chips - 1) / chips;
  split.storedShare =
      static_cast<double>(each) / static_cast<double>(heads) / static_cast<double>(spare);
  if (split.chips == 1) return split;
  // Every chip but one of a head sends a row of sums, a maximum and a total for each query.
  const std::int64_t rows = d[Dim::batch] * d[Dim::heads] * d[Dim::queries];
  split.partial =
      Bits(32.0 * static_cast<double>(rows * (split.chips - 1) * (d[Dim::headDim] + 2)));
  split.adds = rows * split.chips * d[Dim::headDim];
  return split;
}

const KindSet& slicedKinds() {
  using enum OpKind;
  static const KindSet known =
      KindSet{gemm, conv1d, conv2d,    attention, softmax, norm,      activation,
              add,  rope,   embedding, pool,      hamming, collective}
          .withWindows()
          .with({Dim::inputs});
  return known;
}

std::int64_t independentParts(const Operator& op) {
  const Dims& d = op.dims;
  if (specOf(op.kind).product == nullptr)
    return std::max<std::int64_t>(1, d[Dim::M] * d[Dim::N] * d[Dim::cin]);
  const ProductDims product = productOf(op);
  return product.outputs * product.groups;
}

const NumberFormat& storedFormat(const Operator& op) {
  if (op.kind == OpKind::attention) return op.formats.kv;
  return op.hasWeights ? op.formats.weight : op.formats.activation;
}

Ticks exchangeTime(const SlicedOp& op, const SlicedParams& p) {
  if (op.gather.value + op.broadcast.value <= 0) return Ticks(0);
  if (!p.isPeer())
    return toTicks(p.exchangeLatency.value + op.gather / p.toHost.value +
                   op.broadcast / p.toDevice.value);
  // Ring: units - 1 steps, in each of which every unit passes one part on.
  const double steps = static_cast<double>(p.units - 1);
  return toTicks(p.exchangeLatency.value * steps + op.gather / p.peerRate.value);
}

SlicedDemand demandOf(const SlicedOp& op, const SlicedParams& p, const MemoryPort& memory) {
  SlicedDemand d;
  d.exchange = toSeconds(exchangeTime(op, p));
  d.latency = memory.latency();
  const double passes = static_cast<double>(op.passes);
  if (op.operations > 0) d.compute = Seconds(op.operations / op.rate.value);
  d.elements = op.elements;
  const double half = p.tileBuffer.value.value / 2;
  const double perPass = std::max(1.0, std::ceil(op.read.value / half - 1e-9));
  d.tiles = static_cast<std::int64_t>(perPass) * op.passes;
  d.read = memory.read(op.read * passes);
  d.memory = d.read + memory.write(op.written);
  d.tile = memory.read(Bits(std::min(op.read.value, half)));
  d.whole = memory.read(op.read * passes - (op.read - Bits(half * (perPass - 1))));
  return d;
}

Seconds pipelineTime(const SlicedDemand& d, const SlicedParams& p) {
  const double n = static_cast<double>(d.tiles);
  const double compute = d.compute.value / n, vector = d.elements.value / n,
               store = (d.memory.value - d.read.value) / n;
  // Own links leave the memory alone: it fills both halves of the buffer during the exchange.
  const double input = d.exchange.value;
  const double begin = (p.isPeer() ? 0.0 : input) + d.latency.value;
  const double first = std::max(begin + d.tile.value, input);  // first tile and input are there
  const double after = compute + vector;
  // When the memory decides, results of the last tiles leave after the last tile has come: those
  // that were not ready when its fetch began.
  const double period = std::max({d.read.value / n + store, compute, vector, 1e-30});
  const double late = std::min(n, 1 + std::ceil(after / period));
  double filled = begin + d.read.value;  // the last tile is there
  if (d.tiles > 2)                       // the third waits for the half that the first leaves
    filled = std::max(filled, first + compute + d.read.value - 2 * d.tile.value);
  filled += (n - late) * store;
  double stored = filled + std::max(late * store, after + store);
  // Arithmetic and vector units wait for the first tile, for the last, or for the last whole one:
  // the rest that comes behind it is fetched in no time, but is work like the others.
  double computed = first + d.compute.value, made = first + compute + d.elements.value;
  if (d.tiles > 1) {
    const double whole = begin + d.whole.value;
    computed = std::max(computed, whole + 2 * compute);
    made = std::max(made, whole + compute + 2 * vector);
    // The first of the late results is not ready before its tile has passed.
    const double sooner = std::max(0.0, late - 2) * d.tile.value;
    const double stores = late + std::max(0.0, n - late - 1);
    stored = std::max(stored, whole - sooner + after + stores * store);
  }
  return Seconds(std::max({computed + vector + store, made + store, stored}));
}

SlicedProgram::SlicedProgram(std::vector<SlicedOp> operators, const SlicedParams& p)
    : operators_(std::move(operators)) {
  Hasher h;
  Footprint need{0, Bits(0), Bits(0)};
  const double peak = p.memoryRate.value.value * (p.dram ? 1.0 : p.memoryEfficiency.value.value);
  for (const SlicedOp& op : operators_) {
    h.real(op.gather.value).real(op.broadcast.value).real(op.read.value).real(op.written.value);
    h.real(op.operations).real(op.rate.value).real(op.elements.value).integer(op.passes);
    h.integer(op.macs).integer(op.bitsMoved).integer(op.vectorElements);
    h.integer(op.otherElements).integer(op.linkBits).integer(op.energyClass);
    for (const Assumption& a : op.assumptions) h.text(a.key).text(a.value);
    need.resident += op.resident;
    need.workspace.value = std::max(need.workspace.value, op.workspace.value);
    // Arithmetic waits for its input; the memory may run ahead.
    const Ticks memory =
        toTicks((op.read * static_cast<double>(op.passes) + op.written) / BitRate(peak));
    const Ticks compute =
        op.operations > 0 ? toTicks(Seconds(op.operations / op.rate.value)) : Ticks(0);
    bound_ += std::max(memory, exchangeTime(op, p) + std::max(compute, toTicks(op.elements)));
  }
  footprint_ = {need};
  hash_ = h.finish();
}

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
