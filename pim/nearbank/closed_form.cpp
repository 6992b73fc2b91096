#include "pim/nearbank/closed_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace wattlas::pim::nearbank {

namespace {

/// What came before, as far as a distance depends on it.
class Walk {
 public:
  Walk(const NearBankParams& p, PhaseTable& table) : p_(p), t_(p.timing), table_(table) {
    if (p.bitSerial()) t_.mac = rowCommandDistance(p);
  }

  /// Time at the end in which no refresh finds a gap: parking touches bank after bank.
  std::int64_t held() const { return held_; }

  void sequence(const Sequence& s) {
    for (const Section& section : s.sections)
      twice(section.repeat, 1, [&](std::int64_t times, std::int64_t outer) {
        for (const Block& block : section.blocks)
          twice(block.repeat, times, [&](std::int64_t n, std::int64_t inner) {
            for (const Group& g : block.groups)
              group(g,
                    g.row < firstDataRow ? g.row
                                         : g.row + outer * section.rowStep + inner * block.rowStep,
                    n);
          });
      });
  }

 private:
  /// The first iteration follows something else than the others, which follow their like.
  template <class Body>
  void twice(std::int64_t repeat, std::int64_t times, const Body& body) {
    if (repeat <= 0) return;
    body(times, 0);
    if (repeat > 1) body(times * (repeat - 1), 1);
  }

  std::int64_t spacing(const Group& g) const {
    switch (g.verb) {
      case Verb::mac:
      case Verb::rowCommand:
        return t_.mac;
      case Verb::bufferWrite:
        return t_.buffer;
      case Verb::stream:
        return t_.ccds;
      case Verb::touch:
        return std::max(t_.rrd, t_.ccds);
      default:
        return t_.ccdl;
    }
  }

  /// All banks of a row, in commands that open some of them.
  std::int64_t opening() const {
    if (p_.registerFile()) return 0;
    const std::int64_t n =
        std::max<std::int64_t>(1, p_.banks / std::max<std::int64_t>(1, p_.banksPerActivate));
    return (n - 1) / 4 * std::max(t_.faw, 4 * t_.rrd) + (n - 1) % 4 * t_.rrd;
  }

  std::int64_t leadOf(const Group& g, std::int64_t row, bool registers) const {
    const std::int64_t mode = registers != registers_ ? t_.mod : 0;
    switch (g.verb) {
      case Verb::bufferWrite:
        return mode + (last_ == Verb::registerRead  ? t_.rtw
                       : last_ == Verb::bufferWrite ? t_.buffer
                                                    : t_.ck);
      case Verb::registerRead:
        return mode + std::max(t_.ck, last_ == Verb::bufferWrite ? t_.wtr : t_.ccdl);
      case Verb::stream:
        return mode + t_.ck + t_.rcd;
      case Verb::rowCommand:
        return t_.ck;
      case Verb::touch:
        return t_.ck + t_.rcd + (used_ && last_ == Verb::write ? t_.rp : 0);
      default:
        break;
    }
    const bool writes = g.verb == Verb::write;
    const std::int64_t rcd = writes ? t_.rcdWrite : g.verb == Verb::mac ? t_.rcdMac : t_.rcd;
    std::int64_t turn = g.verb == Verb::mac ? t_.mac : t_.ccdl;
    if (writes && last_ != Verb::write) turn = std::max(turn, t_.rtw);
    if (!writes && last_ == Verb::write) turn = std::max(turn, t_.wtr);
    const auto at = open_.find(g.bank);
    const bool known = at != open_.end();
    const bool previous = used_ && lastBank_ == g.bank && lastRow_ >= 0;
    // The row of the group before last is closed meanwhile where rows close early.
    const bool hit = known && at->second == row && (!p_.registerFile() || previous);
    if (hit) return std::max(turn, mode + t_.ck);
    if (g.lookahead && g.verb == Verb::mac && previous_ > 0)
      return std::max(turn, opening() + rcd - previous_);
    std::int64_t open = t_.ck + opening() + rcd;
    if (previous)
      open = std::max(last_ == Verb::write ? t_.wtp : t_.rtp, t_.ras - t_.rcdMac - previous_) +
             t_.rp + opening() + rcd;
    else if (known && !p_.registerFile())
      open = mode + t_.ck + t_.rp + opening() + rcd +
             std::max<std::int64_t>(0, t_.ras - t_.rcdMac - previous_ - 2 * t_.ck);
    else
      open += mode;
    return std::max(turn, open);
  }

  void group(const Group& g, std::int64_t row, std::int64_t times) {
    const bool registers = g.verb == Verb::bufferWrite || g.verb == Verb::registerRead;
    PhaseCost& phase = table_.phases[static_cast<std::size_t>(g.phase)];
    const std::int64_t lead = leadOf(g, row, registers);
    const std::int64_t rest = (g.verb == Verb::rowCommand ? g.count : g.count - 1) * spacing(g);
    phase.commands += times * g.count;
    phase.groups += times;
    phase.lead += times * lead;
    phase.columns += times * rest;
    held_ = g.verb == Verb::touch ? held_ + lead + rest : 0;
    if (g.row >= 0 && g.verb != Verb::touch) open_[g.bank] = row;
    if (g.verb == Verb::mac) previous_ = rest;
    last_ = g.verb;
    lastBank_ = g.bank;
    lastRow_ = g.row;
    registers_ = registers;
    used_ = true;
  }

  const NearBankParams& p_;
  ChannelClock t_;
  PhaseTable& table_;
  std::map<std::int32_t, std::int64_t> open_;
  Verb last_ = Verb::read;
  std::int32_t lastBank_ = -1;
  std::int64_t lastRow_ = -1, previous_ = 0;
  bool registers_ = false, used_ = false;
  std::int64_t held_ = 0;
};

}  // namespace

Ticks PhaseTable::time() const {
  std::int64_t ps = refresh + tail;
  for (const PhaseCost& phase : phases) ps += phase.total();
  return Ticks(ps);
}

PhaseTable phaseTable(const Sequence& sequence, const NearBankParams& p, bool alone) {
  PhaseTable table;
  for (const std::string& name : sequence.phases) table.phases.push_back({name});
  table.tail = sequence.tail;
  Walk walk(p, table);
  walk.sequence(sequence);
  const ChannelClock t(p.timing);
  if (p.refreshPolicy == "none") return table;
  const std::int64_t first =
      static_cast<std::int64_t>(static_cast<double>(t.refi) * p.refreshPhase.value.value);
  // A refresh closes the rows, lasts, and opens them again; it never fills the whole interval.
  const std::int64_t each =
      std::min(t.rtp + t.ck + t.rfc + (p.bitSerial() ? 0 : t.rcdMac), t.refi * 19 / 20);
  const std::int64_t busy = table.time().ps - table.tail - walk.held();
  // Owed refreshes cost nothing until no more may be owed.
  const std::int64_t due =
      first + (alone && p.refreshPolicy == "postponed" ? p.postponable * t.refi : 0);
  const std::int64_t n = busy < due ? 0 : (busy - due) / (t.refi - each) + 1;
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
