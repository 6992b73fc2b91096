// What every command gets: device kinds, search path, and where the executable is.
#pragma once

#include <string>

#include "models/registry.h"

namespace wattlas {

struct Context {
  Registry registry;
  SearchPath path;
  std::string executable;  ///< absolute path, to start workers
  std::string dataRoot;
  bool colour = false;    ///< stdout is a terminal and NO_COLOR is not set
  bool progress = false;  ///< stderr is a terminal
  int exitCode = 0;
};

/// Exit codes of docs/contract.md, 1.
enum ExitCode {
  exitDone = 0,
  exitInternal = 1,
  exitBadInput = 2,
  exitInfeasible = 3,
  exitGateMissed = 4
};

/// Builds the context: families registered, paths found from the running executable.
Context makeContext();

}  // namespace wattlas
