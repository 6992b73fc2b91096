#include "pim/upmem/kernels/profile.h"

#include <map>

#include "pim/upmem/kernels/library.h"
#include "pim/upmem/kernels/product.h"
#include "pim/upmem/kernels/run.h"
#include "pim/upmem/planner.h"

namespace wattlas::pim {

namespace {

dpu::DpuRunOptions counting(std::vector<std::uint64_t>& counts, const KernelSetting& setting) {
  dpu::DpuRunOptions options;
  options.tasklets = 1;
  options.timing = setting.timing;
  options.trace = [&counts](const dpu::TraceEvent& event) {
    if (event.pc < counts.size()) ++counts[event.pc];
  };
  return options;
}

dpu::ExecutedProgram executed(MacKernel kernel, const KernelSetting& setting) {
  dpu::ExecutedProgram p;
  p.name = nameOf(kernel);
  p.program = &programOf(kernel, KernelBuild{setting.unroll, 1, setting.isa});
  p.counts.resize(p.program->text.size());
  dpu::DpuMachine machine(*p.program, setting.isa);
  runChecked(randomProduct(kernel, 8, 32 * productGrain(kernel, setting.unroll), 1), machine,
             setting.unroll, counting(p.counts, setting));
  return p;
}

dpu::ExecutedProgram executed(ElementKernel kernel, KernelSetting setting) {
  setting.tasklets = 1;
  dpu::ExecutedProgram p;
  p.name = nameOf(kernel);
  p.program = byRows(kernel) ? &rowsProgram(kernel, 64, setting)
                             : &programOf(kernel, KernelBuild{setting.unroll, 1, setting.isa});
  p.counts.resize(p.program->text.size());
  const auto options = counting(p.counts, setting);
  if (byRows(kernel)) {
    runRows(kernel, 4, 64, setting, options);
  } else {
    dpu::DpuMachine machine(*p.program, setting.isa);
    runElement(kernel, machine, {4, 64}, options);
  }
  return p;
}

/// Instructions of a workload by kernel.
struct Shares {
  std::map<MacKernel, double> products;
  std::map<ElementKernel, double> elements;
};

Shares sharesOf(const Workload& workload, const KernelSetting& setting) {
  Shares shares;
  for (const Phase& phase : workload.phases)
    for (OpId id = 0; id < static_cast<OpId>(phase.graph.size()); ++id) {
      const Operator& op = phase.graph.at(id);
      const OpCost cost = costOf(op);
      const double times = static_cast<double>(phase.repeat * op.count);
      if (cost.macs > 0) {
        const bool kept = op.kind == OpKind::attention || !op.hasWeights;
        const MacKernel kernel =
            kernelOf(kept ? op.formats.kv : op.formats.weight, op.formats.activation);
        shares.products[kernel] +=
            times * static_cast<double>(cost.macs) * measure(kernel, setting).mac;
      }
      const auto kernel = byteKernelOf(op.kind, op.variant);
      if (kernel && !op.formats.activation.isFloat())
        shares.elements[*kernel] +=
            times * static_cast<double>(cost.elementOps) * measure(*kernel, setting).element;
    }
  return shares;
}

}  // namespace

std::vector<dpu::ExecutedProgram> executedPrograms(const Workload* workload,
                                                   KernelSetting setting) {
  setting.unroll = 1;
  Shares shares;
  if (workload != nullptr) {
    shares = sharesOf(*workload, setting);
  } else {
    for (int k = 0; k < macKernelCount; ++k) shares.products[static_cast<MacKernel>(k)] = 1;
    for (int k = 0; k < elementKernelCount; ++k) shares.elements[static_cast<ElementKernel>(k)] = 1;
  }
  std::vector<dpu::ExecutedProgram> programs;
  for (const auto& [kernel, weight] : shares.products) {
    programs.push_back(executed(kernel, setting));
    programs.back().weight = weight;
  }
  for (const auto& [kernel, weight] : shares.elements) {
    programs.push_back(executed(kernel, setting));
    programs.back().weight = weight;
  }
  return programs;
}

}  // namespace wattlas::pim
