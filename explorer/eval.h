// Points as lines of JSON for optimisers outside of Wattlas: ask by a line, be told by a line.
#pragma once

#include <istream>
#include <memory>
#include <optional>
#include <string>

#include "explorer/outcome.h"

namespace wattlas {

/// Answers lines one by one. With a study, a line names design parameters of the study and may
/// leave out what the study fixes:
///   {"design parameters": {"platform": "upmem-dimm", "dpu.clock": "350 MHz"}, "workload":
///   "ecg-dscnn1d"}
/// Without one it holds `platform`, `workload` and any `--set` keys, flat or below "set":
///   {"platform": "upmem-dimm", "workload": "gemv:64x64", "dpu.clock": "350 MHz"}
/// A `tag` of any kind comes back as it is.
class EvalSession {
 public:
  /// `study` may be null and must outlive the session.
  EvalSession(const Study* study, EvaluateFunction evaluate);
  ~EvalSession();
  /// One JSON object in one line, without the line end; never throws for bad input. `status` is
  /// done, infeasible (an answer: refused, or a constraint is violated), failed (no answer) or
  /// error (the line is not a point), the last three with `reason`.
  std::string answer(const std::string& line);
  /// Answer to a line that was too long to read.
  std::string tooLong();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Longest accepted line, bytes.
inline constexpr std::size_t longestEvalLine = std::size_t{1} << 20;

struct EvalLine {
  std::string text;
  bool tooLong = false;  ///< `text` is empty then; the rest of the line was skipped
};
/// The next line that is not blank, or nothing at the end. Never holds more than the limit.
std::optional<EvalLine> nextEvalLine(std::istream& in);

}  // namespace wattlas
