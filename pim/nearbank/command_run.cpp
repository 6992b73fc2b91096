#include "pim/nearbank/command_run.h"

#include <algorithm>
#include <limits>

namespace wattlas::pim::nearbank {

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::int64_t past = -(std::int64_t{1} << 40);

}  // namespace

const char* nameOf(CommandKind kind) {
  switch (kind) {
    case CommandKind::activate:
      return "ACT";
    case CommandKind::column:
      return "COL";
    case CommandKind::buffer:
      return "BUF";
    case CommandKind::precharge:
      return "PRE";
    case CommandKind::mode:
      return "MOD";
    case CommandKind::refresh:
      return "REF";
    case CommandKind::row:
      return "AAP";
  }
  return "";
}

CommandRun::CommandRun(const NearBankParams& params, bool alone)
    : p_(params),
      t_(params.timing),
      early_(params.registerFile()),
      refresh_(params.refreshPolicy != "none"),
      postpone_(alone && params.refreshPolicy == "postponed") {
  if (p_.bitSerial()) t_.mac = rowCommandDistance(p_);
}

void CommandRun::issue(std::int64_t at, CommandKind kind, Verb verb, std::int32_t bank,
                       std::int64_t row, bool toBank) {
  ++result_.steps;
  slot_ = std::max(slot_, at + t_.ck);
  if (issued_.size() < keep_) issued_.push_back({at, kind, verb, bank, row, toBank});
}

void CommandRun::activate(std::int32_t bank, std::int64_t row, std::int64_t at) {
  const bool all = !p_.registerFile();
  const std::int64_t needed =
      all ? std::max<std::int64_t>(1, p_.banks / std::max<std::int64_t>(1, p_.banksPerActivate))
          : 1;
  for (std::int64_t i = 0; i < needed; ++i) {
    if (i > 0) at = std::max({at + t_.ck, activates_[3] + t_.rrd, activates_[0] + t_.faw});
    std::rotate(activates_.begin(), activates_.begin() + 1, activates_.end());
    activates_[3] = at;
    issue(at, CommandKind::activate, Verb::read, bank, row);
  }
  Bank& b = banks_[static_cast<std::size_t>(bank)];
  b = {true, row, at, at + t_.ras, 0};
}

void CommandRun::precharge(std::int32_t bank, std::int64_t at) {
  Bank& b = banks_[static_cast<std::size_t>(bank)];
  b.open = false;
  b.idle = at + t_.rp;
  issue(at, CommandKind::precharge, Verb::read, bank, b.row);
}

bool CommandRun::needed(const std::vector<Pending>& pending, std::size_t bank) const {
  return std::any_of(pending.begin(), pending.end(), [&](const Pending& p) {
    return p.count > 0 && static_cast<std::size_t>(p.bank) == bank && p.row == banks_[bank].row;
  });
}

bool CommandRun::refreshBefore(std::int64_t at) {
  // While bank after bank is touched, all banks are never closed at once.
  if (nextRefresh_ > at || touching_) return false;
  const std::int64_t due = nextRefresh_;
  nextRefresh_ += t_.refi;
  if (postpone_ && owed_ < p_.postponable) {
    ++owed_;
    return true;
  }
  slot_ = std::max(slot_, due);
  for (std::size_t b = 0; b < banks_.size(); ++b)
    if (banks_[b].open)
      precharge(static_cast<std::int32_t>(b), std::max(slot_, banks_[b].preReady));
  std::int64_t start = slot_;
  for (const Bank& b : banks_) start = std::max(start, b.idle);
  issue(start, CommandKind::refresh, Verb::read, 0, -1);
  for (Bank& b : banks_) b.idle = std::max(b.idle, start + t_.rfc);
  blocked_ = std::max(blocked_, start + t_.rfc);
  ++result_.refreshes;
  return true;
}

