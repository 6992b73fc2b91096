#include <stdexcept>

#include "models/dram/channel_engine.h"

namespace wattlas::dram {

RequestQueues::RequestQueues(const ControllerParams& p, const Timing& clocks)
    : capacity_{p.readQueue, p.writeQueue},
      drainStart_(p.drainStart),
      drainStop_(p.drainStop),
      hitCap_(p.hitCap) {
  const auto n = static_cast<std::size_t>(clocks.banks());
  for (int mode = 0; mode < 2; ++mode) {
    lists_[mode].resize(n);
    place_[mode].assign(n, -1);
  }
  perBank_.assign(n, 0);
}

void RequestQueues::submit(const Request& request) {
  if (!input_.empty() && request.arrival < input_.back().arrival)
    throw std::logic_error("a request arrives before the one in front of it");
  input_.push_back(request);
}

Request RequestQueues::admit() {
  const Request r = input_.front();
  input_.pop_front();
  const auto bank = static_cast<std::size_t>(r.bank);
  auto& list = lists_[r.write][bank];
  if (list.empty()) {
    place_[r.write][bank] = static_cast<std::ptrdiff_t>(active_[r.write].size());
    active_[r.write].push_back(r.bank);
  }
  list.push_back(r);
  ++perBank_[bank];
  ++count_[r.write];
  ++admitted_;
  updateMode();
  return r;
}

int RequestQueues::hit(int bank, std::int64_t row) const {
  const auto& waiting = list(bank);
  for (std::size_t i = 0; i < waiting.size(); ++i)
    if (waiting[i].row == row) return static_cast<int>(i);
  return -1;
}

int RequestQueues::eligible(int bank, std::int64_t row, std::int64_t hits) const {
  const int found = hit(bank, row);
  return found > 0 && hits >= hitCap_ ? -1 : found;
}

Request RequestQueues::take(bool write, int bank, int index) {
  const auto at = static_cast<std::size_t>(bank);
  auto& list = lists_[write][at];
  const Request r = list[static_cast<std::size_t>(index)];
  list.erase(list.begin() + index);
  if (list.empty()) {
    auto& active = active_[write];
    const auto place = static_cast<std::size_t>(place_[write][at]);
    active[place] = active.back();
    place_[write][static_cast<std::size_t>(active[place])] = static_cast<std::ptrdiff_t>(place);
    active.pop_back();
    place_[write][at] = -1;
  }
  --perBank_[at];
  --count_[write];
  updateMode();
  return r;
}

void RequestQueues::updateMode() {
  const std::int64_t reads = count_[0], writes = count_[1];
  bool next = writing_;
  if (!writing_) {
    next = writes >= drainStart_ || (reads == 0 && writes > 0);
    forced_ = writes >= drainStart_;
  } else if (writes == 0) {
    next = false;
  } else if (forced_) {
    if (writes <= drainStop_) {
      forced_ = false;
      next = reads == 0;
    }
  } else if (writes >= drainStart_) {
    forced_ = true;
  } else {
    next = reads == 0;
  }
  if (next != writing_) ++turnarounds_;
  writing_ = next;
}

}  // namespace wattlas::dram
