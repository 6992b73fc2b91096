#include <algorithm>

#include "fpga/device.h"

namespace wattlas::fpga {

DataflowProgram::DataflowProgram(std::shared_ptr<const Design> design, const Parameters& p)
    : design_(std::move(design)),
      shell_{p.shellLut, p.shellFf, 0, p.shellBram18, 0},
      usable_(budgetOf(p)),
      total_{p.lut.total, p.ff.total, p.dsp.total, 2 * p.bram36.total, p.uram.total},
      clock_(p.clock.value.value) {
  usable_ += shell_;
  const Bits io =
      (design_->inputBits + design_->outputBits) * static_cast<double>(design_->network.frames);
  footprint_ = {{0, design_->weightBits, design_->bufferBits}, {1, design_->streamedBits, io}};
  bound_ = std::max(cyclesToTicks(boundCycles(design_->pipeline, frames()), p.clock.value),
                    toTicks(io / p.memoryBandwidth.value));
}

}  // namespace wattlas::fpga
