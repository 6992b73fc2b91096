// SIGINT and SIGTERM as a question that loops ask.
#pragma once

#include <stdexcept>

namespace wattlas {

/// While it lives, SIGINT, SIGTERM and SIGUSR1 set a flag instead of ending the process; a second
/// SIGINT ends it at once. Restores the previous handlers. May be nested: a signal to one is one to
/// all.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  static bool interrupted();
};

/// Work that stopped for a reason outside of it (workers were killed): the same command goes on or
/// begins again. The text says what to do; ends a command with exit code 75.
class Resumable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Exit code of a run that was interrupted and can be continued.
inline constexpr int exitInterrupted = 75;

}  // namespace wattlas
