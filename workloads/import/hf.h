// Reader of Hugging Face configurations. Inside the module.
#pragma once

#include "workloads/import/hf_config.h"

namespace wattlas::hf {

/// Description of the model that the JSON text configures; `name` is its title.
ImportedModel importConfig(const std::string& text, const std::string& file,
                           const std::string& name);

/// Formats of the linear layers as quantization_config says.
void quantise(HfConfig& config, Description& out, const std::string& base);

}  // namespace wattlas::hf
