#include <algorithm>
#include <array>
#include <string_view>

#include "pim/dpu/isa/instruction_set.h"

namespace wattlas::dpu {

namespace {

constexpr std::string_view kOperandText =
#include "pim/dpu/isa/upmem_operands.def"
    ;
constexpr std::array<std::string_view, 7> kFormTexts = {
#include "pim/dpu/isa/upmem_arithmetic.def"
    ,
#include "pim/dpu/isa/upmem_logic.def"
    ,
#include "pim/dpu/isa/upmem_shift.def"
    ,
#include "pim/dpu/isa/upmem_multiply.def"
    ,
#include "pim/dpu/isa/upmem_unary.def"
    ,
#include "pim/dpu/isa/upmem_memory.def"
    ,
#include "pim/dpu/isa/upmem_control.def"
};

template <class Action>
void eachLine(std::string_view text, Action action) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (end != 0) action(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

const InstructionSet& InstructionSet::builtin() {
  static const InstructionSet set = [] {
    InstructionSet made;
    eachLine(kOperandText, [&](std::string_view line) { readOperandKind(line, made.operands_); });
    for (const auto text : kFormTexts) {
      eachLine(text, [&](std::string_view line) { made.insert(readForm(line, made.operands_)); });
    }
    made.index();
    return made;
  }();
  return set;
}

}  // namespace wattlas::dpu
