// `wattlas validate --data`: measurements of users against the models.
#pragma once

#include "validation/probe.h"

namespace wattlas {

/// Prints errors by platform (and operator), and of whole runs each row. Throws InputError.
void validateData(const ProbeContext& context, const std::string& data, bool json);

}  // namespace wattlas
