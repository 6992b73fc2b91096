// The equations of upmem_llm_framework: numbers that the tool itself printed, and its defects.
#include <cmath>

#include "tests/pim/llm.h"

namespace wattlas::pim_test {
namespace {

const std::pair<std::string, std::string> compatible = {"device.compat", "upmem-llm-framework"};

RunResult tool(const std::string& profile, int prompt, int generate, const std::string& format,
               Sets sets = {}, const std::string& workload = "llama2-7b") {
  sets.insert(sets.end(), {compatible,
                           {"workload.prompt", std::to_string(prompt)},
                           {"workload.generate", std::to_string(generate)},
                           {"workload.format", format}});
  return llmRun("roofline-" + profile, workload, sets);
}

/// Equal to `printed` as far as it was printed (half a unit of its last digit).
void expectPrinted(double ours, double printed, double unit, const std::string& what) {
  EXPECT_LE(std::abs(ours - printed), 0.5 * unit * (1 + 1e-9)) << what << ": " << ours;
}

TEST(ToolEquations, TheFirstNormRunsAtTheToolsOwnSpeed) {
  // The term that prefill times of profiles with own element times miss otherwise: 0.43 ms here.
  const double own = phaseOf(tool("pim-ai-4chip", 128, 2, "fp16"), "prefill").timeS;
  const double equal =
      phaseOf(tool("pim-ai-4chip", 128, 2, "fp16", {{"device.tool.norm", "1.1 ns"}}), "prefill")
          .timeS;
  const double elements = 128 * 4096 * (1.1e-9 - 0.275e-9);
  EXPECT_NEAR(equal - own, 64 * elements, 1e-9);  // 65 norms, of which the first stays
}

TEST(ToolEquations, RunOneDecodeStepLessThanAskedFor) {
  const Experiment x = llmExperiment("roofline-pim-ai-4chip", "llama2-7b",
                                     {compatible, {"workload.generate", "32"}});
  for (const Phase& phase : x.workload->phases)
    if (phase.kind == PhaseKind::decode) {
      EXPECT_EQ(phase.repeat, 31);
    }
  // The merged configuration keeps what was asked for, so that it gives the same again.
  EXPECT_EQ(x.config().at("workload.generate")->scalar(), "32");
  EXPECT_EQ(phaseOf(tool("h100", 16, 32, "fp16"), "decode").tokens, 31);
}

TEST(ToolEquations, PrefillIsLinearInThePrompt) {
  const auto seconds = [](int prompt, const Sets& sets) {
    Sets all = sets;
    all.insert(all.end(),
               {{"workload.prompt", std::to_string(prompt)}, {"workload.generate", "1"}});
    return phaseOf(llmRun("roofline-pim-ai-4chip", "llama2-7b", all), "prefill").timeS;
  };
  const double tool1 = seconds(1000, {compatible}), tool2 = seconds(2000, {compatible}),
               tool4 = seconds(4000, {compatible});
  EXPECT_NEAR((tool4 - tool2) / (tool2 - tool1), 2.0, 1e-6);
  const double ours1 = seconds(1000, {}), ours2 = seconds(2000, {}), ours4 = seconds(4000, {});
  EXPECT_GT((ours4 - ours2) / (ours2 - ours1), 2.2);
}

TEST(ToolEquations, TheKeyValueCacheKeepsTwoBytes) {
  const auto growth = [](const std::string& format, const Sets& sets) {
    double joules[2];
    for (int i = 0; i < 2; ++i) {
      Sets all = sets;
      all.insert(all.end(), {{"workload.prompt", i == 0 ? "500" : "1500"},
                             {"workload.generate", "2"},
                             {"workload.format", format},
                             {"run.scope", "chip"}});
      joules[i] =
          phaseOf(llmRun("roofline-sam-lpddr5pim", "llama2-7b", all), "decode").energyPerTokenJ;
    }
    return joules[1] - joules[0];
  };
  EXPECT_NEAR(growth("int4", {compatible}) / growth("fp16", {compatible}), 1.0, 1e-9);
  EXPECT_LT(growth("int4", {}), 0.6 * growth("fp16", {}));
}

TEST(ToolEquations, AnythingFits) {
  EXPECT_TRUE(tool("a17pro", 128, 2, "fp16", {}, "llama2-70b").feasible);
}

TEST(ToolEquations, OldFallbackMakesTheLargerServerSlower) {
  // DGX100 has 1.3 times the FLOPS of H100_x8 and no times per element of its own.
  const double dgx = phaseOf(tool("dgx100", 1000, 2, "fp16", {}, "llama2-70b"), "prefill").timeS;
  const double eight = phaseOf(tool("h100-x8", 1000, 2, "fp16", {}, "llama2-70b"), "prefill").timeS;
  EXPECT_GT(dgx, 5 * eight);
  const auto corrected = [](const char* platform) {
    return phaseOf(llmRun(platform, "llama2-70b", {{"workload.prompt", "1000"}}), "prefill").timeS;
  };
  EXPECT_LT(corrected("roofline-dgx100"), corrected("roofline-h100-x8"));
}

TEST(ToolEquations, RefuseWhatTheToolDoesNotKnow) {
  const auto device = deviceOf("roofline-h100", {{"compat", "upmem-llm-framework"}});
  EXPECT_EQ(device->support(gemm(1, 64, 64, "w4a16")).level, Support::Level::refused);
  EXPECT_EQ(device->support(gemm(1, 64, 64, "ternary")).level, Support::Level::refused);
  EXPECT_EQ(device->support(gemm(1, 64, 64, "int8")).level, Support::Level::native);
  EXPECT_EQ(device->fidelities(), std::vector<Fidelity>{Fidelity::analytic});
  const RunResult streamed = tool("h100", 16, 4, "fp16", {{"residency", "streamed"}});
  ASSERT_FALSE(streamed.feasible);
  EXPECT_NE(streamed.reasons.front().find("streamed"), std::string::npos);
}

TEST(ToolEquations, AnOperatorAloneRunsOnTheDevice) {
  const auto device = deviceOf("roofline-pim-ai-4chip", {{"compat", "upmem-llm-framework"}});
  EXPECT_NEAR(analyticSeconds(*device, gemm(128, 4096, 4096, "fp16")),
              2.0 * 128 * 4096 * 4096 / 20e12, 2e-12);
  // One query reads keys and values of 1,000 tokens, two bytes each.
  EXPECT_NEAR(analyticSeconds(*device, attention(32, 1000, "int8")),
              2 * 2 * 32 * 1000 * 128 / 409.6e9, 2e-12);
}

TEST(ToolEquations, TransferPointsPassTheHost) {
  const RunResult plain = tool("pim-ai-4chip", 128, 32, "fp16");
  const RunResult mixed = tool(
      "pim-ai-4chip", 128, 32, "fp16",
      {{"device.tool.transferPoints", "[q_proj, o_proj, gate_proj, up_proj, down_proj, lm_head]"}});
  expectPrinted(phaseOf(mixed, "prefill").timeS, 0.1304, 1e-4, "prefill");
  expectPrinted(phaseOf(mixed, "decode").tokensPerS, 30.54, 0.01, "decode");
  expectPrinted(1e3 * phaseOf(mixed, "decode").energyPerTokenJ, 108.5, 0.1, "decode");
  EXPECT_GT(mixed.energyJ, plain.energyJ);
}

}  // namespace
}  // namespace wattlas::pim_test
