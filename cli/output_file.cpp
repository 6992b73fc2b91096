#include "cli/output_file.h"

#include <filesystem>
#include <fstream>

#include "models/base/error.h"

namespace wattlas {

void refuseSameFile(const char* flag, const std::string& file, const std::string& other,
                    const std::string& what) {
  if (file.empty() || other.empty()) return;
  namespace fs = std::filesystem;
  std::error_code error;
  // Names that do not exist yet can only be compared as names.
  const bool same =
      fs::equivalent(file, other, error) ||
      fs::absolute(file, error).lexically_normal() == fs::absolute(other, error).lexically_normal();
  if (same)
    throw InputError(
        Problem{{flag, 0}, {}, file + " is " + what + " and would be lost", "another name", {}});
}

void refusePointTable(const char* flag, const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return;  // a pipe would be waited for
  std::ifstream in(file);
  std::string line;
  if (in && std::getline(in, line) && line.starts_with("point_id,platform,workload,format"))
    throw InputError(Problem{{flag, 0},
                             {},
                             file + " holds design points and would be lost: the numbers of a plot "
                                    "are written beside it",
                             "another name",
                             {}});
}

}  // namespace wattlas
