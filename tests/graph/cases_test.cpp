// Networks that users described, with the right value of each: geometry of windows, blocks of
// transformers, sparse operands, and keys that must be refused.
#include <gmock/gmock.h>

#include "tests/graph/workload_fixture.h"
#include "workloads/graph/kind.h"

namespace wattlas {
namespace {

using testing::errorOf;
using testing::find;
using testing::fromText;
using testing::make;

Workload fromFile(const std::string& name) {
  return make(std::string(wattlas::test::sourceRoot()) + "/tests/data/networks/" + name + ".yaml");
}

std::int64_t macs(const std::string& yaml) {
  return fromText(yaml).totals().macsPrefill;
}

/// A layered int8 network on an image.
std::string layers(const std::string& input, const std::string& list) {
  return "generator: layers\nformat: int8\ninput: {" + input + "}\nlayers:\n" + list;
}

TEST(Cases, FilesHaveTheirParametersAndMacs) {
  const struct {
    const char* name;
    std::int64_t parameters, macs;
  } files[] = {{"nb201-0", 129178, 15647360},
               {"resnext50", 25028904, 4230479872},
               {"dscnn-kws-same", 23180, 2656768},
               {"dlrm-bag", 1664499521, 544576}};
  for (const auto& file : files) {
    const WorkloadTotals totals = fromFile(file.name).totals();
    EXPECT_EQ(totals.parameters, file.parameters) << file.name;
    EXPECT_EQ(totals.macsPrefill, file.macs) << file.name;
  }
  EXPECT_EQ(fromFile("pythia-6.9b").totals().parameters, 6857302016);
  EXPECT_EQ(toBytes(fromFile("falcon-40b").totals().weights), 82606587904.0);
}

TEST(Cases, DecodeOfLlama70bAt129Keys) {
  EXPECT_EQ(make("llama2-70b").totals().macsDecodeFirst, 68882268160);
}

TEST(Cases, SlidingWindowOfMistralInALongPrompt) {
  // sum of min(i, 4096) pairs
  EXPECT_EQ(make("mistral-7b", {"prompt=8192"}).totals().macsPrefill, 63772342353920);
}

TEST(Cases, StrideOfEachAxis) {
  const std::string text = layers("channels: 1, height: 40, width: 32",
                                  "  - {name: c, kind: conv, cout: 64, kernel: 8,"
                                  " kernel_height: 20, stride: 2, stride_height: 1}\n");
  EXPECT_EQ(macs(text), 21 * 13 * 64 * 160);
}

TEST(Cases, SamePaddingWithTwoStridesOfAnEvenKernel) {
  const std::string text =
      layers("channels: 1, height: 49, width: 10",
             "  - {name: c, kind: conv, cout: 64, kernel: 4, kernel_height: 10,"
             " stride: 2, padding: same}\n");
  EXPECT_EQ(macs(text), 320000);
}

TEST(Cases, TransposedConvolutionOfOnePixel) {
  const Workload w = fromText(layers("channels: 32, height: 1, width: 1",
                                     "  - {name: t, kind: transposed_conv, cout: 1, kernel: 3}\n"));
  EXPECT_EQ(w.totals().macsPrefill, 288);
  EXPECT_EQ(outputHeight(find(w.phases[0], "t")), 3);
}

TEST(Cases, DilationWidensTheKernel) {
  const Workload w =
      fromText(layers("channels: 16, height: 32, width: 32",
                      "  - {name: c, kind: conv, cout: 16, kernel: 3, dilation: 2}\n"));
  EXPECT_EQ(outputWidth(find(w.phases[0], "c")), 28);
}

TEST(Cases, VolumesAreConvolvedAlongThreeAxes) {
  EXPECT_EQ(macs(layers("channels: 3, depth: 16, height: 16, width: 16",
                        "  - {name: c, kind: conv, cout: 16, kernel: 3}\n")),
            3556224);
}

TEST(Cases, CeilModeAndAdaptivePools) {
  const auto width = [](const std::string& size, const std::string& layer) {
    const Workload w = fromText(layers("channels: 64, " + size, layer));
    return outputWidth(find(w.phases[0], "p"));
  };
  const std::string floor = "  - {name: p, kind: max_pool, kernel: 3, stride: 2}\n";
  const std::string ceil = "  - {name: p, kind: max_pool, kernel: 3, stride: 2, ceil_mode: true}\n";
  EXPECT_EQ(width("height: 112, width: 112", floor), 55);
  EXPECT_EQ(width("height: 112, width: 112", ceil), 56);
  EXPECT_EQ(width("height: 13, width: 13", "  - {name: p, kind: adaptive_pool, output: 6}\n"), 6);
  EXPECT_EQ(
      width("height: 5, width: 5", "  - {name: p, kind: average_pool, kernel: 2, padding: same}\n"),
      3);
}

TEST(Cases, SqueezeAndExciteScalesAPlane) {
  const Workload w = fromText(layers("channels: 96, height: 56, width: 56",
                                     "  - {name: dw, kind: depthwise, kernel: 3, padding: 1}\n"
                                     "  - {name: pool, kind: global_pool}\n"
                                     "  - {name: scale, kind: multiply, inputs: [dw, pool]}\n"));
  const Operator& op = find(w.phases[0], "scale");
  EXPECT_EQ(toBytes(costOf(op).input), 96.0 * 56 * 56 + 96);
  EXPECT_EQ(toBytes(costOf(op).output), 96.0 * 56 * 56);
}

TEST(Cases, AnAdditionReadsThreeInputs) {
  const Workload w = fromText(layers("channels: 8, width: 64",
                                     "  - {name: a, kind: conv, cout: 8, kernel: 1}\n"
                                     "  - {name: b, kind: conv, cout: 8, kernel: 1, inputs: [a]}\n"
                                     "  - {name: s, kind: add, inputs: [input, a, b]}\n"));
  const OpCost cost = costOf(find(w.phases[0], "s"));
  EXPECT_EQ(toBytes(cost.input), 3 * 512.0);
  EXPECT_EQ(toBytes(cost.output), 512.0);
}

TEST(Cases, ConcatenationAndUpsamplingMoveDataOnly) {
  const Workload w = fromText(layers("channels: 8, height: 8, width: 8",
                                     "  - {name: half, kind: max_pool, kernel: 2}\n"
                                     "  - {name: up, kind: upsample, factor: 2}\n"
                                     "  - {name: join, kind: concat, inputs: [up, input]}\n"
                                     "  - {name: c, kind: conv, cout: 4, kernel: 1}\n"));
  EXPECT_EQ(find(w.phases[0], "c").dims[Dim::cin], 16);
  for (const char* name : {"up", "join"}) {
    const OpCost cost = costOf(find(w.phases[0], name));
    EXPECT_EQ(cost.macs, 0) << name;
    EXPECT_GT(toBytes(cost.output), 0) << name;
  }
}

TEST(Cases, ActivationsAndRecurrencesOfSmallNetworks) {
  const Workload w =
      fromText(layers("channels: 8, height: 16, width: 16",
                      "  - {name: d, kind: conv, cout: 16, kernel: 3, activation: relu6}\n"
                      "  - {name: h, kind: conv, cout: 16, kernel: 1, activation: hard_swish}\n"
                      "  - {name: l, kind: lstm, cout: 16}\n"));
  EXPECT_EQ(find(w.phases[0], "l").dims[Dim::steps], 14);
  EXPECT_EQ(costOf(find(w.phases[0], "l")).macs, 14 * 4 * 16 * (16 * 14 + 16));
}

TEST(Cases, SparseAdjacencyCountsItsNonZeros) {
  const Workload w = fromText(
      "generator: operators\nformat: fp32\noperators:\n"
      "  - {name: ax, kind: gemm, weights: false, dims: {M: 2708, N: 16, K: 2708},"
      " sparsity: {pattern: unstructured, density: 0.00144}}\n");
  EXPECT_NEAR(static_cast<double>(w.totals().macsPrefill), 10556 * 16, 10556 * 16 * 1e-3);
}

TEST(Cases, GlobalLayersOfGemmaFillTheCache) {
  // 10 layers of 131,072 keys and 52 of 1,024, 8,192 bytes each
  const Workload w = make("gemma3-27b", {"prompt=131071", "generate=1"});
  EXPECT_EQ(toBytes(w.totals().kvPeak), 10 * 131072.0 * 8192 + 52 * 1024.0 * 8192);
}

TEST(Cases, LatentCacheHoldsRankAndRope) {
  const Workload w = fromText(
      "generator: transformer\nformat: fp16\nhidden: 1024\nlayers: 8\nheads: 8\nkv_rank: 256\n"
      "kv_rope: 32\nffn: 2816\nvocabulary: 32000\n");
  EXPECT_EQ(toBytes(w.totals().kvPerToken), 8 * 576.0);
}

TEST(Cases, DecodeWritesNoKeysOfTheEncoder) {
  const Workload w = make("t5-base");
  EXPECT_EQ(costOf(find(w.phases.at(1), "decoder.cross.sdpa")).kvWrite.value, 0);
  EXPECT_GT(costOf(find(w.phases.at(1), "decoder.cross.sdpa")).kvRead.value, 0);
}

TEST(Cases, ParallelBlocksHaveOneNorm) {
  const std::string text =
      "generator: transformer\nhidden: 64\nlayers: 2\nheads: 4\nffn: 256\nvocabulary: 100\n"
      "gated: false\nnorm: layer\nactivation: gelu\n";
  const std::int64_t one = fromText(text + "parallel: one_norm\n").totals().parameters;
  EXPECT_EQ(fromText(text).totals().parameters - one, 2 * 2 * 64);
}

TEST(Cases, BiasesOfQueryKeyAndValueAlone) {
  const std::string text =
      "generator: transformer\nhidden: 64\nlayers: 2\nheads: 4\nkv_heads: 2\nffn: 256\n"
      "vocabulary: 100\n";
  EXPECT_EQ(
      fromText(text + "qkv_bias: true\n").totals().parameters - fromText(text).totals().parameters,
      2 * (64 + 2 * 2 * 16));
}

TEST(Cases, KeysWithoutMeaningAreRefused) {
  const auto error = [](const std::string& op) {
    return errorOf([&] { fromText("generator: operators\noperators:\n  - {" + op + "}\n"); });
  };
  const std::string gemm = "name: a, kind: gemm, dims: {N: 4, K: 4}, ";
  EXPECT_THAT(error(gemm + "causal: true"), ::testing::HasSubstr("no meaning for gemm"));
  EXPECT_THAT(error(gemm + "grows: true, phase: decode"),
              ::testing::HasSubstr("no meaning for gemm"));
  EXPECT_THAT(error(gemm + "sparsity: {density: 0.5}"),
              ::testing::HasSubstr("zeros without a pattern"));
  EXPECT_THAT(error("name: a, kind: add, bias: true"), ::testing::HasSubstr("no meaning for add"));
  EXPECT_THAT(error("name: a, kind: attention, weights: true"),
              ::testing::HasSubstr("attention has no weights"));
  EXPECT_THAT(error(gemm + "shares_weights_of: nothing"),
              ::testing::HasSubstr("no operator with weights of its own"));
}

TEST(Cases, WeightsOfAnotherSizeAreNotShared) {
  EXPECT_THAT(errorOf([] {
                fromText(
                    "generator: operators\noperators:\n"
                    "  - {name: t, kind: gemm, dims: {N: 8, K: 8}}\n"
                    "  - {name: a, kind: gemm, dims: {N: 200000, K: 200000},"
                    " shares_weights_of: t}\n");
              }),
              ::testing::HasSubstr("weights of the same size"));
}

TEST(Cases, UnknownKeysNameThoseOfTheSection) {
  EXPECT_THAT(errorOf([] {
                fromText(layers("channels: 8, length: 64",
                                "  - {name: a, kind: conv, cout: 8, kernel: 1}\n"));
              }),
              ::testing::HasSubstr("channels, depth, height, width"));
}

TEST(Cases, TrainedVectorsOfSumsAreParameters) {
  const Workload w = fromText(
      "generator: operators\nformat: fp16\noperators:\n"
      "  - {name: a, kind: add, weights: true,"
      " dims: {M: 10, N: 8, inputs: 1, small_inputs: 1, small_values: 8}}\n");
  EXPECT_EQ(w.totals().parameters, 8);
  EXPECT_EQ(toBytes(costOf(find(w.phases[0], "a")).input), 160.0);
}

}  // namespace
}  // namespace wattlas
