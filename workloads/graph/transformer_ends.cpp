// Ends of a pass: tables of words, images and sounds that enter, heads that answer.
#include "workloads/graph/transformer_parts.h"

namespace wattlas {

void PassParts::classHead() {
  const std::int64_t rows = spec_.headEach ? pass_.tokens : pass_.last;
  if (spec_.headDense) gemm("head.dense", rows, spec_.hidden, spec_.hidden, spec_.bias);
  if (spec_.headDense)
    elementwise("head.act", OpKind::activation, OpVariant::tanh, rows, spec_.hidden);
  gemm("classifier", rows, spec_.classes, spec_.hidden, spec_.headBias);
}

void PassParts::wordHead() {
  const std::int64_t rows = spec_.encoder() || spec_.everyLogit ? pass_.tokens : pass_.last;
  const std::int64_t width = spec_.wordWidth > 0 ? spec_.wordWidth : spec_.hidden;
  if (spec_.headDense) {
    gemm("head.dense", rows, spec_.hidden, spec_.hidden, spec_.bias);
    elementwise("head.act", OpKind::activation, functionOf(false), rows, spec_.hidden);
    norm("head.norm", rows, spec_.hidden, normVariant());
  }
  if (spec_.wordWidth > 0) gemm("project_out", rows, width, spec_.hidden, false);
  gemm("lm_head", rows, spec_.vocabulary, width, spec_.headBias && !spec_.tied);
  if (spec_.tied) {
    const bool own = root_.empty() || spec_.input != "words";
    graph_.at(at_).sharesWeightsOf =
        own ? prefixed("embed.word") : std::string("encoder.embed.word");
    if (spec_.headBias) trained("lm_head.bias", OpKind::add, rows, spec_.vocabulary);
  }
  if (spec_.logitCap)
    elementwise("logit_cap", OpKind::activation, OpVariant::tanh, rows, spec_.vocabulary);
}

std::string PassParts::prefixed(const std::string& name) const {
  return root_.empty() ? name : root_ + "." + name;
}

/// A trained value for each column, added to or multiplied with every row.
void PassParts::trained(const std::string& name, OpKind kind, std::int64_t rows,
                        std::int64_t width) {
  elementwise(name, kind, OpVariant::none, rows, width);
  Operator& op = graph_.at(at_);
  op.dims[Dim::inputs] = op.dims[Dim::smallInputs] = 1;
  op.dims[Dim::smallValues] = width;
  op.hasWeights = true;
}

/// An image as one convolution whose kernel is a patch; trained tokens join it.
void PassParts::patches() {
  Operator op = make("embed.patch", OpKind::conv2d);
  op.dims[Dim::batch] = pass_.last;
  op.dims[Dim::cin] = spec_.inputChannels;
  op.dims[Dim::cout] = spec_.hidden;
  op.dims[Dim::height] = op.dims[Dim::width] = spec_.imageSize;
  op.dims[Dim::kernelHeight] = op.dims[Dim::kernelWidth] = op.dims[Dim::stride] = spec_.patchSize;
  op.hasBias = true;
  put(std::move(op));
  if (spec_.extraTokens == 0) return;
  Operator extra = make("embed.class", OpKind::embedding);
  extra.dims[Dim::M] = Exact(pass_.last) * spec_.extraTokens;
  extra.dims[Dim::N] = spec_.hidden;
  extra.dims[Dim::K] = spec_.extraTokens;
  const OpId tokens = graph_.add(std::move(extra));
  elementwise("embed.join", OpKind::concat, OpVariant::none, pass_.tokens, spec_.hidden);
  graph_.connect(tokens, at_);
}

/// Two convolutions of three frames; the second halves the length.
void PassParts::sounds() {
  std::int64_t channels = spec_.inputChannels;
  for (const std::int64_t stride : {1, 2}) {
    const std::string name = "embed.conv" + std::to_string(stride);
    Operator op = make(name, OpKind::conv1d);
    op.dims[Dim::batch] = pass_.last;
    op.dims[Dim::cin] = channels;
    op.dims[Dim::cout] = channels = spec_.hidden;
    op.dims[Dim::width] = spec_.frames;
    op.dims[Dim::kernelWidth] = 3;
    op.dims[Dim::stride] = stride;
    op.dims[Dim::pad] = 1;
    op.hasBias = true;
    put(std::move(op));
    elementwise(name + "_act", OpKind::activation, functionOf(false),
                Exact(pass_.last) * ((spec_.frames + stride - 1) / stride), spec_.hidden);
  }
}

void PassParts::words() {
  at_ = table("embed.word", spec_.vocabulary, spec_.wordWidth > 0 ? spec_.wordWidth : spec_.hidden);
  if (stack_ == Stack::decoder && spec_.input == "words")
    graph_.at(at_).sharesWeightsOf = "encoder.embed.word";
  if (spec_.wordWidth > 0) gemm("project_in", pass_.tokens, spec_.hidden, spec_.wordWidth, false);
}

void PassParts::embeddings() {
  const bool sensed = spec_.input != "words" && stack_ != Stack::decoder;
  if (!sensed)
    words();
  else if (spec_.input == "patches")
    patches();
  else
    sounds();
  std::vector<OpId> extra;
  if (spec_.positions == "learned")
    extra.push_back(table("embed.position",
                          sensed && spec_.both() ? spec_.inputTokens() : spec_.positionRows,
                          spec_.hidden));
  if (spec_.typeRows > 0) extra.push_back(table("embed.type", spec_.typeRows, spec_.hidden));
  if (!extra.empty()) {
    add("embed.add", extra.front());
    for (std::size_t i = 1; i < extra.size(); ++i) graph_.connect(extra[i], at_);
    graph_.at(at_).dims[Dim::inputs] = static_cast<std::int64_t>(extra.size()) + 1;
  }
  if (spec_.embeddingNorm) norm("embed.norm", spec_.hidden);
  if (spec_.dropsOut)
    elementwise("embed.dropout", OpKind::activation, OpVariant::dropout, pass_.tokens,
                spec_.hidden);
  if (spec_.positions != "relative") return;
  // One table for all layers: a value for each head and distance.
  const OpId stream = at_;
  at_ = -1;
  Operator op = make("embed.relative", OpKind::embedding);
  op.dims[Dim::M] = Exact(pass_.queries) + (pass_.keys - 1);
  op.dims[Dim::N] = spec_.heads;
  op.dims[Dim::K] = spec_.relativeBuckets;
  relative_ = put(std::move(op));
  at_ = stream;
}

}  // namespace wattlas
