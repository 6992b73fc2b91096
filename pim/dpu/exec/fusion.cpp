#include "pim/dpu/exec/fusion.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <set>

#include "pim/dpu/exec/core.h"

namespace wattlas::dpu {

namespace {

constexpr std::uint32_t kAll = (1U << kRegisters) - 1;
constexpr int kMostInputs = 3;  ///< read ports of the register file, and what an encoding holds

RegisterUse useOf(const Instruction& in) {
  RegisterUse use = registerUse(in);
  const Operation op = in.form->operation;  // of a file: accumulates, and may move its address
  if (op == Operation::custom || op == Operation::mulStep || op == Operation::divStep)
    use.reads |= use.writes;
  return use;
}

bool isLoad(const Instruction& in) {
  return in.form->issue == IssueClass::loadStore && in.form->second == Source::none;
}
bool jumps(const Instruction& in) {
  return in.form->branches && in.condition != Condition::false_;
}
bool multiplies(const Instruction& in) {
  return in.form->issue == IssueClass::multiply || in.form->operation == Operation::mulStep;
}

/// One name for the sixteen 8 x 8-bit multiplications.
std::string nameOf(const Instruction& in) {
  const std::string& text = in.form->mnemonicText;
  return text.starts_with("mul_s") && text != "mul_step" ? "mul8"
         : text.starts_with("mul_u")                     ? "mul8"
                                                         : text;
}

std::string titleOf(int products, int shifted, int sums, int counts) {
  if (products > 0 && shifted > 0) return "fast multiply";
  if (products > 1) return "dot product";
  if (products == 1 && sums > 0) return "multiply-accumulate";
  if (products == 1) return "multiply with move";
  if (counts > 0) return "population count";
  return "arithmetic";
}

class Analysis {
 public:
  Analysis(const ExecutedProgram& executed, const InstructionSet& set) : x_(executed) {
    const Program& program = *executed.program;
    for (const std::uint64_t word : program.text) {
      const auto in = set.decode(word);
      code_.push_back(in ? std::optional(*in) : std::nullopt);
      uses_.push_back(in ? useOf(*in) : RegisterUse{kAll, kAll});
    }
    for (const std::uint64_t n : executed.counts) total_ += static_cast<double>(n);
    blocks();
    liveness();
  }

  double total() const { return total_; }

  struct Found {
    std::vector<std::size_t> members;  ///< in order; the last one has the result
    int inputs = 0;
    std::string what;
    bool expression = true;  ///< else an increment or a loop end
  };

  std::vector<Found> found() const {
    constexpr std::size_t largest = 24;
    std::vector<Found> all;
    std::set<std::size_t> covered;  // by a larger expression: pairs and triples only
    for (std::size_t i = code_.size(); i-- > 0;) {
      if (!code_[i] || count(i) == 0) continue;
      const auto members = expressions(i, covered.contains(i) ? 3 : largest, all);
      covered.insert(members.begin(), members.end());
      increments(i, all);
    }
    return all;
  }
  std::uint64_t count(std::size_t i) const { return i < x_.counts.size() ? x_.counts[i] : 0; }
  const Instruction& at(std::size_t i) const { return *code_[i]; }

 private:
  void blocks() {
    begins_.assign(code_.size() + 1, false);
    for (std::size_t i = 0; i < code_.size(); ++i) {
      if (!code_[i]) continue;
      const Instruction& in = *code_[i];
      if (!in.form->branches && in.form->issue != IssueClass::control) continue;
      begins_[i + 1] = true;
      if (in.form->branches && in.target < code_.size()) begins_[in.target] = true;
    }
  }

  /// Registers that are read again after each instruction.
  void liveness() {
    live_.assign(code_.size(), 0);
    const auto before = [&](std::size_t i) {
      return i < code_.size() ? (live_[i] & ~uses_[i].writes) | uses_[i].reads : 0U;
    };
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = code_.size(); i-- > 0;) {
        const std::uint32_t after = liveAfter(i, before);
        changed = changed || after != live_[i];
        live_[i] = after;
      }
    }
  }

  template <class Before>
  std::uint32_t liveAfter(std::size_t i, const Before& before) const {
    if (!code_[i]) return kAll;
    const Instruction& in = *code_[i];
    if (in.form->branches) {
      const std::uint32_t next = in.condition == Condition::true_ ? 0 : before(i + 1);
      return in.condition == Condition::false_ ? before(i + 1) : next | before(in.target);
    }
    if (in.form->issue != IssueClass::control) return before(i + 1);
    // A jump to a place that is known; calls and jumps to registers may read anything.
    const bool known = in.form->operation == Operation::call &&
                       in.form->destination == Destination::none && in.ra == kZero;
    return known && in.offset >= 0 ? before(static_cast<std::size_t>(in.offset)) : kAll;
  }

