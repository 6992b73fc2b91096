// Instructions of configuration files, added or changed: encoding, semantics, timing, energy, area.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/base/hash.h"
#include "models/base/parameter.h"
#include "pim/dpu/isa/instruction_set.h"
#include "pim/dpu/isa/semantics.h"

namespace wattlas {

class ConfigNode;
}

namespace wattlas::dpu {

/// What one instruction of a file does and costs.
struct InstructionModel {
  std::optional<Semantics> semantics;  ///< without: that of the built-in operation
  std::int64_t issueSlots = 1;         ///< cycles in which nobody else issues, its own included
  std::int64_t latency = 0;    ///< cycles to the tasklet's next issue; at least the revolver's
  std::int64_t occupancy = 0;  ///< cycles that the one unit of this instruction is taken
  int unit = 0;                ///< which unit, for `occupancy`
  Sourced<Joules> energy;      ///< beyond fetch, issue and what it reads of WRAM
  Sourced<SquareMm> area;      ///< of one DPU
  Sourced<Ratio> clockFactor;  ///< of the DPU's clock, 1 = no effect
  /// Takes effect in the tasklet alone and one issue slot.
  bool plain() const { return issueSlots == 1 && latency == 0 && occupancy == 0; }
};

class IsaExtension {
 public:
  /// Reads `forms:` (new instructions), `changes:` (existing ones, by mnemonic) and `kernels:`
  /// (assembly macros for the kernel templates); the format is that of docs/new-instruction.md.
  /// Throws InputError with file, line and everything that is wrong.
  static std::shared_ptr<const IsaExtension> read(const ConfigNode& tree);
  static std::shared_ptr<const IsaExtension> read(const std::vector<ConfigNode>& trees);

  /// Built-in and added forms, for assembler and disassembler.
  const InstructionSet& set() const { return set_; }
  /// Decodes for execution: added forms carry the operation they execute as.
  Expected<Instruction, DecodeError> decode(std::uint64_t word) const;
  /// Of an instruction that decode() gave, or null.
  const InstructionModel* modelOf(const Form* form) const;
  /// Macro definitions for the kernel templates.
  const std::string& macros() const { return macros_; }

  /// Of everything that the files say.
  const Hash128& hash() const { return hash_; }

  /// Added to every DPU, and the factor of its clock: all instructions together.
  SquareMm area() const;
  double clockFactor() const;
  /// Models by mnemonic, for reports.
  const std::map<std::string, InstructionModel>& models() const { return models_; }

 private:
  class Reader;
  InstructionSet set_ = InstructionSet::builtin();
  std::vector<std::unique_ptr<Form>> executable_;
  std::map<const Form*, const Form*> executedAs_;
  std::map<std::string, InstructionModel> models_;              ///< by mnemonic
  std::map<const Form*, const InstructionModel*> modelOfForm_;  ///< by executable form
  Hash128 hash_;
  std::string macros_;
};

/// The instructions of files by id (configs/isa) or path, all together; null for none. Read once
/// per process. Throws InputError: no such file (naming near ids), and everything that
/// IsaExtension::read refuses.
std::shared_ptr<const IsaExtension> loadIsa(const std::vector<std::string>& ids);

}  // namespace wattlas::dpu
