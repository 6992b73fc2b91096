// Attention, embeddings and element-wise operators on DPUs.
#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"
#include "pim/upmem/planner.h"

namespace wattlas::pim {

Expected<OpPlan, Refusal> Planner::attention(const Operator& op) const {
  // Keys of a head are split where one new query gains most, so that prefill and every decode step
  // find the cache laid out the same way; the context is rounded to a power of two for that choice.
  Operator probe = op;
  probe.causal = false;
  probe.dims[Dim::queries] = 1;
  std::int64_t keys = 1;
  while (keys < op.dims[Dim::keys]) keys *= 2;
  probe.dims[Dim::keys] = keys;
  const std::int64_t most =
      std::max<std::int64_t>(1, p_.dpus() / (op.dims[Dim::batch] * op.dims[Dim::kvHeads]));
  std::int64_t best = 1;
  Ticks bestTime;
  for (std::int64_t parts = 1; parts <= std::min(most, keys); parts *= 2) {
    const auto plan = attentionIn(probe, parts);
    if (!plan) continue;
    Ticks time;
    for (const Stage& stage : plan->stages) time += closedForm(stage, p_).time;
    if (bestTime.ps == 0 || time < bestTime) {
      bestTime = time;
      best = parts;
    }
  }
  return attentionIn(op, best);
}

void Planner::append(DpuWork& work, std::int64_t units, std::int64_t keys, std::int64_t width,
                     const NumberFormat& kv) const {
  const KernelCost& pack = costs_.pack();
  const int bits = p_.saMac.storedBits(kv.bits);
  const std::int64_t access = p_.saMac.where() == Placement::rowAmps
                                  ? static_cast<std::int64_t>(p_.bank.rowBits.value.value)
                                  : static_cast<std::int64_t>(p_.saMac.width.value.value);
  const auto loop = [&](std::int64_t tiles, std::int64_t bytes, bool modify,
                        std::int64_t elements) {
    TileLoop l;
    l.tiles = tiles * units;
    l.tile.reads = 1;
    l.tile.readBytes = bytes;
    l.tile.reads2 = modify ? 1 : 0;  // the words that the new elements join
    l.tile.read2Bytes = modify ? bytes : 0;
    l.tile.writes = 1;
    l.tile.writeBytes = bytes;
    l.tile.instructions = whole(pack.instructions * static_cast<double>(elements) + pack.perTile);
    work.loops.push_back(l);
  };
  // A key lies in pieces of one access, between those of other keys.
  const std::int64_t piece =
      std::min(wordBytes(width, bits), std::max<std::int64_t>(8, access / 8));
  const std::int64_t most = std::min<std::int64_t>(piece, bufferBytes());
  loop(keys * ceilDiv(wordBytes(width, bits), most), most, false, most * 8 / bits);
  // A value gives one element to each output: whole pieces when enough keys arrive together,
  // otherwise words are read, changed and written.
  const std::int64_t run = std::min(wordBytes(keys, bits), most);
  const bool modify = keys * bits % access != 0 && keys * bits < access;
  loop(width * ceilDiv(wordBytes(keys, bits), run), run, modify, std::min(keys, run * 8 / bits));
}

Expected<OpPlan, Refusal> Planner::attentionIn(const Operator& op, std::int64_t mostParts) const {
  const Dims& d = op.dims;
  const TensorFormats& f = op.formats;
  const std::int64_t keys = std::max<std::int64_t>(1, visibleKeys(op));
  const std::int64_t heads = d[Dim::batch] * d[Dim::kvHeads];
  const std::int64_t group = d[Dim::heads] / d[Dim::kvHeads];
  const std::int64_t vectors = group * d[Dim::queries];  // query vectors against one KV head
  const std::int64_t parts = std::min(mostParts, keys);
  const std::int64_t units = heads * parts, used = std::min(units, p_.dpus());
  const std::int64_t keysHere = ceilDiv(keys, parts), width = d[Dim::headDim];
  // Causal masks and windows leave this share of the scores.
  const double share =
      static_cast<double>(attentionPairs(op)) / static_cast<double>(d[Dim::queries] * keys);
  const bool bank = onBank(f.kv, f.activation);

  const std::int64_t newKeys = op.cached ? d[Dim::queries] : d[Dim::keys];
  const std::int64_t newHere = ceilDiv(newKeys, parts);

  OpPlan plan;
  plan.macs = costOf(op).macs;
  plan.peakMacs = peakMacs(f.kv, f.activation);
  const double element =
      costs_.element(OpKind::attention, OpVariant::none, f.activation).instructions;
  const auto work = [&](std::int64_t unitsHere, bool second) {
    DpuWork w;
    const std::int64_t passes = vectors * unitsHere;
    if (bank) {
      TensorFormats g = f;
      g.weight = f.kv;
      const std::int64_t scored =
          std::max<std::int64_t>(1, whole(static_cast<double>(keysHere) * share));
      if (!second) {
        w = matrixWork(scored, width, passes, scored, g, true);
        append(w, unitsHere, newHere, width, f.kv);
        return w;
      }
      w = matrixWork(width, scored, passes, width, g, true);
      TileLoop soft;
      soft.tiles = std::min(p_.dpu.tasklets, passes * scored);
      soft.tile.instructions = whole(
          element * static_cast<double>(ceilDiv(passes * scored, soft.tiles)) + costs_.perTile());
      w.loops.push_back(soft);
      return w;
    }
    const std::int64_t keyBytes = wordBytes(width, f.kv.bits);
    const std::int64_t perTile = std::max<std::int64_t>(1, bufferBytes() / keyBytes);
    const std::int64_t blocks = ceilDiv(keysHere, perTile);
    std::int64_t tileKeys = ceilDiv(keysHere, blocks);
    if (blocks * unitsHere < p_.dpu.tasklets)
      tileKeys = std::max<std::int64_t>(1, keysHere * unitsHere / p_.dpu.tasklets);
    TileLoop loop;
    loop.tiles = ceilDiv(keysHere, tileKeys) * unitsHere;
    loop.tile.reads = 2;  // keys and values
    loop.tile.readBytes = keyBytes * tileKeys;
    const std::int64_t queryBytes = wordBytes(vectors * width, f.activation.bits);
    if (queryBytes * unitsHere > sharedBytes()) {
      const std::int64_t block = bufferBytes();
      loop.tile.reads2 = ceilDiv(queryBytes, block);
      loop.tile.read2Bytes = std::min(queryBytes, block);
    } else {
      w.loops.push_back(loadLoop(queryBytes * unitsHere, 0));
    }
    // Each score and each weighted value vector is one pass of the inner-product loop.
    const MatrixCost& cost = costs_.matrix(f.kv, f.activation);
    const double product =
        static_cast<double>(ceilDiv(width, cost.group) * cost.group) * cost.mac + cost.perPass;
    const double scores = static_cast<double>(vectors * tileKeys) * share;
    loop.tile.instructions = whole(cost.perTile + scores * (2.0 * product + element));
    w.loops.push_back(loop);
    return w;
  };
  const std::int64_t unitsHigh = ceilDiv(units, used),
                     many = units % used == 0 ? used : units % used;
  for (int k = 0; k < (bank ? 2 : 1); ++k) {
    Kernel kernel;
    kernel.weightBits = f.kv.bits;
    kernel.activationBits = f.activation.bits;
    kernel.classes.push_back({many, work(unitsHigh, k == 1)});
    if (many < used) kernel.classes.push_back({used - many, work(unitsHigh - 1, k == 1)});
    plan.stages.push_back({kernel});
  }
  const std::int64_t inBytes = unitsHigh * (wordBytes(vectors * width, f.activation.bits) +
                                            2 * wordBytes(newHere * width, f.kv.bits));
  const std::int64_t outBytes =
      unitsHigh * (parts == 1 ? wordBytes(vectors * width, f.activation.bits)
                              : wordBytes(vectors * (width + 2), 32));
  plan.stages.insert(plan.stages.begin(),
                     Stage{Exchange{true, CopyPattern::scatter, used, inBytes}});
  plan.stages.push_back({Exchange{false, CopyPattern::gather, used, outBytes}});
  if (parts > 1) plan.stages.push_back({HostWork{HostWork::Kind::reduce, outBytes * used, 0}});
  const double cacheBytes =
      static_cast<double>(used * unitsHigh * 2 * wordBytes(keysHere * width, f.kv.bits));
  const Bits needed = bytes(cacheBytes / static_cast<double>(used));
  if (needed > p_.mram.value)
    return beyondMram(op, "keys and values", needed,
                      "more ranks, a shorter context, or a narrower KV format");
  plan.resident = op.cached ? bytes(cacheBytes) : Bits(0);
  plan.workspace = bytes(static_cast<double>((inBytes + outBytes) * used));
  note(plan, op, bank);
  return plan;
}

Expected<OpPlan, Refusal> Planner::embedding(const Operator& op) const {
  const Dims& d = op.dims;
  const TensorFormats& f = op.formats;
  // Columns are split, so that every lookup is shared; a part holds at least 64 bytes of a row.
  const std::int64_t rowBytes = wordBytes(d[Dim::N], f.weight.bits);
  const std::int64_t used = std::clamp<std::int64_t>(rowBytes / 64, 1, p_.dpus());
  const std::int64_t part = ceilDiv(ceilDiv(rowBytes, used), 8) * 8;
  OpPlan plan;
  DpuWork work;
  TileLoop loop;
  loop.tiles = d[Dim::M];
  const std::int64_t largest = std::min<std::int64_t>(part, bufferBytes());
  loop.tile.reads = loop.tile.writes = ceilDiv(part, largest);
  loop.tile.readBytes = loop.tile.writeBytes = largest;
  loop.tile.instructions = whole(costs_.perTile());
  work.loops = {loadLoop(wordBytes(d[Dim::M], 32), 0), loop};
  Kernel kernel;
  kernel.classes.push_back({used, work});
  plan.stages = {{Exchange{true, CopyPattern::broadcast, used, wordBytes(d[Dim::M], 32)}},
                 {kernel},
                 {Exchange{false, CopyPattern::gather, used, part * d[Dim::M]}}};
  const double table = static_cast<double>(part * used) * static_cast<double>(d[Dim::K]);
  const Bits needed = bytes(table / static_cast<double>(used));
  if (needed > p_.mram.value)
    return beyondMram(op, "shares of its table", needed, "more ranks, or narrower weights");
  plan.resident = bytes(table);
  plan.workspace = bytes(static_cast<double>(part * d[Dim::M] * used));
  return plan;
}

OpPlan Planner::elementOn(const Operator& op, std::int64_t dpus) const {
  const Dims& d = op.dims;
  const NumberFormat& f = op.formats.activation;
  const OpCost cost = costOf(op);
  const bool rows = op.kind == OpKind::norm || op.kind == OpKind::softmax;
  const bool pool = op.kind == OpKind::pool;
  const std::int64_t elements = pool ? cost.elementOps : d[Dim::M] * d[Dim::N];
  const std::int64_t used = std::min(dpus, elements);
  const std::int64_t here = ceilDiv(elements, used);
  const double inPer = cost.input.value / static_cast<double>(elements);
  const double outPer = cost.output.value / static_cast<double>(elements);
  const std::int64_t inBytes = wordBytes(whole(inPer * static_cast<double>(here)), 1);
  const std::int64_t outBytes = wordBytes(whole(outPer * static_cast<double>(here)), 1);
  const KernelCost& each = costs_.element(op.kind, op.variant, f);
  const double sums =  // additions of an element
      op.kind == OpKind::add ? static_cast<double>(d[Dim::inputs] - 1) : 1.0;
  const double windows =  // outputs or rows of this DPU
      pool   ? cost.output.value / f.bits / static_cast<double>(used)
      : rows ? static_cast<double>(here) / static_cast<double>(d[Dim::N])
             : 0.0;

  TileLoop loop;
  const std::int64_t block = bufferBytes();
  loop.tiles = std::max(ceilDiv(inBytes, block), std::min(p_.dpu.tasklets, ceilDiv(inBytes, 8)));
  const std::int64_t perTile = ceilDiv(here, loop.tiles);
  loop.tile.reads = 1;
  loop.tile.readBytes = std::max<std::int64_t>(8, ceilDiv(ceilDiv(inBytes, loop.tiles), 8) * 8);
  loop.tile.writes = 1;
  loop.tile.writeBytes = std::max<std::int64_t>(8, ceilDiv(ceilDiv(outBytes, loop.tiles), 8) * 8);
  loop.tile.instructions =
      whole(each.instructions * sums * static_cast<double>(perTile) + each.perTile +
            each.perWindow * windows / static_cast<double>(loop.tiles));
  loop.tile.extensionPj = whole(1e12 * each.joules * sums * static_cast<double>(perTile));
  OpPlan plan;
  plan.stages.push_back({Exchange{true, CopyPattern::scatter, used, inBytes}});
  const auto addKernel = [&](const TileLoop& l) {
    Kernel kernel;
    DpuWork work;
    work.loops = {l};
    kernel.weightBits = kernel.activationBits = f.bits;
    kernel.classes.push_back({used, work});
    plan.stages.push_back({kernel});
  };
  if (rows && op.variant != OpVariant::batch && d[Dim::M] < used) {
    // A row lies on several DPUs: first partial sums, which the host combines and returns.
    TileLoop first = loop;
    first.tile.writes = 0;
    first.tile.instructions = ceilDiv(loop.tile.instructions, 2);
    addKernel(first);
    plan.stages.push_back({Exchange{false, CopyPattern::gather, used, 8}});
    plan.stages.push_back({HostWork{HostWork::Kind::reduce, used * 8, 0}});
    plan.stages.push_back({Exchange{true, CopyPattern::scatter, used, 8}});
    plan.stages.push_back({HostWork{HostWork::Kind::launch, 0, used}});
    loop.tile.instructions = ceilDiv(loop.tile.instructions, 2);
  }
  addKernel(loop);
  plan.stages.push_back({Exchange{false, CopyPattern::gather, used, outBytes}});
  plan.resident = cost.weights * static_cast<double>(op.hasWeights ? used : 0);
  plan.workspace = bytes(static_cast<double>((inBytes + outBytes) * used));
  return plan;
}

Expected<OpPlan, Refusal> Planner::element(const Operator& op) const {
  // Set-up grows with ranks, work per DPU falls: take the population with the least time.
  OpPlan best;
  Ticks bestTime;
  for (std::int64_t ranks = 1;; ranks = std::min(ranks * 2, p_.ranks)) {
    OpPlan plan = elementOn(op, ranks * p_.dpusPerRank());
    Ticks time;
    for (const Stage& stage : plan.stages) {
      time += closedForm(stage, p_).time;
      if (ranks > 1 && time >= bestTime) break;
    }
    if (ranks == 1 || time < bestTime) {
      bestTime = time;
      best = std::move(plan);
    }
    if (ranks == p_.ranks) break;
  }
  if (best.workspace.value > p_.mram.value.value * static_cast<double>(p_.dpus()))
    return Refusal{Refusal::Code::capacity, "'" + op.name + "': its activations exceed the MRAM",
                   "more ranks or a smaller batch"};
  note(best, op, false);
  const NumberFormat& f = op.formats.activation;
  stated(best, std::string(nameOf(op.kind)) + " " + f.name,
         costs_.element(op.kind, op.variant, f).executed);
  return best;
}

}  // namespace wattlas::pim
