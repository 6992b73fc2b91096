#include "pim/nearbank/channel.h"

#include <algorithm>
#include <utility>

namespace wattlas::pim::nearbank {

namespace {

using dram::never;
using dram::Rule;
using Kind = dram::CommandKind;
using dram::RuleScope;

/// Where all banks work in step, two of them stand for all: rows read ahead lie in the other one.
int banksOf(const NearBankParams& p) {
  return p.registerFile() ? static_cast<int>(p.banks + 2) : 2;
}

dram::Timing timingOf(const NearBankParams& p, const ChannelClock& t) {
  dram::Timing timing;
  timing.commandBus = false;  // rows may open ahead of the commands before them
  timing.banksPerGroup = banksOf(p);
  // Commands that open several banks are specified outside the four-activate window, unless it
  // takes several of them to open a row.
  const bool several = !p.registerFile() && p.banks > p.banksPerActivate;
  timing.faw = p.banksPerActivate == 1 || several ? t.faw : 0;
  return timing;
}

std::vector<Rule> rulesOf(const ChannelClock& t) {
  std::vector<Rule> rules = {{Kind::ACT, Kind::ACT, RuleScope::rank, t.rrd, "tRRD"},
                             {Kind::ACT, Kind::PRE, RuleScope::bank, t.ras, "tRAS"},
                             {Kind::PRE, Kind::ACT, RuleScope::bank, t.rp, "tRP"},
                             {Kind::PRE, Kind::REF, RuleScope::rank, t.rp, "tRP"},
                             {Kind::WREG, Kind::WREG, RuleScope::rank, t.buffer, "tBuffer"},
                             {Kind::RREG, Kind::WREG, RuleScope::rank, t.rtw, "tRTW"},
                             {Kind::RREG, Kind::RREG, RuleScope::rank, t.ccdl, "tCCDL"},
                             {Kind::WREG, Kind::RREG, RuleScope::rank, t.wtr, "tWTR"}};
  const std::pair<Kind, std::int64_t> columns[] = {
      {Kind::RD, t.rcd}, {Kind::WR, t.rcdWrite}, {Kind::MAC, t.rcdMac}, {Kind::AF, t.rcdLookup}};
  for (const auto& [to, rcd] : columns) {
    rules.push_back({Kind::ACT, to, RuleScope::bank, rcd, "tRCD"});
    for (const auto& [from, unused] : columns) {
      const bool write = from == Kind::WR, mac = to == Kind::MAC;
      rules.push_back({from, to, RuleScope::rank, mac ? t.mac : t.ccds, mac ? "tMAC" : "tCCDS"});
      if (!mac) rules.push_back({from, to, RuleScope::group, t.ccdl, "tCCDL"});
      if (write != (to == Kind::WR))
        rules.push_back({from, to, RuleScope::rank, write ? t.wtr : t.rtw, "turnaround"});
    }
    rules.push_back({to, Kind::PRE, RuleScope::bank, to == Kind::WR ? t.wtp : t.rtp, "tRTP, tWTP"});
    rules.push_back({to, Kind::RREG, RuleScope::rank, t.ccdl, "tCCDL"});
  }
  for (const Kind to : {Kind::ACT, Kind::PRE, Kind::REF, Kind::RD, Kind::WR, Kind::MAC, Kind::AF,
                        Kind::WREG, Kind::RREG, Kind::AAP, Kind::MODE}) {
    rules.push_back({Kind::REF, to, RuleScope::rank, t.rfc, "tRFC"});
    rules.push_back({Kind::MODE, to, RuleScope::rank, t.mod, "tMOD"});
  }
  return rules;
}

Kind columnOf(Verb verb) {
  switch (verb) {
    case Verb::write:
      return Kind::WR;
    case Verb::mac:
      return Kind::MAC;
    case Verb::lookup:
      return Kind::AF;
    default:
      return Kind::RD;
  }
}

dram::Command columnCommand(const Group& g, std::int32_t bank, std::int64_t row) {
  dram::Command c{columnOf(g.verb), 0, bank, -1, row};
  c.otherGroup = g.verb == Verb::touch || (g.verb == Verb::write && g.lookahead);
  return c;
}

}  // namespace

Channel::Channel(const NearBankParams& params, Level level, bool fold, bool alone)
    : p_(params),
      t_(clockOf(params)),
      groups_(level != Level::commands),
      fold_(fold && groups_),
      early_(params.registerFile()),
      refresh_(level != Level::steady && params.refreshPolicy != "none"),
      postpone_(alone && params.refreshPolicy == "postponed"),
      banks_(banksOf(params)),
      state_(timingOf(p_, t_), rulesOf(t_)) {
  // The controller of all-bank modes closes a row as soon as no command before the next fence
  // needs it; a command stream without look-ahead closes it when another row is asked for.
}

dram::CommandRecord Channel::recordOf(const dram::Command& c, std::int64_t at,
                                      const Group& g) const {
  dram::CommandRecord r;
  r.time = Ticks(at);
  r.kind = c.kind;
  r.row = c.row;
  const std::int32_t bank = std::max(c.bank, c.unit);
  if ((early_ || p_.banks > p_.units) && c.row >= 0) r.bank = bank;
  const auto busy = [&]() -> std::int64_t {
    switch (c.kind) {
      case Kind::ACT:
        return t_.rcd;
      case Kind::PRE:
        return t_.rp;
      case Kind::MODE:
        return t_.mod;
      case Kind::REF:
        return t_.rfc;
      case Kind::AAP:
      case Kind::MAC:
        return t_.mac;
      case Kind::WREG:
        return t_.buffer;
      case Kind::RD:
        return t_.ccds;
      default:
        return t_.ccdl;
    }
  };
  r.busy = Ticks(busy());
  // Data bursts all the same, on the pins.
  if (c.kind == Kind::WREG || g.toBank) r.kind = Kind::WR;
  if (c.kind == Kind::RREG) r.kind = Kind::RD;
  return r;
}

void Channel::issue(const dram::Command& command, std::int64_t at, const Group& g,
                    std::int64_t count, std::int64_t spacing) {
  const std::int64_t end = at + (count - 1) * spacing;
  state_.issue(command, at);
  if (count > 1) state_.issue(command, end);
  ++result_.steps;
  slot_ = std::max(slot_, end + t_.ck);
  const bool own = command.kind != Kind::ACT && command.kind != Kind::PRE &&
                   command.kind != Kind::REF && command.kind != Kind::MODE;
  if (own) {
    first_ = std::min(first_, at);
    last_ = end;
  }
  for (; log_ != nullptr && at <= end; at += std::max<std::int64_t>(1, spacing)) {
    log_->command(recordOf(command, at, g));
    if (log_->dropped() > 0) log_ = nullptr;
  }
}

void Channel::activate(std::int32_t bank, std::int64_t row, std::int64_t at) {
  // One activate opens `banksPerActivate` banks; an all-bank row needs several of them.
  const std::int64_t needed =
      p_.registerFile()
          ? 1
          : std::max<std::int64_t>(1, p_.banks / std::max<std::int64_t>(1, p_.banksPerActivate));
  for (std::int64_t i = 1; i < needed; ++i) {
    issue({Kind::ACT, 0, -1, bank, row}, at);
    at = std::max(at + t_.ck, state_.ruled({Kind::ACT, 0, -1}));
  }
  issue({Kind::ACT, 0, bank, -1, row}, at);
}

void Channel::precharge(std::int32_t bank, std::int64_t at) {
  issue({Kind::PRE, 0, bank, -1, state_.openRow(bank)}, at);
}

bool Channel::refreshBefore(std::int64_t at) {
  // While bank after bank is touched, all banks are never closed at once.
  if (nextRefresh_ > at || touching_) return false;
  const std::int64_t due = nextRefresh_;
  nextRefresh_ += t_.refi;
  if (postpone_ && owed_ < p_.postponable) {
    ++owed_;
    return true;
  }
  const std::int64_t began = slot_;
  slot_ = std::max(slot_, due);
  for (std::int32_t b = 0; b < banks_; ++b)
    if (state_.open(b)) precharge(b, std::max(slot_, state_.ruled({Kind::PRE, 0, b})));
  const dram::Command refresh{Kind::REF};
  issue(refresh, std::max(slot_, state_.ruled(refresh)));
  dead_ += slot_ - t_.ck + t_.rfc - began;
  ++result_.refreshes;
  return true;
}

std::int64_t Channel::undisturbed(std::int64_t count, std::int64_t at, std::int64_t spacing) const {
  if (!groups_) return 1;
  if (touching_ || nextRefresh_ > at + (count - 1) * spacing) return count;
  return std::clamp<std::int64_t>((nextRefresh_ - at + spacing - 1) / spacing, 1, count);
}

void Channel::changeMode(const Group& g, std::int64_t at) {
  const bool toRegisters = g.verb == Verb::bufferWrite || g.verb == Verb::registerRead;
  const dram::Command mode{Kind::MODE};
  at = std::max(at, state_.ruled(mode));
  while (refreshBefore(at)) at = std::max({at, slot_, state_.ruled(mode)});
  if (t_.mod > 0 && registers_ != toRegisters) issue(mode, at);
  registers_ = toRegisters;
}

void Channel::registers(const Group& g) {
  const dram::Command command{g.verb == Verb::bufferWrite ? Kind::WREG : Kind::RREG};
  changeMode(g, std::max(slot_, state_.ruled(command)));
  const std::int64_t spacing = std::max(g.verb == Verb::bufferWrite ? t_.buffer : t_.ccdl, t_.ck);
  for (std::int64_t left = g.count; left > 0;) {
    std::int64_t at = std::max(slot_, state_.ruled(command));
    while (refreshBefore(at)) at = std::max(slot_, state_.ruled(command));
    const std::int64_t n = undisturbed(left, at, spacing);
    issue(command, at, g, n, spacing);
    left -= n;
  }
}

void Channel::streamed(const Group& g) {
  const bool rows = g.verb == Verb::rowCommand;
  const dram::Command command{rows ? Kind::AAP : Kind::RD};
  const std::int64_t spacing = std::max(rows ? t_.mac : t_.ccds, t_.ck);
  changeMode(g, slot_);
  for (std::int64_t left = g.count; left > 0;) {
    std::int64_t at = std::max(slot_, state_.ruled(command));
    // The first row opens; the others open behind their predecessors.
    if (!rows && left == g.count)
      at = std::max(at, std::max(slot_, state_.ruled({Kind::MODE})) + t_.rcd);
    while (refreshBefore(at)) at = std::max(slot_, state_.ruled(command) + (rows ? 0 : t_.rcd));
    const std::int64_t n = undisturbed(left, at, spacing);
    issue(command, at, g, n, spacing);
    if (rows) {
      slot_ = last_ + t_.mac;
      last_ = slot_ - t_.ck;
    }
    left -= n;
  }
}

Channel::Choice Channel::choose(const Group& g, const std::vector<Pending>& pending) const {
  // The earliest legal command goes out; at the same time data before rows before precharges.
  Choice best;
  const auto offer = [&](std::int64_t at, int k, std::size_t i) {
    if (at < best.at || (at == best.at && k < best.kind))
      best.at = at, best.kind = k, best.which = i;
    if (k >= 2) best.precharge = std::min(best.precharge, at);
  };
  const std::int64_t rows = g.lookahead ? lookFrom_ + t_.ck : slot_;  // rows may open ahead
  for (std::size_t i = 0; i < pending.size(); ++i) {
    const Pending& p = pending[i];
    const std::int64_t open = state_.openRow(p.bank);
    if (open == p.row)
      offer(std::max(slot_, state_.ruled(columnCommand(g, p.bank, p.row))), 0, i);
    else if (open < 0)
      offer(std::max(rows, state_.ruled({Kind::ACT, 0, p.bank})), 1, i);
    else
      offer(std::max(rows, state_.ruled({Kind::PRE, 0, p.bank})), 2, i);
  }
  for (std::int32_t b = 0; early_ && b < banks_; ++b) {
    const std::int64_t open = state_.openRow(b);
    if (open < 0 || wanted_[static_cast<std::size_t>(b)] == open) continue;
    offer(std::max(slot_, state_.ruled({Kind::PRE, 0, b})), 3, static_cast<std::size_t>(b));
  }
  return best;
}

void Channel::banks(const Group& g, std::int64_t row) {
  std::vector<Pending> pending;
  if (g.verb == Verb::touch) {
    for (std::int64_t i = 0; i < g.count; ++i)
      pending.push_back({static_cast<std::int32_t>((g.bank + i) % p_.banks), row, 1});
  } else {
    // Rows read ahead lie in another bank behind the same unit.
    const bool ahead = g.verb == Verb::mac && g.lookahead;
    pending.push_back({ahead ? static_cast<std::int32_t>(row & 1) : g.bank, row, g.count});
  }
  wanted_.assign(static_cast<std::size_t>(banks_), -1);
  for (const Pending& p : pending) wanted_[static_cast<std::size_t>(p.bank)] = row;
  const std::int32_t first = pending.front().bank;
  const bool leaves =
      state_.open(first) && state_.openRow(first) != row && registers_ && t_.mod > 0;
  changeMode(g, std::max(slot_, leaves ? state_.ruled({Kind::PRE, 0, first}) : 0));
  const std::int64_t start = slot_;
  touching_ = g.verb == Verb::touch;
  const std::int64_t distance = g.verb == Verb::mac                    ? t_.mac
                                : g.verb == Verb::write && g.lookahead ? t_.ccds
                                                                       : t_.ccdl;
  const std::int64_t spacing = std::max(distance, t_.ck);
  for (bool held = false; !pending.empty();) {
    const Choice next = choose(g, pending);
    // A row that was opened gives its columns before a refresh that came due meanwhile.
    held =
        held || (next.kind == 0 && pending[next.which].count == g.count && nextRefresh_ <= next.at);
    if (!held && refreshBefore(next.at)) continue;
    if (next.kind != 0) {
      const auto bank =
          next.kind == 3 ? static_cast<std::int32_t>(next.which) : pending[next.which].bank;
      if (next.kind == 1)
        activate(bank, pending[next.which].row, next.at);
      else
        precharge(bank, next.at);
      continue;
    }
    Pending& p = pending[next.which];
    std::int64_t n = held && groups_ ? p.count : undisturbed(p.count, next.at, spacing);
    // A row that nobody needs closes between two columns.
    if (next.precharge != never) n = std::min(n, (next.precharge - next.at) / spacing + 1);
    issue(columnCommand(g, p.bank, p.row), next.at, g, n, spacing);
    p.count -= n;
    if (p.count > 0) continue;
    wanted_[static_cast<std::size_t>(p.bank)] = -1;
    pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(next.which));
  }
  if (g.verb == Verb::mac || !g.lookahead) lookFrom_ = start;
}

