// The forms in force: the built-in UPMEM table, or a copy of it with forms added at run time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/error.h"
#include "pim/dpu/isa/instruction.h"

namespace wattlas::dpu {

/// A set of forms. Copies share their forms; an Instruction points into the set that decoded it or
/// into any copy of that set, which must outlive it.
class InstructionSet {
 public:
  /// The 1,080 forms of the UPMEM DPU; immutable, made on first use (about 1 ms).
  static const InstructionSet& builtin();

  /// Adds a form and returns it. Throws InputError when the form contradicts itself (fields on
  /// fixed bits, bits that belong to nothing, a key twice) or when a word exists that it and a
  /// form of this set would both decode; the message shows that word.
  const Form& add(Form form);
  /// Reads one line of the table grammar (form_text.h) and adds it.
  const Form& add(std::string_view line);
  /// Adds an operand kind (`name kind type hi:lo@bit ...`); an existing name is replaced for the
  /// forms that are added later. Throws InputError.
  void addOperandKind(std::string_view line) { readOperandKind(line, operands_); }

  /// Decodes: (word & mask) == base, registers, pairs and conditions legal, then the form with the
  /// most fixed bits. Alias forms are never returned.
  Expected<Instruction, DecodeError> decode(std::uint64_t word) const;

  /// The shortest sugar for a word (`jz r3, 7` for `sub zero, r3, 0, z, 7`), or nothing.
  std::optional<Instruction> sugar(std::uint64_t word) const;

  const std::vector<std::shared_ptr<const Form>>& forms() const { return forms_; }
  const Form* form(std::string_view key) const;
  /// The forms of a mnemonic in table order; empty when there is no such mnemonic.
  const std::vector<const Form*>& formsOf(std::string_view mnemonic) const;
  std::vector<std::string> mnemonics() const;
  const OperandNames& operandNames() const { return operands_; }

 private:
  const Form& insert(Form form);
  void index();

  OperandNames operands_;
  std::vector<std::shared_ptr<const Form>> forms_;
  std::map<std::string, const Form*, std::less<>> byKey_;
  std::map<std::string, std::vector<const Form*>, std::less<>> byMnemonic_;
  /// Decodable and alias forms by bits that most forms fix; most fixed bits first.
  std::vector<std::vector<const Form*>> buckets_, aliases_;
};

/// A word that both forms would decode (masks, registers and conditions considered), if any.
std::optional<std::uint64_t> commonWord(const Form& a, const Form& b);

/// Reads the operands of `form` out of a word whose fixed bits match; nothing when a register,
/// pair, condition or repeated bit is illegal.
std::optional<Instruction> extract(const Form& form, std::uint64_t word);

/// Whether a register number may stand in an operand of that type, and which may, for people.
bool legalRegister(OperandType type, std::uint32_t number);
const char* registerRule(OperandType type);
/// The member that holds the register of such an operand; null for other operands.
std::uint8_t Instruction::*registerOf(OperandKind kind);
/// Values of an immediate or offset.
struct ValueRange {
  std::int64_t low, high;
};
ValueRange rangeOf(const Operand& operand);

/// Values an operand field may hold, for operands whose fields do not accept every value; empty =
/// all. The values are field values (register numbers or condition codes).
std::vector<std::uint32_t> legalValues(const Form& form, const Operand& operand);

// Moving operand values in and out of their scattered bit fields.

inline std::uint64_t ones(unsigned bits) {
  return (std::uint64_t{1} << bits) - 1;
}

/// Bits of the word that the fields occupy.
inline std::uint64_t coverage(const std::vector<BitField>& fields) {
  std::uint64_t bits = 0;
  for (const auto& f : fields) bits |= ones(unsigned(f.hi - f.lo + 1)) << f.at;
  return bits;
}

inline std::uint64_t deposit(const std::vector<BitField>& fields, std::uint32_t value) {
  std::uint64_t word = 0;
  for (const auto& f : fields) {
    word |= ((std::uint64_t{value} >> f.lo) & ones(unsigned(f.hi - f.lo + 1))) << f.at;
  }
  return word;
}

/// Nothing when a bit that is stored twice differs.
inline std::optional<std::uint32_t> gather(const std::vector<BitField>& fields,
                                           std::uint64_t word) {
  std::uint64_t value = 0;
  for (const auto& f : fields) {
    value |= ((word >> f.at) & ones(unsigned(f.hi - f.lo + 1))) << f.lo;
  }
  if (deposit(fields, static_cast<std::uint32_t>(value)) != (word & coverage(fields))) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(value);
}

inline std::int32_t signExtend(std::uint32_t value, unsigned bits) {
  if (bits >= 32) return static_cast<std::int32_t>(value);
  const std::uint32_t sign = std::uint32_t{1} << (bits - 1);
  return static_cast<std::int32_t>((value ^ sign) - sign);
}

}  // namespace wattlas::dpu
