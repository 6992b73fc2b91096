#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "pim/nearbank/channel.h"
#include "pim/nearbank/device.h"

namespace wattlas::pim::nearbank {

Ticks PhaseTable::time() const {
  std::int64_t ps = refresh;
  for (const PhaseCost& phase : phases) ps += phase.total();
  return Ticks(ps) + tail;
}

PhaseTable phaseTable(const Sequence& sequence, const NearBankParams& p, bool alone) {
  const ChannelResult steady = Channel(p, Channel::Level::steady, true, alone).run(sequence);
  PhaseTable table;
  table.phases = steady.phases;
  table.tail = Ticks(sequence.tail);
  if (p.refreshPolicy == "none") return table;
  const ChannelClock t(p.timing);
  const std::int64_t first =
      static_cast<std::int64_t>(static_cast<double>(t.refi) * p.refreshPhase.value.value);
  // A refresh that interrupts columns closes their rows and opens them again; one that finds rows
  // about to change only lasts. It never fills the whole interval.
  std::int64_t columns = 0;
  for (const PhaseCost& phase : table.phases) columns += phase.columns;
  const double share =
      static_cast<double>(columns) / static_cast<double>(std::max<std::int64_t>(1, steady.time.ps));
  const auto again = static_cast<std::int64_t>(
      p.bitSerial() ? 0.0 : share * static_cast<double>(t.rtp + t.rp + t.rcdMac - t.mac));
  const std::int64_t each = std::min(t.rfc + again, t.refi * 19 / 20);
  const std::int64_t busy = (steady.time - table.tail - steady.held).ps;
  // Owed refreshes cost nothing until no more may be owed.
  const std::int64_t due =
      first + (alone && p.refreshPolicy == "postponed" ? p.postponable * t.refi : 0);
  // How many: by what each of them takes at least.
  const std::int64_t n = busy < due ? 0 : (busy - due) / (t.refi - std::min(t.rfc, each)) + 1;
  table.refreshes = n;
  table.refresh = n * each;
  return table;
}

std::string describe(const PhaseCost& phase) {
  const double ns = 1e-3;
  const std::int64_t inner = phase.commands - phase.groups;
  const double each =
      inner > 0 ? static_cast<double>(phase.columns) * ns / static_cast<double>(inner) : 0;
  const double start =
      phase.groups > 0 ? static_cast<double>(phase.lead) * ns / static_cast<double>(phase.groups)
                       : 0;
  if (inner <= 0)
    return fmt::format("{} x {:.4g} ns = {:.6g} ns", phase.groups, start,
                       static_cast<double>(phase.total()) * ns);
  return fmt::format("{} x {:.4g} ns to begin + {} x {:.4g} ns = {:.6g} ns", phase.groups, start,
                     inner, each, static_cast<double>(phase.total()) * ns);
}

NearBankProgram::NearBankProgram(std::vector<NearBankOp> operators, bool explained,
                                 std::vector<RegionShare> shares)
    : operators_(std::move(operators)), shares_(std::move(shares)), explained_(explained) {
  Hasher h;
  h.text("near-bank program").integer(explained);
  Footprint need;
  for (const NearBankOp& op : operators_) {
    for (const std::string& phase : op.sequence.phases) h.text(phase);
    for (const Section& section : op.sequence.sections) {
      h.integer(section.repeat).integer(section.rowStep);
      for (const Block& block : section.blocks) {
        h.integer(block.repeat).integer(block.rowStep);
        for (const Group& g : block.groups)
          h.integer(static_cast<int>(g.verb))
              .integer(g.count)
              .integer(g.bank)
              .integer(g.row)
              .integer(g.phase)
              .integer(g.lookahead)
              .integer(g.toBank);
      }
    }
    h.integer(op.sequence.tail).integer(op.matrix.ps).integer(op.matrixSlots).integer(op.beside);
    h.integer(op.elements.ps)
        .integer(op.chained.ps)
        .integer(op.macs)
        .integer(op.alone)
        .integer(op.bound.ps);
    h.real(op.workspace.value).real(op.resident.value);
    for (const auto& entry : op.energy.entries()) h.integer(entry.id).integer(entry.count);
    for (const Assumption& a : op.assumptions) h.text(a.key).text(a.value).text(a.source);
    need.resident += op.resident;
    need.workspace.value = std::max(need.workspace.value, op.workspace.value);
    bound_ += op.bound;
  }
  for (const RegionShare& share : shares_) {
    h.integer(share.inBanks).integer(share.outside.ps).integer(share.macs);
    for (const auto& entry : share.energy.entries()) h.integer(entry.id).integer(entry.count);
  }
  footprint_ = {need};
  hash_ = h.finish();
}

Ticks NearBankDevice::duration(const NearBankOp& op, Ticks sequence) const {
  Ticks time = sequence + op.matrix;
  if (op.beside) {
    // Both are fed over one command bus.
    const Tally t = tallyOf(op.sequence, params_);
    const std::int64_t slots = (t.commands + op.matrixSlots) * ChannelClock(params_.timing).ck;
    time = std::max({sequence + op.chained, op.matrix, Ticks(slots)});
  }
  return time + op.elements;
}

Profile NearBankDevice::estimate(const Program& program) const {
  const auto& mine = dynamic_cast<const NearBankProgram&>(program);
  std::vector<Ticks> times;
  for (const NearBankOp& op : mine.operators())
    times.push_back(op.sequence.sections.empty()
                        ? Ticks(0)
                        : phaseTable(op.sequence, params_, op.alone).time());
  Profile profile = profileOf(mine, times);
  explain(mine, profile);
  return profile;
}

Profile NearBankDevice::profileOf(const NearBankProgram& program,
                                  const std::vector<Ticks>& times) const {
  if (!program.shares().empty()) return interleavedProfile(program, times);
  Profile profile;
  Ticks now;
  for (std::size_t i = 0; i < program.operators().size(); ++i) {
    const NearBankOp& op = program.operators()[i];
    Segment s;
    s.op = static_cast<std::int32_t>(i);
    s.local = std::max(duration(op, times.at(i)), op.bound);
    s.energy = op.energy;
    const Ticks banks = std::max(times[i], op.matrix);
    s.bottleneck = op.elements > banks ? Bottleneck::compute
                   : op.macs > 0       ? Bottleneck::memory
                                       : Bottleneck::latency;
    OperatorShare share;
    share.op = s.op;
    share.start = now;
    share.busy = share.attributed = s.local;
    now += s.local;
    share.end = now;
    share.energy = s.energy;
    share.bottleneck = s.bottleneck;
    const double peak = info_.peakMacs.value / 2;
    if (s.local.ps > 0 && op.macs > 0 && peak > 0)
      share.utilisation =
          rounded(std::min(1.0, static_cast<double>(op.macs) / toSeconds(s.local).value / peak));
    profile.segments.push_back(std::move(s));
    profile.shares.push_back(std::move(share));
    for (const Assumption& a : op.assumptions) profile.assumptions.push_back(a);
  }
  return profile;
}

void NearBankDevice::explain(const NearBankProgram& program, Profile& profile) const {
  if (!program.explained()) return;
  for (const NearBankOp& op : program.operators()) {
    const PhaseTable table = phaseTable(op.sequence, params_, op.alone);
    const auto add = [&](const std::string& name, const std::string& value) {
      profile.assumptions.push_back({"phase." + name,
                                     value,
                                     {},
                                     {},
                                     "closed form of the command sequence of one channel",
                                     Basis::derived});
    };
    for (std::size_t i = 0; i < table.phases.size(); ++i)
      add(op.sequence.phases[i], describe(table.phases[i]));
    if (table.refreshes > 0)
      add("refresh", fmt::format("{} x {:.6g} ns = {:.6g} ns", table.refreshes,
                                 static_cast<double>(table.refresh) * 1e-3 /
                                     static_cast<double>(table.refreshes),
                                 static_cast<double>(table.refresh) * 1e-3));
    if (op.matrix.ps > 0)
      add("matrix unit", fmt::format("{:.6g} ns{}", static_cast<double>(op.matrix.ps) * 1e-3,
                                     op.beside ? ", beside the banks" : ""));
    if (op.elements.ps > 0)
      add("elements", fmt::format("{:.6g} ns", static_cast<double>(op.elements.ps) * 1e-3));
  }
}

// A program of kind `near-bank` run operator by operator, channels in lock-step.

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