  bool plain(std::size_t i) const {
    return code_[i] && !jumps(*code_[i]) &&
           (code_[i]->form->issue == IssueClass::alu ||
            code_[i]->form->issue == IssueClass::multiply);
  }

  /// The instruction of the same block that made what `reader` finds in a register.
  std::optional<std::size_t> maker(std::size_t reader, std::uint32_t mask) const {
    for (std::size_t i = reader; !begins_[i] && i-- > 0;)
      if ((uses_[i].writes & mask) != 0) return i;
    return std::nullopt;
  }

  /// Whether only members of the expression read what `i` makes.
  bool inner(std::size_t i, const std::set<std::size_t>& members, std::size_t root) const {
    const std::uint32_t made = uses_[i].writes;
    for (std::size_t k = i + 1; k <= root; ++k) {
      if ((uses_[k].reads & made) != 0 && !members.contains(k)) return false;
      if ((uses_[k].writes & made) == made) return true;
    }
    return (live_[root] & made & ~uses_[root].writes) == 0;
  }

  int inputsOf(const std::set<std::size_t>& members) const {
    std::set<std::pair<std::size_t, unsigned>> outside;  // by maker and register
    for (const std::size_t m : members)
      for (std::uint32_t left = uses_[m].reads; left != 0; left &= left - 1) {
        const auto r = static_cast<unsigned>(std::countr_zero(left));
        const auto from = maker(m, 1U << r);
        if (!from || !members.contains(*from)) outside.insert({from ? *from + 1 : 0, r});
      }
    return static_cast<int>(outside.size());
  }

  /// The expression that ends in `root`, grown by what adds fewest inputs; returns its largest
  /// form.
  std::set<std::size_t> expressions(std::size_t root, std::size_t most,
                                    std::vector<Found>& all) const {
    std::set<std::size_t> members = {root}, best;
    if (!plain(root) || uses_[root].writes == 0) return best;
    while (members.size() < most) {
      std::set<std::size_t> next;
      int fewest = kMostInputs + 3;
      for (auto m = members.rbegin(); m != members.rend(); ++m)
        for (std::uint32_t left = uses_[*m].reads; left != 0; left &= left - 1) {
          const auto from = maker(*m, 1U << std::countr_zero(left));
          if (!from || members.contains(*from) || !plain(*from) || count(*from) != count(root))
            continue;
          auto more = members;
          more.insert(*from);
          if (!inner(*from, more, root)) continue;
          if (const int inputs = inputsOf(more); inputs < fewest) {
            fewest = inputs;
            next = std::move(more);
          }
        }
      if (next.empty()) break;
      members = std::move(next);
      if (members.size() <= 3) keep(members, all);
      if (fewest <= kMostInputs) best = members;
    }
    if (best.size() > 3) keep(best, all);
    return best;
  }

  void keep(const std::set<std::size_t>& members, std::vector<Found>& all) const {
    if (members.size() < 2 || inputsOf(members) > kMostInputs) return;
    Found f{{members.begin(), members.end()}, inputsOf(members), {}, true};
    int products = 0, shifted = 0, sums = 0, counts = 0;
    for (const std::size_t m : members) {
      products += multiplies(*code_[m]) ? 1 : 0;
      const std::string& name = code_[m]->form->mnemonicText;
      shifted += name.starts_with("lsl_add") || name == "mul_step" ? 1 : 0;
      sums += name == "add" ? 1 : 0;
      counts += name == "cao" ? 1 : 0;
    }
    f.what = titleOf(products, shifted, sums, counts);
    all.push_back(std::move(f));
  }

  /// A load or store, and the addition that moves its address on.
  void increments(std::size_t i, std::vector<Found>& all) const {
    const Instruction& in = *code_[i];
    if (in.form->operation == Operation::add && in.form->second == Source::immediate &&
        in.form->destination == Destination::rc && in.ra == in.rc && !jumps(in)) {
      for (std::size_t k = i; !begins_[k] && k-- > 0;) {
        if (!code_[k] || (uses_[k].writes & registerBit(in.ra)) != 0) break;
        if (code_[k]->form->issue != IssueClass::loadStore || code_[k]->ra != in.ra ||
            count(k) != count(i))
          continue;
        std::string what = "store with increment";
        if (isLoad(*code_[k])) what = "vector load with increment";
        all.push_back({{k, i}, 1, std::move(what), false});
        break;
      }
    }
    // An addition and the branch that looks at its result: the end of a loop.
    if (in.form->branches && in.form->destination == Destination::none && i > 0 && !begins_[i] &&
        code_[i - 1] && code_[i - 1]->form->operation == Operation::add &&
        (uses_[i].reads & uses_[i - 1].writes) != 0 && in.target <= i)
      all.push_back({{i - 1, i}, 2, "zero-overhead loop", false});
  }

