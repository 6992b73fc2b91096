// Every parameter of UPMEM memory matters, or stands here as inert with its reason.
#include "tests/pim/perturbation.h"

#include <algorithm>

namespace wattlas::pim_test {
namespace {

Operator elementwise(OpKind kind, OpVariant variant, const std::string& format) {
  Operator op = gemm(8, 4096, 1, format);
  op.kind = kind;
  op.variant = variant;
  return op;
}

std::vector<Operator> everything() {
  std::vector<Operator> ops;
  for (const char* f : {"fp32", "fp16", "bf16", "fp8-e4m3", "fp4-e2m1", "int16", "int8", "int4",
                        "int2", "ternary", "binary", "w4a16", "w8a32"})
    ops.push_back(gemm(1, 4096, 4096, f));
  ops.push_back(gemm(1, 64, 8192, "int8"));  // inputs split: the host adds
  ops.push_back(gemm(64, 256, 4096, "int8"));
  ops.push_back(gemm(1, 1, 4096, "binary"));
  for (const char* f : {"fp16", "int8"}) {
    ops.push_back(elementwise(OpKind::norm, OpVariant::rms, f));
    ops.push_back(elementwise(OpKind::softmax, OpVariant::none, f));
    ops.push_back(elementwise(OpKind::activation, OpVariant::gelu, f));
    ops.push_back(elementwise(OpKind::activation, OpVariant::relu, f));
    ops.push_back(elementwise(OpKind::add, OpVariant::none, f));
  }
  return ops;
}

// Why a parameter may move nothing in this file.
const std::map<std::string, const char*> inertOnDpu = {
    {"saMac.", "no MACs in the bank (lanes 0)"},
    {"temperature", "20 % more stays below 85 degrees"},
    {"bank.tRCD", "the DMA law holds the bank's timing"},
    {"bank.tRP", "the DMA law holds the bank's timing"},
    {"bank.tRAS", "the DMA law holds the bank's timing"},
    {"bank.tRTP", "the DMA law holds the bank's timing"},
    {"bank.tRFC", "measured in the stretch of the clock"},
    {"host.serial", "needs fewer DPUs than a rank"},
    {"host.relayout", "no MACs in the bank (lanes 0)"},
};
const std::map<std::string, const char*> inertOnBank = {
    {"temperature", "20 % more stays below 85 degrees"},
    {"saMac.bitTime", "row_sa only"},
    {"saMac.ecc.", "no error correction"},
    {"host.relayout", "limits the rate of copies, not their set-up; a test of its own"},
    {"saMac.area.bufferBit", "no buffer"},
    {"saMac.area.bankShare", "decides what a fixed die loses"},
    {"saMac.tFAW", "zero: no common pumps"},
    {"saMac.inputBuffer", "zero: no buffer"},
    {"saMac.widthPerAccess", "20 % more or less does not divide the row"},
    {"bank.row", "20 % more or less is no multiple of the access"},
    {"bank.tRAS", "shorter than the columns of a row"},
    {"host.serial", "needs fewer DPUs than a rank"},
};

bool excused(const std::string& path, const std::map<std::string, const char*>& list) {
  for (const auto& [prefix, why] : list)
    if (path.starts_with(prefix)) return true;
  return false;
}

// Executed kernels stand in for the table.
const std::map<std::string, const char*> inertWhenExecuted = {
    {"kernels.decode.", "expansions run as assembly"},
    {"kernels.integer.", "the operators of this file have int8 kernels"},
    {"kernels.floating.add", "runs as assembly"},
    {"kernels.floating.multiply", "runs as assembly"},
    {"kernels.loop", "part of the assembly"},
    {"kernels.tile", "part of the assembly"},
};

void check(const std::string& id, const Sets& base,
           const std::vector<std::map<std::string, const char*>>& inert) {
  const auto device = deviceOf(id, base);
  const std::vector<Operator> ops = everything();
  for (const ParameterRecord& p : device->config().parameters) {
    if (p.value == 0) continue;
    if (std::any_of(inert.begin(), inert.end(), [&](const auto& l) { return excused(p.path, l); }))
      continue;
    EXPECT_TRUE(react(id, base, p, ops).any()) << id << ": " << p.path << " moves nothing";
  }
}

TEST(Perturbation, EveryParameterOfADimmMatters) {
  check("upmem-dimm", {}, {inertOnDpu, inertWhenExecuted});
}
TEST(Perturbation, UnrollingALoopPays) {
  const Operator op = gemm(1, 4096, 4096, "int8");
  EXPECT_LT(analyticSeconds(*deviceOf("upmem-dimm"), op),
            analyticSeconds(*deviceOf("upmem-dimm", {{"kernels.unroll", "1"}}), op));
}
TEST(Perturbation, EveryParameterOfBankMacsMatters) {
  check("upmem-samac-col256", {}, {inertOnBank, inertWhenExecuted});
}

TEST(Perturbation, EveryParameterOfErrorCorrectionMatters) {
  for (const Sets& base :
       {Sets{{"saMac.ecc.placement", "before_mac"}},
        Sets{{"saMac.ecc.placement", "before_mac"}, {"saMac.ecc.pipelined", "false"}}}) {
    const auto device = deviceOf("upmem-samac-col256", base);
    const std::vector<Operator> ops = {gemm(8, 4096, 4096, "int8")};
    for (const ParameterRecord& p : device->config().parameters)
      if (p.path.starts_with("saMac.ecc.")) {
        EXPECT_TRUE(react("upmem-samac-col256", base, p, ops).any()) << p.path;
      }
  }
}
TEST(Perturbation, AFixedDieTradesCellsForUnits) {
  const auto capacity = [](const Sets& sets) {
    const auto device = deviceOf("upmem-samac-col256", sets);
    return device->info().tiers[0].capacity.value / device->info().area.value;
  };
  const Sets fixed = {{"saMac.area.die", "fixed"}};
  Sets larger = fixed;
  larger.push_back({"saMac.area.bankShare", "0.7"});
  EXPECT_LT(capacity(fixed), capacity(larger));
  EXPECT_LT(deviceOf("upmem-samac-col256", fixed)->info().area.value,
            deviceOf("upmem-samac-col256")->info().area.value);
}
TEST(Perturbation, InterleavingWeightsLimitsTheirCopy) {
  const CopyRequest request{CopyPattern::scatter, true, bytes(1e9)};
  const auto peak = [&](const char* id, const char* rate) {
    return deviceOf(id, {{"host.relayout", rate}})->copy(request).peak.value;
  };
  EXPECT_LT(peak("upmem-samac-col256", "1 GB/s"), peak("upmem-samac-col256", "2 GB/s"));
  EXPECT_EQ(peak("upmem-dimm", "1 GB/s"), peak("upmem-dimm", "2 GB/s"));
}
TEST(Perturbation, AHotDieIsRefreshedMoreOften) {
  const Operator op = gemm(8, 4096, 4096, "int8");
  const auto cool = deviceOf("upmem-samac-col64"),
             hot = deviceOf("upmem-samac-col64", {{"temperature", "90"}});
  EXPECT_GT(analyticSeconds(*hot, op), analyticSeconds(*cool, op));
  EXPECT_GT(standingWatts(*hot), standingWatts(*cool));
}

TEST(Perturbation, DirectionsAreRight) {
  const auto time = [](const char* id, const Sets& sets, const Operator& op) {
    return analyticSeconds(*deviceOf(id, sets), op);
  };
  const Operator op = gemm(1, 4096, 4096, "int8");
  EXPECT_LT(time("upmem-dimm", {{"dpu.clock", "420 MHz"}}, op), time("upmem-dimm", {}, op));
  EXPECT_GT(time("upmem-dimm", {{"host.scale", "1.2"}}, op), time("upmem-dimm", {}, op));
  EXPECT_GT(time("upmem-samac-col64", {{"saMac.macIssue", "6 ns"}}, op),
            time("upmem-samac-col64", {}, op));
  EXPECT_GT(time("upmem-samac-col64", {{"bank.tRFC", "312 ns"}}, op),
            time("upmem-samac-col64", {}, op));
  EXPECT_LT(time("upmem-samac-col256", {{"saMac.overlap", "subarray"}}, op),
            time("upmem-samac-col256", {}, op));
}

}  // namespace
}  // namespace wattlas::pim_test
