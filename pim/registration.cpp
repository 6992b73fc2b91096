#include "pim/registration.h"

#include "pim/compat/device.h"
#include "pim/nearbank/sim/simulate.h"
#include "pim/sliced/device.h"
#include "pim/upmem/sim/simulate.h"

namespace wattlas {

namespace {

class SimulatedUpmem final : public pim::UpmemDevice, public BankDevice {
 public:
  std::vector<Fidelity> fidelities() const override {
    // Command by command needs MACs in the bank.
    if (params().saMac.enabled()) return {Fidelity::analytic, Fidelity::event, Fidelity::detailed};
    return {Fidelity::analytic, Fidelity::event};
  }
  Profile simulate(const Program& program, Fidelity fidelity) const override {
    return pim::simulateRanks(*this, dynamic_cast<const pim::UpmemProgram&>(program), fidelity);
  }
  Profile simulateInto(dram::CommandLog& log, const Program& program,
                       Fidelity fidelity) const override {
    return pim::simulateRanks(*this, dynamic_cast<const pim::UpmemProgram&>(program), fidelity,
                              &log);
  }
};

class SimulatedNearBank final : public pim::nearbank::NearBankDevice, public BankDevice {
 public:
  std::vector<Fidelity> fidelities() const override {
    return {Fidelity::analytic, Fidelity::event, Fidelity::detailed};
  }
  Profile simulate(const Program& program, Fidelity fidelity) const override {
    return pim::nearbank::simulateChannels(
        *this, dynamic_cast<const pim::nearbank::NearBankProgram&>(program), fidelity);
  }
  Profile simulateInto(dram::CommandLog& log, const Program& program,
                       Fidelity fidelity) const override {
    return pim::nearbank::simulateChannels(
        *this, dynamic_cast<const pim::nearbank::NearBankProgram&>(program), fidelity, &log);
  }
};

template <class T>
std::unique_ptr<Device> makeKind(const ConfigNode& config, const std::string& prefix,
                                 Problems& problems) {
  auto device = std::make_unique<T>();
  if (!device->configure(config, prefix, problems)) return nullptr;
  return device;
}

const char* const chipsTitle = "PIM-AI chips";

std::unique_ptr<Device> makeChips(const ConfigNode& config, const std::string& prefix,
                                  Problems& problems) {
  auto device = std::make_unique<pim::SlicedDevice>();
  if (!device->configure(config, prefix, problems, &pim::SlicedParams::bindChips, chipsTitle))
    return nullptr;
  return device;
}

std::string chipsSchema() {
  return schemaOf("pim-ai", [](Binder& b) {
    std::string title;
    b.text("title", title, {.fallback = chipsTitle}, "one line for people");
    pim::SlicedParams().bindChips(b);
  });
}

}  // namespace

void registerPim(Registry& registry) {
  registry.add({"near-bank",
                "memory whose banks multiply: HBM-PIM, GDDR6-AiM, AttAcc, NeuPIMs, row computing",
                makeKind<SimulatedNearBank>, pim::nearbank::NearBankDevice::schema});
  registry.add({"pim-ai", "PIM-AI: DRAM stacks on logic dies, tensors sliced over the chips",
                makeChips, chipsSchema});
  pim::compat::registerRoofline(registry);
  registry.add({"upmem", "UPMEM memory: a DPU beside every bank, MACs in the banks if asked for",
                makeKind<SimulatedUpmem>, pim::UpmemDevice::schema});
}

}  // namespace wattlas
