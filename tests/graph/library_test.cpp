// The library against published sizes. Parameter counts are those of the published checkpoints
// (sum of all tensor sizes; torchvision's for the image networks).
#include <gmock/gmock.h>

#include "tests/graph/graph_text.h"
#include "tests/graph/workload_fixture.h"

namespace wattlas {
namespace {

using testing::library;
using testing::make;

const std::vector<std::string> contractOrder = {
    "llama2-7b",    "llama2-13b",    "llama2-70b",    "llama3-8b",     "mistral-7b",
    "mixtral-8x7b", "opt-125m",      "opt-350m",      "opt-1.3b",      "gpt2",
    "gpt2-medium",  "gpt2-large",    "bitnet-0.7b",   "bert-base",     "resnet18",
    "resnet50",     "mobilenetv2",   "ecg-cnn1d",     "ecg-dscnn1d",   "jet-mlp",
    "rn07",         "cnv-w1a1",      "ad08",          "fmnist-cnn",    "fmnist-hdc",
    "llama3.1-8b",  "llama3.1-70b",  "llama3.1-405b", "qwen2.5-72b",   "qwen3-4b",
    "qwen3-32b",    "qwen3-30b-a3b", "gemma3-27b",    "deepseek-v3",   "phi3-mini",
    "mamba-2.8b",   "t5-base",       "whisper-small", "vit-b16",       "efficientnet-b0",
    "mobilenetv3",  "yolov5s",       "unet",          "conformer",     "dlrm",
    "bert-large",   "gpt3-2.7b",     "tiny-kws",      "tiny-vww",      "tiny-ic",
    "tiny-ad",      "fmnist-cnn1d",  "fmnist-pq",     "fmnist-search", "tiny-vww-sparse",
    "toptag-gru"};

TEST(Library, HoldsEveryIdOfTheContractInItsOrder) {
  EXPECT_EQ(libraryWorkloads(library()), contractOrder);
}

TEST(Library, EveryFileNamesItsSourceAndOwnFormat) {
  for (const std::string& id : contractOrder) {
    const ConfigNode file = loadWorkload(id, library());
    ASSERT_NE(file.find("source"), nullptr) << id;
    EXPECT_GT(file.find("source")->scalar().size(), 20u) << id;
    EXPECT_NE(file.find("format"), nullptr) << id;
  }
}

struct Published {
  const char* id;
  std::int64_t parameters;
};

class PublishedParameters : public ::testing::TestWithParam<Published> {};

TEST_P(PublishedParameters, AreMatchedExactly) {
  EXPECT_EQ(make(GetParam().id).totals().parameters, GetParam().parameters);
}

INSTANTIATE_TEST_SUITE_P(
    Library, PublishedParameters,
    ::testing::Values(Published{"llama2-7b", 6738415616}, Published{"llama2-13b", 13015864320},
                      Published{"llama2-70b", 68976648192}, Published{"llama3-8b", 8030261248},
                      Published{"mistral-7b", 7241732096}, Published{"mixtral-8x7b", 46702792704},
                      Published{"opt-125m", 125239296}, Published{"opt-350m", 331196416},
                      Published{"opt-1.3b", 1315758080}, Published{"gpt2", 124439808},
                      Published{"gpt2-medium", 354823168}, Published{"gpt2-large", 774030080},
                      Published{"bert-base", 109482240}, Published{"resnet18", 11689512},
                      Published{"resnet50", 25557032}, Published{"mobilenetv2", 3504872},
                      Published{"llama3.1-8b", 8030261248}, Published{"llama3.1-70b", 70553706496},
                      Published{"llama3.1-405b", 405853388800},
                      Published{"qwen2.5-72b", 72706203648}, Published{"qwen3-4b", 4022468096},
                      Published{"qwen3-32b", 32762123264}, Published{"qwen3-30b-a3b", 30532122624},
                      Published{"gemma3-27b", 27009346304}, Published{"deepseek-v3", 671026419200},
                      Published{"phi3-mini", 3821079552}, Published{"mamba-2.8b", 2768345600},
                      Published{"t5-base", 222903552}, Published{"whisper-small", 241734912},
                      Published{"vit-b16", 86567656}, Published{"efficientnet-b0", 5288548},
                      Published{"mobilenetv3", 5483032}, Published{"yolov5s", 7235389},
                      Published{"unet", 859520964}, Published{"conformer", 8692416},
                      Published{"dlrm", 540677217},  // 475,985 and tables of 540,201,232
                      Published{"bert-large", 335141888}, Published{"gpt3-2.7b", 2651553280},
                      Published{"tiny-kws", 22604}, Published{"tiny-vww", 210850},
                      Published{"tiny-ic", 77706}, Published{"tiny-ad", 265864},
                      // explorer's own small CNN: 80 + 1,168 + 36,928 + 650
                      Published{"fmnist-cnn", 38826},
                      // 4,512 + 3,104 + 3,104 + 10,304 + 650
                      Published{"fmnist-cnn1d", 21674},
                      // 60 x (6 + 20) + 2 x 60, 20 x 64 + 64, 64 + 1
                      Published{"toptag-gru", 3089}),
    [](const auto& param) {
      std::string name = param.param.id;
      for (char& c : name)
        if (c == '-' || c == '.') c = '_';
      return name;
    });

TEST(Library, BitnetIsThePublishedSevenHundredMillion) {
  // 24 x (4 x 1536^2 + 3 x 1536 x 4096) + 32002 x 1536, and norms of 2 + 1 widths of 1536 and one
  // of 4096 a layer
  const std::int64_t expected =
      24LL * (4 * 1536 * 1536 + 3 * 1536 * 4096 + 3 * 1536 + 4096) + 32002LL * 1536 + 1536;
  const Workload w = make("bitnet-0.7b");
  EXPECT_EQ(w.totals().parameters, expected);
  EXPECT_EQ(w.formats.name, "ternary");
}

TEST(Library, ImageNetworksHaveThePublishedMacs) {
  EXPECT_EQ(make("resnet18").totals().macsPrefill, 1814073344);    // 1.814 GMAC, torchvision
  EXPECT_EQ(make("resnet50").totals().macsPrefill, 4089184256);    // 4.09 GMAC, torchvision v1.5
  EXPECT_EQ(make("mobilenetv2").totals().macsPrefill, 300774272);  // 0.30 GMAC, torchvision
  EXPECT_EQ(make("vit-b16").totals().macsPrefill, 17563828224);    // 17.58 GMAC, timm
  EXPECT_EQ(make("efficientnet-b0").totals().macsPrefill, 385814752);  // 0.40 GMAC, timm
  EXPECT_EQ(make("mobilenetv3").totals().macsPrefill, 216589760);      // 0.23 GMAC, timm
  EXPECT_EQ(make("yolov5s").totals().macsPrefill, 8216780800);         // 16.5 GFLOP, ultralytics
  EXPECT_EQ(make("unet").totals().macsPrefill, 401636720640);
  EXPECT_EQ(make("dlrm").totals().macsPrefill, 479984);
}

TEST(Library, TinyNetworksHaveTheMacsAndBytesOfTheirFiles) {
  const struct {
    const char* id;
    std::int64_t macs, bytes;
  } files[] = {{"tiny-kws", 2656768, 24368},
               {"tiny-vww", 7489664, 219064},
               {"tiny-ic", 12501632, 78744},
               {"tiny-ad", 264192, 270880}};
  for (const auto& file : files) {
    const WorkloadTotals totals = make(file.id).totals();
    EXPECT_EQ(totals.macsPrefill, file.macs) << file.id;
    EXPECT_EQ(toBytes(totals.weights), static_cast<double>(file.bytes)) << file.id;
  }
}

TEST(Library, CachesHoldThePublishedBytesOfAToken) {
  const struct {
    const char* id;
    double bytes;
  } models[] = {{"llama3.1-8b", 131072}, {"qwen3-4b", 147456},  {"deepseek-v3", 70272},
                {"gemma3-27b", 507904},  {"mamba-2.8b", 0},     {"t5-base", 36864},
                {"phi3-mini", 393216},   {"gpt3-2.7b", 327680}, {"qwen3-30b-a3b", 98304}};
  for (const auto& model : models)
    EXPECT_EQ(toBytes(make(model.id).totals().kvPerToken), model.bytes) << model.id;
}

TEST(Library, EcgSeparableNetworkAsInTheContract) {
  const Workload w = make("ecg-dscnn1d");
  const Phase& phase = w.phases.at(0);
  std::int64_t macs = 0;
  for (const OpId id : phase.graph.order()) {
    const Operator& op = phase.graph.at(id);
    if (op.name != "classifier") macs += costOf(op).macs * op.count;
  }
  EXPECT_EQ(macs, 635088);
  EXPECT_EQ(outputWidth(testing::find(phase, "block1_pw")), 936);
  EXPECT_EQ(outputWidth(testing::find(phase, "block2_pw")), 932);
  EXPECT_EQ(outputWidth(testing::find(phase, "block3_pw")), 928);
  EXPECT_EQ(outputWidth(testing::find(phase, "block4_pw")), 231);
  EXPECT_EQ(testing::find(phase, "classifier").dims[Dim::K], 32);
  EXPECT_EQ(testing::find(phase, "classifier").dims[Dim::N], 2);
  EXPECT_TRUE(testing::isChain(phase.graph));
  EXPECT_EQ(w.formats.name, "int8");
}

TEST(Library, EcgStandardNetworkHasTheSameLengths) {
  const Workload w = make("ecg-cnn1d");
  // 936 x 8 x 2 x 8 + 932 x 16 x 8 x 5 + 928 x 16 x 16 x 5 + 231 x 32 x 16 x 5 + 64
  EXPECT_EQ(w.totals().macsPrefill, 119808 + 596480 + 1187840 + 591360 + 64);
  EXPECT_EQ(outputWidth(testing::find(w.phases[0], "block4")), 231);
}

TEST(Library, CnvLayersHaveTheFoldedCyclesOfItsSubmission) {
  // Cycles of the FINN submission (9 layers) times PE x SIMD of its folding file = MACs.
  const Workload w = make("cnv-w1a1");
  const std::int64_t macs[] = {32400LL * 48,  28224LL * 1024, 20736LL * 512,
                               28800LL * 512, 20736LL * 128,  18432LL * 32,
                               32768LL * 4,   32768LL * 8,    1024LL * 5};
  const char* names[] = {"conv1", "conv2",  "conv3",  "conv4",     "conv5",
                         "conv6", "dense1", "dense2", "classifier"};
  for (int i = 0; i < 9; ++i)
    EXPECT_EQ(costOf(testing::find(w.phases[0], names[i])).macs, macs[i]) << names[i];
  EXPECT_EQ(testing::find(w.phases[0], "conv1").formats.activation.name, "int8");
  EXPECT_EQ(testing::find(w.phases[0], "conv2").formats.activation.name, "binary");
}

TEST(Library, Rn07KeepsItsLengthsWithEvenKernels) {
  const Workload w = make("rn07");
  for (const char* name : {"conv1", "conv2", "conv3"})
    EXPECT_EQ(outputWidth(testing::find(w.phases[0], name)), 32) << name;
  for (const char* name : {"conv4", "conv5"})
    EXPECT_EQ(outputHeight(testing::find(w.phases[0], name)), 8) << name;
  EXPECT_EQ(testing::find(w.phases[0], "classifier").dims[Dim::K], 2048);
  EXPECT_EQ(w.formats.weight.bits, 8);
  EXPECT_EQ(w.formats.activation.bits, 9);
}

TEST(Library, SmallNetworksHaveTheirShapes) {
  // 16 x 64 + 64 x 32 + 32 x 32 + 32 x 5
  EXPECT_EQ(make("jet-mlp").totals().macsPrefill, 1024 + 2048 + 1024 + 160);
  EXPECT_EQ(make("ad08").totals().macsPrefill, 64 * 72 * 2 + 72 * 72 * 2 + 72 * 8 * 2);
  const Workload hdc = make("fmnist-hdc");
  EXPECT_EQ(costOf(testing::find(hdc.phases[0], "search")).macs, 4096 * 10);
  EXPECT_EQ(testing::find(hdc.phases[0], "search").formats.activation.bits, 1);
  EXPECT_EQ(testing::find(hdc.phases[0], "encode").formats.activation.bits, 8);
}

TEST(Library, GraphsStaySmall) {
  for (const std::string& id : contractOrder) {
    const Workload w = make(id);
    const std::size_t limit = w.family == "llm" ? 50 : 350;
    for (const Phase& phase : w.phases) EXPECT_LE(phase.graph.size(), limit) << id;
  }
}

TEST(Library, EveryWorkloadIsRebuiltFromItsStoredConfiguration) {
  for (const std::string& id : contractOrder) {
    const Workload w = make(id, {"batch=3"});
    const Workload again =
        buildWorkload(id, parseYaml(w.config.toYaml(), "stored.yaml"), ConfigNode());
    EXPECT_EQ(again.config.hash(), w.config.hash()) << id;
    EXPECT_EQ(again.totals().macsPrefill, w.totals().macsPrefill) << id;
    EXPECT_EQ(again.totals().weights, w.totals().weights) << id;
  }
}

TEST(Library, FewerBitsNeverMeanMoreBytes) {
  for (const std::string& id : contractOrder) {
    Bits last(1e30);
    for (const char* format : {"format=fp32", "format=fp16", "format=int8", "format=w4a8",
                               "format=w2a8", "format=w1a8"}) {
      const Bits weights = make(id, {format}).totals().weights;
      EXPECT_LE(weights, last) << id << ' ' << format;
      last = weights;
    }
  }
}

}  // namespace
}  // namespace wattlas
