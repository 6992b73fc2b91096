// Does a network from outside run, and does a format's arithmetic on real data give an accuracy?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const std::string llama =
    R"({"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4,
        "num_hidden_layers": 2, "num_key_value_heads": 2, "vocab_size": 256, "torch_dtype": "float16",
        "max_position_embeddings": 512, "tie_word_embeddings": false})";

TEST(Networks, AConfigurationRunsAsItsImportedDescriptionDoes) {
  Folder folder;
  const std::string file = folder.write("config.json", llama), yaml = folder / "model.yaml";
  ASSERT_EQ(wattlas({"import", file, "-o", yaml}).exitCode, 0);
  const auto time = [](const std::string& workload) {
    const Output o = wattlas({"run", "-p", "gpu-h100-sxm", "-w", workload, "--json"});
    EXPECT_EQ(o.exitCode, 0) << o.err;
    return json::parse(o.out)["time_s"].get<double>();
  };
  EXPECT_EQ(time(file), time(yaml));
}

TEST(Networks, AnUnknownModelTypeNamesTheNearest) {
  Folder folder;
  const Output o = wattlas({"import", folder.write("config.json", R"({"model_type": "lama"})")});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("did you mean 'llama'?"));
}

TEST(Networks, IntegersOnTheTestImagesAreAsGoodAsTheFloatsTheyComeFrom) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "no data set";
  const Output o =
      wattlas({"execute", "fmnist-cnn", "--data", "fashion-mnist", "--format", "int8", "--json"});
  ASSERT_EQ(o.exitCode, 0) << o.err;
  const json r = json::parse(o.out);
  EXPECT_EQ(r["samples"], 10000);
  EXPECT_EQ(r["arithmetic"], "integer");
  EXPECT_GE(r["reference_accuracy"]["value"], 0.89);
  EXPECT_NEAR(r["accuracy"]["value"].get<double>(), r["reference_accuracy"]["value"].get<double>(),
              0.001);
}

TEST(Networks, UnknownDataAndFormatsAreRefused) {
  const Output data = wattlas({"execute", "fmnist-cnn", "--data", "nothing"});
  EXPECT_EQ(data.exitCode, 2);
  EXPECT_THAT(data.err, HasSubstr("expected fashion-mnist"));
  const Output format =
      wattlas({"execute", "fmnist-cnn", "--data", "generated-rhythm", "--format", "int99"});
  EXPECT_EQ(format.exitCode, 2);
  EXPECT_THAT(format.err, HasSubstr("did you mean"));
}

}  // namespace
}  // namespace wattlas::system
