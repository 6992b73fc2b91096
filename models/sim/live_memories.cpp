#include "models/sim/live_memories.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "models/sim/interconnect.h"

namespace wattlas {

LiveMemories::LiveMemories(const sc_core::sc_module_name& name) : sc_module(name) {
  SC_HAS_PROCESS(LiveMemories);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

void LiveMemories::configure(const LiveTraffic& traffic) {
  traffic_ = &traffic;
  past_ = events();
  memories_.clear();
  memories_.resize(traffic.memories.size());
  begin_ = scNow();
  for (std::size_t s = 0; s < memories_.size(); ++s) {
    if (traffic.memories[s] == nullptr) continue;
    const dram::StreamSetup& setup = traffic.memories[s]->channel;
    memories_[s].what = traffic.memories[s].get();
    memories_[s].engine =
        std::make_unique<dram::ChannelEngine>(setup.timing, setup.controller, dram::Level::event);
    memories_[s].engine->traceTo(traffic.commands, static_cast<int>(s));
  }
}

void LiveMemories::access(SeatId seat, TaskId task, Bits amount, bool write, Done done) {
  Memory& memory = memories_[static_cast<std::size_t>(seat)];
  auto stream = std::make_unique<Stream>();
  stream->task = task;
  stream->amount = amount;
  stream->write = write;
  stream->left = std::max<std::int64_t>(
      1, std::llround(std::ceil(amount.value * memory.what->accesses - 1e-9)));
  stream->done = std::move(done);
  // Streams lie in rows of their own, one behind the other.
  const std::int64_t row = memory.what->channel.accessesPerRow * memory.what->channel.timing.groups;
  stream->place = memory.place;
  memory.place += (stream->left + row - 1) / row * row;
  meter(memory, (scNow() - begin_).ps);
  memory.streams.push_back(std::move(stream));
  ++memory.use.served;
  memory.use.longestQueue =
      std::max(memory.use.longestQueue, static_cast<std::int64_t>(memory.streams.size()));
  wake_.notify(sc_core::SC_ZERO_TIME);
}

void LiveMemories::meter(Memory& memory, std::int64_t now) {
  const Ticks passed(now - memory.since);
  memory.since = now;
  if (memory.streams.empty()) return;
  std::set<TaskId> tasks;
  for (const auto& stream : memory.streams) tasks.insert(stream->task);
  memory.use.busy += passed;
  memory.use.waited += times(passed, static_cast<std::int64_t>(tasks.size()) - 1);
}

/// Streams of one direction share its queue, so that none keeps the others out.
void LiveMemories::refill(Memory& memory, std::int64_t now) {
  // A stream that comes when others have just been filled up stands behind them.
  memory.arrived = std::max(memory.arrived, now);
  const dram::StreamSetup& setup = memory.what->channel;
  std::int64_t sharing[2] = {0, 0};
  for (const auto& stream : memory.streams) sharing[stream->write] += stream->left > 0 ? 1 : 0;
  for (const auto& stream : memory.streams) {
    const std::int64_t entries =
        stream->write ? setup.controller.writeQueue : setup.controller.readQueue;
    const std::int64_t share =
        std::max<std::int64_t>(1, entries / std::max<std::int64_t>(1, sharing[stream->write]));
    for (; stream->left > 0 && stream->inQueue < share; --stream->left, ++stream->inQueue) {
      dram::Request request = setup.at(stream->place++, stream->write);
      request.id = memory.requests++;
      request.arrival = memory.arrived;
      memory.owner.emplace(request.id, stream.get());
      memory.engine->submit(request);
    }
  }
}

void LiveMemories::advance(Memory& memory, std::int64_t limit, std::int64_t now) {
  memory.engine->advance(limit);
  for (const dram::Completion& done : memory.engine->takeCompletions()) {
    const auto owner = memory.owner.find(done.id);
    --owner->second->inQueue;
    owner->second->lastData = std::max(owner->second->lastData, done.done);
    memory.owner.erase(owner);
  }
  refill(memory, now);
  memory.engine->advance(now);  // what comes next, with the new requests
}

void LiveMemories::step() {
  ++wakes_;
  const std::int64_t now = (scNow() - begin_).ps;
  for (Memory& memory : memories_) {
    if (memory.streams.empty()) continue;
    const auto over = [&](const std::unique_ptr<Stream>& stream) {
      return stream->left == 0 && stream->inQueue == 0 && stream->lastData <= now;
    };
    // Who is told may begin the next access at once.
    std::vector<Done> told;
    if (std::any_of(memory.streams.begin(), memory.streams.end(), over)) meter(memory, now);
    for (const auto& stream : memory.streams) {
      if (!over(stream)) continue;
      memory.use.moved += stream->amount;
      told.push_back(std::move(stream->done));
    }
    std::erase_if(memory.streams, over);
    for (const Done& done : told) done();
  }
  // Others that run now may still bring traffic of this instant.
  if (sc_core::sc_pending_activity_at_current_time()) {
    wake_.notify(sc_core::SC_ZERO_TIME);
    return;
  }
  std::int64_t horizon = dram::never;
  if (sc_core::sc_pending_activity())
    horizon = now + fromScTime(sc_core::sc_time_to_pending_activity()).ps;
  for (Memory& memory : memories_)
    if (!memory.streams.empty()) advance(memory, now, now);
  // Nobody else does anything before the horizon or the end of a stream.
  while (true) {
    Memory* first = nullptr;
    for (Memory& memory : memories_) {
      if (memory.streams.empty()) continue;
      for (const auto& stream : memory.streams)
        if (stream->left == 0 && stream->inQueue == 0)
          horizon = std::min(horizon, stream->lastData);
      if (!memory.engine->idle() &&
          (first == nullptr || memory.engine->next() < first->engine->next()))
        first = &memory;
    }
    if (first == nullptr || first->engine->next() >= horizon) break;
    // Queues are filled up again when a quarter of them may be empty: no decision misses anything.
    const dram::StreamSetup& setup = first->what->channel;
    const std::int64_t quarter =
        setup.timing.burst *
        (std::min(setup.controller.readQueue, setup.controller.writeQueue) / 4);
    const std::int64_t until =
        std::min(horizon, first->engine->next() + std::max<std::int64_t>(1, quarter));
    advance(*first, until, until);
  }
  if (horizon != dram::never)
    wake_.notify(toScTime(Ticks(std::max<std::int64_t>(0, horizon - now))));
}

std::vector<ResourceUse> LiveMemories::finish() {
  std::vector<ResourceUse> uses;
  for (const Memory& memory : memories_) uses.push_back(memory.use);
  traffic_ = nullptr;
  return uses;
}

std::int64_t LiveMemories::events() const {
  std::int64_t sum = wakes_ + past_;
  for (const Memory& memory : memories_)
    if (memory.engine) sum += memory.engine->stats().steps;
  return sum;
}

}  // namespace wattlas
