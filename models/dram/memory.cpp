#include "models/dram/memory.h"

#include <algorithm>

namespace wattlas::dram {

Level parseLevel(const std::string& text) {
  if (text == "event") return Level::event;
  if (text == "detailed") return Level::detailed;
  throw InputError("'" + text.substr(0, 40) + "' is not a fidelity of a DRAM", "event or detailed",
                   didYouMean(text, {"event", "detailed"}));
}

DramMemory::DramMemory(const DramSpec& spec, const ControllerParams& params, Level level)
    : spec_(spec),
      clocks_(timingOf(spec)),
      map_(spec.organisation, params.mapping, params.bankXor) {
  check(params, spec);
  const std::int64_t pseudo = spec.organisation.pseudoChannels;
  for (std::int64_t i = 0; i < spec.organisation.allChannels(); ++i) {
    channels_.push_back(std::make_unique<ChannelEngine>(clocks_, params, level));
    if (pseudo == 1) continue;
    if (i % pseudo == 0) buses_.push_back(std::make_unique<std::array<Clock, 2>>());
    channels_.back()->shareBuses(buses_.back().get());
  }
}

void DramMemory::traceTo(CommandTrace* trace) {
  for (int i = 0; i < channels(); ++i) channel(i).traceTo(trace, i);
}

void DramMemory::submit(const Access& access, std::int64_t id) {
  const Location l = map_.at(access.address);
  channel(l.channel).submit({id, access.at, l.bank, l.row, l.column, access.write});
}

void DramMemory::drain() {
  const auto pseudo = static_cast<std::size_t>(spec_.organisation.pseudoChannels);
  for (std::size_t first = 0; first < channels_.size(); first += pseudo) {
    // Pseudo channels take their decisions in order of time, because they share command buses.
    for (;;) {
      ChannelEngine* next = nullptr;
      Clock other = never;
      for (std::size_t i = first; i < first + pseudo; ++i) {
        ChannelEngine& engine = *channels_[i];
        if (engine.idle()) continue;
        if (next == nullptr || engine.next() < next->next()) {
          other = next == nullptr ? other : std::min(other, next->next());
          next = &engine;
        } else {
          other = std::min(other, engine.next());
        }
      }
      if (next == nullptr) break;
      if (other == never)
        next->drain();
      else
        next->advance(other + 1);
    }
  }
}

MemoryResult DramMemory::run(const std::vector<Access>& accesses) {
  MemoryResult result(spec_);
  for (std::size_t i = 0; i < accesses.size(); ++i)
    submit(accesses[i], static_cast<std::int64_t>(i));
  drain();
  for (auto& channel : channels_) {
    result.clocks = std::max(result.clocks, channel->stats().lastData);
  }
  ChannelStats& sum = result.total;
  double latency = 0;
  Clock longest = 0;
  int index = 0;
  for (auto& channel : channels_) {
    channel->finish(result.clocks);
    for (const Completion& done : channel->takeCompletions())
      if (!done.write) {
        latency += static_cast<double>(done.done - done.arrival);
        longest = std::max(longest, done.done - done.arrival);
      }
    const ChannelStats& s = channel->stats();
    sum.reads += s.reads;
    sum.writes += s.writes;
    sum.activates += s.activates;
    sum.precharges += s.precharges;
    sum.autoPrecharges += s.autoPrecharges;
    sum.refreshes += s.refreshes;
    sum.bankRefreshes += s.bankRefreshes;
    sum.rowHits += s.rowHits;
    sum.steps += s.steps;
    sum.refreshClocks += s.refreshClocks;
    result.turnarounds += channel->turnarounds();
    result.ledger.add(index++, *channel, clocks_, result.clocks);
  }
  sum.lastData = result.clocks;
  result.time = cyclesToTicks(result.clocks, clocks_.clock);
  result.bytes = static_cast<double>((sum.reads + sum.writes) * spec_.organisation.accessBytes());
  const double seconds = toSeconds(result.time).value;
  if (seconds > 0) {
    result.bytesPerS = result.bytes / seconds;
    const double rankClocks =
        static_cast<double>(result.clocks) * static_cast<double>(clocks_.ranks * channels());
    // A bank-wise refresh stops its share of the banks only.
    const double share = clocks_.refreshUnits > 0 && sum.bankRefreshes > 0
                             ? 1.0 / static_cast<double>(clocks_.refreshUnits)
                             : 1.0;
    result.refreshShare = static_cast<double>(sum.refreshClocks) * share / rankClocks;
  }
  if (sum.reads > 0) {
    const double clock = 1.0 / clocks_.clock.value;
    result.readLatencyMeanS = latency / static_cast<double>(sum.reads) * clock;
    result.readLatencyMaxS = static_cast<double>(longest) * clock;
  }
  return result;
}

}  // namespace wattlas::dram
