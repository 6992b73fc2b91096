// Steps of training: what they multiply, what they keep, and what they refuse.
#include <gmock/gmock.h>

#include "tests/graph/workload_fixture.h"

namespace wattlas {
namespace {

using testing::errorOf;
using testing::find;
using testing::fromText;
using ::testing::HasSubstr;
using testing::make;

const Phase* phaseOf(const Workload& w, PhaseKind kind) {
  for (const Phase& phase : w.phases)
    if (phase.kind == kind) return &phase;
  return nullptr;
}

std::int64_t macsOf(const Workload& w, PhaseKind kind) {
  std::int64_t macs = 0;
  const Phase* phase = phaseOf(w, kind);
  for (OpId id = 0; phase != nullptr && id < static_cast<OpId>(phase->graph.size()); ++id)
    macs += costOf(phase->graph.at(id)).macs * phase->graph.at(id).count * phase->repeat;
  return macs;
}

std::int64_t updated(const Workload& w) {
  std::int64_t values = 0;
  const Phase& phase = *phaseOf(w, PhaseKind::update);
  for (OpId id = 0; id < static_cast<OpId>(phase.graph.size()); ++id)
    values += phase.graph.at(id).dims[Dim::M] * phase.graph.at(id).count;
  return values;
}

/// Products of every kind behind a trained factor, so that all of them pass gradients back.
const char* const products = R"(
generator: layers
format: fp16
input: {channels: 8, height: 17, width: 12}
layers:
  - {name: factor, kind: scale}
  - {name: strided, kind: conv, cout: 12, kernel: 3, stride: 2, padding: same, bias: true}
  - {name: dilated, kind: conv, cout: 12, kernel: 3, dilation: 2, padding: 2, groups: 3}
  - {name: depthwise, kind: depthwise, kernel: 3, kernel_height: 2, stride: 1, stride_height: 2}
  - {name: wider, kind: transposed_conv, cout: 6, kernel: 3, stride: 2, output_padding: 1}
  - {name: dense, kind: dense, cout: 10, bias: true}
)";

TEST(Training, BackwardPassMultipliesTwiceAsMuchForProducts) {
  for (const Workload& w :
       {fromText(products, {"train.step=true", "batch=3"}), make("llama2-7b", {"train.step=true"}),
        make("bert-base", {"train.step=true"})}) {
    const std::int64_t forward = macsOf(w, PhaseKind::forward);
    EXPECT_EQ(macsOf(w, PhaseKind::backwardData) + macsOf(w, PhaseKind::backwardWeight),
              2 * forward)
        << w.id;
  }
  // Nothing needs the gradient of an image.
  const Workload image = make("resnet18", {"train.step=true", "format=fp16"});
  const std::int64_t first = costOf(find(image.phases[0], "stem")).macs;
  EXPECT_EQ(macsOf(image, PhaseKind::backwardData), macsOf(image, PhaseKind::forward) - first);
  EXPECT_EQ(macsOf(image, PhaseKind::backwardWeight), macsOf(image, PhaseKind::forward));
}

TEST(Training, GradientsHaveTheShapesOfWhatTheyBelongTo) {
  const Workload w = fromText(products, {"train.step=true", "batch=3"});
  for (const char* layer : {"strided", "dilated", "depthwise", "wider", "dense"}) {
    const OpCost forward = costOf(find(w.phases[0], layer));
    const OpCost data =
        costOf(find(*phaseOf(w, PhaseKind::backwardData), layer + std::string(".dx")));
    const OpCost weight =
        costOf(find(*phaseOf(w, PhaseKind::backwardWeight), layer + std::string(".dw")));
    EXPECT_EQ(data.input, forward.output) << layer;
    EXPECT_EQ(data.output, forward.input) << layer;
    EXPECT_EQ(weight.input, forward.input + forward.output) << layer;
    if (!find(w.phases[0], layer).hasBias) {
      EXPECT_EQ(weight.output, forward.weights) << layer;
    }
  }
}

TEST(Training, AdamOnHalfPrecisionKeepsSixteenBytesAParameter) {
  for (const char* id : {"gpt2", "llama2-7b"}) {
    const Workload w = make(id, {"train.step=true", "format=fp16"});
    const TrainingMemory& m = w.training;
    const auto parameters = static_cast<double>(make(id).totals().parameters);
    EXPECT_EQ(toBytes(m.weights + m.gradients + m.optimizer), 16 * parameters) << id;
    EXPECT_EQ(static_cast<double>(updated(w)), parameters) << id;
  }
  const auto bytes = [](const char* optimizer, const char* format) {
    const Workload w = make("gpt2", {"train.step=true", optimizer, format});
    return toBytes(w.training.weights + w.training.gradients + w.training.optimizer) /
           static_cast<double>(w.totals().parameters);
  };
  EXPECT_EQ(bytes("train.optimizer=sgd", "format=fp16"), 8);
  EXPECT_EQ(bytes("train.optimizer=momentum", "format=fp16"), 12);
  EXPECT_EQ(bytes("train.optimizer=adam", "format=fp32"), 16);
}

TEST(Training, RecomputationIsOneMoreForwardPassForLessMemory) {
  for (const char* id : {"gpt2", "resnet18"}) {
    const Workload stored = make(id, {"train.step=true", "batch=8", "format=fp16"});
    const Workload again =
        make(id, {"train.step=true", "batch=8", "format=fp16", "train.recompute=full"});
    EXPECT_EQ(macsOf(again, PhaseKind::recompute), macsOf(again, PhaseKind::forward)) << id;
    EXPECT_EQ(macsOf(stored, PhaseKind::recompute), 0) << id;
    EXPECT_LT(again.training.activations.value, 0.7 * stored.training.activations.value) << id;
  }
}

TEST(Training, PartsOfABatchNeedLessMemoryAndSumTheirGradients) {
  const Workload whole = make("resnet18", {"train.step=true", "batch=8", "format=fp16"});
  const Workload parts =
      make("resnet18", {"train.step=true", "batch=8", "format=fp16", "train.micro_batches=4"});
  for (const PhaseKind kind :
       {PhaseKind::forward, PhaseKind::backwardData, PhaseKind::backwardWeight})
    EXPECT_EQ(macsOf(parts, kind), macsOf(whole, kind));
  EXPECT_EQ(parts.options.batch, 8);
  EXPECT_EQ(updated(parts), updated(whole));
  // All but the statistics of norms, one value a channel.
  EXPECT_NEAR(parts.training.activations.value * 4, whole.training.activations.value,
              1e-3 * whole.training.activations.value);
  EXPECT_EQ(
      costOf(find(*phaseOf(parts, PhaseKind::backwardWeight), "classifier.accumulate")).elementOps,
      costOf(find(whole.phases[0], "classifier")).parameters);
  EXPECT_THAT(errorOf([] {
                make("resnet18", {"train.step=true", "train.micro_batches=4"});
              }),
              HasSubstr("does not divide"));
}

TEST(Training, NothingFlowsBackBehindTheFirstTrainedLayer) {
  const Workload w = make("tiny-vww", {"train.step=true", "train.frozen=[conv1, dw1, pw1]"});
  const Phase& back = *phaseOf(w, PhaseKind::backwardData);
  EXPECT_NO_THROW(find(back, "pw2.dx"));
  EXPECT_ANY_THROW(find(back, "dw2.dx"));
  EXPECT_THAT(errorOf([] {
                make("tiny-vww", {"train.step=true", "train.frozen=[con1]"});
              }),
              HasSubstr("did you mean 'conv1'"));
}

TEST(Training, SparseUpdateOfAWakeWordsNetworkFitsTheMemoryOfAMicrocontroller) {
  const Workload w = make("tiny-vww-sparse");
  EXPECT_LE(toBytes(w.training.total()), 256e3);
  EXPECT_GT(updated(w), 50000);
  // Not all of it does.
  EXPECT_GT(toBytes(make("tiny-vww-sparse", {"train.memory_limit=0 B"}).training.total()), 256e3);
}

TEST(Training, LocalLossesStoreAndPassBackNothing) {
  const Workload w = make("resnet18", {"train.step=true", "format=fp16", "train.rule=local"});
  EXPECT_EQ(phaseOf(w, PhaseKind::backwardData), nullptr);
  EXPECT_EQ(macsOf(w, PhaseKind::backwardWeight), macsOf(w, PhaseKind::forward));
  EXPECT_LT(w.training.activations.value,
            0.5 * make("resnet18", {"train.step=true", "format=fp16"}).training.activations.value);
}

TEST(Training, SparseWeightsSaveInTwoOfThreeProducts) {
  const Workload w = fromText(
      products, {"train.step=true", "sparsity.pattern=nm", "sparsity.n=2", "sparsity.m=8"});
  double dense = 0, sparse = 0;
  for (const Phase& phase : w.phases)
    for (OpId id = 0; id < static_cast<OpId>(phase.graph.size()); ++id) {
      const Operator& op = phase.graph.at(id);
      const auto macs = static_cast<double>(costOf(op).macs);
      dense += macs;
      sparse += macs * op.weightSparsity.density;
    }
  EXPECT_DOUBLE_EQ(dense / sparse, 3 / (2 * 2 / 8.0 + 1));
}

TEST(Training, KindsWithoutADerivativeAreRefusedByName) {
  EXPECT_THAT(errorOf([] { make("mamba-2.8b", {"train.step=true"}); }),
              HasSubstr("'mixer.scan' (scan) has no derivative"));
  EXPECT_THAT(errorOf([] { make("toptag-gru", {"train.step=true"}); }), HasSubstr("(gru)"));
  // Behind it nothing has to go through it.
  EXPECT_EQ(errorOf([] { make("toptag-gru", {"train.step=true", "train.frozen=[gru]"}); }), "");
}

}  // namespace
}  // namespace wattlas
