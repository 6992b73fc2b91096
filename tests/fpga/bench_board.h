// What the device tests share: boards from their files, networks from the library.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fpga/device.h"
#include "fpga/register.h"
#include "tests/paths.h"
#include "workloads/graph/workload.h"

namespace wattlas::fpga::test {

using Settings = std::vector<std::pair<std::string, std::string>>;

inline SearchPath searchPath() {
  return SearchPath({wattlas::test::sourceRoot()});
}

inline std::unique_ptr<Device> board(const std::string& id, const Settings& settings = {}) {
  Registry registry;
  registerFpga(registry);
  const SearchPath path = searchPath();
  ConfigNode config = loadConfig(path.list("devices").at(id), path);
  for (const auto& [key, value] : settings) config.set(key, ConfigNode::ofScalar(value));
  return registry.make(config, "device");
}

inline const DataflowDevice& dataflow(const Device& device) {
  return dynamic_cast<const DataflowDevice&>(device);
}

inline Workload network(const std::string& id, const Settings& options = {}) {
  ConfigNode node = ConfigNode::ofMap();
  for (const auto& [key, value] : options) node.set(key, ConfigNode::ofScalar(value));
  return makeWorkload(id, node, searchPath());
}

/// All operators of the first phase as one region.
inline Expected<std::shared_ptr<const Program>, Refusal> lower(const Device& device,
                                                               const Workload& workload) {
  const Graph& graph = workload.phases.front().graph;
  return device.lower({graph, graph.order(), workload.phases.front().kind});
}

inline std::shared_ptr<const Program> lowered(const Device& device, const Workload& workload) {
  auto program = lower(device, workload);
  if (!program) throw std::runtime_error(program.error().what);
  return *program;
}
inline const DataflowProgram& pipelineOf(const Program& program) {
  return dynamic_cast<const DataflowProgram&>(program);
}

/// Lowers and runs without SystemC.
inline Trace traceOf(const Device& device, const Workload& workload,
                     Fidelity fidelity = Fidelity::event) {
  const auto program = lowered(device, workload);
  return dataflow(device).run(pipelineOf(*program), fidelity);
}
inline Profile run(const Device& device, const Workload& workload,
                   Fidelity fidelity = Fidelity::event) {
  const auto program = lowered(device, workload);
  return device.simulate(*program, fidelity);
}

inline EnergyCounts countsOf(const Profile& profile) {
  EnergyCounts counts;
  for (const Segment& s : profile.segments) counts.add(s.energy, s.repeat);
  return counts;
}

/// Dynamic energy plus power for the duration.
inline double joules(const Device& device, const Profile& profile) {
  double total = countsOf(profile).energy(device.energy()).value;
  for (const CoefficientId id : device.energy().powers())
    total += device.energy().at(id).perCount.value.value * static_cast<double>(profile.alone().ps);
  return total;
}

}  // namespace wattlas::fpga::test
