// Generator of workloads whose operators are listed one by one with their dimensions. Micro
// workloads (`gemv:4096x4096`) are descriptions of this kind, too.
#include <algorithm>
#include <map>

#include "workloads/graph/description.h"
#include "workloads/graph/kind.h"

namespace wattlas {
namespace {

std::vector<std::string> kindNames() {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < kindCount(); ++k) names.push_back(nameOf(static_cast<OpKind>(k)));
  return names;
}

const std::vector<std::string>& variantNames() {
  static const std::vector<std::string> names = {
#define WATTLAS_VARIANT(id, name) name,
#include "workloads/graph/kinds.def"
  };
  return names;
}

template <class T>
std::string listOf(const std::vector<T>& values) {
  std::string text;
  for (const T value : values) text += (text.empty() ? "" : ", ") + std::string(nameOf(value));
  return text;
}

struct OperatorSpec {
  std::string phase, format;
  std::map<std::string, std::string> tensorNames;
  std::vector<std::string> inputs;
  Operator op;
  Place place;
  std::string path;

  void bind(Binder& b);
  void refuseWithoutEffect(Binder& b, const KindSpec& known);
};

void bindDims(Binder& b, Operator& op) {
  b.section("dims", "Named dimensions of one sample; `batch` of the workload multiplies M or batch",
            [&](Binder& d) {
              for (int i = 0; i < static_cast<int>(Dim::count_); ++i) {
                const Dim dim = static_cast<Dim>(i);
                const std::int64_t standard = Dims::standardOf(dim);
                d.integer(
                    nameOf(dim), op.dims[dim],
                    atLeast(static_cast<double>(Dims::leastOf(dim)), std::to_string(standard)),
                    std::string("Dimension ") + nameOf(dim));
                if (!d.reading() || op.dims[dim] == standard) continue;
                const KindSpec& spec = specOf(op.kind);
                if (!spec.hasDim(dim))
                  d.problem(nameOf(dim), std::string("is no dimension of ") + nameOf(op.kind),
                            listOf(spec.dims));
              }
            });
}

void OperatorSpec::bind(Binder& b) {
  std::string kind, variant;
  b.text("name", op.name, {}, "Name of the operator");
  b.choice("kind", kind, kindNames(), {.fallback = "gemm"}, "Kind of operator");
  b.choice("variant", variant, variantNames(), {.fallback = "none"},
           "Which norm, activation, pool or collective");
  b.choice("phase", phase, {"inference", "prefill", "decode"}, {.fallback = "inference"},
           "Phase it belongs to; decode repeats `generate` times");
  op.kind = kindNamed(kind).value_or(OpKind::gemm);
  op.variant = variantNamed(variant).value_or(OpVariant::none);
  const KindSpec& known = specOf(op.kind);
  bindDims(b, op);
  b.texts("inputs", inputs, "Operators that feed this one; without it the one above in its phase");
  b.integer("count", op.count, atLeast(1, "1"), "Identical instances, one after the other");
  textOr(b, "format", format, "default", "Number format of this operator");
  b.section("tensors", "Formats of single tensors", [&](Binder& t) {
    for (const char* name : {"weight", "activation", "kv", "accumulator"})
      textOr(t, name, tensorNames[name], "default", "Format NAME of this tensor");
  });
  // Of sums and products of tensors the smaller inputs may be trained, but rarely are.
  const bool weighs =
      known.weights != KindSpec::Weights::never && known.opClass != OpClass::elementwise;
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
  b.integer("weight_copies", op.storedCount, atLeast(0, "0"),
            "Sets of weights of the `count` instances; 0 = one each");
  bindSparsity(b, op.weightSparsity);
  if (b.reading()) refuseWithoutEffect(b, known);
}

/// A key that its operator cannot follow is a mistake, not a wish.
void OperatorSpec::refuseWithoutEffect(Binder& b, const KindSpec& known) {
  const std::string kind = nameOf(op.kind);
  const auto refuse = [&](const char* key, bool given, const std::string& legal) {
    if (given) b.problem(key, "has no meaning for " + kind, legal);
  };
  const bool attends = known.has(KindSpec::attention);
  if (!known.hasVariant(op.variant))
    b.problem("variant",
              op.variant == OpVariant::none ? kind + " needs a variant"
                                            : std::string(nameOf(op.variant)) + " is no " + kind,
              known.variants.empty() ? "no variant" : listOf(known.variants));
  if (op.hasWeights && known.weights == KindSpec::Weights::never)
    b.problem("weights", kind + " has no weights", "false");
  if (!op.hasWeights && known.weights == KindSpec::Weights::always)
    b.problem("weights", kind + " has weights", "true");
  refuse("bias", op.hasBias && !known.has(KindSpec::bias), "false");
  if (op.hasBias && !op.hasWeights && known.has(KindSpec::bias))
    b.problem("bias", "a product of two activations has no trained bias", "false");
  refuse("causal", op.causal && !attends, "false");
  refuse("cached", !op.cached && !attends, "true");
  refuse("grows", op.growsWithContext && !attends, "false");
  refuse("window", op.window > 0 && !attends, "0");
  refuse("sparsity",
         op.weightSparsity.pattern != Sparsity::Pattern::none && !known.has(KindSpec::sparsity),
         "no sparsity");
  if (op.growsWithContext && phase != "decode")
    b.problem("grows", "only a decode phase has steps", "phase: decode");
  if (attends && op.growsWithContext && !op.cached)
    b.problem("grows", "keys without a cache cannot grow", "cached: true");
  if (tensorNames["kv"] != "default" && !attends)
    b.problem("tensors.kv", "has no meaning for " + kind, "default");
  if (tensorNames["weight"] != "default" && !op.hasWeights && op.kind != OpKind::lookup)
    b.problem("tensors.weight", "'" + op.name + "' has no weights", "default");
  if (op.storedCount > 0 && (!op.hasWeights || op.storedCount > op.count))
    b.problem(
        "weight_copies",
        op.hasWeights ? "more sets of weights than instances" : "'" + op.name + "' has no weights",
        op.hasWeights ? "1 to count" : "0");
  if (!op.sharesWeightsOf.empty() && !op.hasWeights)
    b.problem("shares_weights_of", "'" + op.name + "' has no weights", "-");
  if (op.kind == OpKind::spmm && op.weightSparsity.pattern == Sparsity::Pattern::none)
    b.problem("sparsity", "'" + op.name + "' has no zeros", "a pattern and its density");
  // A sparse operand that is no trained weight: graphs and pruned activations.
  if (op.kind == OpKind::gemm && !op.hasWeights &&
      op.weightSparsity.pattern != Sparsity::Pattern::none)
    op.kind = OpKind::spmm;
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
        if (op.kind == OpKind::reshape) {  // another name for what is there: nothing runs
          if (!ids.emplace(op.name, sourceOf(spec, ids, above)).second)
            throw InputError({}, "name", "the name is taken", "a new name");
          above = ids.at(op.name);
          continue;
        }
        if (!ids.emplace(op.name, static_cast<OpId>(phase.graph.size())).second)
          throw InputError({}, "name", "the name is taken", "a new name");
        if (op.count > 1 && op.hasWeights && op.storedCount == 0 && op.sharesWeightsOf.empty())
          draft.workload.notes.push_back(
              op.name + ": " + std::to_string(op.count) +
              " instances, each with weights of its own (weight_copies: 1 = one set for all)");
        above = link(phase.graph, spec, std::move(op), ids, above);
      } catch (const InputError& error) {
        const std::string& key = error.problems().front().key;
        draft.problems.add(spec.place, key.empty() ? spec.path : spec.path + "." + key, error);
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
    if (op.weightSparsity.pattern == Sparsity::Pattern::none && op.hasWeights)
      op.weightSparsity = defaults.weightSparsity;
    const bool products = op.kind == OpKind::gemm && !op.hasWeights;  // one for each sample
    std::int64_t& scaled = op.dims[products ? Dim::batch : specOf(op.kind).batched];
    scaled = Exact(scaled) * common_.options.batch;
    return op;
  }

  /// What a renaming stands for; -1 = the input of the phase.
  static OpId sourceOf(const OperatorSpec& spec, const std::map<std::string, OpId>& ids,
                       OpId above) {
    if (spec.inputs.empty()) return above;
    const auto it = ids.find(spec.inputs.front());
    if (spec.inputs.size() > 1 || (it == ids.end() && spec.inputs.front() != "input"))
      throw InputError({}, "inputs", "a reshape needs one operator above", "one input");
    return it == ids.end() ? -1 : it->second;
  }

  static OpId link(Graph& graph, const OperatorSpec& spec, Operator op,
                   const std::map<std::string, OpId>& ids, OpId above) {
    if (spec.inputs.empty()) return graph.addAfter(above, std::move(op));
    const OpId id = graph.add(std::move(op));
    for (const std::string& name : spec.inputs) {
      if (name == "input") continue;
      const auto it = ids.find(name);
      if (it == ids.end() || it->second == id) {
        std::vector<std::string> names;
        for (const auto& [known, at] : ids) names.push_back(known);
        throw InputError({}, "inputs", "no operator above is named '" + name + "'",
                         "an operator above, or input", didYouMean(name, names));
      }
      if (it->second >= 0) graph.connect(it->second, id);
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
