// SystemC half of `fpga-dataflow`: one module, one method, one event.
#pragma once

#include "fpga/device.h"
#include "models/device_module.h"

namespace wattlas::fpga {

/// Runs a pipeline: tokens are evaluated inside the module, the kernel sees the end of the input
/// transfer (from then on the input buffer is free) and the end of the program.
class DataflowModule final : public DeviceModule {
 public:
  DataflowModule(const sc_core::sc_module_name& name, const DataflowDevice& device,
                 Fidelity fidelity);
  void reset() override;
  void start(const Program& program, Done done) override;
  Profile take() override;

 private:
  enum class State { idle, begin, streaming, draining };
  void step();
  std::int64_t inputEnd() const;

  const DataflowDevice& device_;
  Fidelity fidelity_;
  sc_core::sc_event wake_;
  State state_ = State::idle;
  const DataflowProgram* program_ = nullptr;
  Done done_;
  Trace trace_;
  Profile profile_;
};

/// The complete device.
class SimulatedDataflow final : public DataflowDevice {
 public:
  using DataflowDevice::DataflowDevice;
  std::vector<Fidelity> fidelities() const override;
  std::unique_ptr<DeviceModule> elaborate(const char* name, Fidelity fidelity) const override;
};

/// For dataflowKind().
std::unique_ptr<DataflowDevice> makeDataflow(Parameters parameters, ResolvedConfig config);

}  // namespace wattlas::fpga
