// The SystemC half of kind `roofline`. All units do the same; the busiest stands for them.
#pragma once

#include "models/device_module.h"
#include "pim/roofline/device.h"
#include "pim/roofline/sim/tiles.h"

namespace wattlas::pim {

class RooflineModule final : public DeviceModule {
 public:
  RooflineModule(const sc_core::sc_module_name& name, const RooflineDevice& device);
  void reset() override;
  void start(const Program& program, Done done) override;
  Profile take() override;

 private:
  void over();

  const RooflineDevice& device_;
  const RooflineProgram* program_ = nullptr;
  Done done_;
  TileRun run_;
  sc_core::sc_time begun_;
  Ticks took_;
  bool exchanged_ = false;
  std::int64_t events_ = 0;
  sc_core::sc_event wake_;
};

}  // namespace wattlas::pim
