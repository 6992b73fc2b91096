// The corrected roofline: profiles, levels, monotone properties, refusals.
#include <cmath>
#include <set>

#include "pim/compat/device.h"
#include "pim/sliced/device.h"
#include "tests/paths.h"
#include "tests/pim/agreement.h"
#include "tests/pim/llm.h"
#include "tests/pim/perturbation.h"

namespace wattlas::pim_test {
namespace {

using pim::SlicedDevice;

std::vector<std::string> profiles() {
  std::vector<std::string> ids;
  for (const auto& [id, file] : SearchPath({wattlas::test::sourceRoot()}).list("devices"))
    if (id.starts_with("roofline-")) ids.push_back(id);
  return ids;
}

TEST(Roofline, TwentyNineProfilesAddUpToThoseOfTheTool) {
  EXPECT_EQ(profiles().size(), 29u);
  for (const std::string& id : profiles()) {
    const auto device = deviceOf(id);
    const auto& p = dynamic_cast<const SlicedDevice&>(*device).params();
    const auto asTool = deviceOf(id, {{"compat", "upmem-llm-framework"}});
    const auto& tool = dynamic_cast<const pim::compat::ToolDevice&>(*asTool).profile();
    const double units = static_cast<double>(p.units);
    EXPECT_NEAR(p.memoryRate.value.value * units / tool.memory.value.value, 1, 1e-9) << id;
    EXPECT_EQ(p.memoryEnergy.value.value, tool.memoryEnergy.value.value) << id;
    // Phones: the tool uses the 8-bit rate of the neural unit in every format.
    const bool phone = tool.flops.value.value == p.int8.value.value;
    EXPECT_TRUE(phone || std::abs(p.fp16.value.value * units / tool.flops.value.value - 1) < 1e-9)
        << id;
  }
}

TEST(Roofline, PimChipsShareTheirNumbersWithThePimAiDevices) {
  const auto mine = deviceOf("roofline-pim-ai-4chip"), other = deviceOf("pim-ai-4chip");
  std::map<std::string, double> known;
  for (const ParameterRecord& p : other->config().parameters) known[p.path] = p.value;
  int shared = 0;
  for (const ParameterRecord& p : mine->config().parameters)
    if ((p.path.starts_with("compute.") || p.path.starts_with("energy.")) && known.count(p.path)) {
      EXPECT_EQ(p.value, known[p.path]) << p.path;
      ++shared;
    }
  EXPECT_EQ(shared, 16);
  EXPECT_EQ(mine->info().peakMemory.value, other->info().peakMemory.value);
  EXPECT_EQ(mine->info().tiers[0].capacity.value, other->info().tiers[0].capacity.value);
}

TEST(Roofline, EventsOfAnOperatorAreFew) {
  const auto models = devicesOf({"roofline-pim-ai-4chip", "roofline-h100", "roofline-h100-x8",
                                 "roofline-a17pro", "roofline-pim-ai-24dimm"});
  for (const auto& device : models)
    for (const Operator& op : {gemm(1, 4096, 4096, "fp16"), gemm(128, 4096, 4096, "fp16"),
                               gemm(1, 11008, 4096, "int4"), attention(32, 500, "fp16")})
      EXPECT_LE(device->simulate(*lower(*device, op), Fidelity::event).events, 2000)
          << device->info().title;
}

TEST(Roofline, ABAGivesEqualResults) {
  const auto device = deviceOf("roofline-h100-x4");
  expectRepeatable(*device, gemm(8, 900, 900, "fp16"), attention(16, 100, "int8"));
}

TEST(Roofline, EveryParameterMatters) {
  std::vector<Operator> ops = vectorWork();
  for (const char* f : {"fp32", "fp16", "int8", "int4"}) {
    ops.push_back(gemm(1, 4096, 4096, f));
    ops.push_back(gemm(2048, 8192, 8192, f));
  }
  for (const auto& [id, unused] :
       {std::pair("roofline-pim-ai-4chip", "exchange.rate"),  // chips have no links of their own
        std::pair("roofline-h100-x4", "")}) {
    const auto device = deviceOf(id);
    for (const ParameterRecord& p : device->config().parameters) {
      // `tool` is read with `compat` only. Copies are asked for by scatter here.
      if (p.value == 0 || p.path == unused || p.path.starts_with("tool.")) continue;
      if (p.path.starts_with("link.")) continue;
      EXPECT_TRUE(react(id, {}, p, ops).any()) << id << " " << p.path << " moves nothing";
    }
  }
}

TEST(Roofline, EveryNumberOfTheToolMattersThere) {
  std::vector<Operator> ops = {gemm(1, 4096, 4096, "fp16"), gemm(2048, 4096, 4096, "fp16"),
                               gemm(2048, 4096, 4096, "int4")};
  for (const auto& [kind, variant] :
       {std::pair(OpKind::softmax, OpVariant::none), std::pair(OpKind::norm, OpVariant::rms),
        std::pair(OpKind::activation, OpVariant::silu)}) {
    Operator op = gemm(128, 4096, 1, "fp16");
    op.kind = kind;
    op.variant = variant;
    op.count = 2;  // the first norm of all runs elsewhere
    ops.push_back(op);
  }
  const Sets base = {{"compat", "upmem-llm-framework"}};
  const auto device = deviceOf("roofline-pim-ai-4chip", base);
  const auto figures = [&](const Device& d) {
    std::vector<double> out;
    for (const Operator& op : ops) {
      const Profile profile = d.estimate(*lower(d, op));
      out.push_back(toSeconds(profile.alone()).value);
      out.push_back(dynamicJoules(d, profile));
    }
    return out;
  };
  for (const ParameterRecord& p : device->config().parameters) {
    if (!p.path.starts_with("tool.") || p.value == 0) continue;
    // One operator alone crosses no host link.
    if (p.path.starts_with("tool.deviceToHost") || p.path.starts_with("tool.hostToDevice"))
      continue;
    Sets raised = base;
    raised.emplace_back(p.path, exactQuantity(1.2 * p.value, p.dimension));
    EXPECT_NE(figures(*deviceOf("roofline-pim-ai-4chip", raised)), figures(*device)) << p.path;
  }
}

double decodeSeconds(const Sets& sets) {
  const RunResult r = llmRun("roofline-pim-ai-4chip", "llama2-7b", sets);
  return phaseOf(r, "decode").timeS;
}

TEST(Roofline, MoreOfAnythingNeverHurts) {
  const double base = decodeSeconds({});
  EXPECT_LT(decodeSeconds({{"device.memory.rate", "204.8 GB/s"}}), base);
  EXPECT_LE(decodeSeconds({{"device.compute.fp16", "50 TFLOPS"}}), base);
  const auto prefill = [](const Sets& sets) {
    return phaseOf(llmRun("roofline-pim-ai-4chip", "llama2-7b", sets), "prefill").timeS;
  };
  EXPECT_LT(prefill({{"device.compute.fp16", "10 TFLOPS"}}), prefill({}));
  // One pass instead of two: more tiles overlap a little better where arithmetic decides.
  EXPECT_LE(prefill({{"device.compute.sram", "64 MiB"}}), prefill({}) * 1.001);
}

TEST(Roofline, BatchesTakeLongerAndDeliverMore) {
  double lastTime = 0, lastRate = 0;
  for (const char* batch : {"1", "2", "4", "8", "16"}) {
    const RunResult r = llmRun("roofline-h100", "llama2-7b", {{"workload.batch", batch}});
    const PhaseResult& decode = phaseOf(r, "decode");
    EXPECT_GE(decode.timeS, lastTime);
    EXPECT_GT(decode.tokensPerS, lastRate);
    lastTime = decode.timeS;
    lastRate = decode.tokensPerS;
  }
}

TEST(Roofline, MoreUnitsPayForExchange) {
  // The tool multiplies the rates: eight GPUs are eight times as fast. They are not.
  const auto rate = [](const char* platform, const Sets& sets) {
    return phaseOf(llmRun(platform, "llama2-7b", sets), "decode").tokensPerS;
  };
  const Sets compat = {{"device.compat", "upmem-llm-framework"}};
  EXPECT_GT(rate("roofline-h100-x8", compat) / rate("roofline-h100", compat), 7.5);
  const double ours = rate("roofline-h100-x8", {}) / rate("roofline-h100", {});
  EXPECT_GT(ours, 1.0);
  EXPECT_LT(ours, 4.0);
}

TEST(Roofline, RefusalNamesTensorTierAndShortfall) {
  const RunResult r = llmRun("roofline-a17pro", "llama2-7b", {});
  ASSERT_FALSE(r.feasible);
  const std::string& reason = r.reasons.front();
  for (const char* part :
       {"memory of the device", "8 GB", "are missing", "mlp.gate_up", "KV cache"})
    EXPECT_NE(reason.find(part), std::string::npos) << reason;
}

}  // namespace
}  // namespace wattlas::pim_test
