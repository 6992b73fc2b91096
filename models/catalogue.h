// Ids that the public contract reserves (docs/contract.md, 5). An id that is reserved but has no
// file yet answers "not available yet" instead of "unknown".
#pragma once

#include <string>
#include <vector>

namespace wattlas {

const std::vector<std::string>& cataloguePlatforms();
bool isCataloguePlatform(const std::string& id);

/// `ID-x2`, `-x4`, `-x8`, `-x16` of a GPU or a PIM-AI DIMM: groups of them, made from the file of
/// one; empty for other platforms.
std::vector<std::string> multiplesOf(const std::string& id);

}  // namespace wattlas
