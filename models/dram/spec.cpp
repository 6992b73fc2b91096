#include "models/dram/spec.h"

#include <cmath>

namespace wattlas::dram {

namespace {

void requirePower2(Binder& b, const char* key, std::int64_t value) {
  if (b.reading() && (value < 1 || (value & (value - 1)) != 0))
    b.problem(key, std::to_string(value) + " is not a power of two",
              "a power of two, so that address bits can be cut");
}

}  // namespace

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
  requirePower2(b, "channels", channels);
  requirePower2(b, "pseudoChannels", pseudoChannels);
  requirePower2(b, "ranks", ranks);
  requirePower2(b, "bankGroups", bankGroups);
  requirePower2(b, "banksPerGroup", banksPerGroup);
  requirePower2(b, "rows", rows);
  requirePower2(b, "columns", columns);
  requirePower2(b, "burstLength", burstLength);
  if (!b.reading()) return;
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

}  // namespace wattlas::dram
