// Networks in the files of other programs. Their readers live in workloads/import; the graph knows
// them by this door only, which the program opens at its start.
#pragma once

#include <optional>
#include <string>

#include "models/base/config.h"

namespace wattlas {

struct ForeignReader {
  bool (*claims)(const std::string& reference) = nullptr;  ///< whether it is such a file or folder
  ConfigNode (*read)(const std::string& reference) = nullptr;  ///< its description
};
void setForeignReader(ForeignReader reader);

/// Description of a file that the reader claims; nothing for any other reference.
std::optional<ConfigNode> readForeign(const std::string& reference);

/// Whether `reference` names a file or folder, not an id or a micro workload.
bool isWorkloadFile(const std::string& reference);
/// What a workload is called: the stem of its file, the folder of a config.json, the id itself.
std::string workloadName(const std::string& reference);

}  // namespace wattlas
