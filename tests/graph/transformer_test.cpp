#include <gmock/gmock.h>

#include <algorithm>

#include "tests/graph/workload_fixture.h"

namespace wattlas {
namespace {

using testing::errorOf;
using testing::find;
using ::testing::HasSubstr;
using testing::make;

std::int64_t linearMacs(const Phase& phase) {
  std::int64_t macs = 0;
  for (const OpId id : phase.graph.order()) {
    const Operator& op = phase.graph.at(id);
    if (op.kind == OpKind::gemm) macs += costOf(op).macs * op.count;
  }
  return macs;
}

TEST(Transformer, Llama7bHas6607MillionLinearMacsAToken) {
  // 32 x (4 x 4096^2 + 3 x 4096 x 11008) + 32000 x 4096
  EXPECT_EQ(linearMacs(make("llama2-7b").phases.at(1)), 6607077376);
}

TEST(Transformer, PrefillProjectsTheLastPositionOnly) {
  const Workload w = make("llama2-7b", {"prompt=100", "batch=3"});
  EXPECT_EQ(find(w.phases[0], "lm_head").dims[Dim::M], 3);
  EXPECT_EQ(find(w.phases[0], "attn.qkv").dims[Dim::M], 300);
  EXPECT_EQ(w.phases[0].tokens, 300);
}

TEST(Transformer, DecodeStepsAttendToPromptPlusStepPlusOneKeys) {
  const Workload w = make("llama2-7b", {"prompt=100", "generate=7", "batch=3"});
  const Phase& decode = w.phases.at(1);
  const Operator& sdpa = find(decode, "attn.sdpa");
  EXPECT_EQ(sdpa.dims[Dim::keys], 101);
  EXPECT_EQ(atStep(sdpa, 6).dims[Dim::keys], 107);
  EXPECT_EQ(sdpa.dims[Dim::batch], 3);
  EXPECT_EQ(sdpa.dims[Dim::queries], 1);
  EXPECT_EQ(find(decode, "attn.qkv").dims[Dim::M], 3);
  EXPECT_EQ(decode.repeat, 7);
  EXPECT_EQ(decode.tokens, 21);
}

TEST(Transformer, LayersAreCountedNotUnrolled) {
  const Workload w = make("llama2-70b");
  EXPECT_EQ(w.phases[0].graph.size(), 14u);
  EXPECT_EQ(find(w.phases[0], "mlp.down").count, 80);
  EXPECT_EQ(find(w.phases[0], "mlp.down").block, "layer");
  EXPECT_EQ(find(w.phases[0], "lm_head").count, 1);
}

TEST(Transformer, GroupedHeadsNarrowQkvAndRope) {
  const Workload w = make("llama2-70b");
  EXPECT_EQ(find(w.phases[0], "attn.qkv").dims[Dim::N], (64 + 2 * 8) * 128);
  EXPECT_EQ(find(w.phases[0], "attn.rope").dims[Dim::N], (64 + 8) * 128);
}

TEST(Transformer, KvCacheOfAToken) {
  // 2 x 32 layers x 4096 values x 2 bytes = 524,288 bytes, the published figure of Llama-2-7B
  const WorkloadTotals t = make("llama2-7b", {"prompt=100", "generate=28", "batch=2"}).totals();
  EXPECT_EQ(toBytes(t.kvPerToken), 524288);
  EXPECT_EQ(toBytes(t.kvPeak), 524288.0 * 128 * 2);
}

TEST(Transformer, SlidingWindowIsHonoured) {
  const Workload w = make("mistral-7b", {"prompt=6000", "generate=10"});
  const Operator& decode = find(w.phases.at(1), "attn.sdpa");
  EXPECT_EQ(decode.dims[Dim::keys], 4096);
  EXPECT_EQ(atStep(decode, 9).dims[Dim::keys], 4096);
  // the first 4,096 queries see a triangle, the other 1,904 the window
  EXPECT_EQ(attentionPairs(find(w.phases[0], "attn.sdpa")), 4096LL * 4097 / 2 + 1904LL * 4096);
  EXPECT_EQ(w.totals().kvPeak, w.totals().kvPerToken * 4096);
}

TEST(Transformer, TiedProjectionReadsTheTableAndStoresNothing) {
  const Workload w = make("gpt2");
  EXPECT_EQ(find(w.phases[0], "lm_head").sharesWeightsOf, "embed.word");
  EXPECT_EQ(costOf(find(w.phases[0], "lm_head")).weights, Bits(50257.0 * 768 * 16));
}

TEST(Transformer, Opt350mNormsAfterAndProjectsItsWords) {
  const Workload w = make("opt-350m");
  const Graph& g = w.phases[0].graph;
  EXPECT_EQ(find(w.phases[0], "project_in").dims[Dim::K], 512);
  EXPECT_EQ(find(w.phases[0], "lm_head").dims[Dim::K], 512);
  const auto isNorm = [&](OpId id) { return g.at(id).name == "attn.norm"; };
  const std::vector<OpId> order = g.order();
  const OpId norm = *std::find_if(order.begin(), order.end(), isNorm);
  EXPECT_EQ(g.at(g.producers(norm).at(0)).name, "attn.add");
}

TEST(Transformer, MixtureRunsTwoExpertsAndStoresEight) {
  const Workload w = make("mixtral-8x7b");
  const Operator& one = find(w.phases.at(1), "mlp.expert.down");
  EXPECT_EQ(one.dims[Dim::M], 1);
  EXPECT_EQ(one.count, 32 * 2);
  EXPECT_EQ(one.weightCopies(), 32 * 8);
  // 128 tokens touch all eight, 32 rows each
  const Operator& many = find(w.phases.at(0), "mlp.expert.down");
  EXPECT_EQ(many.count, 32 * 8);
  EXPECT_EQ(many.dims[Dim::M], 32);
}

TEST(Transformer, MixtureComputesExactlyTwoExpertsAToken) {
  for (const char* batch :
       {"batch=1", "batch=2", "batch=3", "batch=4", "batch=5", "batch=7", "batch=13", "batch=64"}) {
    const Workload w = make("mixtral-8x7b", {batch});
    std::int64_t rows = 0;
    const Graph& g = w.phases.at(1).graph;
    for (const OpId id : g.order())
      if (g.at(id).name.starts_with("mlp.expert.down"))
        rows += g.at(id).dims[Dim::M] * g.at(id).count;
    EXPECT_EQ(rows, 32 * 2 * w.options.batch) << batch;
    EXPECT_EQ(w.totals().parameters, 46702792704) << batch;
  }
}

TEST(Transformer, ExpectedDistinctExperts) {
  // 8 (1 - (3/4)^4) = 5.469 experts a layer for 4 tokens, 175 in 32 layers: 81 with two rows
  const Workload w = make("mixtral-8x7b", {"batch=4"});
  EXPECT_EQ(find(w.phases.at(1), "mlp.expert.down").count, 94);
  EXPECT_EQ(find(w.phases.at(1), "mlp.expert.down_more").count, 81);
  EXPECT_EQ(find(w.phases.at(1), "mlp.expert.down_more").dims[Dim::M], 2);
}

TEST(Transformer, EncoderRunsOnceWithoutMaskOrCache) {
  const Workload w = make("bert-base", {"prompt=128"});
  ASSERT_EQ(w.phases.size(), 1u);
  EXPECT_EQ(w.phases[0].kind, PhaseKind::inference);
  EXPECT_FALSE(w.hasDecode());
  EXPECT_EQ(attentionPairs(find(w.phases[0], "attn.sdpa")), 128 * 128);
  EXPECT_EQ(w.totals().kvPeak, Bits(0));
  EXPECT_EQ(find(w.phases[0], "pooler").dims[Dim::M], 1);
}

TEST(Transformer, ArchitectureIsAParameter) {
  const Workload w = make("llama2-7b", {"layers=16", "hidden=2048", "heads=16", "kv_heads=4"});
  EXPECT_EQ(find(w.phases[0], "mlp.down").count, 16);
  EXPECT_EQ(find(w.phases[0], "attn.qkv").dims[Dim::N], (16 + 2 * 4) * 128);
}

TEST(Transformer, LayerRangesSplitTheStackAndKeepItsSize) {
  const Workload plain = make("llama2-7b", {"format=int8"});
  const Workload mixed =
      make("llama2-7b", {"format=int8", "formats.L0-3.mlp=w4a8", "formats.L31=fp16"});
  EXPECT_EQ(find(mixed.phases[0], "L0-3.mlp.down").formats.weight.name, "int4");
  EXPECT_EQ(find(mixed.phases[0], "L0-3.attn.qkv").formats.weight.name, "int8");
  EXPECT_EQ(find(mixed.phases[0], "L4-30.mlp.down").count, 27);
  EXPECT_EQ(find(mixed.phases[0], "L31-31.attn.qkv").formats.weight.name, "fp16");
  EXPECT_EQ(mixed.totals().macsPrefill, plain.totals().macsPrefill);
  EXPECT_EQ(mixed.totals().parameters, plain.totals().parameters);
}

TEST(Transformer, LearnedPositionsEndAtTheirTable) {
  EXPECT_THAT(errorOf([] {
                make("gpt2", {"prompt=1000", "generate=25"});
              }),
              HasSubstr("the network has learned 1024"));
  EXPECT_EQ(errorOf([] { make("gpt2", {"prompt=1000", "generate=24"}); }), "");
  EXPECT_THAT(errorOf([] { make("bert-base", {"prompt=513"}); }), HasSubstr("learned 512"));
}

TEST(Transformer, BeyondTheTrainedContextIsNoted) {
  EXPECT_TRUE(make("llama2-7b", {"prompt=4000", "generate=96"}).notes.empty());
  EXPECT_THAT(make("llama2-7b", {"prompt=4000", "generate=97"}).notes.at(0), HasSubstr("4096"));
}

TEST(Transformer, FileTypesHaveTheirBitsForEachWeight) {
  const std::pair<const char*, double> types[] = {{"gguf=Q4_K_M", 4.8944},
                                                  {"gguf=IQ3_XS", 3.4977},
                                                  {"gguf=Q2_K", 3.1593},
                                                  {"gguf=F16", 16.0005}};
  for (const auto& [type, bits] : types) {
    const WorkloadTotals t = make("llama3.1-8b", {type}).totals();
    EXPECT_NEAR(t.weights.value / static_cast<double>(t.parameters), bits, 5.1e-5) << type;
  }
  EXPECT_THAT(errorOf([] { make("llama3.1-8b", {"gguf=Q4_KM"}); }), HasSubstr("Q4_K_M"));
  EXPECT_THAT(errorOf([] { make("mixtral-8x7b", {"gguf=Q4_0"}); }), HasSubstr("plain decoders"));
}

TEST(Transformer, GroupScalesAndZeroPointsAreStored) {
  const Workload awq = make("llama3-8b", {"formats.attn=w4g128a16", "formats.mlp=w4g128a16"});
  EXPECT_EQ(toBytes(awq.totals().weights), 5727854592.0);
}

TEST(Transformer, ImpossibleShapesAreCollected) {
  const std::string text = errorOf([] {
    make("llama2-7b", {"heads=7", "experts_active=2", "kv_rope=8"});
  });
  EXPECT_THAT(text, HasSubstr("7 heads do not divide hidden 4096"));
  EXPECT_THAT(text, HasSubstr("active experts without experts"));
  EXPECT_THAT(text, HasSubstr("kv_rank"));
}

}  // namespace
}  // namespace wattlas
