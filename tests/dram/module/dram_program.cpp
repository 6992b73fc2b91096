// Example and test: a processor (b_transport), a DMA engine (nb_transport, four phases) and a
// debugger (transport_dbg) share a DDR4-3200 memory. usage: dram_program DATA-ROOT event|detailed
#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <cstring>
#include <iostream>
#include <vector>

#include "models/dram/module/dram_module.h"

namespace {

using wattlas::dram::DramModule;

int failures = 0;
void expect(bool ok, const char* what) {
  if (ok) return;
  std::cerr << "FAILED: " << what << '\n';
  ++failures;
}

tlm::tlm_generic_payload& prepared(tlm::tlm_generic_payload& p, bool write, std::uint64_t address,
                                   void* data, unsigned bytes) {
  p.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  p.set_address(address);
  p.set_data_ptr(static_cast<unsigned char*>(data));
  p.set_data_length(bytes);
  p.set_streaming_width(bytes);
  p.set_byte_enable_ptr(nullptr);
  p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  return p;
}

/// Loosely timed: writes and reads back, one after the other.
class Processor : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<Processor> memory{"memory"};
  sc_core::sc_time firstRead, finished;
  SC_HAS_PROCESS(Processor);
  explicit Processor(const sc_core::sc_module_name& name) : sc_core::sc_module(name) {
    SC_THREAD(drive);
  }

 private:
  tlm::tlm_response_status go(bool write, std::uint64_t address, void* data, unsigned bytes) {
    tlm::tlm_generic_payload p;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    memory->b_transport(prepared(p, write, address, data, bytes), delay);
    return p.get_response_status();
  }
  void drive() {
    std::uint64_t value = 0;
    expect(go(false, 4096, &value, 8) == tlm::TLM_OK_RESPONSE, "read");
    expect(value == 0, "memory starts with zeros");
    firstRead = sc_core::sc_time_stamp();
    std::vector<std::uint32_t> out(1024), back(1024);
    for (std::uint32_t i = 0; i < 1024; ++i) out[i] = i * i;
    expect(go(true, 1 << 20, out.data(), 4096) == tlm::TLM_OK_RESPONSE, "bulk write");
    expect(go(false, 1 << 20, back.data(), 4096) == tlm::TLM_OK_RESPONSE, "bulk read");
    expect(out == back, "what was written is read");
    expect(go(false, ~0ULL - 7, &value, 8) == tlm::TLM_ADDRESS_ERROR_RESPONSE, "outside");
    expect(go(false, 1ULL << 40, &value, 8) == tlm::TLM_ADDRESS_ERROR_RESPONSE, "outside");
    tlm::tlm_generic_payload p;
    prepared(p, false, 1 << 20, back.data(), 4096);
    expect(memory->transport_dbg(p) == 4096, "debug transport");
    finished = sc_core::sc_time_stamp();
  }
};

/// Approximately timed: keeps as many reads in flight as END_REQ lets it.
class Dma : public sc_core::sc_module, public tlm::tlm_bw_transport_if<> {
 public:
  tlm::tlm_initiator_socket<> memory{"memory"};
  static constexpr int transfers = 400;
  int responses = 0, requestsEnded = 0;
  sc_core::sc_time finished;
  SC_HAS_PROCESS(Dma);
  explicit Dma(const sc_core::sc_module_name& name) : sc_core::sc_module(name) {
    memory.bind(*this);
    data_.resize(transfers * 64);
    SC_METHOD(send);
    sensitive << next_;
  }

