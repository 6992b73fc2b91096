#include "models/sim/flows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/base/error.h"

namespace wattlas {
namespace {

std::size_t at(std::int32_t i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

void Flows::configure(const std::vector<Channel>& channels) {
  channels_ = channels;
  uses_.assign(channels.size(), {});
  std::int32_t pairs = 0;
  for (const Channel& c : channels) pairs = std::max(pairs, c.pair + 1);
  holders_.assign(at(pairs), -1);
  claimed_.assign(channels.size(), 0);
  free_.assign(channels.size(), 0);
  users_.assign(channels.size(), 0);
  busy_.assign(channels.size(), ChannelSlice{0, {}, {}, -1, 0});
  traffic_.clear();
  inbox_.clear();
  active_.clear();
  last_ = {};
  next_ = Ticks(-1);
  sequence_ = 0;
}

bool Flows::release(std::int64_t holder) {
  bool held = false;
  for (std::int64_t& of : holders_)
    if (of == holder) {
      of = -1;
      held = true;
    }
  return held;
}

void Flows::advance(Ticks now) {
  const Ticks passed = now - last_;
  if (passed.ps > 0)
    for (std::size_t c = 0; c < busy_.size(); ++c) {
      if (busy_[c].transfers == 0) continue;
      uses_[c].busy += passed;
      traffic_.push_back(
          {static_cast<ChannelId>(c), last_, now, busy_[c].first, busy_[c].transfers});
    }
  for (Active& active : active_) active.left -= static_cast<double>(passed.ps) * active.speed;
  last_ = now;
}

void Flows::admit(Ticks now) {
  // All requests of this time are here: the kernel's order no longer matters.
  std::sort(inbox_.begin(), inbox_.end(), [](const Active& a, const Active& b) {
    if (a.flow.priority != b.flow.priority) return a.flow.priority > b.flow.priority;
    if (a.flow.requester != b.flow.requester) return a.flow.requester < b.flow.requester;
    return a.sequence < b.sequence;
  });
  for (Active& arrival : inbox_) {
    arrival.left = static_cast<double>(arrival.flow.alone.ps);
    arrival.begun = now;
    for (const ChannelId c : arrival.flow.route) ++uses_[at(c)].served;
    active_.push_back(std::move(arrival));
  }
  inbox_.clear();
}

bool Flows::granted(const Active& active) {
  bool passes = true;
  for (const ChannelId c : active.flow.route) {
    const Channel& channel = channels_[at(c)];
    if (channel.sharing == Sharing::fifo) {
      // Earlier transfers go first, also while they wait elsewhere: order never deadlocks.
      if (claimed_[at(c)] != 0) passes = false;
      claimed_[at(c)] = 1;
    } else if (channel.sharing == Sharing::exclusive) {
      const std::int64_t holder = holders_[at(channel.pair)];
      if (holder != -1 && holder != active.flow.holder) passes = false;
    }
  }
  if (!passes) return false;
  for (const ChannelId c : active.flow.route)
    if (channels_[at(c)].sharing == Sharing::exclusive)
      holders_[at(channels_[at(c)].pair)] = active.flow.holder;
  return true;
}

/// Max-min: what is scarcest is divided first.
void Flows::fill(std::vector<Active*>& flows) {
  for (const Active* active : flows)
    for (const ChannelId c : active->flow.route) ++users_[at(c)];
  while (!flows.empty()) {
    double least = std::numeric_limits<double>::infinity();
    for (const Active* active : flows) {
      double most = active->flow.want.value;
      for (const ChannelId c : active->flow.route)
        most = std::min(most, free_[at(c)] / users_[at(c)]);
      least = std::min(least, most);
    }
    std::vector<Active*> settled, rest;
    for (Active* active : flows) {
      double most = active->flow.want.value;
      for (const ChannelId c : active->flow.route)
        most = std::min(most, free_[at(c)] / users_[at(c)]);
      (most <= least ? settled : rest).push_back(active);
    }
    for (Active* active : settled) {
      active->speed = least / active->flow.want.value;
      for (const ChannelId c : active->flow.route) {
        free_[at(c)] = std::max(0.0, free_[at(c)] - least);
        --users_[at(c)];
      }
    }
    flows.swap(rest);
  }
}

void Flows::share(Ticks now) {
  std::fill(claimed_.begin(), claimed_.end(), 0);
  std::fill(busy_.begin(), busy_.end(), ChannelSlice{0, {}, {}, -1, 0});
  for (std::size_t c = 0; c < channels_.size(); ++c)
    free_[c] = channels_[c].sharing == Sharing::dedicated ? std::numeric_limits<double>::infinity()
                                                          : channels_[c].rate.value;
  std::vector<Active*> level;
  std::vector<Active*> passing;
  for (Active& active : active_) {
    active.speed = 0;
    if (granted(active)) passing.push_back(&active);
  }
  const auto levelOf = [&](const Active* active) {
    for (const ChannelId c : active->flow.route)
      if (channels_[at(c)].sharing == Sharing::priority)
        return static_cast<int>(active->flow.priority);
    return 256;  // nobody here knows priorities
  };
  std::stable_sort(passing.begin(), passing.end(),
                   [&](const Active* a, const Active* b) { return levelOf(a) > levelOf(b); });
  for (std::size_t i = 0; i < passing.size();) {
    level.clear();
    const int now_ = levelOf(passing[i]);
    for (; i < passing.size() && levelOf(passing[i]) == now_; ++i) level.push_back(passing[i]);
    fill(level);
  }
  std::vector<std::int64_t> queue(channels_.size(), 0);
  next_ = Ticks(-1);
  for (Active& active : active_) {
    for (const ChannelId c : active.flow.route) {
      ++queue[at(c)];
      if (active.speed <= 0) continue;
      if (busy_[at(c)].transfers++ == 0)
        busy_[at(c)].first = static_cast<TaskId>(active.flow.holder);
    }
    active.finish = Ticks(-1);
    if (active.speed <= 0) continue;
    // Exact for a flow that never shared: left is whole picoseconds and speed is 1.
    active.finish =
        now + Ticks(static_cast<std::int64_t>(std::ceil(active.left / active.speed - 1e-6)));
    if (next_.ps < 0 || active.finish < next_) next_ = active.finish;
  }
  for (std::size_t c = 0; c < queue.size(); ++c)
    uses_[c].longestQueue = std::max(uses_[c].longestQueue, queue[c]);
}

const std::vector<Flow>& Flows::step(Ticks now) {
  advance(now);
  ended_.clear();
  std::erase_if(active_, [&](Active& active) {
    if (active.finish.ps < 0 || active.finish > now) return false;
    for (const ChannelId c : active.flow.route) {
      uses_[at(c)].moved += active.flow.amount;
      uses_[at(c)].waited += std::max(Ticks(0), now - active.begun - active.flow.alone);
    }
    ended_.push_back(std::move(active.flow));
    return true;
  });
  admit(now);
  share(now);
  return ended_;
}

}  // namespace wattlas
