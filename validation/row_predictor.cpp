#include "validation/row_predictor.h"

#include <algorithm>
#include <stdexcept>

#include "models/simulate.h"

namespace wattlas {

std::map<std::string, std::string> readAliases(const SearchPath& path) {
  std::map<std::string, std::string> out;
  const auto file = path.findPart("aliases.yaml");
  if (!file) return out;
  const ConfigNode tree = loadConfig(*file, path);
  for (const auto& [name, platform] : tree.entries()) out[name] = platform.scalar();
  return out;
}

RowPredictor::RowPredictor(const Registry& registry, const SearchPath& path,
                           const std::string& platform,
                           const std::vector<std::pair<std::string, ConfigNode>>& sets,
                           std::string stack)
    : stack_(std::move(stack)),
      experiment_(makeExperiment({platform, "gemv:1x1", sets}, registry, path)) {
  const Device& device = *experiment_.platform->device.device;
  const auto list = device.fidelities();
  const bool has = std::find(list.begin(), list.end(), experiment_.run.fidelity) != list.end();
  if (!has && experiment_.run.fidelityForced)
    throw InputError(
        Problem{{"--fidelity", 0},
                platform,
                std::string("has no '") + nameOf(experiment_.run.fidelity) + "' model yet",
                "--fidelity analytic",
                {}});
  level_ = has ? experiment_.run.fidelity : Fidelity::analytic;
}

Prediction RowPredictor::predict(const CsvFile& file, const CsvRecord& record) {
  try {
    return predict(operatorOf(file, record));
  } catch (const InputError& error) {
    Prediction p;
    p.reason = error.problems().front().text();
    return p;
  } catch (const std::overflow_error& error) {
    Prediction p;
    p.reason = error.what();
    return p;
  }
}

Prediction RowPredictor::predict(const CsvOperator& row) {
  constexpr std::size_t mostKept = 20000;
  Prediction out;
  const Device& device = *experiment_.platform->device.device;
  const Support support = device.support(row.op);
  if (support.level == Support::Level::refused) {
    out.reason = support.how;
    return out;
  }
  Graph graph;
  const OpId id = graph.add(row.op);
  const std::string& stack = row.stack.empty() ? stack_ : row.stack;
  out.stack = stack;
  WorkItem item{graph, {id}, PhaseKind::inference, 0, row.loopWorkingSet, stack, true};
  const auto program = device.lower(item);
  if (!program) {
    out.reason = program.error().what;
    return out;
  }
  if (!device.info().tiers.empty() &&
      device.residentBits(row.op) > device.info().tiers.front().capacity) {
    out.reason = "capacity: needs " + format(device.residentBits(row.op)) + ", " +
                 device.info().tiers.front().name + " holds " +
                 format(device.info().tiers.front().capacity);
    return out;
  }
  const Hash128 key = ProfileCache::key(**program, device, level_);
  if (++rows_ % mostKept == 0) cache_ = {};  // a file may hold a million different operators
  const Profile* profile = cache_.find(key);
  if (profile == nullptr)
    profile = &cache_.put(key, level_ == Fidelity::analytic ? device.estimate(**program)
                                                            : device.simulate(**program, level_));
  Ticks time = profile->alone();
  EnergyCounts spent;
  for (const Segment& segment : profile->segments) spent.add(segment.energy, segment.repeat);
  for (const CoefficientId power : device.energy().powers()) spent.add(power, time.ps);
  if (const auto* timed = dynamic_cast<const TimedDevice*>(&device))
    time = timed->measured(row.op, row.timing, time);
  else if (row.timing == Timing::hostSync)
    time += device.launch().hostSync;
  out.feasible = true;
  out.microseconds = static_cast<double>(time.ps) * 1e-6;
  out.joules = spent.energy(device.energy(), Scope::device).value;
  out.bound = profile->shares.empty() ? "compute" : nameOf(profile->shares.front().bottleneck);
  return out;
}

}  // namespace wattlas
