// Any text is a Hugging Face configuration or an InputError.
#include <cstddef>
#include <cstdint>

#include "models/base/error.h"
#include "workloads/graph/workload.h"
#include "workloads/import/hf_config.h"

using namespace wattlas;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const ImportedModel model =
        hf::importConfig({reinterpret_cast<const char*>(data), size}, "config.json", "fuzz");
    buildWorkload("fuzz", model.description, ConfigNode::ofMap());
  } catch (const InputError&) {
  }
  return 0;
}
