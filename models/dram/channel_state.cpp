#include "models/dram/channel_state.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace wattlas::dram {

using enum CommandKind;

namespace {

void columnRules(const Timing& c, std::vector<Rule>& rules) {
  using enum RuleScope;
  rules.insert(rules.end(),
               {{ACT, RD, bank, c.rcdRead, "tRCD"},
                {RD, RD, group, c.ccdL, "tCCD_L"},
                {RD, RD, rank, c.ccdS, "tCCD_S"},
                {RD, RD, otherRanks, c.sameOtherRank, "burst + rankSwitch"},
                {WR, RD, group, c.writeToReadL, "CWL + burst + tWTR_L"},
                {WR, RD, rank, c.writeToReadS, "CWL + burst + tWTR_S"},
                {WR, RD, otherRanks, c.writeToReadOther, "CWL + burst + rankSwitch - CL"},
                {ACT, WR, bank, c.rcdWrite, "tRCDW"},
                {WR, WR, group, c.ccdLWrite, "tCCD_L_WR"},
                {WR, WR, rank, c.ccdS, "tCCD_S"},
                {WR, WR, otherRanks, c.sameOtherRank, "burst + rankSwitch"},
                {RD, WR, rank, c.readToWrite, "CL + burst + gap - CWL"},
                {RD, WR, otherRanks, c.readToWriteOther, "CL + burst + rankSwitch - CWL"}});
}

/// What other commands keep away: the first half of an activate where it has two.
CommandKind activateOf(const Timing& c) {
  return c.splitActivate ? ACT1 : ACT;
}

void rowRules(const Timing& c, std::vector<Rule>& rules) {
  using enum RuleScope;
  const CommandKind act = activateOf(c);
  rules.insert(rules.end(),
               {{act, act, bank, c.rc, "tRC"},
                {act, act, group, c.rrdL, "tRRD_L"},
                {act, act, rank, c.rrdS, "tRRD_S"},
                {PRE, act, bank, c.rp, "tRP"},
                {PREA, act, rank, c.rpAll, "tRPab"},
                // Behind an automatic precharge, which also waits for earlier accesses of its row.
                {RD, act, bank, c.rtp + c.rp, "tRTP + tRP"},
                {WR, act, bank, c.writeToPrecharge + c.rp, "CWL + burst + tWR + tRP"},
                {act, PRE, bank, c.ras, "tRAS"},
                {RD, PRE, bank, c.rtp, "tRTP"},
                {WR, PRE, bank, c.writeToPrecharge, "CWL + burst + tWR"}});
  if (c.splitActivate) rules.push_back({ACT1, ACT, bank, 1, "ACT-1"});
}

void refreshRules(const Timing& c, std::vector<Rule>& rules) {
  using enum RuleScope;
  const CommandKind act = activateOf(c);
  rules.insert(rules.end(),
               {{REF, act, rank, c.rfc, "tRFC"},
                {REF, REF, rank, c.rfc, "tRFC"},
                {act, REF, rank, c.rc, "tRC"},
                {PRE, REF, rank, c.rp, "tRP"},
                {PREA, REF, rank, c.rpAll, "tRPab"},
                {RD, REF, rank, c.rtp + c.rp, "tRTP + tRP"},
                {WR, REF, rank, c.writeToPrecharge + c.rp, "CWL + burst + tWR + tRP"}});
  if (c.refreshUnits == 0) return;
  rules.insert(rules.end(),
               {{REFb, REF, rank, c.rfcBank, "tRFCpb"},
                {REF, REFb, rank, c.rfc, "tRFC"},
                {REFb, act, bank, c.rfcBank, "tRFCpb"},
                {REFb, act, rank, c.bankRefreshToActivate, "tRREFD"},
                {REFb, REFb, bank, c.rfcBank, "tRFCpb"},
                {REFb, REFb, rank, c.bankRefreshToRefresh, "tPBR2PBR"},
                {act, REFb, rank, c.rrdL, "tRRD_L"},
                {act, REFb, bank, c.rc, "tRC"},
                {PRE, REFb, bank, c.rp, "tRP"},
                {PREA, REFb, rank, c.rpAll, "tRPab"},
                {RD, REFb, bank, c.rtp + c.rp, "tRTP + tRP"},
                {WR, REFb, bank, c.writeToPrecharge + c.rp, "CWL + burst + tWR + tRP"}});
}

constexpr Clock longAgo = -never;

}  // namespace

