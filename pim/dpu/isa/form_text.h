// The text grammar of the instruction table: one operand kind or one form a line. Built-in forms
// and forms added at run time go through the same reader.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "pim/dpu/isa/form.h"

namespace wattlas::dpu {

/// Operand kinds by name, such as "imm.s24".
using OperandNames = std::map<std::string, Operand, std::less<>>;

/// Reads `name kind type [hi:lo@bit ...]`; throws InputError naming the token.
void readOperandKind(std::string_view line, OperandNames& names);

/// Reads `[~]mnemonic shape base mask conditions operands...` (hexadecimal words, `-` for nothing)
/// and derives the executor's facts; throws InputError naming the token.
Form readForm(std::string_view line, const OperandNames& names);

/// Writes a form in that grammar; `names` gives the operand names.
std::string formText(const Form& form, const OperandNames& names);

/// Name of a type as in the grammar, such as "s24"; `regcst` and so on for registers.
std::string typeText(const Operand& operand);
std::string_view kindText(OperandKind kind);

/// Fills the facts that follow from mnemonic, conditions and operands (write mode, destination,
/// sources, issue class ...). readForm() calls it; a form built by hand needs it before add().
void deriveFacts(Form& form);

}  // namespace wattlas::dpu
