#include "models/run_graph.h"

namespace wattlas {
namespace {

/// Routes and channels: the link to the host, and a member's own one to its neighbours.
constexpr std::int32_t towards = 0, away = 1, neighbour = 2;

}  // namespace

Resources resourcesOf(const Platform& platform) {
  Resources resources;
  resources.seats.push_back({platform.device.name, 1, {}, {}});
  if (platform.host.device != nullptr) resources.seats.push_back({platform.host.name, 1, {}, {}});
  if (platform.link.rate.value.value <= 0) return resources;
  const Sharing sharing = parseSharing(platform.link.sharing);
  for (const char* direction : {" to device", " from device"})
    resources.channels.push_back(
        {platform.link.name + direction, platform.link.rate.value, sharing, 0});
  for (Seat& seat : resources.seats) {
    seat.in = {towards};
    seat.out = {away};
  }
  if (platform.groups.front().count > 1)
    resources.channels.push_back(
        {platform.device.name + " to its neighbour", BitRate(1e15), sharing, 1});
  return resources;
}

TaskGraph sequentialGraph(const CostedRun& run, const Platform& platform) {
  TaskGraph graph;
  graph.chain = true;
  const bool linked = platform.link.rate.value.value > 0;
  if (linked) graph.routes = {{towards}, {away}};
  if (linked && platform.groups.front().count > 1) graph.routes.push_back({neighbour});
  std::int32_t owner = 0;
  const auto add = [&](Task task) {
    task.owner = owner;
    graph.tasks.push_back(std::move(task));
  };
  const auto copy = [&](const CopyPart& part) {
    Task task;
    task.kind = Task::Kind::move;
    task.lead = part.lead;
    task.wire = part.wire;
    task.peak = part.peak;
    task.route = !linked ? -1 : part.exchange ? neighbour : part.toDevice ? towards : away;
    task.repeat = part.repeat;
    task.alone = part.alone;
    add(std::move(task));
  };
  for (const BookedLoad* load : run.loads) {
    copy(load->copy);
    ++owner;
  }
  for (const CostedPhase& phase : run.phases)
    for (const CostedRegion& region : phase.regions) {
      for (const CopyPart& part : region.cost->copies)
        if (part.toDevice) copy(part);
      for (const RunPart& part : region.cost->runs) {
        Task task;
        task.seat = region.cost->host ? 1 : 0;
        task.lead = part.launch;
        task.profile = part.profile;
        task.repeat = part.repeat;
        task.alone = part.alone;
        add(std::move(task));
      }
      for (const CopyPart& part : region.cost->copies)
        if (!part.toDevice) copy(part);
      ++owner;
    }
  return graph;
}

}  // namespace wattlas
