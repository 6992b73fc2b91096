// The instruction table as text for people and for other programs.
#pragma once

#include <iosfwd>
#include <string_view>
#include <vector>

#include "models/base/config.h"
#include "pim/dpu/isa/instruction_set.h"

namespace wattlas::dpu {

/// Counts of forms, mnemonics and operands, and how much of the encoding space is taken, by the top
/// four bits of the word.
void isaReport(const InstructionSet& set, std::ostream& out);

/// The whole table as YAML: operand kinds, condition classes, forms.
void isaExport(const InstructionSet& set, std::ostream& out);

// Instructions from a configuration file: the format of isaExport(), with any part of the table.

/// Adds the operand kinds and forms of a tree such as
///   operands: {imm.s6: {kind: imm, type: s6, fields: ["5:0@28"]}}
///   forms:
///     - {mnemonic: sa_mac, shape: rrr, base: 0xa00000000000, mask: 0xff80fff1ffff,
///        conditions: none, operands: [ra, rb]}
/// A form that the set has with the same encoding is passed over, so an exported table reads back.
/// Instead of base and mask a form may have `slot: N` (0..255) of the space that the vendor leaves
/// free (bits 47:44 = 0xa); its operands are then rc or dc, ra, rb or db, imm (16 bits) or pc, in
/// the bits given there. A collision names the nearest free slot. Keys of a form that are not about
/// its encoding (semantics, costs) are named in `otherKeys`; any further key is a problem. Throws
/// InputError with all problems and their lines.
void addForms(const ConfigNode& tree, InstructionSet& set,
              const std::vector<std::string_view>& otherKeys = {});

}  // namespace wattlas::dpu
