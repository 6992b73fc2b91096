// Hand-computed costs of every operator kind but attention.
#include <gmock/gmock.h>

#include "tests/graph/workload_fixture.h"

namespace wattlas {
namespace {

using testing::errorOf;
using ::testing::HasSubstr;

struct Set {
  Dim dim;
  std::int64_t value;
};

Operator op(OpKind kind, std::initializer_list<Set> dims, const char* format = "int8") {
  Operator o;
  o.name = "op";
  o.kind = kind;
  o.formats = parseTensorFormats(format);
  for (const Set& s : dims) o.dims[s.dim] = s.value;
  return o;
}

TEST(Cost, Gemm) {
  const OpCost c = costOf(op(OpKind::gemm, {{Dim::M, 3}, {Dim::N, 5}, {Dim::K, 7}}, "w4a8"));
  EXPECT_EQ(c.macs, 3 * 5 * 7);
  EXPECT_EQ(c.parameters, 5 * 7);
  EXPECT_EQ(c.weights, Bits(5 * 7 * 4));
  EXPECT_EQ(c.weightRead, c.weights);
  EXPECT_EQ(c.input, Bits(3 * 7 * 8));
  EXPECT_EQ(c.output, Bits(3 * 5 * 8));
  EXPECT_EQ(c.elementOps, 0);
}

TEST(Cost, GemvIsAGemmOfOneRow) {
  const OpCost c = costOf(op(OpKind::gemm, {{Dim::N, 4096}, {Dim::K, 4096}}, "fp16"));
  EXPECT_EQ(c.macs, 16777216);
  EXPECT_EQ(toBytes(c.weights), 33554432);
  EXPECT_EQ(toBytes(c.input + c.output), 2 * 8192);
}

TEST(Cost, BiasIsAsWideAsWhatItIsAddedTo) {
  Operator o = op(OpKind::gemm, {{Dim::M, 2}, {Dim::N, 5}, {Dim::K, 7}});
  o.hasBias = true;
  EXPECT_EQ(costOf(o).parameters, 35 + 5);
  EXPECT_EQ(costOf(o).weights, Bits(35 * 8 + 5 * 32));  // int32 accumulators
  EXPECT_EQ(costOf(o).elementOps, 10);
  o.formats = parseTensorFormats("w4a16");
  EXPECT_EQ(costOf(o).weights, Bits(35 * 4 + 5 * 16));  // fp16 activations
}

TEST(Cost, FoldedNormTrainsTwoValuesAChannelAndStoresOne) {
  Operator o = op(OpKind::gemm, {{Dim::N, 5}, {Dim::K, 7}});
  o.hasBias = o.foldedNorm = true;
  EXPECT_EQ(costOf(o).parameters, 35 + 10);
  EXPECT_EQ(costOf(o).weights, Bits(35 * 8 + 5 * 32));
}

TEST(Cost, ProductOfActivationsHasNoParametersButReadsBoth) {
  Operator o = op(OpKind::gemm, {{Dim::M, 3}, {Dim::N, 5}, {Dim::K, 7}, {Dim::batch, 2}});
  o.hasWeights = false;
  const OpCost c = costOf(o);
  EXPECT_EQ(c.macs, 2 * 105);
  EXPECT_EQ(c.parameters, 0);
  EXPECT_EQ(c.weights, Bits(0));
  EXPECT_EQ(c.input, Bits(2 * (21 + 35) * 8));
}

TEST(Cost, Conv1d) {
  // 3,750 samples, kernel 8, stride 4 -> 936
  const OpCost c = costOf(op(OpKind::conv1d, {{Dim::batch, 2},
                                              {Dim::cin, 2},
                                              {Dim::cout, 8},
                                              {Dim::width, 3750},
                                              {Dim::kernelWidth, 8},
                                              {Dim::stride, 4}}));
  EXPECT_EQ(c.macs, 2 * 936 * 8 * 2 * 8);
  EXPECT_EQ(c.parameters, 8 * 2 * 8);
  EXPECT_EQ(c.input, Bits(2 * 3750 * 2 * 8));
  EXPECT_EQ(c.output, Bits(2 * 936 * 8 * 8));
}

TEST(Cost, Conv2dWithPadding) {
  // First layer of a ResNet: 118,013,952 MACs, a published figure.
  const OpCost c = costOf(op(OpKind::conv2d, {{Dim::cin, 3},
                                              {Dim::cout, 64},
                                              {Dim::height, 224},
                                              {Dim::width, 224},
                                              {Dim::kernelHeight, 7},
                                              {Dim::kernelWidth, 7},
                                              {Dim::stride, 2},
                                              {Dim::pad, 3}}));
  EXPECT_EQ(c.macs, 118013952);
  EXPECT_EQ(c.parameters, 9408);
  EXPECT_EQ(c.output, Bits(112 * 112 * 64 * 8));
}

TEST(Cost, DepthwiseConvolutionHasOneFilterAChannel) {
  const OpCost c = costOf(op(OpKind::conv2d, {{Dim::cin, 32},
                                              {Dim::cout, 32},
                                              {Dim::groups, 32},
                                              {Dim::height, 10},
                                              {Dim::width, 12},
                                              {Dim::kernelHeight, 3},
                                              {Dim::kernelWidth, 3},
                                              {Dim::pad, 1}}));
  EXPECT_EQ(c.macs, 10 * 12 * 32 * 9);
  EXPECT_EQ(c.parameters, 32 * 9);
}

TEST(Cost, GroupedConvolutionSeesItsShareOfTheChannels) {
  const OpCost c = costOf(op(
      OpKind::conv1d,
      {{Dim::cin, 6}, {Dim::cout, 4}, {Dim::groups, 2}, {Dim::width, 10}, {Dim::kernelWidth, 3}}));
  EXPECT_EQ(c.macs, 8 * 4 * 3 * 3);
  EXPECT_EQ(c.parameters, 4 * 3 * 3);
}

TEST(Cost, EvenKernelKeepsTheLengthWithOneMoreZeroAtTheEnd) {
  const Operator o = op(OpKind::conv2d, {{Dim::height, 32},
                                         {Dim::width, 32},
                                         {Dim::kernelHeight, 4},
                                         {Dim::kernelWidth, 4},
                                         {Dim::pad, 1},
                                         {Dim::padEnd, 1}});
  EXPECT_EQ(outputHeight(o), 32);
  EXPECT_EQ(outputWidth(o), 32);
}

TEST(Cost, PoolReadsEachWindow) {
  const OpCost c = costOf(op(OpKind::pool, {{Dim::batch, 2},
                                            {Dim::cin, 32},
                                            {Dim::width, 231},
                                            {Dim::kernelWidth, 2},
                                            {Dim::stride, 2}}));
  EXPECT_EQ(c.elementOps, 2 * 32 * 115 * 2);
  EXPECT_EQ(c.input, Bits(2 * 32 * 231 * 8));
  EXPECT_EQ(c.output, Bits(2 * 32 * 115 * 8));
  EXPECT_EQ(c.macs, 0);
}

TEST(Cost, NormsReadOneInputAndHaveGains) {
  Operator o = op(OpKind::norm, {{Dim::M, 3}, {Dim::N, 16}}, "fp16");
  o.variant = OpVariant::rms;
  EXPECT_EQ(costOf(o).input, Bits(3 * 16 * 16));
  EXPECT_EQ(costOf(o).parameters, 16);
  EXPECT_EQ(costOf(o).elementOps, 3 * 16 * 4);
  o.variant = OpVariant::layer;
  EXPECT_EQ(costOf(o).parameters, 32);
  EXPECT_EQ(costOf(o).elementOps, 3 * 16 * 7);
}

TEST(Cost, SiluMulReadsTwiceItsWidth) {
  Operator o = op(OpKind::activation, {{Dim::M, 3}, {Dim::N, 16}}, "fp16");
  o.variant = OpVariant::siluMul;
  EXPECT_EQ(costOf(o).input, Bits(2 * 48 * 16));
  EXPECT_EQ(costOf(o).output, Bits(48 * 16));
  EXPECT_EQ(costOf(o).parameters, 0);
  o.variant = OpVariant::relu;
  EXPECT_EQ(costOf(o).input, Bits(48 * 16));
  EXPECT_EQ(costOf(o).elementOps, 48);
}

TEST(Cost, AddReadsTwoInputs) {
  const OpCost c = costOf(op(OpKind::add, {{Dim::M, 3}, {Dim::N, 16}}));
  EXPECT_EQ(c.input, Bits(2 * 48 * 8));
  EXPECT_EQ(c.output, Bits(48 * 8));
  EXPECT_EQ(c.elementOps, 48);
}

TEST(Cost, SoftmaxAndRopeOnTheirElements) {
  EXPECT_EQ(costOf(op(OpKind::softmax, {{Dim::M, 3}, {Dim::N, 16}})).elementOps, 5 * 48);
  // 32 query and 8 key heads of 128
  const OpCost c = costOf(op(OpKind::rope, {{Dim::M, 2}, {Dim::N, 40 * 128}}, "fp16"));
  EXPECT_EQ(c.elementOps, 3 * 2 * 5120);
  EXPECT_EQ(c.input, Bits(2 * 5120 * 16));
}

TEST(Cost, EmbeddingStoresTheTableAndReadsRows) {
  const OpCost c =
      costOf(op(OpKind::embedding, {{Dim::M, 4}, {Dim::N, 64}, {Dim::K, 1000}}, "fp16"));
  EXPECT_EQ(c.parameters, 64000);
  EXPECT_EQ(c.weights, Bits(64000 * 16));
  EXPECT_EQ(c.weightRead, Bits(4 * 64 * 16));
  EXPECT_EQ(c.input, Bits(4 * 32));  // row indices
  EXPECT_EQ(c.output, Bits(4 * 64 * 16));
}

TEST(Cost, HammingCountsBits) {
  const OpCost c =
      costOf(op(OpKind::hamming, {{Dim::M, 2}, {Dim::N, 10}, {Dim::K, 4096}}, "binary"));
  EXPECT_EQ(c.macs, 2 * 10 * 4096);
  EXPECT_EQ(c.weights, Bits(10 * 4096));
  EXPECT_EQ(c.input, Bits(2 * 4096));
  EXPECT_EQ(c.output, Bits(2 * 10 * 32));
}

TEST(Cost, CollectivesAddOnlyWhereTheyReduce) {
  Operator o = op(OpKind::collective, {{Dim::N, 800}, {Dim::groups, 8}}, "fp16");
  o.variant = OpVariant::allReduce;
  EXPECT_EQ(costOf(o).elementOps, 700);
  EXPECT_EQ(costOf(o).output, Bits(12800));
  o.variant = OpVariant::allGather;
  EXPECT_EQ(costOf(o).elementOps, 0);
  EXPECT_EQ(costOf(o).input, Bits(1600));
}

TEST(Cost, SparsityShrinksStorageAndKeepsTheIndices) {
  const NumberFormat int8 = parseNumberFormat("int8"), binary = parseNumberFormat("binary");
  EXPECT_EQ(storedBits(10, 100, int8, {}), Bits(8000));
  // a quarter of the values and one bit a position
  EXPECT_EQ(storedBits(10, 100, int8, {Sparsity::Pattern::unstructured, 0.25, 0, 0}),
            Bits(250 * 8 + 1000));
  // 2:4: half of the values, two bits of place each
  EXPECT_EQ(storedBits(10, 100, int8, {Sparsity::Pattern::nm, 0.5, 2, 4}), Bits(500 * (8 + 2)));
  EXPECT_EQ(storedBits(10, 100, int8, {Sparsity::Pattern::block, 0.5, 0, 10}), Bits(500 * 8 + 100));
  // never more than dense
  EXPECT_EQ(storedBits(10, 100, binary, {Sparsity::Pattern::unstructured, 0.5, 0, 0}), Bits(1000));
}

TEST(Cost, SparsityLeavesMacsToTheDevice) {
  Operator o = op(OpKind::gemm, {{Dim::M, 3}, {Dim::N, 8}, {Dim::K, 8}});
  const OpCost dense = costOf(o);
  o.weightSparsity = {Sparsity::Pattern::nm, 0.5, 2, 4};
  EXPECT_EQ(costOf(o).macs, dense.macs);
  EXPECT_LT(costOf(o).weights, dense.weights);
}

TEST(Cost, BeyondTwoTo62IsRefused) {
  const std::int64_t big = std::int64_t{1} << 40;
  EXPECT_THAT(errorOf([&] {
                costOf(op(OpKind::gemm, {{Dim::M, big}, {Dim::N, big}}));
              }),
              HasSubstr("2^62"));
  EXPECT_THAT(errorOf([&] {
                costOf(op(OpKind::hamming, {{Dim::M, big}, {Dim::N, big}, {Dim::K, big}}));
              }),
              HasSubstr("'op'"));
  EXPECT_NO_THROW(costOf(op(OpKind::gemm, {{Dim::M, big}, {Dim::N, 1 << 18}, {Dim::K, 8}})));
}

TEST(Cost, ImpossibleDimensionsAreRefused) {
  EXPECT_THAT(errorOf([] { costOf(op(OpKind::gemm, {{Dim::M, 0}})); }), HasSubstr("M is 0"));
  EXPECT_THAT(errorOf([] {
                costOf(op(OpKind::conv1d, {{Dim::pad, -1}}));
              }),
              HasSubstr("pad is -1"));
  EXPECT_THAT(errorOf([] {
                costOf(op(OpKind::conv1d, {{Dim::width, 4}, {Dim::kernelWidth, 5}}));
              }),
              HasSubstr("longer than the input"));
  EXPECT_THAT(errorOf([] {
                costOf(op(OpKind::conv1d, {{Dim::cin, 6}, {Dim::cout, 6}, {Dim::groups, 4}}));
              }),
              HasSubstr("do not divide"));
}

TEST(Cost, HashIgnoresNameAndCountOnly) {
  const Operator base = op(OpKind::gemm, {{Dim::M, 3}, {Dim::N, 5}, {Dim::K, 7}});
  Operator other = base;
  other.name = "another";
  other.count = 9;
  other.block = "layer";
  EXPECT_EQ(hashOf(base), hashOf(other));
  other.dims[Dim::N] = 6;
  EXPECT_NE(hashOf(base), hashOf(other));
  other = base;
  other.formats = parseTensorFormats("int4");
  EXPECT_NE(hashOf(base), hashOf(other));
  other = base;
  other.weightSparsity.density = 0.5;
  EXPECT_NE(hashOf(base), hashOf(other));
  other = base;
  other.hasBias = true;
  EXPECT_NE(hashOf(base), hashOf(other));
}

}  // namespace
}  // namespace wattlas
