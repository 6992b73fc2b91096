#include "pim/dpu/exec/machine.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "models/base/error.h"
#include "pim/dpu/exec/core.h"
#include "pim/dpu/exec/runtime.h"

namespace wattlas::dpu {

namespace {

void checkWram(std::uint32_t offset, std::size_t bytes) {
  if (bytes <= kWramBytes && offset <= kWramBytes - bytes) return;
  throw InputError(
      "WRAM range " + std::to_string(offset) + " + " + std::to_string(bytes) + " bytes leaves WRAM",
      "offset + size <= " + std::to_string(kWramBytes) + " bytes");
}

}  // namespace

struct DpuMachine::State {
  Program program;
  Core core;
};

DpuMachine::DpuMachine() : state_(std::make_unique<State>()) {}
DpuMachine::DpuMachine(const Program& program, std::shared_ptr<const IsaExtension> extension)
    : DpuMachine() {
  state_->core.extension = std::move(extension);
  place(program);
  for (const auto& segment : program.mram) writeMram(segment.offset, segment.bytes);
}
DpuMachine::DpuMachine(DpuMachine&&) noexcept = default;
DpuMachine& DpuMachine::operator=(DpuMachine&&) noexcept = default;
DpuMachine::~DpuMachine() = default;

void DpuMachine::load(const Program& program) {
  state_->core.mram = Mram();
  loadKeepingMram(program);
  for (const auto& segment : program.mram) writeMram(segment.offset, segment.bytes);
}

void DpuMachine::loadKeepingMram(const Program& program) {
  Mram kept = std::move(state_->core.mram);
  auto extension = std::move(state_->core.extension);
  state_ = std::make_unique<State>();
  Core& core = state_->core;
  core.mram = std::move(kept);
  core.extension = std::move(extension);
  place(program);
}

void DpuMachine::place(const Program& program) {
  Core& core = state_->core;
  if (program.text.size() > kIramWords) {
    throw InputError("program of " + std::to_string(program.text.size()) + " instructions",
                     "at most " + std::to_string(kIramWords));
  }
  core.setCode(0, program.text.data(), program.text.size());
  checkWram(0, program.wram.size());
  if (!program.wram.empty()) {
    std::memcpy(core.wram.data(), program.wram.data(), program.wram.size());
  }
  state_->program = program;
}

const Program& DpuMachine::program() const {
  return state_->program;
}

void DpuMachine::writeWram(std::uint32_t offset, std::span<const std::uint8_t> bytes) {
  checkWram(offset, bytes.size());
  if (!bytes.empty()) std::memcpy(state_->core.wram.data() + offset, bytes.data(), bytes.size());
}

void DpuMachine::readWram(std::uint32_t offset, std::span<std::uint8_t> bytes) const {
  checkWram(offset, bytes.size());
  if (!bytes.empty()) std::memcpy(bytes.data(), state_->core.wram.data() + offset, bytes.size());
}

void DpuMachine::writeMram(std::uint32_t offset, std::span<const std::uint8_t> bytes) {
  state_->core.mram.write(offset, bytes);
}

void DpuMachine::readMram(std::uint32_t offset, std::span<std::uint8_t> bytes) const {
  state_->core.mram.read(offset, bytes);
}

namespace {

/// The host's name for the part of MRAM behind the program's variables, and the linker's.
constexpr const char* kHeapName = "DPU_MRAM_HEAP_POINTER_NAME";
constexpr const char* kHeapSymbol = "__sys_used_mram_end";

Symbol findSymbol(const Program& program, const std::string& name) {
  const Symbol* symbol = program.symbol(name);
  if (symbol == nullptr && name == kHeapName) symbol = program.symbol(kHeapSymbol);
  if (symbol == nullptr && (name == kHeapName || name == kHeapSymbol)) {
    return {
        name, kMramAddress + (program.mramUsed + 7) / 8 * 8, 0, Memory::mram, SymbolKind::object,
        true};
  }
  if (symbol == nullptr) {
    std::vector<std::string> names;
    for (const auto& s : program.symbols) names.push_back(s.name);
    throw InputError("unknown symbol '" + name + "'", "a symbol of " + program.name,
                     didYouMean(name, names));
  }
  if (symbol->memory != Memory::wram && symbol->memory != Memory::mram) {
    throw InputError(
        "symbol '" + name + "' lies in " + std::string(wattlas::dpu::name(symbol->memory)),
        "a symbol in WRAM or MRAM");
  }
  return *symbol;
}

}  // namespace

void DpuMachine::writeSymbol(const std::string& name, std::span<const std::uint8_t> bytes,
                             std::uint32_t offset) {
  const Symbol symbol = findSymbol(state_->program, name);
  if (symbol.memory == Memory::wram) {
    writeWram(symbol.address + offset, bytes);
  } else {
    writeMram(symbol.address - kMramAddress + offset, bytes);
  }
}

std::vector<std::uint8_t> DpuMachine::readSymbol(const std::string& name, std::uint32_t bytes,
                                                 std::uint32_t offset) const {
  const Symbol symbol = findSymbol(state_->program, name);
  const bool wram = symbol.memory == Memory::wram;
  const std::uint32_t at = (wram ? symbol.address : symbol.address - kMramAddress) + offset;
  if (bytes > (wram ? kWramBytes : kMramBytes)) {
    throw InputError(std::to_string(bytes) + " bytes of symbol '" + name + "'",
                     "at most the size of its memory");
  }
  std::vector<std::uint8_t> result(bytes);
  if (wram) {
    readWram(at, result);
  } else {
    readMram(at, result);
  }
  return result;
}

DpuRunResult DpuMachine::run(const DpuRunOptions& options) {
  if (options.tasklets < 1 || options.tasklets > kTasklets) {
    throw InputError(std::to_string(options.tasklets) + " tasklets", "1 to 24");
  }
  if (options.runAhead < 1) throw InputError("run-ahead of 0 instructions", "at least 1");
  options.timing.check();
  Core& core = state_->core;
  const Program& program = state_->program;
  const std::vector<std::uint64_t> before = core.counts();
  const bool boots = core.uses(Operation::boot);
  const bool first =
      options.start == StartPolicy::first || (options.start == StartPolicy::automatic && boots);
  const auto prepared = [&] {
    auto runtime = std::make_unique<Runtime>(
        core, options, [&program](std::uint32_t pc) { return program.where(pc); });
    runtime->dropsLowBits =
        options.dmaAlignment == DmaAlignment::hardware ||
        (options.dmaAlignment == DmaAlignment::automatic && program.vendorRuntime);
    for (unsigned t = 0; t < (first ? 1U : options.tasklets); ++t) runtime->start(t, program.entry);
    return runtime;
  };

  DpuRunResult result;
  // Stopping another tasklet from outside cannot be reconciled with running it ahead.
  const bool outsideStops = core.uses(Operation::clrRun);
  bool lockstep = options.mode == EngineMode::lockstep || options.raceCheck ||
                  options.trace != nullptr || outsideStops;
  if (options.mode == EngineMode::decoupled && lockstep) {
    result.notes.push_back(std::string("ran in lockstep: ") +
                           (outsideStops        ? "the program contains clr_run"
                            : options.raceCheck ? "--race-check needs it"
                                                : "--trace needs it"));
  }
  auto runtime = prepared();
  if (!lockstep) core.remember();
  const auto begin = std::chrono::steady_clock::now();
  EngineOutcome outcome = runEngine(*runtime, !lockstep);
  if (core.spinFound) {
    core.rollback();
    runtime = prepared();
    lockstep = true;
    result.notes.emplace_back("ran in lockstep: a tasklet polls a WRAM word (a data race)");
    outcome = runEngine(*runtime, false);
  }
  core.forget();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  result.mode = lockstep ? "lockstep" : "decoupled";
  result.cycles = outcome.cycles;
  result.instructions = outcome.instructions;
  result.wallS = wall.count();
  fillResult(result, *runtime, before, program);
  result.printed = printedText(*this);
  // The value of main or exit() is in r0 when the first tasklet stops.
  if (!result.error && program.vendorRuntime && program.symbol("main") != nullptr)
    result.exitValue = static_cast<std::int32_t>(core.tasklets[0].r[0]);
  if (runtime->misaligned > 0) {
    const std::uint32_t pc = runtime->firstMisaligned;
    result.notes.push_back(std::to_string(runtime->misaligned) +
                           " DMA transfers with an address that is no multiple of 8: its low three "
                           "bits were ignored, as by the hardware (first at instruction " +
                           std::to_string(pc) + ", " + program.where(pc) + ")");
  }
  if (first && options.start == StartPolicy::automatic && !result.error &&
      result.tasklets.size() != options.tasklets) {
    result.notes.push_back(
        "the program boots its tasklets itself: " + std::to_string(result.tasklets.size()) +
        " ran, " + std::to_string(options.tasklets) + " were asked for");
  }
  return result;
}

std::uint32_t DpuMachine::registerValue(unsigned tasklet, unsigned number) const {
  if (tasklet >= kTasklets || number >= kRegisters) throw InputError("no such register");
  return state_->core.tasklets[tasklet].r[number];
}

void DpuMachine::setRegister(unsigned tasklet, unsigned number, std::uint32_t value) {
  if (tasklet >= kTasklets || number >= kRegisters) throw InputError("no such register");
  state_->core.tasklets[tasklet].r[number] = value;
}

bool DpuMachine::sameMemories(const DpuMachine& other) const {
  return state_->core.wram == other.state_->core.wram &&
         state_->core.mram.sameAs(other.state_->core.mram);
}

std::size_t DpuMachine::mramResident() const {
  return state_->core.mram.pages() * Mram::kPageBytes;
}

DpuRunResult runDpu(const Program& program, const DpuRunOptions& options,
                    std::shared_ptr<const IsaExtension> extension) {
  DpuMachine machine(program, std::move(extension));
  return machine.run(options);
}

namespace {

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  /// One call of printf; false at the end.
  bool message(std::string& text) {
    const auto start = rest_.find('%');
    if (start == std::string_view::npos) return false;
    rest_.remove_prefix(start);
    const std::string_view formats = untilZero();
    for (std::size_t at = 0; at < formats.size();) {
      const std::size_t next = std::min(formats.find('%', at + 1), formats.size());
      argument(std::string(formats.substr(at, next - at)), text);
      at = next;
    }
    return true;
  }

