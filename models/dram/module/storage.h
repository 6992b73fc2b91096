// Content of a memory, kept only where it was written. Unwritten bytes read as zero.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace wattlas::dram {

class Storage {
 public:
  void read(std::uint64_t address, unsigned char* data, std::size_t length) const;
  /// Bytes whose `enable` (repeated after `enableLength`) is 0 stay; null = all are written.
  void write(std::uint64_t address, const unsigned char* data, std::size_t length,
             const unsigned char* enable = nullptr, std::size_t enableLength = 0);
  std::size_t pages() const { return pages_.size(); }

 private:
  static constexpr std::uint64_t pageBytes = 4096;
  using Page = std::array<unsigned char, pageBytes>;
  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
};

}  // namespace wattlas::dram
