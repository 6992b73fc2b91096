// Support, shapes and matrix products. Attention and element-wise operators: planner_element.cpp.

#include "pim/upmem/planner.h"

#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"

namespace wattlas::pim {

namespace {
std::string rateText(double v) {  // two decimals
  std::string text = std::to_string(v);
  return text.substr(0, text.find('.') + 3);
}
constexpr std::int64_t passesPerTile =
    16;  // sums that a tasklet keeps while a weight block is loaded
constexpr std::int64_t runtimeBytes = 4096;   // WRAM taken by runtime and common variables
constexpr std::int64_t smallestInputs = 256;  // inputs below which a split costs more than it gains
}  // namespace

bool isMatrix(OpKind kind) {
  return specOf(kind).product != nullptr;
}

MatrixShape matrixShapeOf(const Operator& op) {
  MatrixShape s;
  const OpCost cost = costOf(op);
  s.inputBits = cost.input;
  s.outputBits = cost.output;
  s.hasWeights = op.hasWeights;
  const ProductDims dims = productOf(op);
  s.outputs = dims.outputs;
  s.inputs = dims.inputs;
  s.passes = dims.vectors;
  s.batches = dims.groups;
  return s;
}

MatrixSplit splitMatrix(const MatrixShape& s, std::int64_t dpus) {
  MatrixSplit split;
  const std::int64_t all = s.outputs * s.batches;
  split.outputParts = std::min(all, dpus);
  std::int64_t left = dpus / split.outputParts;
  const auto passes = [&] {
    split.passParts = std::min(left, s.passes);
    left /= split.passParts;
  };
  // Many vectors over few weights (convolutions): copies of the weights. Otherwise the inputs are
  // split, so that prefill and decode find the same layout.
  const bool convolution = s.passes > s.inputs && s.inputs * all <= (std::int64_t{1} << 18);
  if (convolution) passes();
  split.inputParts = std::clamp<std::int64_t>(s.inputs / smallestInputs, 1, left);
  left /= split.inputParts;
  if (!convolution) passes();
  return split;
}

bool Planner::onBank(const NumberFormat& weight, const NumberFormat& activation) const {
  return !weight.isFloat() && !activation.isFloat() && p_.saMac.runs(weight.bits, activation.bits);
}

const KindSet& Planner::kinds() {
  using enum OpKind;
  static const KindSet known =
      KindSet{gemm, conv1d, conv2d,    attention, softmax, norm,      activation,
              add,  rope,   embedding, pool,      hamming, collective}
          .withWindows()
          .with({Dim::inputs});
  return known;
}

Support Planner::support(const Operator& op) const {
  if (std::string missing = kinds().missing(op); !missing.empty())
    return {Support::Level::refused, std::move(missing)};
  const TensorFormats& f = op.formats;
  if (op.kind == OpKind::collective)
    return {Support::Level::refused, "collectives join devices; DPUs exchange through the host"};
  const bool product = isMatrix(op.kind) || op.kind == OpKind::attention;
  const NumberFormat& weight = op.kind == OpKind::attention || !op.hasWeights ? f.kv : f.weight;
  if (product && onBank(weight, f.activation))
    return {Support::Level::native, "MACs at the sense amplifiers"};
  if (usesSoftFloat(product ? weight : f.activation, f.activation))
    return {Support::Level::emulated, "software floating point on the DPU"};
  const bool easy = !product || (weight.bits == 8 && f.activation.bits == 8);
  if (easy) return {Support::Level::native, "integer instructions of the DPU"};
  return {Support::Level::emulated, "unpacked and multiplied by integer instructions of the DPU"};
}

double Planner::room() const {
  return p_.dpu.wram.value.value / 8 - runtimeBytes -
         p_.dpu.stack.value.value / 8 * static_cast<double>(p_.dpu.tasklets);
}

std::int64_t Planner::bufferBytes() const {
  // Half of the room is common; each tasklet has two operand buffers in the other half.
  const double mine =
      std::min(room() / 4 / static_cast<double>(p_.dpu.tasklets), p_.dpu.block.value.value / 8);
  return std::max<std::int64_t>(8, static_cast<std::int64_t>(mine) / 8 * 8);
}

std::int64_t Planner::sharedBytes() const {
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(room() / 2));
}

TileLoop Planner::loadLoop(std::int64_t bytes, double instructionsPerByte) const {
  TileLoop loop;
  const std::int64_t block =
      std::min<std::int64_t>(whole(p_.dpu.block.value.value / 8),
                             std::max<std::int64_t>(64, ceilDiv(bytes, p_.dpu.tasklets)));
  loop.tiles = ceilDiv(bytes, block);
  loop.tile.reads = 1;
  loop.tile.readBytes = ceilDiv(ceilDiv(bytes, loop.tiles), 8) * 8;
  loop.tile.instructions =
      whole(costs_.perTile() + instructionsPerByte * static_cast<double>(loop.tile.readBytes));
  return loop;
}

