// One set of operators stands for all layers that are alike (`count`); projections are fused as
// inference engines run them: attn.qkv gives query, key and value, mlp.gate_up gives gate and up.
#include <algorithm>
#include <cmath>

#include "workloads/graph/transformer_spec.h"

namespace wattlas {
namespace {

/// Operators of one pass in the making: tables of words, images and sounds that enter, heads that
/// answer.
class PassParts {
 public:
  PassParts(const TransformerSpec& spec, const Draft& draft, Graph& graph, const Pass& pass,
            Stack stack)
      : spec_(spec), draft_(draft), graph_(graph), pass_(pass), stack_(stack) {
    root_ = stack == Stack::encoder ? "encoder" : stack == Stack::decoder ? "decoder" : "";
    prefix_ = root_;
  }

 protected:
  void extend(const std::string& part) {
    if (!part.empty()) prefix_ += (prefix_.empty() ? "" : ".") + part;
  }
  Operator make(const std::string& name, OpKind kind) const {
    Operator op = draft_.make(name, kind, range_, prefix_);
    if (range_ != nullptr) {
      op.count = group_.count;
      op.block = prefix_.empty() ? "layer" : prefix_;
    }
    return op;
  }
  OpId put(Operator op) { return at_ = graph_.addAfter(at_, std::move(op)); }

  OpId gemm(const std::string& name, std::int64_t m, std::int64_t n, std::int64_t k, bool bias) {
    Operator op = make(name, OpKind::gemm);
    op.dims[Dim::M] = m;
    op.dims[Dim::N] = n;
    op.dims[Dim::K] = k;
    op.hasBias = bias;
    return put(std::move(op));
  }
  OpId elementwise(const std::string& name, OpKind kind, OpVariant variant, std::int64_t m,
                   std::int64_t n) {
    Operator op = make(name, kind);
    op.variant = variant;
    op.dims[Dim::M] = m;
    op.dims[Dim::N] = n;
    op.hasWeights = kind == OpKind::norm;
    return put(std::move(op));
  }
  OpId norm(const std::string& name, std::int64_t width) {
    return norm(name, pass_.tokens, width, normVariant());
  }
  OpVariant normVariant() const { return spec_.norm == "rms" ? OpVariant::rms : OpVariant::layer; }
  OpVariant functionOf(bool gated) const {
    using V = OpVariant;
    return spec_.activation == "relu"   ? (gated ? V::reluMul : V::relu)
           : spec_.activation == "gelu" ? (gated ? V::geluMul : V::gelu)
                                        : (gated ? V::siluMul : V::silu);
  }
  OpId norm(const std::string& name, std::int64_t rows, std::int64_t width, OpVariant variant) {
    return elementwise(name, OpKind::norm, variant, rows, width);
  }
  /// Adds what flowed in at `from` to what comes now.
  OpId add(const std::string& name, OpId from) {
    elementwise(name, OpKind::add, OpVariant::none, pass_.tokens, spec_.hidden);
    if (from >= 0) graph_.connect(from, at_);
    return at_;
  }
  OpId table(const std::string& name, std::int64_t rows, std::int64_t width) {
    Operator op = make(name, OpKind::embedding);
    op.dims[Dim::M] = pass_.tokens;
    op.dims[Dim::N] = width;
    op.dims[Dim::K] = rows;
    return graph_.add(std::move(op));
  }

  void classHead() {
    const std::int64_t rows = spec_.headEach ? pass_.tokens : pass_.last;
    if (spec_.headDense) gemm("head.dense", rows, spec_.hidden, spec_.hidden, spec_.bias);
    if (spec_.headDense)
      elementwise("head.act", OpKind::activation, OpVariant::tanh, rows, spec_.hidden);
    gemm("classifier", rows, spec_.classes, spec_.hidden, spec_.headBias);
  }

