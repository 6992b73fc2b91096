#include "models/copy_routes.h"

#include <fmt/format.h>

#include <algorithm>

namespace wattlas {
namespace {

bool joinsTwo(const PlatformLink& link, const Platform& platform) {
  std::int64_t ends = 0;
  for (const std::string& name : link.joins) {
    if (name == "host") ++ends;
    for (const DeviceGroup& group : platform.groups)
      if (group.device.name == name) ends += group.count;
  }
  return ends >= 2;
}

/// Whether two ways have a section in common.
bool meet(const Network::Route* a, const Network::Route* b) {
  return std::any_of(a->channels.begin(), a->channels.end(), [b](ChannelId c) {
    return std::find(b->channels.begin(), b->channels.end(), c) != b->channels.end();
  });
}

}  // namespace

CopyRoutes::CopyRoutes(const Platform& platform) : platform_(platform) {
  if (platform.groups.size() == 1 && platform.groups.front().count == 1) {
    onlyLink();
  } else {
    (void)Network(platform);  // says what is wrong with the links as they were given
    folded_ = std::make_unique<Platform>(platform);
    for (DeviceGroup& group : folded_->groups) group.count = 1;
    folded_->groups.front().count = platform.mapping.pipeline;
    std::erase_if(folded_->links,
                  [this](const PlatformLink& link) { return !joinsTwo(link, *folded_); });
    network_ = std::make_unique<Network>(*folded_);
    resources_ = network_->resources();
    for (std::size_t g = 0; g < platform.groups.size(); ++g)
      if (platform.groups[g].count > 1 && !all_) all_ = std::make_unique<Network>(platform);
    joinStages();
  }
  if (platform.groups.front().count < 2 || resources_.channels.empty() ||
      platform.mapping.pipeline > 1)
    return;
  neighbour_ = static_cast<std::int32_t>(routes_.size());
  routes_.push_back({static_cast<ChannelId>(resources_.channels.size())});
  std::int32_t pairs = 0;
  for (const Channel& c : resources_.channels) pairs = std::max(pairs, c.pair + 1);
  resources_.channels.push_back({platform.device.name + " to its neighbour", BitRate(1e15),
                                 resources_.channels.front().sharing, pairs});
}

CopyRoutes::~CopyRoutes() = default;

/// A group beside a host: seat 0 and seat 1, and both directions of the link between them.
void CopyRoutes::onlyLink() {
  resources_.seats.push_back({platform_.device.name, 1, {}, {}});
  if (platform_.host.device != nullptr)
    resources_.seats.push_back({platform_.host.name, 1, {}, {}});
  limitPower(platform_, platform_.device.name, resources_.seats.front(), resources_);
  if (platform_.host.device != nullptr)
    limitPower(platform_, "host", resources_.seats.back(), resources_);
  if (platform_.link.rate.value.value <= 0) return;
  const Sharing sharing = parseSharing(platform_.link.sharing);
  for (const char* direction : {" to device", " from device"})
    resources_.channels.push_back(
        {platform_.link.name + direction, platform_.link.rate.value, sharing, 0});
  for (Seat& seat : resources_.seats) {
    seat.in = {0};
    seat.out = {1};
  }
  routes_ = {{0}, {1}};
}

SeatId CopyRoutes::seat(ComponentIndex component) const {
  if (!network_) return component == onHost ? 1 : 0;
  return component == onHost ? network_->host() : network_->seat(groupOf(component), 0);
}

CopyRoutes::Route CopyRoutes::find(ComponentIndex from, ComponentIndex to) const {
  Route route;
  if (!network_) {
    route.latency = toTicks(platform_.link.latency.value);
    route.rate = platform_.link.rate.value;
    route.hops = {{platform_.linkBit, 1}};
    if (route.rate.value > 0) route.index = to == onHost ? 1 : 0;
    return route;
  }
  const Network::Route* way = network_->route(seat(from), seat(to));
  if (way == nullptr) {
    const auto name = [&](ComponentIndex c) {
      return c == onHost ? platform_.host.name : platform_.groups[groupOf(c)].device.name;
    };
    throw InputError(fmt::format("no link leads from {} to {}", name(from), name(to)),
                     "a link that joins both (`links: {NAME: {joins: [...]}}`)");
  }
  route = along(way);
  if (!all_) return route;
  const auto members = [&](ComponentIndex c) {
    return c == onHost ? std::int64_t{1} : platform_.groups[groupOf(c)].count;
  };
  const auto member = [&](ComponentIndex c, std::int64_t m) {
    return c == onHost ? all_->host() : all_->seat(groupOf(c), std::min(m, members(c) - 1));
  };
  const std::int64_t n = std::max(members(from), members(to));
  if (n < 2) return route;
  if (meet(all_->route(member(from, 0), member(to, 0)),
           all_->route(member(from, 1), member(to, 1))))
    route.meeting = static_cast<double>(n);
  return route;
}

CopyRoutes::Route CopyRoutes::along(const Network::Route* way) const {
  Route route;
  route.latency = way->latency;
  route.rate = way->rate;
  route.index = static_cast<std::int32_t>(routes_.size());
  routes_.push_back(way->channels);
  route.byHost = false;
  // Coefficients are numbered by all links, also those among members only.
  for (const auto& [link, hops] : way->hops)
    for (std::size_t l = 0; l < platform_.links.size(); ++l)
      if (platform_.links[l].config.name ==
          folded_->links[static_cast<std::size_t>(link)].config.name) {
        route.hops.emplace_back(static_cast<CoefficientId>(l), hops);
        const std::vector<std::string>& joins = platform_.links[l].joins;
        route.byHost = route.byHost || std::find(joins.begin(), joins.end(), "host") != joins.end();
      }
  return route;
}

void CopyRoutes::joinStages() {
  const std::int64_t stages = platform_.mapping.pipeline;
  const std::int64_t each = platform_.groups.front().count / stages;
  for (std::int64_t s = 0; s + 1 < stages; ++s) {
    const Network::Route* way = network_->route(network_->seat(0, s), network_->seat(0, s + 1));
    if (way == nullptr)
      throw InputError("no link joins the stages of " + platform_.device.name,
                       "a link whose `joins` names the group");
    stages_.push_back(along(way));
    if (each < 2) continue;
    if (meet(all_->route(all_->seat(0, s * each), all_->seat(0, (s + 1) * each)),
             all_->route(all_->seat(0, s * each + 1), all_->seat(0, (s + 1) * each + 1))))
      stages_.back().meeting = static_cast<double>(each);
  }
}

const CopyRoutes::Route& CopyRoutes::between(ComponentIndex from, ComponentIndex to) const {
  const auto known = known_.find({from, to});
  if (known != known_.end()) return known->second;
  return known_.emplace(std::pair(from, to), find(from, to)).first->second;
}

}  // namespace wattlas
