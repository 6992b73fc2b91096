#include "pim/upmem/arrangements.h"

#include "pim/bank/bank_commands.h"
#include "pim/bank/bank_run.h"
#include "pim/upmem/device_file.h"

namespace wattlas::pim {

namespace {

BankWork workOf(const UpmemParams& p) {
  return layOut({128, 4096, 12, 0, 8, 8}, p.saMac, p.bank, p.dpusPerChip);
}
double eventSeconds(const UpmemParams& p) {
  return toSeconds(runBank(workOf(p), p.rowPass(8, 8), p.saMac, p.bank, p.issue(), true).time)
      .value;
}
double commandSeconds(const UpmemParams& p, std::int64_t banks) {
  return toSeconds(runChip(workOf(p), p.rowPass(8, 8), p.saMac, p.bank, p.issue(), banks).time)
      .value;
}

}  // namespace

ValidationRows arrangementRows(const SearchPath& path) {
  ValidationRows rows;
  const auto add = [&](const char* id, const char* quantity, const char* unit, double ours,
                       double reference, double gate, const char* source) {
    ValidationRow row;
    row.group = "banks";
    row.id = id;
    row.kind = "identity";
    row.quantity = quantity;
    row.unit = unit;
    row.ours = rounded(ours);
    row.reference = rounded(reference);
    row.gate = gate;
    row.source = source;
    rows.push_back(std::move(row));
  };
  const char* commands = "own simulation of every command, each through the timing checker";
  const UpmemParams cool = loadUpmem(path, "upmem-samac-col64", {}),
                    hot = loadUpmem(path, "upmem-samac-col64", {{"temperature", "90"}});
  UpmemParams never = hot;
  never.bank.tREFI = Sourced<Seconds>(Seconds(1));
  add("samac-refresh-loss-hot", "share of time lost to refresh at 90 degrees", "",
      1.0 - eventSeconds(never) / eventSeconds(hot),
      2.0 * cool.bank.tRFC.value / cool.bank.tREFI.value, 0.02, "tRFC / (tREFI / 2)");
  add("samac-event", "time, event against commands", "s", eventSeconds(cool),
      commandSeconds(cool, 1), 0.01, commands);
  const UpmemParams two = loadUpmem(path, "upmem-samac-col256", {{"saMac.overlap", "subarray"}});
  add("samac-subarrays-event", "time with two subarrays, event against commands", "s",
      eventSeconds(two), commandSeconds(two, 1), 0.01, commands);
  const UpmemParams pumps =
      loadUpmem(path, "upmem-samac-row", {{"saMac.tFAW", "30 ns"}, {"saMac.bitTime", "1 ns"}});
  add("samac-tfaw-event", "time of eight banks in one activation window, event against commands",
      "s", eventSeconds(pumps), commandSeconds(pumps, 8), 0.02, commands);
  return rows;
}

}  // namespace wattlas::pim
