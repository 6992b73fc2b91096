#include "pim/nearbank/channel.h"

#include <algorithm>
#include <limits>

namespace wattlas::pim::nearbank {

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::int64_t past = -(std::int64_t{1} << 40);

}  // namespace

Channel::Channel(const NearBankParams& params, bool fold, bool alone)
    : p_(params),
      t_(params.timing),
      fold_(fold),
      early_(params.registerFile()),
      refresh_(params.refreshPolicy != "none"),
      postpone_(alone && params.refreshPolicy == "postponed") {
  // The controller of all-bank modes closes a row as soon as no command before the next fence
  // needs it; a command stream without look-ahead closes it when another row is asked for.
  if (p_.bitSerial()) t_.mac = rowCommandDistance(p_);
}

void Channel::reset() {
  now_ = -t_.ck;
  lastRead_ = lastWrite_ = lastColumn_ = lastRegisterRead_ = lastRegisterWrite_ = past;
  lookFrom_ = 0;
  activates_.fill(past);
  registers_ = touching_ = false;
  banks_.assign(static_cast<std::size_t>(p_.banks + 2), Bank{false, -1, past, past, never, 0});
  owed_ = dead_ = 0;
  nextRefresh_ =
      !refresh_
          ? never
          : static_cast<std::int64_t>(static_cast<double>(t_.refi) * p_.refreshPhase.value.value);
  nextRefresh_ = std::max<std::int64_t>(nextRefresh_, 1);
  result_ = {};
}

std::int64_t Channel::bankOf(const Group& g, std::int64_t row) const {
  // Rows read ahead lie in another bank behind the same unit.
  return g.verb == Verb::mac && g.lookahead ? row & 1 : g.bank;
}

std::int64_t Channel::activate(Bank& bank, std::int64_t row, std::int64_t from) {
  // One activate opens `banksPerActivate` banks; an all-bank row needs several of them.
  const bool all = !p_.registerFile();
  const std::int64_t needed =
      all ? std::max<std::int64_t>(1, p_.banks / std::max<std::int64_t>(1, p_.banksPerActivate))
          : 1;
  std::int64_t at = from;
  for (std::int64_t i = 0; i < needed; ++i) {
    at = std::max(at, activates_[3] + t_.rrd);
    // Commands that open several banks are specified outside the four-activate window.
    if (p_.banksPerActivate == 1 || needed > 1) at = std::max(at, activates_[0] + t_.faw);
    std::rotate(activates_.begin(), activates_.begin() + 1, activates_.end());
    activates_[3] = at;
  }
  bank.open = true;
  bank.row = row;
  bank.activated = at;
  bank.preReady = at + t_.ras;
  bank.released = never;
  return at;
}

void Channel::close(Bank& bank, std::int64_t from) {
  if (!bank.open) return;
  bank.open = false;
  bank.idle = std::max(bank.preReady, from) + t_.rp;
}

std::int64_t Channel::readyTime(const Bank& bank, std::int64_t from) const {
  if (!bank.open) return std::max(from, bank.idle);
  return std::max(bank.preReady, std::min(from, bank.released)) + t_.rp;
}

std::int64_t Channel::opensAt(const Group& g, std::int64_t row, std::int64_t start) const {
  const bool columns = g.verb == Verb::read || g.verb == Verb::write || g.verb == Verb::mac ||
                       g.verb == Verb::lookup;
  if (!columns || g.lookahead) return start;
  const Bank& bank = banks_[std::min(static_cast<std::size_t>(g.bank), banks_.size() - 1)];
  const bool open = bank.open && bank.row == row;
  return open ? start : readyTime(bank, start);
}

std::int64_t Channel::open(Bank& bank, std::int64_t row, std::int64_t from, std::int64_t rcd) {
  if (bank.open && bank.released != never) {
    const std::int64_t pre = std::max(bank.preReady, bank.released);
    if (bank.row == row && pre >= from)
      bank.released = never;  // asked for again before the precharge went out
    else
      close(bank, bank.released);
  }
  if (bank.open && bank.row == row) return std::max(from, bank.activated + rcd);
  if (bank.open) close(bank, from);
  return activate(bank, row, std::max(from, bank.idle)) + rcd;
}

void Channel::release(std::int32_t bank, std::int64_t row, std::int64_t start) {
  if (!early_) return;
  for (std::size_t b = 0; b < banks_.size(); ++b) {
    Bank& other = banks_[b];
    if (!other.open || other.released != never) continue;
    if (static_cast<std::int32_t>(b) == bank && other.row == row) continue;
    other.released = start;
  }
}

std::int64_t Channel::enterRegisters(bool registers, std::int64_t from) {
  if (registers == registers_ || t_.mod == 0) {
    registers_ = registers;
    return from;
  }
  registers_ = registers;
  return from + t_.mod;
}

