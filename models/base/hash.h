// 128-bit content hashes (XXH3) for configurations, programs and design points.
#pragma once

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
  Hash128 finish() const { return hashBytes(bytes_.data(), bytes_.size()); }

 private:
  Hasher& raw(const void* data, std::size_t size);
  std::vector<unsigned char> bytes_;
};

}  // namespace wattlas
