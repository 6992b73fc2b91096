// Workloads written operator by operator, and micro workloads.
#include <gmock/gmock.h>

#include "tests/graph/workload_fixture.h"

namespace wattlas {
namespace {

using testing::errorOf;
using testing::find;
using testing::fromText;
using ::testing::HasSubstr;
using testing::make;

const char* const listed = R"(
generator: operators
title: Two products
format: int8
operators:
  - {name: up, kind: gemm, dims: {M: 2, N: 8, K: 4}, bias: true, count: 5,
     tensors: {weight: int4}, sparsity: {pattern: nm, n: 1, m: 4}}
  - {name: act, kind: activation, variant: silu_mul, dims: {M: 2, N: 4}}
  - {name: sum, kind: add, dims: {M: 2, N: 8}, inputs: [up, input]}
  - {name: sdpa, kind: attention, phase: decode, grows: true,
     dims: {heads: 4, kv_heads: 2, head_dim: 8, keys: 17}, format: w8a8kv4}
)";

TEST(Operators, DimensionsFormatsAndCountsAsListed) {
  const Workload w = fromText(listed, {"batch=3", "generate=6"});
  const Operator& up = find(w.phases[0], "up");
  EXPECT_EQ(up.dims[Dim::M], 6);
  EXPECT_EQ(up.count, 5);
  EXPECT_EQ(up.formats.weight.name, "int4");
  EXPECT_EQ(up.formats.activation.name, "int8");
  EXPECT_EQ(up.weightSparsity.m, 4);
  EXPECT_TRUE(up.hasBias);
  EXPECT_EQ(find(w.phases[0], "act").variant, OpVariant::siluMul);
}

TEST(Operators, PhasesAndSteps) {
  const Workload w = fromText(listed, {"batch=3", "generate=6"});
  ASSERT_EQ(w.phases.size(), 2u);
  EXPECT_EQ(w.phases[1].kind, PhaseKind::decode);
  EXPECT_EQ(w.phases[1].repeat, 6);
  EXPECT_EQ(find(w.phases[1], "sdpa").dims[Dim::batch], 3);
  EXPECT_EQ(atStep(find(w.phases[1], "sdpa"), 5).dims[Dim::keys], 22);
  EXPECT_EQ(find(w.phases[1], "sdpa").formats.kv.bits, 4);
}

TEST(Operators, InputsAreEdges) {
  const Workload w = fromText(listed);
  EXPECT_EQ(w.phases[0].graph.producers(1).size(), 1u);  // act follows up
  EXPECT_EQ(w.phases[0].graph.producers(2).at(0), 0);    // sum reads up, not act
}

TEST(Operators, ProblemsNamePlaceAndKey) {
  const auto error = [](const std::string& entry) {
    return errorOf([&] { fromText("generator: operators\noperators:\n  - " + entry); });
  };
  EXPECT_THAT(error("{name: a, kind: gemm, dims: {cin: 3}}"),
              HasSubstr("test.yaml:3: workload.operators[0].dims.cin: is no dimension of gemm"));
  EXPECT_THAT(error("{name: a, kind: norm, dims: {N: 3}}"), HasSubstr("norm needs a variant"));
  EXPECT_THAT(error("{name: a, kind: gem}"), HasSubstr("did you mean 'gemm'?"));
  EXPECT_THAT(error("{name: a, grows: true}"), HasSubstr("only a decode phase has steps"));
  EXPECT_THAT(error("{name: a, inputs: [b]}"), HasSubstr("no operator above is named 'b'"));
  EXPECT_THAT(error("{name: a, tensors: {weight: int17}}"), HasSubstr("'int17' is not known"));
  EXPECT_THAT(error("{name: a, kind: conv1d, dims: {width: 3, kernel_width: 4}}"),
              HasSubstr("test.yaml:3: workload.operators[0]"));
  EXPECT_THAT(error("{name: a}\n  - {name: a}"), HasSubstr("the name is taken"));
}

TEST(Micro, Gemv) {
  const Workload w = make("gemv:4096x1024", {"batch=2"});
  const Operator& op = w.phases.at(0).graph.at(0);
  EXPECT_EQ(op.kind, OpKind::gemm);
  EXPECT_EQ(op.dims[Dim::M], 2);
  EXPECT_EQ(op.dims[Dim::N], 4096);
  EXPECT_EQ(op.dims[Dim::K], 1024);
  EXPECT_EQ(w.family, "micro");
  EXPECT_EQ(w.id, "gemv:4096x1024");
}

TEST(Micro, GemmConvAndAttention) {
  const Operator gemm = make("gemm:2x3x5").phases[0].graph.at(0);
  EXPECT_EQ(costOf(gemm).macs, 30);
  EXPECT_EQ(gemm.dims[Dim::K], 5);
  const Operator conv = make("conv1d:3750x2x8x8").phases[0].graph.at(0);
  EXPECT_EQ(outputWidth(conv), 3743);
  EXPECT_EQ(conv.dims[Dim::cout], 8);
  const Operator attn = make("attn:2x32x8x128x2048").phases[0].graph.at(0);
  EXPECT_EQ(costOf(attn).macs, 2LL * 2 * 32 * 2048 * 128);
  EXPECT_EQ(attn.dims[Dim::kvHeads], 8);
  EXPECT_EQ(attn.dims[Dim::queries], 1);
}

TEST(Micro, BadShapesAreRefused) {
  for (const char* text : {"gemv:", "gemv:4", "gemv:4x", "gemv:4x4x4", "gemv:0x4", "gemv:-4x4",
                           "gemv:ax4", "gemv:4x4 ", "gemv:x4", "gemm:4x4", "attn:1x2x3x4",
                           "gemv:99999999999999999999x4", "gemv:4.5x4"})
    EXPECT_THAT(errorOf([&] { make(text); }), HasSubstr("not a micro workload")) << text;
  EXPECT_THAT(errorOf([] { make("attn:1x6x4x8x8"); }), HasSubstr("do not divide"));
}

}  // namespace
}  // namespace wattlas
