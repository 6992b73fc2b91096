// The kernels of the source tree.
#pragma once

#include "pim/dpu/kernels/kernel_library.h"

namespace wattlas::dpu::test {

inline SearchPath dataPath() {
  return SearchPath({WATTLAS_DATA_ROOT "/configs"});
}

inline KernelLibrary& library() {
  static KernelLibrary kernels(dataPath());
  return kernels;
}

}  // namespace wattlas::dpu::test
