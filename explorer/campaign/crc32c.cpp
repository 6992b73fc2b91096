#include "explorer/campaign/crc32c.h"

#include <array>
#include <cstddef>

namespace wattlas {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // of RFC 3720, bits reversed

/// Eight bytes a step: table k gives the effect of a byte that stands k bytes before the end.
constexpr std::array<std::array<std::uint32_t, 256>, 8> makeTables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? polynomial : 0U);
    tables[0][i] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::size_t i = 0; i < 256; ++i)
      tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 0xFFU];
  return tables;
}
constexpr auto tables = makeTables();

std::uint32_t byteAt(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint32_t next = 0;
    for (std::size_t k = 0; k < 4; ++k)
      next ^= tables[7 - k][byteAt(bytes, k) ^ ((crc >> (8 * k)) & 0xFFU)];
    for (std::size_t k = 4; k < 8; ++k) next ^= tables[7 - k][byteAt(bytes, k)];
    crc = next;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i)
    crc = (crc >> 8) ^ tables[0][(crc ^ byteAt(bytes, i)) & 0xFFU];
  return ~crc;
}

}  // namespace wattlas
