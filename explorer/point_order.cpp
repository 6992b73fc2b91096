#include "explorer/point_order.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "explorer/study_names.h"

namespace wattlas {
namespace {

/// Numbers the different settings of the genes of one section, in order of appearance.
std::vector<std::uint32_t> groupsOf(const Study& study, std::span<const DesignPoint> points,
                                    Section section, std::size_t& count) {
  std::vector<std::size_t> genes;
  for (std::size_t g = 0; g < study.genes.size(); ++g)
    if (sectionOf(setKeyOf(study.genes[g].key)) == section) genes.push_back(g);
  std::unordered_map<Hash128, std::uint32_t, Hash128Hasher> known;
  std::vector<std::uint32_t> groups;
  groups.reserve(points.size());
  for (const DesignPoint& point : points) {
    Hasher hasher;
    if (section == Section::workload) hasher.integer(point.workload);
    for (const std::size_t g : genes) {
      const Coordinate c = point.genes[g];
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

}  // namespace

bool networkByNetwork(const Study& study) {
  double platforms = 1, networks = static_cast<double>(study.workloads.size());
  for (const Gene& gene : study.genes) {
    const Section section = sectionOf(setKeyOf(gene.key));
    const double choices = gene.continuous() ? 1e6 : static_cast<double>(gene.choices());
    if (section == Section::platform) platforms *= choices;
    if (section == Section::workload) networks *= choices;
  }
  return networksFirst(study, platforms, networks);
}

std::vector<std::size_t> affinityOrder(const Study& study, std::span<const DesignPoint> points) {
  std::size_t platforms = 0, networks = 0;
  std::vector<std::uint32_t> groups = groupsOf(study, points, Section::platform, platforms);
  std::vector<std::uint32_t> byNetwork = groupsOf(study, points, Section::workload, networks);
  if (networksFirst(study, static_cast<double>(platforms), static_cast<double>(networks)))
    groups = std::move(byNetwork);
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return groups[a] < groups[b]; });
  return order;
}

}  // namespace wattlas
