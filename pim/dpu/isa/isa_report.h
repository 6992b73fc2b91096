// The instruction table as text for people and for other programs.
#pragma once

#include <iosfwd>

#include "pim/dpu/isa/instruction_set.h"

namespace wattlas::dpu {

/// Counts of forms, mnemonics and operands, and how much of the encoding space is taken, by the top
/// four bits of the word.
void isaReport(const InstructionSet& set, std::ostream& out);

/// The whole table as YAML: operand kinds, condition classes, forms.
void isaExport(const InstructionSet& set, std::ostream& out);

}  // namespace wattlas::dpu
