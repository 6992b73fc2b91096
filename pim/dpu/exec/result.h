// What a run of one DPU gives.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace wattlas::dpu {

enum class RunErrorKind {
  illegalInstruction,  ///< the word decodes to nothing, or nothing implements it
  pcRange,             ///< program counter outside the loaded program
  wramRange,           ///< load or store outside WRAM or not aligned to its size
  dmaAlignment,        ///< a DMA address that is not a multiple of 8
  dmaRange,            ///< DMA outside WRAM, MRAM or IRAM
  fault,               ///< fault or bkp instruction
  threadNumber,        ///< boot, resume, ... of a tasklet that does not exist
  deadlock,            ///< nobody can ever go on
  maxCycles            ///< the cycle limit was reached
};
const char* nameOf(RunErrorKind kind);
/// The lowest digits, without 0x.
std::string hexText(std::uint64_t value, int digits);

/// Why a run ended early; `text()` is a complete message for people.
struct RunError {
  RunErrorKind kind = RunErrorKind::fault;
  std::uint32_t pc = 0;  ///< instruction index
  std::string symbol;    ///< nearest function symbol with offset; empty when there is none
  unsigned tasklet = 0;
  std::uint64_t cycle = 0;
  std::uint64_t word = 0;  ///< the 48-bit instruction word
  std::string reason;
  std::string text() const;
};

struct TaskletStats {
  unsigned id = 0;
  std::uint64_t instructions = 0;
  std::uint64_t dmaTransfers = 0;
  std::uint64_t dmaWaitCycles = 0;  ///< from the issue of a transfer to the next possible issue
  std::uint64_t syncRetries = 0;    ///< failed acquire, resume and boot
  std::uint64_t startCycle = 0;     ///< first issue
  std::uint64_t stopCycle = 0;      ///< last issue
};

struct DmaStats {
  std::uint64_t reads = 0, writes = 0, instructionReads = 0;
  std::uint64_t readBytes = 0, writeBytes = 0;  ///< instruction reads count as reads
  std::uint64_t waitCycles = 0;                 ///< sum over tasklets
  double busyCycles = 0;                        ///< engine occupied
  std::uint64_t rowActivations = 0;
  std::uint64_t rowHits = 0;     ///< rows of transfers that were open already
  double refreshWaitCycles = 0;  ///< transfers held up by a refresh (bank detail)
  std::uint64_t bytes() const { return readBytes + writeBytes; }
};

/// Cycles in which nothing issued, by reason. Sum + instructions (+ drain) = cycles.
struct StallStats {
  std::uint64_t revolver = 0;      ///< a tasklet runs, but its 11 cycles are not over
  std::uint64_t dma = 0;           ///< every live tasklet waits for a transfer
  std::uint64_t registerFile = 0;  ///< the register-file rule held the issue slot
  std::uint64_t drain = 0;         ///< after the last issue
};

/// Two accesses to one WRAM byte, at least one a write, that no synchronisation orders.
struct Race {
  std::uint32_t firstPc = 0, secondPc = 0;  ///< instruction indices
  unsigned firstTasklet = 0, secondTasklet = 0;
  std::uint32_t address = 0;  ///< an example, WRAM byte
  bool firstWrites = false, secondWrites = false;
  std::uint64_t count = 0;
  std::string firstSymbol, secondSymbol;
};

/// Energy in joules with its interval, by cause.
struct EnergyCell {
  double value = 0, low = 0, high = 0;
};

struct DpuRunResult {
  std::optional<RunError> error;  ///< unset when all started tasklets stopped
  std::string mode;               ///< engine that ran: "decoupled" or "lockstep"
  std::uint64_t cycles = 0;       ///< to the end of the last instruction or transfer
  std::uint64_t instructions = 0;
  double ipc = 0;
  double timeS = 0;
  double kernelTimeS = 0;  ///< with launches and clock factor (launch.h), when the caller sets it
  std::string printed;     ///< text of printf (print_buffer.h)
  std::int64_t exitValue = 0;  ///< of main or exit(), programs of the vendor's run-time
  EnergyCell energyJ;
  EnergyCell extensionJ;  ///< part of it: instructions that configuration files add or change
  std::map<std::string, EnergyCell> energyBreakdownJ;
  std::vector<TaskletStats> tasklets;  ///< those that ever ran
  DmaStats dma;
  StallStats stalls;
  /// Issued instructions by mnemonic.
  std::map<std::string, std::uint64_t> instructionMix;
  std::vector<Race> races;
  std::vector<std::string> notes;
  double wallS = 0;  ///< host seconds, outside comparisons
  double mips = 0;   ///< million simulated instructions per host second
};

/// The result as one JSON object (contract section 1, `dpu`), numbers rounded to 12 digits.
std::string toJson(const DpuRunResult& result);

}  // namespace wattlas::dpu