void Channel::runGroup(const Group& g, std::int64_t row) {
  const std::int64_t before = last_, dead = dead_;
  first_ = never;
  if (g.verb != Verb::touch) touching_ = false;
  if (g.verb == Verb::bufferWrite || g.verb == Verb::registerRead)
    registers(g);
  else if (g.verb == Verb::stream || g.verb == Verb::rowCommand)
    streamed(g);
  else
    banks(g, row);
  const std::int64_t took = (last_ - before) - (dead_ - dead);
  const std::int64_t columns = std::min(took, last_ - first_);
  PhaseCost& phase = phases_[static_cast<std::size_t>(g.phase)];
  phase.commands += g.count;
  ++phase.groups;
  phase.lead += took - columns;
  phase.columns += columns;
  held_ = g.verb == Verb::touch ? held_ + took : 0;
}

Channel::Boundary Channel::boundary(std::int64_t index, std::int64_t base) const {
  // What lies further back than every distance does not matter any more.
  const std::int64_t window =
      t_.ras + t_.rp + t_.wtp + t_.faw + t_.wtr + t_.rtw + t_.mod + t_.rcd + t_.rcdMac;
  Boundary now;
  now.index = index;
  now.last = last_;
  now.untilRefresh = nextRefresh_ - last_;
  now.owed = owed_;
  now.refreshes = result_.refreshes;
  now.phases = phases_;
  // Rows that open ahead lie in the bank of their parity.
  now.picture = {slot_ - last_, std::max(lookFrom_ - last_, -window), registers_, touching_,
                 base & 1};
  for (std::int32_t b = 0; b < banks_; ++b) {
    const std::int64_t row = state_.openRow(b);
    now.picture.push_back(row < firstDataRow ? row : row - base + (1 << 20));
  }
  state_.picture(last_, window, now.picture);
  return now;
}

