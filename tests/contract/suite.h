// What the contract suite knows about platforms: all of them, by file, with every family.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/plan.h"
#include "models/simulate.h"

namespace wattlas::suite {

const Registry& registry();
const SearchPath& path();
/// Ids of all files in configs/platforms.
std::vector<std::string> platformIds();

/// A workload in a format, as one line of the command would give it.
struct Point {
  std::string workload, format;
};
/// Small work of every kind, each in an integer, a floating and a ternary format.
const std::vector<Point>& points();

using Sets = std::vector<std::pair<std::string, std::string>>;
Experiment experiment(const std::string& platform, const Point& point, const Sets& sets = {});

/// Simulates with nothing known before.
class Runner {
 public:
  RunResult operator()(const Experiment& experiment);
};

/// Highest level that `platform` lists, analytic when it has no other.
Fidelity highest(const Device& device);
bool offers(const Device& device, Fidelity fidelity);

/// Programs on the device (not on the host) that a feasible plan of `experiment` holds.
std::vector<std::shared_ptr<const Program>> devicePrograms(const Experiment& experiment);

/// "upmem-dimm gemv:4x4 int8", for messages.
std::string label(const std::string& platform, const Point& point);

}  // namespace wattlas::suite
