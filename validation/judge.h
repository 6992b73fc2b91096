// What a row is worth: its gate, the known gaps and the ratchet.
#pragma once

#include <array>
#include <map>
#include <string>

#include "models/base/config.h"
#include "validation/row.h"

namespace wattlas {

enum class Verdict { pass, gap, fail, worse, ungated };
const char* nameOf(Verdict verdict);

struct Judged {
  ValidationRow row;
  Verdict verdict = Verdict::ungated;
  std::string note;  ///< reason of a gap, what was reached before, why there is no number
};

class Judge {
 public:
  /// Reads validation/known-gaps.yaml and achieved.yaml. `strict`: known gaps count as failures.
  Judge(const SearchPath& path, bool strict);
  Judged judge(const ValidationRow& row) const;
  /// Known gaps of `group` whose row passes or does not exist: they must leave the file.
  std::vector<std::string> staleGaps(const std::string& group, const ValidationRows& rows) const;

 private:
  std::map<std::string, std::string> gaps_, achieved_;
  bool strict_;
};

/// Rows by kind and verdict.
class Tally {
 public:
  void add(const Judged& judged);
  int of(RowKind kind, Verdict verdict) const {
    return count_[static_cast<std::size_t>(kind)][static_cast<std::size_t>(verdict)];
  }
  int of(RowKind kind) const;
  int of(Verdict verdict) const;
  /// Failures, those of the ratchet included.
  int failures() const { return of(Verdict::fail) + of(Verdict::worse); }
  int failures(RowKind kind) const { return of(kind, Verdict::fail) + of(kind, Verdict::worse); }

 private:
  std::array<std::array<int, 5>, rowKindCount> count_{};
};

}  // namespace wattlas
