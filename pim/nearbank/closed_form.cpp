#include "pim/nearbank/closed_form.h"

#include <fmt/format.h>

#include <algorithm>

namespace wattlas::pim::nearbank {

namespace {

constexpr std::int64_t past = -(std::int64_t{1} << 40);

/// The first iterations of each loop; the last of them counts for all that follow.
/// Follows which rows are open and when banks may be opened again, without windows of activates,
/// command slots and refresh.
class Walk {
 public:
  Walk(const NearBankParams& p, PhaseTable& table) : p_(p), t_(clockOf(p)), table_(table) {
    now_ = -t_.ck;
  }

  /// Time at the end in which no refresh finds a gap: parking touches bank after bank.
  std::int64_t held() const { return held_; }

  void sequence(const Sequence& s) {
    for (const Section& section : s.sections)
      some(section.repeat, 1, 2, [&](std::int64_t times, std::int64_t outer) {
        for (const Block& block : section.blocks) {
          const bool ahead =
              std::any_of(block.groups.begin(), block.groups.end(),
                          [](const Group& g) { return g.verb == Verb::mac && g.lookahead; });
          some(block.repeat, times, ahead ? 6 : 2, [&](std::int64_t n, std::int64_t inner) {
            for (const Group& g : block.groups)
              group(g,
                    g.row < firstDataRow ? g.row
                                         : g.row + outer * section.rowStep + inner * block.rowStep,
                    n);
          });
        }
      });
  }

 private:
  struct Bank {
    std::int32_t id;
    bool open = false;
    std::int64_t row = -1, activated = past, preReady = past, released = -1, idle = 0;
  };

  /// The first `walked` iterations; the last stands for all that follow it, the last two by turns
  /// where rows that open ahead lie in two banks.
  template <class Body>
  void some(std::int64_t repeat, std::int64_t times, std::int64_t walked, const Body& body) {
    const bool turns = walked > 2 && repeat > walked;
    if (turns) walked += (repeat - walked) % 2;  // ends in the bank where the loop ends
    for (std::int64_t i = 0; i < std::min(repeat, walked); ++i) {
      std::int64_t n = 1;
      if (turns && i + 2 >= walked)
        n = (repeat - walked) / 2 + 1;
      else if (i + 1 == walked)
        n = repeat - i;
      body(times * n, i);
    }
  }

  Bank& bankOf(std::int32_t id) {
    for (Bank& b : banks_)
      if (b.id == id) return b;
    return banks_.emplace_back(Bank{id});
  }

  /// All banks of a row, in commands that open some of them.
  std::int64_t opening() const {
    if (p_.registerFile()) return 0;
    const std::int64_t n =
        std::max<std::int64_t>(1, p_.banks / std::max<std::int64_t>(1, p_.banksPerActivate));
    return (n - 1) / 4 * std::max(t_.faw, 4 * t_.rrd) + (n - 1) % 4 * t_.rrd;
  }

  /// Change between registers and banks.
  std::int64_t modeTo(bool registers) {
    const std::int64_t mode = registers != registers_ ? t_.mod : 0;
    registers_ = registers;
    return mode;
  }

  /// Rows that the next group does not need close early where the controller knows its commands.
  void release(std::int32_t bank, std::int64_t row, std::int64_t start) {
    if (!p_.registerFile()) return;
    for (Bank& b : banks_)
      if (b.open && b.released < 0 && !(b.id == bank && b.row == row)) b.released = start;
  }

  /// First column of a row that is opened no earlier than `from`.
  std::int64_t open(Bank& b, std::int64_t row, std::int64_t from, std::int64_t rcd) {
    const bool kept = b.released < 0 || std::max(b.preReady, b.released) >= from;
    if (b.open && b.row == row && kept) {
      b.released = -1;
      return std::max(from, b.activated + rcd);
    }
    if (b.open) b.idle = std::max(b.preReady, b.released < 0 ? from : b.released) + t_.rp;
    const std::int64_t at = std::max(from, b.idle) + opening();
    b = {b.id, true, row, at, at + t_.ras, -1, 0};
    return at + rcd;
  }

