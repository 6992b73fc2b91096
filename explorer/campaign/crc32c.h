// CRC-32C (Castagnoli), the checksum of journal records: finds every flipped bit and every burst of
// up to 32 bits.
#pragma once

#include <cstdint>
#include <string_view>

namespace wattlas {

/// Checksum of `bytes`; `before` continues the checksum of what stands in front of them.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace wattlas
