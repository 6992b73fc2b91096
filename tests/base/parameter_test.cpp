// Does one declaration read, check and describe a configuration, with every message people need?
#include "models/base/parameter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace wattlas {
namespace {

struct Engine {
  Sourced<Hertz> clock;
  Sourced<JoulesPerBit> energy;
  std::int64_t lanes = 0;
  std::string mode;
  bool fast = false;
  void bind(Binder& b) {
    b.quantity("clock", clock, {.min = 1e6, .max = 5e9}, "Clock");
    b.quantity("energy", energy, {.min = 0, .fallback = "1 pJ/bit"}, "Energy of a bit");
    b.integer("lanes", lanes, {.min = 1, .max = 64, .fallback = "8"}, "Lanes");
    b.choice("mode", mode, {"serial", "parallel"}, {.fallback = "serial"}, "Mode");
    b.flag("fast", fast, {.fallback = "false"}, "Fast");
  }
};

struct Bottleneck {
  Engine engine;
  ResolvedConfig config;
  std::string problems;
};

Bottleneck bindText(const std::string& yaml) {
  Bottleneck out;
  Problems problems;
  const ConfigNode tree = parseYaml(yaml, "e.yaml");
  out.config = bindConfig(tree, "device", problems, [&](Binder& b) { out.engine.bind(b); });
  for (const Problem& p : problems.list()) out.problems += p.text() + "\n";
  return out;
}

TEST(Binder, ReadsValuesWithOriginAndRange) {
  const Bottleneck b = bindText(
      "clock: 350 MHz\nenergy: {value: 0.95 pJ/bit, low: 0.55 pJ/bit, high: 1.56 pJ/bit, source: "
      "'a paper', basis: published}\n");
  EXPECT_EQ(b.problems, "");
  EXPECT_DOUBLE_EQ(b.engine.clock.value.value, 350e6);
  EXPECT_DOUBLE_EQ(b.engine.energy.low.value, 0.55e-12);
  EXPECT_EQ(b.engine.energy.basis, Basis::published);
  EXPECT_EQ(b.engine.energy.source, "a paper");
}

TEST(Binder, SectionOriginIsInherited) {
  const Bottleneck b = bindText("source: data sheet\nbasis: published\nclock: 1 GHz\n");
  EXPECT_EQ(b.problems, "");
  EXPECT_EQ(b.engine.clock.source, "data sheet");
  EXPECT_EQ(b.engine.clock.basis, Basis::published);
}

TEST(Binder, DefaultsAreAssumptionsAndPartOfTheCompleteTree) {
  const Bottleneck b = bindText("clock: 1 GHz\n");
  EXPECT_EQ(b.engine.energy.basis, Basis::assumption);
  EXPECT_NE(b.config.complete.find("energy"), nullptr);
  EXPECT_EQ(b.config.complete.find("lanes")->scalar(), "8");
}

TEST(Binder, CompleteTreeReadsBackTheSame) {
  const Bottleneck b = bindText("clock: {value: 1 GHz, low: 0.9 GHz, high: 1.1 GHz}\nlanes: 4\n");
  const Bottleneck again = bindText(b.config.complete.toYaml());
  EXPECT_EQ(again.problems, "");
  EXPECT_EQ(again.config.complete.hash(), b.config.complete.hash());
}

TEST(Binder, UnknownKeysGetASuggestion) {
  EXPECT_EQ(bindText("clock: 1 GHz\nclok: 2\n").problems,
            "e.yaml:2: device.clok: unknown key (expected one of clock, energy, fast, lanes, mode; "
            "did you mean 'clock'?)\n");
}

TEST(Binder, MissingKeysAreNamed) {
  EXPECT_EQ(bindText("lanes: 2\n").problems,
            "e.yaml:1: device.clock: missing (expected a frequency such as '350 MHz')\n");
}

TEST(Binder, WrongUnitsAreNamed) {
  EXPECT_EQ(bindText("clock: 3 ns\n").problems,
            "e.yaml:1: device.clock: unknown unit 'ns' (expected a frequency such as '350 "
            "MHz')\n");
}

TEST(Binder, RangesAreChecked) {
  EXPECT_EQ(bindText("clock: 1 GHz\nlanes: 100\n").problems,
            "e.yaml:2: device.lanes: 100 is out of range (expected 1 to 64)\n");
}

TEST(Binder, IntervalsMustHoldTheirValue) {
  EXPECT_NE(bindText("clock: {value: 1 GHz, low: 2 GHz, high: 3 GHz}\n")
                .problems.find("outside its own low..high"),
            std::string::npos);
}

TEST(Binder, BasisMustBeKnown) {
  EXPECT_NE(bindText("clock: {value: 1 GHz, basis: guessed}\n").problems.find("is not a basis"),
            std::string::npos);
}

TEST(Binder, WrongWordsGetASuggestion) {
  EXPECT_NE(bindText("clock: 1 GHz\nmode: seriell\n").problems.find("did you mean 'serial'?"),
            std::string::npos);
  EXPECT_NE(bindText("clock: 1 GHz\nfast: maybe\n").problems.find("true or false"),
            std::string::npos);
}

TEST(Binder, AllProblemsAreCollected) {
  const std::string text = bindText("lanes: 0\nmode: x\nzzz: 1\n").problems;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4) << text;
}

TEST(Binder, SectionsAreSections) {
  Problems problems;
  const ConfigNode tree = parseYaml("part: 3\n", "e.yaml");
  bindConfig(tree, {}, problems, [](Binder& b) { b.section("part", "", [](Binder&) {}); });
  ASSERT_EQ(problems.list().size(), 1u);
  EXPECT_EQ(problems.list()[0].text(),
            "e.yaml:1: part: is not a section (expected nested keys below it)");
}

TEST(Schema, ListsFieldsRequiredKeysAndDefaults) {
  const auto schema =
      nlohmann::json::parse(schemaOf("engine", [](Binder& b) { Engine().bind(b); }));
  EXPECT_EQ(schema["required"], nlohmann::json({"clock"}));
  EXPECT_EQ(schema["properties"]["lanes"]["default"], "8");
  EXPECT_EQ(schema["properties"]["mode"]["enum"].size(), 2u);
  EXPECT_EQ(schema["additionalProperties"], false);
}

TEST(Range, MagnitudesThatNothingHasAreRefusedWithTheRange) {
  const auto complaintOf = [](const std::string& yaml) {
    Problems problems;
    Sourced<JoulesPerBit> energy;
    Sourced<Hertz> clock;
    bindConfig(parseYaml(yaml, "f.yaml"), {}, problems, [&](Binder& b) {
      b.quantity("energy", energy, {.fallback = "1 pJ/bit"}, "an energy");
      b.quantity("clock", clock, {.fallback = "1 MHz"}, "a clock");
    });
    return problems.empty() ? std::string() : problems.list().front().text();
  };
  EXPECT_EQ(complaintOf("energy: 1e308 pJ/bit"),
            "f.yaml:1: energy: 1e+296 J/bit is out of range (expected a magnitude of at most 1 "
            "J/bit)");
  EXPECT_NE(complaintOf("clock: 1e-300 Hz").find("at least 1e-06 Hz"), std::string::npos);
  EXPECT_EQ(complaintOf("energy: 0.9 pJ/bit"), "");
}

}  // namespace
}  // namespace wattlas
