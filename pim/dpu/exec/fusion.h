// Which instructions of executed programs could be one: expressions with few inputs and one result,
// loads whose address moves on, loop ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pim/dpu/isa/instruction_set.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu {

/// How often each instruction of a program was issued.
struct ExecutedProgram {
  std::string name;
  const Program* program = nullptr;
  std::vector<std::uint64_t> counts;  ///< by instruction
  double weight = 1;                  ///< share of all work that this program stands for
};

/// A proposal: instructions that occur together, as one.
struct Fusion {
  std::string what;             ///< for people: "fast multiply", "load with increment"
  std::string pattern;          ///< mnemonics in order, repeats counted
  std::string group;            ///< the pair or triple of it that saves most
  int instructions = 0;         ///< that become one
  int inputs = 0;               ///< registers that it reads
  double saved = 0;             ///< share of the issued instructions, weighted over programs
  double savedByGroup = 0;      ///< by the pair or triple alone
  std::vector<std::string> in;  ///< programs, the one that gains most first
};

/// Proposals by what they save, largest first.
std::vector<Fusion> fusionsOf(const std::vector<ExecutedProgram>& programs,
                              const InstructionSet& set = InstructionSet::builtin());

}  // namespace wattlas::dpu