void Channel::skip(const Round& round, std::int64_t times, std::int64_t rowStep) {
  const std::int64_t shift = times * round.period, rows = times * round.iterations * rowStep;
  for (std::size_t i = 0; i < phases_.size(); ++i) {
    phases_[i].commands += times * round.share[i].commands;
    phases_[i].groups += times * round.share[i].groups;
    phases_[i].lead += times * round.share[i].lead;
    phases_[i].columns += times * round.share[i].columns;
  }
  state_.shift(shift);
  // Open rows move along with those that the skipped iterations would have opened.
  for (std::int32_t b = 0; b < banks_; ++b)
    if (state_.openRow(b) >= firstDataRow) state_.renameRow(b, state_.openRow(b) + rows);
  slot_ += shift;
  last_ += shift;
  lookFrom_ += shift;
  if (round.refreshes > 0) nextRefresh_ += shift;
  result_.refreshes += times * round.refreshes;
  while (nextRefresh_ <= last_) {  // only owed
    nextRefresh_ += t_.refi;
    ++owed_;
  }
  result_.folded = std::max(result_.folded, times * round.iterations + 1);
}

std::int64_t Channel::skipped(const Boundary& now, const std::vector<Boundary>& seen,
                              std::vector<Round>& rounds, std::int64_t left, std::int64_t rowStep) {
  const auto roundFrom = [&](const Boundary& then) {
    Round round{now.picture, now.index - then.index, now.last - then.last,
                now.refreshes - then.refreshes, now.phases};
    for (std::size_t i = 0; i < round.share.size(); ++i) {
      round.share[i].commands -= then.phases[i].commands;
      round.share[i].groups -= then.phases[i].groups;
      round.share[i].lead -= then.phases[i].lead;
      round.share[i].columns -= then.phases[i].columns;
    }
    return round;
  };
  const auto like = [&](const auto& other) { return other.picture == now.picture; };
  auto known = std::find_if(rounds.begin(), rounds.end(), like);
  for (auto then = seen.rbegin(); then != seen.rend(); ++then) {
    const bool undisturbed = then->refreshes == now.refreshes;
    if (known != rounds.end() && undisturbed) continue;
    if (!like(*then) || then->last == now.last) continue;
    if (undisturbed) {
      rounds.push_back(roundFrom(*then));
      known = rounds.end() - 1;
    } else if (then->untilRefresh == now.untilRefresh && then->owed == now.owed) {
      const Round round = roundFrom(*then);
      if (round.iterations > left) continue;
      skip(round, left / round.iterations, rowStep);
      return left / round.iterations * round.iterations;
    }
  }
  if (known == rounds.end()) return 0;
  std::int64_t times = left / known->iterations;
  if (refresh_) {
    // A refresh inside is simulated; what is only owed changes nothing.
    std::int64_t due = nextRefresh_;
    if (postpone_) due += (p_.postponable - owed_) * t_.refi;
    times = std::min(times, (due - 1 - last_) / known->period);
  }
  if (times <= 0) return 0;
  skip(*known, times, rowStep);
  return times * known->iterations;
}

