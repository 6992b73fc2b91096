#include "pim/dpu/isa/isa_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <set>

#include "pim/dpu/isa/bits.h"

namespace wattlas::dpu {

namespace {

template <class... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), format, arguments...);
  return text.data();
}

/// Words of the form: the product of what its operands accept.
double words(const Form& form) {
  double product = 1;
  for (const auto& operand : form.operands) {
    if (operand.fields.empty()) continue;
    const auto values = legalValues(form, operand);
    std::set<std::uint32_t> distinct(values.begin(), values.end());
    std::uint32_t bits = 0;
    for (const auto& f : operand.fields) {
      bits |= static_cast<std::uint32_t>(ones(unsigned(f.hi - f.lo + 1)) << f.lo);
    }
    double all = 1;
    for (unsigned i = 0; i < 32; ++i) all *= (bits >> i & 1) != 0 ? 2 : 1;
    product *= distinct.empty() ? all : static_cast<double>(distinct.size());
  }
  return product;
}

struct Share {
  std::size_t forms = 0;
  double words = 0;
};

/// Forms and words by the top four bits. A form that leaves some of those open counts in each group
/// with its part of the words.
std::array<Share, 16> shares(const InstructionSet& set) {
  std::array<Share, 16> groups{};
  for (const auto& form : set.forms()) {
    if (form->alias) continue;
    std::vector<std::size_t> open;
    for (std::uint64_t top = 0; top < groups.size(); ++top) {
      if ((((top << 44) ^ form->base) & form->mask & (std::uint64_t{15} << 44)) == 0) {
        open.push_back(top);
      }
    }
    for (const auto top : open) {
      ++groups[top].forms;
      groups[top].words += words(*form) / static_cast<double>(open.size());
    }
  }
  return groups;
}

unsigned freePrefixes(const InstructionSet& set) {
  unsigned free = 0;
  for (std::uint64_t prefix = 0; prefix < 4096; ++prefix) {
    const bool used = std::any_of(set.forms().begin(), set.forms().end(), [&](const auto& form) {
      return (((prefix << 36) ^ form->base) & form->mask & (std::uint64_t{0xFFF} << 36)) == 0;
    });
    free += used ? 0 : 1;
  }
  return free;
}

std::string fieldsText(const Operand& operand) {
  std::string text = "[";
  for (const auto& f : operand.fields) {
    text += (text.size() > 1 ? ", " : "") + formatted("\"%u:%u@%u\"", f.hi, f.lo, f.at);
  }
  return text + "]";
}

}  // namespace

void isaReport(const InstructionSet& set, std::ostream& out) {
  std::size_t aliases = 0, fused = 0, pairs = 0, setting = 0;
  std::set<std::string> operations, shapes;
  for (const auto& form : set.forms()) {
    aliases += form->alias ? 1 : 0;
    if (form->alias) continue;
    fused += form->branches ? 1 : 0;
    pairs += form->destination == Destination::pair ? 1 : 0;
    setting += form->write == WriteMode::setOnCondition ? 1 : 0;
    operations.insert(form->operationText);
    shapes.insert(form->shape);
  }
  const auto decoded = set.forms().size() - aliases;
  out << set.forms().size() << " forms (" << decoded << " decoded, " << aliases << " sugar), "
      << set.mnemonics().size() << " mnemonics, " << operations.size() << " decoded operations, "
      << shapes.size() << " operand shapes\n"
      << "decoded forms that branch in the same slot: " << fused
      << ", set a register on a condition: " << setting << ", write a pair: " << pairs << '\n'
      << "top four bits: forms, part of their words in use\n";
  double total = 0;
  const auto groups = shares(set);
  for (unsigned top = 0; top < groups.size(); ++top) {
    const double part = groups[top].words / static_cast<double>(std::uint64_t{1} << 44);
    total += part / 16;
    out << formatted("  %x: %4zu  %6.2f %%\n", top, groups[top].forms, 100 * part);
  }
  out << formatted("encoding space in use: %.2f %%, free: %.2f %%\n", 100 * total,
                   100 * (1 - total))
      << "free prefixes of twelve bits (47:36): " << freePrefixes(set) << " of 4096\n";
}

void isaExport(const InstructionSet& set, std::ostream& out) {
  out << "# Instruction table of the DPU. Encodings: instruction encoder of the public UPMEM SDK\n"
         "# 2020.2.1, with which the public LLVM back end for the DPU agrees.\n"
         "schema: 1\noperands:\n";
  for (const auto& [key, operand] : set.operandNames()) {
    out << "  " << key << ": {kind: " << kindText(operand.kind) << ", type: " << typeText(operand)
        << ", fields: " << fieldsText(operand) << "}\n";
  }
  out << "conditions:\n";
  for (unsigned i = 1; i <= static_cast<unsigned>(ConditionClass::trueFalseCc); ++i) {
    const auto kind = static_cast<ConditionClass>(i);
    out << "  " << name(kind) << ": {";
    const char* separator = "";
    for (const auto& entry : conditionCodes(kind)) {
      out << separator << '"' << name(entry.condition) << "\": " << unsigned{entry.code};
      separator = ", ";
    }
    out << "}\n";
  }
  out << "forms:\n";
  for (const auto& form : set.forms()) {
    // The names of the operands are the last words of the form's line in the table.
    const auto line = formText(*form, set.operandNames());
    std::string operands = line;
    for (int word = 0; word < 5 && !operands.empty(); ++word) {
      const auto space = operands.find(' ');
      operands.erase(0, space == std::string::npos ? operands.size() : space + 1);
    }
    for (std::size_t at = operands.find(' '); at != std::string::npos;
         at = operands.find(' ', at + 2)) {
      operands.replace(at, 1, ", ");
    }
    out << "  - {key: " << form->key << ", mnemonic: " << form->mnemonicText << ", shape: \""
        << form->shape << "\", base: "
        << formatted("0x%012llx, mask: 0x%012llx", static_cast<unsigned long long>(form->base),
                     static_cast<unsigned long long>(form->mask))
        << ", conditions: "
        << (form->conditionClass == ConditionClass::none ? "none"
                                                         : std::string(name(form->conditionClass)))
        << ", sugar: " << (form->alias ? "true" : "false") << ", operands: [" << operands << "]}\n";
  }
}

}  // namespace wattlas::dpu
