// `wattlas validate --data`: measurements of users against the models.
#pragma once

#include "cli/context.h"

namespace wattlas {

/// Rows of the operator CSV with `platform` (or `device`) and `measured_us`, or measured runs
/// (validation/measured_runs.h). Prints; throws InputError.
void validateData(const Context& context, const std::string& data, bool json);

}  // namespace wattlas
