#include "pim/registration.h"

#include "pim/nearbank/sim/simulate.h"
#include "pim/pimai/sim/simulate.h"
#include "pim/roofline/sim/simulate.h"
#include "pim/upmem/sim/simulate.h"

namespace wattlas {

namespace {

class SimulatedUpmem final : public pim::UpmemDevice {
 public:
  std::vector<Fidelity> fidelities() const override {
    // Command by command needs MACs in the bank.
    if (params().saMac.enabled()) return {Fidelity::analytic, Fidelity::event, Fidelity::detailed};
    return {Fidelity::analytic, Fidelity::event};
  }
  Profile simulate(const Program& program, Fidelity fidelity) const override {
    return pim::simulateRanks(*this, dynamic_cast<const pim::UpmemProgram&>(program), fidelity);
  }
};

class SimulatedPimAi final : public pim::PimAiDevice {
 public:
  std::vector<Fidelity> fidelities() const override {
    return {Fidelity::analytic, Fidelity::event};
  }
  Profile simulate(const Program& program, Fidelity) const override {
    return pim::simulateStreams(*this, dynamic_cast<const pim::PimAiProgram&>(program));
  }
};

class SimulatedRoofline final : public pim::RooflineDevice {
 public:
  std::vector<Fidelity> fidelities() const override {
    // The published tool is a set of closed forms: nothing to simulate.
    if (params().isCompat()) return {Fidelity::analytic};
    return {Fidelity::analytic, Fidelity::event};
  }
  Profile simulate(const Program& program, Fidelity) const override {
    return pim::simulateTiles(*this, dynamic_cast<const pim::RooflineProgram&>(program));
  }
};

class SimulatedNearBank final : public pim::nearbank::NearBankDevice {
 public:
  std::vector<Fidelity> fidelities() const override {
    return {Fidelity::analytic, Fidelity::event, Fidelity::detailed};
  }
  Profile simulate(const Program& program, Fidelity fidelity) const override {
    return pim::nearbank::simulateChannels(
        *this, dynamic_cast<const pim::nearbank::NearBankProgram&>(program), fidelity);
  }
};

template <class T>
std::unique_ptr<Device> makeKind(const ConfigNode& config, const std::string& prefix,
                                 Problems& problems) {
  auto device = std::make_unique<T>();
  if (!device->configure(config, prefix, problems)) return nullptr;
  return device;
}

}  // namespace

void registerPim(Registry& registry) {
  registry.add({"near-bank",
                "memory whose banks multiply: HBM-PIM, GDDR6-AiM, AttAcc, NeuPIMs, row computing",
                makeKind<SimulatedNearBank>, pim::nearbank::NearBankDevice::schema});
  registry.add({"pim-ai", "PIM-AI: DRAM stacks on logic dies, tensors sliced over the chips",
                makeKind<SimulatedPimAi>, pim::PimAiDevice::schema});
  registry.add({"roofline",
                "one profile of upmem_llm_framework: peak rates, corrected or as that tool",
                makeKind<SimulatedRoofline>, pim::RooflineDevice::schema});
  registry.add({"upmem", "UPMEM memory: a DPU beside every bank, MACs in the banks if asked for",
                makeKind<SimulatedUpmem>, pim::UpmemDevice::schema});
}

}  // namespace wattlas
