// Requests for a memory: generated patterns and request files.
#pragma once

#include <string>
#include <vector>

#include "models/dram/memory.h"

namespace wattlas::dram {

/// Longest run, in clocks: idle time is refreshed too, and that costs.
inline constexpr Clock longestRun = 20'000'000'000;

struct Traffic {
  std::string pattern = "stream";  ///< stream, random, strided, mixed or rows
  std::int64_t requests = 10000;
  double writeShare = 0;
  std::int64_t stride = 4096;  ///< bytes (strided)
  std::int64_t interval = 0;   ///< clocks between arrivals; 0 = as fast as queues take them
  std::uint64_t bytes = 0;     ///< footprint; 0 = the whole memory
  std::uint64_t seed = 1;
};

/// `stream` walks through addresses, `random` hits any access, `strided` steps, `rows` takes a new
/// row each time, `mixed` switches between bursts of all of them. Throws InputError.
std::vector<Access> makeTraffic(const Traffic& traffic, const AddressMap& map);
const std::vector<std::string>& trafficPatterns();

/// CSV with header `time,command,address`: times such as `12.5 ns` or in clocks, `R` or `W`,
/// addresses decimal or 0x. Not in order of time, malformed or more than `limit` lines: InputError
/// with file and line.
std::vector<Access> readRequests(const std::string& file, Hertz clock,
                                 std::size_t limit = 5'000'000);

}  // namespace wattlas::dram
