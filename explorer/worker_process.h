// One worker process as its parent sees it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "explorer/pipe_io.h"
#include "explorer/worker_protocol.h"

namespace wattlas {

/// Started by posix_spawn, killed and reaped when destroyed. The parent must ignore SIGPIPE.
class WorkerProcess {
 public:
  /// Throws std::runtime_error when the program cannot be started. `in` and `out` are the
  /// descriptors that it reads and writes; with a standard output of its own it is looked up in
  /// PATH, and what it starts ends with it.
  explicit WorkerProcess(const std::vector<std::string>& command, int in = workerInput,
                         int out = workerOutput);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  int output() const { return fromWorker_.get(); }
  int input() const { return toWorker_.get(); }
  FrameBuffer& frames() { return frames_; }
  bool send(const std::string& frame) { return writeFrame(toWorker_.get(), frame); }
  /// Closes its input, so that it ends by itself.
  void finish() { toWorker_.close(); }
  void kill();
  /// Waits for its end; the wait status.
  int reap();
  pid_t id() const { return pid_; }

 private:
  pid_t pid_ = -1;
  bool group_ = false;  ///< a process group of its own
  Descriptor toWorker_, fromWorker_;
  FrameBuffer frames_;
};

}  // namespace wattlas
