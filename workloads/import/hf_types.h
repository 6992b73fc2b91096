// The table of transformers. Inside the module.
#pragma once

namespace wattlas::hf {

/// hf_types.yaml, a part of the program.
extern const char* const typesText;

}  // namespace wattlas::hf
