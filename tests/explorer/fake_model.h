// A model for explorer tests: time, energy and power as simple functions of design parameters, and
// misbehaviour on demand.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "models/experiment.h"

namespace wattlas::test {

inline double numberOf(const ExperimentSpec& spec, const std::string& key, double fallback) {
  double value = fallback;
  for (const auto& [k, node] : spec.sets)
    if (k == key) value = std::strtod(node.scalar().c_str(), nullptr);
  return value;
}

inline std::string textOf(const ExperimentSpec& spec, const std::string& key) {
  std::string value;
  for (const auto& [k, node] : spec.sets)
    if (k == key) value = node.scalar();
  return value;
}

/// time = 10 / x * (1 + w), energy = x * y, with x, y, w design parameters; `act` asks for trouble.
inline RunResult fakeRun(const ExperimentSpec& spec) {
  const std::string act = textOf(spec, "act");
  if (act == "crash") std::abort();
  if (act == "segv") {
    ::signal(SIGSEGV, SIG_DFL);  // sanitizers have a handler of their own
    ::raise(SIGSEGV);
  }
  if (act == "hang") ::pause();
  if (act == "throw") throw std::runtime_error("the model has a bug");
  if (act == "invalid")
    throw InputError(Problem{{"somewhere.yaml", 3}, "device.x", "9 is out of range", "1 to 8", {}});
  if (act == "grow") {
    std::vector<std::string> hoard;
    for (;;) hoard.emplace_back(std::size_t{64} << 20, 'x');
  }
  RunResult r;
  r.platform = spec.platform;
  r.workload = spec.workload;
  r.format = textOf(spec, "workload.format");
  r.fidelity = textOf(spec, "run.fidelity");
  r.fidelityUsed = {{"device", "event"}, {"host", "analytic"}};
  r.scope = textOf(spec, "run.scope");
  r.configHash = "0123456789abcdef";
  if (act == "refuse") {
    r.feasible = false;
    r.reasons = {"needs " + textOf(spec, "x") + " MB more than there are"};
    return r;
  }
  const double x = numberOf(spec, "x", 1), y = numberOf(spec, "y", 1);
  const double slow = spec.platform == "beta" ? 3 : 1;
  r.timeS = 10 / x * slow;
  r.energyJ = x * y / slow;
  r.powerAvgW = r.energyJ / r.timeS;
  r.powerPeakW = 2 * r.powerAvgW;
  r.breakdownJ[0] = r.energyJ;
  r.tiers = {{"DRAM", 1e6, x * 1e6, 3e6}};
  r.peakBytes = x * 1e6;
  r.capacityBytes = 3e6;
  OperatorResult op;
  op.attributedS = r.timeS;
  op.bound = spec.platform == "beta" ? "memory" : "compute";
  r.operators = {op};
  r.attributedS[static_cast<std::size_t>(spec.platform == "beta" ? BottleneckCategory::memory
                                                                 : BottleneckCategory::compute)] =
      r.timeS;
  return r;
}

}  // namespace wattlas::test
