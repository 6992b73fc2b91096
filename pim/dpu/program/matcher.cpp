#include <algorithm>
#include <array>
#include <charconv>

#include "pim/dpu/program/assembler.h"
#include "pim/dpu/program/symbols.h"

namespace wattlas::dpu {

namespace {

constexpr std::size_t kMaxOperands = 8;

/// Register number of "r5", "zero" or the safe spelling "s5", "szero"; nothing for other names.
struct RegisterName {
  unsigned number = 0;
  bool safe = false, pair = false;
};

std::optional<unsigned> index(std::string_view digits) {
  unsigned value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool good = !digits.empty() && result.ptr == digits.data() + digits.size() &&
                    result.ec == std::errc() && value < kRegisters && digits.size() <= 2 &&
                    (digits.size() == 1 || digits[0] != '0');
  return good ? std::optional(value) : std::nullopt;
}

std::optional<RegisterName> registerOf(std::string_view text) {
  if (text.size() > 5) return std::nullopt;
  const bool safe = text.starts_with('s');
  for (unsigned n = kFirstConstant; n < 32; ++n) {
    if (text == registerName(n)) return RegisterName{n, false, false};
    if (safe && text.substr(1) == registerName(n)) return RegisterName{n, true, false};
  }
  if (text.empty()) return std::nullopt;
  const auto number = index(text.substr(1));
  if (!number) return std::nullopt;
  if (text[0] == 'r' || text[0] == 's') return RegisterName{*number, safe, false};
  if (text[0] == 'd') return RegisterName{*number, false, true};
  return std::nullopt;
}

/// One operand as written; its number is worked out at most once.
struct Written {
  Tokens tokens;
  std::optional<RegisterName> reg;
  std::string_view name;  ///< when it is a single name
  std::optional<Value> value;
};

std::vector<Written> split(Tokens tokens) {
  std::vector<Written> all;
  for (const Tokens part : splitCommas(tokens)) {
    Written made;
    made.tokens = part;
    if (const std::string* name = soleName(part)) {
      made.name = *name;
      made.reg = registerOf(made.name);
    }
    all.push_back(made);
  }
  return all;
}

std::string operandTexts(const Form& form) {
  std::string text = form.mnemonicText;
  const char* separator = " ";
  for (const auto& operand : form.operands) {
    const bool safe = operand.type == OperandType::safe || operand.type == OperandType::safeOrCst;
    std::string part(kindText(operand.kind));
    if (operand.kind == OperandKind::immDma) part = "imm";
    if (operand.kind == OperandKind::endian) continue;
    if (safe) part[0] = 's';
    text += separator + part;
    separator = ", ";
  }
  return text;
}

std::string shapesOf(const std::vector<const Form*>& forms) {
  std::vector<std::string> shapes;
  for (const Form* form : forms) {
    auto text = operandTexts(*form);
    if (std::find(shapes.begin(), shapes.end(), text) == shapes.end()) shapes.push_back(text);
  }
  std::string all;
  for (const auto& shape : shapes) all += (all.empty() ? "" : " | ") + shape;
  return all;
}

/// How far a form got with the operands, and what stopped it.
struct Attempt {
  std::size_t progress = 0;
  bool range = false;  ///< the operand was of the right kind, but its value does not fit
  MatchError error;
};

class Fitter {
 public:
  Fitter(SymbolTable& symbols, Value here, std::size_t order, std::vector<Written>& written)
      : symbols_(symbols), here_(here), order_(order), written_(written) {}

  /// Reasons are only put into words after no form was found.
  void explain() { explain_ = true; }

