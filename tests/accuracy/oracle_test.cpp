// Who says how often a network is right, and what happens when nobody can?
#include "accuracy/oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "tests/accuracy/nearest_mean.h"

namespace wattlas {
namespace {

using test::experimentOf;
using test::optionsOf;
using testing::HasSubstr;

AccuracyResult ask(const std::string& workload, const std::string& section,
                   const std::vector<std::string>& sets = {}) {
  return makeOracle(optionsOf(workload, section), dataPath())->of(experimentOf(workload, sets));
}

const std::string measured = "{measured: {data: generated-keywords, samples: 300}}";

TEST(Measured, ComesFromTheWeightsAndIsNotThereWithoutThem) {
  const test::Folder folder;
  const std::string workload = folder.write("means.yaml", test::description);
  EXPECT_EQ(ask(workload, measured).kind, "none");
  NumpyArchive weights = test::meanWeights();
  folder.write("means.npz", npzBytes(weights));
  const AccuracyResult right = ask(workload, measured);
  EXPECT_EQ(right.kind, "measured");
  EXPECT_GT(*right.value, 0.6);
  EXPECT_NEAR(*right.se, std::sqrt(*right.value * (1 - *right.value) / 300), 1e-12);
  EXPECT_THAT(right.source, HasSubstr("validation"));
  const std::string before = optionsOf(workload, measured).inputs;
  std::vector<float> flat(static_cast<std::size_t>(weights["out.weight"].size()), 0.0f);
  weights["out.weight"] = NumpyArray::of(flat, weights["out.weight"].shape);
  folder.write("means.npz", npzBytes(weights));
  EXPECT_LT(*ask(workload, measured).value, 0.3);
  EXPECT_NE(optionsOf(workload, measured).inputs, before)
      << "another study for caches and journals";
}

TEST(Measured, BatchChangesNothingAndBitsDo) {
  const test::Folder folder;
  const std::string workload = folder.write("means.yaml", test::description);
  folder.write("means.npz", npzBytes(test::meanWeights()));
  const double whole = *ask(workload, measured).value;
  EXPECT_EQ(*ask(workload, measured, {"batch=16"}).value, whole);
  EXPECT_NE(*ask(workload, measured, {"formats.out=w2a8"}).value, whole);
}

TEST(Table, HoldsForTheNetworkOfItsRowAlone) {
  const test::Folder folder;
  const std::string table =
      "{table: {file: " +
      folder.write("t.csv",
                   "workload,format,sparsity.pattern,sparsity.density,accuracy,"
                   "source\nresnet18,int4,,,0.6845,HAWQ-V3 model zoo\n"
                   "resnet18,int8,unstructured,0.5,0.70,own\n") +
      "}}";
  EXPECT_EQ(ask("resnet18", table, {"format=int4", "batch=8"}).value, 0.6845);
  EXPECT_EQ(ask("resnet18", table, {"format=int4"}).kind, "table");
  EXPECT_EQ(ask("resnet18", table, {"format=int8"}).kind, "none");
  EXPECT_EQ(
      ask("resnet18", table, {"format=int8", "sparsity={pattern: unstructured, density: 0.5}"})
          .value,
      0.70);
  EXPECT_EQ(ask("resnet18", table, {"format=int4", "layers.classifier.cout=10"}).kind, "none");
}

TEST(Table, BadRowsAreNamed) {
  const test::Folder folder;
  const std::string file = folder.write(
      "t.csv", "workload,format,accuracy,source\nresnet18,int4,68.45,zoo\nresnet18,int8,0.7,\n");
  try {
    ask("resnet18", "{table: {file: " + file + "}}");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'68.45' is no share"));
    EXPECT_EQ(error.problems().size(), 2u);
  }
}

TEST(Proxy, OrdersFormats) {
  EXPECT_GT(*ask("resnet18", "{proxy: {}}", {"format=int8"}).value,
            *ask("resnet18", "{proxy: {}}", {"format=int4"}).value);
}

TEST(Oracles, AreAskedInTheOrderOfTrust) {
  const test::Folder folder;
  const std::string file =
      folder.write("t.csv", "workload,format,accuracy,source\nresnet18,int8,0.7,zoo\n");
  const std::string both = "{proxy: {}, table: {file: " + file + "}}";
  EXPECT_EQ(ask("resnet18", both, {"format=int8"}).kind, "table");
  EXPECT_EQ(ask("resnet18", both, {"format=int4"}).kind, "proxy");
}

class Command : public testing::Test {
 protected:
  Command() { ::setenv("WATTLAS_ALLOW_COMMANDS", "1", 1); }
  ~Command() override { ::unsetenv("WATTLAS_ALLOW_COMMANDS"); }

