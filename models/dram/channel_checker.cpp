#include "models/dram/channel_checker.h"

#include <algorithm>
#include <stdexcept>

namespace wattlas::dram {

using enum CommandKind;

ChannelChecker::ChannelChecker(const Clocks& clocks) : c_(clocks) {
  const auto size = [](int n) { return static_cast<std::size_t>(n); };
  for (auto& v : bankLast_) v.assign(size(c_.banks()), never);
  for (auto& v : groupLast_) v.assign(size(c_.ranks * c_.groups), never);
  for (auto& v : rankLast_) v.assign(size(c_.ranks), never);
  activates_.assign(size(c_.ranks), {never, never, never, never});
  activateAt_.assign(size(c_.ranks), 0);
  openRow_.assign(size(c_.banks()), -1);
  columnRules();
  rowRules();
  refreshRules();
}

void ChannelChecker::add(CommandKind from, CommandKind to, Scope scope, Clock clocks,
                         const char* name) {
  rulesTo_[at(to)].push_back({from, scope, clocks, name});
}

void ChannelChecker::columnRules() {
  for (const CommandKind read : {RD, RDA}) {
    add(ACT, read, Scope::bank, c_.rcdRead, "tRCD");
    add(RD, read, Scope::group, c_.ccdL, "tCCD_L");
    add(RD, read, Scope::rank, c_.ccdS, "tCCD_S");
    add(RD, read, Scope::otherRanks, c_.sameOtherRank, "burst + rankSwitch");
    add(WR, read, Scope::group, c_.writeToReadL, "CWL + burst + tWTR_L");
    add(WR, read, Scope::rank, c_.writeToReadS, "CWL + burst + tWTR_S");
    add(WR, read, Scope::otherRanks, c_.writeToReadOther, "CWL + burst + rankSwitch - CL");
  }
  for (const CommandKind write : {WR, WRA}) {
    add(ACT, write, Scope::bank, c_.rcdWrite, "tRCDW");
    add(WR, write, Scope::group, c_.ccdLWrite, "tCCD_L_WR");
    add(WR, write, Scope::rank, c_.ccdS, "tCCD_S");
    add(WR, write, Scope::otherRanks, c_.sameOtherRank, "burst + rankSwitch");
    add(RD, write, Scope::rank, c_.readToWrite, "CL + burst + gap - CWL");
    add(RD, write, Scope::otherRanks, c_.readToWriteOther, "CL + burst + rankSwitch - CWL");
  }
}

void ChannelChecker::rowRules() {
  add(ACT, ACT, Scope::bank, c_.rc, "tRC");
  add(ACT, ACT, Scope::group, c_.rrdL, "tRRD_L");
  add(ACT, ACT, Scope::rank, c_.rrdS, "tRRD_S");
  add(PRE, ACT, Scope::bank, c_.rp, "tRP");
  add(PREA, ACT, Scope::rank, c_.rpAll, "tRPab");
  // Behind an automatic precharge, which also waits for earlier accesses of its row.
  add(RD, ACT, Scope::bank, c_.rtp + c_.rp, "tRTP + tRP");
  add(WR, ACT, Scope::bank, c_.writeToPrecharge + c_.rp, "CWL + burst + tWR + tRP");
  for (const CommandKind pre : {PRE, PREA}) {
    const Scope scope = pre == PRE ? Scope::bank : Scope::openBanks;
    add(ACT, pre, scope, c_.ras, "tRAS");
    add(RD, pre, scope, c_.rtp, "tRTP");
    add(WR, pre, scope, c_.writeToPrecharge, "CWL + burst + tWR");
  }
}

void ChannelChecker::refreshRules() {
  add(REF, ACT, Scope::rank, c_.rfc, "tRFC");
  add(REF, REF, Scope::rank, c_.rfc, "tRFC");
  add(ACT, REF, Scope::rank, c_.rc, "tRC");
  add(PRE, REF, Scope::rank, c_.rp, "tRP");
  add(PREA, REF, Scope::rank, c_.rpAll, "tRPab");
  add(RD, REF, Scope::rank, c_.rtp + c_.rp, "tRTP + tRP");
  add(WR, REF, Scope::rank, c_.writeToPrecharge + c_.rp, "CWL + burst + tWR + tRP");
  if (c_.refreshUnits == 0) return;
  add(REFb, REF, Scope::rank, c_.rfcBank, "tRFCpb");
  add(REF, REFb, Scope::rank, c_.rfc, "tRFC");
  add(REFb, ACT, Scope::bank, c_.rfcBank, "tRFCpb");
  add(REFb, ACT, Scope::rank, c_.bankRefreshToActivate, "tRREFD");
  add(REFb, REFb, Scope::bank, c_.rfcBank, "tRFCpb");
  add(REFb, REFb, Scope::rank, c_.bankRefreshToRefresh, "tPBR2PBR");
  add(ACT, REFb, Scope::rank, c_.rrdL, "tRRD_L");
  add(ACT, REFb, Scope::bank, c_.rc, "tRC");
  add(PRE, REFb, Scope::bank, c_.rp, "tRP");
  add(PREA, REFb, Scope::rank, c_.rpAll, "tRPab");
  add(RD, REFb, Scope::bank, c_.rtp + c_.rp, "tRTP + tRP");
  add(WR, REFb, Scope::bank, c_.writeToPrecharge + c_.rp, "CWL + burst + tWR + tRP");
}

std::int64_t ChannelChecker::rules() const {
  std::size_t n = 1;  // tFAW
  for (const auto& list : rulesTo_) n += list.size();
  return static_cast<std::int64_t>(n);
}

const char* ChannelChecker::forbidden(const Command& x) const {
  const auto anyOpen = [&](auto&& covered) {
    for (int b = x.rank * c_.banksPerRank(); b < (x.rank + 1) * c_.banksPerRank(); ++b)
      if (open(b) && covered(b)) return true;
    return false;
  };
  switch (x.kind) {
    case ACT:
      return open(x.bank) ? "the bank is open" : nullptr;
    case RD:
    case WR:
    case RDA:
    case WRA:
      if (!open(x.bank)) return "the bank is closed";
      return openRow(x.bank) != x.row ? "another row is open" : nullptr;
    case PRE:
      return open(x.bank) ? nullptr : "the bank is closed";
    case PREA:
      return anyOpen([](int) { return true; }) ? nullptr : "all banks are closed";
    case REF:
      return anyOpen([](int) { return true; }) ? "a bank is open" : nullptr;
    case REFb:
      if (c_.refreshUnits == 0) return "the standard has no bank-wise refresh";
      return anyOpen([&](int b) { return c_.unitOf(b) == x.unit; }) ? "a bank is open" : nullptr;
    case MAC:
    case DMA:
    case AF:
    case MODE:
    case AAP:
      break;
  }
  return "no command of a plain DRAM";
}

Clock ChannelChecker::last(const Rule& rule, const Command& x) const {
  switch (rule.scope) {
    case Scope::bank:
      if (x.bank >= 0) return bankLast_[at(rule.from)][at(x.bank)];
      break;
    case Scope::openBanks:
      break;
    case Scope::group:
      return groupLast_[at(rule.from)][at(c_.groupOf(x.bank))];
    case Scope::rank:
      return rankLast_[at(rule.from)][at(x.rank)];
    case Scope::otherRanks: {
      Clock found = never;
      for (int r = 0; r < c_.ranks; ++r)
        if (r != x.rank) found = std::max(found, rankLast_[at(rule.from)][at(r)]);
      return found;
    }
  }
  // A command to several banks: the latest of those that it touches.
  Clock found = never;
  for (int b = x.rank * c_.banksPerRank(); b < (x.rank + 1) * c_.banksPerRank(); ++b)
    if (rule.scope == Scope::openBanks ? open(b) : c_.unitOf(b) == x.unit)
      found = std::max(found, bankLast_[at(rule.from)][at(b)]);
  return found;
}

Clock ChannelChecker::bound(const Command& x, const Rule** binding) const {
  static constexpr Rule window{ACT, Scope::rank, 0, "tFAW"};
  Clock result = never;
  for (const Rule& rule : rulesTo_[at(x.kind)]) {
    const Clock time = last(rule, x) + rule.clocks;
    if (time <= result) continue;
    result = time;
    if (binding != nullptr) *binding = &rule;
  }
  if (x.kind == ACT) {
    const Clock time = activates_[at(x.rank)][activateAt_[at(x.rank)]] + c_.faw;
    if (time > result) {
      result = time;
      if (binding != nullptr) *binding = &window;
    }
  }
  return result;
}

Clock ChannelChecker::earliest(const Command& x) const {
  return std::max(bound(x, nullptr), busFree_[at(bus(x.kind))]);
}

int ChannelChecker::bus(CommandKind kind) const {
  return c_.separateRowBus && (isRead(kind) || isWrite(kind)) ? 1 : 0;
}

Clock ChannelChecker::length(CommandKind kind) const {
  if (kind == ACT) return c_.activateClocks;
  return isRead(kind) || isWrite(kind) ? c_.columnClocks : 1;
}

void ChannelChecker::note(CommandKind kind, int rank, int bank, Clock time) {
  rankLast_[at(kind)][at(rank)] = time;
  if (bank < 0) return;
  bankLast_[at(kind)][at(bank)] = time;
  groupLast_[at(kind)][at(c_.groupOf(bank))] = time;
}

void ChannelChecker::issue(const Command& x, Clock time) {
  const auto fail = [&](const std::string& why) {
    throw std::logic_error(std::string(nameOf(x.kind)) + " of bank " + std::to_string(x.bank) +
                           " at clock " + std::to_string(time) + ": " + why);
  };
  if (const char* why = forbidden(x)) fail(why);
  const Rule* rule = nullptr;
  const Clock from = bound(x, &rule);
  if (time < from) fail(std::string(rule->name) + " allows it from " + std::to_string(from));
  const Clock free = busFree_[at(bus(x.kind))];
  if (time < free) fail("the command bus is busy until " + std::to_string(free));
  busFree_[at(bus(x.kind))] = time + length(x.kind);

  const int first = x.rank * c_.banksPerRank(), end = first + c_.banksPerRank();
  note(x.kind, x.rank, x.bank, time);
  switch (x.kind) {
    case ACT:
      openRow_[at(x.bank)] = x.row;
      activates_[at(x.rank)][activateAt_[at(x.rank)]] = time;
      activateAt_[at(x.rank)] = (activateAt_[at(x.rank)] + 1) % 4;
      break;
    case RDA:
      note(RD, x.rank, x.bank, time);
      openRow_[at(x.bank)] = -1;
      break;
    case WRA:
      note(WR, x.rank, x.bank, time);
      openRow_[at(x.bank)] = -1;
      break;
    case PRE:
      openRow_[at(x.bank)] = -1;
      break;
    case PREA:
      for (int b = first; b < end; ++b) openRow_[at(b)] = -1;
      break;
    case REFb:
      for (int b = first; b < end; ++b)
        if (c_.unitOf(b) == x.unit) bankLast_[at(REFb)][at(b)] = time;
      break;
    default:
      break;
  }
}

}  // namespace wattlas::dram
