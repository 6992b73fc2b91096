// What the tests of the instruction set share.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "models/base/error.h"
#include "pim/dpu/program/program_files.h"
#include "tests/paths.h"

namespace wattlas::dpu::test {

inline std::string dataFile(const std::string& name) {
  return std::string(wattlas::test::dataFolder()) + "/dpu/" + name;
}

/// The text of the error that `action` throws, or "" when it throws none.
template <class Action>
std::string errorOf(Action action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

inline Program assembled(const std::string& source, AssembleOptions options = {}) {
  return assemble(source, "test.s", options);
}

/// The word of a source of one instruction.
inline std::uint64_t wordOf(const std::string& source) {
  return assembled(source).text.at(0);
}

inline std::string assemblyError(const std::string& source, AssembleOptions options = {}) {
  return errorOf([&] { assembled(source, options); });
}

}  // namespace wattlas::dpu::test
