#include "models/dram/controller.h"

#include "models/dram/spec.h"
#include "models/dram/timing.h"

namespace wattlas::dram {

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
