#include "pim/dpu/exec/report.h"

#include <string>

namespace wattlas::dpu {

namespace {

struct Activity {
  std::uint64_t issues = 0, multiplies = 0, wramAccesses = 0;
  EnergyCell extension;  ///< of instructions that configuration files add or change
};

Activity count(DpuRunResult& result, const Runtime& runtime,
               const std::vector<std::uint64_t>& before) {
  Activity activity;
  const std::vector<std::uint64_t> after = runtime.core.counts();
  for (std::uint32_t pc = 0; pc < runtime.core.codeEnd; ++pc) {
    // Words that the run itself loaded behind the program have no count from before.
    const std::uint64_t earlier = pc < before.size() ? before[pc] : 0;
    const std::uint64_t n = after[pc] - earlier + runtime.orderingCounts[pc];
    const Instruction& in = runtime.core.instructions[pc];
    if (n == 0 || in.form == nullptr) continue;
    result.instructionMix[in.form->mnemonicText] += n;
    activity.issues += n;
    if (in.form->issue == IssueClass::multiply) activity.multiplies += n;
    if (in.form->issue == IssueClass::loadStore) activity.wramAccesses += n;
    const InstructionModel* model = runtime.core.models[pc];
    if (model == nullptr) continue;
    const auto executions = static_cast<double>(n);
    activity.extension.value += executions * model->energy.value.value;
    activity.extension.low += executions * model->energy.low.value;
    activity.extension.high += executions * model->energy.high.value;
    if (model->semantics && (model->semantics->loads() || model->semantics->stores()))
      activity.wramAccesses += n;
  }
  return activity;
}

EnergyCell times(const EnergyParameter& p, double n) {
  return {p.value * n, p.low * n, p.high * n};
}

EnergyCell sum(const EnergyCell& a, const EnergyCell& b) {
  return {a.value + b.value, a.low + b.low, a.high + b.high};
}

void fillEnergy(DpuRunResult& result, const DpuEnergy& e, const Activity& activity) {
  const auto issues = static_cast<double>(activity.issues);
  const auto dmaBytes = static_cast<double>(result.dma.bytes());
  auto& cells = result.energyBreakdownJ;
  cells["compute"] =
      sum(times(e.issueJ, issues), times(e.multiplyJ, static_cast<double>(activity.multiplies)));
  result.extensionJ = activity.extension;
  cells["compute"] = sum(cells["compute"], activity.extension);
  cells["instruction_fetch"] = times(e.iramFetchJ, issues);
  // A transfer also writes or reads WRAM, 8 bytes an access.
  cells["scratchpad"] =
      times(e.wramAccessJ, static_cast<double>(activity.wramAccesses) + dmaBytes / 8);
  cells["array"] = times(e.dmaByteJ, dmaBytes);
  cells["activation"] = times(e.activationJ, static_cast<double>(result.dma.rowActivations));
  cells["static"] = times(e.staticW, result.timeS);
  for (const auto& [name, cell] : cells) result.energyJ = sum(result.energyJ, cell);
}

}  // namespace

void fillResult(DpuRunResult& result, const Runtime& runtime,
                const std::vector<std::uint64_t>& before, const Program& program) {
  result.error = runtime.error;
  result.dma = runtime.dma;
  result.stalls = runtime.stalls;
  for (const auto& s : runtime.stats) {
    if (s.instructions > 0) result.tasklets.push_back(s);
  }
  const Activity activity = count(result, runtime, before);
  result.timeS = static_cast<double>(result.cycles) / runtime.options.timing.clockHz;
  result.ipc = result.cycles > 0
                   ? static_cast<double>(result.instructions) / static_cast<double>(result.cycles)
                   : 0;
  fillEnergy(result, runtime.options.energy, activity);
  result.mips =
      result.wallS > 0 ? static_cast<double>(result.instructions) / result.wallS / 1e6 : 0;
  if (runtime.races) {
    result.races = runtime.races->races();
    for (auto& race : result.races) {
      race.firstSymbol = program.where(race.firstPc);
      race.secondSymbol = program.where(race.secondPc);
    }
  }
}

}  // namespace wattlas::dpu
