// Language models on PIM-AI chips: key-value cache, batch, grouped queries, formats, capacity.
#include "tests/pim/llm.h"

namespace wattlas::pim_test {
namespace {

RunResult on(const char* platform, const std::string& format, Sets sets = {},
             const char* workload = "llama2-7b") {
  sets.emplace_back("workload.format", format);
  return llmRun(platform, workload, sets);
}
double tokenSeconds(const RunResult& r) {
  return phaseOf(r, "decode").timeS / phaseOf(r, "decode").tokens;
}
double attentionSeconds(const RunResult& r) {
  for (const OperatorResult& op : r.operators)
    if (op.phase == "decode" && op.kind == "attention") return op.attributedS;
  return 0;
}
double cacheBytes(const RunResult& r) {
  return r.tiers.front().residentBytes - r.weightsBytes;
}

TEST(PimAiLlm, PhasesGiveTimeToFirstTokenRateAndEnergy) {
  const RunResult r = on("pim-ai-4chip", "fp16", {{"workload.batch", "2"}});
  const PhaseResult &prefill = phaseOf(r, "prefill"), &decode = phaseOf(r, "decode");
  EXPECT_GT(prefill.timeS, 0);
  EXPECT_EQ(decode.tokens, 64);
  EXPECT_NEAR(decode.tokensPerS, 64 / decode.timeS, 1e-9 * decode.tokensPerS);
  EXPECT_NEAR(decode.energyPerTokenJ, decode.energyJ / 64, 1e-9 * decode.energyPerTokenJ);
  EXPECT_NEAR(prefill.energyJ + decode.energyJ, r.energyJ, 1e-9 * r.energyJ);
}

TEST(PimAiLlm, TheCacheGrowsByOneTokenAStep) {
  // 32 layers x key and value x 4,096 x 2 bytes a token.
  const auto cache = [](const char* generate) {
    return cacheBytes(on("pim-ai-1chip", "fp16", {{"workload.generate", generate}}));
  };
  EXPECT_NEAR(cache("128") - cache("32"), 96 * 32.0 * 2 * 4096 * 2, 1);
  const auto last = [](const char* prompt) {
    return attentionSeconds(on("pim-ai-1chip", "fp16", {{"workload.prompt", prompt}}));
  };
  EXPECT_GT(last("2000"), 5 * last("200"));
}

TEST(PimAiLlm, NarrowerCachesAreSmallerAndFaster) {
  double bytes = 1e30, seconds = 1e30;
  for (const char* format : {"w4a16kv16", "w4a16kv8", "w4a16kv4"}) {
    const RunResult r = on("pim-ai-1chip", format, {{"workload.prompt", "2000"}});
    EXPECT_LT(cacheBytes(r), 0.6 * bytes) << format;
    EXPECT_LT(attentionSeconds(r), seconds) << format;
    bytes = cacheBytes(r);
    seconds = attentionSeconds(r);
  }
}

TEST(PimAiLlm, GroupedQueriesShareTheCache) {
  // Llama 3 8B has 8 key-value heads for 32 query heads.
  const Sets sets = {{"workload.prompt", "2000"}};
  const RunResult grouped = on("pim-ai-1chip", "int8", sets, "llama3-8b");
  const RunResult all = on("pim-ai-1chip", "int8", sets);
  EXPECT_NEAR(cacheBytes(grouped) / cacheBytes(all), 0.25, 1e-9);
}

TEST(PimAiLlm, BatchesShareTheWeights) {
  double rate = 0, token = 1e30;
  for (const char* batch : {"1", "2", "4", "8", "16"}) {
    const RunResult r = on("pim-ai-4chip", "int8", {{"workload.batch", batch}});
    EXPECT_GT(phaseOf(r, "decode").tokensPerS, rate) << batch;
    EXPECT_LT(tokenSeconds(r), token) << batch;
    rate = phaseOf(r, "decode").tokensPerS;
    token = tokenSeconds(r);
  }
}

TEST(PimAiLlm, StreamedWeightsCrossTheHostLink) {
  const Sets few = {{"workload.generate", "4"}};
  Sets streamed = few;
  streamed.emplace_back("residency", "streamed");
  const RunResult kept = on("pim-ai-4chip", "int8", few),
                  passing = on("pim-ai-4chip", "int8", streamed);
  // 6.6 GB over 51.2 GB/s for every token.
  EXPECT_NEAR(tokenSeconds(passing) - tokenSeconds(kept), 6.6e9 / 51.2e9, 0.01);
  EXPECT_LT(passing.tiers.front().residentBytes, 0.1 * kept.tiers.front().residentBytes);
  EXPECT_TRUE(on("pim-ai-4chip", "fp16", streamed, "llama2-70b").feasible);
}

TEST(PimAiLlm, RefusalNamesTensorTierAndShortfall) {
  const RunResult weights = on("pim-ai-4chip", "fp16", {}, "llama2-70b");
  ASSERT_FALSE(weights.feasible);
  for (const char* part : {"stacked DRAM", "64 GB", "GB are missing", "mlp.gate_up"})
    EXPECT_NE(weights.reasons.front().find(part), std::string::npos) << weights.reasons.front();
  const RunResult cache =
      on("pim-ai-1chip", "int8", {{"workload.batch", "64"}, {"workload.prompt", "2000"}});
  ASSERT_FALSE(cache.feasible);
  EXPECT_NE(cache.reasons.front().find("attn.sdpa (KV cache)"), std::string::npos);
}

TEST(PimAiLlm, FourBitsUseTheFastUnits) {
  // 32 TOPS a chip in 4 bits, 5 TFLOPS in half precision: a prefill is bound by arithmetic.
  const Sets sets = {{"workload.prompt", "1000"}, {"workload.generate", "1"}};
  const double half = phaseOf(on("pim-ai-1chip", "fp16", sets), "prefill").timeS;
  const double four = phaseOf(on("pim-ai-1chip", "int4", sets), "prefill").timeS;
  EXPECT_GT(half / four, 2.5);
  EXPECT_LT(half / four, 6.5);
}

TEST(PimAiLlm, ExchangeBetweenChipsCostsLinkEnergy) {
  const auto linkJoules = [](const char* energy) {
    const RunResult r = on("pim-ai-4chip", "fp16", {{"device.link.energy", energy}});
    double sum = 0;
    for (const LedgerCell& cell : r.ledger)
      if (cell.coefficient == "link.exchange") sum += cell.count * cell.perCountJ;
    return sum;
  };
  const double once = linkJoules("20 pJ/bit");
  EXPECT_GT(once, 0);
  EXPECT_NEAR(linkJoules("40 pJ/bit") / once, 2, 1e-9);
}

TEST(PimAiLlm, SpareChipsShareTheKeysOfAHead) {
  // 384 chips, 8 key-value heads: up to 48 chips a head.
  const auto run = [](const char* block, const char* prompt) {
    return on("pim-ai-24dimm", "int8", {{"device.keyBlock", block}, {"workload.prompt", prompt}},
              "llama2-70b");
  };
  const double whole = attentionSeconds(run("1048576", "16000"));
  const double split = attentionSeconds(run("256", "16000"));
  EXPECT_LT(split, 0.3 * whole);
  // Partial results cross the host link: they are not free.
  EXPECT_GT(split, whole / 48);
  // Short contexts stay on one chip a head.
  EXPECT_EQ(attentionSeconds(run("1048576", "128")), attentionSeconds(run("256", "128")));
}

}  // namespace
}  // namespace wattlas::pim_test
