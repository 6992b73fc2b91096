// .macro and .rept: text that is read again, with other words in it.
#include <algorithm>
#include <cctype>

#include "models/base/error.h"
#include "pim/dpu/program/assembler.h"
#include "pim/dpu/program/symbols.h"

namespace wattlas::dpu {

namespace {

constexpr std::size_t kMaxExpansions = 64, kMaxText = std::size_t{16} << 20;

/// `\name` -> argument, `\()` -> nothing, and `mark` (`\@` of a macro, `\+` of a repetition) ->
/// number.
std::string filled(std::string_view body, const std::vector<std::string>& names,
                   const std::vector<std::string>& values, char mark, std::size_t number) {
  std::string text;
  for (std::size_t at = 0; at < body.size(); ++at) {
    if (body[at] != '\\' || at + 1 == body.size()) {
      text += body[at];
      continue;
    }
    if (body[at + 1] == mark) {
      text += std::to_string(number);
      ++at;
      continue;
    }
    if (body.substr(at + 1, 2) == "()" && mark == '@') {
      at += 2;
      continue;
    }
    if (body[at + 1] == '@' || body[at + 1] == '+' || body[at + 1] == '(') {
      text += body[at];
      continue;
    }
    std::size_t end = at + 1;
    while (end < body.size() &&
           (std::isalnum(static_cast<unsigned char>(body[end])) != 0 || body[end] == '_'))
      ++end;
    const auto found = std::find(names.begin(), names.end(), body.substr(at + 1, end - at - 1));
    if (found == names.end()) {  // another macro's, expanded later
      text += body.substr(at, end - at);
    } else {
      text += values[static_cast<std::size_t>(found - names.begin())];
    }
    at = end - 1;
  }
  return text;
}

std::string textOf(Tokens tokens) {
  std::string text;
  for (const auto& token : tokens) {
    if (!text.empty()) text += ' ';
    if (token.kind == TokenKind::number)
      text += std::to_string(token.value);
    else if (token.kind == TokenKind::string)
      text += '"' + token.text + '"';
    else if (token.kind == TokenKind::localLabel)
      text += token.text + static_cast<char>(token.value);
    else
      text += token.text;
  }
  return text;
}

}  // namespace

bool Assembler::collect(const std::vector<Token>& tokens, std::string_view text) {
  if (!collecting_) return false;
  const std::string word = tokens.empty() ? std::string() : tokens[0].text;
  const bool opens = word == ".macro" || word == ".rept",
             closes = word == ".endm" || word == ".endr";
  collecting_->depth += opens ? 1 : 0;
  if (!closes || --collecting_->depth > 0) {
    collecting_->body += std::string(text) + "\n";
    return true;
  }
  const Collecting done = std::move(*collecting_);
  collecting_.reset();
  if (done.name.empty()) {
    std::string all;
    for (std::int64_t i = 0; i < done.count && all.size() < kMaxText; ++i)
      all += filled(done.body, {}, {}, '+', static_cast<std::size_t>(i));
    expand(std::move(all));
  } else if (!macros_.contains(done.name)) {  // one that was given before wins
    macros_[done.name] = {done.parameters, done.body};
  }
  return true;
}

void Assembler::macro(const std::string& name, Tokens rest) {
  Collecting made;
  made.line = line_;
  if (name == ".rept") {
    made.count = known(rest).value_or(0);
    if (made.count < 0 || made.count > 4096) problem(".rept of an impossible number", "0 to 4,096");
  } else {
    const std::string* called = rest.empty() ? nullptr : soleName(rest.first(1));
    if (called == nullptr) return problem(".macro needs a name", ".macro NAME [PARAMETER, ...]");
    made.name = *called;
    for (const auto part : splitCommas(rest.subspan(1))) {
      const auto* parameter = soleName(part);
      if (parameter == nullptr) return problem(".macro with a bad parameter", "names and commas");
      made.parameters.push_back(*parameter);
    }
  }
  collecting_ = std::move(made);
}

bool Assembler::callMacro(const Token& name, Tokens operands) {
  const auto found = macros_.find(name.text);
  if (found == macros_.end()) return false;
  std::vector<std::string> values;
  for (const auto part : splitCommas(operands)) values.push_back(textOf(part));
  const auto& parameters = found->second.parameters;
  if (values.size() != parameters.size()) {
    problem("macro '" + name.text + "' with " + std::to_string(values.size()) + " arguments",
            std::to_string(parameters.size()) + " arguments");
    return true;
  }
  expand(filled(found->second.body, parameters, values, '@', ++expansion_));
  return true;
}

void Assembler::expand(std::string text) {
  if (open_.size() > kMaxExpansions || expanded_ > kMaxText)
    return problem("macros are nested too deeply or make too much text",
                   "at most 64 levels, 16 MiB", "does a macro use itself?");
  expanded_ += text.size();
  expansions_.push_back(std::move(text));
  open_.push_back({Lexer(expansions_.back()), open_.back().file, branches_.size(), line_.line});
}

// .include: another source in the place of the directive.

namespace {

constexpr std::size_t kMaxDepth = 16, kMaxFiles = 256;

}  // namespace

std::string Assembler::placeText(SourceLine place) const {
  const std::string line = "line " + std::to_string(place.line);
  return files_.size() == 1 ? line : line + " of " + files_[place.file].name;
}

void Assembler::include(const std::string& name, Tokens rest) {
  if (rest.size() != 1 || rest[0].kind != TokenKind::string || rest[0].text.empty()) {
    return problem(name + " needs a file name", name + " \"FILE\"");
  }
  const auto& folder = files_[open_.back().file].folder;
  if (folder.empty()) return problem(name + " in a source that is no file", "a source file");
  const auto depth =
      std::count_if(open_.begin(), open_.end(), [](const Open& open) { return open.call == 0; });
  if (static_cast<std::size_t>(depth) > kMaxDepth) {
    return problem("included files are nested too deeply",
                   "at most " + std::to_string(kMaxDepth) + " levels",
                   "does the file include itself?");
  }
  if (files_.size() >= kMaxFiles) {
    return problem("too many included files", "at most " + std::to_string(kMaxFiles));
  }
  const auto path = folder / rest[0].text;
  try {
    const auto bytes = readProgramFile(path);
    files_.push_back({path.string(), path.parent_path(), std::string(bytes.begin(), bytes.end())});
  } catch (const InputError& error) {
    return problem("'" + path.string() + "' cannot be included: " + error.problems()[0].what,
                   "a file, named relative to the one that includes it");
  }
  open_.push_back(
      {Lexer(files_.back().text), static_cast<std::uint32_t>(files_.size() - 1), branches_.size()});
}

bool Assembler::leaveSource() {
  // A block that begins in a file ends in it.
  while (branches_.size() > open_.back().branches) {
    line_ = branches_.back().line;
    problem(".if without .endif");
    branches_.pop_back();
  }
  if (open_.size() == 1) return false;
  open_.pop_back();
  return true;
}

}  // namespace wattlas::dpu
