// Accuracies from a program of the user's, which stays between questions.
#pragma once

#include <memory>

#include "explorer/accuracy.h"
#include "explorer/worker_process.h"

namespace wattlas {

/// A request is one line of JSON: `id`, `model`, `set` (list of workload.KEY=VALUE), `format`,
/// `split`, and the keys of `request`. The answer is one line: `id`, `accuracy` (a share), and
/// optionally `se`, `source`, `split`; or `error`. Answers are kept by the content of the request.
/// A program that ends is started again for the next question; one that is late is killed.
class CommandOracle {
 public:
  /// Throws InputError unless WATTLAS_ALLOW_COMMANDS is 1: a study file must not run programs by
  /// itself.
  explicit CommandOracle(const AccuracyOptions& options);
  /// Throws std::runtime_error when there is no answer, with the reason.
  AccuracyResult of(const Workload& workload);

 private:
  std::string requestOf(const Workload& workload) const;
  std::string ask(const std::string& line);
  [[noreturn]] void fail(const std::string& why);

  AccuracyOptions options_;
  std::unique_ptr<WorkerProcess> program_;
  std::string unread_;  ///< of its output, behind the last answer
  std::int64_t asked_ = 0;
};

}  // namespace wattlas
