// Example and test: a host in SystemC drives a rank of 64 DPUs through its TLM sockets. Every DPU
// sums other data; the host may touch MRAM only while a DPU does not run.
#include <tlm_utils/simple_initiator_socket.h>

#include <cstring>
#include <iostream>
#include <vector>

#include "pim/dpu/exec/machine.h"
#include "pim/dpu/module/dpu_rank.h"
#include "pim/dpu/program/program_files.h"

namespace {

using wattlas::dpu::DpuRank;

// Reads 64 words from MRAM 0, sums them, writes the sum to MRAM 1024.
const char* const kProgram = R"(
        move  r1, 4096
        move  r2, 0
        ldma  r1, r2, 31
        move  r3, 64
        move  r5, 0
loop:   lw    r4, r1, 0
        add   r5, r5, r4
        add   r1, r1, 4
        sub   r3, r3, 1, nz, loop
        move  r1, 8192
        sw    r1, 0, r5
        move  r2, 1024
        sdma  r1, r2, 0
end:    stop  true, end
)";

int failures = 0;
void expect(bool ok, const char* what) {
  if (ok) return;
  std::cerr << "FAILED: " << what << '\n';
  ++failures;
}

class Host : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<Host> memory, control;
  SC_HAS_PROCESS(Host);
  explicit Host(const sc_core::sc_module_name& name)
      : sc_core::sc_module(name), memory("memory"), control("control") {
    SC_THREAD(drive);
  }
  bool finished = false;

 private:
  template <class Socket>
  tlm::tlm_response_status go(Socket& socket, tlm::tlm_command command, std::uint64_t address,
                              void* data, unsigned bytes) {
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(static_cast<unsigned char*>(data));
    payload.set_data_length(bytes);
    payload.set_streaming_width(bytes);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    socket->b_transport(payload, delay);
    sc_core::wait(delay);
    return payload.get_response_status();
  }
  tlm::tlm_response_status write(std::uint64_t address, void* data, unsigned bytes) {
    return go(memory, tlm::TLM_WRITE_COMMAND, address, data, bytes);
  }
  tlm::tlm_response_status read(std::uint64_t address, void* data, unsigned bytes) {
    return go(memory, tlm::TLM_READ_COMMAND, address, data, bytes);
  }
  std::uint64_t get(std::uint64_t reg) {
    std::uint64_t value = 0;
    expect(go(control, tlm::TLM_READ_COMMAND, reg, &value, 8) == tlm::TLM_OK_RESPONSE, "register");
    return value;
  }
  tlm::tlm_response_status set(std::uint64_t reg, std::uint64_t value) {
    return go(control, tlm::TLM_WRITE_COMMAND, reg, &value, 8);
  }

  void drive() {
    std::vector<std::uint32_t> data(64);
    for (std::uint64_t d = 0; d < 64; ++d) {
      for (std::uint32_t i = 0; i < 64; ++i) data[i] = static_cast<std::uint32_t>(1000 * d) + i;
      expect(write(d * DpuRank::kWindow, data.data(), 256) == tlm::TLM_OK_RESPONSE, "input");
    }
    const sc_core::sc_time begin = sc_core::sc_time_stamp();
    expect(begin > sc_core::SC_ZERO_TIME, "host transfers take time");
    expect(set(DpuRank::boot, ~0ULL) == tlm::TLM_OK_RESPONSE, "boot");
    expect(get(DpuRank::running) == ~0ULL, "all run");
    std::uint32_t sum = 0;
    expect(read(1024, &sum, 4) == tlm::TLM_GENERIC_ERROR_RESPONSE, "MRAM belongs to the DPU");
    expect(write(0, &sum, 4) == tlm::TLM_GENERIC_ERROR_RESPONSE, "MRAM belongs to the DPU");
    expect(set(DpuRank::boot, 1) == tlm::TLM_GENERIC_ERROR_RESPONSE, "boot of a running DPU");
    while (get(DpuRank::running) != 0) sc_core::wait(1, sc_core::SC_US);
    expect(get(DpuRank::fault) == 0, "no fault");
    for (std::uint64_t d = 0; d < 64; ++d) {
      expect(read(d * DpuRank::kWindow + 1024, &sum, 4) == tlm::TLM_OK_RESPONSE, "output");
      expect(sum == 64 * 1000 * d + 63 * 32, "sum");
    }
    expect(set(DpuRank::select, 7) == tlm::TLM_OK_RESPONSE, "select");
    const std::uint64_t cycles = get(DpuRank::cycles);
    expect(cycles > 11 * 250 && get(DpuRank::instructions) > 250, "statistics");
    expect(sc_core::sc_time_stamp() - begin >=
               sc_core::sc_time(static_cast<double>(cycles) / 0.35, sc_core::SC_NS),
           "the run took its cycles at 350 MHz");
    expect(read(64 * DpuRank::kWindow, &sum, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE, "no DPU 64");
    expect(read((64ULL << 20) - 2, &sum, 4) == tlm::TLM_ADDRESS_ERROR_RESPONSE, "end of MRAM");
    expect(get(DpuRank::fault) == 0 && set(0x100, 0) == tlm::TLM_ADDRESS_ERROR_RESPONSE, "range");
    finished = true;
  }
};

}  // namespace

int sc_main(int, char**) {
  wattlas::dpu::DpuRankOptions options;
  options.run.tasklets = 1;
  DpuRank rank("rank", options);
  rank.load(wattlas::dpu::assemble(kProgram, "sum.s", {}));
  Host host("host");
  host.memory.bind(rank.memory);
  host.control.bind(rank.control);
  sc_core::sc_start();
  expect(host.finished, "host finished");
  std::size_t resident = 0;
  for (unsigned d = 0; d < rank.size(); ++d) resident += rank.dpu(d).mramResident();
  expect(resident <= 64 * 2 * 65536, "MRAM is allocated lazily");
  if (failures == 0) std::cout << "rank of 64 DPUs: all checks passed\n";
  return failures == 0 ? 0 : 1;
}