  /// Fits the operands to a form; fills `attempt` when they do not fit.
  bool fit(const Form& form, bool impliedFalse, Instruction& out, Attempt& attempt) {
    out = {};
    out.form = &form;
    std::size_t at = 0;
    for (const auto& operand : form.operands) {
      if (operand.kind == OperandKind::endian) {
        if (at < written_.size() && written_[at].name.starts_with('!')) {
          if (written_[at].name != "!big" && written_[at].name != "!little") {
            if (explain_) attempt = {at, false, {"unknown byte order", "!big or !little", {}}};
            return false;
          }
          out.bigEndian = written_[at++].name == "!big";
        }
        continue;
      }
      const bool filler = operand.kind == OperandKind::cc && operand.fields.empty();
      if (impliedFalse && filler && at == written_.size()) {
        out.condition = Condition::false_;
        continue;
      }
      if (at == written_.size()) {
        if (explain_) attempt = {at, false, {"an operand is missing", operandTexts(form), {}}};
        return false;
      }
      if (!accept(form, operand, written_[at], out, attempt)) {
        attempt.progress = at;
        return false;
      }
      ++at;
    }
    if (at != written_.size()) {
      if (explain_) attempt = {at, false, {"too many operands", operandTexts(form), {}}};
      return false;
    }
    return true;
  }

 private:
  static bool refuse(Attempt& attempt, std::string what, std::string expected, bool range = false) {
    attempt.range = range;
    attempt.error = {std::move(what), std::move(expected), {}};
    return false;
  }

  static std::string shown(const Written& written) {
    std::string text;
    for (const auto& token : written.tokens) {
      text += token.kind == TokenKind::string ? "\"...\"" : token.text;
      if (text.size() > 40) return text.replace(40, std::string::npos, "...");
    }
    return "'" + text + "'";
  }

  bool acceptRegister(const Operand& operand, const Written& written, Instruction& out,
                      Attempt& attempt) {
    const bool pair = operand.kind == OperandKind::dc || operand.kind == OperandKind::db;
    const bool safe = operand.type == OperandType::safe || operand.type == OperandType::safeOrCst;
    if (!written.reg || written.reg->pair != pair || written.reg->safe != safe) {
      return explain_ &&
             refuse(attempt, shown(written) + " cannot be " + std::string(kindText(operand.kind)),
                    pair   ? "a register pair d0, d2 ... d22"
                    : safe ? "a safe register s0..s23"
                           : "a register");
    }
    const auto number = static_cast<std::uint8_t>(written.reg->number);
    if (!legalRegister(operand.type, number)) {
      return explain_ &&
             refuse(attempt, shown(written) + " cannot be " + std::string(kindText(operand.kind)),
                    registerRule(operand.type), true);
    }
    out.*registerOf(operand.kind) = number;
    return true;
  }

  bool acceptCondition(const Form& form, const Written& written, Instruction& out,
                       Attempt& attempt) {
    const auto condition = conditionByName(written.name);
    if (condition && codeOf(form.conditionClass, *condition)) {
      out.condition = *condition;
      return true;
    }
    std::string names;
    for (const auto& entry : conditionCodes(form.conditionClass)) {
      names += (names.empty() ? "" : " ") + std::string(name(entry.condition));
    }
    return explain_ && refuse(attempt, shown(written) + " is not a condition here", names,
                              condition.has_value());
  }

  bool acceptNumber(const Form& form, const Operand& operand, Written& written, Instruction& out,
                    Attempt& attempt) {
    if (written.reg || written.name.starts_with('!')) {
      return explain_ &&
             refuse(attempt, shown(written) + " cannot be " + std::string(kindText(operand.kind)),
                    "a number");
    }
    if (!written.value) written.value = symbols_.evaluate(written.tokens, here_, order_);
    std::int64_t number = symbols_.absolute(*written.value);
    if (operand.type == OperandType::programCounter) {
      return acceptTarget(operand, number, written, out, attempt);
    }
    const bool lock = form.operation == Operation::acquire || form.operation == Operation::release;
    if (lock && number >= std::int64_t{kAtomicAddress}) number -= std::int64_t{kAtomicAddress};
    const auto [low, high] = rangeOf(operand);
    // 0xfffffff0 is the same 32-bit number as -16.
    const std::int64_t two32 = std::int64_t{1} << 32;
    if (number > high && number >= two32 / 2 && number < two32 && low < 0) number -= two32;
    if (number < low || number > high) {
      return explain_ && refuse(attempt,
                                std::string(kindText(operand.kind)) + " " + std::to_string(number) +
                                    " does not fit",
                                std::to_string(low) + ".." + std::to_string(high), true);
    }
    const auto stored = static_cast<std::int32_t>(static_cast<std::uint32_t>(number));
    (operand.kind == OperandKind::off ? out.offset : out.imm) = stored;
    return true;
  }

