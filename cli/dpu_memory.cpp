#include "cli/dpu_memory.h"

#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>

#include "cli/context.h"
#include "models/base/atomic_file.h"
#include "models/base/config.h"

namespace wattlas {
namespace {

std::vector<std::uint8_t> readBytes(const std::string& file, std::size_t limit) {
  const std::string text = readTextFile(file, limit);
  return {text.begin(), text.end()};
}

/// "NAME" or "NAME+OFFSET", the offset in bytes. Throws InputError.
struct MemoryPlace {
  std::string symbol;
  std::uint32_t offset = 0;
};

MemoryPlace parsePlace(const std::string& text, const char* flag) {
  const std::size_t plus = text.find('+');
  MemoryPlace place{text.substr(0, plus), 0};
  if (plus == std::string::npos) return place;
  const std::string number = text.substr(plus + 1);
  std::size_t used = 0;
  unsigned long long value = 0;
  try {
    value = std::stoull(number, &used, 0);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != number.size() || value >= dpu::kMramBytes)
    throw errorAt(flag, "'" + number.substr(0, 40) + "' is no offset into a memory",
                  "SYMBOL+BYTES, such as output+0x1000");
  place.offset = static_cast<std::uint32_t>(value);
  return place;
}

/// "NAME[+OFFSET]:BYTES[=FILE]"
struct DumpRequest {
  MemoryPlace place;
  std::string file;
  std::uint32_t bytes = 0;
};

DumpRequest parseDump(const std::string& text) {
  const auto complain = [&] {
    throw errorAt("--dump", "'" + text.substr(0, 80) + "' is not understood",
                  "SYMBOL[+OFFSET]:BYTES or SYMBOL[+OFFSET]:BYTES=FILE");
  };
  DumpRequest out;
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0) complain();
  out.place = parsePlace(text.substr(0, colon), "--dump");
  const std::size_t equals = text.find('=', colon);
  const std::string count = text.substr(colon + 1, equals - colon - 1);
  if (equals != std::string::npos) out.file = text.substr(equals + 1);
  std::size_t used = 0;
  unsigned long long value = 0;
  try {
    value = std::stoull(count, &used, 0);
  } catch (const std::out_of_range&) {
    value = dpu::kMramBytes + 1;
    used = count.size();
  } catch (const std::exception&) {
    complain();
  }
  if (used != count.size() || value == 0 || count.front() == '-') complain();
  if (value > dpu::kMramBytes)
    throw errorAt("--dump", count.substr(0, 40) + " bytes are more than a DPU has",
                  "at most " + std::to_string(dpu::kMramBytes) + " bytes, all of MRAM");
  out.bytes = static_cast<std::uint32_t>(value);
  return out;
}

}  // namespace

void loadMram(dpu::DpuMachine& machine, const std::string& text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string::npos)
    throw errorAt("--mram", "'" + text.substr(0, 80) + "' has no address",
                  "FILE@ADDRESS, the address counted from the start of MRAM");
  std::uint64_t address = 0;
  try {
    address = std::stoull(text.substr(at + 1), nullptr, 0);
  } catch (const std::exception&) {
    throw errorAt("--mram", "'" + text.substr(at + 1, 40) + "' is not an address",
                  "a number such as 0x1000");
  }
  if (address >= 0x08000000 && address < 0x0c000000) address -= 0x08000000;
  if (address >= dpu::kMramBytes)
    throw errorAt("--mram", "the address lies outside MRAM", "0 to 0x3ffffff");
  machine.writeMram(static_cast<std::uint32_t>(address),
                    readBytes(text.substr(0, at), dpu::kMramBytes));
}

void writeSymbolFile(dpu::DpuMachine& machine, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos)
    throw errorAt("--write", "'" + text.substr(0, 80) + "' has no file", "SYMBOL=FILE");
  const MemoryPlace place = parsePlace(text.substr(0, equals), "--write");
  machine.writeSymbol(place.symbol, readBytes(text.substr(equals + 1), dpu::kMramBytes),
                      place.offset);
}

void dumpSymbol(const dpu::DpuMachine& machine, const std::string& text, std::FILE* out) {
  const DumpRequest request = parseDump(text);
  const auto content =
      machine.readSymbol(request.place.symbol, request.bytes, request.place.offset);
  if (!request.file.empty()) {
    writeFileAtomically(request.file,
                        {reinterpret_cast<const char*>(content.data()), content.size()});
    return;
  }
  for (std::size_t i = 0; i < content.size(); i += 16) {
    fmt::print(out, "{}+{:06x} ", request.place.symbol, request.place.offset + i);
    for (std::size_t j = i; j < std::min(i + 16, content.size()); ++j)
      fmt::print(out, " {:02x}", content[j]);
    fmt::print(out, "\n");
  }
}

}  // namespace wattlas
