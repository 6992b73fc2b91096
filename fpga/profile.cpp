// From cycles to a Profile: segments, shares of operators, energy counts, statistics.
#include <algorithm>
#include <stdexcept>

#include "fpga/device.h"
#include "models/base/multiples.h"

namespace wattlas::fpga {

namespace {

/// Product of three sourced factors with its range.
Sourced<Joules> effective(const Sourced<Joules>& base, const Sourced<Ratio>& technology,
                          const Sourced<Ratio>& toggles) {
  Sourced<Joules> out = base;
  const double scale = 1.0 / reportedToggleRate;
  out.value = base.value * (technology.value.value * toggles.value.value * scale);
  out.low = base.low * (technology.low.value * toggles.low.value * scale);
  out.high = base.high * (technology.high.value * toggles.high.value * scale);
  return out;
}

Sourced<Joules> sum(Sourced<Joules> a, const Sourced<Joules>& b) {
  a.value += b.value;
  a.low += b.low;
  a.high += b.high;
  if (b.source != a.source) a.source += "; " + b.source;
  return a;
}

/// What energy is charged for in one frame.
struct Work {
  Resources cost;         ///< times busy cycles
  std::int64_t bits = 0;  ///< to and from the board memory
  Work& operator+=(const Work& o) {
    cost += o.cost;
    bits += o.bits;
    return *this;
  }
  EnergyCounts counts(const Coefficients& c, std::int64_t frames) const {
    EnergyCounts out;
    out.add(c.lut, cost.lut * frames);
    out.add(c.ff, cost.ff * frames);
    out.add(c.dsp, cost.dsp * frames);
    out.add(c.bram18, cost.bram18 * frames);
    out.add(c.uram, cost.uram * frames);
    out.add(c.memory, bits * frames);
    return out;
  }
};

/// What one operator does in one frame.
struct Use {
  std::int64_t busy = 0;  ///< cycles of its busiest unit
  std::int64_t start = -1, end = 0;
  Work work;
};

/// What limits the pipeline as a whole; every operator's share of its time has that bound.
Bottleneck bottleneckOf(const Actor& slowest, std::int64_t busy, std::int64_t cycles,
                        std::int64_t frames, const Parameters& p, const Pipeline& pipeline) {
  // A single frame may spend most of its time filling the pipeline.
  if (busy * frames * 2 < cycles) return Bottleneck::latency;
  if (slowest.kind != ActorKind::source && slowest.kind != ActorKind::sink)
    return Bottleneck::compute;
  const std::int32_t c = slowest.outputs.empty() ? slowest.inputs.front() : slowest.outputs.front();
  const bool wide = pipeline.channels[static_cast<std::size_t>(c)].tokenBits > p.dmaWidth;
  // Otherwise it is the grain of the stream: a token a cycle.
  return slowest.paceNum > 0 || wide ? Bottleneck::memory : Bottleneck::control;
}

}  // namespace

void DataflowDevice::makeEnergy() {
  const auto add = [&](const char* id, Category category, const char* unit,
                       const Sourced<Joules>& joules) {
    return energy_.add({id, category, Scope::chip, unit, joules});
  };
  const auto dynamic = [&](const Sourced<Joules>& base) {
    return effective(base, p_.technology, p_.toggleRate);
  };
  c_.lut = add("fabric.lut", Category::compute, "LUT x busy cycle",
               dynamic(sum(p_.lutLogic, p_.lutRouting)));
  c_.ff = add("fabric.ff", Category::compute, "flip-flop x busy cycle", dynamic(p_.ffClock));
  c_.dsp = add("fabric.dsp", Category::compute, "DSP x busy cycle", dynamic(p_.dspCycle));
  c_.bram18 = add("fabric.bram18", Category::scratchpad, "18 Kibit block RAM x busy cycle",
                  scaled<Joules>(dynamic(p_.bramCycle), 0.5));
  c_.uram =
      add("fabric.uram", Category::scratchpad, "UltraRAM x busy cycle", dynamic(p_.uramCycle));
  c_.memory =
      energy_.add({"memory.bit", Category::array, Scope::device, "bit", perBit(p_.memoryEnergy)});
  energy_.addPower("fabric.static", Category::leakage, Scope::chip, p_.staticPower);
  energy_.addPower("board", Category::leakage, Scope::device, p_.boardPower);
}

Profile DataflowDevice::profileOf(const DataflowProgram& program, const Trace& trace) const {
  const Pipeline& pipeline = program.design().pipeline;
  const std::int64_t frames = program.frames();
  std::vector<Use> uses(program.design().macs.size());
  Work perFrame;
  for (std::size_t i = 0; i < pipeline.actors.size(); ++i) {
    const Actor& a = pipeline.actors[i];
    const std::int64_t busy = busyCycles(a);
    Use& use = uses[static_cast<std::size_t>(a.op)];
    Work work;
    work.cost = a.cost.times(busy);
    if (a.kind == ActorKind::source || a.kind == ActorKind::sink)
      for (const auto* channels : {&a.inputs, &a.outputs})
        for (const std::int32_t c : *channels)
          work.bits += a.tokens * pipeline.channels[static_cast<std::size_t>(c)].tokenBits;
    use.work += work;
    perFrame += work;
    use.busy = std::max(use.busy, busy);
    const Trace::ActorTrace& t = trace.actors[i];
    use.start = use.start < 0 ? t.firstStart : std::min(use.start, t.firstStart);
    use.end = std::max(use.end, t.end);
  }

  Profile profile;
  const Ticks total = cyclesToTicks(trace.cycles, p_.clock.value);
  const std::size_t slowest = bottleneck(pipeline);
  const std::int64_t pace = busyCycles(pipeline.actors[slowest]);
  const Bottleneck limit =
      bottleneckOf(pipeline.actors[slowest], pace, trace.cycles, frames, p_, pipeline);

  Segment first;
  first.energy = perFrame.counts(c_, 1);
  first.bottleneck = limit;
  first.local = total;
  if (frames > 1) {
    // Frames behind the first one leave at the pipeline's pace.
    Segment later = first;
    later.repeat = frames - 1;
    const Ticks filled = cyclesToTicks(trace.firstFrame, p_.clock.value);
    later.local = Ticks((total.ps - filled.ps) / (frames - 1));
    first.local = total - later.local * (frames - 1);
    profile.segments = {first, later};
  } else {
    profile.segments = {first};
  }

  std::int64_t allBusy = 0;
  for (const Use& use : uses) allBusy += use.busy;
  Ticks given;
  const double peak = info_.peakMacs.value / 2;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const Use& use = uses[i];
    OperatorShare share;
    share.op = static_cast<std::int32_t>(i);
    share.start = cyclesToTicks(std::max<std::int64_t>(use.start, 0), p_.clock.value);
    share.end = std::min(cyclesToTicks(use.end, p_.clock.value), total);
    share.busy = cyclesToTicks(use.busy * frames, p_.clock.value);
    // All operators work at the same time: the duration is shared out by work, the rest of the
    // rounding goes to the last.
    share.attributed = i + 1 == uses.size()
                           ? total - given
                           : Ticks(static_cast<std::int64_t>(
                                 static_cast<double>(total.ps) *
                                 (static_cast<double>(use.busy) /
                                  static_cast<double>(std::max<std::int64_t>(allBusy, 1)))));
    given += share.attributed;
    share.energy = use.work.counts(c_, frames);
    share.bottleneck = limit;
    const auto macs = static_cast<double>(program.design().macs[i]);
    if (share.attributed.ps > 0)
      share.utilisation = rounded(std::min(1.0, macs / (toSeconds(share.attributed).value * peak)));
    profile.shares.push_back(std::move(share));
  }

