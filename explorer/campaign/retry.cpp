#include "explorer/campaign/retry.h"

#include <array>
#include <string_view>

namespace wattlas {

bool isRetryable(const PointOutcome& outcome) {
  if (outcome.status != PointStatus::failed) return false;
  // Texts of worker_pool.cpp, child_process.cpp and evaluator.cpp; held together by a test.
  constexpr std::array<std::string_view, 6> passing = {
      "failed: crashed with",     "failed: took longer than",       "failed: out of memory",
      "failed: no answer within", "failed: cannot start a process", "failed: sent a damaged"};
  for (const std::string_view text : passing)
    if (outcome.reason.starts_with(text)) return true;
  return false;
}

}  // namespace wattlas
