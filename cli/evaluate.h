// From an experiment to its result, in this process or in children.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "cli/context.h"
#include "models/simulate.h"
#include "validation/probe.h"

namespace wattlas {

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

/// What a result wants to tell people, on stderr.
void printNotes(const RunResult& result);

}  // namespace wattlas