DpuWork Planner::matrixWork(std::int64_t outputs, std::int64_t inputs, std::int64_t passes,
                            std::int64_t sharing, const TensorFormats& f, bool bank) const {
  DpuWork work;
  const int wb = f.weight.bits, ab = f.activation.bits;
  const std::int64_t block = whole(p_.dpu.block.value.value / 8);
  const std::int64_t sets = ceilDiv(outputs, std::min(sharing, outputs));  // vectors of inputs
  if (bank) {
    work.hasBank = true;
    BankWork& b = work.bank =
        layOut({outputs, inputs, passes, sharing, wb, ab}, p_.saMac, p_.bank, p_.dpusPerChip);
    const std::int64_t in = wordBytes(inputs * sets, ab),
                       out = wordBytes(outputs, f.accumulator.bits);
    b.inputTransfers = ceilDiv(in, block);
    b.inputCycles = p_.dpu.dma.occupancy(false, std::min(in, block));
    b.outputTransfers = ceilDiv(out, block);
    b.outputCycles = p_.dpu.dma.occupancy(true, std::min(out, block));
    b.postInstructions =
        whole(costs_.perOutput() * static_cast<double>(outputs) +
              costs_.perTile() * static_cast<double>(b.inputTransfers + b.outputTransfers));
    return work;
  }
  const bool soft = usesSoftFloat(f.weight, f.activation);
  const MatrixCost& cost = costs_.matrix(f.weight, f.activation);
  const double decode = soft ? costs_.decode(f.activation).instructions : cost.perValue;
  const double shared = decode * static_cast<double>(cost.byEach ? p_.dpu.tasklets : 1);
  const std::int64_t vector = sets * (soft ? inputs * 4 : wordBytes(inputs, ab));
  const std::int64_t group = std::min(passes, passesPerTile);
  const bool resident = vector * group <= sharedBytes();
  const std::int64_t rounds = ceilDiv(passes, group);

  // Chunks of a weight row: as large as the buffers allow, small enough to occupy every tasklet.
  const std::int64_t largest =
      std::max<std::int64_t>(8, std::min(bufferBytes(), block) - cost.header);
  std::int64_t chunks = ceilDiv(wordBytes(inputs, wb), largest);
  if (!resident)
    chunks = std::max(chunks, ceilDiv(wordBytes(inputs, std::max(ab, soft ? 32 : ab)), largest));
  if (outputs * chunks < p_.dpu.tasklets)
    chunks = std::min(ceilDiv(p_.dpu.tasklets, outputs),
                      std::max<std::int64_t>(chunks, inputs * wb / 512));
  chunks = std::clamp<std::int64_t>(chunks, 1, inputs);
  const std::int64_t elements = ceilDiv(inputs, chunks);

  TileLoop loop;
  loop.tiles = outputs * chunks;
  loop.tile.reads = 1;
  loop.tile.readBytes = wordBytes(elements, wb) + cost.header;
  if (!resident) {
    loop.tile.reads2 = group;
    loop.tile.read2Bytes = wordBytes(elements, ab);
  }
  const std::int64_t padded = ceilDiv(elements, cost.group) * cost.group;
  const double perPass = static_cast<double>(padded) * cost.mac + cost.perPass +
                         (resident ? 0.0 : decode * static_cast<double>(elements)) +
                         cost.perOutput / static_cast<double>(chunks);
  loop.tile.instructions = whole(cost.perTile + cost.perRow / static_cast<double>(chunks) +
                                 perPass * static_cast<double>(group));
  loop.tile.extensionPj =
      whole(1e12 * cost.joules * static_cast<double>(padded) * static_cast<double>(group));
  for (std::int64_t r = 0; r < rounds; ++r) {
    if (resident)
      work.loops.push_back(loadLoop(wordBytes(inputs * sets * group, ab), shared * 8 / ab));
    work.loops.push_back(loop);
    if (rounds > 1) {  // all rounds are alike: one long loop keeps the list short
      for (TileLoop& l : work.loops) l.tiles *= rounds;
      break;
    }
  }
  TileLoop store;
  const std::int64_t bytesOut = wordBytes(outputs * passes, f.activation.bits);
  store.tiles = std::min(p_.dpu.tasklets, ceilDiv(bytesOut, 8));
  store.tiles = std::max(store.tiles, ceilDiv(bytesOut, block));
  store.tile.writes = 1;
  store.tile.writeBytes = ceilDiv(ceilDiv(bytesOut, store.tiles), 8) * 8;
  store.tile.instructions = whole(costs_.perTile());
  work.loops.push_back(store);
  return work;
}

