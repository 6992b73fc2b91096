// From comparisons as data to rows: one runner for every group.
#pragma once

#include "validation/group_file.h"

namespace wattlas {

using Probes = std::map<std::string, Probe>;

/// Asks the probes and fills the rows in the order of the file. Nothing is fitted here. A question
/// that has no answer is a row without a number, which fails its gate; lines of a data file that
/// have none are left out of a mean and counted in its `quantity`.
/// Throws InputError: unknown probe, figure or column.
ValidationRows validationRows(const GroupSpec& group, const Probes& probes, const SearchPath& path);

}  // namespace wattlas
