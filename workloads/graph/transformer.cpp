// Generator of transformers: decoders with prefill and decode phases, encoders with one inference.
// One set of operators stands for all equal layers (`count`); projections are fused as inference
// engines run them: attn.qkv gives query, key and value, mlp.gate_up gives gate and up.
#include <algorithm>
#include <cmath>

#include "workloads/graph/description.h"
#include "workloads/graph/transformer_spec.h"

namespace wattlas {
namespace {

/// What one phase processes.
struct Pass {
  std::int64_t tokens = 0;   ///< rows of all matrices: batch x queries
  std::int64_t queries = 0;  ///< of one sequence
  std::int64_t keys = 0;     ///< of one sequence, own tokens included
  std::int64_t last = 0;     ///< rows of the vocabulary projection: one a sequence
  bool grows = false;
};

/// Builds the graph of one pass.
class PassBuilder {
 public:
  PassBuilder(const TransformerSpec& spec, const Draft& draft, Graph& graph, const Pass& pass)
      : spec_(spec), draft_(draft), graph_(graph), pass_(pass) {}

  void run() {
    embeddings();
    for (const LayerRange& range : draft_.formats.pieces(spec_.layers)) layer(range);
    range_ = nullptr;
    prefix_.clear();
    if (spec_.finalNorm) norm("final.norm", spec_.hidden);
    if (spec_.encoder()) {
      if (spec_.pooler) {
        gemm("pooler", pass_.last, spec_.hidden, spec_.hidden, spec_.bias);
        elementwise("pooler.act", OpKind::activation, OpVariant::tanh, pass_.last, spec_.hidden);
      }
      return;
    }
    const std::int64_t width = spec_.wordWidth > 0 ? spec_.wordWidth : spec_.hidden;
    if (spec_.wordWidth > 0) gemm("project_out", pass_.last, width, spec_.hidden, false);
    gemm("lm_head", pass_.last, spec_.vocabulary, width, false);
    if (spec_.tied) graph_.at(at_).sharesWeightsOf = "embed.word";
  }

