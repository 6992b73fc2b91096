// Which unit of a GPU computes with which number formats, and at what real cost.
#pragma once

#include "gpu/kernel.h"
#include "gpu/parameters.h"
#include "models/device.h"

namespace wattlas::gpu {

struct DataPath {
  Support support;
  MacKind kind = MacKind::none;
  double macsPerClock = 0;  ///< per SM; 0 = refused
  bool matrixUnit = false;  ///< false: the ordinary lanes
  double operandBits = 16;  ///< width of an operand as the unit sees it (shared memory)
  double unpackOps = 0;     ///< vector operations per weight element to make operands of it
};

/// Path for products of weights and activations (or of queries and keys).
DataPath productPath(const Parameters& p, const NumberFormat& weight,
                     const NumberFormat& activation);
/// How the device deals with an operator: the path of its products or of its elements.
Support supportOf(const Parameters& p, const Operator& op);
/// Path of `op`'s products (attention: queries x keys); elementwise kinds have none.
DataPath pathOf(const Parameters& p, const Operator& op);

}  // namespace wattlas::gpu
