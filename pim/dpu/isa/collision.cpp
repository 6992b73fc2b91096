// Whether two forms could both decode one word.
#include "pim/dpu/isa/bits.h"
#include "pim/dpu/isa/instruction_set.h"

namespace wattlas::dpu {

namespace {

/// An operand that does not accept every value of its fields: words it allows.
struct Choice {
  std::uint64_t bits;
  std::vector<std::uint64_t> words;
};

std::vector<Choice> choices(const Form& form) {
  std::vector<Choice> all;
  for (const auto& operand : form.operands) {
    if (operand.fields.empty()) continue;
    auto values = legalValues(form, operand);
    if (values.empty()) {
      // Bits stored twice must agree: the sign copies of a narrow immediate.
      std::uint32_t repeated = 0, once = 0;
      for (const auto& f : operand.fields) {
        const auto bits = static_cast<std::uint32_t>(ones(unsigned(f.hi - f.lo + 1)) << f.lo);
        repeated |= once & bits;
        once |= bits;
      }
      if (repeated == 0) continue;
      Choice choice{0, {0}};
      for (const auto& f : operand.fields) {
        if (((std::uint32_t{1} << f.hi) & repeated) != 0) {
          choice.bits |= std::uint64_t{1} << (f.at + f.hi - f.lo);
        }
      }
      choice.words.push_back(choice.bits);
      all.push_back(choice);
      continue;
    }
    Choice choice{coverage(operand.fields), {}};
    for (const auto value : values) choice.words.push_back(deposit(operand.fields, value));
    all.push_back(choice);
  }
  return all;
}

std::optional<std::uint64_t> search(const std::vector<Choice>& all, std::size_t next,
                                    std::uint64_t fixed, std::uint64_t word) {
  if (next == all.size()) return word;
  const auto& choice = all[next];
  for (const auto candidate : choice.words) {
    if (((candidate ^ word) & choice.bits & fixed) != 0) continue;
    if (const auto found = search(all, next + 1, fixed | choice.bits, word | candidate)) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> commonWord(const Form& a, const Form& b) {
  if (((a.base ^ b.base) & a.mask & b.mask) != 0) return std::nullopt;
  auto all = choices(a);
  const auto others = choices(b);
  all.insert(all.end(), others.begin(), others.end());
  return search(all, 0, a.mask | b.mask, a.base | b.base);
}

}  // namespace wattlas::dpu
