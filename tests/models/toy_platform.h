// The throw-away device of the contract tests, fed by a real host model that runs what it refuses.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/simulate.h"

namespace wattlas::test {

using Sets = std::vector<std::pair<std::string, std::string>>;

const Registry& registry();
const SearchPath& path();
/// `workload` in int8 on the toy device beside a server processor; `more` are lines of the file.
Experiment toyExperiment(const std::string& workload, const Sets& sets = {},
                         const std::string& more = {});
/// Any platform of the project that needs no family but the host.
Experiment hostExperiment(const std::string& workload, const Sets& sets = {});
/// Closed form, cold cache.
RunResult analytic(const Experiment& experiment);

}  // namespace wattlas::test
