#include "models/dram/module/dram_module.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace wattlas::dram {

void Storage::read(std::uint64_t address, unsigned char* data, std::size_t length) const {
  while (length > 0) {
    const std::uint64_t offset = address % pageBytes;
    const auto n = std::min<std::size_t>(length, pageBytes - offset);
    const auto page = pages_.find(address / pageBytes);
    if (page == pages_.end())
      std::memset(data, 0, n);
    else
      std::memcpy(data, page->second->data() + offset, n);
    address += n;
    data += n;
    length -= n;
  }
}

void Storage::write(std::uint64_t address, const unsigned char* data, std::size_t length,
                    const unsigned char* enable, std::size_t enableLength) {
  for (std::size_t done = 0; done < length;) {
    const std::uint64_t offset = address % pageBytes;
    const auto n = std::min<std::size_t>(length - done, pageBytes - offset);
    auto& page = pages_[address / pageBytes];
    if (!page) page = std::make_unique<Page>();
    if (enable == nullptr) {
      std::memcpy(page->data() + offset, data + done, n);
    } else {
      for (std::size_t i = 0; i < n; ++i)
        if (enable[(done + i) % enableLength] != 0) (*page)[offset + i] = data[done + i];
    }
    address += n;
    done += n;
  }
}

namespace {

sc_core::sc_time simTime(Ticks t) {
  return sc_core::sc_time(static_cast<double>(t.ps), sc_core::SC_PS);
}

}  // namespace

DramModule::DramModule(const sc_core::sc_module_name& name, const DramSpec& spec,
                       const ControllerParams& params, Level level)
    : sc_core::sc_module(name), target("target"), spec_(spec), memory_(spec, params, level) {
  entering_.resize(static_cast<std::size_t>(memory_.channels()));
  admitted_.assign(static_cast<std::size_t>(memory_.channels()), 0);
  target.register_b_transport(this, &DramModule::blocking);
  target.register_nb_transport_fw(this, &DramModule::forward);
  target.register_transport_dbg(this, &DramModule::debug);
  SC_HAS_PROCESS(DramModule);
  SC_METHOD(work);
  sensitive << wake_;
  dont_initialize();
}

Ticks DramModule::now() const {
  return Ticks(static_cast<std::int64_t>(
      sc_core::sc_time_stamp() / sc_core::sc_time(1, sc_core::SC_PS) + 0.5));
}

/// The first clock edge that is not before `time`.
Clock DramModule::clockAt(Ticks time) const {
  const Hertz clock = memory_.clocks().clock;
  auto guess = static_cast<Clock>(static_cast<double>(time.ps) * 1e-12 * clock.value);
  while (guess > 0 && cyclesToTicks(guess, clock) >= time) --guess;
  while (cyclesToTicks(guess, clock) < time) ++guess;
  return guess;
}

bool DramModule::legal(tlm::tlm_generic_payload& p, bool mayEnable) const {
  const std::uint64_t size = map().bytes(), length = p.get_data_length();
  if (p.get_address() >= size || length > size - p.get_address() || length == 0)
    p.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  else if (p.get_streaming_width() < p.get_data_length())
    p.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
  else if (p.get_byte_enable_ptr() != nullptr && (!mayEnable || !p.is_write()))
    p.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  else if (!p.is_read() && !p.is_write())
    p.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
  else
    return true;
  return false;
}

void DramModule::move(tlm::tlm_generic_payload& p) {
  if (p.is_read())
    storage_.read(p.get_address(), p.get_data_ptr(), p.get_data_length());
  else
    storage_.write(p.get_address(), p.get_data_ptr(), p.get_data_length(), p.get_byte_enable_ptr(),
                   p.get_byte_enable_length());
  p.set_response_status(tlm::TLM_OK_RESPONSE);
}

unsigned DramModule::debug(tlm::tlm_generic_payload& p) {
  if (!legal(p, true)) return 0;
  move(p);
  return p.get_data_length();
}

void DramModule::accept(tlm::tlm_generic_payload& p, sc_core::sc_event* done, sc_core::sc_time at) {
  move(p);
  Transaction t;
  t.payload = &p;
  t.done = done;
  const Ticks time(static_cast<std::int64_t>(at / sc_core::sc_time(1, sc_core::SC_PS) + 0.5));
  t.arrival = clockAt(time);
  open_.emplace(nextTransaction_, t);
  fresh_.push_back(nextTransaction_++);
  wakeAt(time);
}

void DramModule::blocking(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) {
  if (!legal(p, true)) return;
  if (delay > sc_core::SC_ZERO_TIME) sc_core::wait(delay);
  delay = sc_core::SC_ZERO_TIME;
  sc_core::sc_event done;
  accept(p, &done, sc_core::sc_time_stamp());
  sc_core::wait(done);
}

tlm::tlm_sync_enum DramModule::forward(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) {
  if (phase == tlm::BEGIN_REQ) {
    if (!legal(p, true)) return tlm::TLM_COMPLETED;
    if (p.has_mm()) p.acquire();
    accept(p, nullptr, sc_core::sc_time_stamp() + delay);
    return tlm::TLM_ACCEPTED;
  }
  if (phase == tlm::END_RESP) {
    responding_ = false;
    if (p.has_mm()) p.release();
    wakeAt(now());
    return tlm::TLM_COMPLETED;
  }
  p.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
  return tlm::TLM_COMPLETED;
}

