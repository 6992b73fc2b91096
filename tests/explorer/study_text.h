#pragma once

#include <string>

#include "explorer/study.h"

namespace wattlas::test {

/// Compiles a study from text.
inline Study study(const std::string& text) {
  return compileStudy(parseYaml(text, "study.yaml"), "study.yaml");
}

/// All problems of a study as one text; empty when there are none.
inline std::string problemsOf(const std::string& text) {
  try {
    study(text);
    return {};
  } catch (const InputError& error) {
    return error.what();
  }
}

/// A study over platforms alpha and beta with the given design parameters (indented by two spaces).
inline std::string studyText(const std::string& parameters, const std::string& rest = {}) {
  return "workloads: [net]\ngenes:\n  platform: {categorical: [alpha, beta]}\n" + parameters +
         "objectives: [{minimise: time_s}, {minimise: energy_j}]\n" + rest;
}

}  // namespace wattlas::test
