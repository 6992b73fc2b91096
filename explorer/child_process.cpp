#include "explorer/child_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <new>

#include "explorer/expression.h"
#include "explorer/pipe_io.h"

#if defined(__SANITIZE_ADDRESS__)
#define WATTLAS_HUGE_ADDRESS_SPACE 1
#else
#define WATTLAS_HUGE_ADDRESS_SPACE 0
#endif

namespace wattlas {
namespace {

using Clock = std::chrono::steady_clock;

// First byte of the child's answer.
constexpr char answered = 'A', threwAnswer = 'T', outOfMemory = 'M';

[[noreturn]] void childMain(const std::function<std::string()>& work, int fd, int parent,
                            const ChildLimits& limits) {
  dieWithParent(parent);
  std::string answer;
  try {
    if (limits.bytes > 0) limitMemory(limits.bytes);
    answer = answered + work();
  } catch (const std::bad_alloc&) {
    answer = std::string(1, outOfMemory);
  } catch (const std::exception& error) {
    answer = threwAnswer + std::string(error.what());
  } catch (...) {
    answer = threwAnswer + std::string("unknown exception");
  }
  const bool sent = writeAll(fd, answer);
  ::_exit(sent ? 0 : 1);
}

/// Reads until the child closes its end; false on timeout.
bool collect(int fd, double seconds, std::string& out) {
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  char chunk[1 << 16];
  for (;;) {
    int wait = -1;
    if (seconds > 0) {
      const double left = std::chrono::duration<double>(deadline - Clock::now()).count();
      if (left <= 0) return false;
      wait = static_cast<int>(std::min(left * 1000.0 + 1.0, 1e9));
    }
    pollfd item{fd, POLLIN, 0};
    const int ready = ::poll(&item, 1, wait);
    if (ready < 0 && errno != EINTR) return true;
    if (ready <= 0) continue;
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    out.append(chunk, static_cast<std::size_t>(n));
  }
}

int reap(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string describeExit(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return "signal " + std::to_string(number) + " (" + ::strsignal(number) + ")";
  }
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

void limitMemory(std::size_t bytes) {
  if (WATTLAS_HUGE_ADDRESS_SPACE) return;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t limit = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + bytes;
  rlimit current{};
  ::getrlimit(RLIMIT_AS, &current);
  if (current.rlim_cur != RLIM_INFINITY && current.rlim_cur <= limit) return;
  current.rlim_cur = limit;
  ::setrlimit(RLIMIT_AS, &current);
}

void dieWithParent(int expectedParent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have ended before the request took effect.
  if (::getppid() != expectedParent) ::_exit(1);
}

std::string runInChild(const std::function<std::string()>& work, const ChildLimits& limits) {
  Pipe pipe = makePipe();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0)
    throw ChildFailure(ChildFailure::Kind::crashed,
                       std::string("cannot start a process: ") + std::strerror(errno));
  if (child == 0) {
    pipe.read.close();
    childMain(work, pipe.write.get(), parent, limits);
  }
  pipe.write.close();
  std::string answer;
  const bool inTime = collect(pipe.read.get(), limits.seconds, answer);
  if (!inTime) ::kill(child, SIGKILL);
  const int status = reap(child);
  if (!inTime)
    throw ChildFailure(ChildFailure::Kind::timeout,
                       "no answer within " + numberText(limits.seconds) + " s");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || answer.empty())
    throw ChildFailure(ChildFailure::Kind::crashed, "crashed with " + describeExit(status));
  if (answer.front() == outOfMemory)
    throw ChildFailure(ChildFailure::Kind::memory, "out of memory");
  if (answer.front() == threwAnswer)
    throw ChildFailure(ChildFailure::Kind::threw, answer.substr(1));
  return answer.substr(1);
}

}  // namespace wattlas
