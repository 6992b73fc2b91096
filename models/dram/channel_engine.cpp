#include "models/dram/channel_engine.h"

#include <algorithm>

namespace wattlas::dram {

RankRefresh::RankRefresh(const Clocks& clocks, const ControllerParams& params, int rank)
    : bankWise_(params.refresh == "bank"),
      units_(bankWise_ ? clocks.refreshUnits : 1),
      allowed_(params.postpone * units_),
      refi_(clocks.refi),
      phase_(rank * clocks.refi / (units_ * clocks.ranks)) {
  due_ = params.refresh == "none" ? 1LL << 60 : dueAt(k_);
}

void RankRefresh::tick(Clock now) {
  while (due_ <= now) {
    ++debt_;
    due_ = dueAt(++k_);
  }
}

void RankRefresh::done() {
  --debt_;
  if (bankWise_) unit_ = static_cast<int>((unit_ + 1) % units_);
}

ChannelEngine::ChannelEngine(const Clocks& clocks, const ControllerParams& params)
    : c_(clocks), closedPage_(params.page == "closed"), queues_(params, clocks) {
  for (int r = 0; r < c_.ranks; ++r) refresh_.emplace_back(c_, params, r);
  standby_.resize(at(c_.ranks));
}

void ChannelEngine::finish(Clock end) {
  if (end > now_) run(end, false);
}

std::vector<Completion> ChannelEngine::takeCompletions() {
  std::vector<Completion> out;
  out.swap(completions_);
  return out;
}

void ChannelEngine::completed(const Request& r, Clock column) {
  const Clock done = column + (r.write ? c_.cwl : c_.cl) + c_.burst;
  ++(r.write ? stats_.writes : stats_.reads);
  stats_.lastData = std::max(stats_.lastData, done);
  completions_.push_back({r.id, r.write, r.arrival, done});
}

void ChannelEngine::emit(CommandKind kind, int rank, int bank, std::int64_t row,
                         std::int64_t column, Clock time, Clock busy) {
  if (trace_ == nullptr) return;
  CommandRecord record;
  record.time = cyclesToTicks(time, c_.clock);
  record.busy = cyclesToTicks(time + busy, c_.clock) - record.time;
  record.channel = channel_;
  record.rank = rank;
  if (bank >= 0) {
    record.group = bank / c_.banksPerGroup % c_.groups;
    record.bank = bank % c_.banksPerGroup;
  }
  record.kind = kind;
  record.row = row;
  record.column = column;
  trace_->command(record);
}

}  // namespace wattlas::dram