  const ExecutedProgram& x_;
  std::vector<std::optional<Instruction>> code_;
  std::vector<RegisterUse> uses_;
  std::vector<bool> begins_;
  std::vector<std::uint32_t> live_;
  double total_ = 0;
};

std::string patternOf(const Analysis& a, const std::vector<std::size_t>& members) {
  std::map<std::string, int> counts;
  std::vector<std::string> order;
  for (const std::size_t m : members) {
    const std::string name = nameOf(a.at(m));
    if (counts[name]++ == 0) order.push_back(name);
  }
  std::string text;
  for (const std::string& name : order)
    text += (text.empty() ? "" : " + ") + name +
            (counts[name] > 1 ? " x" + std::to_string(counts[name]) : std::string());
  return text;
}

/// What a proposal is called, with all patterns of that kind.
struct Family {
  std::map<std::string, Fusion> patterns;
  std::map<std::string, double> groups, savedIn;
  double saved = 0;
};

}  // namespace

std::vector<Fusion> fusionsOf(const std::vector<ExecutedProgram>& programs,
                              const InstructionSet& set) {
  std::map<std::string, Family> families;
  double weights = 0;
  for (const ExecutedProgram& p : programs) weights += p.weight;
  for (const ExecutedProgram& p : programs) {
    const Analysis analysis(p, set);
    if (analysis.total() <= 0) continue;
    // An instruction joins one expression, the largest; increments and loop ends count beside them.
    auto found = analysis.found();
    std::stable_sort(found.begin(), found.end(), [](const auto& x, const auto& y) {
      return x.members.size() > y.members.size();
    });
    std::set<std::size_t> inExpressions;
    std::map<std::string, std::set<std::size_t>> inOthers, inGroups;
    const auto joins = [](std::set<std::size_t>& used, const std::vector<std::size_t>& members) {
      for (const std::size_t m : members)
        if (used.contains(m)) return false;
      used.insert(members.begin(), members.end());
      return true;
    };
    for (const Analysis::Found& f : found) {
      const std::string pattern = patternOf(analysis, f.members);
      const double saved = static_cast<double>(analysis.count(f.members.back())) *
                           static_cast<double>(f.members.size() - 1) / analysis.total() * p.weight /
                           weights;
      Family& family = families[f.what];
      if (f.members.size() <= 3 && joins(inGroups[f.what + pattern], f.members))
        family.groups[pattern] += saved;
      if (!joins(f.expression ? inExpressions : inOthers[f.what], f.members)) continue;
      family.saved += saved;
      family.savedIn[p.name] += saved;
      Fusion& kept = family.patterns[pattern];
      kept.what = f.what;
      kept.pattern = pattern;
      kept.instructions = static_cast<int>(f.members.size());
      kept.inputs = std::max(kept.inputs, f.inputs);
      kept.saved += saved;
    }
  }
  std::vector<Fusion> all;
  for (auto& [what, family] : families) {
    if (family.patterns.empty()) continue;
    const auto more = [](const auto& x, const auto& y) { return x.second.saved < y.second.saved; };
    Fusion best = std::max_element(family.patterns.begin(), family.patterns.end(), more)->second;
    best.saved = family.saved;
    for (const auto& [text, saved] : family.groups)
      if (saved > best.savedByGroup) {
        best.savedByGroup = std::min(saved, best.saved);
        best.group = text;
      }
    std::vector<std::pair<double, std::string>> order;
    for (const auto& [name, saved] : family.savedIn) order.emplace_back(-saved, name);
    std::sort(order.begin(), order.end());
    for (const auto& [saved, name] : order) best.in.push_back(name);
    all.push_back(std::move(best));
  }
  std::sort(all.begin(), all.end(), [](const Fusion& a, const Fusion& b) {
    return a.saved != b.saved ? a.saved > b.saved : a.what < b.what;
  });
  return all;
}

}  // namespace wattlas::dpu
