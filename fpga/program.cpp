#include <algorithm>

#include "fpga/device.h"

namespace wattlas::fpga {
namespace {

void hashActor(Hasher& h, const Actor& a) {
  const Window& w = a.window;
  h.integer(static_cast<int>(a.kind)).integer(a.op).integer(static_cast<int>(a.pattern));
  h.integer(static_cast<int>(a.emit)).integer(a.tokens).integer(a.service).integer(a.work);
  h.integer(a.latency).integer(a.paceNum).integer(a.paceDen);
  for (const std::int64_t v : {w.height, w.width, w.top, w.bottom, w.left, w.right, w.kernelHeight,
                               w.kernelWidth, w.strideHeight, w.strideWidth})
    h.integer(v);
  for (const std::int64_t v : {a.cost.lut, a.cost.ff, a.cost.dsp, a.cost.bram18, a.cost.uram})
    h.integer(v);
}

Hash128 hashOfDesign(const Design& design, const std::vector<Operator>& ops) {
  Hasher h;
  h.text("fpga-dataflow").integer(static_cast<int>(design.style)).integer(design.network.frames);
  for (const Operator& op : ops) h.add(hashOf(op)).integer(op.count);
  for (const Actor& a : design.pipeline.actors) hashActor(h, a);
  for (const Channel& c : design.pipeline.channels)
    h.integer(c.from).integer(c.to).integer(c.capacity).integer(c.delay).integer(c.tokenBits);
  return h.finish();
}

}  // namespace

DataflowProgram::DataflowProgram(Design design, std::vector<Operator> ops, const Parameters& p)
    : design_(std::move(design)), ops_(std::move(ops)) {
  const Bits io =
      (design_.inputBits + design_.outputBits) * static_cast<double>(design_.network.frames);
  footprint_ = {{0, design_.weightBits, design_.bufferBits}, {1, Bits(), io}};
  hash_ = hashOfDesign(design_, ops_);
  bound_ = std::max(cyclesToTicks(boundCycles(design_.pipeline, frames()), p.clock.value),
                    toTicks(io / p.memoryBandwidth.value));
}

}  // namespace wattlas::fpga
