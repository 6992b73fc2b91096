// Shortcuts for tests of workloads.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "models/base/error.h"
#include "tests/paths.h"
#include "workloads/graph/workload.h"

namespace wattlas::testing {

/// Options as `--set workload.KEY=VALUE` would give them.
inline ConfigNode optionsOf(std::initializer_list<const char*> assignments) {
  ConfigNode options = ConfigNode::ofMap();
  for (const char* text : assignments) {
    auto [key, value] = parseAssignment(text);
    options.set(key, std::move(value));
  }
  return options;
}

inline SearchPath library() {
  return SearchPath({wattlas::test::sourceRoot()});
}

inline Workload make(const std::string& reference,
                     std::initializer_list<const char*> assignments = {}) {
  return makeWorkload(reference, optionsOf(assignments), library());
}

/// A workload out of text in place of a file.
inline Workload fromText(const std::string& yaml,
                         std::initializer_list<const char*> assignments = {}) {
  return buildWorkload("test", parseYaml(yaml, "test.yaml"), optionsOf(assignments));
}

inline const Operator& find(const Phase& phase, const std::string& name) {
  for (std::size_t v = 0; v < phase.graph.size(); ++v)
    if (phase.graph.at(static_cast<OpId>(v)).name == name)
      return phase.graph.at(static_cast<OpId>(v));
  throw std::runtime_error("no operator " + name);
}

/// Text of the InputError that `run` throws; empty when it throws none.
template <class Run>
std::string errorOf(Run run) {
  try {
    run();
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

}  // namespace wattlas::testing
