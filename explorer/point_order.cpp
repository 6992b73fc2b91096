#include "explorer/point_order.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "explorer/study_names.h"

namespace wattlas {
namespace {

/// Numbers the different settings of the design parameters of one section, in order of appearance.
std::vector<std::uint32_t> groupsOf(const Study& study, std::span<const DesignPoint> points,
                                    Section section, std::size_t& count) {
  std::vector<std::size_t> parameters;
  for (std::size_t g = 0; g < study.parameters.size(); ++g)
    if (sectionOf(setKeyOf(study.parameters[g].key)) == section) parameters.push_back(g);
  std::unordered_map<Hash128, std::uint32_t, Hash128Hasher> known;
  std::vector<std::uint32_t> groups;
  groups.reserve(points.size());
  for (const DesignPoint& point : points) {
    Hasher hasher;
    if (section == Section::workload) hasher.integer(point.workload);
    for (const std::size_t g : parameters) {
      const Coordinate c = point.parameters[g];
      hasher.integer(std::isnan(c) ? -1 : std::bit_cast<std::int64_t>(c));
    }
    groups.push_back(
        known.emplace(hasher.finish(), static_cast<std::uint32_t>(known.size())).first->second);
  }
  count = known.size();
  return groups;
}

/// Building a platform takes about ten times as long as building a network. Event simulations of
/// one platform share an elaborated model, which counts for more than either.
bool networksFirst(const Study& study, double platforms, double networks) {
  return study.fidelity == "analytic" && networks > 10 * platforms;
}

/// Reading a platform, running its kernels and costing each operator on it takes a worker about as
/// long as building so many networks.
constexpr std::size_t networksPerPlatform = 200;

/// Gives each worker the points of some platforms, variants of one id together, about as many
/// points to each. False when there are fewer ids than workers.
bool dealOut(const Study& study, std::span<const DesignPoint> points,
             std::vector<std::size_t>& part, std::vector<std::size_t>& sizes) {
  const int parameter = study.parameterIndex("platform");
  if (parameter < 0 || sizes.size() < 2) return false;
  std::vector<Coordinate> ids;  // in order of appearance
  std::unordered_map<Coordinate, std::size_t> counts;
  const auto idOf = [&](const DesignPoint& p) {
    return p.parameters[static_cast<std::size_t>(parameter)];
  };
  for (const DesignPoint& point : points)
    if (counts[idOf(point)]++ == 0) ids.push_back(idOf(point));
  if (ids.size() < sizes.size()) return false;
  std::unordered_map<Coordinate, std::size_t> worker;
  for (const Coordinate id : ids) {
    const auto least = std::min_element(sizes.begin(), sizes.end());
    worker[id] = static_cast<std::size_t>(least - sizes.begin());
    *least += counts[id];
  }
  for (std::size_t i = 0; i < points.size(); ++i) part[i] = worker[idOf(points[i])];
  return true;
}

}  // namespace

bool inNetworkBlocks(const Study& study) {
  double platforms = 1, networks = static_cast<double>(study.workloads.size());
  for (const DesignParameter& parameter : study.parameters) {
    const Section section = sectionOf(setKeyOf(parameter.key));
    const double choices = parameter.continuous() ? 1e6 : static_cast<double>(parameter.choices());
    if (section == Section::platform) platforms *= choices;
    if (section == Section::workload) networks *= choices;
  }
  return networksFirst(study, platforms, networks);
}

PointOrder affinityOrder(const Study& study, std::span<const DesignPoint> points,
                         std::size_t workers) {
  std::size_t platforms = 0, networks = 0;
  const std::vector<std::uint32_t> byPlatform =
      groupsOf(study, points, Section::platform, platforms);
  std::vector<std::uint32_t> block = groupsOf(study, points, Section::workload, networks);
  std::vector<std::size_t> part(points.size(), 0), sizes(workers, 0);
  bool apart = false;
  if (networksFirst(study, static_cast<double>(platforms), static_cast<double>(networks))) {
    for (std::uint32_t& network : block) network /= networksAtOnce;
    apart = networks < networksPerPlatform * platforms && dealOut(study, points, part, sizes);
  } else {
    block.assign(points.size(), 0);
  }
  PointOrder out;
  out.order.resize(points.size());
  std::iota(out.order.begin(), out.order.end(), std::size_t{0});
  std::stable_sort(out.order.begin(), out.order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(part[a], block[a], byPlatform[a]) <
           std::tuple(part[b], block[b], byPlatform[b]);
  });
  std::size_t begin = 0;
  for (std::size_t w = 0; w < workers; ++w) {
    out.parts.push_back(apart ? begin : w * points.size() / workers);
    begin += sizes[w];
  }
  return out;
}

}  // namespace wattlas
