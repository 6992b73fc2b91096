// The MRAM bank of one DPU: 64 MB, allocated in pages when first written, zero before.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "pim/dpu/program/program.h"

namespace wattlas::dpu {

class Mram {
 public:
  static constexpr std::uint32_t kPageBytes = 64U << 10;

  Mram();
  Mram(const Mram& other);
  Mram& operator=(const Mram& other);
  Mram(Mram&&) = default;
  Mram& operator=(Mram&&) = default;

  /// `offset` counts from the start of the bank. Throws InputError beyond its end.
  void read(std::uint32_t offset, std::span<std::uint8_t> into) const;
  void write(std::uint32_t offset, std::span<const std::uint8_t> from);
  /// Pages that hold data, for memory accounting.
  std::size_t pages() const;
  /// From now on remembers what write() overwrites, until rollback() restores it or forget().
  void remember();
  void rollback();
  void forget();
  /// Equal content (a page of zeros equals an absent page).
  bool sameAs(const Mram& other) const;

 private:
  using Page = std::array<std::uint8_t, kPageBytes>;
  std::vector<std::unique_ptr<Page>> pages_;
  /// Pages as they were at remember(), by number; a null page was absent.
  std::map<std::uint32_t, std::unique_ptr<Page>> old_;
  bool remembering_ = false;
};

}  // namespace wattlas::dpu
