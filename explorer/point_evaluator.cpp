#include "explorer/point_evaluator.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "explorer/child_process.h"
#include "explorer/study.h"
#include "explorer/worker_protocol.h"

namespace wattlas {

ExperimentSource::ExperimentSource(const Study& study, ExperimentMaker& maker)
    : study_(study), maker_(maker) {
  for (std::size_t g = 0; g < study.parameters.size(); ++g) {
    const std::string key = setKeyOf(study.parameters[g].key);
    decides(sectionOf(key), key, &Inputs::parameters, g);
  }
  for (std::size_t d = 0; d < study.derived.size(); ++d)
    if (study.derived[d].sets()) {
      const std::string key = setKeyOf(study.derived[d].key);
      decides(sectionOf(key), key, &Inputs::derived, d);
    }
  // Points that come in blocks of networks need a network for a moment only.
  if (inNetworkBlocks(study)) mostWorkloads_ = networksAtOnce;
  maker_.keepWorkloads(networksAtOnce);
}

void ExperimentSource::prepare() {
  std::vector<std::string> platforms;
  for (const auto& [key, value] : study_.sets)
    if (key == "platform") platforms.push_back(canonicalText(value));
  const int parameter = study_.parameterIndex("platform");
  if (parameter >= 0) {
    const DesignParameter& choices = study_.parameters[static_cast<std::size_t>(parameter)];
    for (std::size_t i = 0; i < choices.choices(); ++i)
      platforms.push_back(canonicalText(choices.node(static_cast<Coordinate>(i))));
  }
  // A file that cannot be read becomes the row of each point that names it.
  const auto attempt = [](const auto& read) {
    try {
      (void)read();
    } catch (const InputError&) {
    }
  };
  for (const std::string& id : platforms) attempt([&] { return maker_.readPlatform(id).id; });
  for (const std::string& id : study_.workloads) attempt([&] { return maker_.readWorkload(id); });
}

void ExperimentSource::decides(Section section, const std::string& key,
                               std::vector<std::size_t> Inputs::*list, std::size_t index) {
  const auto add = [&](Section s) {
    (inputs_[static_cast<std::size_t>(s)].*list).push_back(index);
  };
  add(section);
  // A mapping file changes the platform; a merged configuration given as platform brings run
  // options of its own.
  if (key == "run.mapping") add(Section::platform);
  if (key == "platform") add(Section::run);
}

Hash128 ExperimentSource::keyOf(Section section, const DesignPoint& point) const {
  const Inputs& inputs = inputs_[static_cast<std::size_t>(section)];
  Hasher hasher;
  const PointValues values(study_, point);
  if (section == Section::workload) hasher.integer(point.workload);
  for (const std::size_t g : inputs.parameters) {
    const Coordinate c = point.parameters[g];
    hasher.integer(std::isnan(c) ? -1 : std::bit_cast<std::int64_t>(c));
  }
  for (const std::size_t d : inputs.derived) {
    const Value v = values.at(study_.slots.firstDerived() + static_cast<int>(d));
    hasher.integer(static_cast<int>(v.kind)).text(v.text);
    hasher.real(v.hasNumber() || v.kind == Value::Kind::boolean ? v.number : 0);
  }
  return hasher.finish();
}

Experiment ExperimentSource::at(const DesignPoint& point) {
  const Hash128 platformKey = keyOf(Section::platform, point),
                workloadKey = keyOf(Section::workload, point), runKey = keyOf(Section::run, point);
  const auto platform = platforms_.find(platformKey);
  const auto workload = workloads_.find(workloadKey);
  const auto run = runs_.find(runKey);
  if (platform != platforms_.end() && workload != workloads_.end() && run != runs_.end())
    return maker_.assemble(platform->second, workload->second, run->second);

  const auto parts = maker_.build(specOf(study_, point));
  const auto keep = [](auto& kept, const Hash128& key, const auto& part, std::size_t most) {
    if (kept.size() >= most) kept.clear();
    kept.insert_or_assign(key, part);
  };
  keep(platforms_, platformKey, parts.platform, mostKept);
  keep(workloads_, workloadKey, parts.workload, mostWorkloads_);
  keep(runs_, runKey, parts.run, mostKept);
  return maker_.assemble(parts.platform, parts.workload, parts.run);
}

SimulatingEvaluator::SimulatingEvaluator(const Study& study, const Registry& registry,
                                         const SearchPath& path, SimulatorSource simulator,
                                         std::unique_ptr<AccuracyOracle> accuracy)
    : study_(study),
      maker_(registry, path),
      source_(study_, maker_),
      simulator_(std::move(simulator)),
      accuracy_(std::move(accuracy)) {}

PointOutcome SimulatingEvaluator::outcome(const DesignPoint& point, bool withDetail) {
  return rowOf([&] {
    const Experiment experiment = source_.at(point);
    RunResult result =
        simulate(experiment, cache_, simulator_, withDetail ? Detail::full : Detail::totals);
    // A refused design needs no accuracy: measuring costs more than anything else here.
    if (accuracy_ && result.feasible) result.accuracy = accuracy_->of(experiment);
    if (result.feasible) simulatedS_ += result.timeS;
    return outcomeOf(study_, point, result, withDetail);
  });
}

void SimulatingEvaluator::evaluate(std::span<const DesignPoint> points, bool withDetail,
                                   const Done& done) {
  for (const DesignPoint& point : points) {
    cache_.trim();
    if (simulatedS_ < mostSimulatedS) {
      done(outcome(point, withDetail));
      continue;
    }
    // The clock of SystemC only runs forward: a child takes the point on its own copy of it.
    done(decodeResults(runInChild([&] {
           const PointOutcome one = outcome(point, withDetail);
           return encodeResults({&one, 1});
         })).front());
  }
}

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
