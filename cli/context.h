// What every command gets: device kinds, search path, and where the executable is.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "explorer/worker_pool.h"
#include "models/registry.h"
#include "models/simulate.h"
#include "validation/probe.h"

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

/// A problem of a flag or file.
inline InputError errorAt(const std::string& place, std::string what, std::string expected,
                          std::string hint = {}) {
  return InputError(Problem{{place, 0}, {}, std::move(what), std::move(expected), std::move(hint)});
}

/// Builds the context: families registered, paths found from the running executable.
Context makeContext();

// From an experiment to its result, in this process or in children.

/// In this process. At most one experiment of a process may need SystemC.
RunResult evaluateHere(const ExperimentSpec& spec, const Context& context);

/// One after the other; those that need SystemC each in a child process.
std::vector<RunResult> evaluateEach(const std::vector<ExperimentSpec>& specs,
                                    const Context& context);

/// The same for variants of which some may be impossible: those have no result. Fewer results than
/// specs when `goesOn`, which may be empty, asked to stop.
std::vector<std::optional<RunResult>> evaluateAccepted(const std::vector<ExperimentSpec>& specs,
                                                       const Context& context,
                                                       const std::function<bool()>& goesOn = {});

/// What the probes of validation and calibration run in.
ProbeContext probeContext(const Context& context);

/// Worker processes of this program; `jobs` 0 = one a core.
WorkerPoolOptions workersOf(const Context& context, int jobs = 0);

/// What a result wants to tell people, on stderr.
void printNotes(const RunResult& result);

// `wattlas worker`: the process that the explorer starts; not a command for people.

bool isWorker(int argc, char** argv);
int runWorker();

/// Adds the kinds of all families. A new family is a folder and one line here.
void registerFamilies(Registry& registry);

}  // namespace wattlas
