#include "models/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace wattlas {

std::string Hash128::hex() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    out[i] = digits[high >> (60 - 4 * i) & 15];
    out[16 + i] = digits[low >> (60 - 4 * i) & 15];
  }
  return out;
}

Hash128 hashBytes(const void* data, std::size_t size) {
  const XXH128_hash_t h = XXH3_128bits(data, size);
  return {h.high64, h.low64};
}

Hasher& Hasher::text(std::string_view s) {
  integer(static_cast<std::int64_t>(s.size()));
  return raw(s.data(), s.size());
}

std::string Hasher::encoded(std::string_view s) {
  const auto size = static_cast<std::int64_t>(s.size());
  std::string out(sizeof size, '\0');
  std::memcpy(out.data(), &size, sizeof size);
  return out.append(s);
}

Hasher& Hasher::spill(const void* data, std::size_t size) {
  if (long_.empty()) {
    long_.reserve(4 * short_.size());
    long_.assign(short_.begin(), short_.begin() + static_cast<std::ptrdiff_t>(size_));
  }
  const auto* p = static_cast<const unsigned char*>(data);
  long_.insert(long_.end(), p, p + size);
  return *this;
}

}  // namespace wattlas