 private:
  void send() {
    if (sent_ == transfers) return;
    const auto i = static_cast<std::size_t>(sent_++);
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    // Every fourth transfer writes; rows and banks change.
    const auto answer = memory->nb_transport_fw(
        prepared(payloads_[i], i % 4 == 3, (i * 8191) * 64 % (1ULL << 30), &data_[i * 64], 64),
        phase, delay);
    expect(answer == tlm::TLM_ACCEPTED, "request is taken");
  }
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                     sc_core::sc_time&) override {
    if (phase == tlm::END_REQ) {
      ++requestsEnded;
      next_.notify(sc_core::SC_ZERO_TIME);
      return tlm::TLM_ACCEPTED;
    }
    expect(phase == tlm::BEGIN_RESP, "phase");
    expect(p.get_response_status() == tlm::TLM_OK_RESPONSE, "response");
    ++responses;
    finished = sc_core::sc_time_stamp();
    // Both ends of a response that the base protocol knows.
    if (responses % 2 == 0) return tlm::TLM_COMPLETED;
    phase = tlm::END_RESP;
    return tlm::TLM_UPDATED;
  }
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

  std::vector<tlm::tlm_generic_payload> payloads_ =
      std::vector<tlm::tlm_generic_payload>(transfers);
  std::vector<unsigned char> data_;
  int sent_ = 0;
  sc_core::sc_event next_;
};

/// Two initiators, one target socket: routes by nothing but the caller.
class Join : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket_tagged<Join> left{"left"}, right{"right"};
  tlm_utils::simple_initiator_socket<Join> out{"out"};
  explicit Join(const sc_core::sc_module_name& name) : sc_core::sc_module(name) {
    left.register_b_transport(this, &Join::block, 0);
    left.register_transport_dbg(this, &Join::debug, 0);
    right.register_nb_transport_fw(this, &Join::forward, 1);
    out.register_nb_transport_bw(this, &Join::backward);
  }

 private:
  void block(int, tlm::tlm_generic_payload& p, sc_core::sc_time& t) { out->b_transport(p, t); }
  unsigned debug(int, tlm::tlm_generic_payload& p) { return out->transport_dbg(p); }
  tlm::tlm_sync_enum forward(int, tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                             sc_core::sc_time& t) {
    return out->nb_transport_fw(p, phase, t);
  }
  tlm::tlm_sync_enum backward(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                              sc_core::sc_time& t) {
    return right->nb_transport_bw(p, phase, t);
  }
};

}  // namespace

int sc_main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: dram_program DATA-ROOT event|detailed\n";
    return 2;
  }
  const auto spec = wattlas::dram::loadDramSpec(wattlas::SearchPath({argv[1]}), "ddr4-3200");
  DramModule dram("dram", spec, {}, wattlas::dram::parseLevel(argv[2]));
  Processor cpu("cpu");
  Dma dma("dma");
  Join join("join");
  cpu.memory.bind(join.left);
  dma.memory.bind(join.right);
  join.out.bind(dram.target);
  sc_core::sc_start();

  const auto accesses = dram.accesses();
  expect(dma.responses == Dma::transfers, "every transfer is answered");
  expect(dma.requestsEnded == Dma::transfers, "every request ends");
  expect(cpu.finished > sc_core::SC_ZERO_TIME, "the processor ends");
  expect(accesses == Dma::transfers + 1 + 64 + 64, "one access for each burst");
  // tRCD + CL + burst = 22 + 22 + 4 clocks of 0.625 ns, or more behind the DMA's first reads.
  expect(cpu.firstRead >= sc_core::sc_time(30, sc_core::SC_NS), "no read beats the array");
  expect(cpu.firstRead < sc_core::sc_time(2, sc_core::SC_US), "nor waits for ever");
  const double clocks = dma.finished / sc_core::sc_time(0.625, sc_core::SC_NS);
  expect(static_cast<double>(dram.wakes()) < clocks, "fewer wake-ups than clock cycles");
  const auto ledger = dram.energy();
  expect(ledger.total().value > 0, "energy");
  std::cout << argv[2] << ": " << accesses << " accesses, " << dram.wakes() << " wake-ups in "
            << clocks << " clocks, " << wattlas::format(ledger.total()) << ", processor done at "
            << cpu.finished << ", DMA at " << dma.finished << '\n';
  return failures == 0 ? 0 : 1;
}
