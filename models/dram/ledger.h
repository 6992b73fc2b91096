// Joules of a DRAM from counted events. Scope: device core (activation, column access, refresh,
// standby), input/output (drivers, wires, terminations of both ends). Not inside: the controller
// and its PHY logic, voltage regulators.
#pragma once

#include <string>
#include <vector>

#include "models/base/parameter.h"
#include "models/dram/channel_engine.h"
#include "models/dram/spec.h"

namespace wattlas::dram {

/// Where joules go.
enum class EnergyPart { activation, column, refresh, standby, io };

/// Joules of one counted event.
struct EnergyCoefficient {
  std::string id;  ///< such as "dram.read"
  EnergyPart part = EnergyPart::activation;
  std::string unit;  ///< what one count is: "access", "bit", "ps"
  Sourced<Joules> each;
};

/// Coefficients of one rank's events, all devices of the rank together.
struct DramEnergy {
  explicit DramEnergy(const DramSpec& spec);

  std::vector<EnergyCoefficient> all;
  /// Indices into `all`.
  std::size_t activation, readCore, writeCore, refresh, refreshBank, standbyOpen, standbyClosed,
      readIo, writeIo, termination;
  std::int64_t accessBits;
};

/// One cell: events of one coefficient in one part of the memory.
struct LedgerCell {
  int channel = 0, rank = -1;   ///< rank -1 = the whole channel
  std::size_t coefficient = 0;  ///< index into DramEnergy::all
  std::int64_t count = 0;
};

/// Every joule sits in exactly one cell.
class DramLedger {
 public:
  explicit DramLedger(const DramSpec& spec) : energy_(spec) {}

  /// Books a finished channel that ran for `clocks`.
  void add(int channel, const ChannelEngine& engine, const Timing& clocks, Clock end);
  const std::vector<LedgerCell>& cells() const { return cells_; }
  const DramEnergy& energy() const { return energy_; }
  Joules of(const LedgerCell& cell) const;
  Joules of(EnergyPart part) const;
  Joules total() const;
  /// Total with all coefficients at their low (false) or high (true) end.
  Joules totalBound(bool high) const;

 private:
  DramEnergy energy_;
  std::vector<LedgerCell> cells_;
};

}  // namespace wattlas::dram