 private:
  std::string_view untilZero() {
    const auto end = std::min(rest_.find('\0'), rest_.size());
    const auto found = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return found;
  }

  template <class T>
  T take() {
    T value{};
    const std::size_t n = std::min(sizeof value, rest_.size());
    std::memcpy(&value, rest_.data(), n);
    rest_.remove_prefix(n);
    return value;
  }

  template <class T>
  static void put(const std::string& format, T value, std::string& text) {
    std::array<char, 512> made{};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    std::snprintf(made.data(), made.size(), format.c_str(), value);
#pragma GCC diagnostic pop
    text += made.data();
  }

  /// Flags, width and precision only: what snprintf may safely get beside the conversion.
  static bool plain(std::string_view format) {
    return format.size() <= 16 &&
           format.substr(0, format.size() - 1).find_first_not_of("%0123456789.+- #l") ==
               std::string_view::npos;
  }

  void argument(const std::string& format, std::string& text) {
    if (format.size() < 2 || !plain(format)) {
      text += format;
      take<std::uint32_t>();
      return;
    }
    const char kind = format.back();
    const bool wide = format.find('l') != std::string::npos;
    const std::string_view integers = "diuxXo", floats = "eEfgG";
    if (kind == 's') {
      text += untilZero();
    } else if (kind == 'c') {
      text += take<char>();
    } else if (kind == 'b') {
      const auto bits = take<std::uint32_t>();
      for (unsigned i = 0; i < 32; ++i) text += (bits >> i & 1U) != 0 ? '1' : '0';
    } else if (integers.find(kind) != std::string_view::npos) {
      std::string form;  // the host's long long for `l`, its int otherwise
      for (const char c : format)
        if (c != 'l') form += c;
      if (wide) {
        form.insert(form.size() - 1, "ll");
        put(form, take<long long>(), text);
      } else {
        put(form, take<int>(), text);
      }
    } else if (floats.find(kind) != std::string_view::npos) {
      std::string form;
      for (const char c : format)
        if (c != 'l') form += c;
      put(form, take<double>(), text);
    } else {
      text += format;
      take<std::uint32_t>();
    }
  }

  std::string_view rest_;
};

}  // namespace

std::string printedText(const DpuMachine& machine) {
  const Program& program = machine.program();
  const Symbol *buffer = program.symbol("__stdout_buffer"),
               *state = program.symbol("__stdout_buffer_state");
  if (buffer == nullptr || state == nullptr || buffer->memory != Memory::mram ||
      state->memory != Memory::wram)
    return {};
  std::array<std::uint8_t, 8> raw{};
  machine.readWram(state->address, raw);
  std::uint32_t used = 0, wrapped = 0;
  std::memcpy(&used, raw.data(), 4);
  std::memcpy(&wrapped, raw.data() + 4, 4);
  const std::uint32_t start = buffer->address - kMramAddress;
  const std::uint32_t room = std::min(buffer->size, kMramBytes - start);
  if (wrapped != 0)
    return "(the print buffer of " + std::to_string(room) + " bytes was too small: text is lost)\n";
  std::vector<std::uint8_t> bytes(std::min(used, room));
  machine.readMram(start, bytes);
  Reader reader({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  std::string text;
  while (reader.message(text)) continue;
  return text;
}

}  // namespace wattlas::dpu
