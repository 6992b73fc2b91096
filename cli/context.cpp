#include "cli/context.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cli/families.h"
#include "models/base/data_path.h"
#include "workloads/graph/foreign.h"
#include "workloads/import/import.h"

namespace wattlas {
namespace fs = std::filesystem;

namespace {

/// Beside an installed executable is ../share/wattlas; a build tree uses the source tree.
std::string findDataRoot(const fs::path& executable) {
  std::error_code ignored;
  const fs::path installed = executable.parent_path() / ".." / "share" / "wattlas";
  if (fs::is_directory(installed / "configs", ignored)) return fs::weakly_canonical(installed);
  return WATTLAS_SOURCE_ROOT;
}

}  // namespace

Context makeContext() {
  Context context;
  std::error_code ignored;
  // The starter of a bundle (scripts/bundle_start.c) names itself: /proc sees the bundle's loader.
  const char* started = std::getenv("WATTLAS_EXECUTABLE");
  context.executable = started != nullptr && *started != '\0'
                           ? std::string(started)
                           : fs::read_symlink("/proc/self/exe", ignored).string();
  context.dataRoot = findDataRoot(context.executable);
  context.path = SearchPath::standard(context.dataRoot);
  setDataPath(context.path);
  const char* noColour = std::getenv("NO_COLOR");
  context.colour = isatty(STDOUT_FILENO) == 1 && (noColour == nullptr || *noColour == '\0');
  context.progress = isatty(STDERR_FILENO) == 1;
  registerFamilies(context.registry);
  setForeignReader({isForeignModel, readForeignModel});
  return context;
}

}  // namespace wattlas
