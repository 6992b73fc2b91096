// Specifications by id, for tests that run over all of them.
#pragma once

#include <string>
#include <vector>

#include "models/dram/memory.h"
#include "tests/paths.h"

namespace wattlas::dram {

inline SearchPath dataPath() {
  return SearchPath({wattlas::test::sourceRoot()});
}
inline DramSpec specOf(const std::string& id,
                       const std::vector<std::pair<std::string, ConfigNode>>& sets = {}) {
  return loadDramSpec(dataPath(), id, sets);
}
/// The same with one channel, which is enough for what a channel does.
inline DramSpec oneChannel(const std::string& id) {
  return specOf(id, {{"organisation.channels", ConfigNode::ofScalar("1")},
                     {"organisation.pseudoChannels", ConfigNode::ofScalar("1")}});
}
inline const std::vector<std::string>& allSpecs() {
  static const std::vector<std::string> ids = dramSpecIds(dataPath());
  return ids;
}
/// A test name out of an id.
inline std::string testName(std::string id) {
  for (char& c : id)
    if (c == '-') c = '_';
  return id;
}

inline MemoryResult runTraffic(const DramSpec& spec, const ControllerParams& params, Level level,
                               const Traffic& traffic, CommandTrace* trace = nullptr) {
  DramMemory memory(spec, params, level);
  memory.traceTo(trace);
  return memory.run(makeTraffic(traffic, memory.map()));
}

}  // namespace wattlas::dram
