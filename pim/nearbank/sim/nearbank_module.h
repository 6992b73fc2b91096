// The SystemC half of kind `near-bank`: channels in lock-step, operators one after the other.
#pragma once

#include <vector>

#include "models/device_module.h"
#include "pim/nearbank/channel.h"
#include "pim/nearbank/device.h"

namespace wattlas::pim::nearbank {

class NearBankModule final : public DeviceModule {
 public:
  NearBankModule(const sc_core::sc_module_name& name, const NearBankDevice& device,
                 Fidelity fidelity);
  void reset() override;
  void start(const Program& program, Done done) override;
  Profile take() override;

 private:
  void next();
  ChannelResult run(const NearBankOp& op) const;

  const NearBankDevice& device_;
  Fidelity fidelity_;
  const NearBankProgram* program_ = nullptr;
  Done done_;
  std::vector<Ticks> times_;
  Ticks debt_;
  std::int64_t steps_ = 0, folded_ = 1, refreshes_ = 0;
  std::size_t op_ = 0;
  sc_core::sc_event wake_;
};

}  // namespace wattlas::pim::nearbank
