// Any bytes are an ONNX model or an InputError; what was imported is a workload or an InputError.
#include <cstddef>
#include <cstdint>

#include "models/base/error.h"
#include "workloads/graph/workload.h"
#include "workloads/import/onnx/onnx_model.h"

using namespace wattlas;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    ImportOptions options;
    options.allowUnknown = true;
    const ImportedModel model = onnx_import::importBytes(
        {reinterpret_cast<const char*>(data), size}, "/nowhere/fuzz.onnx", "fuzz", options);
    const ConfigNode again = parseYaml(model.description.toYaml(), "fuzz.yaml");
    if (again.hash() != model.description.hash()) __builtin_trap();
    buildWorkload("fuzz", again, ConfigNode::ofMap());
  } catch (const InputError&) {
  }
  return 0;
}
