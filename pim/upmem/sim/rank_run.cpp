#include "pim/upmem/sim/rank_run.h"

#include <algorithm>
#include <set>

#include "pim/bank/bank_run.h"
#include "pim/upmem/kernels/executed_kernels.h"

namespace wattlas::pim {
namespace {

Ticks runDpu(const DpuWork& work, const Kernel& kernel, const UpmemParams& params, bool detailed,
             RankCounters& counters) {
  const bool fold = params.fold == "auto" && !detailed;
  Ticks time;
  for (const TileLoop& loop : work.loops) {
    const LoopMeasurement run = measure(loop, settingOf(params));
    counters.steps += run.events;
    counters.folded += run.folded;
    counters.dmaBusy += run.dmaBusy;
    time += cyclesToTicks(run.cycles, params.dpu.effectiveClock());
  }
  if (work.hasBank) {
    const RowPass row = params.rowPass(kernel.weightBits, kernel.activationBits);
    // Banks of a chip are run together when they share activations or open rows.
    const BankRun run =
        detailed ? runChip(work.bank, row, params.saMac, params.bank, params.issue(),
                           row.shared() ? params.dpusPerChip : 1)
                 : runBank(work.bank, row, params.saMac, params.bank, params.issue(), fold);
    counters.steps += run.steps;
    counters.folded += run.folded;
    time += run.time;
  }
  ++counters.simulatedDpus;
  return time;
}

}  // namespace

Ticks runRank(const Kernel& kernel, const std::vector<int>& classOf, const UpmemParams& params,
              bool detailed, RankCounters& counters) {
  // DPUs share nothing while they run: each is evaluated to its end, identical ones once.
  const bool fold = params.fold == "auto";
  std::set<int> known;
  Ticks longest;
  for (const int index : classOf) {
    if (index < 0 || (!known.insert(index).second && fold)) continue;
    const DpuWork& work = kernel.classes.at(static_cast<std::size_t>(index)).work;
    longest = std::max(longest, runDpu(work, kernel, params, detailed, counters));
  }
  ++counters.launches;
  return longest;
}

}  // namespace wattlas::pim
