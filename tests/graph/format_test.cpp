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
  for (const NumberFormat& f : namedFormats()) {
    EXPECT_EQ(parseNumberFormat(f.name), f);
    EXPECT_EQ(parseTensorFormats(f.name).weight, f);
    EXPECT_FALSE(describe(f).empty());
    if (f.isFloat() && f.name != "tf32") {
      EXPECT_EQ(1 + f.exponentBits + f.mantissaBits, f.bits) << f.name;
    }
  }
}

TEST(Formats, GroupsHaveAScaleAndBesideFloatsAZeroPoint) {
  const TensorFormats integers = parseTensorFormats("w4g128a8"),
                      floats = parseTensorFormats("W4G128A16");
  EXPECT_EQ(denseBits(integers.weight, 1, 4096), 4096 * 4 + 32 * 16);
  EXPECT_EQ(denseBits(floats.weight, 1, 4096), 4096 * 4 + 32 * 20);
  EXPECT_EQ(denseBits(floats.weight, 2, 130), 2 * (130 * 4 + 2 * 20));  // the last is no whole one
  EXPECT_EQ(parseNumberFormat("int4g128z"), floats.weight);
}

TEST(Formats, BlocksHaveTheBytesOfTheirFiles) {
  const struct {
    const char* name;
    double bits;
  } known[] = {{"q4_0", 4.5},       {"q4_1", 5},         {"q5_0", 5.5},     {"q5_1", 6},
               {"q8_0", 8.5},       {"q2_k", 2.625},     {"q3_k", 3.4375},  {"q4_k", 4.5},
               {"q5_k", 5.5},       {"q6_k", 6.5625},    {"iq4_nl", 4.5},   {"iq4_xs", 4.25},
               {"iq3_s", 3.4375},   {"iq3_xxs", 3.0625}, {"iq2_s", 2.5625}, {"iq2_xs", 2.3125},
               {"iq2_xxs", 2.0625}, {"iq1_m", 1.75},     {"iq1_s", 1.5625}, {"tq1_0", 1.6875},
               {"tq2_0", 2.0625},   {"mxfp4", 4.25},     {"mxfp6", 6.25},   {"mxfp8", 8.25},
               {"nf4", 4.5}};
  for (const auto& f : known)
    EXPECT_EQ(denseBits(parseNumberFormat(f.name), 10, 2560), 25600 * f.bits) << f.name;
  EXPECT_EQ(denseBits(parseNumberFormat("nvfp4"), 10, 2560), 25600 * 4.5 + 32);
  EXPECT_NEAR(denseBits(parseNumberFormat("nf4-dq"), 1024, 1024) / (1 << 20), 4.127, 5e-4);
  EXPECT_EQ(denseBits(parseNumberFormat("ternary5"), 1, 20), 4 * 8);
  EXPECT_EQ(storedAs(parseNumberFormat("q4_k"), 96).name, "q5_0");
  EXPECT_EQ(storedAs(parseNumberFormat("q4_k"), 72).name, "fp16");
}

TEST(Formats, BadTextsAreRefused) {
  for (const char* text : {"",        "w",     "w4",           "a8",     "w4a",
                           "w0a8",    "w33a8", "w1.5a8",       "w4a8kv", "w4a8x",
                           "w4a8acc", "4",     "w4a8acc32kv8", "w-4a8",  "w99999999999999999999a8",
                           "w4 a8",   "int17", "w4ga8",        "w4g1a8", "w16g32a16",
                           "int4g32"})
    EXPECT_THAT(errorOf([&] { parseTensorFormats(text); }), HasSubstr("w4a8kv8")) << text;
}

TEST(Formats, MisspeltNameGetsASuggestion) {
  EXPECT_THAT(errorOf([] { parseTensorFormats("fp8-e4m4"); }),
              HasSubstr("did you mean 'fp8-e4m3'?"));
  EXPECT_THAT(errorOf([] { parseNumberFormat("binry"); }), HasSubstr("did you mean 'binary'?"));
}

}  // namespace
}  // namespace wattlas
