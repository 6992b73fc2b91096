#include "tests/models/toy_platform.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "models/host/host.h"
#include "tests/contract/toy_device.h"
#include "tests/paths.h"

namespace wattlas::test {
namespace {

const char* const description = R"(
title: Toy beside a processor
device:
  kind: toy
  lanes: 64
  clock: 1 GHz
  store: 64 MB
  buffer: 1 MB
  linkPeak: 8 GB/s
  energyPerMac: 1 pJ
  energyPerBit: 5 pJ/bit
  leakage: 0.1 W
host: {from: devices/cpu-xeon.yaml}
link: {rate: 4 GB/s, latency: 1 us, energyPerBit: 4 pJ/bit}
)";

Experiment make(const std::string& platform, const std::string& workload, const Sets& sets) {
  ExperimentSpec spec{platform, workload, {}};
  spec.sets.push_back(parseAssignment("workload.format=int8"));
  for (const auto& [key, value] : sets) spec.sets.push_back(parseAssignment(key + "=" + value));
  return makeExperiment(spec, registry(), path());
}

}  // namespace

const Registry& registry() {
  static const Registry all = [] {
    Registry r;
    registerToy(r);
    registerHost(r);
    return r;
  }();
  return all;
}

const SearchPath& path() {
  static const SearchPath data({wattlas::test::sourceRoot()});
  return data;
}

Experiment toyExperiment(const std::string& workload, const Sets& sets, const std::string& more) {
  const std::string file =
      ::testing::TempDir() + "/wattlas_toy_" + std::to_string(getpid()) + ".yaml";
  std::ofstream(file) << description << more << "\n";
  Experiment experiment = make(file, workload, sets);
  std::remove(file.c_str());
  return experiment;
}

Experiment hostExperiment(const std::string& workload, const Sets& sets) {
  return make("cpu-xeon", workload, sets);
}

RunResult analytic(const Experiment& experiment) {
  Experiment closed = experiment;
  closed.run.fidelity = Fidelity::analytic;
  ProfileCache cache;
  return simulate(closed, cache, {});
}

}  // namespace wattlas::test
