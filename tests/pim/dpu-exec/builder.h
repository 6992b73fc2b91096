// Builds small programs from form keys, without the assembler, for tests of the executor.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pim/dpu/isa/instruction_set.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu::test {

/// Operands of one instruction; unset ones are 0.
struct Ops {
  int rc = 0, ra = 0, rb = 0;
  std::int64_t imm = 0;
  std::int64_t off = 0;
  Condition cc = Condition::false_;
  std::string to = {};  ///< label of the branch target
  bool big = false;
};

class Builder {
 public:
  std::uint32_t here() const { return static_cast<std::uint32_t>(code_.size()); }
  Builder& label(const std::string& name) {
    labels_[name] = here();
    return *this;
  }
  Builder& add(const std::string& key, const Ops& ops = {}) {
    const Form* form = InstructionSet::builtin().form(key);
    if (form == nullptr) throw std::runtime_error("no form " + key);
    Instruction in;
    in.form = form;
    in.rc = static_cast<std::uint8_t>(ops.rc);
    in.ra = static_cast<std::uint8_t>(ops.ra);
    in.rb = static_cast<std::uint8_t>(ops.rb);
    in.imm = static_cast<std::int32_t>(ops.imm);
    in.offset = static_cast<std::int32_t>(ops.off);
    in.condition = ops.cc;
    in.bigEndian = ops.big;
    code_.emplace_back(in, ops.to);
    return *this;
  }
  Program build() const {
    Program program;
    program.name = "test";
    for (const auto& [instruction, to] : code_) {
      Instruction in = instruction;
      if (!to.empty()) in.target = static_cast<std::uint16_t>(labels_.at(to));
      if (!to.empty() && in.form->operation == Operation::call) {
        in.offset = static_cast<std::int32_t>(labels_.at(to));
      }
      auto word = encode(in);
      if (!word) throw std::runtime_error(in.form->key + ": " + word.error().reason);
      program.text.push_back(*word);
    }
    for (const auto& [name, at] : labels_) {
      program.symbols.push_back(
          {name, kIramAddress + 8 * at, 0, Memory::iram, SymbolKind::label, false});
    }
    program.tidy();
    return program;
  }

 private:
  std::vector<std::pair<Instruction, std::string>> code_;
  std::map<std::string, std::uint32_t> labels_;
};

}  // namespace wattlas::dpu::test
