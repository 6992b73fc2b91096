#include "pim/upmem/parts.h"

#include <functional>

#include "pim/upmem/closed_form.h"

namespace wattlas::pim {

namespace {

PartCost costOf(const Stage& stage, const UpmemDevice& device) {
  const UpmemParams& p = device.params();
  return {closedForm(stage, p).time,
          countsOf(stage, p, device.coefficients()).energy(device.energy())};
}

void add(PartCost& to, const PartCost& more, const PartCost& less) {
  to.time += std::max(Ticks(0), more.time - less.time);
  to.energy += Joules(std::max(0.0, more.energy.value - less.energy.value));
}

/// A kernel of the units: parts are taken away one after the other.
void bankParts(Stage stage, const UpmemDevice& device, Parts& parts) {
  PartCost before = costOf(stage, device);
  const auto take = [&](Part part, const std::function<void(DpuWork&)>& without) {
    for (DpuClass& c : std::get<Kernel>(stage.what).classes) without(c.work);
    const PartCost after = costOf(stage, device);
    add(parts[static_cast<std::size_t>(part)], before, after);
    before = after;
  };
  take(Part::requantise, [](DpuWork& w) { w.bank.postInstructions = w.bank.outputTransfers = 0; });
  take(Part::readOut, [](DpuWork& w) { w.bank.readInstructions = 0; });
  take(Part::refill, [](DpuWork& w) {
    w.bank.refillInstructions = w.bank.chunkInstructions = w.bank.inputTransfers = 0;
  });
  take(Part::packing, [](DpuWork& w) { w.loops.clear(); });
  add(parts[static_cast<std::size_t>(Part::mac)], before, {});
}

}  // namespace

const char* nameOf(Part part) {
  static constexpr std::array<const char*, partCount> names = {
      "to device", "from device", "launch",   "DPU products", "packing",
      "refill",    "MAC",         "read-out", "requantise"};
  return names.at(static_cast<std::size_t>(part));
}

Parts partsOf(const UpmemDevice& device, const OpPlan& plan) {
  Parts parts{};
  for (const Stage& stage : plan.stages) {
    if (const auto* kernel = std::get_if<Kernel>(&stage.what)) {
      if (!kernel->classes.empty() && kernel->classes.front().work.hasBank) {
        bankParts(stage, device, parts);
        continue;
      }
    }
    const auto* x = std::get_if<Exchange>(&stage.what);
    const Part part = x != nullptr ? (x->toDevice ? Part::toDevice : Part::fromDevice)
                      : std::holds_alternative<HostWork>(stage.what) ? Part::launch
                                                                     : Part::products;
    add(parts[static_cast<std::size_t>(part)], costOf(stage, device), {});
  }
  return parts;
}

}  // namespace wattlas::pim