double Planner::peakMacs(const NumberFormat& weight, const NumberFormat& activation) const {
  const double dpus = static_cast<double>(p_.dpus());
  if (onBank(weight, activation))
    return dpus * p_.peakRates(weight.bits, activation.bits).macsPerSecond;
  return dpus * p_.dpu.effectiveClock().value / costs_.matrix(weight, activation).mac;
}

Refusal Planner::beyondMram(const Operator& op, const std::string& what, Bits needed,
                            const std::string& nearest) const {
  return {Refusal::Code::capacity,
          "'" + op.name + "': " + what + " need " + format(needed) +
              " on each DPU, its MRAM holds " + format(p_.mram.value) + "; " +
              format(needed - p_.mram.value) + " are missing",
          nearest};
}

void Planner::note(OpPlan& plan, const Operator& op, bool bank) const {
  const TensorFormats& f = op.formats;
  if (bank) return;
  const bool product = isMatrix(op.kind) || op.kind == OpKind::attention;
  if (!product) return;
  const NumberFormat& weight = op.kind == OpKind::attention ? f.kv : f.weight;
  const std::string pair = weight.name + " x " + f.activation.name;
  if (p_.saMac.enabled())
    plan.assumptions.push_back({"saMac.fallback",
                                pair,
                                {},
                                {},
                                "the MACs multiply integers of at most 8 x " +
                                    std::to_string(p_.saMac.maxActivationBits) +
                                    " bit; this product runs on the DPU instead",
                                Basis::derived});
  if (support(op).level == Support::Level::emulated) {
    const MatrixCost& cost = costs_.matrix(weight, f.activation);
    plan.assumptions.push_back({"dpu.emulation",
                                pair + ": " + rateText(cost.mac) + " instructions per MAC",
                                {},
                                {},
                                cost.basis,
                                Basis::derived});
  }
  stated(plan, pair, costs_.matrix(weight, f.activation).executed);
  if (op.kind == OpKind::attention) {
    const KernelCost& scores = costs_.element(op.kind, op.variant, f.activation);
    stated(plan, "attention scores " + f.activation.name, scores.executed);
  }
}

void Planner::stated(OpPlan& plan, const std::string& kernel, bool executed) {
  if (!executed)
    plan.assumptions.push_back(
        {"dpu.kernel", kernel, {}, {}, "kernel cost stated, not executed", Basis::assumption});
}

Expected<OpPlan, Refusal> Planner::matrix(const Operator& op) const {
  // More ranks share the work, but every transfer costs more set-up: take the best population. For
  // trained weights one vector decides, so that prefill and decode find the same layout.
  Operator probe = op;
  if (op.kind == OpKind::gemm && op.hasWeights) probe.dims[Dim::M] = probe.dims[Dim::batch] = 1;
  const bool same =
      probe.dims[Dim::M] == op.dims[Dim::M] && probe.dims[Dim::batch] == op.dims[Dim::batch];
  // Units in the banks leave so little of one vector's time to the DPUs that populations are nearly
  // equal for it; then the larger one, which more vectors need, unless it costs 2 %.
  const double margin = op.hasWeights && p_.saMac.enabled() ? 1.02 : 1.0;
  // `fits`: whether populations are left out in which `op` itself does not fit.
  const auto best = [&](bool fits) {
    std::int64_t found = p_.dpus();
    std::optional<Ticks> bestTime, limit;
    for (std::int64_t ranks = 1; ranks <= p_.ranks;
         ranks = ranks == p_.ranks ? ranks + 1 : std::min(ranks * 2, p_.ranks)) {
      const std::int64_t dpus = ranks * p_.dpusPerRank();
      const auto time = matrixTime(probe, dpus, limit);
      if (!time || (fits && !same && !matrixOn(op, dpus, false))) continue;
      bestTime = bestTime ? std::min(*bestTime, *time) : *time;
      limit = Ticks(static_cast<std::int64_t>(static_cast<double>(bestTime->ps) * margin));
      found = dpus;
    }
    return found;
  };
  auto plan = matrixOn(op, best(false), true);
  return plan || same ? plan : matrixOn(op, best(true), true);
}

std::optional<Ticks> Planner::matrixTime(const Operator& op, std::int64_t dpus,
                                         std::optional<Ticks> limit) const {
  const auto plan = matrixOn(op, dpus, false);
  if (!plan) return std::nullopt;
  Ticks time;
  for (const Stage& stage : plan->stages) {  // transfers first: they rule out most populations
    if (std::holds_alternative<Kernel>(stage.what)) continue;
    time += closedForm(stage, p_).time;
    if (limit && time >= *limit) return std::nullopt;
  }
  for (const Stage& stage : plan->stages)
    if (std::holds_alternative<Kernel>(stage.what)) time += closedForm(stage, p_).time;
  if (limit && time >= *limit) return std::nullopt;
  return time;
}

