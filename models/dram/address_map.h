// Byte address to channel, rank, bank, row and column, as a text such as
// `row:bank:column:bankgroup:channel` says.
#pragma once

#include <string>
#include <vector>

#include "models/dram/controller.h"
#include "models/dram/spec.h"

namespace wattlas::dram {

/// Where an access goes. `bank` counts over all ranks of the channel, `column` counts accesses.
struct Location {
  int channel = 0, bank = 0;
  std::int64_t row = 0, column = 0;
  bool operator==(const Location&) const = default;
};

class AddressMap {
 public:
  /// Throws InputError: unknown or missing part, too many bits.
  AddressMap(const Organisation& organisation, const std::string& mapping, bool bankXor);

  /// The access that holds the byte; addresses wrap at the size of the memory.
  Location at(std::uint64_t address) const;
  /// First byte of an access.
  std::uint64_t addressOf(const Location& location) const;
  std::uint64_t bytes() const { return std::uint64_t{1} << totalBits_; }
  std::int64_t accessBytes() const { return std::int64_t{1} << offsetBits_; }

 private:
  enum Part { row, rank, bank, group, column, channel, parts };
  struct Slice {
    Part part;
    int bits, shift;  ///< shift inside the part's value
  };
  std::uint64_t scramble(std::uint64_t bankBits, std::uint64_t row) const;

  std::vector<Slice> slices_;  ///< from the lowest address bit upwards
  int bits_[parts] = {};
  int offsetBits_ = 0, totalBits_ = 0;
  bool xor_ = false;
};

}  // namespace wattlas::dram