void Channel::refreshDue(std::int64_t& start, std::int64_t until) {
  while (nextRefresh_ <= until) {
    std::int64_t at = std::max(start, nextRefresh_);
    nextRefresh_ += t_.refi;
    if (postpone_ && owed_ < p_.postponable) {
      ++owed_;
      continue;
    }
    // All banks are precharged when it starts.
    for (Bank& bank : banks_) close(bank, bank.released == never ? at : bank.released);
    for (const Bank& bank : banks_) at = std::max(at, bank.idle);
    for (Bank& bank : banks_) bank.idle = std::max(bank.idle, at + t_.rfc);
    dead_ += at + t_.rfc - start;
    start = at + t_.rfc;
    until = std::max(until, start);
    ++result_.refreshes;
  }
}

void Channel::group(const Group& g, std::int64_t row) {
  ++result_.steps;
  std::int64_t start = now_ + t_.ck;
  // A refresh waits until all banks are closed and holds no activate back: while bank after bank is
  // touched it finds no gap.
  const bool touches = g.verb == Verb::touch;
  const std::int64_t began = now_;
  const std::int64_t dead = dead_;
  release(touches ? -1 : g.bank, row, start);
  if (!touches || !touching_) refreshDue(start, std::max(start, opensAt(g, row, start)));
  touching_ = touches;
  const auto bankIndex = static_cast<std::size_t>(bankOf(g, row));
  Bank& bank = banks_[std::min(bankIndex, banks_.size() - 1)];
  std::int64_t first = start, last = start, rest = 0;
  switch (g.verb) {
    case Verb::bufferWrite: {
      first = std::max({start, lastRegisterRead_ + t_.rtw, lastRegisterWrite_ + t_.buffer});
      first = enterRegisters(true, first);
      last = first + (g.count - 1) * t_.buffer;
      lastRegisterWrite_ = last;
      break;
    }
    case Verb::registerRead: {
      first =
          std::max({start, lastColumn_ + t_.ccdl, registers_ ? lastRegisterWrite_ + t_.wtr : past});
      first = enterRegisters(true, first);
      first = std::max(first, lastRegisterWrite_ + t_.wtr);
      last = first + (g.count - 1) * t_.ccdl;
      lastRegisterRead_ = last;
      break;
    }
    case Verb::read:
    case Verb::write:
    case Verb::lookup:
    case Verb::mac: {
      std::int64_t from =
          enterRegisters(false, t_.mod > 0 && registers_ && bank.open && bank.row != row
                                    ? std::max(start, bank.preReady)
                                    : start);
      if (g.lookahead) from = std::min(from, std::max(lookFrom_ + t_.ck, bank.activated + t_.ck));
      const bool writes = g.verb == Verb::write;
      const std::int64_t rcd = writes                   ? t_.rcdWrite
                               : g.verb == Verb::mac    ? t_.rcdMac
                               : g.verb == Verb::lookup ? t_.rcdLookup
                                                        : t_.rcd;
      const std::int64_t ready = std::max(start, open(bank, row, from, rcd));
      const std::int64_t spacing = g.verb == Verb::mac ? t_.mac : t_.ccdl;
      first = std::max(ready, lastColumn_ + (g.lookahead && writes ? t_.ccds : spacing));
      first = std::max(first, writes ? lastRead_ + t_.rtw : lastWrite_ + t_.wtr);
      const std::int64_t count = beforeRefresh(first, g.count, spacing);
      last = first + (count - 1) * spacing;
      lastColumn_ = last;
      rest = g.count - count;
      (writes ? lastWrite_ : lastRead_) = last;
      bank.preReady = std::max(bank.preReady, last + (writes ? t_.wtp : t_.rtp));
      if (g.verb == Verb::mac || !g.lookahead) lookFrom_ = start;
      break;
    }
    case Verb::touch: {
      // Each bank opens its row and gives one column; activates go ahead of the reads, those of
      // closed banks ahead of those that wait for a precharge.
      std::vector<Bank*> order;
      for (std::int64_t i = 0; i < g.count; ++i)
        order.push_back(&banks_[static_cast<std::size_t>((g.bank + i) % p_.banks)]);
      std::stable_sort(order.begin(), order.end(), [&](const Bank* a, const Bank* b) {
        return readyTime(*a, start) < readyTime(*b, start);
      });
      std::int64_t from = start;
      for (Bank* next : order) {
        Bank& each = *next;
        const std::int64_t ready = open(each, row, from, t_.rcd);
        from = std::max(from, each.activated + t_.ck);
        last = std::max({ready, lastColumn_ + t_.ccds, lastWrite_ + t_.wtr});
        each.preReady = std::max(each.preReady, last + t_.rtp);
        each.released = last + t_.ck;
        lastColumn_ = lastRead_ = last;
      }
      break;
    }
    case Verb::stream: {
      first = enterRegisters(false, start);
      first = std::max(first + t_.rcd, lastWrite_ + t_.wtr);
      const std::int64_t count = beforeRefresh(first, g.count, t_.ccds);
      last = first + (count - 1) * t_.ccds;
      lastRead_ = lastColumn_ = last;
      rest = g.count - count;
      break;
    }
    case Verb::rowCommand: {
      const std::int64_t count = beforeRefresh(start, g.count, t_.mac);
      last = start + count * t_.mac - t_.ck;
      rest = g.count - count;
      break;
    }
  }
  now_ = last;
  phases_[static_cast<std::size_t>(g.phase)] += (now_ - began) - (dead_ - dead);
  if (rest == 0) return;
  Group tail = g;
  tail.count = rest;
  group(tail, row);
}

