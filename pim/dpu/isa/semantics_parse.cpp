#include <algorithm>
#include <cctype>
#include <map>

#include "models/base/error.h"
#include "pim/dpu/isa/semantics.h"

namespace wattlas::dpu {

using Node = Semantics::Node;
using Op = SemanticsOp;

class SemanticsParser {
 public:
  SemanticsParser(std::string_view text, const Form& form) : text_(text), form_(form) {}

  Semantics run() {
    result_.text_ = text_;
    skip();
    while (at_ < text_.size()) {
      statement();
      if (at_ < text_.size()) expect(";");
      skip();
    }
    if (result_.statements_.empty()) fail("nothing is computed", "such as rc = ra + rb");
    result_.nodes_ = std::make_shared<const std::vector<Node>>(std::move(nodes_));
    return std::move(result_);
  }

 private:
  [[noreturn]] void fail(const std::string& what, const std::string& expected,
                         const std::string& hint = {}) const {
    throw InputError("semantics, column " + std::to_string(at_ + 1) + ": " + what, expected, hint);
  }
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  bool accept(std::string_view symbol) {
    skip();
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    return true;
  }
  void expect(std::string_view symbol) {
    if (!accept(symbol))
      fail(at_ < text_.size() ? "unexpected '" + std::string(text_.substr(at_, 12)) + "'"
                              : "it ends too early",
           "'" + std::string(symbol) + "'");
  }
  std::string word() {
    skip();
    const std::size_t from = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    return std::string(text_.substr(from, at_ - from));
  }

  int make(Node node) {
    if (nodes_.size() >= 256) fail("too long", "at most 256 terms");
    nodes_.push_back(node);
    return static_cast<int>(nodes_.size()) - 1;
  }
  const Node& of(int i) const { return nodes_[static_cast<std::size_t>(i)]; }

  bool has(OperandKind kind) const {
    return std::any_of(form_.operands.begin(), form_.operands.end(),
                       [kind](const Operand& o) { return o.kind == kind; });
  }
  static const std::map<std::string, OperandKind>& operands() {
    static const std::map<std::string, OperandKind> names = {
        {"rc", OperandKind::rc},       {"dc", OperandKind::dc}, {"ra", OperandKind::ra},
        {"rb", OperandKind::rb},       {"db", OperandKind::db}, {"imm", OperandKind::imm},
        {"shift", OperandKind::shift}, {"pc", OperandKind::pc}};
    return names;
  }
  OperandKind operandOf(const std::string& name) const {
    const auto found = operands().find(name);
    if (found == operands().end()) {
      std::vector<std::string> names;
      for (const auto& [key, kind] : operands()) names.push_back(key);
      for (const char* f :
           {"sum", "min", "max", "abs", "popcount", "select", "sat", "usat", "round", "slice",
            "pack", "table", "load8", "load16", "load32", "load64"})
        names.emplace_back(f);
      fail("unknown name '" + name + "'", "an operand or a function", didYouMean(name, names));
    }
    if (!has(found->second))
      fail("the instruction has no operand '" + name + "'", "one of its operands");
    return found->second;
  }

  void statement() {
    const std::size_t start = at_;
    const std::string name = word();
    Semantics::Statement s;
    if (name == "loop" || name.starts_with("store")) {
      expect("(");
      s.first = single(expression());
      expect(",");
      if (name == "loop") {
        s.target = Semantics::Target::loop;
        if (word() != "pc" || !has(OperandKind::pc)) fail("loop without its end", "loop(ra, pc)");
        result_.loops_ = true;
      } else {
        s.target = Semantics::Target::store;
        s.bytes = bytesOf(name.substr(5));
        s.second = single(expression());
        result_.stores_ = true;
      }
      expect(")");
      result_.statements_.push_back(s);
      return;
    }
    const std::map<std::string, Semantics::Target> targets = {{"rc", Semantics::Target::rc},
                                                              {"dc", Semantics::Target::dc},
                                                              {"ra", Semantics::Target::ra},
                                                              {"rb", Semantics::Target::rb},
                                                              {"db", Semantics::Target::db}};
    const auto found = targets.find(name);
    if (found == targets.end()) {
      at_ = start;
      fail("'" + name + "' cannot be assigned", "rc, dc, ra, rb, db, store8..64(...) or loop(...)");
    }
    operandOf(name);
    s.target = found->second;
    const bool adds = accept("+=");
    if (!adds) expect("=");
    s.first = expression();
    if (adds) {
      Node sum{Op::add, 0, false, 1, 64, {operand(name), s.first, -1}};
      s.first = make(sum);
    }
    single(s.first);
    result_.statements_.push_back(s);
  }

