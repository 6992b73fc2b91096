// Generator of workloads whose operators are listed one by one with their dimensions. Micro
// workloads (`gemv:4096x4096`) are descriptions of this kind, too.
#include <algorithm>
#include <map>

#include "workloads/graph/description.h"

namespace wattlas {
namespace {

const std::vector<Dim>& dimsOf(OpKind kind) {
  using enum Dim;
  static const std::vector<Dim> matrix{M, N, K, batch}, rows{M, N}, table{M, N, K},
      signal{batch, cin, cout, width, kernelWidth, stride, pad, padEnd, groups},
      image{batch,       cin,    cout, height, width, kernelHeight,
            kernelWidth, stride, pad,  padEnd, groups},
      attention{batch, heads, kvHeads, headDim, queries, keys},
      pool{batch, cin, height, width, kernelHeight, kernelWidth, stride, pad, padEnd},
      collective{M, N, groups};
  switch (kind) {
    case OpKind::gemm:
      return matrix;
    case OpKind::conv1d:
      return signal;
    case OpKind::conv2d:
      return image;
    case OpKind::attention:
      return attention;
    case OpKind::pool:
      return pool;
    case OpKind::embedding:
    case OpKind::hamming:
      return table;
    case OpKind::collective:
      return collective;
    default:
      return rows;
  }
}

template <class Enum>
std::vector<std::string> namesUpTo(Enum last) {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(last); ++i) names.push_back(nameOf(static_cast<Enum>(i)));
  return names;
}

template <class Enum>
Enum valueOf(const std::string& name, Enum last) {
  for (int i = 0; i <= static_cast<int>(last); ++i)
    if (name == nameOf(static_cast<Enum>(i))) return static_cast<Enum>(i);
  return static_cast<Enum>(0);
}

struct OperatorSpec {
  std::string phase, format;
  std::map<std::string, std::string> tensorNames;
  std::vector<std::string> inputs;
  Operator op;
  Place place;
  std::string path;

  void bind(Binder& b);
};

void bindDims(Binder& b, Operator& op) {
  b.section("dims", "Named dimensions of one sample; `batch` of the workload multiplies M or batch",
            [&](Binder& d) {
              for (int i = 0; i < static_cast<int>(Dim::count_); ++i) {
                const Dim dim = static_cast<Dim>(i);
                const bool zero = dim == Dim::pad || dim == Dim::padEnd;
                d.integer(nameOf(dim), op.dims[dim], atLeast(zero ? 0 : 1, zero ? "0" : "1"),
                          std::string("Dimension ") + nameOf(dim));
                if (!d.reading() || op.dims[dim] == (zero ? 0 : 1)) continue;
                const std::vector<Dim>& used = dimsOf(op.kind);
                if (std::find(used.begin(), used.end(), dim) == used.end()) {
                  std::string expected;
                  for (const Dim u : used)
                    expected += (expected.empty() ? "" : ", ") + std::string(nameOf(u));
                  d.problem(nameOf(dim), std::string("is no dimension of ") + nameOf(op.kind),
                            expected);
                }
              }
            });
}

void OperatorSpec::bind(Binder& b) {
  std::string kind, variant;
  b.text("name", op.name, {}, "Name of the operator");
  b.choice("kind", kind, namesUpTo(OpKind::collective), {.fallback = "gemm"}, "Kind of operator");
  b.choice("variant", variant, namesUpTo(OpVariant::allToAll), {.fallback = "none"},
           "Which norm, activation, pool or collective");
  b.choice("phase", phase, {"inference", "prefill", "decode"}, {.fallback = "inference"},
           "Phase it belongs to; decode repeats `generate` times");
  op.kind = valueOf(kind, OpKind::collective);
  op.variant = valueOf(variant, OpVariant::allToAll);
  bindDims(b, op);
  b.texts("inputs", inputs, "Operators that feed this one; without it the one above in its phase");
  b.integer("count", op.count, atLeast(1, "1"), "Identical instances, one after the other");
  textOr(b, "format", format, "default", "Number format of this operator");
  b.section("tensors", "Formats of single tensors", [&](Binder& t) {
    for (const char* name : {"weight", "activation", "kv", "accumulator"})
      textOr(t, name, tensorNames[name], "default", "Format NAME of this tensor");
  });
  const bool weighs = op.kind != OpKind::attention && op.kind != OpKind::pool &&
                      op.kind != OpKind::add && op.kind != OpKind::activation &&
                      op.kind != OpKind::softmax && op.kind != OpKind::rope &&
                      op.kind != OpKind::collective;
  b.flag("weights", op.hasWeights, {.fallback = weighs ? "true" : "false"},
         "The second operand is trained (resident), not an activation");
  b.flag("bias", op.hasBias, {.fallback = "false"}, "Adds a trained bias");
  b.flag("causal", op.causal, {.fallback = "false"}, "Attention: queries see no later keys");
  b.flag("cached", op.cached, {.fallback = "true"}, "Attention: keys and values use the KV cache");
  b.flag("grows", op.growsWithContext, {.fallback = "false"},
         "Attention in decode: one key more in each step");
  b.integer("window", op.window, atLeast(0, "0"),
            "Attention: latest keys that a query sees; 0 = all");
  textOr(b, "shares_weights_of", op.sharesWeightsOf, "-",
         "Operator whose weights this one reads; - = its own");
  if (op.sharesWeightsOf == "-") op.sharesWeightsOf.clear();
  bindSparsity(b, op.weightSparsity);
  if (!b.reading()) return;
  if (op.growsWithContext && phase != "decode")
    b.problem("grows", "only a decode phase has steps", "phase: decode");
  if (op.hasWeights && !weighs && op.kind != OpKind::attention)
    b.problem("weights", std::string(nameOf(op.kind)) + " has no weights", "false");
  if (op.kind == OpKind::norm && op.variant != OpVariant::rms && op.variant != OpVariant::layer &&
      op.variant != OpVariant::batch)
    b.problem("variant", variant + " is no norm", "rms, layer or batch");
  if (op.kind == OpKind::activation &&
      (op.variant < OpVariant::relu || op.variant > OpVariant::sigmoid))
    b.problem("variant", variant + " is no activation",
              "relu, gelu, silu, silu_mul, tanh or sigmoid");
}

class OperatorsGenerator final : public Generator {
 public:
  explicit OperatorsGenerator(const ConfigNode& tree) : tree_(tree) {}

