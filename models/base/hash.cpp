#include "models/base/hash.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

namespace wattlas {

std::string Hash128::hex() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

Hash128 hashBytes(const void* data, std::size_t size) {
  const XXH128_hash_t h = XXH3_128bits(data, size);
  return {h.high64, h.low64};
}

Hasher& Hasher::text(std::string_view s) {
  integer(static_cast<std::int64_t>(s.size()));
  return raw(s.data(), s.size());
}

Hasher& Hasher::raw(const void* data, std::size_t size) {
  if (bytes_.capacity() == 0) bytes_.reserve(192);  // most need no more: one allocation
  const auto* p = static_cast<const unsigned char*>(data);
  bytes_.insert(bytes_.end(), p, p + size);
  return *this;
}

}  // namespace wattlas
