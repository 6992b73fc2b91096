// Runs a function in a forked child and brings back its bytes: clean state for SystemC, which
// cannot elaborate twice in one process, and isolation from crashes.
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>

namespace wattlas {

struct ChildLimits {
  double seconds = 0;     ///< wall-clock time; 0 = none
  std::size_t bytes = 0;  ///< address space beyond what the parent has mapped; 0 = none
};

/// The child gave no answer.
class ChildFailure : public std::runtime_error {
 public:
  enum class Kind { crashed, timeout, memory, threw };
  ChildFailure(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

/// Forks, runs `work` in the child, returns what it returned. The child leaves with _exit: no
/// destructors of the parent's objects, no flushing of its files. It dies with its parent.
/// Call from single-threaded processes only. Throws ChildFailure.
std::string runInChild(const std::function<std::string()>& work, const ChildLimits& limits = {});

/// "signal 11 (Segmentation fault)" or "exit code 3" from a wait status.
std::string describeExit(int waitStatus);
/// Limits the address space of this process to `bytes` more than it uses now (not under
/// sanitizers, which reserve terabytes).
void limitMemory(std::size_t bytes);
/// This process is killed when its parent ends; leaves at once when that already happened.
void dieWithParent(int expectedParent);

}  // namespace wattlas