std::int64_t Channel::beforeRefresh(std::int64_t first, std::int64_t count,
                                    std::int64_t spacing) const {
  // A refresh takes the next slot; the row opens again behind it.
  std::int64_t due = nextRefresh_;
  if (due == never) return count;
  if (postpone_) due += (p_.postponable - owed_) * t_.refi;
  if (due <= first || due > first + (count - 1) * spacing) return count;
  return std::clamp<std::int64_t>((due - first + spacing - 1) / spacing, 1, count);
}

Channel::State Channel::relative(std::int64_t base) const {
  State s;
  // What lies further back than every distance does not matter any more.
  const std::int64_t window = t_.ras + t_.rp + t_.wtp + t_.faw + t_.wtr + t_.rtw + t_.mod + t_.rcd;
  const auto put = [&](std::int64_t at) {
    s.push_back(at == never ? never : std::max(at - now_, -window));
  };
  for (const Bank& bank : banks_) {
    s.push_back(bank.open);
    s.push_back(!bank.open ? -1 : bank.row < firstDataRow ? bank.row : bank.row - base + (1 << 20));
    if (bank.open) {
      put(bank.activated);
      put(bank.preReady);
      put(bank.released);
    } else {
      put(bank.idle);
    }
  }
  for (const std::int64_t at :
       {lastRead_, lastWrite_, lastColumn_, lastRegisterRead_, lastRegisterWrite_, lookFrom_})
    put(at);
  for (const std::int64_t at : activates_) put(at);
  s.push_back(registers_);
  return s;
}

std::int64_t Channel::undisturbed(std::int64_t times, std::int64_t period) {
  if (nextRefresh_ == never) return times;
  if (period <= 0) return 0;
  // A refresh inside is simulated; what is only owed changes nothing.
  std::int64_t free = 0, due = nextRefresh_;
  if (postpone_) due += (p_.postponable - owed_) * t_.refi;
  free = std::max<std::int64_t>(0, (due - 1 - now_) / period - 1);
  return std::min(times, free);
}

void Channel::skip(std::int64_t times, std::int64_t period,
                   const std::vector<std::int64_t>& phases) {
  const std::int64_t shift = times * period;
  for (std::size_t i = 0; i < phases.size(); ++i) phases_[i] += times * phases[i];
  const auto move = [&](std::int64_t& at) {
    if (at != never) at += shift;
  };
  for (Bank& bank : banks_)
    for (std::int64_t* at : {&bank.activated, &bank.preReady, &bank.released, &bank.idle})
      move(*at);
  for (std::int64_t* at : {&now_, &lastRead_, &lastWrite_, &lastColumn_, &lastRegisterRead_,
                           &lastRegisterWrite_, &lookFrom_})
    move(*at);
  for (std::int64_t& at : activates_) move(at);
  while (nextRefresh_ <= now_) {
    nextRefresh_ += t_.refi;
    ++owed_;
  }
  result_.folded = std::max(result_.folded, times + 1);
}

template <class Body>
void Channel::repeated(std::int64_t times, const Body& body, std::int64_t rowStep) {
  State before;
  for (std::int64_t i = 0; i < times; ++i) {
    const std::int64_t began = now_, refreshes = result_.refreshes;
    const std::vector<std::int64_t> phases = phases_;
    body(i * rowStep);
    if (!fold_ || times < 4) continue;
    State after = relative((i + 1) * rowStep);
    const bool equal = result_.refreshes == refreshes && i > 0 && after == before;
    before = std::move(after);
    if (!equal || i + 1 >= times) continue;
    const std::int64_t period = now_ - began, rest = undisturbed(times - 1 - i, period);
    if (rest <= 0) continue;
    std::vector<std::int64_t> share(phases_.size());
    for (std::size_t k = 0; k < share.size(); ++k) share[k] = phases_[k] - phases[k];
    // Open rows move along with those that the skipped iterations would have opened.
    for (Bank& bank : banks_)
      if (bank.row >= firstDataRow) bank.row += rest * rowStep;
    skip(rest, period, share);
    i += rest;
  }
}

ChannelResult Channel::run(const Sequence& sequence) {
  reset();
  phases_.assign(sequence.phases.size(), 0);
  for (const Section& section : sequence.sections)
    repeated(
        section.repeat,
        [&](std::int64_t outer) {
          for (const Block& block : section.blocks)
            repeated(
                block.repeat,
                [&](std::int64_t inner) {
                  for (const Group& g : block.groups)
                    group(g, g.row < 0 ? -1 : g.row < firstDataRow ? g.row : g.row + outer + inner);
                },
                block.rowStep);
        },
        section.rowStep);
  result_.time = Ticks(std::max<std::int64_t>(0, now_ + t_.ck) + sequence.tail);
  result_.refreshDebt = Ticks(owed_ * t_.rfc);
  for (const std::int64_t ps : phases_) result_.phases.emplace_back(ps);
  return result_;
}

}  // namespace wattlas::pim::nearbank
