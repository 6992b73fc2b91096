#include "explorer/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "models/metric.h"

namespace wattlas {
namespace {

using testing::HasSubstr;

Symbols names() {
  Symbols s;
  s.add({"x", 0, {ValueType::Kind::number, std::nullopt, false}});
  s.add({"clock", 1, {ValueType::Kind::number, Dimension::frequency, false}});
  s.add({"platform", 2, {ValueType::Kind::text, std::nullopt, false}});
  s.add({"gone", 3, {}});
  s.add({"time_s", 4, {ValueType::Kind::number, Dimension::time, true}});
  s.add({"layers[2].cout", 5, {ValueType::Kind::number, std::nullopt, false}});
  s.add({"fits(device)", 6, {ValueType::Kind::boolean, std::nullopt, false}});
  s.add({"peak_bytes", 7, {ValueType::Kind::number, Dimension::information, true}});
  return s;
}

/// x = 3, clock = "400 MHz", platform = "alpha", gone absent, time_s = 0.005, cout = 16.
Value lookup(int slot) {
  switch (slot) {
    case 0:
      return Value::ofNumber(3);
    case 1:
      return {Value::Kind::text, 4e8, true, "400 MHz"};
    case 2:
      return {Value::Kind::text, 0, false, "alpha"};
    case 4:
      return Value::ofNumber(0.005);
    case 5:
      return Value::ofNumber(16);
    case 6:
      return Value::ofBoolean(true);
    case 7:
      return Value::ofNumber(3.0 * 1048576);
    default:
      return {};
  }
}

Value valueOf(const std::string& source) {
  return Expression::compile(source, names()).evaluate(lookup);
}
double number(const std::string& source) {
  const Value v = valueOf(source);
  return v.kind == Value::Kind::number ? v.number : std::nan("");
}
/// 1 true, 0 false, -1 none.
int truth(const std::string& source) {
  const Value v = valueOf(source);
  return v.kind == Value::Kind::boolean ? static_cast<int>(v.number) : -1;
}
std::string errorOf(const std::string& source) {
  try {
    Expression::compile(source, names());
    return {};
  } catch (const ExpressionError& error) {
    return error.problem({"s.yaml", 4}, "k", source).text();
  }
}

TEST(Expression, ArithmeticFollowsPrecedence) {
  EXPECT_EQ(number("1 + 2 * x"), 7);
  EXPECT_EQ(number("(1 + 2) * x"), 9);
  EXPECT_EQ(number("-x + 10 / 4"), -0.5);
  EXPECT_EQ(number("2 - 3 - 4"), -5);
  EXPECT_EQ(number("max(x, 5, 2) - min(1, x) + abs(-2)"), 6);
  EXPECT_EQ(number("ceil(x / 2) + floor(x / 2) + log2(8) + sqrt(16) + round(2.4)"), 12);
  EXPECT_EQ(number("layers[2].cout * 2"), 32);
}

TEST(Expression, ComparisonsAndLogic) {
  EXPECT_EQ(truth("x == 3 and not x > 4"), 1);
  EXPECT_EQ(truth("x < 3 or x >= 3"), 1);
  EXPECT_EQ(truth("x != 3"), 0);
  EXPECT_EQ(truth("platform in ['beta', 'alpha']"), 1);
  EXPECT_EQ(truth("platform not in [\"beta\"]"), 1);
  EXPECT_EQ(truth("not platform == 'beta'"), 1);
  EXPECT_EQ(truth("fits(device) and true"), 1);
}

TEST(Expression, UnitsAreConverted) {
  EXPECT_EQ(truth("clock == 0.4 GHz"), 1);
  EXPECT_EQ(truth("clock < 450MHz"), 1);
  EXPECT_EQ(truth("clock in ['400 MHz', '500 MHz']"), 1);
  EXPECT_EQ(truth("time_s < 6 ms"), 1);
  EXPECT_EQ(truth("time_s < 0.006"), 1) << "the unit is in the metric's name";
  EXPECT_EQ(truth("peak_bytes == 3 MiB"), 1) << "information counts in bytes";
  EXPECT_EQ(number("12 %"), 0.12);
}

TEST(Expression, AbsentThingsMakeNoStatement) {
  EXPECT_EQ(truth("gone > 3"), -1);
  EXPECT_EQ(truth("gone == 'a'"), -1);
  EXPECT_EQ(truth("gone in ['a']"), -1);
  EXPECT_EQ(truth("not gone > 3"), -1);
  EXPECT_EQ(truth("gone > 3 or x == 3"), 1);
  EXPECT_EQ(truth("gone > 3 and x == 4"), 0);
  EXPECT_EQ(truth("gone > 3 and x == 3"), -1);
  EXPECT_EQ(truth("gone == none and x != none"), 1);
  EXPECT_EQ(valueOf("1 / (x - 3)").kind, Value::Kind::undefined) << "division by zero";
  EXPECT_EQ(valueOf("sqrt(0 - x)").kind, Value::Kind::undefined);
  EXPECT_EQ(valueOf("1e308 * 10 < 5 and x == 3").kind, Value::Kind::undefined);
  EXPECT_EQ(truth("x == 4 and sqrt(0 - x) > 0"), 0) << "decided without it";
}

TEST(Expression, ErrorsNamePositionExpectationAndRemedy) {
  EXPECT_EQ(errorOf("x <"), "s.yaml:4: k: 'x <': column 4: ends too early (expected a value)");
  EXPECT_THAT(errorOf("platfrom == 'a'"), HasSubstr("column 1: unknown name 'platfrom'"));
  EXPECT_THAT(errorOf("platfrom == 'a'"), HasSubstr("did you mean 'platform'?"));
  EXPECT_THAT(errorOf("mx(1, 2)"), HasSubstr("unknown function 'mx'"));
  EXPECT_THAT(errorOf("x = 3"), HasSubstr("column 3: '=' is not an operator here (expected '=='"));
  EXPECT_THAT(errorOf("x && x"), HasSubstr("expected 'and'"));
  EXPECT_THAT(errorOf("!x"), HasSubstr("expected 'not'"));
  EXPECT_THAT(errorOf("1 < x < 5"), HasSubstr("cannot be chained"));
  EXPECT_THAT(errorOf("x in []"), HasSubstr("the list is empty"));
  EXPECT_THAT(errorOf("x in 3"), HasSubstr("expected a list"));
  EXPECT_THAT(errorOf("(x"), HasSubstr("unexpected end (expected ')')"));
  EXPECT_THAT(errorOf("x x"), HasSubstr("column 3: unexpected 'x'"));
  EXPECT_THAT(errorOf("'abc"), HasSubstr("a text is not closed"));
  EXPECT_THAT(errorOf("3 foo"), HasSubstr("'foo' after a number is no unit"));
  EXPECT_THAT(errorOf("1.2.3 < x"), HasSubstr("'1.2.3' is not a number"));
  EXPECT_THAT(errorOf("x # 3"), HasSubstr("unexpected '#'"));
  EXPECT_THAT(errorOf(""), HasSubstr("is empty"));
  EXPECT_THAT(errorOf("abs(1, 2)"), HasSubstr("abs() has 2 arguments (expected one)"));
  EXPECT_THAT(errorOf("fits(3)"), HasSubstr("fits() takes a name"));
}

TEST(Expression, TypeMistakesAreFoundBeforeAnythingRuns) {
  EXPECT_THAT(errorOf("clock < 400"), HasSubstr("a quantity meets a number without unit"));
  EXPECT_EQ(errorOf("clock > 0"), "") << "zero has every unit";
  EXPECT_THAT(errorOf("clock < 4 ms"), HasSubstr("different units"));
  EXPECT_THAT(errorOf("clock + x"), HasSubstr("without unit"));
  EXPECT_THAT(errorOf("platform < 3"), HasSubstr("a text stands where it cannot"));
  EXPECT_THAT(errorOf("platform == 3"), HasSubstr("compares a text with a number"));
  EXPECT_THAT(errorOf("x and x"), HasSubstr("a number stands where it cannot"));
  EXPECT_THAT(errorOf("-platform == 3"), HasSubstr("expected a number after '-'"));
}

TEST(Expression, HugeAndDeepInputIsRefused) {
  EXPECT_THAT(errorOf(std::string(5000, '1')), HasSubstr("longer than 4096"));
  EXPECT_THAT(errorOf(std::string(1000, '(') + "1" + std::string(1000, ')')),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(errorOf(std::string(1000, '-') + "1"), HasSubstr("nested too deeply"));
}

TEST(Expression, RandomTextNeverCrashes) {
  const std::string alphabet = "x<>=!()[],'\" 0123.MHz+-*/andortif%_\t#";
  std::uint64_t state = 1;
  int valid = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string source;
    for (int k = 0; k < 12; ++k) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      source += alphabet[(state >> 33) % alphabet.size()];
    }
    try {
      Expression::compile(source, names()).evaluate(lookup);
      ++valid;
    } catch (const ExpressionError&) {
    }
  }
  EXPECT_GT(valid, 0);
}

TEST(Metric, NamesAreUniqueAndCoreOnesComeFirst) {
  std::set<std::string> seen;
  for (const Metric& metric : allMetrics()) EXPECT_TRUE(seen.insert(metric.name).second);
  EXPECT_EQ(findMetric("time_s"), metricTime);
  EXPECT_EQ(findMetric("fits(device)"), metricFits);
  EXPECT_EQ(findMetric("energy_breakdown_j.compute"), metricBreakdown);
  EXPECT_EQ(*findMetric("prefill.time_s"), coreMetricCount);
  EXPECT_FALSE(findMetric("time"));
}

TEST(Metric, ComesFromTheResultAndIsUnknownWithoutIt) {
  RunResult r;
  r.timeS = 2;
  r.phases = {{"decode", 1.5, 3, 10, 6.5, 0.3}};
  EXPECT_EQ(metricOf(r, metricTime), 2);
  EXPECT_EQ(metricOf(r, *findMetric("decode.tokens_per_s")), 6.5);
  EXPECT_EQ(metricOf(r, metricEnergyPerToken), 0.3);
  EXPECT_TRUE(std::isnan(metricOf(r, *findMetric("prefill.time_s"))));
  EXPECT_TRUE(std::isnan(metricOf(r, metricArea))) << "0 means unknown";
  r.feasible = false;
  EXPECT_TRUE(std::isnan(metricOf(r, metricTime)));
}

}  // namespace
}  // namespace wattlas