std::vector<Rule> rulesOf(const Timing& timing) {
  std::vector<Rule> rules;
  columnRules(timing, rules);
  rowRules(timing, rules);
  refreshRules(timing, rules);
  return rules;
}

ChannelState::ChannelState(const Timing& timing, const std::vector<Rule>& rules) : c_(timing) {
  for (const Rule& rule : rules) {
    from_[slot(rule.from)].push_back(rule);
    rank_[slot(rule.to)].resize(at(c_.ranks));
    if (rule.scope == RuleScope::group) group_[slot(rule.to)].resize(at(c_.ranks * c_.groups));
    if (rule.scope == RuleScope::bank) bank_[slot(rule.to)].resize(at(c_.banks()));
  }
  activates_.assign(at(c_.ranks), {longAgo, longAgo, longAgo, longAgo});
  activateAt_.assign(at(c_.ranks), 0);
  openRow_.assign(at(c_.banks()), -1);
  half_.assign(at(c_.banks()), 0);
}

const char* ChannelState::forbidden(const Command& x) const {
  const auto anyOpen = [&](auto&& covered) {
    for (int b = x.rank * c_.banksPerRank(); b < (x.rank + 1) * c_.banksPerRank(); ++b)
      if ((open(b) || half_[at(b)] != 0) && covered(b)) return true;
    return false;
  };
  switch (x.kind) {
    case ACT1:
    case ACT:
      if (x.bank < 0) return nullptr;
      if (open(x.bank)) return "the bank is open";
      if (c_.splitActivate && (half_[at(x.bank)] != 0) != (x.kind == ACT))
        return x.kind == ACT ? "its first half is missing" : "the bank is opening";
      return nullptr;
    case PRE:
      return open(x.bank) ? nullptr : "the bank is closed";
    case PREA:
      return anyOpen([](int) { return true; }) ? nullptr : "all banks are closed";
    case REF:
      return anyOpen([](int) { return true; }) ? "a bank is open" : nullptr;
    case REFb:
      if (c_.refreshUnits == 0) return "the standard has no bank-wise refresh";
      return anyOpen([&](int b) { return c_.unitOf(b) == x.unit; }) ? "a bank is open" : nullptr;
    default:
      break;
  }
  if (rank_[slot(x.kind)].empty()) return "no command of this memory";
  if (x.bank < 0) return nullptr;  // registers, or rows that are not followed
  if (!open(x.bank)) return "the bank is closed";
  return openRow(x.bank) != x.row ? "another row is open" : nullptr;
}

ChannelState::Bound ChannelState::bound(const Command& x) const {
  const std::size_t kind = slot(x.kind);
  Bound result;
  const auto raise = [&](const Bound& b) { result.raise(b.time, b.name); };
  if (!rank_[kind].empty()) raise(rank_[kind][at(x.rank)]);
  if (x.bank >= 0) {
    if (!bank_[kind].empty()) raise(bank_[kind][at(x.bank)]);
    if (!group_[kind].empty() && !x.otherGroup) raise(group_[kind][at(c_.groupOf(x.bank))]);
  } else if (x.kind == PREA || x.kind == REFb) {
    // A command to several banks: the latest of those that it touches.
    for (int b = x.rank * c_.banksPerRank(); b < (x.rank + 1) * c_.banksPerRank(); ++b)
      if (x.kind == PREA ? open(b) : c_.unitOf(b) == x.unit)
        raise(bank_[slot(x.kind == PREA ? PRE : REFb)][at(b)]);
  }
  if (x.kind == activateOf(c_))
    result.raise(activates_[at(x.rank)][activateAt_[at(x.rank)]] + c_.faw, "tFAW");
  return result;
}

