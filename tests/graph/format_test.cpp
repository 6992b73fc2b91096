#include "workloads/graph/format.h"

#include <gmock/gmock.h>

#include "tests/graph/workload_fixture.h"

namespace wattlas {
namespace {

using testing::errorOf;
using ::testing::HasSubstr;

TEST(Formats, NameAppliesToWeightsActivationsAndKvCache) {
  const TensorFormats f = parseTensorFormats("int8");
  EXPECT_EQ(f.weight.name, "int8");
  EXPECT_EQ(f.activation.name, "int8");
  EXPECT_EQ(f.kv.name, "int8");
  EXPECT_EQ(f.accumulator.name, "int32");
}

TEST(Formats, FloatsAccumulateInFp32) {
  for (const char* name : {"fp32", "fp16", "bf16", "fp8-e4m3", "fp8-e5m2", "fp4-e2m1", "w4a16"})
    EXPECT_EQ(parseTensorFormats(name).accumulator.name, "fp32") << name;
}

TEST(Formats, TernaryMeansW158A8Kv8) {
  EXPECT_EQ(parseTensorFormats("ternary"), parseTensorFormats("w1.58a8kv8"));
  const TensorFormats f = parseTensorFormats("ternary");
  EXPECT_EQ(f.weight.kind, NumberKind::ternary);
  EXPECT_EQ(f.weight.bits, 2);  // stored
  EXPECT_DOUBLE_EQ(f.weight.nominalBits, 1.58);
  EXPECT_EQ(f.activation.name, "int8");
}

TEST(Formats, WidthsOfEachTensor) {
  const TensorFormats f = parseTensorFormats("w13a7kv4acc24");
  EXPECT_EQ(f.weight.bits, 13);
  EXPECT_EQ(f.activation.bits, 7);
  EXPECT_EQ(f.kv.bits, 4);
  EXPECT_EQ(f.accumulator.bits, 24);
  EXPECT_EQ(f.name, "w13a7kv4acc24");
}

TEST(Formats, KvFollowsTheActivations) {
  EXPECT_EQ(parseTensorFormats("w4a16").kv.name, "fp16");
  EXPECT_EQ(parseTensorFormats("w4a8").kv.name, "int8");
}

TEST(Formats, SixteenAndThirtyTwoBitsAreFloatsAndOneIsBinary) {
  EXPECT_EQ(parseTensorFormats("w16a32").weight.name, "fp16");
  EXPECT_EQ(parseTensorFormats("w16a32").activation.name, "fp32");
  EXPECT_EQ(parseTensorFormats("w1a8").weight.kind, NumberKind::binary);
  // Sums of integer products stay integers whatever their width.
  EXPECT_EQ(parseTensorFormats("w8a8acc16").accumulator.name, "int16");
  EXPECT_EQ(parseTensorFormats("w4a16acc16").accumulator.name, "fp16");
}

TEST(Formats, EveryNamedFormatReadsBack) {
  EXPECT_EQ(namedFormats().size(), 12u);
  for (const NumberFormat& f : namedFormats()) {
    EXPECT_EQ(parseNumberFormat(f.name), f);
    EXPECT_EQ(parseTensorFormats(f.name).weight, f);
    EXPECT_FALSE(describe(f).empty());
    EXPECT_EQ(f.isFloat() ? 1 + f.exponentBits + f.mantissaBits : f.bits, f.bits) << f.name;
  }
}

TEST(Formats, BadTextsAreRefused) {
  for (const char* text :
       {"", "w", "w4", "a8", "w4a", "w0a8", "w33a8", "w1.5a8", "w4a8kv", "w4a8x", "w4a8acc", "4",
        "w4a8acc32kv8", "w-4a8", "W4A8", "w99999999999999999999a8", "w4 a8", "int9"})
    EXPECT_THAT(errorOf([&] { parseTensorFormats(text); }), HasSubstr("w4a8kv8")) << text;
}

TEST(Formats, MisspeltNameGetsASuggestion) {
  EXPECT_THAT(errorOf([] { parseTensorFormats("fp8-e4m4"); }),
              HasSubstr("did you mean 'fp8-e4m3'?"));
  EXPECT_THAT(errorOf([] { parseNumberFormat("binry"); }), HasSubstr("did you mean 'binary'?"));
}

}  // namespace
}  // namespace wattlas
