// Comparisons of language models on PIM chips and of the roofline peer for `wattlas validate`.
#pragma once

#include "cli/context.h"
#include "models/validation.h"

namespace wattlas {

/// Group `banks`: what upmem_llm_framework printed against its equations here, what it counts, and
/// the published energy ratio of PIM-AI against phones.
ValidationRows llmValidationRows(const Context& context);

}  // namespace wattlas