template <class Body>
void Channel::repeated(const void* loop, std::int64_t times, std::int64_t rowStep,
                       std::int64_t base, const Body& body) {
  constexpr std::size_t most = 256;
  std::vector<Boundary> seen;
  for (std::int64_t i = 0; i < times; ++i) {
    body(base + i * rowStep);
    // A log wants each of them, until it is full.
    if (!fold_ || log_ != nullptr || times < 3 || i + 1 == times) continue;
    Boundary now = boundary(i, base + (i + 1) * rowStep);
    i += skipped(now, seen, rounds_[loop], times - 1 - i, rowStep);
    if (seen.size() == most) seen.erase(seen.begin(), seen.begin() + most / 2);
    seen.push_back(std::move(now));
  }
}

ChannelResult Channel::run(const Sequence& sequence, dram::CommandLog* log) {
  result_ = {};
  rounds_.clear();
  log_ = log;
  if (!std::exchange(fresh_, false)) state_ = dram::ChannelState(timingOf(p_, t_), rulesOf(t_));
  slot_ = owed_ = dead_ = lookFrom_ = held_ = 0;
  last_ = -t_.ck;
  registers_ = touching_ = false;
  const auto first =
      static_cast<std::int64_t>(static_cast<double>(t_.refi) * p_.refreshPhase.value.value);
  nextRefresh_ = refresh_ ? std::max<std::int64_t>(1, first) : never;
  phases_.assign(sequence.phases.size(), {});
  for (const Section& section : sequence.sections)
    repeated(&section, section.repeat, section.rowStep, 0, [&](std::int64_t outer) {
      for (const Block& block : section.blocks)
        repeated(&block, block.repeat, block.rowStep, outer, [&](std::int64_t base) {
          for (const Group& g : block.groups)
            runGroup(g, g.row < firstDataRow ? g.row : g.row + base);
        });
    });
  result_.time = Ticks(std::max<std::int64_t>(0, last_ + t_.ck) + sequence.tail);
  result_.refreshDebt = Ticks(owed_ * t_.rfc);
  result_.held = Ticks(held_);
  result_.phases = std::move(phases_);
  return result_;
}

}  // namespace wattlas::pim::nearbank
