// SIGINT and SIGTERM as a question that loops ask.
#pragma once

namespace wattlas {

/// While it lives, SIGINT, SIGTERM and SIGUSR1 set a flag instead of ending the process; a second
/// one ends it at once. Restores the previous handlers. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  static bool interrupted();
};

/// Exit code of a run that was interrupted and can be continued.
inline constexpr int exitInterrupted = 75;

}  // namespace wattlas
