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

InputError::InputError(Place place, std::string key, std::string what, std::string expected,
                       std::string hint)
    : InputError(Problem{std::move(place), std::move(key), std::move(what), std::move(expected),
                         std::move(hint)}) {}

InputError::InputError(std::string what, std::string expected, std::string hint)
    : InputError({}, {}, std::move(what), std::move(expected), std::move(hint)) {}

void Problems::add(Place place, std::string key, std::string what, std::string expected,
                   std::string hint) {
  add({std::move(place), std::move(key), std::move(what), std::move(expected), std::move(hint)});
}

void Problems::add(Place place, std::string key, const InputError& error) {
  const Problem& p = error.problems().front();
  add(std::move(place), std::move(key), p.what, p.expected, p.hint);
}

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

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace

std::optional<std::string> nearest(const std::string& word,
                                   const std::vector<std::string>& candidates) {
  // A third of the word may be wrong; long garbage is not compared at all.
  if (word.size() > 80) return std::nullopt;
  // Of equally near ones that whose letters have the same case: "mW" is not "MW".
  std::pair best(std::max<std::size_t>(1, word.size() / 3) + 1, std::size_t{0});
  std::optional<std::string> found;
  for (const std::string& candidate : candidates) {
    const std::pair distance(editDistance(lower(word), lower(candidate)),
                             editDistance(word, candidate));
    if (!(distance < best)) continue;
    best = distance;
    found = candidate;
  }
  return found;
}

std::string didYouMean(const std::string& word, const std::vector<std::string>& candidates) {
  constexpr std::size_t shown = 3;
  if (const auto best = nearest(word, candidates)) return "did you mean '" + *best + "'?";
  if (word.size() < 2 || word.size() > 80) return {};
  // "h100" is a part of names that are much longer.
  std::vector<std::string> near;
  for (const std::string& candidate : candidates)
    if (near.size() < shown && lower(candidate).find(lower(word)) != std::string::npos)
      near.push_back(candidate);
  std::string list;
  for (std::size_t i = 0; i < near.size(); ++i)
    list += (i == 0 ? "'" : i + 1 < near.size() ? ", '" : " or '") + near[i] + "'";
  return list.empty() ? list : "did you mean " + list + "?";
}

}  // namespace wattlas
