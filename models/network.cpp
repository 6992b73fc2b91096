#include "models/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

namespace wattlas {
namespace {

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// Switches of a tree above `leaves` ends, level by level from below.
std::vector<std::int64_t> levelsOf(std::int64_t leaves, std::int64_t radix) {
  std::vector<std::int64_t> levels{leaves};
  while (levels.back() > 1) levels.push_back((levels.back() + radix - 1) / radix);
  return levels;
}

}  // namespace

void limitPower(const Platform& platform, const std::string& member, Seat& seat,
                Resources& resources) {
  resources.power.clear();
  for (const PowerDomain& domain : platform.domains) {
    if (std::find(domain.members.begin(), domain.members.end(), member) != domain.members.end())
      seat.domain = static_cast<std::int32_t>(resources.power.size());
    resources.power.push_back((domain.cap.value - domain.idle).value);
  }
}

Network::Network(const Platform& platform) : platform_(platform) {
  for (std::size_t g = 0; g < platform.groups.size(); ++g) {
    const DeviceGroup& group = platform.groups[g];
    firstSeat_.push_back(static_cast<SeatId>(resources_.seats.size()));
    for (std::int64_t m = 0; m < group.count; ++m) {
      groups_.push_back(g);
      resources_.seats.push_back(
          {group.count == 1 ? group.device.name : fmt::format("{}[{}]", group.device.name, m),
           1,
           {},
           {}});
      limitPower(platform, group.device.name, resources_.seats.back(), resources_);
    }
  }
  if (platform.host.device != nullptr) {
    host_ = static_cast<SeatId>(resources_.seats.size());
    groups_.push_back(platform.groups.size());
    resources_.seats.push_back({platform.host.name, platform.hostThreads, {}, {}});
    limitPower(platform, "host", resources_.seats.back(), resources_);
  }
  Problems problems;
  std::vector<std::string> names{"host"};
  for (const DeviceGroup& group : platform.groups) names.push_back(group.device.name);
  for (std::size_t l = 0; l < platform.links.size(); ++l) {
    const PlatformLink& spec = platform.links[l];
    Link link{&spec, static_cast<CoefficientId>(l), {}, 0};
    const Place place = platform.config.complete.place();
    const std::string key = "links." + spec.config.name + ".joins";
    for (const std::string& name : spec.joins) {
      const auto group = std::find_if(platform.groups.begin(), platform.groups.end(),
                                      [&](const DeviceGroup& g) { return g.device.name == name; });
      if (name == "host" && host_ >= 0)
        link.ends.push_back(host_);
      else if (group != platform.groups.end())
        for (std::int64_t m = 0; m < group->count; ++m)
          link.ends.push_back(seat(at(group - platform.groups.begin()), m));
      else
        problems.add(place, key, "'" + name + "' is neither a group nor the host",
                     fmt::format("{}", fmt::join(names, ", ")), didYouMean(name, names));
    }
    if (problems.empty() && link.ends.size() < 2)
      problems.add(place, key, "the link joins nothing", "at least two devices or hosts");
    if (spec.topology == "point-to-point" && link.ends.size() > 2)
      problems.add(place, "links." + spec.config.name + ".topology",
                   fmt::format("a point-to-point link has two ends, not {}", link.ends.size()),
                   "bus or switch");
    if (!problems.empty()) continue;
    addChannels(link);
    links_.push_back(std::move(link));
  }
  problems.finish();
  // Programs that fetch from the host use the way between the two.
  if (host_ < 0) return;
  for (SeatId s = 0; s < static_cast<SeatId>(resources_.seats.size()); ++s) {
    const SeatId device = s == host_ ? 0 : s;
    if (const Route* in = route(host_, device)) resources_.seats[at(s)].in = in->channels;
    if (const Route* out = route(device, host_)) resources_.seats[at(s)].out = out->channels;
  }
}

SeatId Network::seat(std::size_t group, std::int64_t member) const {
  return firstSeat_[group] + static_cast<SeatId>(member);
}

void Network::addChannels(Link& link) {
  const LinkConfig& config = link.spec->config;
  link.first = static_cast<ChannelId>(resources_.channels.size());
  const Sharing sharing = parseSharing(config.sharing);
  const auto pair = [&](const std::string& forth, const std::string& back) {
    for (const std::string& direction : {forth, back})
      resources_.channels.push_back({config.name + direction, config.rate.value, sharing, pairs_});
    ++pairs_;
  };
  const auto nameOf = [&](std::size_t i) { return resources_.seats[at(link.ends[i])].name; };
  const std::size_t n = link.ends.size();
  const std::string& topology = link.spec->topology;
  if (topology == "bus" || topology == "point-to-point") {
    pair(" forth", " back");
  } else if (topology == "switch") {
    for (std::size_t i = 0; i < n; ++i) pair(" from " + nameOf(i), " to " + nameOf(i));
  } else if (topology == "ring") {
    for (std::size_t i = 0; i < n; ++i)
      pair(fmt::format(" {}-{}", nameOf(i), nameOf((i + 1) % n)),
           fmt::format(" {}-{}", nameOf((i + 1) % n), nameOf(i)));
  } else if (topology == "mesh") {
    for (std::size_t i = 0; i < n; ++i) {  // to the right, then down
      pair(fmt::format(" {} right", nameOf(i)), fmt::format(" {} left", nameOf(i)));
      pair(fmt::format(" {} down", nameOf(i)), fmt::format(" {} up", nameOf(i)));
    }
  } else {
    const auto levels = levelsOf(static_cast<std::int64_t>(n), link.spec->radix);
    for (std::size_t level = 0; level + 1 < levels.size(); ++level)
      for (std::int64_t i = 0; i < levels[level]; ++i)
        pair(fmt::format(" level {} up {}", level, i), fmt::format(" level {} down {}", level, i));
  }
}

std::vector<std::int32_t> Network::path(const Link& link, std::size_t from, std::size_t to,
                                        std::int64_t& hops) const {
  const auto n = static_cast<std::int64_t>(link.ends.size());
  const auto f = static_cast<std::int64_t>(from), t = static_cast<std::int64_t>(to);
  const std::string& topology = link.spec->topology;
  std::vector<std::int32_t> channels;
  const auto add = [&](std::int64_t section, bool back) {
    channels.push_back(link.first + static_cast<ChannelId>(2 * section + (back ? 1 : 0)));
  };
  hops = 1;
  if (topology == "bus" || topology == "point-to-point") {
    add(0, f > t);
  } else if (topology == "switch") {
    add(f, false);
    add(t, true);
  } else if (topology == "ring") {
    const std::int64_t forth = (t - f + n) % n;
    hops = std::min(forth, n - forth);
    for (std::int64_t h = 0, i = f; h < hops; ++h) {
      const bool back = forth > n - forth;
      add(back ? (i - 1 + n) % n : i, back);
      i = (i + (back ? -1 : 1) + n) % n;
    }
  } else if (topology == "mesh") {
    const std::int64_t columns = link.spec->columns > 0 ? link.spec->columns : n;
    std::int64_t x = f % columns, y = f / columns;
    hops = 0;
    for (; x != t % columns; ++hops) {
      const bool back = x > t % columns;
      add(2 * (y * columns + x - (back ? 1 : 0)), back);
      x += back ? -1 : 1;
    }
    for (; y != t / columns; ++hops) {
      const bool back = y > t / columns;
      add(2 * ((y - (back ? 1 : 0)) * columns + x) + 1, back);
      y += back ? -1 : 1;
    }
  } else {
    const auto levels = levelsOf(n, link.spec->radix);
    std::vector<std::int32_t> down;
    std::int64_t a = f, b = t, section = 0;
    hops = 0;
    for (std::size_t level = 0; a != b; ++level) {
      add(section + a, false);
      down.push_back(link.first + static_cast<ChannelId>(2 * (section + b) + 1));
      section += levels[level];
      a /= link.spec->radix;
      b /= link.spec->radix;
      hops += 2;
    }
    channels.insert(channels.end(), down.rbegin(), down.rend());
  }
  return channels;
}

Network::Route Network::within(const Link& link, SeatId from, SeatId to) const {
  const auto find = [&](SeatId seat) {
    return at(std::find(link.ends.begin(), link.ends.end(), seat) - link.ends.begin());
  };
  std::int64_t hops = 1;
  Route route;
  route.channels = path(link, find(from), find(to), hops);
  route.latency = times(toTicks(link.spec->config.latency.value), hops);
  route.hops = {{link.coefficient, hops}};
  return route;
}

bool Network::equalMembers(const std::vector<SeatId>& seats, bool neighboursOnly) const {
  for (const Link& link : links_) {
    const bool all = std::all_of(seats.begin(), seats.end(), [&](SeatId seat) {
      return std::find(link.ends.begin(), link.ends.end(), seat) != link.ends.end();
    });
    // Who is first in the file carries what joins two ends.
    if (all)
      return link.spec->topology == "switch" ||
             (link.spec->topology == "ring" && neighboursOnly && link.ends == seats);
  }
  return false;
}

const Network::Route* Network::route(SeatId from, SeatId to) const {
  const auto known = known_.find({from, to});
  if (known != known_.end()) return known->second.hops.empty() ? nullptr : &known->second;
  // Breadth first: which link, and from whom, led to each end.
  std::vector<std::pair<const Link*, SeatId>> reached(resources_.seats.size(), {nullptr, -1});
  std::deque<SeatId> next{from};
  while (!next.empty() && reached[at(to)].first == nullptr) {
    const SeatId here = next.front();
    next.pop_front();
    for (const Link& link : links_) {
      if (std::find(link.ends.begin(), link.ends.end(), here) == link.ends.end()) continue;
      for (const SeatId end : link.ends)
        if (end != from && reached[at(end)].first == nullptr) {
          reached[at(end)] = {&link, here};
          next.push_back(end);
        }
    }
  }
  Route route;
  for (SeatId end = to; end != from && reached[at(end)].first != nullptr;) {
    const auto [link, before] = reached[at(end)];
    Route part = within(*link, before, end);
    route.latency += part.latency;
    route.hops.insert(route.hops.begin(), part.hops.begin(), part.hops.end());
    route.channels.insert(route.channels.begin(), part.channels.begin(), part.channels.end());
    end = before;
  }
  route.rate = BitRate(1e300);
  for (const ChannelId c : route.channels)
    route.rate = std::min(route.rate, resources_.channels[at(c)].rate);
  const auto& kept = known_.emplace(std::pair(from, to), std::move(route)).first->second;
  return kept.hops.empty() ? nullptr : &kept;
}

}  // namespace wattlas
