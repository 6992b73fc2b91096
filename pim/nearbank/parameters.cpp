#include "pim/nearbank/parameters.h"

#include <algorithm>

namespace wattlas::pim::nearbank {

namespace {

/// A distance, and where the schedulers find it.
struct Distance {
  const char* key;
  Sourced<Seconds> dram::Distances::*time;
  std::int64_t ChannelClock::*ps;
  const char* doc;
  FieldRule rule = {0.01e-9, 1e-3, {}};
};
const std::vector<Distance>& distances() {
  using D = dram::Distances;
  using C = ChannelClock;
  const FieldRule optional{0, 1e-3, {}};
  static const std::vector<Distance> all = {
      {"tCK", &D::tCK, &C::ck, "one slot of the command bus"},
      {"tRCD", &D::tRCD, &C::rcd, "activate to read"},
      {"tRCDWR", &D::tRCDW, &C::rcdWrite, "activate to write"},
      {"tRCDMAC", &D::tRCDMAC, &C::rcdMac, "activate to a multiply-accumulate"},
      {"tRCDAF",
       &D::tRCDAF,
       &C::rcdLookup,
       "activate to a look-up of an activation function",
       {0, 1e-3, "0 s"}},
      {"tRP", &D::tRP, &C::rp, "precharge to activate"},
      {"tRAS", &D::tRAS, &C::ras, "activate to precharge"},
      {"tRTP", &D::tRTP, &C::rtp, "read or multiply-accumulate to precharge"},
      {"tWTP", &D::tWTP, &C::wtp, "write to precharge: write latency, burst, recovery"},
      {"tCCDS", &D::tCCDS, &C::ccds, "column to column, other bank group"},
      {"tCCDL", &D::tCCDL, &C::ccdl, "column to column, same bank group"},
      {"tMAC", &D::tMAC, &C::mac, "multiply-accumulate to multiply-accumulate"},
      {"tBuffer", &D::tBuffer, &C::buffer, "distance of writes to registers or the global buffer"},
      {"tRRD", &D::tRRD, &C::rrd, "activate to activate", optional},
      {"tFAW", &D::tFAW, &C::faw, "window of four activates of single banks", optional},
      {"tRTW", &D::tRTW, &C::rtw, "read to write", optional},
      {"tWTR", &D::tWTR, &C::wtr, "write to read", optional},
      {"tRead", &D::tRead, &C::read, "read command to the end of its data", optional},
      {"tMOD", &D::tMOD, &C::mod, "between access to registers and to banks", optional},
      {"tRFC", &D::tRFC, &C::rfc, "one refresh of all banks"},
      {"tREFI", &D::tREFI, &C::refi, "interval between refreshes", {1e-7, 1.0, {}}}};
  return all;
}

}  // namespace

void ChannelTiming::bind(Binder& b) {
  for (const Distance& d : distances()) b.quantity(d.key, this->*d.time, d.rule, d.doc);
  checkRefreshShare(b, *this);
}

ChannelClock::ChannelClock(const ChannelTiming& t) {
  for (const Distance& d : distances()) this->*d.ps = dram::nearestTicks((t.*d.time).value).ps;
}

void NearBankEnergy::bind(Binder& b) {
  const FieldRule bit{0, 1e-9, {}}, event{0, 1e-3, {}}, none{0, 1e-3, "0 J"};
  b.quantity("activation", activation, event, "activate and precharge one row of one bank");
  b.quantity("cell", cell, bit, "cells to the column multiplexer");
  b.quantity("bankGroup", bankGroup, bit, "column multiplexer to bank group multiplexer");
  b.quantity("io", io, bit, "bank group multiplexer to global I/O");
  b.quantity("tsv", tsv, bit, "die to buffer die");
  b.quantity("offChip", offChip, bit, "pins or interposer");
  b.quantity("commandFactor", commandFactor, {0, 1000, "0"},
             "all-bank MAC command in multiples of a read burst; 0 counts the delivered bits");
  b.quantity("readBurst", readBurst, none, "one read burst of a channel");
  b.quantity("mac", mac, event, "one multiply-accumulate beside the bank");
  b.quantity("buffer", buffer, bit, "write of a register or of the global buffer");
  b.quantity("element", element, none, "one operation of the element unit");
  b.quantity("matrixMac", matrixMac, none, "one multiply-accumulate of the matrix unit");
  b.quantity("refresh", refresh, event, "one refresh of one bank");
  b.quantity("channelStatic", channelStatic, {0, 1000, {}}, "standing power of a channel");
}

void NearBankParams::bind(Binder& b) {
  b.text("title", title, {.fallback = "memory with arithmetic beside the banks"},
         "one line for people");
  b.choice("commandSet", commandSet, {"registerFile", "globalBuffer", "bitSerial"}, {},
           "command set of the units beside the banks");
  b.integer("channels", channels, {1, 100000, {}}, "(pseudo-)channels of the device");
  b.section("bank", "banks and units of a channel", [this](Binder& s) {
    s.quantity("capacity", capacity, {8e6, 1e16, {}}, "memory of all channels");
    s.integer("banks", banks, {2, 1024, {}}, "banks of a channel");
    s.integer("units", units, {1, 1024, {}}, "arithmetic units of a channel");
    s.quantity("column", columnBits, {8, 1e6, {}}, "bits of a unit in one column command");
    s.quantity("row", rowBits, {64, 1e7, {}}, "row of one bank");
    s.integer("banksPerActivate", banksPerActivate, {1, 1024, "1"}, "banks of one activate");
    s.choice("placement", placement, {"bank", "bankGroup", "bufferDie"}, {.fallback = "bank"},
             "where products are formed");
  });
  b.section("unit", "arithmetic and registers", [this](Binder& s) {
    s.texts("formats", formats, "number formats of the multipliers");
    s.flag("adderTree", adderTree, {.fallback = "true"}, "lanes are summed beside the bank");
    s.flag("lookupTables", lookupTables, {.fallback = "false"},
           "activation functions by look-up in rows of tables (globalBuffer)");
    s.integer("accumulators", accumulators, {1, 1024, "1"}, "accumulating registers of a unit");
    s.integer("inputRegisters", inputRegisters, {1, 1024, "8"}, "input registers of a unit");
    s.quantity("globalBuffer", globalBuffer, {0, 1e9, "0 bit"}, "input buffer of a channel");
  });
  b.section("timing", "command distances", [this](Binder& s) { timing.bind(s); });
  b.section("refresh", "who refreshes when", [this](Binder& s) {
    s.choice("policy", refreshPolicy, {"inProgram", "postponed", "none"}, {.fallback = "inProgram"},
             "during programs, postponed behind them, or not modelled");
    s.quantity("phase", refreshPhase, {0, 1, "0.5"}, "first refresh of a program, in intervals");
    s.integer("postponable", postponable, {0, 64, "8"}, "refreshes that may be owed");
  });
  b.section("outside", "pins, element unit, matrix unit", [this](Binder& s) {
    s.quantity("channelRate", channelRate, {1e6, 1e16, {}}, "pins of one channel");
    s.quantity("elementRate", elementRate, {0, 1e18, "0 GOPS"}, "element unit; 0 = none");
    s.quantity("softmax", softmax, {0, 1e-3, {}}, "softmax of one element");
    s.quantity("matrixRate", matrixRate, {0, 1e18, "0 GOPS"}, "matrix unit; 0 = none");
    s.flag("dualRowBuffer", dualRowBuffer, {.fallback = "false"},
           "normal reads run beside MAC commands");
    s.flag("interleave", interleave, {.fallback = "false"},
           "decode: attention of half the batch beside the matrix unit's work for the other half; "
           "needs dualRowBuffer");
    s.quantity("launch", launchTime, {0, 1, {}}, "start of a program by the host");
  });
  b.section("rows", "computing with row commands", [this](Binder& s) {
    s.quantity("rowCommand", rowCommand, {1e-9, 1e-3, "49 ns"}, "activate-activate-precharge");
    s.flag("activationWindow", activationWindow, {.fallback = "true"},
           "four activates per tFAW hold for row commands of all banks");
  });
  b.section("energy", "energy and power", [this](Binder& s) { energy.bind(s); });
  b.quantity("area", area, {0, 1e6, {}}, "area of the device");
  b.choice("fold", fold, {"auto", "off"}, {.fallback = "auto"},
           "equal channels and recurring tiles once, or each of them");
  if (!b.reading()) return;
  if (units > banks) b.problem("bank.units", "more units than banks", "at most one unit a bank");
  if (formats.empty() && !bitSerial())
    b.problem("unit.formats", "no format is given", "a list such as [fp16]");
  if (commandSet == "globalBuffer" && globalBuffer.value < columnBits.value)
    b.problem("unit.globalBuffer", "holds less than one column", "at least `bank.column`");
  if (lookupTables && (commandSet != "globalBuffer" || timing.tRCDAF.value.value <= 0))
    b.problem("unit.lookupTables", "tables need result registers and the time of a look-up",
              "commandSet globalBuffer and `timing.tRCDAF`");
  if (interleave && matrixRate.value.value <= 0)
    b.problem("outside.interleave", "nothing can work beside the banks",
              "a matrix unit (`outside.matrixRate`)");
  if (rowBits.value < columnBits.value)
    b.problem("bank.row", "a row is shorter than a column", "at least `bank.column`");
}

MacPlacement NearBankParams::place() const {
  return placement == "bank"        ? MacPlacement::bank
         : placement == "bankGroup" ? MacPlacement::bankGroup
                                    : MacPlacement::bufferDie;
}

UnitFormat unitFormat(const NumberFormat& weight, const NumberFormat& activation,
                      const NearBankParams& p) {
  UnitFormat out;
  if (p.bitSerial()) {
    if (weight.isFloat() || activation.isFloat()) {
      out.how = "row commands compute on integers, not on " +
                (weight.isFloat() ? weight.name : activation.name);
      return out;
    }
    out.level = UnitFormat::Level::native;
    out.bits = std::max(weight.bits, activation.bits);
    out.how = "bit-serial row commands";
    return out;
  }
  const auto takes = [&](const NumberFormat& f) {
    return std::find(p.formats.begin(), p.formats.end(), f.name) != p.formats.end();
  };
  const NumberFormat unit = parseNumberFormat(p.formats.front());
  out.bits = unit.bits;
  if (takes(weight) && takes(activation)) {
    out.bits = std::max(weight.bits, activation.bits);
    out.level = UnitFormat::Level::native;
    out.how = "units beside the banks";
    return out;
  }
  // A wider operand would lose digits; a narrower one is stored in the unit's own format.
  if (weight.bits > unit.bits || activation.bits > unit.bits ||
      (weight.bits == unit.bits && !takes(weight) && !weight.isFloat())) {
    out.how = "the units multiply " + unit.name + " only";
    return out;
  }
  out.level = UnitFormat::Level::widened;
  out.how = weight.name + " x " + activation.name + " stored and multiplied as " + unit.name +
            ": memory, reads and products at that width";
  return out;
}

}  // namespace wattlas::pim::nearbank
