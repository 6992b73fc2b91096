// Are whole networks the same in the recurrence of tokens and stepped clock by clock, from their
// operators on?
#include <gtest/gtest.h>

#include <cmath>

#include "models/base/random.h"
#include "tests/fpga/bench_board.h"

namespace wattlas::fpga {
namespace {

using namespace test;

/// A small network of convolutions, pools, residuals, concatenations, norms, attention and, in
/// style hls4ml, a GRU.
class RandomNetwork {
 public:
  explicit RandomNetwork(std::uint64_t seed) : r_(seed) {
    hls_ = r_.below(2) == 0;
    batch_ = r_.between(1, 3);
    height_ = r_.between(3, 6);
    width_ = r_.between(3, 7);
    channels_ = 2 * r_.between(1, 3);
    const std::int64_t cout = 2 * r_.between(1, 3);
    at_ = convolution(-1, cout, 1, 1);
    channels_ = cout;
    for (std::int64_t layers = r_.between(1, 4); layers > 0; --layers) layer();
    product("out", height_ * width_, channels_, 4);
  }
  const Graph& graph() const { return graph_; }
  bool hasGru() const { return gru_; }
  bool hasResidual() const { return residual_; }
  bool hasConcat() const { return concat_; }
  bool hasAttention() const { return attention_; }

  Settings settings() {
    Settings s = {{"style", hls_ ? "hls4ml" : "finn"}};
    s.emplace_back("folding.targetCycles", std::to_string(r_.between(20, 900)));
    s.emplace_back("law.windows", r_.below(2) == 0 ? "rows" : "pixels");
    if (r_.below(3) == 0) s.emplace_back("fifo.depth", std::to_string(r_.between(1, 40)));
    if (r_.below(4) == 0) s.emplace_back("memory.dmaClock", "40 MHz");
    if (!hls_ && r_.below(4) == 0) s.emplace_back("folding.weights", "streamed");
    return s;
  }

 private:
  Operator make(OpKind kind, const char* name) {
    Operator op;
    op.kind = kind;
    op.name = name + std::to_string(graph_.size());
    op.formats = parseTensorFormats(hls_ ? "fixed-8-3" : "w4a4");
    return op;
  }
  OpId add(Operator op, OpId from) { return graph_.addAfter(from, std::move(op)); }
  OpId rows(OpKind kind, OpVariant variant, const char* name, OpId from) {
    Operator op = make(kind, name);
    op.variant = variant;
    op.dims[Dim::M] = batch_ * height_ * width_;
    op.dims[Dim::N] = channels_;
    return add(std::move(op), from);
  }
  /// Keeps the image when `stride` is 1.
  OpId convolution(OpId from, std::int64_t cout, std::int64_t stride, std::int64_t dilation) {
    Operator op = make(OpKind::conv2d, "conv");
    const bool depthwise = cout == channels_ && r_.below(3) == 0;
    const std::int64_t kernel = r_.below(2) == 0 ? 1 : 3;
    op.dims[Dim::batch] = batch_;
    op.dims[Dim::cin] = channels_;
    op.dims[Dim::cout] = cout;
    op.dims[Dim::groups] = depthwise ? channels_ : 1;
    op.dims[Dim::height] = height_;
    op.dims[Dim::width] = width_;
    op.dims[Dim::kernelHeight] = op.dims[Dim::kernelWidth] = kernel;
    op.dims[Dim::stride] = stride;
    op.dims[Dim::dilation] = kernel > 1 ? dilation : 1;
    op.dims[Dim::pad] = (kernel - 1) / 2 * op.dims[Dim::dilation];
    return add(std::move(op), from);
  }
  void resize(OpId op) {
    at_ = op;
    height_ = outputHeight(graph_.at(op));
    width_ = outputWidth(graph_.at(op));
  }
  void product(const char* name, std::int64_t pixels, std::int64_t k, std::int64_t n) {
    Operator op = make(OpKind::gemm, name);
    op.dims[Dim::M] = batch_ * pixels;
    op.dims[Dim::K] = k;
    op.dims[Dim::N] = n;
    at_ = add(std::move(op), at_);
  }

