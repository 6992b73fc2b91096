#include "models/sim/executor.h"

#include <algorithm>
#include <cmath>

#include "models/sim/interconnect.h"

namespace wattlas {

namespace {

Ticks slowed(Ticks time, double speed) {
  if (speed == 1) return time;
  return Ticks(static_cast<std::int64_t>(std::ceil(static_cast<double>(time.ps) / speed)));
}

}  // namespace

Executor::Executor(const sc_core::sc_module_name& name, Interconnect& interconnect,
                   LiveMemories& memories, Done done)
    : sc_module(name),
      socket_("out"),
      done_(std::move(done)),
      interconnect_(interconnect),
      memories_(memories) {
  socket_.bind(*this);
  socket_.bind(interconnect.in);
  SC_HAS_PROCESS(Executor);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

Executor::~Executor() = default;

void Executor::begin(TaskId id, const TaskGraph& graph, const Seat* seat, std::int64_t grain) {
  std::unique_ptr<Play> play;
  if (spare_.empty()) {
    play = std::make_unique<Play>();
  } else {
    play = std::move(spare_.back());
    spare_.pop_back();
  }
  *play = {id, &graph, seat, std::max<std::int64_t>(1, grain), 0, 0, 0, 1, Ticks(-1), 1.0};
  plays_.push_back(std::move(play));
  partOver(*plays_.back());
  arm();
}

void Executor::arm() {
  Ticks first(-1);
  for (const auto& play : plays_)
    if (play->wake.ps >= 0 && (first.ps < 0 || play->wake < first)) first = play->wake;
  wake_.cancel();
  if (first.ps >= 0) wake_.notify(toScTime(first - scNow()));
}

void Executor::pass(Play& play, Ticks local) {
  ++play.outstanding;
  play.wake = scNow() + slowed(local, play.speed);
}

void Executor::pace(TaskId id, double speed) {
  for (const auto& play : plays_) {
    if (play->id != id || play->speed == speed) continue;
    if (play->wake.ps >= 0) {
      const Ticks now = scNow();
      const double left = static_cast<double>((play->wake - now).ps) * play->speed;
      play->wake = now + slowed(Ticks(std::llround(left)), speed);
    }
    play->speed = speed;
  }
  arm();
}

void Executor::send(Play& play, const Demand& demand, const std::vector<ChannelId>& route,
                    std::int64_t repeats) {
  ++play.outstanding;
  if (idle_.empty()) {
    transfers_.push_back(std::make_unique<Transfer>());
    idle_.push_back(transfers_.back().get());
  }
  Transfer& transfer = *idle_.back();
  idle_.pop_back();
  transfer.play = &play;
  TransferExtension& x = transfer.extension;
  BitRate rate = demand.peak;
  for (const ChannelId c : route)
    rate = std::min(rate, interconnect_.channels()[static_cast<std::size_t>(c)].rate);
  x.amount = demand.amount * static_cast<double>(repeats);
  x.peak = demand.peak;
  x.alone = times(toTicks(demand.amount / rate), repeats);
  x.route = route;
  x.priority = play.graph->tasks[static_cast<std::size_t>(play.id)].priority;
  x.requester = x.holder = play.id;
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  socket_->nb_transport_fw(transfer.payload, phase, delay);
}

void Executor::reach(Play& play, SeatId memory, Bits amount, bool write) {
  ++play.outstanding;
  memories_.access(memory, play.id, amount, write, [this, &play] {
    partOver(play);
    arm();
  });
}

bool Executor::nextPart(Play& play, const Segment& segment) {
  const std::int64_t repeats = play.repeatsLeft / play.partsLeft;
  play.repeatsLeft -= repeats;
  --play.partsLeft;
  // Repetitions of max(local, demand) last repeats x max: with one part, the slower side decides
  // every repetition alike.
  const Task& task = play.graph->tasks[static_cast<std::size_t>(play.id)];
  Ticks local = segment.local;
  const LiveTraffic::OfTask* live = memories_.trafficOf(play.id);
  if (live != nullptr && live->program != nullptr) {
    const MemoryTraffic& memory = (*live->program)[play.step - 2];
    const double count = static_cast<double>(repeats);
    local = memory.apart;
    if (memory.read > Bits(0)) reach(play, task.seat, memory.read * count, false);
    if (memory.written > Bits(0)) reach(play, task.seat, memory.written * count, true);
  }
  for (const Demand& demand : segment.demands) {
    const std::vector<ChannelId>& route = demand.write ? play.seat->out : play.seat->in;
    if (route.empty())
      local = std::max(local, toTicks(demand.amount / demand.peak));
    else
      send(play, demand, route, repeats);
  }
  pass(play, times(local, repeats));
  return true;
}

/// Where memories at its ends are simulated, a copy passes source, links and target part by part:
/// one part is in a memory while the next one is on its way.
bool Executor::nextCopy(Play& play) {
  const Task& task = play.graph->tasks[static_cast<std::size_t>(play.id)];
  if (task.route < 0) return false;
  const LiveTraffic::OfTask* live = memories_.trafficOf(play.id);
  const int sources = live != nullptr && live->source.seat >= 0 ? 1 : 0,
            targets = live != nullptr && live->target.seat >= 0 ? 1 : 0;
  const int parts = sources + targets > 0 ? 16 : 1, part = static_cast<int>(play.step) - 2;
  if (part >= parts + sources + targets) return false;
  const double share = 1.0 / parts;
  const auto atStage = [&](int stage) { return part >= stage && part < parts + stage; };
  const auto pass = [&](const LiveTraffic::End& end, bool write) {
    reach(play, end.seat, end.amount * (share * static_cast<double>(task.repeat)), write);
  };
  if (sources > 0 && atStage(0)) pass(live->source, false);
  if (atStage(sources))
    send(play, {0, task.wire * share, task.peak, 0, false},
         play.graph->routes[static_cast<std::size_t>(task.route)], task.repeat);
  if (targets > 0 && atStage(sources + 1)) pass(live->target, true);
  return true;
}

bool Executor::next(Play& play) {
  const Task& task = play.graph->tasks[static_cast<std::size_t>(play.id)];
  if (play.partsLeft > 0) return nextPart(play, task.profile->segments[play.step - 2]);
  if (play.step++ == 0) {
    // Without a link nobody else is there: the whole transfer is private time.
    const bool unlinked = task.kind == Task::Kind::move && task.route < 0;
    const Ticks first =
        unlinked ? task.alone : task.lead + (task.profile == nullptr ? task.local : Ticks(0));
    if (first.ps == 0 || task.repeat == 0) return next(play);
    pass(play, times(first, task.repeat));
    return true;
  }
  if (task.kind == Task::Kind::move) return nextCopy(play);
  if (task.profile == nullptr || play.step - 2 >= task.profile->segments.size()) return false;
  const Segment& segment = task.profile->segments[play.step - 2];
  play.repeatsLeft = segment.repeat * task.repeat;
  if (play.repeatsLeft == 0) return next(play);
  const LiveTraffic::OfTask* live = memories_.trafficOf(play.id);
  play.partsLeft = live != nullptr && live->program != nullptr ? play.repeatsLeft
                   : segment.demands.empty()                   ? 1
                                             : std::min(play.grain, play.repeatsLeft);
  return nextPart(play, segment);
}

void Executor::partOver(Play& play) {
  if (--play.outstanding > 0 || next(play)) return;
  const TaskId id = play.id;
  const auto at = std::find_if(plays_.begin(), plays_.end(),
                               [&](const auto& known) { return known.get() == &play; });
  spare_.push_back(std::move(*at));
  plays_.erase(at);
  done_(id);
}

void Executor::step() {
  ++events_;
  const Ticks now = scNow();
  std::vector<Play*> over;
  for (const auto& play : plays_)
    if (play->wake.ps >= 0 && play->wake <= now) over.push_back(play.get());
  for (Play* play : over) {
    play->wake = Ticks(-1);
    partOver(*play);
  }
  arm();
}

tlm::tlm_sync_enum Executor::nb_transport_bw(tlm::tlm_generic_payload& transaction,
                                             tlm::tlm_phase& phase, sc_core::sc_time&) {
  if (phase != tlm::END_RESP) return tlm::TLM_ACCEPTED;
  for (const auto& transfer : transfers_)
    if (&transfer->payload == &transaction) {
      Play& play = *transfer->play;
      idle_.push_back(transfer.get());
      partOver(play);
      arm();
      break;
    }
  return tlm::TLM_COMPLETED;
}

}  // namespace wattlas
