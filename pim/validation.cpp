#include "pim/validation.h"

#include <string>

#include "pim/bank/bank_run.h"
#include "pim/nearbank/validation.h"
#include "pim/upmem/arrangements.h"
#include "pim/upmem/device_file.h"

namespace wattlas::pim {

namespace {

struct PeakCase {
  const char* id;
  const char* device;
  const char* issue;  ///< column distance, or null
  int activationBits;
  double row, stream, int8, int4, tops;  ///< reference; negative = none
};

// Reference table "Peak per-bank rates" of the SA-MAC proposal.
constexpr PeakCase peakCases[] = {
    {"col64-5.0ns", "upmem-samac-col64", nullptr, 8, 674, 1.52, 1.52, 3.04, 0.39},
    {"col64-3.33ns", "upmem-samac-col64", "3.33 ns", 8, 460, 2.22, 2.22, 4.45, 0.57},
    {"col256-5.0ns", "upmem-samac-col256", nullptr, 8, 194, 5.27, 5.27, 10.5, 1.35},
    {"col256-3.33ns", "upmem-samac-col256", "3.33 ns", 8, 141, 7.28, 7.28, 14.6, 1.86},
    {"col512-5.0ns", "upmem-samac-col512", nullptr, 8, 114, 8.97, 8.97, 17.9, 2.30},
    {"row-8bit", "upmem-samac-row", nullptr, 8, 46.7, -1, 21.9, 43.9, 5.6},
    {"row-4bit", "upmem-samac-row", nullptr, 4, 45.8, -1, 22.3, 44.7, 5.7},
};

}  // namespace

ValidationRows validateBanks(const SearchPath& path) {
  ValidationRows rows;
  const std::string source = "proposed SA-MAC parameter set, peak rates without refresh";
  for (const PeakCase& c : peakCases) {
    std::vector<std::pair<std::string, std::string>> sets;
    if (c.issue != nullptr) sets.push_back({"saMac.macIssue", c.issue});
    const UpmemParams p = loadUpmem(path, c.device, sets);
    const auto peak = [&](int bits) { return p.peakRates(bits, c.activationBits); };
    const auto add = [&](const char* what, const char* unit, double ours, double reference) {
      if (reference < 0) return;
      ValidationRow row;
      row.group = "banks";
      row.id = std::string("samac-") + c.id + "-" + what;
      row.kind = "identity";
      row.quantity = what;
      row.unit = unit;
      row.ours = rounded(ours);
      row.reference = reference;
      row.gate = 0.01;
      row.target = 0.005;
      row.source = source;
      rows.push_back(std::move(row));
    };
    add("row", "ns", peak(8).row.value * 1e9, c.row);
    add("stream", "GB/s", peak(8).stream.value / 8e9, c.stream);
    add("int8", "GMAC/s", peak(8).macsPerSecond / 1e9, c.int8);
    add("int4", "GMAC/s", peak(4).macsPerSecond / 1e9, c.int4);
    add("dimm", "TOPS", 2 * peak(8).macsPerSecond * 128 / 1e12, c.tops);
  }
  // Refresh: the same long stream with and without it.
  const UpmemParams p = loadUpmem(path, "upmem-samac-col256");
  UpmemParams rare = p;
  rare.bank.tREFI = Sourced<Seconds>(Seconds(1));
  const BankWork work = layOut(4096, 4096, 1, 8, 8, p.saMac, p.bank);
  const RowPass pass = p.rowPass(8, 8);
  const double with = toSeconds(runBank(work, pass, p.saMac, p.bank, p.issue(), true).time).value;
  const double without =
      toSeconds(runBank(work, pass, p.saMac, rare.bank, p.issue(), true).time).value;
  ValidationRow loss;
  loss.group = "banks";
  loss.id = "samac-refresh-loss";
  loss.kind = "identity";
  loss.quantity = "share of time lost to refresh";
  loss.ours = rounded(1.0 - without / with);
  loss.reference = p.bank.tRFC.value / p.bank.tREFI.value;
  loss.gate = 0.02;
  loss.target = 0.005;
  loss.source = "tRFC / tREFI";
  rows.push_back(std::move(loss));
  for (ValidationRow& row : arrangementRows(path)) rows.push_back(std::move(row));
  for (ValidationRow& row : nearbank::validationRows(path)) rows.push_back(std::move(row));
  return rows;
}

ValidationRows validateUpmem(const SearchPath& path) {
  const UpmemParams p = loadUpmem(path, "upmem-server");
  ValidationRows rows;
  const auto add = [&](const std::string& id, const char* kind, double ours, double reference,
                       const char* unit, double gate, const char* source) {
    ValidationRow row;
    row.group = "upmem";
    row.id = id;
    row.kind = kind;
    row.quantity = "host transfer";
    row.unit = unit;
    row.ours = rounded(ours);
    row.reference = reference;
    row.gate = gate;
    row.source = source;
    rows.push_back(std::move(row));
  };
  struct Point {
    bool toDpu;
    std::int64_t dpus, bytes;
    double micros;
  };
  constexpr Point points[] = {{true, 64, 32, 59},
                              {true, 64, 1048576, 6608},
                              {true, 256, 32768, 1000},
                              {true, 1024, 1048576, 44257},
                              {true, 2560, 32, 327},
                              {true, 2560, 33554432, 1717900},
                              {false, 64, 32, 157},
                              {false, 64, 1048576, 20051},
                              {false, 256, 32768, 2982},
                              {false, 2560, 1024, 949},
                              {false, 2560, 33554432, 5947325}};
  for (const Point& x : points)
    add(std::string(x.toDpu ? "to-dpu-" : "from-dpu-") + std::to_string(x.dpus) + "-" +
            std::to_string(x.bytes),
        "calibration",
        p.host.copy(x.toDpu ? CopyPattern::scatter : CopyPattern::gather, x.toDpu, x.dpus, x.bytes)
                .value *
            1e6,
        x.micros, "us", 0.01, "UPMEM cloud server No. 5, transfer table published with downmem");
  // Not part of the table: PrIM's figures of another machine and size.
  const std::int64_t size = 33554432;
  const auto rate = [&](CopyPattern pattern, bool to) {
    return 64.0 * static_cast<double>(size) / p.host.copy(pattern, to, 64, size).value / 1e9;
  };
  add("prim-parallel-to-dpu", "blind", rate(CopyPattern::scatter, true), 6.68, "GB/s", 0.1,
      "PrIM, one rank, 32 MB per DPU");
  add("prim-parallel-from-dpu", "blind", rate(CopyPattern::gather, false), 4.74, "GB/s", -1,
      "PrIM, one rank, 32 MB per DPU; the server of the table reaches 2.73 GB/s");
  return rows;
}

}  // namespace wattlas::pim
