// Files that a command writes must not be those it reads.
#pragma once

#include <string>

namespace wattlas {

/// Throws InputError when `file`, given with `flag`, is the same file as `other` (named `what`).
/// Empty names are no files.
void refuseSameFile(const char* flag, const std::string& file, const std::string& other,
                    const std::string& what);

/// Throws InputError when `file` is a table of design points, as `explore --csv` writes, and would
/// be overwritten by something else.
void refusePointTable(const char* flag, const std::string& file);

}  // namespace wattlas