  std::int64_t columns(const Group& g, std::int64_t row, std::int64_t start, std::int64_t rest) {
    const bool writes = g.verb == Verb::write, mac = g.verb == Verb::mac;
    Bank& b = bankOf(mac && g.lookahead ? static_cast<std::int32_t>(row & 1) : g.bank);
    const bool change = registers_ && t_.mod > 0 && b.open && b.row != row;
    std::int64_t from = (change ? std::max(start, b.preReady) : start) + modeTo(false);
    if (g.lookahead) from = std::min(from, std::max(lookFrom_, b.activated) + t_.ck);
    const std::int64_t rcd = writes                   ? t_.rcdWrite
                             : mac                    ? t_.rcdMac
                             : g.verb == Verb::lookup ? t_.rcdLookup
                                                      : t_.rcd;
    const std::int64_t spacing = mac ? t_.mac : g.lookahead && writes ? t_.ccds : t_.ccdl;
    const std::int64_t first = std::max({start, open(b, row, from, rcd), lastColumn_ + spacing,
                                         writes ? lastRead_ + t_.rtw : lastWrite_ + t_.wtr});
    lastColumn_ = (writes ? lastWrite_ : lastRead_) = first + rest;
    b.preReady = std::max(b.preReady, first + rest + (writes ? t_.wtp : t_.rtp));
    if (mac || !g.lookahead) lookFrom_ = start;
    return first;
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

  void group(const Group& g, std::int64_t row, std::int64_t times) {
    const std::int64_t each = spacing(g), start = now_ + t_.ck;
    const std::int64_t rest = (g.verb == Verb::rowCommand ? g.count : g.count - 1) * each;
    release(g.verb == Verb::touch ? -1 : g.bank, row, start);
    std::int64_t first = start;
    switch (g.verb) {
      case Verb::bufferWrite:
        first = std::max({start, lastRegisterRead_ + t_.rtw, lastRegisterWrite_ + t_.buffer}) +
                modeTo(true);
        lastRegisterWrite_ = first + rest;
        break;
      case Verb::registerRead: {
        const std::int64_t written = lastRegisterWrite_ + t_.wtr;
        first = std::max({start, lastColumn_ + t_.ccdl, registers_ ? written : past});
        first = std::max(first + modeTo(true), written);
        lastRegisterRead_ = first + rest;
        break;
      }
      case Verb::stream:
        first = std::max(start + modeTo(false) + t_.rcd, lastWrite_ + t_.wtr);
        lastRead_ = lastColumn_ = first + rest;
        break;
      case Verb::rowCommand:
        first = start;
        break;
      case Verb::touch:
        // Banks that wait for a precharge come last and cost nothing.
        first = std::max({start + t_.rcd, lastColumn_ + t_.ccds, lastWrite_ + t_.wtr});
        lastRead_ = lastColumn_ = first + rest;
        for (Bank& b : banks_) b = {b.id};
        break;
      default:
        first = columns(g, row, start, rest);
    }
    PhaseCost& phase = table_.phases[static_cast<std::size_t>(g.phase)];
    phase.commands += times * g.count;
    phase.groups += times;
    phase.lead += times * (first - now_);
    phase.columns += times * rest;
    held_ = g.verb == Verb::touch ? held_ + first - now_ + rest : 0;
    now_ = first + rest;
  }

  const NearBankParams& p_;
  ChannelClock t_;
  PhaseTable& table_;
  std::vector<Bank> banks_;
  std::int64_t now_ = 0, held_ = 0, lookFrom_ = 0;
  std::int64_t lastRead_ = past, lastWrite_ = past, lastColumn_ = past, lastRegisterRead_ = past,
               lastRegisterWrite_ = past;
  bool registers_ = false;
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
  // A refresh that interrupts columns closes their rows and opens them again; one that finds rows
  // about to change only lasts. It never fills the whole interval.
  std::int64_t columns = 0;
  for (const PhaseCost& phase : table.phases) columns += phase.columns;
  const double share = static_cast<double>(columns) /
                       static_cast<double>(std::max<std::int64_t>(1, table.time().ps));
  const auto again = static_cast<std::int64_t>(
      p.bitSerial() ? 0.0 : share * static_cast<double>(t.rtp + t.rp + t.rcdMac - t.mac));
  const std::int64_t each = std::min(t.rfc + again, t.refi * 19 / 20);
  const std::int64_t busy = table.time().ps - table.tail - walk.held();
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
