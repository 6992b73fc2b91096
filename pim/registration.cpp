#include "pim/registration.h"

#include "pim/compat/device.h"
#include "pim/nearbank/device.h"
#include "pim/sliced/device.h"
#include "pim/upmem/device.h"

namespace wattlas {

namespace {

/// A device that reads its configuration with `how`.
template <class T, auto... how>
std::unique_ptr<Device> make(const ConfigNode& config, const std::string& prefix,
                             Problems& problems) {
  auto device = std::make_unique<T>();
  if (!device->configure(config, prefix, problems, how...)) return nullptr;
  return device;
}

}  // namespace

void registerPim(Registry& registry) {
  registry.add({"near-bank",
                "memory whose banks multiply: HBM-PIM, GDDR6-AiM, AttAcc, NeuPIMs, row computing",
                make<pim::nearbank::NearBankDevice>, [] {
                  return schemaOf("near-bank",
                                  [](Binder& b) { pim::nearbank::NearBankParams().bind(b); });
                }});
  registry.add({"pim-ai", "PIM-AI: DRAM stacks on logic dies, tensors sliced over the chips",
                make<pim::SlicedDevice, &pim::SlicedParams::bindChips>, [] {
                  return schemaOf("pim-ai", [](Binder& b) { pim::SlicedParams().bindChips(b); });
                }});
  pim::compat::registerRoofline(registry);
  registry.add({"upmem", "UPMEM memory: a DPU beside every bank, MACs in the banks if asked for",
                make<pim::UpmemDevice>,
                [] { return schemaOf("upmem", [](Binder& b) { pim::UpmemParams().bind(b); }); }});
}

}  // namespace wattlas
