// A program of kind `upmem` run stage by stage: transfers of the host, kernels of all ranks.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "pim/bank/bank_run.h"
#include "pim/upmem/device.h"
#include "pim/upmem/kernels/executed_kernels.h"

namespace wattlas::pim {

namespace {

/// Statistics of runs.
struct RankCounters {
  std::int64_t steps = 0, folded = 0, dmaBusy = 0, launches = 0, simulatedDpus = 0;
};

Ticks runDpu(const DpuWork& work, const Kernel& kernel, const UpmemParams& params, bool detailed,
             RankCounters& counters, dram::CommandLog* commands) {
  const bool fold = params.fold == "auto" && !detailed;
  Ticks time;
  for (const TileLoop& loop : work.loops) {
    const LoopMeasurement run = measure(loop, settingOf(params));
    counters.steps += run.events;
    counters.folded += run.folded;
    counters.dmaBusy += run.dmaBusy;
    const Ticks length = cyclesToTicks(run.cycles, params.dpu.effectiveClock());
    if (commands != nullptr && run.dmaBusy > 0)
      commands->command({time, length, 0, 0, -1, 0, dram::CommandKind::DMA});
    time += length;
  }
  if (work.hasBank) {
    const RowPass row = params.rowPass(kernel.weightBits, kernel.activationBits);
    dram::CommandLog banks(commands != nullptr ? commands->room() : 0);
    // Banks of a chip are run together when they share activations or open rows.
    const BankRun run =
        detailed
            ? runChip(work.bank, row, params.saMac, params.bank, params.issue(),
                      row.shared() ? params.dpusPerChip : 1, commands != nullptr ? &banks : nullptr)
            : runBank(work.bank, row, params.saMac, params.bank, params.issue(), fold);
    if (commands != nullptr) commands->append(banks, time);
    counters.steps += run.steps;
    counters.folded += run.folded;
    time += run.time;
  }
  ++counters.simulatedDpus;
  return time;
}

/// Time until the last DPU of a rank stops. `detailed` runs banks command by command and folds no
/// periods. `commands` hears the first DPU that works and its bank.
Ticks runRank(const Kernel& kernel, const std::vector<int>& classOf, const UpmemParams& params,
              bool detailed, RankCounters& counters, dram::CommandLog* commands) {
  // DPUs share nothing while they run: each is evaluated to its end, identical ones once.
  const bool fold = params.fold == "auto";
  std::set<int> known;
  Ticks longest;
  for (const int index : classOf) {
    if (index < 0 || (!known.insert(index).second && fold)) continue;
    const DpuWork& work = kernel.classes.at(static_cast<std::size_t>(index)).work;
    longest = std::max(longest, runDpu(work, kernel, params, detailed, counters,
                                       std::exchange(commands, nullptr)));
  }
  ++counters.launches;
  return longest;
}

}  // namespace

std::vector<RankPattern> patternsOf(const Kernel& kernel, const UpmemParams& params, bool fold) {
  std::vector<RankPattern> patterns;
  const std::int64_t size = params.dpusPerRank();
  std::size_t index = 0;
  std::int64_t left = kernel.classes.empty() ? 0 : kernel.classes[0].dpus;
  for (std::int64_t rank = 0; rank < params.ranks && index < kernel.classes.size(); ++rank) {
    RankPattern pattern{{}, 1};
    pattern.classOf.reserve(static_cast<std::size_t>(size));
    for (std::int64_t d = 0; d < size; ++d) {
      while (left == 0 && index < kernel.classes.size())
        left = ++index < kernel.classes.size() ? kernel.classes[index].dpus : 0;
      pattern.classOf.push_back(index < kernel.classes.size() ? static_cast<int>(index) : -1);
      if (left > 0) --left;
    }
    if (std::all_of(pattern.classOf.begin(), pattern.classOf.end(), [](int c) { return c < 0; }))
      break;
    // Equal composition and nothing shared while DPUs run: one rank stands for all of them.
    if (fold && !patterns.empty() && patterns.back().classOf == pattern.classOf)
      ++patterns.back().ranks;
    else
      patterns.push_back(std::move(pattern));
  }
  return patterns;
}

namespace {

/// `commands` hears the first chip: DPU kernels as one DMA stretch for each loop over tiles, at
/// `detailed` also all commands of MACs in the banks. Equal banks that share nothing are told once.
Profile simulateRanks(const UpmemDevice& device, const UpmemProgram& program, Fidelity fidelity,
                      dram::CommandLog* commands) {
  const UpmemParams& p = device.params();
  std::vector<StageTime> outcomes;
  std::vector<Replication> replications;
  RankCounters counters;
  std::int64_t events = 1, transfers = 0;
  Ticks start;
  const auto runKernel = [&](const Kernel& kernel) {
    Ticks longest;
    std::int64_t folded = 0;
    dram::CommandLog chip(commands != nullptr ? commands->room() : 0);
    dram::CommandLog* hear = commands != nullptr ? &chip : nullptr;
    for (const RankPattern& pattern : patternsOf(kernel, p, p.fold == "auto")) {
      folded = std::max(folded, pattern.ranks);
      longest =
          std::max(longest, runRank(kernel, pattern.classOf, p, fidelity == Fidelity::detailed,
                                    counters, std::exchange(hear, nullptr)));
    }
    if (commands != nullptr) commands->append(chip, start);
    if (folded > 1 && (replications.empty() || replications.back().factor != folded))
      replications.push_back(
          {ReplicationKind::symmetry, folded, std::to_string(folded) + " identical ranks",
           "same work DPU by DPU, same entry state, nothing shared while DPUs run"});
    return longest;
  };
  for (const OpPlan& op : program.operators())
    for (const Stage& stage : op.stages) {
      StageTime outcome = closedForm(stage, p);
      if (const auto* x = std::get_if<Exchange>(&stage.what)) {
        outcome.time = toTicks(p.host.copy(x->pattern, x->toDevice, x->dpus, x->bytesPerDpu));
        ++transfers;
      } else if (const auto* kernel = std::get_if<Kernel>(&stage.what)) {
        outcome.time = runKernel(*kernel);
      }
      start += outcome.time;
      outcomes.push_back(outcome);
      ++events;
    }
  Profile profile = profileOf(program, outcomes, device);
  profile.replications = std::move(replications);
  if (counters.folded > 0)
    profile.replications.push_back(
        {ReplicationKind::periodicity, counters.folded, "rounds of tiles, groups or passes",
         "rounds of tiles add what the rounds before them added; the relative state of the bank "
         "recurred"});
  profile.events = counters.steps + counters.launches + events + transfers;
  profile.statistics = {{"dpu.simulated", static_cast<double>(counters.simulatedDpus)},
                        {"dma.busyCycles", static_cast<double>(counters.dmaBusy)}};
  return profile;
}

}  // namespace

std::vector<Fidelity> UpmemDevice::fidelities() const {
  // Command by command needs MACs in the bank.
  if (params_.saMac.enabled()) return {Fidelity::analytic, Fidelity::event, Fidelity::detailed};
  return {Fidelity::analytic, Fidelity::event};
}

Profile UpmemDevice::simulate(const Program& program, Fidelity fidelity) const {
  return simulateRanks(*this, dynamic_cast<const UpmemProgram&>(program), fidelity, nullptr);
}

Profile UpmemDevice::simulateInto(dram::CommandLog& log, const Program& program,
                                  Fidelity fidelity) const {
  return simulateRanks(*this, dynamic_cast<const UpmemProgram&>(program), fidelity, &log);
}

}  // namespace wattlas::pim
