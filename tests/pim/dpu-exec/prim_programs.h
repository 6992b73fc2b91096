// Programs in the shape of compiled PrIM benchmarks (tests/data/dpu/prim): their data and what they
// must leave, computed in C++.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pim/dpu/exec/machine.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu::test {

struct PrimProgram {
  std::string name;  ///< file without ".s"
  std::function<void(DpuMachine&)> feed;
  /// Empty when the memories hold the right results, else what is wrong.
  std::function<std::string(const DpuMachine&)> check;
};

/// SEL, UNI, SCAN-SSA, SCAN-RSS, HST-L, TRNS, BFS, NW, SpMV, TS. `scale` multiplies the data where
/// the program allows it.
std::vector<PrimProgram> primPrograms(unsigned scale = 1);

/// A source of tests/data/dpu/`folder`.
Program assembledPrim(const std::string& name, unsigned tasklets,
                      const std::string& folder = "prim", const Defines& defines = {});

/// VA with the loop of the vendor's compiler: ten instructions an element.
PrimProgram vectorAddition(unsigned scale = 1);

/// Runs a program with its data in both engines, one machine from the ELF image and the other from
/// the source, and expects right results and equal cycles, statistics and memories.
DpuRunResult expectRightInBothEngines(const PrimProgram& program, const Program& assembled,
                                      RegisterFileRule rule);

}  // namespace wattlas::dpu::test
