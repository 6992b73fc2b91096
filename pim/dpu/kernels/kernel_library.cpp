#include "pim/dpu/kernels/kernel_library.h"

#include "models/base/error.h"

namespace wattlas::dpu {

const Program& KernelLibrary::program(const std::string& name, unsigned tasklets,
                                      const Defines& defines) {
  std::string key = name + " " + std::to_string(tasklets);
  for (const auto& [symbol, value] : defines) key += " " + symbol + "=" + std::to_string(value);
  const auto known = programs_.find(key);
  if (known != programs_.end()) return known->second;
  const auto file = path_.findPart("kernels/dpu/" + name + ".s");
  if (!file) throw InputError("DPU kernel '" + name + "' not found", "a file of kernels/dpu");
  AssembleOptions options;
  options.defines = defines;
  options.tasklets = static_cast<int>(tasklets);
  return programs_.emplace(key, assembleFile(*file, options)).first->second;
}

}  // namespace wattlas::dpu
