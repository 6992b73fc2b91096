#include "pim/dpu/module/dpu_rank.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "models/base/error.h"

namespace wattlas::dpu {

namespace {

/// Cycles over clock in integer picoseconds, rounded up.
sc_core::sc_time duration(std::uint64_t cycles, double clockHz) {
  const auto clock = static_cast<std::uint64_t>(std::llround(clockHz));
  constexpr std::uint64_t kPsPerS = 1'000'000'000'000ULL;
  const std::uint64_t whole = cycles / clock, rest = cycles % clock;
  // rest < clock <= 2e9: the product stays below 2^71, so split it once more.
  const std::uint64_t high = rest * 1'000'000ULL;
  const std::uint64_t ps =
      high / clock * 1'000'000ULL + ((high % clock) * 1'000'000ULL + clock - 1) / clock;
  return sc_core::sc_time(static_cast<double>(whole * kPsPerS + ps), sc_core::SC_PS);
}

bool plain(const tlm::tlm_generic_payload& payload) {
  return payload.get_byte_enable_ptr() == nullptr &&
         payload.get_streaming_width() >= payload.get_data_length();
}

}  // namespace

DpuRank::DpuRank(const sc_core::sc_module_name& name, DpuRankOptions options)
    : sc_core::sc_module(name), memory("memory"), control("control"), options_(std::move(options)) {
  if (options_.dpus < 1 || options_.dpus > 64) {
    throw InputError(std::to_string(options_.dpus) + " DPUs in a rank", "1 to 64");
  }
  if (!(options_.hostWriteBytesPerS > 0) || !(options_.hostReadBytesPerS > 0)) {
    throw InputError("host transfer rate of a rank", "more than 0 B/s");
  }
  options_.run.timing.check();
  dpus_.resize(options_.dpus);
  memory.register_b_transport(this, &DpuRank::accessMemory);
  memory.register_transport_dbg(this, &DpuRank::debugMemory);
  control.register_b_transport(this, &DpuRank::accessControl);
  SC_HAS_PROCESS(DpuRank);
  SC_METHOD(endRuns);
  sensitive << wake_;
  dont_initialize();
}

void DpuRank::load(const Program& program) {
  if (running_ != 0) throw InputError("load while DPUs run", "an idle rank");
  for (auto& dpu : dpus_) {
    dpu.machine.loadKeepingMram(program);
    for (const auto& segment : program.mram) dpu.machine.writeMram(segment.offset, segment.bytes);
  }
}

DpuMachine& DpuRank::dpu(unsigned index) {
  if (index >= dpus_.size()) {
    throw InputError("DPU " + std::to_string(index), "0.." + std::to_string(dpus_.size() - 1));
  }
  if ((running_ >> index & 1U) != 0) {
    throw InputError("DPU " + std::to_string(index) + " runs", "access after its end");
  }
  return dpus_[index].machine;
}

tlm::tlm_response_status DpuRank::transfer(tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  const std::uint64_t index = address / kWindow;
  const bool wram = address % kWindow >= kWramOffset;
  const std::uint64_t offset = address % kWindow - (wram ? kWramOffset : 0);
  const std::size_t length = payload.get_data_length();
  const std::uint64_t capacity = wram ? kWramBytes : kMramBytes;
  if (index >= dpus_.size() || offset > capacity || length > capacity - offset) {
    return tlm::TLM_ADDRESS_ERROR_RESPONSE;
  }
  if (!plain(payload)) return tlm::TLM_BURST_ERROR_RESPONSE;
  if ((running_ >> index & 1U) != 0) return tlm::TLM_GENERIC_ERROR_RESPONSE;
  DpuMachine& machine = dpus_[index].machine;
  const auto at = static_cast<std::uint32_t>(offset);
  const std::span<std::uint8_t> data(payload.get_data_ptr(), length);
  if (payload.is_write()) {
    wram ? machine.writeWram(at, data) : machine.writeMram(at, data);
  } else if (payload.is_read()) {
    wram ? machine.readWram(at, data) : machine.readMram(at, data);
  }
  return tlm::TLM_OK_RESPONSE;
}

void DpuRank::accessMemory(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const auto status = transfer(payload);
  payload.set_response_status(status);
  if (status != tlm::TLM_OK_RESPONSE) return;
  const double rate = payload.is_write() ? options_.hostWriteBytesPerS : options_.hostReadBytesPerS;
  delay += sc_core::sc_time(std::ceil(payload.get_data_length() / rate * 1e12), sc_core::SC_PS);
}

unsigned DpuRank::debugMemory(tlm::tlm_generic_payload& payload) {
  return transfer(payload) == tlm::TLM_OK_RESPONSE ? payload.get_data_length() : 0;
}

void DpuRank::accessControl(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const std::uint64_t address = payload.get_address();
  if (payload.get_data_length() != 8 || !plain(payload)) {
    payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
    return;
  }
  std::uint64_t value = 0;
  auto status = tlm::TLM_OK_RESPONSE;
  if (address > instructions || address % 8 != 0) {
    status = tlm::TLM_ADDRESS_ERROR_RESPONSE;
  } else if (payload.is_read()) {
    value = readRegister(address);
    std::memcpy(payload.get_data_ptr(), &value, sizeof value);
  } else if (payload.is_write()) {
    std::memcpy(&value, payload.get_data_ptr(), sizeof value);
    if (address == boot) {
      status = bootDpus(value, delay);
    } else if (address == select && value < dpus_.size()) {
      select_ = value;
    } else {
      status =
          address == select ? tlm::TLM_ADDRESS_ERROR_RESPONSE : tlm::TLM_COMMAND_ERROR_RESPONSE;
    }
  }
  payload.set_response_status(status);
}

std::uint64_t DpuRank::readRegister(std::uint64_t address) const {
  const DpuRunResult& result = dpus_[select_].result;
  const bool done = (running_ >> select_ & 1U) == 0;
  switch (address) {
    case running:
      return running_;
    case fault:
      return fault_;
    case select:
      return select_;
    case cycles:
      return done ? result.cycles : 0;
    case instructions:
      return done ? result.instructions : 0;
    default:
      return 0;
  }
}

tlm::tlm_response_status DpuRank::bootDpus(std::uint64_t mask, const sc_core::sc_time& delay) {
  const std::uint64_t existing = dpus_.size() == 64 ? ~0ULL : (1ULL << dpus_.size()) - 1;
  if ((mask & ~existing) != 0) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
  if ((mask & running_) != 0) return tlm::TLM_GENERIC_ERROR_RESPONSE;
  for (; mask != 0; mask &= mask - 1) {
    const auto index = static_cast<unsigned>(std::countr_zero(mask));
    Dpu& dpu = dpus_[index];
    dpu.result = dpu.machine.run(options_.run);
    dpu.end =
        sc_core::sc_time_stamp() + delay + duration(dpu.result.cycles, options_.run.timing.clockHz);
    running_ |= 1ULL << index;
    fault_ &= ~(1ULL << index);
  }
  scheduleNext();
  return tlm::TLM_OK_RESPONSE;
}

void DpuRank::endRuns() {
  for (std::uint64_t mask = running_; mask != 0; mask &= mask - 1) {
    const auto index = static_cast<unsigned>(std::countr_zero(mask));
    if (dpus_[index].end > sc_core::sc_time_stamp()) continue;
    running_ &= ~(1ULL << index);
    if (dpus_[index].result.error) fault_ |= 1ULL << index;
  }
  scheduleNext();
}

void DpuRank::scheduleNext() {
  if (running_ == 0) return;
  auto next = dpus_[static_cast<unsigned>(std::countr_zero(running_))].end;
  for (std::uint64_t mask = running_; mask != 0; mask &= mask - 1) {
    next = std::min(next, dpus_[static_cast<unsigned>(std::countr_zero(mask))].end);
  }
  wake_.cancel();
  wake_.notify(next - sc_core::sc_time_stamp());
}

}  // namespace wattlas::dpu
