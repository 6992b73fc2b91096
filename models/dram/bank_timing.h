// Distances between the commands of a DRAM, as data sheets name them, and the bank programs' part.
#pragma once

#include "models/base/parameter.h"

namespace wattlas::dram {

/// Every distance that some DRAM has; which of them a file gives depends on what it describes. In
/// seconds, rounded to no clock; sources stand in configs/memories/*.yaml.
struct Distances {
  Sourced<Seconds> tCK;       ///< one slot of the command bus
  Sourced<Seconds> tRCD;      ///< activate to read
  Sourced<Seconds> tRCDW;     ///< activate to write
  Sourced<Seconds> tRCDMAC;   ///< activate to a multiply-accumulate beside the bank
  Sourced<Seconds> tRCDAF;    ///< activate to a look-up of an activation function
  Sourced<Seconds> tRP;       ///< precharge of one bank to activate
  Sourced<Seconds> tRPab;     ///< precharge of all banks to activate or refresh
  Sourced<Seconds> tRAS;      ///< activate to precharge
  Sourced<Seconds> tRTP;      ///< read or multiply-accumulate to precharge
  Sourced<Seconds> tWR;       ///< end of write data to precharge
  Sourced<Seconds> tWTP;      ///< write to precharge: write latency, burst and recovery
  Sourced<Seconds> tCCDS;     ///< column to column, other bank group
  Sourced<Seconds> tCCDL;     ///< column to column, same bank group
  Sourced<Seconds> tCCDLW;    ///< write to write, same bank group
  Sourced<Seconds> tMAC;      ///< multiply-accumulate to multiply-accumulate
  Sourced<Seconds> tBuffer;   ///< distance of writes to registers or to the global buffer
  Sourced<Seconds> tRRD;      ///< activate to activate (other bank group, where there are groups)
  Sourced<Seconds> tRRDL;     ///< activate to activate, same bank group
  Sourced<Seconds> tFAW;      ///< window of four activates of single banks; 0 = none
  Sourced<Seconds> tRTW;      ///< read to write
  Sourced<Seconds> tWTR;      ///< write to read; end of write data, other bank group (standards)
  Sourced<Seconds> tWTRL;     ///< end of write data to read, same bank group
  Sourced<Seconds> tRead;     ///< read command to the end of its data
  Sourced<Seconds> tMOD;      ///< between access to registers and to banks
  Sourced<Seconds> tRFC;      ///< one refresh of all banks
  Sourced<Seconds> tREFI;     ///< interval between refreshes
  Sourced<Seconds> tRFCpb;    ///< one bank-wise refresh
  Sourced<Seconds> tRREFD;    ///< bank-wise refresh to activate of another bank
  Sourced<Seconds> tPBR2PBR;  ///< bank-wise refresh to the next of its rank
};
/// Adds a problem when refresh leaves hardly any time: near the whole of it nothing ever ends.
void checkRefreshShare(Binder& binder, const Distances& distances);

/// One bank of a bank program.
struct BankTiming : Distances {
  Sourced<Bits> rowBits;  ///< one row of the bank

  void bind(Binder& binder);
  /// Share of time that refresh leaves to work.
  double available() const { return 1.0 - tRFC.value / tREFI.value; }
};

/// Joules of the bank's events.
struct BankEnergy {
  Sourced<JoulesPerBit> access;  ///< column access, cell array to the unit beside it
  Sourced<Joules> activation;    ///< activate + precharge of one row
  Sourced<Joules> refresh;       ///< one refresh of one bank

  void bind(Binder& binder);
};

/// `seconds` as whole picoseconds, rounded to nearest: DRAM timings are given to the picosecond.
Ticks nearestTicks(Seconds seconds);

}  // namespace wattlas::dram