Clock ChannelState::length(CommandKind kind) const {
  if (kind == ACT) return c_.splitActivate ? 1 : c_.activateClocks;
  return isRead(kind) || isWrite(kind) ? c_.columnClocks : 1;
}

void ChannelState::push(const Command& x, Clock time) {
  const int begin = x.rank * c_.banksPerRank(), end = begin + c_.banksPerRank();
  for (const Rule& rule : from_[slot(x.kind)]) {
    const Clock then = time + rule.distance;
    const std::size_t to = slot(rule.to);
    switch (rule.scope) {
      case RuleScope::bank:
        if (x.bank >= 0) bank_[to][at(x.bank)].raise(then, rule.name);
        for (int b = begin; x.kind == REFb && b < end; ++b)
          if (c_.unitOf(b) == x.unit) bank_[to][at(b)].raise(then, rule.name);
        break;
      case RuleScope::group:
        if (x.bank >= 0) group_[to][at(c_.groupOf(x.bank))].raise(then, rule.name);
        break;
      case RuleScope::rank:
        rank_[to][at(x.rank)].raise(then, rule.name);
        break;
      case RuleScope::otherRanks:
        for (int r = 0; r < c_.ranks; ++r)
          if (r != x.rank) rank_[to][at(r)].raise(then, rule.name);
        break;
    }
  }
}

void ChannelState::issue(const Command& x, Clock time) {
  const auto fail = [&](const std::string& why) {
    throw std::logic_error(std::string(nameOf(x.kind)) + " of bank " + std::to_string(x.bank) +
                           " at " + std::to_string(time) + ": " + why);
  };
  if (const char* why = forbidden(x)) fail(why);
  const Bound from = bound(x);
  if (time < from.time)
    fail(std::string(from.name) + " allows it from " + std::to_string(from.time));
  Clock& free = (buses_ != nullptr ? *buses_ : ownBuses_)[at(busOf(x.kind))];
  if (c_.commandBus) {
    if (time < free) fail("the command bus is busy until " + std::to_string(free));
    free = time + length(x.kind);
  }
  push(x, time);
  if (x.kind == activateOf(c_)) {
    std::size_t& oldest = activateAt_[at(x.rank)];
    activates_[at(x.rank)][oldest] = time;
    oldest = (oldest + 1) % 4;
  }
  switch (x.kind) {
    case ACT1:
      half_[at(x.bank)] = 1;
      break;
    case ACT:
      if (x.bank < 0) break;
      openRow_[at(x.bank)] = x.row;
      half_[at(x.bank)] = 0;
      break;
    case RDA:
    case WRA:
    case PRE:
      openRow_[at(x.bank)] = -1;
      break;
    case PREA:
      for (int b = x.rank * c_.banksPerRank(); b < (x.rank + 1) * c_.banksPerRank(); ++b)
        openRow_[at(b)] = -1;
      break;
    default:
      break;
  }
}

void ChannelState::picture(Clock now, Clock window, std::vector<std::int64_t>& out) const {
  const auto put = [&](Clock time) { out.push_back(std::max(time - now, -window)); };
  for (const auto* table : {&bank_, &group_, &rank_})
    for (const auto& kind : *table)
      for (const Bound& b : kind) put(b.time);
  for (std::size_t r = 0; r < activates_.size(); ++r)
    for (std::size_t i = 0; i < 4; ++i) put(activates_[r][(activateAt_[r] + i) % 4]);
  for (const Clock free : bus()) put(free);
}

void ChannelState::shift(Clock by) {
  for (auto* table : {&bank_, &group_, &rank_})
    for (auto& kind : *table)
      for (Bound& b : kind) b.time += by;
  for (auto& ring : activates_)
    for (Clock& time : ring) time += by;
  for (Clock& free : buses_ != nullptr ? *buses_ : ownBuses_) free += by;
}

}  // namespace wattlas::dram
