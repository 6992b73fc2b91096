#include "pim/dpu/exec/timing.h"

#include <algorithm>
#include <vector>

#include "models/base/error.h"
#include "models/base/parameter.h"
#include "pim/dpu/exec/options.h"

namespace wattlas::dpu {

namespace {

const std::vector<std::string> kRules = {"none", "same_bank", "compat"},
                               kArbiters = {"oldest_ready", "round_robin"};

void cycles(Binder& b, const char* key, double& target, const char* fallback, const char* doc) {
  Sourced<Ratio> value{Ratio(target)};
  b.quantity(key, value, {.min = 0, .max = 1e6, .fallback = fallback}, doc);
  if (b.reading()) target = value.value.value;
}

void integer(Binder& b, const char* key, int& target, double low, double high, const char* fallback,
             const char* doc) {
  std::int64_t value = target;
  b.integer(key, value, {.min = low, .max = high, .fallback = fallback}, doc);
  if (b.reading()) target = static_cast<int>(value);
}

}  // namespace

void bind(Binder& b, DpuTiming& t) {
  Sourced<Hertz> clock{Hertz(t.clockHz)};
  b.quantity("clock", clock, {.min = 1e6, .max = 2e9, .fallback = "350 MHz"},
             "DPU clock. PrIM systems: 350 MHz (2,556 DPUs) and 267 MHz (640 DPUs)");
  if (b.reading()) t.clockHz = clock.value.value;
  integer(b, "revolver", t.revolver, 1, 64, "11",
          "Cycles between two issues of one tasklet. SDK and PrIM: 11; 10, 12 and 14 fit compiled "
          "programs worse");
  integer(b, "wakeLatency", t.wakeLatency, 1, 64, "11",
          "Cycles from a successful boot or resume to the first issue of the woken tasklet. "
          "Derived: as a successor in the same pipeline");
  std::string text = nameOf(t.registerFile);
  b.choice("registerFile", text, kRules, {.fallback = "none"},
           "Register-file rule. Compiled kernels on hardware show no penalty");
  if (b.reading()) t.registerFile = registerFileRule(text);
  text = nameOf(t.arbiter);
  b.choice("arbiter", text, kArbiters, {.fallback = "oldest_ready"},
           "Who issues when several tasklets are ready");
  if (b.reading()) t.arbiter = arbiterByName(text);
  cycles(b, "dmaReadLatency", t.dmaReadLatency, "77",
         "Cycles of an MRAM read before its bytes (PrIM, measured, refresh included)");
  cycles(b, "dmaWriteLatency", t.dmaWriteLatency, "61",
         "Cycles of an MRAM write before its bytes (PrIM, measured, refresh included)");
  cycles(b, "dmaLatencyPerByte", t.dmaLatencyPerByte, "0.5",
         "Latency cycles per byte (PrIM, measured: 2 bytes per cycle)");
  cycles(b, "dmaReadOccupancy", t.dmaReadOccupancy, "40",
         "Cycles a read holds the engine before its bytes (derived from hardware kernel times)");
  cycles(b, "dmaWriteOccupancy", t.dmaWriteOccupancy, "32",
         "Cycles a write holds the engine before its bytes (derived from hardware kernel times)");
  cycles(b, "dmaOccupancyPerByte", t.dmaOccupancyPerByte, "0.54",
         "Engine cycles per byte (derived from hardware kernel times)");
  integer(b, "mramRowBytes", t.mramRowBytes, 8, 65536, "1024",
          "Bytes of an MRAM row (public simulator: 1,024)");
  b.section("bank", "Rows and refresh of the MRAM bank, one by one",
            [&t](Binder& s) { bindMramRows(s, t.bankDetail, t.bank); });
}

DpuTiming readTiming(const ConfigNode& tree) {
  DpuTiming timing;
  Problems problems;
  bindConfig(tree, "", problems, [&](Binder& b) { bind(b, timing); });
  problems.finish();
  timing.check();
  return timing;
}

void DpuTiming::check() const {
  const auto require = [](bool ok, const char* what, const char* expected) {
    if (!ok) throw InputError(what, expected);
  };
  require(clockHz >= 1e6 && clockHz <= 2e9, "DPU clock out of range", "1 MHz to 2 GHz");
  require(revolver >= 1 && revolver <= 64, "revolver distance out of range", "1 to 64 cycles");
  require(wakeLatency >= 1 && wakeLatency <= 64, "wake latency out of range", "1 to 64 cycles");
  for (const double value : {dmaReadLatency, dmaWriteLatency, dmaLatencyPerByte, dmaReadOccupancy,
                             dmaWriteOccupancy, dmaOccupancyPerByte}) {
    require(value >= 0 && value <= 1e6, "DMA cycles out of range", "0 to 1,000,000");
  }
  require(mramRowBytes >= 8 && mramRowBytes <= 65536, "MRAM row size out of range",
          "8 to 65,536 bytes");
  checkMramRows(bank);
}

std::string nameOf(RegisterFileRule rule) {
  return kRules.at(static_cast<std::size_t>(rule));
}

std::string nameOf(Arbiter arbiter) {
  return kArbiters.at(static_cast<std::size_t>(arbiter));
}

RegisterFileRule registerFileRule(const std::string& text) {
  const auto found = std::find(kRules.begin(), kRules.end(), text);
  if (found == kRules.end())
    throw InputError("unknown register-file rule '" + text + "'", "none, same_bank or compat");
  return static_cast<RegisterFileRule>(found - kRules.begin());
}

Arbiter arbiterByName(const std::string& text) {
  const auto found = std::find(kArbiters.begin(), kArbiters.end(), text);
  if (found == kArbiters.end())
    throw InputError("unknown arbiter '" + text + "'", "oldest_ready or round_robin");
  return static_cast<Arbiter>(found - kArbiters.begin());
}

namespace {

template <class Q>
void parameter(Binder& b, const char* key, EnergyCell& target, double max, const char* fallback,
               const char* doc) {
  Sourced<Q> value{Q(target.value)};
  b.quantity(key, value, {.min = 0, .max = max, .fallback = fallback}, doc);
  // A value equal to the default keeps the default's interval.
  if (!b.reading() || value.value.value == target.value) return;
  target = {value.value.value, value.low.value, value.high.value};
}

}  // namespace

void bind(Binder& b, DpuEnergy& e) {
  parameter<Joules>(b, "issue", e.issueJ, 1e-8, "150 pJ",
                    "Issue of one instruction, pipeline and register file");
  parameter<Joules>(b, "iramFetch", e.iramFetchJ, 1e-8, "25 pJ",
                    "Fetch of one 48-bit instruction from IRAM");
  parameter<Joules>(b, "multiply", e.multiplyJ, 1e-8, "15 pJ",
                    "Extra energy of a multiplication or a multiply/divide step");
  parameter<Joules>(b, "wramAccess", e.wramAccessJ, 1e-8, "60 pJ",
                    "One WRAM access of up to 8 bytes");
  parameter<Joules>(b, "dmaByte", e.dmaByteJ, 1e-8, "35 pJ",
                    "One byte between row buffer and WRAM");
  parameter<Joules>(b, "activation", e.activationJ, 1e-6, "1 nJ",
                    "Activation and precharge of one MRAM row");
  parameter<Watts>(b, "static", e.staticW, 10, "75 mW",
                   "Leakage, clock and refresh of one DPU with its bank");
}

}  // namespace wattlas::dpu