 private:
  Operator make(const std::string& name, OpKind kind) const {
    Operator op = draft_.make(name, kind, range_, prefix_);
    if (range_ != nullptr) {
      op.count = range_->last - range_->first + 1;
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
    return elementwise(name, OpKind::norm, spec_.norm == "rms" ? OpVariant::rms : OpVariant::layer,
                       pass_.tokens, width);
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

  void embeddings() {
    at_ =
        table("embed.word", spec_.vocabulary, spec_.wordWidth > 0 ? spec_.wordWidth : spec_.hidden);
    if (spec_.wordWidth > 0) gemm("project_in", pass_.tokens, spec_.hidden, spec_.wordWidth, false);
    std::vector<OpId> extra;
    if (spec_.positions == "learned")
      extra.push_back(table("embed.position", spec_.positionRows, spec_.hidden));
    if (spec_.typeRows > 0) extra.push_back(table("embed.type", spec_.typeRows, spec_.hidden));
    if (!extra.empty()) {
      add("embed.add", extra.front());
      if (extra.size() > 1) {
        graph_.connect(extra.back(), at_);
        graph_.at(at_).count = static_cast<std::int64_t>(extra.size());
      }
    }
    if (spec_.embeddingNorm) norm("embed.norm", spec_.hidden);
  }

  void layer(const LayerRange& range) {
    range_ = &range;
    const bool whole = range.first == 0 && range.last == spec_.layers - 1;
    prefix_ = whole ? "" : "L" + std::to_string(range.first) + "-" + std::to_string(range.last);
    attention();
    feedForward();
  }

  void attention() {
    const bool before = spec_.normPlace == "before";
    const OpId in = at_;
    if (before) norm("attn.norm", spec_.hidden);
    gemm("attn.qkv", pass_.tokens, spec_.qkvWidth(), spec_.hidden, spec_.bias);
    if (spec_.positions == "rope")
      elementwise("attn.rope", OpKind::rope, OpVariant::none, pass_.tokens,
                  (spec_.heads + spec_.kvHeads) * spec_.headDim);
    Operator op = make("attn.sdpa", OpKind::attention);
    op.dims[Dim::batch] = pass_.last;
    op.dims[Dim::heads] = spec_.heads;
    op.dims[Dim::kvHeads] = spec_.kvHeads;
    op.dims[Dim::headDim] = spec_.headDim;
    op.dims[Dim::queries] = pass_.queries;
    const bool cut = pass_.grows && spec_.window > 0;
    op.dims[Dim::keys] = cut ? std::min(pass_.keys, spec_.window) : pass_.keys;
    op.window = spec_.window;
    op.causal = op.cached = !spec_.encoder();
    op.growsWithContext = pass_.grows;
    op.hasWeights = false;
    put(std::move(op));
    const std::int64_t inner = spec_.heads * spec_.headDim;
    if (spec_.subNorms) norm("attn.sub_norm", inner);
    gemm("attn.out", pass_.tokens, spec_.hidden, inner, spec_.bias);
    add("attn.add", in);
    if (!before) norm("attn.norm", spec_.hidden);
  }

  void feedForward() {
    const bool before = spec_.normPlace == "before";
    const OpId in = at_;
    if (before) norm("mlp.norm", spec_.hidden);
    if (spec_.experts > 0)
      mixture();
    else
      expert("mlp", "", pass_.tokens);
    add("mlp.add", in);
    if (!before) norm("mlp.norm", spec_.hidden);
  }

  /// Up (and gate), activation and down projection for `rows` tokens.
  void expert(const std::string& group, const std::string& suffix, std::int64_t rows) {
    const OpVariant plain = spec_.activation == "relu"   ? OpVariant::relu
                            : spec_.activation == "gelu" ? OpVariant::gelu
                                                         : OpVariant::silu;
    gemm(group + (spec_.gated ? ".gate_up" : ".up") + suffix, rows,
         spec_.gated ? 2 * spec_.ffn : spec_.ffn, spec_.hidden, spec_.bias);
    elementwise(group + ".act" + suffix, OpKind::activation,
                spec_.gated ? OpVariant::siluMul : plain, rows, spec_.ffn);
    if (spec_.subNorms) norm(group + ".sub_norm" + suffix, spec_.ffn);
    gemm(group + ".down" + suffix, rows, spec_.hidden, spec_.ffn, spec_.bias);
  }

  /// Mixture of experts. With uniform routing `tokens` tokens touch E (1 - (1 - k/E)^tokens)
  /// distinct experts; the token assignments are spread evenly over them, exactly k a token: some
  /// experts get one row more ("_more").
  void mixture() {
    const std::int64_t e = spec_.experts, k = spec_.expertsActive;
    gemm("mlp.router", pass_.tokens, e, spec_.hidden, false);
    const OpId router =
        elementwise("mlp.router_softmax", OpKind::softmax, OpVariant::none, pass_.tokens, e);
    const std::int64_t assigned = Exact(pass_.tokens) * k;
    const double miss = std::pow(1.0 - static_cast<double>(k) / static_cast<double>(e),
                                 static_cast<double>(pass_.tokens));
    const std::int64_t touched = std::clamp<std::int64_t>(
        std::llround(static_cast<double>(e) * (1.0 - miss)), k, std::min(e, assigned));
    const std::int64_t rows = assigned / touched, more = assigned % touched;

    const std::size_t first = graph_.size();
    expert("mlp.expert", "", rows);
    const OpId down = at_;
    repeatExperts(first, touched - more, e, {});
    if (more > 0) {
      at_ = router;
      const std::size_t second = graph_.size();
      expert("mlp.expert", "_more", rows + 1);
      repeatExperts(second, more, e, "_more");
    }
    const OpId last = at_;
    at_ = down;
    elementwise("mlp.combine", OpKind::add, OpVariant::none,
                Exact(pass_.tokens) * std::max<std::int64_t>(k - 1, 1), spec_.hidden);
    if (last != down) graph_.connect(last, at_);
  }

  void repeatExperts(std::size_t from, std::int64_t runs, std::int64_t stored,
                     const std::string& suffix) {
    for (std::size_t v = from; v < graph_.size(); ++v) {
      Operator& op = graph_.at(static_cast<OpId>(v));
      const std::int64_t layers = op.count;
      op.count = Exact(layers) * runs;
      if (!op.hasWeights) continue;
      op.storedCount = Exact(layers) * stored;
      // Both groups draw from the same experts.
      if (!suffix.empty()) op.sharesWeightsOf = op.name.substr(0, op.name.size() - suffix.size());
    }
  }

  const TransformerSpec& spec_;
  const Draft& draft_;
  Graph& graph_;
  const Pass& pass_;
  OpId at_ = -1;
  const LayerRange* range_ = nullptr;
  std::string prefix_;
};

class TransformerGenerator final : public Generator {
 public:
  void bind(Binder& binder) override {
    common_.bind(binder, "transformer", "llm");
    spec_.bind(binder);
    if (!binder.reading() || spec_.positions != "learned") return;
    const WorkloadOptions& o = common_.options;
    const std::int64_t longest = o.prompt + (spec_.encoder() ? 0 : o.generate);
    const std::int64_t rows = spec_.positionRows - spec_.positionOffset;
    if (longest > rows && rows > 0)
      binder.problem("prompt",
                     std::to_string(longest) + " positions" +
                         (spec_.encoder() ? "" : " (prompt and generate)") +
                         ", but the network has learned " + std::to_string(rows),
                     "at most " + std::to_string(rows) + " (its table is position_rows)");
  }
  const CommonKeys& common() const override { return common_; }

  void build(Draft& draft) override {
    const WorkloadOptions& o = common_.options;
    const std::int64_t promptTokens = Exact(o.batch) * o.prompt;
    std::vector<Phase>& phases = draft.workload.phases;
    Phase first;
    first.kind = spec_.encoder() ? PhaseKind::inference : PhaseKind::prefill;
    first.tokens = promptTokens;
    PassBuilder(spec_, draft, first.graph, {promptTokens, o.prompt, o.prompt, o.batch, false})
        .run();
    phases.push_back(std::move(first));
    if (!spec_.encoder() && o.generate > 0) {
      Phase decode;
      decode.kind = PhaseKind::decode;
      decode.repeat = o.generate;
      decode.tokens = Exact(o.batch) * o.generate;
      PassBuilder(spec_, draft, decode.graph, {o.batch, 1, o.prompt + 1, o.batch, true}).run();
      phases.push_back(std::move(decode));
    }
    if (spec_.context > 0 && o.prompt + o.generate > spec_.context)
      draft.workload.notes.push_back(
          "prompt and generate reach " + std::to_string(o.prompt + o.generate) +
          " tokens, beyond the trained context of " + std::to_string(spec_.context));
    if (spec_.experts > 0)
      draft.workload.notes.push_back(
          "experts are assumed to be chosen uniformly: the expected number of distinct experts is "
          "read in each pass");
  }

 private:
  CommonKeys common_;
  TransformerSpec spec_;
};

}  // namespace

std::unique_ptr<Generator> makeTransformerGenerator() {
  return std::make_unique<TransformerGenerator>();
}

}  // namespace wattlas
