// Directives that put data into a section or leave room in it.
#include <algorithm>
#include <array>
#include <bit>

#include "pim/dpu/program/assembler.h"
#include "pim/dpu/program/token_list.h"

namespace wattlas::dpu {

bool Assembler::dataAllowed(const std::string& name) {
  if (section().memory != Memory::iram) return true;
  problem(name + " in section " + section().name + ", which holds instructions only",
          "a data section", "put .data, .mram or .atomic before it");
  return false;
}

void Assembler::values(const std::string& name, Tokens rest) {
  const bool one = name == ".byte";
  const bool two = name == ".short" || name == ".half" || name == ".hword" || name == ".2byte";
  const bool eight = name == ".quad" || name == ".dword" || name == ".8byte";
  const std::size_t bytes = one ? 1 : two ? 2 : eight ? 8 : 4;
  if (!section().ignored && !dataAllowed(name)) return;
  if (rest.empty()) problem(name + " needs a value", "a number or a symbol");
  for (const auto part : splitCommas(rest)) {
    auto& target = section();
    const auto offset = target.cursor;
    // Most data are numbers: only what needs an address waits for the end.
    std::optional<std::int64_t> number;
    try {
      const Value value = symbols_.evaluate(part, here(), order_);
      if (value.section < 0) number = value.number;
    } catch (const EvaluationError&) {
      // Tried again at the end, and reported there.
    }
    if (number && !valueFits(*number, bytes)) continue;
    std::array<std::uint8_t, 8> stored{};
    for (std::size_t i = 0; number && i < bytes; ++i) {
      stored[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(*number) >> (8 * i));
    }
    if (!target.append(stored.data(), bytes)) {
      overflow(target);
      return;
    }
    if (target.ignored || number) continue;
    fixups_.push_back({current_, offset, bytes, order_, line_, {part.begin(), part.end()}});
  }
}

bool Assembler::valueFits(std::int64_t value, std::size_t bytes) {
  if (bytes >= 8) return true;
  const std::int64_t full = std::int64_t{1} << (8 * bytes);
  if (value >= -(full / 2) && value < full) return true;
  problem(
      "value " + std::to_string(value) + " does not fit into " + std::to_string(bytes) + " bytes",
      std::to_string(-(full / 2)) + ".." + std::to_string(full - 1));
  return false;
}

void Assembler::strings(const std::string& name, Tokens rest) {
  if (!section().ignored && !dataAllowed(name)) return;
  for (const auto part : splitCommas(rest)) {
    for (const auto& token : part) {
      if (token.kind != TokenKind::string) {
        problem(name + " takes strings in double quotes");
        return;
      }
      std::string text = token.text;
      if (name != ".ascii") text += '\0';
      if (!section().append(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())) {
        overflow(section());
        return;
      }
    }
  }
}

void Assembler::space(const std::string& name, Tokens rest) {
  if (!section().ignored && !dataAllowed(name)) return;
  const auto parts = splitCommas(rest);
  if (parts.empty() || parts.size() > 2) {
    problem(name + " needs a size", name + " BYTES[, VALUE]");
    return;
  }
  const auto count = known(parts[0]);
  const auto value = parts.size() > 1 ? known(parts[1]) : std::optional<std::int64_t>(0);
  if (!count || !value) return;
  if (*count < 0)
    problem(name + " of " + std::to_string(*count) + " bytes", "0 or more");
  else if (!section().fill(static_cast<std::uint64_t>(*count), static_cast<std::uint8_t>(*value))) {
    overflow(section());
  }
}

void Assembler::repeated(const std::string& name, Tokens rest) {
  if (!section().ignored && !dataAllowed(name)) return;
  const auto parts = splitCommas(rest);
  if (parts.empty() || parts.size() > 3) {
    problem(name + " needs a count", ".fill COUNT[, BYTES[, VALUE]]");
    return;
  }
  const auto count = known(parts[0]);
  const auto bytes = parts.size() > 1 ? known(parts[1]) : std::optional<std::int64_t>(1);
  const auto value = parts.size() > 2 ? known(parts[2]) : std::optional<std::int64_t>(0);
  if (!count || !bytes || !value) return;
  if (*count < 0 || *bytes < 0 || *bytes > 8) {
    problem(name + " with a bad count or size", "count >= 0, size 0..8");
    return;
  }
  if (static_cast<std::uint64_t>(*count) > section().capacity()) return overflow(section());
  std::array<std::uint8_t, 8> unit{};
  for (std::size_t i = 0; i < 8; ++i) {
    unit[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(*value) >> (8 * i));
  }
  if (*value == 0 || section().ignored) {
    if (!section().reserve(static_cast<std::uint64_t>(*count * *bytes))) overflow(section());
    return;
  }
  for (std::int64_t i = 0; i < *count && !overflowed_; ++i) {
    if (!section().append(unit.data(), static_cast<std::size_t>(*bytes))) overflow(section());
  }
}

void Assembler::align(const std::string& name, Tokens rest) {
  const auto parts = splitCommas(rest);
  if (parts.empty()) return problem(name + " needs a size", name + " BYTES");
  const auto size = known(parts[0]);
  if (!size) return;
  const bool power = name == ".p2align";
  const bool good =
      power ? *size >= 0 && *size <= 26
            : *size >= 0 && *size <= (std::int64_t{1} << 26) &&
                  std::has_single_bit(static_cast<std::uint64_t>(std::max<std::int64_t>(*size, 1)));
  if (!good) {
    problem(name + " " + std::to_string(*size), power ? "0..26" : "a power of two up to 64 MiB");
    return;
  }
  // Instructions are fetched one by one: their alignment means nothing and nothing is inserted.
  auto& target = section();
  if (target.memory == Memory::iram) return;
  const std::uint64_t bytes = power ? std::uint64_t{1} << *size
                                    : static_cast<std::uint64_t>(std::max<std::int64_t>(*size, 1));
  target.align = std::max(target.align, bytes);
  const auto gap = (bytes - target.cursor % bytes) % bytes;
  if (!target.reserve(gap)) overflow(target);
}

void Assembler::common(const std::string& name, Tokens rest) {
  const auto parts = splitCommas(rest);
  const auto* symbol = parts.empty() ? nullptr : soleName(parts[0]);
  if (symbol == nullptr || parts.size() < 2) {
    return problem(name + " needs a name and a size", name + " NAME, BYTES[, ALIGNMENT]");
  }
  const auto bytes = known(parts[1]);
  const int before = current_;
  enter(".bss", std::nullopt);
  if (parts.size() > 2) align(".balign", parts[2]);
  label(*symbol);
  if (name == ".comm") symbols_.entry(*symbol).global = true;
  if (bytes && (*bytes < 0 || !section().reserve(static_cast<std::uint64_t>(*bytes)))) {
    overflow(section());
  }
  current_ = before;
}

}  // namespace wattlas::dpu
