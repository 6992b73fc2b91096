// What the memory controller may be told: queues, page policy, refresh, address mapping.
#pragma once

#include <cstdint>
#include <string>

#include "models/base/parameter.h"

namespace wattlas::dram {

struct ControllerParams {
  std::int64_t readQueue = 32, writeQueue = 32;  ///< entries of one channel
  std::int64_t drainStart = 24, drainStop = 8;   ///< waiting writes that start and end a drain
  std::int64_t hitCap = 16;     ///< row hits in a row while an older request of the bank waits
  std::string page = "open";    ///< open or closed
  std::string refresh = "all";  ///< all, bank or none
  std::int64_t postpone = 0;    ///< refreshes that may wait while there is work
  std::string mapping = "row:rank:bank:column:bankgroup:channel";
  bool bankXor = false;  ///< bank and group bits are XORed with the lowest row bits

  void bind(Binder& binder);
  auto operator<=>(const ControllerParams&) const = default;
};

struct DramSpec;
struct Timing;
/// Refuses refreshes that leave no time for accesses (InputError).
void checkRefresh(const ControllerParams& params, const Timing& timing);
/// Refuses what the standard does not have (InputError): bank-wise refresh, postponing too much.
void check(const ControllerParams& params, const DramSpec& spec);

}  // namespace wattlas::dram
