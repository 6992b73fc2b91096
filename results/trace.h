// Timeline of one result for https://ui.perfetto.dev or chrome://tracing (Trace Event JSON).
#pragma once

#include <string>
#include <vector>

#include "models/result.h"

namespace wattlas {

/// One process "busy" with the operators of each device from start to end (overlapping ones in
/// lanes of their own), one process "attributed" with the shares that add up to the whole time,
/// and the phases above both. Times in microseconds. Throws InputError for an infeasible result.
std::string traceJson(const RunResult& result);

/// A phase of a unit below the operators, such as a command of a bank.
struct UnitSlice {
  std::string unit, name;  ///< the unit gets a track (or several, where slices overlap)
  double startS = 0, durationS = 0;
  std::string detail;  ///< shown when the slice is selected
};
/// The same with a third process `units`, in the order of `slices`.
std::string traceJson(const RunResult& result, const std::string& units,
                      const std::vector<UnitSlice>& slices);
/// The same into a file that appears complete or not at all. Throws InputError.
void writeTrace(const std::string& path, const RunResult& result);
void writeTrace(const std::string& path, const RunResult& result, const std::string& units,
                const std::vector<UnitSlice>& slices);

}  // namespace wattlas