std::int64_t CommandRun::columnTime(const Group& g, const Pending& p) const {
  const Bank& b = banks_[static_cast<std::size_t>(p.bank)];
  if (!b.open || b.row != p.row) return never;
  const bool writes = g.verb == Verb::write, mac = g.verb == Verb::mac;
  const std::int64_t spacing = mac                                                  ? t_.mac
                               : (g.verb == Verb::touch || (writes && g.lookahead)) ? t_.ccds
                                                                                    : t_.ccdl;
  const std::int64_t rcd = writes                   ? t_.rcdWrite
                           : mac                    ? t_.rcdMac
                           : g.verb == Verb::lookup ? t_.rcdLookup
                                                    : t_.rcd;
  return std::max({slot_, blocked_, b.activated + rcd, lastColumn_ + spacing,
                   writes ? lastRead_ + t_.rtw : lastWrite_ + t_.wtr});
}

std::int64_t CommandRun::activateTime(const Group& g, const Pending& p) const {
  const Bank& b = banks_[static_cast<std::size_t>(p.bank)];
  if (b.open) return never;
  std::int64_t at = std::max({b.idle, activates_[3] + t_.rrd, blocked_});
  const bool all = !p_.registerFile();
  const bool window = p_.banksPerActivate == 1 || (all && p_.banks > p_.banksPerActivate);
  if (window) at = std::max(at, activates_[0] + t_.faw);
  return std::max(at, g.lookahead ? lookFrom_ + t_.ck : slot_);
}

void CommandRun::column(const Group& g, Pending& p, std::int64_t at) {
  Bank& b = banks_[static_cast<std::size_t>(p.bank)];
  const bool writes = g.verb == Verb::write;
  lastColumn_ = last_ = at;
  (writes ? lastWrite_ : lastRead_) = at;
  b.preReady = std::max(b.preReady, at + (writes ? t_.wtp : t_.rtp));
  --p.count;
  issue(at, CommandKind::column, g.verb, p.bank, p.row);
}

void CommandRun::runGroup(const Group& g, std::int64_t row) {
  if (g.verb != Verb::touch) touching_ = false;
  const bool toRegisters = g.verb == Verb::bufferWrite || g.verb == Verb::registerRead;
  const auto modeSwitch = [&](std::int64_t at) {
    while (refreshBefore(at)) at = std::max({at, slot_, blocked_});
    if (t_.mod > 0 && registers_ != toRegisters) {
      issue(at, CommandKind::mode, g.verb, 0, -1);
      blocked_ = std::max(blocked_, at + t_.mod);
    }
    registers_ = toRegisters;
  };
  if (toRegisters) {
    const bool writes = g.verb == Verb::bufferWrite;
    modeSwitch(
        std::max({slot_, blocked_, writes ? lastRegisterRead_ + t_.rtw : lastColumn_ + t_.ccdl}));
    for (std::int64_t i = 0; i < g.count; ++i) {
      std::int64_t at = std::max(slot_, blocked_);
      at = writes ? std::max({at, lastRegisterWrite_ + t_.buffer, lastRegisterRead_ + t_.rtw})
                  : std::max({at, lastRegisterRead_ + t_.ccdl, lastRegisterWrite_ + t_.wtr,
                              lastColumn_ + t_.ccdl});
      while (refreshBefore(at)) at = std::max({at, slot_, blocked_});
      (writes ? lastRegisterWrite_ : lastRegisterRead_) = last_ = at;
      issue(at, CommandKind::buffer, g.verb, 0, -1);
    }
    return;
  }
  if (g.verb == Verb::stream || g.verb == Verb::rowCommand) {
    modeSwitch(std::max(slot_, blocked_));
    const bool rows = g.verb == Verb::rowCommand;
    for (std::int64_t i = 0; i < g.count; ++i) {
      std::int64_t at = std::max(slot_, blocked_);
      if (!rows)
        at = std::max({at + (i == 0 ? t_.rcd : 0), lastColumn_ + t_.ccds, lastWrite_ + t_.wtr});
      while (refreshBefore(at)) at = std::max({at, slot_, blocked_ + (rows ? 0 : t_.rcd)});
      issue(at, rows ? CommandKind::row : CommandKind::column, g.verb, 0, -1, g.toBank);
      if (rows)
        slot_ = at + t_.mac;
      else
        lastRead_ = lastColumn_ = at;
      last_ = rows ? at + t_.mac - t_.ck : at;
    }
    return;
  }
  std::vector<Pending> pending;
  if (g.verb == Verb::touch) {
    for (std::int64_t i = 0; i < g.count; ++i)
      pending.push_back({static_cast<std::int32_t>((g.bank + i) % p_.banks), row, 1});
  } else {
    const bool ahead = g.verb == Verb::mac && g.lookahead;
    pending.push_back({ahead ? static_cast<std::int32_t>(row & 1) : g.bank, row, g.count});
  }
  const Bank& first = banks_[static_cast<std::size_t>(pending.front().bank)];
  modeSwitch(std::max(
      {slot_, blocked_,
       first.open && first.row != row && registers_ && t_.mod > 0 ? first.preReady : past}));
  const std::int64_t start = slot_;
  touching_ = g.verb == Verb::touch;
  bool held = false;
  for (;;) {
    std::erase_if(pending, [](const Pending& p) { return p.count == 0; });
    if (pending.empty()) break;
    // The earliest legal command goes out; at the same time data before rows before precharges.
    std::int64_t best = never;
    std::size_t which = 0;
    int kind = 0;
    const auto offer = [&](std::int64_t at, int k, std::size_t i) {
      if (at < best || (at == best && k < kind)) best = at, kind = k, which = i;
    };
    for (std::size_t i = 0; i < pending.size(); ++i) {
      const Pending& p = pending[i];
      offer(columnTime(g, p), 0, i);
      offer(activateTime(g, p), 1, i);
      const Bank& b = banks_[static_cast<std::size_t>(p.bank)];
      if (b.open && b.row != p.row)
        offer(std::max({g.lookahead ? lookFrom_ + t_.ck : slot_, blocked_, b.preReady}), 2, i);
    }
    if (early_) {
      for (std::size_t b = 0; b < banks_.size(); ++b)
        if (banks_[b].open && !needed(pending, b))
          offer(std::max({slot_, blocked_, banks_[b].preReady}), 3, b);
    }
    // A row that was opened gives its columns before a refresh that came due meanwhile.
    held = held || (kind == 0 && pending[which].count == g.count && nextRefresh_ <= best);
    if (!held && refreshBefore(best)) continue;
    if (kind == 0)
      column(g, pending[which], best);
    else if (kind == 1)
      activate(pending[which].bank, pending[which].row, best);
    else
      precharge(kind == 2 ? pending[which].bank : static_cast<std::int32_t>(which), best);
  }
  if (g.verb == Verb::mac || !g.lookahead) lookFrom_ = start;
}