  /// A decoder asks for the next word, an encoder for the one at each place.
  void wordHead() {
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

  std::string prefixed(const std::string& name) const {
    return root_.empty() ? name : root_ + "." + name;
  }

  /// A trained value for each column, added to or multiplied with every row.
  void trained(const std::string& name, OpKind kind, std::int64_t rows, std::int64_t width) {
    elementwise(name, kind, OpVariant::none, rows, width);
    Operator& op = graph_.at(at_);
    op.dims[Dim::inputs] = op.dims[Dim::smallInputs] = 1;
    op.dims[Dim::smallValues] = width;
    op.hasWeights = true;
  }

  /// An image as one convolution whose kernel is a patch; trained tokens join it.
  void patches() {
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
  void sounds() {
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

  void words() {
    at_ =
        table("embed.word", spec_.vocabulary, spec_.wordWidth > 0 ? spec_.wordWidth : spec_.hidden);
    if (stack_ == Stack::decoder && spec_.input == "words")
      graph_.at(at_).sharesWeightsOf = "encoder.embed.word";
    if (spec_.wordWidth > 0) gemm("project_in", pass_.tokens, spec_.hidden, spec_.wordWidth, false);
  }

  /// Words, patches or sounds, and their positions.
  void embeddings() {
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

  const TransformerSpec& spec_;
  const Draft& draft_;
  Graph& graph_;
  Pass pass_;
  Stack stack_;
  OpId at_ = -1, relative_ = -1;
  OpId normed_ = -1;  ///< what attention reads
  const LayerRange* range_ = nullptr;
  LayerGroup group_;
  std::string root_, prefix_;
};

class PassBuilder final : PassParts {
 public:
  using PassParts::PassParts;

  void run() {
    embeddings();
    const std::int64_t layers = stack_ == Stack::decoder ? spec_.decoderLayers : spec_.layers;
    for (const LayerRange& range : draft_.formats.pieces(layers)) {
      const bool whole = range.first == 0 && range.last == layers - 1;
      for (const LayerGroup& group : groupsOf(spec_, range.first, range.last)) {
        range_ = &range;
        group_ = group;
        prefix_ = root_;
        if (!whole) extend("L" + std::to_string(range.first) + "-" + std::to_string(range.last));
        extend(group.name);
        layer();
      }
    }
    range_ = nullptr;
    prefix_ = root_;
    if (spec_.finalNorm) norm("final.norm", spec_.hidden);
    if (stack_ == Stack::encoder) return;
    if (spec_.pooler) {
      gemm("pooler", pass_.last, spec_.hidden, spec_.hidden, spec_.bias);
      elementwise("pooler.act", OpKind::activation, OpVariant::tanh, pass_.last, spec_.hidden);
    }
    if (spec_.head == "classes") classHead();
    if (spec_.head == "words") wordHead();
  }

 private:
  void layer() {
    const OpId in = at_;
    if (group_.scans)
      stateSpace();
    else
      attention(in);
    if (group_.mixture || spec_.ffn > 0) feedForward(in);
  }

  void attention(OpId in) {
    const bool before = spec_.normPlace == "before";
    if (before) norm("attn.norm", spec_.hidden);
    normed_ = at_;
    if (spec_.kvRank > 0)
      latentAttention();
    else
      selfAttention();
    const std::int64_t inner = spec_.heads * (spec_.kvRank > 0 ? spec_.valueDim : spec_.headDim);
    if (spec_.subNorms) norm("attn.sub_norm", inner);
    gemm("attn.out", pass_.tokens, spec_.hidden, inner, spec_.hasBias(spec_.outBias));
    close("attn", in);
    if (pass_.source > 0) crossAttention();
  }

  /// What follows a sub-layer: its norm, and the addition to what came in.
  void close(const std::string& group, OpId in) {
    if (spec_.dropsOut)
      elementwise(group + ".dropout", OpKind::activation, OpVariant::dropout, pass_.tokens,
                  spec_.hidden);
    if (spec_.postNorms) norm(group + ".post_norm", spec_.hidden);
    if (spec_.parallel != "none" && group == "attn") return;  // one addition for both
    add(group + ".add", in);
    if (spec_.normPlace == "after") norm(group + ".norm", spec_.hidden);
  }

  void projections(const std::string& group, std::int64_t queryWidth, std::int64_t keyWidth) {
    const bool bias = spec_.hasBias(spec_.qkvBias);
    if (keyWidth > 0 && spec_.keyBias != "as_bias" && (spec_.keyBias == "true") != bias) {
      const OpId from = at_;
      gemm(group + ".key", pass_.tokens, keyWidth, spec_.hidden, spec_.keyBias == "true");
      const OpId key = at_;
      at_ = from;
      gemm(group + (queryWidth > 0 ? ".qv" : ".value"), pass_.tokens, queryWidth + keyWidth,
           spec_.hidden, bias);
      graph_.connect(key, at_);
      return;
    }
    if (spec_.gguf != "none" && keyWidth > 0) {  // each has a format of its own
      const OpId from = at_;
      gemm(group + ".query", pass_.tokens, queryWidth, spec_.hidden, bias);
      const OpId query = at_;
      at_ = from;
      gemm(group + ".key", pass_.tokens, keyWidth, spec_.hidden, bias);
      const OpId key = at_;
      at_ = from;
      gemm(group + ".value", pass_.tokens, keyWidth, spec_.hidden, bias);
      graph_.connect(query, at_);
      graph_.connect(key, at_);
      return;
    }
    gemm(group + (queryWidth == 0 ? ".kv"
                  : keyWidth == 0 ? ".query"
                                  : ".qkv"),
         pass_.tokens, queryWidth + 2 * keyWidth, spec_.hidden, bias);
  }

  void selfAttention() {
    const std::int64_t keyWidth = group_.ownsKeys ? spec_.kvHeads * spec_.headDim : 0;
    projections("attn", spec_.heads * spec_.headDim, keyWidth);
    if (spec_.queryKeyNorm) {
      norm("attn.q_norm", Exact(pass_.tokens) * spec_.heads, spec_.headDim, normVariant());
      if (group_.ownsKeys)
        norm("attn.k_norm", Exact(pass_.tokens) * spec_.kvHeads, spec_.headDim, normVariant());
    }
    if (spec_.positions == "rope")
      elementwise("attn.rope", OpKind::rope, OpVariant::none, pass_.tokens,
                  (spec_.heads + (group_.ownsKeys ? spec_.kvHeads : 0)) * spec_.rotaryDim);
    Operator op = scores("attn.sdpa");
    if (!group_.ownsKeys) op.dims[Dim::newKeys] = 0;
    put(std::move(op));
    if (relative_ >= 0) graph_.connect(relative_, at_);
  }

  Operator scores(const std::string& name) const {
    Operator op = make(name, OpKind::attention);
    op.dims[Dim::batch] = pass_.last;
    op.dims[Dim::heads] = spec_.heads;
    op.dims[Dim::kvHeads] = spec_.kvHeads;
    op.dims[Dim::headDim] = spec_.headDim;
    op.dims[Dim::queries] = pass_.queries;
    const std::int64_t window = group_.windowed ? spec_.window : 0;
    const bool cut = pass_.decode && pass_.grows && window > 0;
    op.dims[Dim::keys] = cut ? std::min(pass_.keys, window) : pass_.keys;
    op.dims[Dim::scoreOps] = (spec_.positions == "alibi" || spec_.positions == "relative" ? 1 : 0) +
                             (spec_.scoreCap ? 6 : 0);
    op.dims[Dim::dropout] = spec_.dropsOut && spec_.dropout == "all" ? 1 : 0;
    op.window = window;
    op.causal = op.cached = !spec_.encoder() && stack_ != Stack::encoder;
    op.growsWithContext = pass_.grows;
    op.hasWeights = false;
    return op;
  }

  /// Keys and values as one vector a token. A prefill expands it to heads; decode multiplies the
  /// queries by the key matrix instead and attends to the vectors themselves.
  void latentAttention() {
    const std::int64_t heads = spec_.heads, rank = spec_.kvRank, rope = spec_.kvRope;
    const std::int64_t tokens = pass_.tokens, query = heads * (spec_.headDim + rope);
    if (spec_.queryRank > 0) {
      gemm("attn.q_a", tokens, spec_.queryRank, spec_.hidden, spec_.hasBias(spec_.qkvBias));
      norm("attn.q_a_norm", tokens, spec_.queryRank, OpVariant::rms);
      gemm("attn.q_b", tokens, query, spec_.queryRank, false);
    } else {
      gemm("attn.query", tokens, query, spec_.hidden, spec_.hasBias(spec_.qkvBias));
    }
    const OpId queries = at_;
    at_ = normed_;
    gemm("attn.kv_a", tokens, rank + rope, spec_.hidden, spec_.hasBias(spec_.qkvBias));
    norm("attn.kv_a_norm", tokens, rank, OpVariant::rms);
    graph_.connect(queries, at_);
    if (rope > 0)
      elementwise("attn.rope", OpKind::rope, OpVariant::none, tokens, (heads + 1) * rope);
    Operator op = scores("attn.sdpa");
    op.dims[Dim::latent] = rank + rope;
    if (pass_.decode) {
      perHead("attn.kv_b_k", spec_.headDim, rank);
      op.dims[Dim::kvHeads] = 1;
      op.dims[Dim::headDim] = rank + rope;
      op.dims[Dim::valueDim] = rank;
      put(std::move(op));
      perHead("attn.kv_b_v", rank, spec_.valueDim);
      return;
    }
    gemm("attn.kv_b_k", tokens, heads * spec_.headDim, rank, false);
    gemm("attn.kv_b_v", tokens, heads * spec_.valueDim, rank, false);
    op.dims[Dim::headDim] = spec_.headDim + rope;
    op.dims[Dim::valueDim] = spec_.valueDim;
    put(std::move(op));
  }

  /// A product of each head with a matrix of its own.
  void perHead(const std::string& name, std::int64_t in, std::int64_t out) {
    Operator op = make(name, OpKind::conv1d);
    op.dims[Dim::batch] = pass_.tokens;
    op.dims[Dim::groups] = spec_.heads;
    op.dims[Dim::cin] = Exact(spec_.heads) * in;
    op.dims[Dim::cout] = Exact(spec_.heads) * out;
    put(std::move(op));
  }

  /// Attention to the encoder's output; keys and values enter the cache once, in the prefill.
  void crossAttention() {
    const OpId in = at_;
    const bool before = spec_.normPlace == "before";
    if (before) norm("cross.norm", spec_.hidden);
    const std::int64_t width = spec_.kvHeads * spec_.headDim, tokens = pass_.tokens;
    projections("cross", spec_.heads * spec_.headDim, 0);
    if (!pass_.decode) {
      const OpId query = at_;
      const Pass own = pass_;
      pass_.tokens = Exact(pass_.last) * pass_.source;
      projections("cross", 0, width);
      pass_ = own;
      graph_.connect(query, at_);
    }
    Operator op = scores("cross.sdpa");
    op.dims[Dim::keys] = pass_.source;
    op.dims[Dim::newKeys] = pass_.decode ? 0 : pass_.source;
    op.dims[Dim::scoreOps] = spec_.scoreCap ? 6 : 0;
    op.causal = op.growsWithContext = false;
    op.window = 0;
    put(std::move(op));
    gemm("cross.out", tokens, spec_.hidden, spec_.heads * spec_.headDim,
         spec_.hasBias(spec_.outBias));
    close("cross", in);
  }

  /// Selective state space (Mamba): two projections in, a short convolution, the scan, one out.
  void stateSpace() {
    const OpId in = at_;
    const std::int64_t inner = spec_.innerWidth, states = spec_.stateSize, rank = spec_.stepRank;
    norm("mixer.norm", spec_.hidden);
    gemm("mixer.in", pass_.tokens, 2 * inner, spec_.hidden, spec_.bias);
    Operator conv = make("mixer.conv", OpKind::conv1d);
    conv.dims[Dim::batch] = pass_.last;
    conv.dims[Dim::cin] = conv.dims[Dim::cout] = conv.dims[Dim::groups] = inner;
    conv.dims[Dim::width] = pass_.queries + spec_.convKernel - 1;  // with what came before
    conv.dims[Dim::kernelWidth] = spec_.convKernel;
    conv.hasBias = true;
    put(std::move(conv));
    elementwise("mixer.conv_act", OpKind::activation, OpVariant::silu, pass_.tokens, inner);
    gemm("mixer.x", pass_.tokens, rank + 2 * states, inner, false);
    gemm("mixer.step", pass_.tokens, inner, rank, true);
    elementwise("mixer.step_act", OpKind::activation, OpVariant::softplus, pass_.tokens, inner);
    Operator scan = make("mixer.scan", OpKind::scan);
    scan.dims[Dim::M] = pass_.last;
    scan.dims[Dim::N] = inner;
    scan.dims[Dim::K] = states;
    scan.dims[Dim::steps] = pass_.queries;
    put(std::move(scan));
    elementwise("mixer.gate", OpKind::activation, OpVariant::siluMul, pass_.tokens, inner);
    gemm("mixer.out", pass_.tokens, spec_.hidden, inner, spec_.bias);
    add("mixer.add", in);
  }

  /// `in`: input of the layer. In a parallel layer both branches read it and one addition ends
  /// both; otherwise the feed-forward network reads what attention left.
  void feedForward(OpId in) {
    const bool before = spec_.normPlace == "before";
    const bool parallel = spec_.parallel != "none" && !group_.scans;
    const OpId attended = at_;
    if (parallel) at_ = spec_.parallel == "one_norm" ? normed_ : in;
    if (before && spec_.parallel != "one_norm") norm("mlp.norm", spec_.hidden);
    if (group_.mixture)
      mixture();
    else
      expert("mlp", "", pass_.tokens, spec_.ffn);
    if (!parallel) return close("mlp", attended);
    if (spec_.postNorms) norm("mlp.post_norm", spec_.hidden);
    add("mlp.add", attended);
    if (in >= 0) graph_.connect(in, at_);
    graph_.at(at_).dims[Dim::inputs] = 3;
  }

  /// Up (and gate), activation and down projection for `rows` tokens.
  void expert(const std::string& group, const std::string& suffix, std::int64_t rows,
              std::int64_t width) {
    const bool bias = spec_.hasBias(spec_.ffnBias);
    gemm(group + (spec_.gated ? ".gate_up" : ".up") + suffix, rows, spec_.gated ? 2 * width : width,
         spec_.hidden, bias);
    elementwise(group + ".act" + suffix, OpKind::activation, functionOf(spec_.gated), rows, width);
    if (spec_.subNorms) norm(group + ".sub_norm" + suffix, rows, width, normVariant());
    gemm(group + ".down" + suffix, rows, spec_.hidden, width, bias);
  }

  /// Mixture of experts. With uniform routing `tokens` tokens touch E (1 - (1 - k/E)^tokens)
  /// distinct experts a layer. All layers together run that many, to the nearest whole one; the
  /// token assignments are spread evenly over them: some get one row more ("_more").
  void mixture() {
    const std::int64_t e = spec_.experts, k = spec_.expertsActive, layers = group_.count;
    const OpId in = at_;
    gemm("mlp.router", pass_.tokens, e, spec_.hidden, spec_.routerBias);
    const OpId router =
        elementwise("mlp.router_softmax", OpKind::softmax, OpVariant::none, pass_.tokens, e);
    const std::int64_t assigned = Exact(pass_.tokens) * k * layers;
    const double each = -std::expm1(static_cast<double>(pass_.tokens) *
                                    std::log1p(-static_cast<double>(k) / static_cast<double>(e)));
    const std::int64_t most = std::min<std::int64_t>(Exact(e) * layers, assigned);
    const std::int64_t runs = std::clamp<std::int64_t>(
        std::llround(static_cast<double>(e) * static_cast<double>(layers) * each), k * layers,
        most);
    const std::int64_t rows = assigned / runs, more = assigned % runs;

    const std::size_t first = graph_.size();
    expert("mlp.expert", "", rows, spec_.expertFfn);
    const OpId down = at_;
    repeatExperts(first, runs - more, {});
    if (more > 0) {
      at_ = router;
      const std::size_t second = graph_.size();
      expert("mlp.expert", "_more", rows + 1, spec_.expertFfn);
      repeatExperts(second, more, "_more");
    }
    const OpId last = at_;
    OpId shared = -1;
    if (spec_.sharedExperts > 0) {
      at_ = in;
      expert("mlp.shared", "", pass_.tokens, Exact(spec_.sharedExperts) * spec_.expertFfn);
      shared = at_;
    }
    at_ = down;
    elementwise("mlp.combine", OpKind::add, OpVariant::none, pass_.tokens, spec_.hidden);
    graph_.at(at_).dims[Dim::inputs] = std::max<std::int64_t>(k + (shared >= 0 ? 1 : 0), 2);
    if (last != down) graph_.connect(last, at_);
    if (shared >= 0) graph_.connect(shared, at_);
  }

  void repeatExperts(std::size_t from, std::int64_t runs, const std::string& suffix) {
    for (std::size_t v = from; v < graph_.size(); ++v) {
      Operator& op = graph_.at(static_cast<OpId>(v));
      const std::int64_t layers = op.count;
      op.count = runs;
      if (!op.hasWeights) continue;
      op.storedCount = Exact(layers) * spec_.experts;
      // Both groups draw from the same experts.
      if (!suffix.empty()) op.sharesWeightsOf = op.name.substr(0, op.name.size() - suffix.size());
    }
  }
};

}  // namespace

void buildPass(const TransformerSpec& spec, const Draft& draft, Graph& graph, const Pass& pass,
               Stack stack) {
  PassBuilder(spec, draft, graph, pass, stack).run();
}

}  // namespace wattlas