  void layer() {
    switch (r_.below(9)) {
      case 0: {
        const std::int64_t cout = 2 * r_.between(1, 3);
        resize(convolution(at_, cout, r_.between(1, 2), hls_ ? 1 : r_.between(1, 2)));
        channels_ = cout;
        return;
      }
      case 1:
        return pool();
      case 2:
        return residual();
      case 3:
        return concat();
      case 4:
        at_ = rows(OpKind::norm, r_.below(2) == 0 ? OpVariant::layer : OpVariant::rms, "norm", at_);
        return;
      case 5:
        return attention();
      case 6:
        return hls_ ? gru() : transposed();
      case 7:
        at_ = rows(OpKind::softmax, OpVariant::none, "softmax", at_);
        return;
      default:
        at_ = rows(OpKind::activation, OpVariant::relu, "relu", at_);
    }
  }
  void pool() {
    if (height_ < 3 || width_ < 3) return;
    Operator op = make(OpKind::pool, "pool");
    op.variant = r_.below(2) == 0 ? OpVariant::maximum : OpVariant::average;
    op.dims[Dim::batch] = batch_;
    op.dims[Dim::cin] = op.dims[Dim::cout] = channels_;
    op.dims[Dim::height] = height_;
    op.dims[Dim::width] = width_;
    op.dims[Dim::kernelHeight] = op.dims[Dim::kernelWidth] = r_.between(2, 3);
    op.dims[Dim::stride] = hls_ ? op.dims[Dim::kernelWidth] : r_.between(1, 2);
    resize(add(std::move(op), at_));
  }
  void residual() {
    residual_ = true;
    const OpId bypass = at_, body = convolution(at_, channels_, 1, 1);
    at_ = rows(OpKind::add, OpVariant::none, "sum", body);
    graph_.connect(bypass, at_);
  }
  void concat() {
    concat_ = true;
    const OpId one = convolution(at_, channels_, 1, 1), other = at_;
    channels_ *= 2;
    at_ = rows(OpKind::concat, OpVariant::none, "joined", one);
    graph_.connect(other, at_);
  }
  void attention() {
    attention_ = true;
    const std::int64_t heads = r_.between(1, 2), width = r_.between(2, 4),
                       tokens = height_ * width_;
    product("qkv", tokens, channels_, 3 * heads * width);
    Operator op = make(OpKind::attention, "attention");
    op.cached = false;
    op.dims[Dim::batch] = batch_;
    op.dims[Dim::heads] = op.dims[Dim::kvHeads] = heads;
    op.dims[Dim::headDim] = width;
    op.dims[Dim::queries] = op.dims[Dim::keys] = tokens;
    at_ = add(std::move(op), at_);
    sequence(heads * width);
  }
  void gru() {
    gru_ = true;
    Operator op = make(OpKind::gru, "gru");
    op.dims[Dim::M] = batch_;
    op.dims[Dim::K] = channels_;
    op.dims[Dim::N] = 4;
    op.dims[Dim::steps] = height_ * width_;
    at_ = add(std::move(op), at_);
    sequence(4);
  }
  void transposed() {
    if (height_ * width_ > 30) return;
    Operator op = make(OpKind::convTranspose, "up");
    op.dims[Dim::batch] = batch_;
    op.dims[Dim::cin] = channels_;
    op.dims[Dim::cout] = 4;
    op.dims[Dim::height] = height_;
    op.dims[Dim::width] = width_;
    op.dims[Dim::kernelHeight] = height_ > 1 ? 3 : 1;
    op.dims[Dim::kernelWidth] = 3;
    op.dims[Dim::stride] = 2;
    op.dims[Dim::pad] = height_ > 1 ? 1 : 0;
    resize(add(std::move(op), at_));
    channels_ = 4;
  }
  /// Places become the tokens of a sequence.
  void sequence(std::int64_t channels) {
    width_ *= height_;
    height_ = 1;
    channels_ = channels;
  }

  Random r_;
  Graph graph_;
  OpId at_ = -1;
  std::int64_t batch_ = 1, height_ = 1, width_ = 1, channels_ = 1;
  bool hls_ = false, gru_ = false, residual_ = false, concat_ = false, attention_ = false;
};

TEST(RandomGraphs, SteppingEqualsTheRecurrenceFromTheOperatorsOn) {
  int ran = 0, grus = 0, residuals = 0, concats = 0, attentions = 0;
  double off = 0;
  for (std::uint64_t seed = 1; ran < 500 && seed < 2000; ++seed) {
    RandomNetwork network(seed);
    const auto device = board("fpga-u250", network.settings());
    const auto program =
        device->lower({network.graph(), network.graph().order(), PhaseKind::inference});
    if (!program) {
      ASSERT_NE(program.error().what.find("full streams"), std::string::npos)
          << "seed " << seed << ": " << program.error().what;
      continue;
    }
    const auto& pipeline = pipelineOf(**program);
    const Trace event = dataflow(*device).run(pipeline, Fidelity::event);
    const Trace stepped = dataflow(*device).run(pipeline, Fidelity::detailed);
    ASSERT_EQ(event.deadlock, "") << "seed " << seed;
    ASSERT_EQ(stepped.deadlock, "") << "seed " << seed;
    ASSERT_EQ(event.cycles, stepped.cycles) << "seed " << seed;
    ASSERT_EQ(event.firstFrame, stepped.firstFrame) << "seed " << seed;
    ASSERT_EQ(event.actors, stepped.actors) << "seed " << seed;
    ASSERT_EQ(event.occupancy, stepped.occupancy) << "seed " << seed;
    const Estimate closed = estimateCycles(pipeline.design().pipeline, pipeline.frames());
    const double error =
        std::abs(static_cast<double>(closed.cycles) / static_cast<double>(event.cycles) - 1);
    ASSERT_LT(error, 0.6) << "seed " << seed;
    off += error;
    ++ran;
    grus += network.hasGru() ? 1 : 0;
    residuals += network.hasResidual() ? 1 : 0;
    concats += network.hasConcat() ? 1 : 0;
    attentions += network.hasAttention() ? 1 : 0;
  }
  EXPECT_EQ(ran, 500);
  EXPECT_LT(off / ran, 0.1) << "the closed form is an estimate of the same pipeline";
  for (const int count : {grus, residuals, concats, attentions}) EXPECT_GT(count, 40);
}

}  // namespace
}  // namespace wattlas::fpga