Expected<OpPlan, Refusal> Planner::matrixOn(const Operator& op, std::int64_t dpus,
                                            bool notes) const {
  const MatrixShape s = matrixShapeOf(op);
  TensorFormats f = op.formats;
  if (!s.hasWeights) f.weight = f.activation;
  const MatrixSplit split = splitMatrix(s, dpus);
  const std::int64_t all = s.outputs * s.batches;
  const bool bank = onBank(f.weight, f.activation);
  const std::int64_t inputs = ceilDiv(s.inputs, split.inputParts);
  const std::int64_t outHigh = ceilDiv(all, split.outputParts), outMany = all % split.outputParts;
  const std::int64_t passHigh = ceilDiv(s.passes, split.passParts),
                     passMany = s.passes % split.passParts;

  OpPlan plan;
  if (notes) {
    plan.macs = costOf(op).macs;
    plan.peakMacs = peakMacs(f.weight, f.activation);
  }
  Kernel kernel;
  kernel.weightBits = f.weight.bits;
  kernel.activationBits = f.activation.bits;
  TensorFormats stored = f;
  if (split.inputParts > 1) stored.activation = f.accumulator;  // partial sums leave in full
  const auto add = [&](std::int64_t count, std::int64_t outputs, std::int64_t passes) {
    if (count <= 0 || outputs <= 0 || passes <= 0) return;
    kernel.classes.push_back(
        {count * split.inputParts, matrixWork(outputs, inputs, passes, s.outputs, f, bank)});
  };
  const std::int64_t outFull = outMany == 0 ? split.outputParts : outMany;
  const std::int64_t passFull = passMany == 0 ? split.passParts : passMany;
  add(outFull * passFull, outHigh, passHigh);
  add((split.outputParts - outFull) * passFull, outHigh - 1, passHigh);
  add(outFull * (split.passParts - passFull), outHigh, passHigh - 1);
  add((split.outputParts - outFull) * (split.passParts - passFull), outHigh - 1, passHigh - 1);

  const std::int64_t used = split.used();
  const std::int64_t weightBytes =
      bank ? static_cast<std::int64_t>(toBytes(storedIn(kernel.classes.front().work.bank, p_.bank)))
           : outHigh *
                 (wordBytes(inputs, f.weight.bits) + costs_.matrix(f.weight, f.activation).header);
  double inBits = s.inputBits.value;
  if (!s.hasWeights) inBits -= static_cast<double>(all * s.inputs) * f.activation.bits;
  // A DPU needs the inputs of its groups, its inputs part, and its passes with their halo.
  const double share = 1.0 / static_cast<double>(std::min(s.batches, split.outputParts)) /
                       static_cast<double>(split.inputParts) / static_cast<double>(split.passParts);
  std::int64_t inBytes = wordBytes(whole(inBits * share), 1);
  if (split.passParts > 1) inBytes += wordBytes(inputs, f.activation.bits);
  const std::int64_t outBytes = wordBytes(outHigh * passHigh, stored.activation.bits);
  const Bits needed = bytes(static_cast<double>(weightBytes + inBytes + outBytes));
  if (needed > p_.mram.value)
    return beyondMram(op, "weights, inputs and outputs", needed, "more ranks, or narrower weights");

  const bool same = share == 1.0;
  plan.stages.push_back(
      {Exchange{true, same ? CopyPattern::broadcast : CopyPattern::scatter, used, inBytes}});
  if (!s.hasWeights)
    plan.stages.push_back({Exchange{true, CopyPattern::scatter, used, weightBytes}});
  plan.stages.push_back({kernel});
  plan.stages.push_back({Exchange{false, CopyPattern::gather, used, outBytes}});
  if (split.inputParts > 1) {
    plan.stages.push_back({HostWork{HostWork::Kind::reduce, outBytes * used, 0}});
    if (notes)
      plan.assumptions.push_back({"host.partialSums",
                                  std::to_string(split.inputParts),
                                  {},
                                  {},
                                  "inputs are split over DPUs and the host adds the parts",
                                  Basis::derived});
  }
  plan.resident = bytes(s.hasWeights ? static_cast<double>(weightBytes * used) : 0.0);
  plan.workspace = bytes(static_cast<double>((inBytes + outBytes) * used));
  if (notes) note(plan, op, bank);
  return plan;
}

Expected<OpPlan, Refusal> Planner::plan(const Operator& op) const {
  const Support s = support(op);
  if (s.level == Support::Level::refused)
    return Refusal{Refusal::Code::unsupported, "'" + op.name + "': " + s.how, "map it to the host"};
  if (isMatrix(op.kind)) return matrix(op);
  if (op.kind == OpKind::attention) return attention(op);
  if (op.kind == OpKind::embedding) return embedding(op);
  return element(op);
}

}  // namespace wattlas::pim
