#include "pim/nearbank/closed_form.h"

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace wattlas::pim::nearbank
