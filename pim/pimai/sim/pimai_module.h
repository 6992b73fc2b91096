// The SystemC half of kind `pim-ai`: chips, and the exchange between them.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "models/device_module.h"
#include "pim/pimai/sim/stream.h"

namespace wattlas::pim {

/// One chip. Its channels share nothing but the tile buffer and run in step; the unfolded chip
/// evaluates each of them.
class PimAiChip : public sc_core::sc_module {
 public:
  using Done = std::function<void()>;
  PimAiChip(const sc_core::sc_module_name& name, const PimAiParams& params, Done done);
  void start(const PimAiOp& op);
  void reset();
  const StreamRun& last() const { return last_; }
  std::int64_t steps() const { return steps_; }

 private:
  void stop() { done_(); }
  const PimAiParams& params_;
  Done done_;
  StreamRun last_;
  std::int64_t steps_ = 0;
  sc_core::sc_event wake_;
};

class PimAiModule final : public DeviceModule {
 public:
  PimAiModule(const sc_core::sc_module_name& name, const PimAiDevice& device);
  void reset() override;
  void start(const Program& program, Done done) override;
  Profile take() override;

 private:
  enum class Step { exchange, stream, elements, end };
  void begin(Step step);
  void over();
  void chipStopped();

  const PimAiDevice& device_;
  std::vector<std::unique_ptr<PimAiChip>> chips_;
  const PimAiProgram* program_ = nullptr;
  Done done_;
  std::vector<PimAiTimes> times_;
  std::size_t op_ = 0, waiting_ = 0;
  Step step_ = Step::end;
  sc_core::sc_time begun_;
  std::int64_t events_ = 0;
  sc_core::sc_event wake_;
};

}  // namespace wattlas::pim
