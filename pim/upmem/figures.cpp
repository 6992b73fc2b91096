#include "pim/upmem/figures.h"

#include <functional>

#include "pim/bank/bank_run.h"
#include "pim/upmem/plan.h"

namespace wattlas::pim {

namespace {

constexpr std::int64_t outputs = 512, inputs = 4096;

double instructionJoules(const UpmemParams& p) {
  return p.energy.fetch.value.value + p.energy.execute.value.value +
         p.energy.wram.value.value * p.energy.wramPerInstruction.value.value;
}

/// Power of a chip's banks and DPUs that flows all the time.
double standing(const UpmemParams& p) {
  return static_cast<double>(p.dpusPerChip) *
         (p.energy.dpuStatic.value.value +
          p.energy.bank.refresh.value.value / p.bank.tREFI.value.value);
}

}  // namespace

ChipFigures figuresOfDpus(const UpmemDevice& device, const NumberFormat& weight,
                          const NumberFormat& activation) {
  const UpmemParams& p = device.params();
  const auto banks = static_cast<double>(p.dpusPerChip);
  const double instructions = device.instructionsPerMac(weight, activation);
  const double perBit = p.dpu.dma.occupancyPerByte.value.value / 8.0;  // engine cycles
  const double cycles = std::max(instructions, perBit * weight.bits);
  const double rate = p.dpu.effectiveClock().value / cycles * banks;  // MAC/s
  ChipFigures f;
  f.opsPerSecond = f.peakOpsPerSecond = 2.0 * rate;
  const double perRow = p.bank.rowBits.value.value;
  const double joules = instructions * instructionJoules(p) +
                        weight.bits * (p.energy.bank.access.value.value +
                                       p.energy.bank.activation.value.value / perRow);
  f.power = Watts(rate * joules + standing(p));
  f.area = p.chipArea.value;
  return f;
}

ChipFigures figuresOf(const UpmemDevice& device, const NumberFormat& weight,
                      const NumberFormat& activation) {
  const UpmemParams& p = device.params();
  if (weight.isFloat() || activation.isFloat() || !p.saMac.runs(weight.bits, activation.bits))
    return figuresOfDpus(device, weight, activation);
  const auto banks = static_cast<double>(p.dpusPerChip);
  const BankWork work =
      layOut({outputs, inputs, 1, 0, weight.bits, activation.bits}, p.saMac, p.bank, p.dpusPerChip);
  const RowPass row = p.rowPass(weight.bits, activation.bits);
  const double seconds = toSeconds(runBank(work, row, p.saMac, p.bank, p.issue(), true).time).value;
  ChipFigures f;
  f.onBank = true;
  f.opsPerSecond = 2.0 * static_cast<double>(outputs * inputs) / seconds * banks;
  f.peakOpsPerSecond = 2.0 * p.peakRates(weight.bits, activation.bits).macsPerSecond * banks;
  const double joules = static_cast<double>(work.rows()) *
                            energyOfRow(p.saMac, p.bank, p.energy.bank, weight.bits).value +
                        static_cast<double>(work.instructions()) * instructionJoules(p);
  f.power = Watts(joules / seconds * banks + standing(p));
  f.area = p.chipArea.value;
  if (p.saMac.area.die == "grows") f.area += p.macArea().total() * banks;
  return f;
}

OverheadRange overheadOf(const UpmemParams& params) {
  const auto at = [&](auto pick) {
    UpmemParams p = params;
    AreaParams& a = p.saMac.area;
    for (Sourced<SquareMm>* part : {&a.lane, &a.registerBit, &a.bufferBit, &p.saMac.ecc.area})
      part->value = pick(*part);
    a.dramPenalty.value = pick(a.dramPenalty);
    a.wiring.value = pick(a.wiring);
    return p.macArea().overhead();
  };
  return {at([](const auto& s) { return s.low; }), at([](const auto& s) { return s.value; }),
          at([](const auto& s) { return s.high; })};
}

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