  /// A shell script that sees each request as $line.
  std::string section(const std::string& body, const std::string& more = {}) const {
    const std::string script =
        folder_.write("oracle.sh", "while read -r line; do\n" + body + "\ndone\n");
    return "{command: {run: [sh, " + script + "], timeout: 2 s" + more + "}}";
  }
  std::string failure(const std::string& body) {
    try {
      ask("jet-mlp", section(body));
      return "no failure";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }
  // Answers with the id of the request.
  const std::string answer_ =
      "id=$(echo \"$line\" | sed 's/.*\"id\":\\([0-9]*\\).*/\\1/'); "
      "echo \"{\\\"id\\\": $id, \\\"accuracy\\\": 0.75, \\\"se\\\": 0.01}\"";
  test::Folder folder_;
};

TEST_F(Command, GetsTheDesignAndAnswers) {
  const std::string seen = folder_ / "seen";
  const AccuracyResult answer = ask(
      "jet-mlp", section("echo \"$line\" >> " + seen + "; " + answer_, ", request: {epochs: 3}"),
      {"format=int4"});
  EXPECT_EQ(answer.value, 0.75);
  EXPECT_EQ(answer.kind, "command");
  const std::string request = readTextFile(seen);
  EXPECT_THAT(request, HasSubstr("\"model\":\"jet-mlp\",\"format\":\"int4\""));
  EXPECT_THAT(request, HasSubstr("\"epochs\":3"));
}

TEST_F(Command, DeathGarbageAndSilenceAreFailuresWithTheReason) {
  EXPECT_THAT(failure("exit 3"), HasSubstr("ended without an answer"));
  EXPECT_THAT(failure("echo nonsense"), HasSubstr("'nonsense' is no JSON object"));
  EXPECT_THAT(failure("echo '{\"accuracy\": 0.5}'"), HasSubstr("id"));
  EXPECT_THAT(failure("echo '{\"error\": \"loss is NaN\"}'"), HasSubstr("loss is NaN"));
  EXPECT_THAT(failure("sleep 60"), HasSubstr("no answer within 2 s"));
}

TEST_F(Command, WhatALateProgramStartedEndsWithIt) {
  const std::string file = folder_ / "pid";
  EXPECT_THAT(failure("sleep 60 & echo $! > " + file + "; wait"), HasSubstr("no answer within"));
  std::string pid;
  std::ifstream(file) >> pid;
  ASSERT_FALSE(pid.empty());
  std::string state = "Z";  // gone, or waiting for nobody to ask how it ended
  for (int i = 0; i < 100; ++i, ::usleep(10000)) {
    std::ifstream stat("/proc/" + pid + "/stat");
    std::string number, name;
    if (!(stat >> number >> name >> state) || state == "Z") break;
  }
  EXPECT_EQ(state, "Z");
}

TEST_F(Command, StartsAgainAndKeepsWhatItKnows) {
  // Dies on every first question of a process that meets no file of its own.
  const std::string died = folder_ / "died", asked = folder_ / "asked";
  const std::string text = section("if [ ! -e " + died + " ]; then touch " + died +
                                       "; exit 1; fi; echo >> " + asked + "; " + answer_,
                                   ", cache: " + (folder_ / "cache"));
  const auto oracle = makeOracle(optionsOf("jet-mlp", text), dataPath());
  EXPECT_THROW(oracle->of(experimentOf("jet-mlp")), std::runtime_error);
  EXPECT_EQ(oracle->of(experimentOf("jet-mlp")).value, 0.75);
  EXPECT_EQ(ask("jet-mlp", text).value, 0.75);  // of the folder
  EXPECT_EQ(readTextFile(asked).size(), 1u);
}

TEST_F(Command, NeedsLeave) {
  ::unsetenv("WATTLAS_ALLOW_COMMANDS");
  EXPECT_THROW(ask("jet-mlp", section(answer_)), InputError);
}

}  // namespace
}  // namespace wattlas
