#include "models/base/error.h"

#include <algorithm>

#include "models/base/plain_text.h"

namespace wattlas {

std::string Problem::text() const {
  // What stands here came from outside: a name in a file, an argument, a path.
  std::string out;
  if (!place.file.empty()) {
    out += plainText(place.file, 300);
    if (place.line > 0) out += ":" + std::to_string(place.line);
    out += ": ";
  }
  if (!key.empty()) out += plainText(key, 200) + ": ";
  out += plainText(what);
  if (expected.empty() && hint.empty()) return out;
  out += " (";
  if (!expected.empty()) out += "expected " + plainText(expected);
  if (!expected.empty() && !hint.empty()) out += "; ";
  return out + plainText(hint) + ")";
}

InputError::InputError(Problem problem) : InputError(std::vector<Problem>{std::move(problem)}) {}

InputError::InputError(std::vector<Problem> problems) : problems_(std::move(problems)) {
  constexpr std::size_t shown = 30;
  for (std::size_t i = 0; i < std::min(shown, problems_.size()); ++i) {
    if (!text_.empty()) text_ += '\n';
    text_ += problems_[i].text();
  }
  if (problems_.size() > shown)
    text_ += "\nand " + std::to_string(problems_.size() - shown) + " more problems";
}

InputError::InputError(std::string what, std::string expected, std::string hint)
    : InputError(Problem{{}, {}, std::move(what), std::move(expected), std::move(hint)}) {}

void Problems::finish() const {
  if (!list_.empty()) throw InputError(list_);
}

namespace {

std::size_t editDistance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above + 1, row[j - 1] + 1, change});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string> nearest(const std::string& word,
                                   const std::vector<std::string>& candidates) {
  // A third of the word may be wrong; long garbage is not compared at all.
  if (word.size() > 80) return std::nullopt;
  const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  std::optional<std::string> best;
  std::size_t bestDistance = limit + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = editDistance(word, candidate);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string didYouMean(const std::string& word, const std::vector<std::string>& candidates) {
  const auto best = nearest(word, candidates);
  return best ? "did you mean '" + *best + "'?" : std::string();
}

}  // namespace wattlas
