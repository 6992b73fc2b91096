#include "models/sim/platform_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "models/base/error.h"
#include "models/sim/interconnect.h"

namespace wattlas {
namespace {

// A repeated program gives way to others on its link so often.
constexpr std::int64_t parts = 16;

}  // namespace

PlatformModel::PlatformModel(const sc_core::sc_module_name& name)
    : sc_module(name),
      interconnect_("interconnect"),
      memories_("memories"),
      copies_("copies", interconnect_, memories_, [this](TaskId task) { ended(task); }) {
  for (std::size_t i = 0; i < most; ++i)
    seats_.push_back(std::make_unique<Executor>(("seat" + std::to_string(i)).c_str(), interconnect_,
                                                memories_, [this](TaskId task) { ended(task); }));
  SC_HAS_PROCESS(PlatformModel);
  SC_METHOD(sequence);
  sensitive << wake_;
  dont_initialize();
}

void PlatformModel::ended(TaskId task) {
  ended_.push_back(task);
  wake_.notify(sc_core::SC_ZERO_TIME);
}

std::int64_t PlatformModel::grainOf(const Task& task) const {
  const auto shared = [this](const std::vector<ChannelId>& route) {
    return std::any_of(route.begin(), route.end(),
                       [this](ChannelId c) { return users_[static_cast<std::size_t>(c)] > 1; });
  };
  const Seat& seat = resources_->seats[static_cast<std::size_t>(task.seat)];
  return shared(seat.in) || shared(seat.out) ? parts : 1;
}

void PlatformModel::sequence() {
  ++sequenced_;
  last_ = scNow() - begin_;
  std::sort(ended_.begin(), ended_.end());
  for (const TaskId id : ended_) {
    dispatcher_->finish(id, last_);
    interconnect_.release(id);
    std::erase(limited_, id);
  }
  ended_.clear();
  for (const TaskId id : dispatcher_->start(last_)) {
    const Task& task = graph_->tasks[static_cast<std::size_t>(id)];
    if (task.kind == Task::Kind::move)
      copies_.begin(id, *graph_, nullptr, 1);
    else
      seats_[static_cast<std::size_t>(task.seat)]->begin(
          id, *graph_, &resources_->seats[static_cast<std::size_t>(task.seat)], grainOf(task));
    if (task.kind == Task::Kind::run &&
        resources_->seats[static_cast<std::size_t>(task.seat)].domain >= 0)
      limited_.push_back(id);
  }
  if (!resources_->power.empty()) limitPower();
}

void PlatformModel::limitPower() {
  std::vector<double> drawn(resources_->power.size(), 0.0);
  const auto taskOf = [this](TaskId id) -> const Task& {
    return graph_->tasks[static_cast<std::size_t>(id)];
  };
  const auto domainOf = [this](const Task& task) {
    return static_cast<std::size_t>(resources_->seats[static_cast<std::size_t>(task.seat)].domain);
  };
  for (const TaskId id : limited_) drawn[domainOf(taskOf(id))] += taskOf(id).watts;
  for (const TaskId id : limited_) {
    const std::size_t domain = domainOf(taskOf(id));
    const double allowed = resources_->power[domain];
    seats_[static_cast<std::size_t>(taskOf(id).seat)]->pace(
        id, drawn[domain] > allowed ? allowed / drawn[domain] : 1.0);
  }
}

Schedule PlatformModel::run(const TaskGraph& graph, const Resources& resources,
                            LiveTraffic& traffic) {
  memories_.configure(traffic);
  Schedule schedule = run(graph, resources);
  traffic.uses = memories_.finish();
  return schedule;
}

Schedule PlatformModel::run(const TaskGraph& graph, const Resources& resources) {
  if (resources.seats.size() > most)
    throw InputError(
        fmt::format("{} devices and hosts are simulated one by one", resources.seats.size()),
        fmt::format("at most {}, or equal members folded (`fold: auto`)", most));
  graph_ = &graph;
  resources_ = &resources;
  begin_ = scNow();
  interconnect_.configure(resources.channels);
  dispatcher_ = std::make_unique<Dispatcher>(graph, resources, false);
  users_.assign(resources.channels.size(), 0);
  if (!graph.chain) {
    std::vector<char> seen(resources.seats.size(), 0);
    const auto uses = [&](const std::vector<ChannelId>& route) {
      for (const ChannelId c : route) ++users_[static_cast<std::size_t>(c)];
    };
    for (const Task& task : graph.tasks)
      if (task.kind == Task::Kind::move && task.route >= 0) {
        uses(graph.routes[static_cast<std::size_t>(task.route)]);
      } else if (task.kind == Task::Kind::run && task.profile != nullptr &&
                 seen[static_cast<std::size_t>(task.seat)]++ == 0) {
        uses(resources.seats[static_cast<std::size_t>(task.seat)].in);
        uses(resources.seats[static_cast<std::size_t>(task.seat)].out);
      }
  }
  const auto steps = [this] {
    std::int64_t sum = sequenced_ + copies_.events() + interconnect_.events() + memories_.events();
    for (const auto& seat : seats_) sum += seat->events();
    return sum;
  };
  const std::int64_t before = steps();
  last_ = {};
  limited_.clear();
  wake_.notify(sc_core::SC_ZERO_TIME);
  sc_core::sc_start();
  Schedule schedule = dispatcher_->take(last_);
  dispatcher_.reset();
  // Seats are counted by the dispatcher; what transfers did to each other only the links know.
  schedule.channels = interconnect_.uses();
  schedule.traffic = interconnect_.traffic();
  schedule.events = steps() - before;
  return schedule;
}

PlatformModel& platformModel() {
  // Never destroyed: SystemC's own objects may be gone by then.
  static auto* const model = new PlatformModel("platform");
  return *model;
}

PlatformSimulator& platformSimulator() {
  return platformModel();
}

}  // namespace wattlas
