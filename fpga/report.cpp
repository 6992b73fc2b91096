// A program of a design, and what the design takes and how its layers are laid out, for people and
// files.
#include <algorithm>

#include "fpga/device.h"

namespace wattlas::fpga {
namespace {

void put(OperatorDesign& row, const char* key, std::int64_t value) {
  row.numbers.emplace_back(key, static_cast<double>(value));
}

/// Layers of one operator: copies of it are equal, so the first one speaks for all.
OperatorDesign describe(const Design& design, std::int32_t op) {
  OperatorDesign row;
  const auto& layers = design.network.layers;
  const auto mine = [op](const Layer& layer) { return layer.op == op; };
  const auto at = std::find_if(layers.begin(), layers.end(), mine);
  if (at == layers.end()) {
    const auto host = std::find_if(layers.begin(), layers.end(), [op](const Layer& layer) {
      return std::find(layer.absorbed.begin(), layer.absorbed.end(), op) != layer.absorbed.end();
    });
    if (host != layers.end()) row.why = "part of " + host->name;
    return row;
  }
  const auto index = static_cast<std::size_t>(at - layers.begin());
  const Folding& f = design.foldings[index];
  if (design.style == Style::finn || !at->hasProducts()) put(row, "pe", f.pe);
  if (design.style == Style::finn && at->hasProducts()) put(row, "simd", f.simd);
  if (design.style == Style::hls4ml && at->hasProducts()) put(row, "reuse", f.reuse);
  std::int64_t interval = 0, depth = 0;
  Resources cost;
  for (const Actor& a : design.pipeline.actors) {
    if (a.op != op) continue;
    cost += a.cost;
    if (a.kind != ActorKind::source && a.kind != ActorKind::sink)
      interval = std::max(interval, busyCycles(a));
  }
  for (const Channel& c : design.pipeline.channels)
    if (c.sizable && design.pipeline.actors[static_cast<std::size_t>(c.to)].op == op &&
        design.pipeline.actors[static_cast<std::size_t>(c.to)].kind != ActorKind::sink)
      depth = std::max(depth, c.capacity - c.registers);
  put(row, "ii_cycles", interval);
  put(row, "fifo_depth", depth);
  put(row, "lut", cost.lut);
  put(row, "ff", cost.ff);
  put(row, "dsp", cost.dsp);
  put(row, "bram18", cost.bram18);
  put(row, "uram", cost.uram);
  row.why = design.why[index];
  return row;
}

}  // namespace

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

DesignReport DataflowProgram::designReport(bool operators) const {
  DesignReport report;
  const Design& d = *design_;
  const auto fabric = [&](const char* name, std::int64_t Resources::*kind) {
    report.fabric.push_back({name, static_cast<double>(d.total.*kind + shell_.*kind),
                             static_cast<double>(shell_.*kind), static_cast<double>(usable_.*kind),
                             static_cast<double>(total_.*kind)});
  };
  fabric("lut", &Resources::lut);
  fabric("ff", &Resources::ff);
  fabric("dsp", &Resources::dsp);
  fabric("bram18", &Resources::bram18);
  fabric("uram", &Resources::uram);
  const Actor& slowest = d.pipeline.actors[bottleneck(d.pipeline)];
  const std::int64_t interval = std::max<std::int64_t>(busyCycles(slowest), 1);
  report.iiCycles = static_cast<double>(interval);
  report.latencyCycles = static_cast<double>(d.latency);
  report.throughputPerS = clock_ / static_cast<double>(interval);
  report.bottleneck = slowest.name;
  if (!operators) return report;
  for (std::size_t c = 0; c < d.pipeline.channels.size(); ++c) {
    const Channel& channel = d.pipeline.channels[c];
    if (!channel.sizable) continue;
    report.streams.push_back(
        {channel.name, static_cast<double>(channel.capacity - channel.registers),
         static_cast<double>(d.fifoPeaks[c]), static_cast<double>(channel.tokenBits),
         static_cast<double>(channel.wordBits)});
  }
  for (std::size_t op = 0; op < d.macs.size(); ++op)
    report.operators.push_back(describe(d, static_cast<std::int32_t>(op)));
  return report;
}

}  // namespace wattlas::fpga
