// What devices may offer beside the contract (device.h) when the DRAM engine knows their memory.
#pragma once

#include <memory>
#include <vector>

#include "models/device.h"
#include "models/dram/command_log.h"
#include "models/dram/stream.h"

namespace wattlas {

/// Equal channels of DRAM which all see the same: with `coupling: live` programs and copies meet in
/// one that stands for all of them, on the platform's clock.
struct LiveMemory {
  dram::StreamSetup channel;  ///< in picoseconds
  double accesses = 0;        ///< of one channel, for each bit of the device
};

/// What a segment of a profile moves to and from that memory.
struct MemoryTraffic {
  Ticks apart;  ///< private time that the memory does not decide; instead of `Segment::local`
  Bits read, written;
};

/// Its programs can run with the memory in the simulation of the platform.
class LiveDevice {
 public:
  virtual ~LiveDevice() = default;
  /// Null where the memory is not known well enough.
  virtual std::shared_ptr<const LiveMemory> liveMemory() const = 0;
  /// By segment of what `simulate` gives.
  virtual std::vector<MemoryTraffic> memoryTraffic(const Program& program) const = 0;
  /// What a copy reads or writes there, in all units together.
  virtual Bits memoryTraffic(const CopyRequest& request) const = 0;
};
/// Null for devices whose memory the DRAM engine does not simulate with the platform.
std::shared_ptr<const LiveMemory> liveMemoryOf(const Device& device);

/// Its simulation commands banks one by one.
class BankDevice {
 public:
  virtual ~BankDevice() = default;
  /// As `Device::simulate`; `log` keeps what the banks of one chip or channel were told, from the
  /// start of the program. Nothing where no commands are simulated at this level.
  virtual Profile simulateInto(dram::CommandLog& log, const Program& program,
                               Fidelity fidelity) const = 0;
};

}  // namespace wattlas
