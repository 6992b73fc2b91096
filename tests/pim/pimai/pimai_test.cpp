// PIM-AI chips: published rates, bounds, folds, refresh, perturbation.
#include "pim/sliced/device.h"
#include "tests/paths.h"
#include "tests/pim/agreement.h"
#include "tests/pim/perturbation.h"
#include "workloads/graph/workload.h"

namespace wattlas::pim_test {
namespace {

struct Step {
  double seconds = 0, joules = 0;
};

Step decodeStep(const Device& device, const std::string& workload) {
  const Workload w =
      makeWorkload(workload, ConfigNode::ofMap(), SearchPath({wattlas::test::sourceRoot()}));
  Step step;
  for (const Phase& phase : w.phases) {
    if (phase.kind != PhaseKind::decode) continue;
    for (const OpId id : phase.graph.order()) {
      const auto program = device.lower({phase.graph, {id}, phase.kind});
      const Profile p = device.estimate(**program);
      const double n = static_cast<double>(phase.graph.at(id).count);
      step.seconds += n * toSeconds(p.alone()).value;
      step.joules += n * dynamicJoules(device, p);
    }
  }
  return step;
}

TEST(PimAi, SevenBillionParametersDecodeNearThePublishedRate) {
  // The published roofline gives 30.70 tokens/s and 107.09 mJ with every bit of the pins; ours adds
  // exchange between chips, counts the operations of a product once, and refresh leaves 95.3 % of
  // the pins.
  const Step four = decodeStep(*deviceOf("pim-ai-4chip"), "llama2-7b");
  EXPECT_NEAR(1.0 / four.seconds, 0.953 * 30.70, 0.03 * 30.70);
  EXPECT_NEAR(four.joules, 0.10709, 0.03 * 0.10709);
  const Step one = decodeStep(*deviceOf("pim-ai-1chip"), "llama2-7b");
  EXPECT_NEAR(1.0 / one.seconds, 0.953 * 7.675, 0.03 * 7.675);
}

TEST(PimAi, EventsOfAnOperatorAreFew) {
  const auto device = deviceOf("pim-ai-4chip");
  for (const Operator& op : {gemm(1, 4096, 4096, "fp16"), gemm(128, 4096, 4096, "fp16"),
                             gemm(1, 11008, 4096, "int4"), attention(32, 500, "fp16")})
    EXPECT_LE(device->simulate(*lower(*device, op), Fidelity::event).events, 10000);
}

TEST(PimAi, RefreshOfWholeChannelsCostsItsShare) {
  const Operator op = gemm(1, 16384, 4096, "fp16");
  const auto device = deviceOf("pim-ai-1chip", {{"memory.refresh", "allBank"}});
  const double time =
      toSeconds(device->simulate(*lower(*device, op), Fidelity::event).alone()).value;
  const double pins = 16384.0 * 4096 * 16 / device->info().peakMemory.value;
  // The share itself, and rows that are closed before and opened again.
  EXPECT_GT(1.0 - pins / time, 280.0 / 3906.25);
  EXPECT_LT(1.0 - pins / time, 1.3 * 280.0 / 3906.25);
}

TEST(PimAi, FoldedChannelsEqualUnfoldedOnes) {
  const auto folded = deviceOf("pim-ai-4chip"), all = deviceOf("pim-ai-4chip", {{"fold", "off"}});
  const Operator op = gemm(1, 1000, 1000, "fp16");
  const Profile x = folded->simulate(*lower(*folded, op), Fidelity::event),
                y = all->simulate(*lower(*all, op), Fidelity::event);
  EXPECT_EQ(x.alone(), y.alone());
  EXPECT_GT(y.events, 20 * x.events);
}

TEST(PimAi, ABAGivesEqualResults) {
  const auto device = deviceOf("pim-ai-4chip");
  expectRepeatable(*device, gemm(1, 900, 900, "fp16"), attention(16, 100, "int8"));
}

TEST(PimAi, EveryParameterMatters) {
  std::vector<Operator> ops = vectorWork();
  for (const char* f : {"fp32", "fp16", "int8", "int4"}) {
    ops.push_back(gemm(1, 4096, 4096, f));
    ops.push_back(gemm(1024, 4096, 4096, f));
  }
  const std::map<std::string, const char*> inert = {
      {"memory.bank.tRAS", "rows are open for longer"},
      {"memory.bank.tRRD", "rows are open for longer"},
      {"memory.bank.tFAW", "rows are open for longer"},
      {"memory.bank.tRFC", "allBank only"},
      {"memory.tRTW", "`coupling: live` only"},
      {"memory.tWTR", "`coupling: live` only"},
      {"memory.tWR", "`coupling: live` only"},
  };
  const auto device = deviceOf("pim-ai-4chip");
  for (const ParameterRecord& p : device->config().parameters) {
    if (p.value == 0 || inert.count(p.path) > 0) continue;
    EXPECT_TRUE(react("pim-ai-4chip", {}, p, ops).any()) << p.path << " moves nothing";
  }
}

TEST(PimAi, AllPlatformSizesLoad) {
  for (const char* id : {"1chip", "4chip", "dimm", "2dimm", "4dimm", "6dimm", "8dimm", "10dimm",
                         "12dimm", "16dimm", "24dimm"})
    EXPECT_GT(deviceOf(std::string("pim-ai-") + id)->info().peakMemory.value, 0) << id;
}

}  // namespace
}  // namespace wattlas::pim_test
