// One comparison of ours with a reference, and what it may be called.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "models/base/config.h"

namespace wattlas {

/// Where a reference comes from.
enum class ReferenceBasis {
  measured,   ///< hardware, or a synthesis or board report
  simulated,  ///< another simulator, written independently of this one
  equations,  ///< the same equations or bytes from another program: what must agree exactly
};

/// What a comparison says. Nobody chooses it: it follows from the basis and from `fitted_on`.
enum class RowKind {
  identity,     ///< the same equations
  calibration,  ///< a parameter of the model was chosen with this row in view
  seen,         ///< a form of the model was chosen with this row in view, no parameter
  blind,        ///< neither
};
inline constexpr int rowKindCount = 4;
const char* nameOf(RowKind kind);

/// `fittedOn`: what was chosen with the row in view, each "parameter NAME ..." or "form TEXT".
/// Throws InputError for an entry that starts otherwise.
RowKind kindOf(ReferenceBasis basis, const std::vector<std::string>& fittedOn);

/// One measured value behind a figure.
struct RowPoint {
  std::string name;
  double ours = 0, reference = 0;  ///< SI units; `ours` is NaN when `reason` says why
  std::string reason;
};

struct ValidationRow {
  std::string group;  ///< upmem, banks, gpu, fpga, networks, explorer, platforms
  std::string id;     ///< unique within the group
  RowKind kind = RowKind::blind;
  std::string quantity, unit;
  double ours = 0, reference = 0;
  /// Largest allowed |ours - reference| / |reference|; for `figure` rows (a mean error itself) the
  /// largest allowed value of `ours`. Negative = reported, not gated (calibration and identity).
  double gate = -1;
  double target = -1;   ///< what to aim for, same scale; negative = none
  bool figure = false;  ///< `ours` is an error figure; `reference` is what to compare it with
  bool higherIsBetter = false;  ///< figures such as recall: gate is a lower limit
  std::string source;
  std::vector<std::string> fittedOn;
  std::vector<RowPoint> points;  ///< what a figure was taken over
  std::string reason;            ///< why `ours` is no number

  /// Relative error, or the figure itself.
  double error() const;
  bool gated() const { return gate >= 0; }
  bool pass() const;
  int fittedParameters() const;
};

using ValidationRows = std::vector<ValidationRow>;

// What a row is worth: its gate, the known gaps and the ratchet.

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
