// The kernels of the source tree.
#pragma once

#include "pim/dpu/kernels/prim.h"
#include "tests/paths.h"

namespace wattlas::dpu::test {

inline SearchPath dataPath() {
  return SearchPath({std::string(wattlas::test::sourceRoot()) + "/configs"});
}

inline KernelLibrary& library() {
  static KernelLibrary kernels(dataPath());
  return kernels;
}

}  // namespace wattlas::dpu::test
