// .include: another source in the place of the directive.
#include <algorithm>

#include "models/base/error.h"
#include "pim/dpu/program/assembler.h"

namespace wattlas::dpu {

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