  void bind(Binder& binder) override {
    common_.bind(binder, "operators", "micro");
    binder.list("operators", "The operators in order", [&](Binder& b, std::size_t i) {
      if (specs_.size() <= i) specs_.resize(i + 1);
      specs_[i].bind(b);
    });
    if (!binder.reading()) return;
    if (specs_.empty())
      binder.problem("operators", "a workload without operators", "a list of operators");
    const ConfigNode* list = tree_.find("operators");
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      specs_[i].path = "workload.operators[" + std::to_string(i) + "]";
      if (list != nullptr && i < list->items().size()) specs_[i].place = list->items()[i].place();
    }
  }
  const CommonKeys& common() const override { return common_; }

  void build(Draft& draft) override {
    for (const PhaseKind kind : {PhaseKind::inference, PhaseKind::prefill, PhaseKind::decode}) {
      Phase phase;
      phase.kind = kind;
      const WorkloadOptions& o = common_.options;
      const bool decode = kind == PhaseKind::decode;
      phase.repeat = decode ? o.generate : 1;
      phase.tokens = decode                       ? Exact(o.batch) * o.generate
                     : kind == PhaseKind::prefill ? Exact(o.batch) * o.prompt
                                                  : Exact(o.batch);
      if (fill(draft, phase) && phase.graph.size() > 0 && phase.repeat > 0)
        draft.workload.phases.push_back(std::move(phase));
    }
  }

 private:
  /// Adds the operators of the phase; false after a problem.
  bool fill(Draft& draft, Phase& phase) {
    std::map<std::string, OpId> ids;
    OpId above = -1;
    for (OperatorSpec& spec : specs_) {
      if (spec.phase != nameOf(phase.kind)) continue;
      try {
        Operator op = complete(draft, spec);
        costOf(op);
        if (!ids.emplace(op.name, static_cast<OpId>(phase.graph.size())).second)
          throw InputError(Problem{{}, "name", "the name is taken", "a new name", {}});
        above = link(phase.graph, spec, std::move(op), ids, above);
      } catch (const InputError& error) {
        Problem p = error.problems().front();
        p.place = spec.place;
        p.key = p.key.empty() ? spec.path : spec.path + "." + p.key;
        draft.problems.add(std::move(p));
        return false;
      }
    }
    return true;
  }

  Operator complete(const Draft& draft, const OperatorSpec& spec) const {
    Operator op = spec.op;
    const Operator defaults = draft.make(op.name, op.kind);
    op.formats = defaults.formats;
    if (spec.format != "default" && draft.formats.overrideOf(op.name) == nullptr)
      op.formats = parseTensorFormats(spec.format);
    const auto tensor = [&](const char* name, NumberFormat& target) {
      const std::string& text = spec.tensorNames.at(name);
      if (text != "default") target = parseNumberFormat(text);
    };
    tensor("weight", op.formats.weight);
    tensor("activation", op.formats.activation);
    tensor("kv", op.formats.kv);
    tensor("accumulator", op.formats.accumulator);
    if (op.weightSparsity.pattern == Sparsity::Pattern::none)
      op.weightSparsity = defaults.weightSparsity;
    const bool windowed = op.kind == OpKind::attention || op.kind == OpKind::conv1d ||
                          op.kind == OpKind::conv2d || op.kind == OpKind::pool;
    const bool products = op.kind == OpKind::gemm && !op.hasWeights;  // one for each sample
    std::int64_t& scaled = op.dims[windowed || products ? Dim::batch : Dim::M];
    scaled = Exact(scaled) * common_.options.batch;
    return op;
  }

  static OpId link(Graph& graph, const OperatorSpec& spec, Operator op,
                   const std::map<std::string, OpId>& ids, OpId above) {
    if (spec.inputs.empty()) return graph.addAfter(above, std::move(op));
    const OpId id = graph.add(std::move(op));
    std::vector<std::string> names;
    for (const auto& [name, known] : ids) names.push_back(name);
    for (const std::string& name : spec.inputs) {
      if (name == "input") continue;
      const auto it = ids.find(name);
      if (it == ids.end() || it->second == id)
        throw InputError(Problem{{},
                                 "inputs",
                                 "no operator above is named '" + name + "'",
                                 "an operator above, or input",
                                 didYouMean(name, names)});
      graph.connect(it->second, id);
    }
    return id;
  }

  const ConfigNode& tree_;
  CommonKeys common_;
  std::vector<OperatorSpec> specs_;
};

}  // namespace

std::unique_ptr<Generator> makeOperatorsGenerator(const ConfigNode& tree) {
  return std::make_unique<OperatorsGenerator>(tree);
}

}  // namespace wattlas
