#include "execution/integer_engine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "execution/evaluate.h"
#include "models/base/error.h"
#include "models/base/random.h"

namespace wattlas {
namespace {

ExecutableNetwork networkOf(const std::string& yaml) {
  return makeExecutable(buildWorkload("test", parseYaml(yaml, "test.yaml"), ConfigNode::ofMap()));
}

/// Random weights of a size that keeps signals alive.
NumpyArchive weightsFor(const ExecutableNetwork& network, std::uint64_t seed = 11) {
  Random random(seed);
  NumpyArchive out;
  for (const auto& [name, shape] : weightShapes(network)) {
    std::int64_t n = 1;
    for (const std::int64_t extent : shape) n *= extent;
    const double size =
        name.ends_with(".weight") && shape.size() > 1
            ? std::sqrt(3.0 * static_cast<double>(shape.front()) / static_cast<double>(n))
            : 0.3;
    std::vector<float> values;
    for (std::int64_t i = 0; i < n; ++i) {
      double v = size * (2 * random.uniform() - 1);
      if (name.ends_with(".base")) v = 10000;
      if (name.ends_with("running_var") || (name.ends_with(".weight") && shape.size() == 1))
        v = 1 + v;
      values.push_back(static_cast<float>(v));
    }
    out[name] = NumpyArray::of(values, shape);
  }
  return out;
}

ExecutableNetwork ready(const std::string& yaml) {
  ExecutableNetwork network = networkOf(yaml);
  loadWeights(network, weightsFor(network), "weights");
  return network;
}

DataSet noise(const ExecutableNetwork& network, std::int64_t samples, double low = -1) {
  Random random(4);
  DataSet d{"noise", "", {network.input.values()}, {}, {}, 0};
  for (std::int64_t i = 0; i < samples * network.input.values(); ++i)
    d.inputs.push_back(static_cast<float>(low + (1 - low) * random.uniform()));
  return d;
}

double worstSqnr(const ExecutableNetwork& network, const std::string& format, const DataSet& data) {
  const Evaluation e = evaluate(network, parseTensorFormats(format), data, data, {});
  double worst = 1000;
  for (const LayerReport& layer : e.layers) worst = std::min(worst, layer.sqnrDb);
  return worst;
}

struct NamedNetwork {
  const char* name;
  const char* yaml;
};

const NamedNetwork networks[] = {{"convolutions", R"(
generator: layers
input: {channels: 4, height: 9, width: 11}
layers:
  - {name: a, kind: conv, cout: 8, kernel: 3, padding: same, stride: 2, bias: true, activation: relu}
  - {name: b, kind: depthwise, kernel: 3, padding: same, bias: true, activation: relu6}
  - {name: c, kind: conv, cout: 12, kernel: 2, groups: 4, dilation: 2, bias: true}
  - {name: d, kind: transposed_conv, cout: 6, kernel: 3, stride: 2, groups: 2, activation: relu}
  - {name: e, kind: dense, cout: 5, bias: true}
)"},
                                 {"signal", R"(
generator: layers
input: {channels: 2, width: 64}
layers:
  - {name: a, kind: conv, cout: 8, kernel: 5, stride: 2, bias: true, activation: relu}
  - {name: p, kind: max_pool, kernel: 3, stride: 2, padding: same}
  - {name: q, kind: average_pool, kernel: 2, padding: 1}
  - {name: g, kind: global_pool}
  - {name: e, kind: dense, cout: 3}
)"},
                                 {"volume", R"(
generator: layers
input: {channels: 2, depth: 5, height: 6, width: 7}
layers:
  - {name: a, kind: conv, cout: 4, kernel: 3, padding: same, activation: gelu}
  - {name: p, kind: adaptive_pool, output: 3, output_height: 2, output_depth: 2}
  - {name: e, kind: dense, cout: 4, activation: sigmoid}
)"},
                                 {"branches", R"(
generator: layers
input: {channels: 4, height: 8, width: 8}
layers:
  - {name: a, kind: conv, cout: 8, kernel: 3, padding: same, norm: batch, activation: relu}
  - {name: b, kind: conv, cout: 8, kernel: 3, padding: same, inputs: [a]}
  - {name: s, kind: add, inputs: [a, b], activation: relu}
  - {name: g, kind: global_pool}
  - {name: h, kind: conv, cout: 8, kernel: 1, activation: sigmoid}
  - {name: m, kind: multiply, inputs: [s, h]}
  - {name: u, kind: upsample, factor: 2}
  - {name: c, kind: concat, inputs: [u, u], activation: hard_swish}
  - {name: e, kind: dense, cout: 6, bias: true}
  - {name: f, kind: softmax}
)"},
                                 {"norms", R"(
generator: layers
input: {channels: 8, height: 5, width: 5}
layers:
  - {name: a, kind: conv, cout: 16, kernel: 3, norm: layer, activation: silu}
  - {name: b, kind: conv, cout: 16, kernel: 1, norm: group, norm_groups: 4, activation: tanh}
  - {name: c, kind: conv, cout: 16, kernel: 1, norm: instance, activation: relu}
  - {name: e, kind: dense, cout: 6}
)"},
                                 {"blocks", R"(
generator: layers
input: {channels: 8, height: 6, width: 6}
layers:
  - name: stage
    kind: block
    repeat: 3
    layers:
      - {name: a, kind: conv, cout: 8, kernel: 3, padding: same, activation: relu}
      - {name: s, kind: add, inputs: [a, input]}
  - {name: e, kind: dense, cout: 4}
)"},
                                 {"lstm", R"(
generator: layers
input: {channels: 6, width: 15}
layers:
  - {name: a, kind: lstm, cout: 12, bias: true, bidirectional: true}
  - {name: e, kind: dense, cout: 3}
)"},
                                 {"gru", R"(
generator: layers
input: {channels: 6, width: 15}
layers:
  - {name: a, kind: gru, cout: 16, bias: true, last_step: true}
  - {name: e, kind: dense, cout: 3}
)"},
                                 {"decoder", R"(
generator: transformer
hidden: 32
layers: 1
heads: 4
kv_heads: 2
ffn: 64
vocabulary: 50
prompt: 12
generate: 0
)"},
                                 {"encoder", R"(
generator: transformer
architecture: encoder
hidden: 32
layers: 2
heads: 4
ffn: 64
vocabulary: 50
activation: gelu
gated: false
norm: layer
norm_place: after
final_norm: false
positions: none
bias: true
pooler: false
prompt: 12
)"}};

class EveryOperator : public testing::TestWithParam<NamedNetwork> {};

TEST_P(EveryOperator, AgreesWithFloatingPointWithinItsBits) {
  const ExecutableNetwork network = ready(GetParam().yaml);
  DataSet data = noise(network, 16);
  if (network.tokens)
    for (std::size_t i = 0; i < data.inputs.size(); ++i)
      data.inputs[i] = static_cast<float>(i * 7 % 50);
  EXPECT_GT(worstSqnr(network, "int8", data), 22) << "8 bits";
  EXPECT_GT(worstSqnr(network, "int12", data), 42) << "12 bits";
  EXPECT_GT(worstSqnr(network, "int16", data), 52) << "16 bits";
}

INSTANTIATE_TEST_SUITE_P(Integer, EveryOperator, testing::ValuesIn(networks),
                         [](const auto& at) { return at.param.name; });

const char* const small = R"(
generator: layers
input: {channels: 3, height: 6, width: 7}
layers:
  - {name: a, kind: conv, cout: 8, kernel: 3, stride: 2, padding: same, bias: true, activation: relu}
  - {name: b, kind: dense, cout: 20, bias: true, activation: relu}
  - {name: c, kind: dense, cout: 4, bias: true}
)";

IntegerEngine engineFor(const ExecutableNetwork& network, const TensorFormats& format,
                        const DataSet& data, const IntegerOptions& options = {}) {
  return IntegerEngine(network, format,
                       calibrate(network, channelsLast(data, network.input.channels), data.size(),
                                 CalibrationRule::minMax, format.activation.bits),
                       options);
}

std::vector<float> outputs(const ExecutableNetwork& network, const std::string& format,
                           const IntegerOptions& options = {}) {
  const DataSet data = noise(network, 9);
  IntegerEngine engine = engineFor(network, parseTensorFormats(format), data, options);
  engine.run(channelsLast(data, network.input.channels), data.size());
  return engine.output();
}

/// The rules once more, value by value.
TEST(IntegerEngine, ConvolutionFollowsTheWrittenRule) {
  const ExecutableNetwork network = ready(small);
  const DataSet data = noise(network, 1);
  const TensorFormats format = parseTensorFormats("int8");
  IntegerEngine engine = engineFor(network, format, data);
  engine.run(channelsLast(data, 3), 1);
  const Step& conv = network.steps.front();
  const QuantisedMatrix w = quantiseWeights(format.weight, conv.weights.weight, 8, 27);
  const Quantiser in = engine.quantiser(0), out = engine.quantiser(1);
  for (std::int64_t y = 0; y < conv.out.height; ++y)
    for (std::int64_t x = 0; x < conv.out.width; ++x)
      for (std::int64_t o = 0; o < 8; ++o) {
        std::int64_t acc = std::llrint(conv.weights.bias[o] / (w.scales[o] * in.scale));
        std::int64_t bound = std::abs(acc);
        for (std::int64_t c = 0; c < 3; ++c)
          for (std::int64_t a = 0; a < 3; ++a)
            for (std::int64_t b = 0; b < 3; ++b) {
              const WindowAxis h = windowAxis(conv.op, Axis::height),
                               v = windowAxis(conv.op, Axis::width);
              const std::int64_t iy = 2 * y + a - h.begin, ix = 2 * x + b - v.begin;
              const std::int32_t q = w.values[o * 27 + c * 9 + a * 3 + b];
              bound += std::abs(q) * in.reach();
              if (iy < 0 || iy >= 6 || ix < 0 || ix >= 7) continue;
              acc += q * (in.quantise(data.inputs[c * 42 + iy * 7 + ix]) - in.zero);
            }
        const Requantiser r = Requantiser::of(w.scales[o] * in.scale / out.scale, bound);
        const std::int64_t wanted = std::clamp<std::int64_t>(
            ((acc * r.multiplier + (std::int64_t{1} << (r.shift - 1))) >> r.shift) + out.zero, -128,
            127);
        ASSERT_EQ(engine.codes(1)[(y * conv.out.width + x) * 8 + o], wanted);
      }
}

TEST(IntegerEngine, SlicesAndWholeProductsAreEqual) {
  const ExecutableNetwork network = ready(small);
  for (const char* format : {"int8", "w4a8", "w2a8", "int5", "ternary", "pow2-4", "khot2-8"})
    for (const auto& [w, a] : {std::pair{4, 4}, {1, 2}, {3, 8}})
      EXPECT_EQ(outputs(network, format),
                outputs(network, format, {.weightDigit = w, .activationDigit = a}))
          << format << " " << w;
}

TEST(IntegerEngine, FormatsWithoutMultiplicationsCountNone) {
  const ExecutableNetwork network = ready(small);
  const DataSet data = noise(network, 4);
  for (const char* format : {"ternary", "w1a8", "binary", "pow2-4", "khot2-8"})
    EXPECT_EQ(engineFor(network, parseTensorFormats(format), data).work().multiplications, 0)
        << format;
  EXPECT_EQ(engineFor(network, parseTensorFormats("binary"), data).work().additions, 0);
  EXPECT_GT(engineFor(network, parseTensorFormats("int8"), data).work().multiplications, 0);
}

TEST(IntegerEngine, GroupScalesAreAtLeastAsClose) {
  const ExecutableNetwork network = ready(small);
  const DataSet data = noise(network, 16);
  EXPECT_GT(worstSqnr(network, "w4g8a12", data), worstSqnr(network, "w4a12", data));
}

TEST(IntegerEngine, AllWeightOfAGroupInOneScaleEqualsTheChannel) {
  const ExecutableNetwork network = ready(small);
  EXPECT_EQ(outputs(network, "w4g100000a8"), outputs(network, "w4a8"));
}

TEST(IntegerEngine, NarrowAccumulatorsWrapAndAreCounted) {
  const ExecutableNetwork network = ready(small);
  const DataSet data = noise(network, 9);
  const auto overflows = [&](const char* format) {
    IntegerEngine engine = engineFor(network, parseTensorFormats(format), data);
    std::vector<AccumulatorUse> use(network.steps.size());
    engine.record(&use);
    engine.run(channelsLast(data, 3), data.size());
    std::int64_t sum = 0;
    for (const AccumulatorUse& u : use) sum += u.overflows;
    return sum;
  };
  EXPECT_EQ(overflows("w8a8acc32"), 0);
  EXPECT_GT(overflows("w8a8acc12"), 0);
  EXPECT_EQ(outputs(network, "w8a8acc32"), outputs(network, "w8a8"));
  EXPECT_NE(outputs(network, "w8a8acc12"), outputs(network, "w8a8"));
}

TEST(IntegerEngine, SumsBeyond24BitsStayExact) {
  ExecutableNetwork network = networkOf(
      "generator: layers\ninput: {channels: 6000, width: 1}\nlayers:\n"
      "  - {name: a, kind: dense, cout: 2}\n");
  std::vector<float> w(12000, 1.0f);
  w[6001] = 0.5f;
  loadWeights(network, {{"a.weight", NumpyArray::of(w, {2, 6000})}}, "w");
  DataSet data{"x", "", {6000}, std::vector<float>(6000, 1.0f), {}, 0};
  data.inputs[0] = -1;
  IntegerEngine engine = engineFor(network, parseTensorFormats("int8"), data);
  engine.run(data.inputs, 1);
  const Quantiser q = engine.quantiser(0);
  const std::int64_t one = q.quantise(1) - q.zero, minus = q.quantise(-1) - q.zero;
  EXPECT_EQ(engine.accumulators()[0], 127 * (5999 * one + minus));
  EXPECT_EQ(engine.accumulators()[1], 127 * (5998 * one + minus) + 64 * one);
  EXPECT_GT(engine.accumulators()[0], std::int64_t{1} << 24);
}

TEST(IntegerEngine, FixedPointAgreesWhenWideAndWrapsWhenNot) {
  const ExecutableNetwork network = ready(small);
  const DataSet data = noise(network, 8);
  EXPECT_GT(worstSqnr(network, "fixed<16,4>", data), 30);
  EXPECT_LT(worstSqnr(network, "fixed<8,1>", data), 10);
}

TEST(IntegerEngine, FloatFormatsRoundBothOperands) {
  const ExecutableNetwork network = ready(small);
  const DataSet data = noise(network, 8);
  EXPECT_GT(worstSqnr(network, "fp32", data), 200);
  EXPECT_GT(worstSqnr(network, "fp16", data), 55);
  EXPECT_GT(worstSqnr(network, "fp8-e4m3", data), 18);
  EXPECT_GT(worstSqnr(network, "mxfp8", data), 18);
  EXPECT_GT(worstSqnr(network, "nvfp4", data), 8);
  EXPECT_GT(worstSqnr(network, "nf4", data), 12);
}

TEST(IntegerEngine, MissingAndStrangeWeightsAreNamedTogether) {
  ExecutableNetwork network = networkOf(small);
  NumpyArchive weights = weightsFor(network);
  weights.erase("b.bias");
  weights["c.weight"].shape = {20, 4};
  weights["d.weight"] = NumpyArray::of(std::vector<float>{1}, {1});
  try {
    loadWeights(network, weights, "w.npz");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.problems().size(), 3u);
  }
}

TEST(IntegerEngine, UnknownOperatorsAreRefusedByName) {
  try {
    networkOf(
        "generator: operators\noperators:\n"
        "  - {name: cell, kind: scan, dims: {M: 1, N: 4, K: 2, steps: 5}}\n");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("cell"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("scan"), std::string::npos);
  }
}

/// One step of each cell by hand, from the formulas of the literature.
TEST(FloatEngine, CellsFollowTheirFormulas) {
  for (const bool lstm : {true, false}) {
    ExecutableNetwork network =
        networkOf(std::string("generator: layers\ninput: {channels: 1, width: 2}\nlayers:\n"
                              "  - {name: c, cout: 1, bias: true, kind: ") +
                  (lstm ? "lstm}\n" : "gru}\n"));
    const std::int64_t gates = lstm ? 4 : 3;
    const std::vector<float> w = {0.5f, -0.3f, 0.8f, 0.2f}, u = {0.1f, 0.4f, -0.6f, 0.7f},
                             b = {0.05f, 0.1f, -0.1f, 0.2f};
    const auto first = [&](const std::vector<float>& v, const std::vector<std::int64_t>& shape) {
      return NumpyArray::of(std::vector<float>(v.begin(), v.begin() + gates), shape);
    };
    loadWeights(network,
                {{"c.weight_ih_l0", first(w, {gates, 1})},
                 {"c.weight_hh_l0", first(u, {gates, 1})},
                 {"c.bias_ih_l0", first(b, {gates})},
                 {"c.bias_hh_l0", first(b, {gates})}},
                "w");
    FloatEngine engine(network);
    engine.run({1.0f, -2.0f}, 1);
    double h = 0, c = 0;
    const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    for (const double x : {1.0, -2.0}) {
      const auto sum = [&](int g) { return w[g] * x + u[g] * h + 2 * b[g]; };
      if (lstm) {
        c = sigmoid(sum(1)) * c + sigmoid(sum(0)) * std::tanh(sum(2));
        h = sigmoid(sum(3)) * std::tanh(c);
      } else {
        const double fresh = std::tanh(w[2] * x + b[2] + sigmoid(sum(0)) * (u[2] * h + b[2]));
        h = (1 - sigmoid(sum(1))) * fresh + sigmoid(sum(1)) * h;
      }
      EXPECT_NEAR(engine.output()[x < 0 ? 1 : 0], h, 1e-6) << lstm;
    }
  }
}

/// A rotation keeps lengths, and scores depend on the distance of two positions only.
TEST(FloatEngine, RotaryPositionsLeaveScoresOfEqualDistancesEqual) {
  const ExecutableNetwork network = ready(networks[std::size(networks) - 2].yaml);
  const auto rope = std::find_if(network.steps.begin(), network.steps.end(),
                                 [](const Step& s) { return s.op.kind == OpKind::rope; });
  ASSERT_NE(rope, network.steps.end());
  EXPECT_EQ(rope->heads, 6);
  EXPECT_EQ(rope->rotated, 8);
  const double a = angleOf(*rope, 5, 1) - angleOf(*rope, 3, 1);
  EXPECT_NEAR(a, angleOf(*rope, 9, 1) - angleOf(*rope, 7, 1), 1e-12);
  EXPECT_NEAR(a, 2 * std::pow(10000.0, -0.25), 1e-12);
}

TEST(IntegerEngine, PortionsDoNotChangeOutputs) {
  const ExecutableNetwork network = ready(small);
  const DataSet data = noise(network, 5);
  for (const char* format : {"int8", "ternary", "w4g8a8", "int16"}) {
    IntegerEngine engine = engineFor(network, parseTensorFormats(format), data);
    const auto inputs = channelsLast(data, 3);
    engine.run(inputs, 5);
    const auto all = engine.output();
    const auto each = static_cast<std::ptrdiff_t>(network.input.values());
    engine.run({inputs.begin() + 3 * each, inputs.begin() + 4 * each}, 1);
    EXPECT_EQ(engine.output(), std::vector<float>(all.begin() + 12, all.begin() + 16)) << format;
  }
}

}  // namespace
}  // namespace wattlas
