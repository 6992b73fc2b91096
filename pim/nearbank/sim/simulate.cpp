// A program of kind `near-bank` run operator by operator, channels in lock-step.
#include <algorithm>
#include <string>
#include <utility>

#include "pim/nearbank/channel.h"
#include "pim/nearbank/device.h"

namespace wattlas::pim::nearbank {
namespace {

ChannelResult runChannels(const NearBankOp& op, const NearBankParams& p, Fidelity fidelity,
                          dram::CommandLog* commands) {
  if (op.sequence.sections.empty()) return {};
  if (fidelity == Fidelity::detailed)
    return Channel(p, Channel::Level::commands, false, op.alone).run(op.sequence, commands);
  const bool fold = p.fold == "auto";
  ChannelResult result;
  // Channels share nothing while they run and have the program of the busiest.
  for (std::int64_t c = 0; c < (fold ? 1 : p.channels); ++c) {
    ChannelResult one = Channel(p, Channel::Level::groups, fold, op.alone)
                            .run(op.sequence, std::exchange(commands, nullptr));
    one.steps += result.steps;
    one.time = std::max(one.time, result.time);
    result = std::move(one);
  }
  return result;
}

/// `commands` hears the first channel. A command to all banks, to registers or to the buffer has no
/// bank; with register files bank 0 stands for the even and bank 1 for the odd banks while all of
/// them work. Accesses to registers and buffer have no row.
Profile simulateChannels(const NearBankDevice& device, const NearBankProgram& program,
                         Fidelity fidelity, dram::CommandLog* commands) {
  const NearBankParams& p = device.params();
  Ticks start;
  std::vector<Ticks> times;
  std::int64_t steps = 1, refreshes = 0, folded = 1;
  for (const NearBankOp& op : program.operators()) {
    dram::CommandLog heard(commands != nullptr ? commands->room() : 0);
    const ChannelResult result =
        runChannels(op, p, fidelity, commands != nullptr ? &heard : nullptr);
    if (commands != nullptr) commands->append(heard, start);
    start += device.duration(op, result.time);
    steps += 1 + result.steps;
    refreshes += result.refreshes;
    folded = std::max(folded, result.folded);
    times.push_back(result.time);
  }
  Profile profile = device.profileOf(program, times);
  device.explain(program, profile);
  profile.events = steps;
  profile.statistics = {{"refreshes", static_cast<double>(refreshes)}};
  if (p.fold == "auto" || fidelity == Fidelity::detailed)
    profile.replications.push_back({ReplicationKind::symmetry, p.channels,
                                    std::to_string(p.channels) + " channels",
                                    "equal shares of every tensor, in step, nothing shared"});
  if (folded > 1)
    profile.replications.push_back(
        {ReplicationKind::periodicity, folded, "equal tiles of a product",
         "complete relative state of banks, buses and registers recurs, no "
         "refresh in between"});
  return profile;
}

}  // namespace

Profile NearBankDevice::simulate(const Program& program, Fidelity fidelity) const {
  return simulateChannels(*this, dynamic_cast<const NearBankProgram&>(program), fidelity, nullptr);
}

Profile NearBankDevice::simulateInto(dram::CommandLog& log, const Program& program,
                                     Fidelity fidelity) const {
  return simulateChannels(*this, dynamic_cast<const NearBankProgram&>(program), fidelity, &log);
}

}  // namespace wattlas::pim::nearbank
