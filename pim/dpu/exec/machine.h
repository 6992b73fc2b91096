// One DPU: load a program, write its memories, run it, read back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pim/dpu/exec/extension.h"
#include "pim/dpu/exec/options.h"
#include "pim/dpu/exec/result.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu {

/// A DPU with its memories. Registers, WRAM, MRAM and locks keep their content from run to run, as
/// on hardware; reset() clears them. MRAM is allocated when written. Addresses of the byte
/// interface count from the start of the memory; every range error throws InputError.
class DpuMachine {
 public:
  DpuMachine();
  /// `extension`: instructions beyond the built-in ones; kept by the machine.
  explicit DpuMachine(const Program& program,
                      std::shared_ptr<const IsaExtension> extension = nullptr);
  DpuMachine(DpuMachine&&) noexcept;
  DpuMachine& operator=(DpuMachine&&) noexcept;
  ~DpuMachine();

  /// Clears registers, WRAM, MRAM and locks, then loads text, WRAM and MRAM segments.
  void load(const Program& program);
  /// Loads text and WRAM of another program; MRAM keeps its content.
  void loadKeepingMram(const Program& program);
  const Program& program() const;

  void writeWram(std::uint32_t offset, std::span<const std::uint8_t> bytes);
  void readWram(std::uint32_t offset, std::span<std::uint8_t> bytes) const;
  void writeMram(std::uint32_t offset, std::span<const std::uint8_t> bytes);
  void readMram(std::uint32_t offset, std::span<std::uint8_t> bytes) const;
  /// By symbol, `offset` bytes into it. Throws InputError for an unknown symbol (naming near ones)
  /// or one that is neither in WRAM nor in MRAM.
  void writeSymbol(const std::string& name, std::span<const std::uint8_t> bytes,
                   std::uint32_t offset = 0);
  std::vector<std::uint8_t> readSymbol(const std::string& name, std::uint32_t bytes,
                                       std::uint32_t offset = 0) const;

  /// Runs until all tasklets stopped or an error; never throws for what the program does. Throws
  /// InputError for impossible options (tasklets outside 1..24, bad timing).
  DpuRunResult run(const DpuRunOptions& options);

  /// General register 0..23 of a tasklet.
  std::uint32_t registerValue(unsigned tasklet, unsigned number) const;
  void setRegister(unsigned tasklet, unsigned number, std::uint32_t value);
  /// Equal WRAM and MRAM.
  bool sameMemories(const DpuMachine& other) const;
  /// Host memory held by MRAM pages, in bytes.
  std::size_t mramResident() const;

 private:
  /// Text and WRAM into cleared memories.
  void place(const Program& program);

  struct State;
  std::unique_ptr<State> state_;
};

/// Loads `program` into a fresh DPU and runs it.
DpuRunResult runDpu(const Program& program, const DpuRunOptions& options,
                    std::shared_ptr<const IsaExtension> extension = nullptr);

/// Text that a program of the vendor's run-time left with printf: the DPU stores conversions and
/// raw arguments in an MRAM buffer, the host formats them. Empty without the symbols
/// `__stdout_buffer` and `__stdout_buffer_state`. Conversions d i u x X o c s b e E f g G with
/// flags, width, precision and `l`; others appear as they are.
std::string printedText(const DpuMachine& machine);

}  // namespace wattlas::dpu