  int single(int node) const {
    if (of(node).lanes != 1)
      fail("this has " + std::to_string(of(node).lanes) + " lanes, one value is wanted",
           "sum(...) or pack(..., bits)");
    return node;
  }

  unsigned bytesOf(const std::string& bits) const {
    if (bits == "8") return 1;
    if (bits == "16") return 2;
    if (bits == "32") return 4;
    if (bits == "64") return 8;
    fail("memory is accessed by 8, 16, 32 or 64 bits", "such as load32 or store8");
  }

  int operand(const std::string& name) {
    const OperandKind kind = operandOf(name);
    Node n{Op::operand, static_cast<std::int64_t>(kind), false, 1, 32, {-1, -1, -1}};
    if (kind == OperandKind::dc || kind == OperandKind::db) n.bits = 64;
    return make(n);
  }

  int binary(Op op, int a, int b) {
    const unsigned x = of(a).lanes, y = of(b).lanes;
    if (x != y && x != 1 && y != 1)
      fail(std::to_string(x) + " lanes against " + std::to_string(y),
           "equal numbers, or one value");
    if (op == Op::mul) result_.multiplies_ = true;
    const bool shifts = op == Op::shl || op == Op::shr;
    const unsigned bits = shifts ? of(a).bits : std::max(of(a).bits, of(b).bits);
    return make({op, 0, false, std::max(x, y), bits, {a, b, -1}});
  }

  int expression() {
    const int condition = level(0);
    if (!accept("?")) return condition;
    const int yes = expression();
    expect(":");
    const int no = expression();
    return choose(condition, yes, no);
  }
  int choose(int condition, int yes, int no) {
    const int pair = binary(Op::or_, yes, no);  // checks lanes
    const int all = binary(Op::or_, condition, pair);
    const Node made = of(all);
    return make({Op::select, 0, false, made.lanes, of(pair).bits, {condition, yes, no}});
  }

  /// Binary operators by precedence, loosest first.
  int level(unsigned depth) {
    struct Entry {
      const char* symbol;
      Op op;
      bool swapped;
    };
    static const std::vector<std::vector<Entry>> levels = {
        {{"|", Op::or_, false}},
        {{"^", Op::xor_, false}},
        {{"&", Op::and_, false}},
        {{"==", Op::equal, false}, {"!=", Op::unequal, false}},
        {{"<=", Op::lessEqual, false},
         {">=", Op::lessEqual, true},
         {"<", Op::less, false},
         {">", Op::less, true}},
        {{"<<", Op::shl, false}, {">>", Op::shr, false}},
        {{"+", Op::add, false}, {"-", Op::sub, false}},
        {{"*", Op::mul, false}}};
    if (depth == levels.size()) return unary();
    int left = level(depth + 1);
    for (;;) {
      const Entry* found = nullptr;
      skip();
      const std::string_view rest = text_.substr(at_);
      // `<` is not the first half of `<<`.
      const bool shifts = rest.starts_with("<<") || rest.starts_with(">>");
      for (const Entry& e : levels[depth])
        if (found == nullptr && rest.starts_with(e.symbol) && (depth != 4 || !shifts)) found = &e;
      if (found == nullptr) return left;
      at_ += std::string_view(found->symbol).size();
      const int right = level(depth + 1);
      left = found->swapped ? binary(found->op, right, left) : binary(found->op, left, right);
    }
  }

  int unary() {
    if (accept("-")) {
      const int a = unary();
      return make({Op::negate, 0, false, of(a).lanes, of(a).bits, {a, -1, -1}});
    }
    if (accept("~")) {
      const int a = unary();
      return make({Op::not_, 0, false, of(a).lanes, of(a).bits, {a, -1, -1}});
    }
    return primary();
  }

