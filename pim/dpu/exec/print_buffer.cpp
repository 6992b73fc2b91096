
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "pim/dpu/exec/machine.h"

namespace wattlas::dpu {

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
