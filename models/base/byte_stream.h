// Compact binary encoding for frames between processes of one build on one machine.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace wattlas {

class ByteWriter {
 public:
  void u8(std::uint8_t v) { bytes_.push_back(static_cast<char>(v)); }
  void u32(std::uint32_t v) { raw(&v, sizeof v); }
  void u64(std::uint64_t v) { raw(&v, sizeof v); }
  void real(double v) { raw(&v, sizeof v); }
  void text(std::string_view s) {
    u32(static_cast<std::uint32_t>(s.size()));
    bytes_.append(s);
  }
  void reals(const std::vector<double>& values) {
    u32(static_cast<std::uint32_t>(values.size()));
    raw(values.data(), values.size() * sizeof(double));
  }
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  void raw(const void* data, std::size_t size) {
    if (size > 0) bytes_.append(static_cast<const char*>(data), size);
  }
  std::string bytes_;
};

/// Reads what ByteWriter wrote; throws std::runtime_error on truncated or damaged input.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}
  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  double real() { return fixed<double>(); }
  std::string text() { return std::string(take(u32())); }
  std::vector<double> reals() {
    const std::uint32_t n = u32();
    const std::string_view data = take(std::size_t{n} * sizeof(double));
    std::vector<double> out(n);
    if (n > 0) std::memcpy(out.data(), data.data(), data.size());
    return out;
  }
  bool atEnd() const { return bytes_.empty(); }

 private:
  template <class T>
  T fixed() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) throw std::runtime_error("a frame between processes is truncated");
    const std::string_view out = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return out;
  }
  std::string_view bytes_;
};

}  // namespace wattlas
