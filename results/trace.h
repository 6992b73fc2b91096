// Timeline of one result for https://ui.perfetto.dev or chrome://tracing (Trace Event JSON).
#pragma once

#include <string>

#include "models/result.h"

namespace wattlas {

/// One process "busy" with the operators of each device from start to end (overlapping ones in
/// lanes of their own), one process "attributed" with the shares that add up to the whole time,
/// and the phases above both. Times in microseconds. Throws InputError for an infeasible result.
std::string traceJson(const RunResult& result);
/// The same into a file that appears complete or not at all. Throws InputError.
void writeTrace(const std::string& path, const RunResult& result);

}  // namespace wattlas
