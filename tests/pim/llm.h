// Whole runs of language models on PIM platforms: what tests of phases, capacity and formats share.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "models/host/host.h"
#include "models/simulate.h"
#include "tests/paths.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {

inline Experiment llmExperiment(const std::string& platform, const std::string& workload,
                                const Sets& sets) {
  static const Registry registry = [] {
    Registry r;
    registerHost(r);
    registerPim(r);
    return r;
  }();
  static const SearchPath path({wattlas::test::sourceRoot()});
  static ExperimentMaker maker(registry, path);
  ExperimentSpec spec{platform, workload, {}};
  spec.sets.push_back(parseAssignment("run.fidelity=analytic"));
  for (const auto& [key, value] : sets) spec.sets.push_back(parseAssignment(key + "=" + value));
  return maker.make(spec);
}

/// The closed form of one run; the event level is held against it elsewhere.
inline RunResult llmRun(const std::string& platform, const std::string& workload,
                        const Sets& sets = {}) {
  ProfileCache cache;
  return simulate(llmExperiment(platform, workload, sets), cache, {});
}

inline const PhaseResult& phaseOf(const RunResult& result, const std::string& name) {
  for (const PhaseResult& phase : result.phases)
    if (phase.name == name) return phase;
  throw std::runtime_error("no phase " + name + (result.reasons.empty() ? "" : ": ") +
                           (result.reasons.empty() ? "" : result.reasons.front()));
}

}  // namespace wattlas::pim_test
