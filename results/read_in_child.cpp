#include "results/read_in_child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>

namespace wattlas {
namespace {

constexpr std::uint64_t spareBytes = 1ULL << 30;  // beside 400 bytes of memory a byte of the file
constexpr std::uint64_t spareSeconds = 5;         // beside a second a MB

void limit(decltype(RLIMIT_CPU) what, std::uint64_t most) {
  rlimit now{};
  ::getrlimit(what, &now);
  now.rlim_cur = std::min<rlim_t>(now.rlim_max, most);
  ::setrlimit(what, &now);
}

void limitAll([[maybe_unused]] std::uint64_t fileBytes) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, spareSeconds + (fileBytes >> 20));
#ifndef __SANITIZE_ADDRESS__  // its shadow memory is larger than any limit
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  limit(RLIMIT_AS,
        pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + spareBytes + 400 * fileBytes);
#endif
}

/// The allocator's own words about a damaged heap would look like ours.
void beSilent() {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return;
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

}  // namespace

std::optional<std::string> readInChild(const std::function<void()>& read, std::uint64_t fileBytes) {
  const pid_t child = ::fork();
  if (child < 0) return std::string("cannot be read: no second process: ") + std::strerror(errno);
  if (child == 0) {
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU})
      ::signal(signal, SIG_DFL);
    beSilent();
    limitAll(fileBytes);
    try {
      read();
    } catch (const std::exception&) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return "cannot be read: its reader is gone";
  if (!WIFSIGNALED(status)) return std::nullopt;
  if (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)
    return "takes the HDF5 library longer than any file of this size";
  return std::string("makes the HDF5 library crash (") + ::strsignal(WTERMSIG(status)) +
         "): it is damaged or was made to do so";
}

}  // namespace wattlas