  bool acceptTarget(const Operand& operand, std::int64_t number, const Written& written,
                    Instruction& out, Attempt& attempt) {
    const std::int64_t iram = kIramAddress;
    const std::int64_t last = (std::int64_t{1} << operand.bits) - 1;
    if (number >= iram && number < iram + 8 * (last + 1)) {  // an address of the ELF file
      if (number % 8 != 0) {
        return explain_ && refuse(attempt, shown(written) + " is not the address of an instruction",
                                  "a multiple of 8", true);
      }
      number = (number - iram) / 8;
    }
    const std::int64_t low = operand.kind == OperandKind::pc ? 0 : -(last + 1) / 2;
    if (number < low || number > last) {
      return explain_ &&
             refuse(attempt, "target " + std::to_string(number) + " does not fit",
                    "an instruction index " + std::to_string(low) + ".." + std::to_string(last),
                    true);
    }
    if (operand.kind == OperandKind::pc)
      out.target = static_cast<std::uint16_t>(number);
    else
      out.offset = static_cast<std::int32_t>(number);
    return true;
  }

  bool accept(const Form& form, const Operand& operand, Written& written, Instruction& out,
              Attempt& attempt) {
    if (registerOf(operand.kind) != nullptr) return acceptRegister(operand, written, out, attempt);
    switch (operand.kind) {
      case OperandKind::zero:
        if (written.name == "zero") return true;
        return explain_ && refuse(attempt, shown(written) + " cannot be the destination", "zero");
      case OperandKind::cc:
        return acceptCondition(form, written, out, attempt);
      default:
        return acceptNumber(form, operand, written, out, attempt);
    }
  }

  SymbolTable& symbols_;
  Value here_;
  std::size_t order_;
  std::vector<Written>& written_;
  bool explain_ = false;
};

}  // namespace

std::string Matcher::hint(const std::string& mnemonic) const {
  return mnemonic.size() <= 32 ? didYouMean(mnemonic, set_.mnemonics()) : std::string();
}

Expected<std::uint64_t, MatchError> Matcher::match(const std::string& mnemonic, Tokens operands,
                                                   Value here, std::size_t order) {
  auto written = split(operands);
  if (written.size() > kMaxOperands) {
    return MatchError{"too many operands for '" + mnemonic + "'", "at most 7", {}};
  }
  const auto& forms = set_.formsOf(mnemonic);
  Fitter fitter(symbols_, here, order, written);
  Attempt best;
  bool tried = false;
  for (const bool explain : {false, true}) {
    if (explain) fitter.explain();
    for (const bool impliedFalse : {false, true}) {
      for (const Form* form : forms) {
        Attempt attempt;
        Instruction made;
        if (fitter.fit(*form, impliedFalse, made, attempt)) {
          const auto word = encode(made);
          if (word) return *word;
          attempt = {written.size(), true, {word.error().reason, {}, {}}};
        }
        const auto rank = [](const Attempt& a) { return std::pair(a.progress, a.range); };
        if (explain && (!tried || rank(attempt) > rank(best))) {
          best = attempt;
          tried = true;
        }
      }
    }
  }
  auto error = best.error;
  error.what =
      "operand " + std::to_string(best.progress + 1) + " of '" + mnemonic + "': " + error.what;
  if (!best.range) error.hint = "forms: " + shapesOf(forms);
  return error;
}

}  // namespace wattlas::dpu
