#include <gmock/gmock.h>

#include "tests/graph/graph_text.h"
#include "tests/graph/workload_fixture.h"

namespace wattlas {
namespace {

using testing::errorOf;
using testing::find;
using testing::fromText;
using ::testing::HasSubstr;
using testing::make;

const char* const small = R"(
generator: layers
format: int8
input: {channels: 3, height: 8, width: 8}
layers:
  - {name: first, kind: conv, cout: 4, kernel: 3, padding: same, activation: relu}
  - name: middle
    kind: block
    repeat: 3
    layers:
      - {name: a, kind: conv, cout: 4, kernel: 3, padding: same, norm: batch}
      - {name: sum, kind: add, inputs: [a, input]}
  - {name: last, kind: dense, cout: 10, format: w4a8}
)";

TEST(Layers, ChannelsFlowFromLayerToLayer) {
  const Workload w = fromText(small);
  EXPECT_EQ(find(w.phases[0], "middle.a").dims[Dim::cin], 4);
  EXPECT_EQ(find(w.phases[0], "last").dims[Dim::K], 4 * 8 * 8);
  const Workload wide = fromText(small, {"layers.first.cout=4", "layers[1].layers.a.kernel=5"});
  EXPECT_EQ(find(wide.phases[0], "middle.a").dims[Dim::kernelWidth], 5);
}

TEST(Layers, RepeatedBlocksAreCounted) {
  const Workload w = fromText(small);
  EXPECT_EQ(find(w.phases[0], "middle.a").count, 3);
  EXPECT_EQ(find(w.phases[0], "middle.a.norm").count, 3);
  EXPECT_EQ(find(w.phases[0], "middle.sum").block, "middle");
  EXPECT_EQ(w.phases[0].graph.size(), 6u);
}

TEST(Layers, ResidualsAreEdges) {
  const Workload w = fromText(small);
  const Graph& g = w.phases[0].graph;
  for (const OpId id : g.order())
    EXPECT_EQ(g.producers(id).size(), g.at(id).name == "middle.sum" ? 2u
                                      : id == 0                     ? 0u
                                                                    : 1u)
        << g.at(id).name;
}

TEST(Layers, ALayerMayHaveItsOwnFormat) {
  EXPECT_EQ(find(fromText(small).phases[0], "last").formats.weight.name, "int4");
  EXPECT_EQ(find(fromText(small).phases[0], "first").formats.weight.name, "int8");
  // an override by name is stronger, even when it equals the default
  EXPECT_EQ(find(fromText(small, {"formats.last=int8"}).phases[0], "last").formats.weight.name,
            "int8");
}

TEST(Layers, FormatParameterByLayer) {
  const Workload w = make("ecg-dscnn1d", {"formats.block3_pw=w4a8", "formats.block1_dw=w2a8"});
  EXPECT_EQ(find(w.phases[0], "block3_pw").formats.weight.bits, 4);
  EXPECT_EQ(find(w.phases[0], "block1_dw").formats.weight.bits, 2);
  EXPECT_EQ(find(w.phases[0], "block3_dw").formats.weight.bits, 8);
  EXPECT_LT(w.totals().weights, make("ecg-dscnn1d").totals().weights);
}

TEST(Layers, ChannelParameterByNameAndByPosition) {
  const Workload byName = make("ecg-dscnn1d", {"layers.block1_pw.cout=12"});
  const Workload byPlace = make("ecg-dscnn1d", {"layers[1].cout=12"});
  EXPECT_EQ(find(byName.phases[0], "block2_dw").dims[Dim::groups], 12);
  EXPECT_EQ(byName.totals().macsPrefill, byPlace.totals().macsPrefill);
  // pointwise 1 and everything of block 2 that sees its channels grow by half
  EXPECT_EQ(byName.totals().macsPrefill - make("ecg-dscnn1d").totals().macsPrefill,
            936 * 2 * 4 + 932 * 4 * 5 + 932 * 4 * 16);
}

TEST(Layers, BatchMultipliesMacsAndLeavesWeights) {
  const WorkloadTotals one = make("resnet18").totals(),
                       four = make("resnet18", {"batch=4"}).totals();
  EXPECT_EQ(four.macsPrefill, 4 * one.macsPrefill);
  EXPECT_EQ(four.weights, one.weights);
  EXPECT_EQ(four.activationPeak, one.activationPeak * 4);
}

TEST(Layers, SparsityOfANetworkAndOfALayer) {
  const Workload all = make("resnet18", {"sparsity={pattern: nm, n: 2, m: 4}"});
  EXPECT_EQ(find(all.phases[0], "stem").weightSparsity.n, 2);
  EXPECT_LT(all.totals().weights, make("resnet18").totals().weights);
  EXPECT_EQ(all.totals().macsPrefill, make("resnet18").totals().macsPrefill);
  const Workload one =
      make("resnet18", {"layers.stem.sparsity={pattern: unstructured, density: 0.25}"});
  EXPECT_EQ(find(one.phases[0], "stem").weightSparsity.density, 0.25);
  EXPECT_EQ(find(one.phases[0], "stage1.conv1").weightSparsity.density, 1.0);
}

struct Bad {
  const char* text;
  const char* message;
};

class BadLayers : public ::testing::TestWithParam<Bad> {};

TEST_P(BadLayers, SayWhereAndWhat) {
  const std::string head =
      "generator: layers\nformat: int8\ninput: {channels: 4, width: 16}\nlayers:\n";
  const std::string text = errorOf([&] { fromText(head + GetParam().text); });
  EXPECT_THAT(text, HasSubstr(GetParam().message));
  EXPECT_THAT(text, HasSubstr("test.yaml:5"));
}

INSTANTIATE_TEST_SUITE_P(
    Layers, BadLayers,
    ::testing::Values(
        Bad{"  - {name: a, kind: conv, cout: 2, kernel: 17}", "longer than the input of 16"},
        Bad{"  - {name: a, kind: conv, cout: 2, kernel: 3, groups: 3}", "do not divide"},
        Bad{"  - {name: a, kind: conv, kernel: 3}", "layers[0].cout: is needed by a conv layer"},
        Bad{"  - {name: a, kind: conv, cout: 2}", "layers[0].kernel: is needed"},
        Bad{"  - {name: a, kind: conv, cout: 2, kernel: 3, padding: some}", "'some' is no padding"},
        Bad{"  - {name: a, kind: conv, cout: 2, kernel: 3, kernal: 3}", "did you mean 'kernel'?"},
        Bad{"  - {name: a, kind: konv, cout: 2, kernel: 3}", "did you mean 'conv'?"},
        Bad{"  - {name: a, kind: dense, cout: 2, kernel: 3}", "has no meaning for a dense layer"},
        Bad{"  - {name: a, kind: dense, cout: -2}", "out of range"},
        Bad{"  - {name: a, kind: dense, cout: 2, format: int17}", "int17"},
        Bad{"  - {name: a, kind: add, inputs: [input]}", "an addition of 1 inputs"},
        Bad{"  - {name: a, kind: add, inputs: [input, b]}", "no layer above is named 'b'"},
        Bad{"  - {name: a, kind: block}", "a block without layers"},
        Bad{"  - {name: input, kind: dense, cout: 2}", "the name is taken"},
        Bad{"  - {kind: dense, cout: 2}", "layers[0].name: missing"},
        Bad{"  - {name: a, kind: conv, cout: 2, kernel: 3, sparsity: {pattern: nm, n: 5, m: 4}}",
            "N:M pattern of 5:4"}));

TEST(Layers, RepeatedBlockMustKeepItsShape) {
  EXPECT_THAT(errorOf([] { fromText(small, {"layers[1].layers.a.cout=5"}); }),
              HasSubstr("adds 5 channels x 8 x 8 and 4 channels x 8 x 8"));
  EXPECT_THAT(errorOf([] {
                fromText(
                    "generator: layers\nformat: int8\ninput: {channels: 4, width: 16}\n"
                    "layers:\n  - name: b\n    kind: block\n    repeat: 2\n    layers:\n"
                    "      - {name: a, kind: conv, cout: 5, kernel: 3}\n");
              }),
              HasSubstr("turns 4 channels x 16 into 5 channels x 14"));
}

TEST(Layers, AllKeyProblemsComeAtOnce) {
  const std::string text = errorOf([] {
    fromText(
        "generator: layers\nformat: int8\ninput: {channels: 0}\nlayers:\n"
        "  - {name: a, kind: dense, cout: 2, foo: 1}\n"
        "  - {name: b, kind: dense}\n");
  });
  EXPECT_THAT(text, HasSubstr("test.yaml:3: workload.input.channels"));
  EXPECT_THAT(text, HasSubstr("test.yaml:5: workload.layers[0].foo"));
  EXPECT_THAT(text, HasSubstr("test.yaml:6: workload.layers[1].cout"));
}

TEST(Layers, ALayerThatWasReadBeforeGivesTheSameNetwork) {
  const ConfigNode tree = parseYaml(small, "test.yaml");
  WorkloadMemory memory;
  const std::vector<std::vector<const char*>> variants = {
      {},
      {"layers.first.cout=4", "format=int4"},
      {"layers.middle.layers.a.kernel=5"},
      {"layers.last.cout=7"},
      {},
      {"layers.middle.layers.a.kernel=5", "layers.last.cout=7"}};
  for (const auto& sets : variants) {
    ConfigNode options = ConfigNode::ofMap();
    for (const char* text : sets) {
      auto [key, value] = parseAssignment(text);
      options.set(key, std::move(value));
    }
    const Workload remembered = buildWorkload("test", tree, options, memory),
                   fresh = buildWorkload("test", tree, options);
    EXPECT_EQ(remembered.config.toYaml(), fresh.config.toYaml());
    const Graph &a = remembered.phases[0].graph, &b = fresh.phases[0].graph;
    ASSERT_EQ(a.size(), b.size());
    EXPECT_EQ(testing::dotOf(a), testing::dotOf(b));
    for (OpId id = 0; id < static_cast<OpId>(a.size()); ++id) {
      EXPECT_EQ(a.at(id).name, b.at(id).name);
      EXPECT_EQ(a.at(id).count, b.at(id).count);
      EXPECT_EQ(hashOf(a.at(id)), hashOf(b.at(id))) << a.at(id).name;
    }
  }
}

TEST(Layers, AProblemOfALayerThatWasReadBeforeNamesItsPlaceAgain) {
  const ConfigNode tree = parseYaml(small, "test.yaml");
  WorkloadMemory memory;
  // The kernel fits by itself: only the shape that flows in makes it impossible.
  const std::string expected =
      errorOf([&] { fromText(small, {"layers.middle.layers.a.padding=valid"}); });
  EXPECT_THAT(expected, HasSubstr("workload.layers[1]"));
  ConfigNode options = ConfigNode::ofMap();
  options.set("layers.middle.layers.a.padding", ConfigNode::ofScalar("valid"));
  for (int again = 0; again < 3; ++again)
    EXPECT_EQ(errorOf([&] { buildWorkload("test", tree, options, memory); }), expected);
}

}  // namespace
}  // namespace wattlas
