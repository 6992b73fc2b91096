#include "pim/upmem/sim/timeline.h"

#include "pim/bank/bank_run.h"
#include "pim/upmem/kernels/executed_kernels.h"

namespace wattlas::pim {

namespace {

Ticks addKernel(const Kernel& kernel, const UpmemParams& p, Ticks start, dram::CommandLog& trace) {
  const DpuWork& work = kernel.classes.front().work;
  Ticks now = start;
  for (const TileLoop& loop : work.loops) {
    const LoopMeasurement run = measure(loop, settingOf(p));
    const Ticks length = cyclesToTicks(run.cycles, p.dpu.effectiveClock());
    if (run.dmaBusy > 0) trace.command({now, length, 0, 0, -1, 0, dram::CommandKind::DMA});
    now += length;
  }
  if (work.hasBank && trace.room() > 0) {
    const RowPass row = p.rowPass(kernel.weightBits, kernel.activationBits);
    dram::CommandLog commands(trace.room());
    const BankRun run = runChip(work.bank, row, p.saMac, p.bank, p.issue(),
                                row.shared() ? p.dpusPerChip : 1, &commands);
    trace.append(commands, now);
    now += run.time;
  }
  return now;
}

}  // namespace

dram::CommandLog bankTimeline(const Device& device, const Program& program, std::size_t most) {
  dram::CommandLog trace(most);
  const auto* upmem = dynamic_cast<const UpmemDevice*>(&device);
  const auto* mine = dynamic_cast<const UpmemProgram*>(&program);
  if (upmem == nullptr || mine == nullptr) return trace;
  Ticks now;
  for (const OpPlan& op : mine->operators())
    for (const Stage& stage : op.stages) {
      const auto* kernel = std::get_if<Kernel>(&stage.what);
      if (kernel != nullptr && !kernel->classes.empty())
        now = addKernel(*kernel, upmem->params(), now, trace);
      else
        now += closedForm(stage, upmem->params()).time;
    }
  return trace;
}

}  // namespace wattlas::pim