std::vector<IssuedCommand> CommandRun::trace(const Sequence& sequence, std::size_t most) {
  keep_ = most;
  issued_.clear();
  run(sequence);
  keep_ = 0;
  return std::move(issued_);
}

ChannelResult CommandRun::run(const Sequence& sequence) {
  result_ = {};
  slot_ = blocked_ = owed_ = last_ = lookFrom_ = 0;
  lastRead_ = lastWrite_ = lastColumn_ = lastRegisterRead_ = lastRegisterWrite_ = past;
  activates_.fill(past);
  registers_ = touching_ = false;
  banks_.assign(static_cast<std::size_t>(p_.banks + 2), Bank{false, -1, past, past, 0});
  nextRefresh_ =
      !refresh_ ? never
                : std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(t_.refi) *
                                                                      p_.refreshPhase.value.value));
  std::vector<std::int64_t> phases(sequence.phases.size(), 0);
  for (const Section& section : sequence.sections)
    for (std::int64_t o = 0; o < section.repeat; ++o)
      for (const Block& block : section.blocks)
        for (std::int64_t i = 0; i < block.repeat; ++i)
          for (const Group& g : block.groups) {
            if (keep_ > 0 && issued_.size() >= keep_) return {};
            const std::int64_t before = last_;
            runGroup(
                g, g.row < firstDataRow ? g.row : g.row + o * section.rowStep + i * block.rowStep);
            phases[static_cast<std::size_t>(g.phase)] += last_ - before;
          }
  result_.time = Ticks(std::max<std::int64_t>(0, last_ + t_.ck) + sequence.tail);
  result_.refreshDebt = Ticks(owed_ * t_.rfc);
  for (const std::int64_t ps : phases) result_.phases.emplace_back(ps);
  return result_;
}

}  // namespace wattlas::pim::nearbank
