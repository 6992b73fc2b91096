#include "models/dram/spec.h"

#include <algorithm>
#include <cmath>

namespace wattlas::dram {

namespace {}  // namespace

void Organisation::bind(Binder& b) {
  const FieldRule few{1, 256, {}};
  b.integer("channels", channels, {1, 64, "1"}, "channels of the memory");
  b.integer("pseudoChannels", pseudoChannels, {1, 4, "1"},
            "parts of a channel with a data bus of their own (HBM)");
  b.integer("ranks", ranks, {1, 8, "1"}, "ranks that share one data bus");
  b.integer("bankGroups", bankGroups, {1, 16, {}}, "bank groups of a rank");
  b.integer("banksPerGroup", banksPerGroup, {1, 64, {}}, "banks of a group");
  b.integer("rows", rows, {2, 1 << 22, {}}, "rows of a bank");
  b.integer("columns", columns, {2, 1 << 16, {}}, "columns of a row, each as wide as the device");
  b.integer("deviceWidth", deviceWidth, few, "data pins of one device");
  b.integer("channelWidth", channelWidth, {4, 1024, {}}, "data pins of the channel without ECC");
  b.integer("burstLength", burstLength, {1, 64, {}}, "beats of one access");
  b.integer("beatsPerClock", beatsPerClock, {1, 16, "2"}, "data beats per command clock");
  if (!b.reading()) return;
  for (const auto& [key, value] : {std::pair{"channels", channels},
                                   {"pseudoChannels", pseudoChannels},
                                   {"ranks", ranks},
                                   {"bankGroups", bankGroups},
                                   {"banksPerGroup", banksPerGroup},
                                   {"rows", rows},
                                   {"columns", columns},
                                   {"burstLength", burstLength}})
    if (value < 1 || (value & (value - 1)) != 0)
      b.problem(key, std::to_string(value) + " is not a power of two",
                "a power of two, so that address bits can be cut");
  if (deviceWidth > 0 && channelWidth % deviceWidth != 0)
    b.problem("channelWidth", "no whole number of devices", "a multiple of deviceWidth");
  if (beatsPerClock > 0 && burstLength % beatsPerClock != 0)
    b.problem("burstLength", "a burst is no whole number of clocks", "a multiple of beatsPerClock");
  if (channelWidth * burstLength % 8 != 0)
    b.problem("channelWidth", "an access is no whole number of bytes", "whole bytes");
  if (columns < burstLength)
    b.problem("columns", "a row is shorter than a burst", "at least burstLength");
  if (banks() > 512) b.problem("ranks", "more than 512 banks behind one data bus", "at most 512");
}

void TimingSpec::bind(Binder& b) {
  const FieldRule time{0, 1e-5, {}};
  b.quantity("clock", clock, {1e6, 2e10, {}}, "command clock");
  b.quantity("CL", cl, {1, 200, {}}, "read command to first data, clocks");
  b.quantity("CWL", cwl, {0, 200, {}}, "write command to first data, clocks");
  b.quantity("tCCD_S", ccdS, {1, 64, {}}, "column to column, other bank group, clocks");
  b.quantity("readToWriteGap", readToWriteGap, {0, 64, "2"},
             "idle clocks of the data bus between read and write data (preamble, turnaround)");
  b.quantity("rankSwitch", rankSwitch, {0, 64, "2"},
             "idle clocks of the data bus between two ranks");
  b.quantity("tRCD", tRCD, time, "activate to read");
  b.quantity("tRCDW", tRCDW, time, "activate to write");
  b.quantity("tRP", tRP, time, "precharge of one bank to activate");
  b.quantity("tRPab", tRPab, time, "precharge of all banks to activate or refresh");
  b.quantity("tRAS", tRAS, time, "activate to precharge");
  b.quantity("tCCD_L", tCCDL, time, "column to column, same bank group");
  b.quantity("tCCD_L_WR", tCCDLW, time, "write to write, same bank group");
  b.quantity("tRRD_S", tRRD, time, "activate to activate, other bank group");
  b.quantity("tRRD_L", tRRDL, time, "activate to activate, same bank group");
  b.quantity("tFAW", tFAW, time, "window that holds at most four activates");
  b.quantity("tWR", tWR, time, "end of write data to precharge");
  b.quantity("tRTP", tRTP, time, "read to precharge");
  b.quantity("tWTR_S", tWTR, time, "end of write data to read, other bank group");
  b.quantity("tWTR_L", tWTRL, time, "end of write data to read, same bank group");
  b.integer("activateClocks", activateClocks, {1, 8, "1"}, "clocks of the bus per activate");
  b.integer("columnClocks", columnClocks, {1, 8, "1"}, "clocks of the bus per column command");
  b.flag("separateRowBus", separateRowBus, {0, 1, "false"},
         "row and column commands have a bus each (HBM)");
  b.flag("splitActivate", splitActivate, {0, 1, "false"},
         "an activate is two commands of a clock that others may come between (LPDDR5)");
}

void RefreshSpec::bind(Binder& b, Distances& t) {
  b.quantity("tRFC", t.tRFC, {1e-9, 1e-4, {}}, "duration of one refresh of all banks");
  b.quantity("tREFI", t.tREFI, {1e-8, 1e-1, {}}, "mean interval between refreshes of all banks");
  b.integer("postponeLimit", postponeLimit, {0, 64, {}}, "refreshes that may be postponed");
  b.integer("banksPerCommand", banksPerCommand, {0, 256, "0"},
            "banks of one bank-wise refresh (all groups' same bank, a pair, one); 0 = none");
  b.quantity("tRFCpb", t.tRFCpb, {0, 1e-4, "0 ns"}, "duration of one bank-wise refresh");
  b.quantity("tRREFD", t.tRREFD, {0, 1e-5, "0 ns"},
             "bank-wise refresh to activate of another bank");
  b.quantity("tPBR2PBR", t.tPBR2PBR, {0, 1e-4, "0 ns"},
             "bank-wise refresh to the next of its rank");
  if (!b.reading()) return;
  checkRefreshShare(b, t);
  // Every bank is refreshed once an interval.
  if (banksPerCommand > 0 && t.tRFCpb.value > 0.9 * t.tREFI.value)
    b.problem("tRFCpb", "bank-wise refresh takes more than nine tenths of a bank's time",
              "tRFCpb up to 0.9 x tREFI");
  if (banksPerCommand > 0 && t.tRFCpb.value.value <= 0)
    b.problem("tRFCpb", "bank-wise refresh without a duration", "tRFCpb above 0");
}

void Currents::bind(Binder& b) {
  const FieldRule volts{0.1, 5, {}}, milliampere{0, 2000, {}};
  b.quantity("vdd_V", vdd, volts, "core supply, volt");
  b.quantity("vpp_V", vpp, {0, 5, "0"}, "wordline supply, volt; 0 = none");
  b.quantity("idd0_mA", idd0, milliampere, "activate and precharge of one bank at tRC");
  b.quantity("idd2n_mA", idd2n, milliampere, "standby, all banks closed");
  b.quantity("idd3n_mA", idd3n, milliampere, "standby, banks open");
  b.quantity("idd4r_mA", idd4r, milliampere, "gapless reads, without output drivers");
  b.quantity("idd4w_mA", idd4w, milliampere, "gapless writes");
  b.quantity("idd5b_mA", idd5b, milliampere, "refresh at tRFC");
  b.quantity("ipp0_mA", ipp0, {0, 2000, "0"}, "wordline supply during activates at tRC");
}

void EnergySpec::bind(Binder& b, bool bankRefresh) {
  b.choice("method", method, {"currents", "perCommand"}, {0, 0, "currents"},
           "currents of a data sheet, or energies per command");
  if (!b.reading() || method == "currents")
    b.section("currents", "data-sheet currents of one device",
              [this](Binder& s) { currents.bind(s); });
  if (!b.reading() || method == "perCommand") {
    b.quantity("activation", activation, {0, 1e-6, {}}, "activate and precharge, one device");
    b.quantity("readCore", readCore, {0, 1e-9, {}}, "cells to pads, read");
    b.quantity("writeCore", writeCore, {0, 1e-9, {}}, "pads to cells, write");
    b.quantity("refresh", refresh, {0, 1e-3, {}}, "one refresh of all banks, one device");
    if (!b.reading() || bankRefresh)
      b.quantity("refreshBank", refreshBank, {0, 1e-3, {}}, "one bank-wise refresh, one device");
    b.quantity("standbyOpen", standbyOpen, {0, 100, {}}, "standby with banks open, one device");
    b.quantity("standbyClosed", standbyClosed, {0, 100, {}}, "standby, all closed, one device");
  }
  b.quantity("readIo", readIo, {0, 1e-9, {}}, "drivers, pads and wires, read");
  b.quantity("writeIo", writeIo, {0, 1e-9, {}}, "receivers, pads and wires, write");
  b.quantity("termination", termination, {0, 1e-9, {}}, "heat in the terminations of both ends");
}

void DramSpec::bind(Binder& b) {
  b.text("title", title, {0, 0, "DRAM"}, "name for people");
  b.text("standard", standard, {0, 0, {}}, "standard and part");
  b.section("organisation", "counts and widths", [this](Binder& s) { organisation.bind(s); });
  b.section("timing", "timing", [this](Binder& s) { timing.bind(s); });
  b.section("refresh", "refresh", [this](Binder& s) {
    refresh.bind(s, timing);
    const std::int64_t per = refresh.banksPerCommand;
    if (s.reading() && per > 0 &&
        (per > organisation.banksPerRank() || organisation.banksPerRank() % per != 0))
      s.problem("banksPerCommand", "does not divide the banks of a rank",
                "a divisor of " + std::to_string(organisation.banksPerRank()));
  });
  b.section("energy", "energy of one device",
            [this](Binder& s) { energy.bind(s, refresh.banksPerCommand > 0); });
}

BitRate DramSpec::peak() const {
  const Organisation& o = organisation;
  return BitRate(timing.clock.value.value *
                 static_cast<double>(o.beatsPerClock * o.channelWidth * o.allChannels()));
}

namespace {
const std::string filePrefix = "dram-";
}

std::vector<std::string> dramSpecIds(const SearchPath& path) {
  std::vector<std::string> ids;
  for (const auto& [id, file] : path.list("memories"))
    if (id.starts_with(filePrefix)) ids.push_back(id.substr(filePrefix.size()));
  return ids;
}

DramSpec loadDramSpec(const SearchPath& path, const std::string& idOrFile,
                      const std::vector<std::pair<std::string, ConfigNode>>& sets) {
  std::string file = idOrFile;
  if (!idOrFile.ends_with(".yaml")) {
    const auto found = path.find("memories", filePrefix + idOrFile);
    if (!found) {
      const std::vector<std::string> known = dramSpecIds(path);
      std::string list;
      for (const std::string& id : known) list += (list.empty() ? "" : ", ") + id;
      throw InputError("DRAM specification '" + idOrFile.substr(0, 60) + "' not found",
                       "one of " + list + ", or a file ending in .yaml",
                       didYouMean(idOrFile, known));
    }
    file = *found;
  }
  ConfigNode config = loadConfig(file, path);
  for (const auto& [key, value] : sets) config.set(key, value);
  DramSpec spec;
  Problems problems;
  bindConfig(config, {}, problems, [&](Binder& b) { spec.bind(b); });
  problems.finish();
  return spec;
}

std::string dramSchema() {
  return schemaOf("Wattlas DRAM specification", [](Binder& b) { DramSpec().bind(b); });
}

void checkRefreshShare(Binder& b, const Distances& d) {
  if (b.reading() && d.tRFC.value > 0.9 * d.tREFI.value)
    b.problem("tRFC", "refresh takes more than nine tenths of the time", "tRFC up to 0.9 x tREFI");
}

void BankTiming::bind(Binder& b) {
  const FieldRule time{0.1e-9, 1e-3, {}};
  b.quantity("tRCD", tRCD, time, "activate to column command");
  b.quantity("tRP", tRP, time, "precharge to activate");
  b.quantity("tRAS", tRAS, time, "activate to precharge");
  b.quantity("tRTP", tRTP, time, "column read to precharge");
  b.quantity("tRFC", tRFC, time, "duration of one refresh");
  b.quantity("tREFI", tREFI, {1e-7, 1.0, {}}, "interval between refreshes");
  b.quantity("tRRD", tRRD, {0, 1e-3, "0 ns"}, "activate to activate of another bank; 0 = no rule");
  b.quantity("tFAW", tFAW, {0, 1e-3, "0 ns"}, "window of four activates of a channel; 0 = no rule");
  b.quantity("row", rowBits, {64, 1e6, {}}, "size of one row of the bank");
  checkRefreshShare(b, *this);
}

void BankEnergy::bind(Binder& b) {
  b.quantity("access", access, {0, 1e-9, {}}, "column access from the cells to the bank's unit");
  b.quantity("activation", activation, {0, 1e-6, {}}, "activate and precharge one row");
  b.quantity("refresh", refresh, {0, 1e-3, {}}, "one refresh of one bank");
}

Ticks nearestTicks(Seconds seconds) {
  return Ticks(static_cast<std::int64_t>(std::llround(seconds.value * 1e12)));
}

Clock clocksOf(Seconds time, Hertz clock) {
  return static_cast<Clock>(std::ceil(time.value * clock.value - 0.01));
}

Timing timingOf(const DramSpec& spec) {
  const TimingSpec& t = spec.timing;
  const Organisation& o = spec.organisation;
  const Hertz f = t.clock.value;
  const auto n = [&](const Sourced<Seconds>& s) {
    return std::max<Clock>(0, clocksOf(s.value, f));
  };
  const auto count = [](const Sourced<Count>& c) {
    return static_cast<Clock>(std::llround(c.value.value));
  };
  Timing c;
  c.clock = f;
  c.cl = count(t.cl);
  c.cwl = count(t.cwl);
  c.burst = o.burstLength / o.beatsPerClock;
  c.rcdRead = n(t.tRCD);
  c.rcdWrite = n(t.tRCDW);
  c.rp = n(t.tRP);
  c.rpAll = std::max(n(t.tRPab), c.rp);
  c.ras = n(t.tRAS);
  c.rc = c.ras + c.rp;
  c.activateClocks = t.activateClocks;
  c.columnClocks = t.columnClocks;
  c.separateRowBus = t.separateRowBus;
  c.splitActivate = t.splitActivate;
  // Two commands never share a clock, data never overlap, whatever the file says.
  c.ccdS = std::max({count(t.ccdS), c.burst, c.columnClocks});
  c.ccdL = std::max(n(t.tCCDL), c.ccdS);
  c.ccdLWrite = std::max(n(t.tCCDLW), c.ccdL);
  c.rrdS = std::max(n(t.tRRD), c.activateClocks);
  c.rrdL = std::max(n(t.tRRDL), c.rrdS);
  c.faw = n(t.tFAW);
  c.rtp = n(t.tRTP);
  const Clock wtrS = n(t.tWTR), wtrL = std::max(n(t.tWTRL), wtrS);
  const Clock gap = count(t.readToWriteGap), rank = count(t.rankSwitch);
  c.readToWrite = std::max(c.cl + c.burst + gap - c.cwl, c.columnClocks);
  c.writeToReadS = c.cwl + c.burst + wtrS;
  c.writeToReadL = c.cwl + c.burst + wtrL;
  c.sameOtherRank = std::max(c.burst + rank, c.columnClocks);
  c.readToWriteOther = std::max(c.cl + c.burst + rank - c.cwl, c.columnClocks);
  c.writeToReadOther = std::max(c.cwl + c.burst + rank - c.cl, c.columnClocks);
  c.writeToPrecharge = c.cwl + c.burst + n(t.tWR);
  c.rfc = n(t.tRFC);
  c.refi = static_cast<Clock>(std::floor(t.tREFI.value.value * f.value + 0.01));
  c.ranks = static_cast<int>(o.ranks);
  c.groups = static_cast<int>(o.bankGroups);
  c.banksPerGroup = static_cast<int>(o.banksPerGroup);
  if (spec.refresh.banksPerCommand > 0) {
    c.refreshUnits = o.banksPerRank() / spec.refresh.banksPerCommand;
    c.rfcBank = n(t.tRFCpb);
    c.bankRefreshToActivate = std::max<Clock>(n(t.tRREFD), 1);
    c.bankRefreshToRefresh = std::max(n(t.tPBR2PBR), c.bankRefreshToActivate);
  }
  return c;
}

void ControllerParams::bind(Binder& b) {
  b.integer("readQueue", readQueue, {1, 1024, "32"}, "read queue of a channel, entries");
  b.integer("writeQueue", writeQueue, {1, 1024, "32"}, "write queue of a channel, entries");
  b.integer("drainStart", drainStart, {1, 1024, "24"}, "waiting writes that start a drain");
  b.integer("drainStop", drainStop, {0, 1023, "8"}, "waiting writes that end a drain");
  b.integer("hitCap", hitCap, {1, 1 << 20, "16"},
            "row hits in a row while an older request of the bank waits");
  b.choice("page", page, {"open", "closed"}, {0, 0, "open"}, "page policy");
  b.choice("refresh", refresh, {"all", "bank", "none"}, {0, 0, "all"},
           "refresh of all banks, bank-wise, or none (for experiments)");
  b.integer("postpone", postpone, {0, 64, "0"}, "refreshes that may wait while there is work");
  b.text("mapping", mapping, {0, 0, "row:rank:bank:column:bankgroup:channel"},
         "address bits from high to low: row, rank, bank, bankgroup, column, channel; a count such "
         "as column2 takes that many bits");
  b.flag("bankXor", bankXor, {0, 1, "false"}, "bank and group bits XOR the lowest row bits");
  if (!b.reading()) return;
  if (drainStart > writeQueue)
    b.problem("drainStart", "a drain would never start", "at most writeQueue");
  if (drainStop >= drainStart)
    b.problem("drainStop", "a drain would end before it starts", "below drainStart");
}

namespace {
void problem(const char* key, std::string what, std::string expected) {
  throw InputError(Problem{{}, key, std::move(what), std::move(expected), {}});
}
}  // namespace

void checkRefresh(const ControllerParams& params, const Timing& c) {
  // Refresh must leave time for a row cycle, or nothing would ever be served.
  if (params.refresh == "all" && c.rfc + c.rpAll + 2 * c.rc >= c.refi)
    problem("refresh", "refreshes leave no time for accesses",
            "tREFI above tRFC and two row cycles");
  if (params.refresh == "bank" &&
      (c.bankRefreshToRefresh * c.refreshUnits >= c.refi || c.rfcBank + 2 * c.rc >= c.refi))
    problem("refresh", "bank-wise refreshes cannot keep up",
            "tREFI above tPBR2PBR times the " + std::to_string(c.refreshUnits) +
                " refreshes that cover a rank");
}

void check(const ControllerParams& params, const DramSpec& spec) {
  if (params.refresh == "bank" && spec.refresh.banksPerCommand == 0)
    problem("refresh", spec.standard + " has no bank-wise refresh", "all or none");
  if (params.postpone > spec.refresh.postponeLimit)
    problem("postpone", std::to_string(params.postpone) + " refreshes cannot be postponed",
            "at most " + std::to_string(spec.refresh.postponeLimit) + " in " + spec.standard);
  checkRefresh(params, timingOf(spec));
  if (params.drainStart > params.writeQueue)
    problem("drainStart", "a drain would never start", "at most writeQueue");
  if (params.drainStop >= params.drainStart)
    problem("drainStop", "a drain would end before it starts", "below drainStart");
  if (params.readQueue < 1 || params.writeQueue < 1 || params.hitCap < 1)
    problem("readQueue", "queues and hitCap hold at least one request", "at least 1");
}

}  // namespace wattlas::dram
