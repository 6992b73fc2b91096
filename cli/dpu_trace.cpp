#include "cli/dpu_trace.h"

#include <fmt/format.h>

#include <charconv>

#include "cli/context.h"
#include "pim/dpu/isa/instruction.h"

namespace wattlas {
namespace {

constexpr std::size_t tracedAtOnce = 1U << 20;

[[noreturn]] void refuse(const char* flag, const std::string& text, const std::string& expected,
                         const std::string& hint = {}) {
  throw errorAt(flag, "'" + text.substr(0, 60) + "' is not understood", expected, hint);
}

bool number(std::string_view text, std::uint32_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::uint32_t maskOf(const std::string& text) {
  std::uint32_t mask = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, comma - at);
    const std::size_t dash = part.find('-');
    std::uint32_t low = 0, high = 0;
    const bool ok = number(part.substr(0, dash), low) &&
                    (dash == std::string::npos || number(part.substr(dash + 1), high));
    if (dash == std::string::npos) high = low;
    if (!ok || low > high || high >= dpu::kTasklets)
      refuse("--trace-tasklets", text, "tasklets 0 to 23, such as 0,3,8-11");
    for (std::uint32_t t = low; t <= high; ++t) mask |= 1U << t;
    at = comma + 1;
  }
  return mask;
}

}  // namespace

DpuTrace::DpuTrace(const std::string& file, const dpu::Program& program,
                   const std::string& tasklets, const std::string& range)
    : program_(program) {
  if (!tasklets.empty()) tasklets_ = maskOf(tasklets);
  if (!range.empty()) {
    const std::size_t dash = range.find('-');
    from_ = place(range.substr(0, dash), false);
    to_ = place(dash == std::string::npos ? range : range.substr(dash + 1), true);
  }
  if (file != "-") file_.emplace(file);
}

/// Instruction index of a number or symbol; of the end of a symbol's body when `last`.
std::uint32_t DpuTrace::place(const std::string& text, bool last) const {
  std::uint32_t value = 0;
  if (number(text, value)) return value;
  const dpu::Symbol* symbol = program_.symbol(text);
  std::vector<std::string> names;
  for (const auto& s : program_.symbols)
    if (s.memory == dpu::Memory::iram) names.push_back(s.name);
  if (symbol == nullptr || symbol->memory != dpu::Memory::iram)
    refuse("--trace-range", text, "FROM-TO or a symbol of the program text",
           didYouMean(text, names));
  const std::uint32_t first = (symbol->address - dpu::kIramAddress) / 8;
  if (!last) return first;
  if (symbol->size >= 8) return first + symbol->size / 8 - 1;
  std::uint32_t end = ~0U;
  for (const auto& s : program_.symbols)
    if (s.memory == dpu::Memory::iram && s.address > symbol->address)
      end = std::min(end, (s.address - dpu::kIramAddress) / 8 - 1);
  return end;
}

void DpuTrace::write(const dpu::TraceEvent& e) {
  if ((tasklets_ >> e.tasklet & 1U) == 0 || e.pc < from_ || e.pc > to_) return;
  std::string registers;
  for (unsigned i = 0; e.before != nullptr && i < dpu::kRegisters; ++i)
    if (e.before[i] != e.after[i])
      registers += fmt::format(" {}={:#x}", dpu::registerName(i), e.after[i]);
  std::string sources;
  if (e.instruction != nullptr && e.before != nullptr) {
    using dpu::Source;
    for (const Source s : {e.instruction->form->first, e.instruction->form->second}) {
      if (s != Source::ra && s != Source::rb && s != Source::dbPair) continue;
      const unsigned n = s == Source::ra ? e.instruction->ra : e.instruction->rb;
      if (n < dpu::kRegisters)
        sources += fmt::format(" {}:{:#x}", dpu::registerName(n), e.before[n]);
    }
  }
  fmt::format_to(std::back_inserter(pending_), "{:>10} t{:<2} {:>4} {:<24} {:<36}{} ->{}\n",
                 e.cycle, e.tasklet, e.pc, program_.where(e.pc),
                 e.instruction ? dpu::disassemble(*e.instruction) : "?", sources, registers);
  if (pending_.size() >= tracedAtOnce) flush();
}

void DpuTrace::flush() {
  if (file_)
    file_->write(pending_);
  else
    fmt::print(stderr, "{}", pending_);
  pending_.clear();
}

void DpuTrace::finish() {
  flush();
  if (file_) file_->commit();
}

}  // namespace wattlas
