// 128-bit content hashes (XXH3) for configurations, programs and design points.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace wattlas {

struct Hash128 {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const Hash128&) const = default;
  std::string hex() const;  ///< 32 lower-case digits
};

struct Hash128Hasher {
  std::size_t operator()(const Hash128& h) const { return h.low; }
};

Hash128 hashBytes(const void* data, std::size_t size);
inline Hash128 hashText(std::string_view text) {
  return hashBytes(text.data(), text.size());
}

/// Collects fields into one hash. Order matters; strings carry their length.
class Hasher {
 public:
  Hasher& text(std::string_view s);
  Hasher& integer(std::int64_t v) { return raw(&v, sizeof v); }
  Hasher& real(double v) {
    if (v == 0.0) v = 0.0;  // -0 and 0 are one value
    return raw(&v, sizeof v);
  }
  Hasher& add(const Hash128& h) {
    return integer(static_cast<std::int64_t>(h.high)).integer(static_cast<std::int64_t>(h.low));
  }
  /// What `text(s)` adds, and adding it: for texts that occur again and again.
  static std::string encoded(std::string_view s);
  Hasher& encodedBytes(std::string_view bytes) { return raw(bytes.data(), bytes.size()); }
  Hash128 finish() const {
    return long_.empty() ? hashBytes(short_.data(), size_) : hashBytes(long_.data(), long_.size());
  }

 private:
  Hasher& raw(const void* data, std::size_t size) {
    if (!long_.empty() || size_ + size > short_.size()) return spill(data, size);
    std::memcpy(short_.data() + size_, data, size);
    size_ += size;
    return *this;
  }
  Hasher& spill(const void* data, std::size_t size);

  // Most keys are short (an operator's is about 500 bytes): no allocation.
  std::array<unsigned char, 640> short_;
  std::size_t size_ = 0;
  std::vector<unsigned char> long_;  ///< everything, once it is too long
};

}  // namespace wattlas
