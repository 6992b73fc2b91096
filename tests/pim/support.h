// Devices from the shipped files with changes, and one-operator graphs.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pim/registration.h"
#include "tests/paths.h"

namespace wattlas::pim_test {

using Sets = std::vector<std::pair<std::string, std::string>>;

inline ConfigNode configOf(const std::string& id, const Sets& sets = {}) {
  const SearchPath path({wattlas::test::sourceRoot()});
  ConfigNode config = loadConfig(*path.find("devices", id), path);
  for (const auto& [key, value] : sets) config.set(key, ConfigNode::ofScalar(value));
  return config;
}

inline std::unique_ptr<Device> deviceOf(const std::string& id, const Sets& sets = {}) {
  Registry registry;
  registerPim(registry);
  return registry.make(configOf(id, sets), "device");
}

inline std::vector<std::unique_ptr<Device>> devicesOf(const std::vector<std::string>& ids) {
  std::vector<std::unique_ptr<Device>> all;
  for (const std::string& id : ids) all.push_back(deviceOf(id));
  return all;
}

inline Operator gemm(std::int64_t m, std::int64_t n, std::int64_t k, const std::string& format) {
  Operator op;
  op.name = "gemm";
  op.kind = OpKind::gemm;
  op.dims[Dim::M] = m;
  op.dims[Dim::N] = n;
  op.dims[Dim::K] = k;
  op.formats = parseTensorFormats(format);
  return op;
}

inline Operator attention(std::int64_t heads, std::int64_t keys, const std::string& format) {
  Operator op;
  op.name = "attention";
  op.kind = OpKind::attention;
  op.dims[Dim::heads] = op.dims[Dim::kvHeads] = heads;
  op.dims[Dim::headDim] = 128;
  op.dims[Dim::keys] = keys;
  op.dims[Dim::queries] = 1;
  op.formats = parseTensorFormats(format);
  return op;
}

inline std::shared_ptr<const Program> lower(const Device& device, const Operator& op) {
  Graph graph;
  const OpId id = graph.add(op);
  WorkItem item{graph, {id}, PhaseKind::inference};
  auto program = device.lower(item);
  if (!program) throw std::runtime_error(program.error().what);
  return *program;
}

inline double analyticSeconds(const Device& device, const Operator& op) {
  return toSeconds(device.estimate(*lower(device, op)).alone()).value;
}

inline double joules(const Device& device, const EnergyCounts& counts) {
  return counts.energy(device.energy()).value;
}

inline double dynamicJoules(const Device& device, const Profile& profile) {
  double sum = 0;
  for (const Segment& s : profile.segments)
    sum += joules(device, s.energy) * static_cast<double>(s.repeat);
  return sum;
}

/// Standing power: what flows while nothing happens.
inline double standingWatts(const Device& device) {
  double sum = 0;
  for (const CoefficientId id : device.energy().powers())
    sum += device.energy().at(id).perCount.value.value * 1e12;
  return sum;
}

}  // namespace wattlas::pim_test
