#include "pim/upmem/sim/rank_module.h"

#include <algorithm>
#include <cstring>

namespace wattlas::pim {

RankModule::RankModule(const sc_core::sc_module_name& name, const UpmemParams& params,
                       bool detailed)
    : sc_core::sc_module(name), host("host"), params_(params), detailed_(detailed) {
  host.bind(*this);
  SC_HAS_PROCESS(RankModule);
  SC_METHOD(stop);
  sensitive << wake_;
  dont_initialize();
}

void RankModule::reset() {
  running_ = false;
  counters_ = {};
  moved_ = Bits(0);
  wake_.cancel();
}

bool RankModule::command(const RankCommand& c) {
  if (running_) return false;  // MRAM belongs to the DPUs until they have stopped
  if (c.kind == RankCommand::Kind::transfer) {
    moved_ += bytes(static_cast<double>(c.bytesPerDpu * c.dpus));
    return true;
  }
  if (static_cast<std::int64_t>(c.classOf.size()) > params_.dpusPerRank()) return false;
  const Ticks longest = runRank(*c.kernel, c.classOf, params_, detailed_, counters_);
  running_ = true;
  wake_.notify(toScTime(longest));
  return true;
}

void RankModule::stop() {
  running_ = false;
  if (stopped_) stopped_();
}

bool RankModule::access(tlm::tlm_generic_payload& t) {
  const std::uint64_t dpu = t.get_address() / window, offset = t.get_address() % window;
  const auto size = static_cast<std::uint64_t>(params_.mram.value.value / 8);
  if (dpu >= static_cast<std::uint64_t>(params_.dpusPerRank()) || offset > size ||
      t.get_data_length() > size - offset || t.get_byte_enable_ptr() != nullptr ||
      t.get_streaming_width() < t.get_data_length())
    return false;
  unsigned char* data = t.get_data_ptr();
  for (std::uint64_t i = 0; i < t.get_data_length();) {
    const std::uint64_t at = t.get_address() + i;
    const std::uint64_t inPage = at % pageBytes;
    const std::uint64_t n = std::min<std::uint64_t>(pageBytes - inPage, t.get_data_length() - i);
    if (t.is_write()) {
      std::memcpy(pages_[at / pageBytes].data() + inPage, data + i, n);
    } else if (t.is_read()) {
      const auto page = pages_.find(at / pageBytes);
      if (page == pages_.end())
        std::memset(data + i, 0, n);
      else
        std::memcpy(data + i, page->second.data() + inPage, n);
    }
    i += n;
  }
  return true;
}

void RankModule::b_transport(tlm::tlm_generic_payload& t, sc_core::sc_time& delay) {
  if (t.get_address() == control) {
    const RankCommand* c = nullptr;
    t.get_extension(c);
    const bool done = c != nullptr && command(*c);
    t.set_response_status(done ? tlm::TLM_OK_RESPONSE : tlm::TLM_COMMAND_ERROR_RESPONSE);
    return;
  }
  if (running_) {
    t.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
    return;
  }
  if (!access(t)) {
    t.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  const double size = static_cast<double>(t.get_data_length());
  moved_ += bytes(size);
  delay += toScTime(toTicks(params_.host.copy(CopyPattern::scatter, t.is_write(), 1,
                                              static_cast<std::int64_t>(t.get_data_length()))));
  t.set_response_status(tlm::TLM_OK_RESPONSE);
}

tlm::tlm_sync_enum RankModule::nb_transport_fw(tlm::tlm_generic_payload& t, tlm::tlm_phase& phase,
                                               sc_core::sc_time& delay) {
  if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;
  b_transport(t, delay);
  phase = tlm::BEGIN_RESP;
  return tlm::TLM_UPDATED;
}

unsigned int RankModule::transport_dbg(tlm::tlm_generic_payload& t) {
  return access(t) ? t.get_data_length() : 0;
}

}  // namespace wattlas::pim
