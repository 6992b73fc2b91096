// Options, references, notes and limits shared by all workloads.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/graph/workload_fixture.h"

namespace wattlas {
namespace {

using testing::errorOf;
using testing::fromText;
using ::testing::HasSubstr;
using testing::library;
using testing::make;

TEST(Options, DefaultsAreThoseOfTheContract) {
  const Workload w = make("llama2-7b");
  EXPECT_EQ(w.options.prompt, 128);
  EXPECT_EQ(w.options.generate, 32);
  EXPECT_EQ(w.options.batch, 1);
  EXPECT_EQ(w.options.rate, 0);
  EXPECT_EQ(w.formats.name, "fp16");
}

TEST(Options, FormatAndRate) {
  const Workload w = make("llama2-7b", {"format=w4a8kv8", "rate=2.5"});
  EXPECT_EQ(w.formats.weight.bits, 4);
  EXPECT_EQ(w.options.rate, 2.5);
}

TEST(Options, AnotherFormatReplacesTheFormatsOfTheFile) {
  EXPECT_EQ(testing::find(make("cnv-w1a1", {"format=int8"}).phases[0], "conv1").formats.name,
            "int8");
  EXPECT_EQ(testing::find(make("cnv-w1a1", {"format=own"}).phases[0], "conv1").formats.name,
            "w1a8");
}

TEST(Options, NothingToGenerateMeansNoDecodePhase) {
  const Workload w = make("llama2-7b", {"generate=0"});
  EXPECT_FALSE(w.hasDecode());
  EXPECT_EQ(w.totals().macsDecodeFirst, 0);
  EXPECT_GT(w.totals().kvPeak, Bits(0));
  EXPECT_TRUE(w.notes.empty());
}

TEST(Options, IgnoredOptionsAreNoted) {
  const Workload w = make("resnet18", {"prompt=4", "generate=3"});
  ASSERT_EQ(w.notes.size(), 2u);
  EXPECT_THAT(w.notes[0], HasSubstr("prompt is ignored"));
  EXPECT_THAT(w.notes[1], HasSubstr("generate is ignored"));
  EXPECT_TRUE(make("resnet18").notes.empty());
  const Workload bert = make("bert-base", {"prompt=64", "generate=3"});
  ASSERT_EQ(bert.notes.size(), 1u);
  EXPECT_THAT(bert.notes[0], HasSubstr("generate is ignored"));
}

TEST(Options, UnknownKeysGetASuggestion) {
  EXPECT_THAT(errorOf([] { make("llama2-7b", {"promt=3"}); }), HasSubstr("did you mean 'prompt'?"));
  EXPECT_THAT(errorOf([] { make("ecg-dscnn1d", {"layers.block1_pq.cout=3"}); }),
              HasSubstr("did you mean 'block1_p"));
  EXPECT_THAT(errorOf([] { make("ecg-dscnn1d", {"layers[40].cout=3"}); }),
              HasSubstr("layers[0] to layers[11]"));
  EXPECT_THAT(errorOf([] { make("llama2-7b", {"formats.mlp.dwn=int4"}); }),
              HasSubstr("did you mean 'mlp.down'?"));
}

TEST(Options, OutOfRangeIsRefused) {
  for (const char* bad : {"prompt=0", "prompt=-1", "generate=-1", "batch=0", "batch=1.5",
                          "batch=1e30", "rate=-1", "prompt=many", "format=w3", "hidden=0"})
    EXPECT_NE(errorOf([&] { make("llama2-7b", {bad}); }), "") << bad;
}

TEST(Options, HugeProductsAreRefusedNotWrapped) {
  for (const char* big :
       {"batch=1000000000000000", "prompt=1000000000000000", "generate=1000000000000000",
        "layers=1000000000000000", "hidden=1000000000000000"})
    EXPECT_THAT(errorOf([&] { make("llama2-7b", {big}); }), HasSubstr("2^62")) << big;
  EXPECT_EQ(errorOf([] { make("llama2-7b", {"batch=4096", "prompt=4096"}); }), "");
}

TEST(References, UnknownIdsGetTheNearest) {
  EXPECT_THAT(errorOf([] { make("lama2-7b"); }), HasSubstr("did you mean 'llama2-7b'?"));
  EXPECT_THAT(errorOf([] { make(""); }), HasSubstr("there is no workload ''"));
  EXPECT_THAT(errorOf([] { make("net.onnx"); }), HasSubstr("net.onnx"));
  EXPECT_THAT(errorOf([] { make("no/such/file.yaml"); }), HasSubstr("no/such/file.yaml"));
}

TEST(References, ContractIdsWithoutAFileAreNotAvailableYet) {
  const SearchPath nowhere({"/nonexistent"});
  EXPECT_THAT(errorOf([&] { makeWorkload("llama2-7b", ConfigNode(), nowhere); }),
              HasSubstr("not available yet"));
  EXPECT_TRUE(libraryWorkloads(nowhere).empty());
}

TEST(References, FilesMayBuildOnALibraryPart) {
  const std::filesystem::path dir = std::filesystem::path(::testing::TempDir()) / "wattlas-graph";
  std::filesystem::create_directories(dir);
  const std::string file = (dir / "mine.yaml").string();
  std::ofstream(file) << "from: workloads/library/llama2-7b.yaml\ntitle: Mine\nlayers: 2\n";
  const Workload w = makeWorkload(file, ConfigNode(), library());
  EXPECT_EQ(w.id, "mine");
  EXPECT_EQ(w.title, "Mine");
  EXPECT_EQ(testing::find(w.phases[0], "mlp.down").count, 2);
  std::filesystem::remove_all(dir);
}

TEST(References, DescriptionsNeedAGenerator) {
  EXPECT_THAT(errorOf([] { fromText("title: nothing\n"); }), HasSubstr("generator: missing"));
  EXPECT_THAT(errorOf([] { fromText("generator: layer\n"); }),
              HasSubstr("test.yaml:1: workload.generator: 'layer' is no generator"));
  EXPECT_NE(errorOf([] { fromText("just a text\n"); }), "");
  EXPECT_NE(errorOf([] { fromText("generator: [a]\n"); }), "");
  EXPECT_NE(errorOf([] { fromText("generator: operators\noperators: []\n"); }), "");
}

TEST(Schema, CoversTheThreeKinds) {
  const std::string schema = workloadSchema();
  for (const char* key : {"kv_heads", "padding", "operators", "head_dim", "\"oneOf\""})
    EXPECT_THAT(schema, HasSubstr(key));
}

}  // namespace
}  // namespace wattlas