void DramModule::wakeAt(Ticks time) {
  // A notification that is already pending and earlier stays: SystemC keeps the earlier one.
  wake_.notify(simTime(time) - sc_core::sc_time_stamp());
}

/// Hands over what arrived until now, ordered by time and then by address, so that the order in
/// which the kernel ran the initiators does not show.
void DramModule::collect(Clock present) {
  std::stable_sort(fresh_.begin(), fresh_.end(), [&](std::int64_t a, std::int64_t b) {
    const Transaction &x = open_.at(a), &y = open_.at(b);
    if (x.arrival != y.arrival) return x.arrival < y.arrival;
    return x.payload->get_address() < y.payload->get_address();
  });
  while (!fresh_.empty() && open_.at(fresh_.front()).arrival <= present) {
    const std::int64_t number = fresh_.front();
    fresh_.pop_front();
    Transaction& t = open_.at(number);
    const auto bytes = static_cast<std::uint64_t>(map().accessBytes());
    const std::uint64_t first = t.payload->get_address() / bytes,
                        last =
                            (t.payload->get_address() + t.payload->get_data_length() - 1) / bytes;
    t.left = t.outside = static_cast<std::int64_t>(last - first + 1);
    for (std::uint64_t a = first; a <= last; ++a) {
      const Access access{present, a * bytes, t.payload->is_write()};
      const int channel = map().at(access.address).channel;
      entering_[static_cast<std::size_t>(channel)].push_back(number);
      owner_.emplace(nextAccess_, number);
      memory_.submit(access, nextAccess_++);
    }
  }
}

/// Tells initiators whose accesses are all in a queue.
void DramModule::endRequests() {
  for (int c = 0; c < memory_.channels(); ++c) {
    auto& entering = entering_[static_cast<std::size_t>(c)];
    auto& seen = admitted_[static_cast<std::size_t>(c)];
    for (; seen < memory_.channel(c).admitted(); ++seen) {
      Transaction& t = open_.at(entering.front());
      entering.pop_front();
      if (--t.outside > 0 || t.done != nullptr) continue;
      t.accepted = true;
      tlm::tlm_phase phase = tlm::END_REQ;
      sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
      target->nb_transport_bw(*t.payload, phase, delay);
    }
  }
}

/// Sends the next response when the last one was taken.
void DramModule::respond() {
  while (!responding_ && !responses_.empty()) {
    tlm::tlm_generic_payload& p = *responses_.front();
    responses_.pop_front();
    responding_ = true;
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    const tlm::tlm_sync_enum answer = target->nb_transport_bw(p, phase, delay);
    if (answer == tlm::TLM_COMPLETED || (answer == tlm::TLM_UPDATED && phase == tlm::END_RESP)) {
      responding_ = false;
      if (p.has_mm()) p.release();
    }
  }
}

void DramModule::work() {
  ++wakes_;
  const Ticks present = now();
  const Clock edge = clockAt(present);
  collect(edge);
  // Decisions at clock edges up to now; an edge that is not yet reached stays open for arrivals.
  const Clock limit = cyclesToTicks(edge, memory_.clocks().clock) == present ? edge + 1 : edge;
  Ticks next(std::int64_t{1} << 62);
  for (int c = 0; c < memory_.channels(); ++c) {
    ChannelEngine& channel = memory_.channel(c);
    if (channel.idle() && open_.empty()) continue;
    channel.advance(limit);
    for (const Completion& done : channel.takeCompletions()) {
      const auto owner = owner_.find(done.id);
      Transaction& t = open_.at(owner->second);
      t.finish = std::max(t.finish, cyclesToTicks(done.done, memory_.clocks().clock));
      --t.left;
      ++accesses_;
      owner_.erase(owner);
    }
    if (!channel.idle())
      next = std::min(next, cyclesToTicks(channel.next(), memory_.clocks().clock));
  }
  endRequests();
  for (auto it = open_.begin(); it != open_.end();) {
    if (it->second.left > 0 || it->second.finish == Ticks()) {
      ++it;
      continue;
    }
    finished_.emplace(std::pair(it->second.finish, it->first), it->second);
    it = open_.erase(it);
  }
  while (!finished_.empty() && finished_.begin()->first.first <= present) {
    Transaction& t = finished_.begin()->second;
    if (t.done != nullptr)
      t.done->notify(sc_core::SC_ZERO_TIME);
    else
      responses_.push_back(t.payload);
    finished_.erase(finished_.begin());
  }
  respond();
  if (!finished_.empty()) next = std::min(next, finished_.begin()->first.first);
  if (!fresh_.empty())
    next = std::min(next, cyclesToTicks(open_.at(fresh_.front()).arrival, memory_.clocks().clock));
  if (next.ps < (std::int64_t{1} << 62)) wakeAt(std::max(next, present));
}

DramLedger DramModule::energy() {
  if (!open_.empty() || !finished_.empty())
    throw std::logic_error("energy of a memory with open transactions");
  DramLedger ledger(spec_);
  const Clock end = clockAt(now());
  for (int c = 0; c < memory_.channels(); ++c) {
    memory_.channel(c).finish(end);
    ledger.add(c, memory_.channel(c), memory_.clocks(), end);
  }
  return ledger;
}

}  // namespace wattlas::dram
