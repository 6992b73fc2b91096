#include "explorer/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "explorer/worker_protocol.h"

extern char** environ;

namespace wattlas {
namespace {

/// Copy of a descriptor above those the worker is given, so that dup2 cannot overwrite it.
Descriptor moveUp(Descriptor low) {
  const int high = ::fcntl(low.get(), F_DUPFD_CLOEXEC, 16);
  if (high < 0)  // EINVAL: 16 is beyond the limit
    throw std::system_error(errno == EINVAL ? EMFILE : errno, std::generic_category(),
                            "cannot start a worker");
  return Descriptor(high);
}

}  // namespace

WorkerProcess::WorkerProcess(const std::vector<std::string>& command, int in, int out) {
  Pipe jobs = makePipe(), results = makePipe();
  const Descriptor jobsRead = moveUp(std::move(jobs.read));
  const Descriptor resultsWrite = moveUp(std::move(results.write));

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // An empty chroot has no devices; workers read nothing from there anyway.
  if (in != STDIN_FILENO && ::access("/dev/null", R_OK) == 0)
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  // The parent's standard output may be one JSON object: nothing else may get in there.
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, jobsRead.get(), in);
  posix_spawn_file_actions_adddup2(&actions, resultsWrite.get(), out);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  // A program of the user's starts others: they end with it, as a group of their own.
  group_ = out == STDOUT_FILENO;
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK |
                                                           (group_ ? POSIX_SPAWN_SETPGROUP : 0)));

  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int error = (group_ ? ::posix_spawnp : ::posix_spawn)(
      &pid_, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    pid_ = -1;
    throw std::system_error(error, std::generic_category(),
                            "cannot start worker '" + command.front() + "'");
  }
  toWorker_ = std::move(jobs.write);
  fromWorker_ = std::move(results.read);
}

WorkerProcess::~WorkerProcess() {
  kill();
  reap();
}

void WorkerProcess::kill() {
  if (pid_ > 0) ::kill(group_ ? -pid_ : pid_, SIGKILL);
}

int WorkerProcess::reap() {
  if (pid_ <= 0) return 0;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

}  // namespace wattlas
