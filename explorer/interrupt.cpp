#include "explorer/interrupt.h"

#include <signal.h>

#include <array>

namespace wattlas {
namespace {

constexpr std::array<int, 3> handled = {SIGINT, SIGTERM, SIGUSR1};
volatile sig_atomic_t requested = 0;
int guards = 0;
std::array<struct sigaction, 3> previous;

extern "C" void onSignal(int number) {
  if (requested != 0 && number == SIGINT) {
    // Somebody at the keyboard insists: end as if nothing had been handled. Batch systems send
    // several signals as a matter of course.
    ::signal(number, SIG_DFL);
    ::raise(number);
  }
  requested = 1;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  if (guards++ > 0) return;
  requested = 0;
  struct sigaction action {};
  action.sa_handler = onSignal;  // no SA_RESTART: waiting calls return and look at the flag
  for (std::size_t i = 0; i < handled.size(); ++i) ::sigaction(handled[i], &action, &previous[i]);
}

InterruptGuard::~InterruptGuard() {
  if (--guards > 0) return;
  for (std::size_t i = 0; i < handled.size(); ++i) ::sigaction(handled[i], &previous[i], nullptr);
}

bool InterruptGuard::interrupted() {
  return requested != 0;
}

}  // namespace wattlas