  if (trace.foldedFrames > 0)
    profile.replications.push_back(
        {ReplicationKind::periodicity, trace.foldedFrames,
         std::to_string(trace.foldedFrames) + " frames of " + std::to_string(frames),
         "all actors' and stream places' times relative to the end of a frame "
         "recurred"});
  profile.events = trace.steps + 2;
  return profile;
}

std::vector<Fidelity> DataflowDevice::fidelities() const {
  return {Fidelity::analytic, Fidelity::event, Fidelity::detailed};
}

Profile DataflowDevice::simulate(const Program& program, Fidelity fidelity) const {
  const auto& dataflow = dynamic_cast<const DataflowProgram&>(program);
  const Trace trace = run(dataflow, fidelity);
  if (!trace.deadlock.empty())
    throw std::logic_error("a pipeline that was checked got stuck: " + trace.deadlock);
  return profileOf(dataflow, trace);
}

Profile DataflowDevice::estimate(const Program& program) const {
  const auto& dataflow = dynamic_cast<const DataflowProgram&>(program);
  const Pipeline& pipeline = dataflow.design().pipeline;
  const Estimate e = estimateCycles(pipeline, dataflow.frames());
  Trace trace;
  trace.firstFrame = e.firstFrame;
  trace.cycles = e.cycles;
  trace.steps = static_cast<std::int64_t>(pipeline.actors.size());
  for (const Actor& a : pipeline.actors) {
    Trace::ActorTrace t;
    t.busy = busyCycles(a) * dataflow.frames();
    t.end = e.cycles;
    trace.actors.push_back(t);
  }
  return profileOf(dataflow, trace);
}

// A program of a design, and what the design takes and how its layers are laid out, for people and
// files.

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
    const bool data = a.kind == ActorKind::source || a.kind == ActorKind::sink;
    if (!data || a.name.ends_with(".weights"))  // streamed weights set a layer's pace
      interval = std::max(interval, busyCycles(a));
  }
  for (const Channel& c : design.pipeline.channels)
    if (c.sizable && design.pipeline.actors[static_cast<std::size_t>(c.to)].op == op &&
        design.pipeline.actors[static_cast<std::size_t>(c.to)].kind != ActorKind::sink)
      depth = std::max(depth, c.capacity - c.registers);
  put(row, "ii_cycles", interval);
  put(row, "fifo_depth", depth);
  for (const auto& [name, count] : resourceKinds) put(row, name, cost.*count);
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
  for (const auto& [name, kind] : resourceKinds)
    report.fabric.push_back({name, static_cast<double>(d.total.*kind + shell_.*kind),
                             static_cast<double>(shell_.*kind), static_cast<double>(usable_.*kind),
                             static_cast<double>(total_.*kind)});
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
