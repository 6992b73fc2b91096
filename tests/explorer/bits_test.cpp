#include "explorer/bits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/explorer/study_text.h"

namespace wattlas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Bits, NoiseOfAUniformQuantiserIsTheTabulatedOne) {
  // J. Max 1960, table II: 2, 3, 4, 8, 16 and 32 output levels.
  EXPECT_NEAR(quantisationNoise(parseNumberFormat("binary")), 0.3634, 1e-4);
  EXPECT_NEAR(quantisationNoise(parseNumberFormat("ternary")), 0.1902, 1e-4);
  EXPECT_NEAR(quantisationNoise(parseNumberFormat("int2")), 0.1188, 1e-4);
  EXPECT_NEAR(quantisationNoise(parseNumberFormat("int4")), 0.01154, 1e-5);
  // Beyond the table: below the asymptote 4 ln N / (3 N^2) of Hui and Neuhoff 2001 (it comes down
  // to the optimum slowly), above a quantiser without overload from -4 to 4 sigma less its margin.
  const double eight = quantisationNoise(parseNumberFormat("int8"));
  EXPECT_LT(eight, 4 * std::log(256.0) / (3 * 65536));
  EXPECT_GT(eight, 64.0 / 65536 / 12 * 0.9);
}

TEST(Bits, MoreBitsNeverAddNoise) {
  double last = 1;
  for (const char* name : {"binary", "ternary", "int2", "int4", "int8", "int16"}) {
    const double noise = quantisationNoise(parseNumberFormat(name));
    EXPECT_LT(noise, last) << name;
    last = noise;
  }
  EXPECT_LT(quantisationNoise(std::string("w4a16")), quantisationNoise(std::string("w4a8")));
}

TEST(Bits, TheLagrangianPathIsOptimalForEveryPriceOfNoise) {
  const std::vector<std::vector<double>> cost = {{1, 2, 5}, {3, 4, 4.5}, {2, 9, 10}};
  const std::vector<std::vector<double>> noise = {{9, 4, 1}, {8, 5, 1}, {6, 5, 2}};
  const auto path = lagrangianPath(cost, noise);
  EXPECT_THAT(path.front(), ElementsAre(0, 0, 0));
  EXPECT_THAT(path.back(), ElementsAre(2, 2, 2));
  for (double price = 0.01; price < 10; price *= 1.07) {
    const auto total = [&](const std::vector<std::size_t>& choice) {
      double sum = 0;
      for (std::size_t l = 0; l < 3; ++l) sum += cost[l][choice[l]] + price * noise[l][choice[l]];
      return sum;
    };
    double best = 1e30, onPath = 1e30;
    for (std::size_t i = 0; i < 27; ++i) best = std::min(best, total({i / 9, i / 3 % 3, i % 3}));
    for (const auto& choice : path) onPath = std::min(onPath, total(choice));
    EXPECT_NEAR(onPath, best, 1e-12) << price;
  }
}

TEST(Bits, ADominatedFormatIsNeverChosen) {
  // The middle format costs more and adds more noise than the last.
  for (const auto& choice : lagrangianPath({{1, 5, 4}}, {{9, 3, 2}})) EXPECT_NE(choice[0], 1u);
}

TEST(Bits, AnExpressionKnowsTheNoiseOfFormats) {
  const Study s =
      test::study(test::studyText("  f: {categorical: [int8, int4]}\n",
                                  "derived: {sqnr_db: \"-3.010299956639812 * log2(noise(f))\"}\n"));
  const double eight = slotValue(s, {0, {0, 0}}, s.slots.firstDerived()).number;
  const double four = slotValue(s, {0, {0, 1}}, s.slots.firstDerived()).number;
  EXPECT_NEAR(four, -10 * std::log10(2 * 0.01154), 0.01);
  EXPECT_GT(eight, four + 15);
  EXPECT_THAT(
      test::problemsOf(test::studyText("  x: {ordinal: [1, 2]}\n", "derived: {d: \"noise(x)\"}\n")),
      HasSubstr("format names"));
}

const char* const layered =
    "workloads: [ecg-dscnn1d]\nbits: {formats: [w8a8, w4a8]}\n"
    "genes: {platform: {categorical: [alpha]}}\n"
    "objectives: [{minimise: time_s}, {maximise: sqnr_db}]\n";

SearchPath library() {
  return SearchPath({WATTLAS_TEST_SOURCE_ROOT});
}

TEST(Bits, EveryLayerWithWeightsBecomesAParameter) {
  const ConfigNode tree = expandBits(parseYaml(layered, "study.yaml"), library());
  const Study s = compileStudy(tree, "study.yaml");
  EXPECT_EQ(s.parameters.size(), 10u) << "platform, eight convolutions, a classifier";
  EXPECT_GE(s.parameterIndex("workload.formats.block1_dw"), 0);
  EXPECT_TRUE(s.bits);
  EXPECT_EQ(expandBits(tree, library()).toYaml(), tree.toYaml()) << "once is enough";
}

TEST(Bits, UnknownLayersAndFormatsAreExplained) {
  const auto problem = [](std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    try {
      (void)expandBits(parseYaml(text, "study.yaml"), library());
      return std::string();
    } catch (const InputError& error) {
      return std::string(error.what());
    }
  };
  EXPECT_THAT(problem(layered, "[w8a8, w4a8]", "[w8a8, w4a8], layers: [block1_dv]"),
              HasSubstr("block1_dw"));
  EXPECT_THAT(problem(layered, "[w8a8, w4a8]", "[w8a8]"), HasSubstr("at least two"));
  EXPECT_THAT(problem(layered, "formats", "formts"), HasSubstr("formats"));
  EXPECT_THAT(problem(layered, "[ecg-dscnn1d]", "[ecg-dscnn1d, jet-mlp]"),
              HasSubstr("one workload"));
}

}  // namespace
}  // namespace wattlas