  std::int64_t literal(std::int64_t low, std::int64_t high) {
    const std::string digits = word();
    std::int64_t value = 0;
    std::size_t used = 0;
    try {
      value = std::stoll(digits, &used, 0);
    } catch (const std::exception&) {
      used = 0;
    }
    if (used == 0 || used != digits.size() || value < low || value > high)
      fail("'" + digits + "' is no number of this place",
           std::to_string(low) + " to " + std::to_string(high));
    return value;
  }

  int primary() {
    if (accept("(")) {
      const int inside = expression();
      expect(")");
      return inside;
    }
    skip();
    if (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0)
      return make({Op::number, literal(0, 0x7fffffffffffffff), false, 1, 32, {-1, -1, -1}});
    const std::string name = word();
    if (name.empty()) fail("an expression is missing", "an operand, a number or a function");
    if (!accept("(")) return operand(name);
    const int made = call(name);
    expect(")");
    return made;
  }

  int call(const std::string& name) {
    const bool view = name.size() > 1 && (name[0] == 's' || name[0] == 'u') &&
                      name.find_first_not_of("0123456789", 1) == std::string::npos;
    const int a = expression();
    const auto one = [&](Op op, unsigned lanes) {
      return make({op, 0, false, lanes, of(a).bits, {a, -1, -1}});
    };
    const auto number = [&](std::int64_t low, std::int64_t high) {
      expect(",");
      return literal(low, high);
    };
    const auto next = [&] {
      expect(",");
      return expression();
    };
    if (view) {
      single(a);
      const int bits = std::stoi(name.substr(1));
      if (bits < 1 || bits > 64 || of(a).bits % static_cast<unsigned>(bits) != 0)
        fail(std::to_string(of(a).bits) + " bits do not divide into lanes of " +
                 std::to_string(bits),
             "a divisor");
      return make({Op::lanes,
                   bits,
                   name[0] == 's',
                   of(a).bits / static_cast<unsigned>(bits),
                   static_cast<unsigned>(bits),
                   {a, -1, -1}});
    }
    if (name == "sum") return make({Op::sum, 0, false, 1, 64, {a, -1, -1}});
    if (name == "abs") return one(Op::abs, of(a).lanes);
    if (name == "popcount") return one(Op::popcount, of(a).lanes);
    if (name == "min") return binary(Op::min, a, next());
    if (name == "max") return binary(Op::max, a, next());
    if (name == "select") {
      const int yes = next();
      return choose(a, yes, next());
    }
    if (name == "sat" || name == "usat" || name == "round") {
      Node n{name == "sat"    ? Op::sat
             : name == "usat" ? Op::usat
                              : Op::round,
             0,
             false,
             of(a).lanes,
             of(a).bits,
             {a, -1, -1}};
      if (name == "round")
        n.arguments[1] = single(next());
      else
        n.value = number(1, 63);
      return make(n);
    }
    if (name == "slice") {
      const int first = single(next());
      const auto count = static_cast<unsigned>(number(1, of(a).lanes));
      return make({Op::slice, 0, false, count, 64, {a, first, -1}});
    }
    if (name == "pack") {
      const auto bits = static_cast<unsigned>(number(1, 64));
      if (bits * of(a).lanes > 64) fail("more than 64 bits", "fewer or narrower lanes");
      return make({Op::pack, bits, false, 1, bits * of(a).lanes, {a, -1, -1}});
    }
    if (name == "table") {
      single(a);
      const int index = next();
      result_.loads_ = true;
      return make({Op::table, 0, false, of(index).lanes, 64, {a, index, -1}});
    }
    if (name.starts_with("load")) {
      const bool sign = name.starts_with("loads");
      const unsigned bytes = bytesOf(name.substr(sign ? 5 : 4));
      single(a);
      result_.loads_ = true;
      return make({Op::load, bytes, sign, 1, 8 * bytes, {a, -1, -1}});
    }
    fail("unknown function '" + name + "'", "one of docs/new-instruction.md");
  }

  std::string_view text_;
  const Form& form_;
  std::size_t at_ = 0;
  std::vector<Node> nodes_;
  Semantics result_;
};

Semantics Semantics::parse(std::string_view text, const Form& form) {
  return SemanticsParser(text, form).run();
}

}  // namespace wattlas::dpu
