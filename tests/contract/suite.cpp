#include "tests/contract/suite.h"

#include <algorithm>

#include "fpga/register.h"
#include "gpu/sim/register.h"
#include "models/host/host.h"
#include "models/sim/platform_model.h"
#include "pim/registration.h"
#include "tests/paths.h"

namespace wattlas::suite {
const Registry& registry() {
  static const Registry all = [] {
    Registry r;
    registerHost(r);
    registerPim(r);
    registerFpga(r);
    registerGpu(r);
    return r;
  }();
  return all;
}

const SearchPath& path() {
  static const SearchPath data({wattlas::test::sourceRoot()});
  return data;
}

std::vector<std::string> platformIds() {
  std::vector<std::string> ids;
  for (const auto& [id, file] : path().list("platforms")) ids.push_back(id);
  return ids;
}

const std::vector<Point>& points() {
  static const std::vector<Point> all = [] {
    std::vector<Point> out;
    for (const char* workload :
         {"gemv:512x512", "gemm:8x256x256", "conv1d:256x4x8x5", "attn:1x8x8x128x64", "ecg-dscnn1d"})
      for (const char* format : {"int8", "fp16", "ternary"}) out.push_back({workload, format});
    return out;
  }();
  return all;
}

Experiment experiment(const std::string& platform, const Point& point, const Sets& sets) {
  ExperimentSpec spec{platform, point.workload, {}};
  spec.sets.push_back(parseAssignment("workload.format=" + point.format));
  for (const auto& [key, value] : sets) spec.sets.push_back(parseAssignment(key + "=" + value));
  static ExperimentMaker maker(registry(), path());
  return maker.make(spec);
}

RunResult Runner::operator()(const Experiment& experiment) {
  ProfileCache cache;
  return simulate(experiment, cache, platformSimulator);
}

bool offers(const Device& device, Fidelity fidelity) {
  const auto list = device.fidelities();
  return std::find(list.begin(), list.end(), fidelity) != list.end();
}

Fidelity highest(const Device& device) {
  return offers(device, Fidelity::detailed) ? Fidelity::detailed
         : offers(device, Fidelity::event)  ? Fidelity::event
                                            : Fidelity::analytic;
}

std::vector<std::shared_ptr<const Program>> devicePrograms(const Experiment& experiment) {
  std::vector<std::shared_ptr<const Program>> programs;
  for (const PlannedPhase& phase : makePlan(experiment).phases)
    for (const PlannedRegion& region : phase.regions)
      if (region.component() == onDevice)
        for (const StepGroup& group : region.groups) programs.push_back(group.program);
  return programs;
}

std::string label(const std::string& platform, const Point& point) {
  return platform + " " + point.workload + " " + point.format;
}

}  // namespace wattlas::suite
