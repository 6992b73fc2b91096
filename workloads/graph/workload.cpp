#include "workloads/graph/workload.h"

#include <algorithm>
#include <set>

#include "models/base/error.h"
#include "workloads/graph/description.h"
#include "workloads/graph/exact.h"
#include "workloads/graph/foreign.h"
#include "workloads/graph/layer_spec.h"
#include "workloads/graph/training.h"

namespace wattlas {

const char* nameOf(PhaseKind kind) {
  static constexpr const char* names[] = {"prefill", "decode",        "inference",
                                          "forward", "backward_data", "backward_weight",
                                          "update",  "recompute"};
  return names[static_cast<std::size_t>(kind)];
}

bool Workload::hasDecode() const {
  return std::any_of(phases.begin(), phases.end(),
                     [](const Phase& phase) { return phase.kind == PhaseKind::decode; });
}

namespace {

/// Keys that the attention of a phase has seen after its last step.
std::int64_t lastKeys(const Operator& op, const Phase& phase) {
  const Operator last = atStep(op, phase.repeat - 1);
  const std::int64_t keys = last.dims[Dim::keys];
  return op.window > 0 ? std::min(op.window, keys) : keys;
}

/// MACs of all instances: of one decode step, of all chunks of a prompt.
Exact macsOf(const Operator& op, const OpCost& first, const Phase& phase) {
  Exact macs = first.macs;
  if (phase.kind != PhaseKind::decode && phase.repeat > 1) {
    if (!op.growsWithContext) macs = macs * phase.repeat;
    for (std::int64_t step = 1; op.growsWithContext && step < phase.repeat; ++step)
      macs += costOf(atStep(op, step)).macs;
  }
  return macs * op.count;
}

}  // namespace

WorkloadTotals Workload::totals() const {
  WorkloadTotals totals;
  std::set<std::string> counted;  // weights of a phase that an earlier one already has
  Exact macsFirst = 0, macsDecode = 0, parameters = 0;
  std::set<std::string> storesKeys;
  for (const Phase& phase : phases)
    for (const Operator& op : phase.graph.operators())
      if (op.dims[Dim::newKeys] != 0) storesKeys.insert(op.name);
  try {
    for (std::size_t p = 0; p < phases.size(); ++p) {
      const Phase& phase = phases[p];
      Bits perToken, peak;
      for (const Operator& op : phase.graph.operators()) {
        const OpCost cost = costOf(op);
        const Exact macs = macsOf(op, cost, phase);
        if (phase.kind == PhaseKind::decode)
          macsDecode += macs;
        else if (p == 0)
          macsFirst += macs;
        const bool own = cost.parameters > 0 && op.sharesWeightsOf.empty();
        if (own && counted.insert(op.name).second) {
          parameters += Exact(cost.parameters) * op.weightCopies();
          totals.weights += cost.weights * static_cast<double>(op.weightCopies());
        }
        totals.activationPeak = std::max(totals.activationPeak, cost.input + cost.output);
        if (op.kind != OpKind::attention || !op.cached) continue;
        const Exact token = Exact(cachedValues(op)) * op.formats.kv.bits * op.count;
        // Keys of other layers are theirs; those of an encoder come once, not with each token.
        if (op.dims[Dim::newKeys] < 0) perToken += token.bits();
        if (storesKeys.count(op.name) > 0)
          peak += (token * op.dims[Dim::batch] * lastKeys(op, phase)).bits();
      }
      totals.kvPerToken = std::max(totals.kvPerToken, perToken);
      totals.kvPeak = std::max(totals.kvPeak, peak);
    }
  } catch (const CountOverflow&) {
    throw InputError("workload '" + id + "' needs more than 2^62 multiply-accumulates or bits",
                     "smaller dimensions", "reduce batch, prompt, generate or the layers");
  }
  totals.macsPrefill = macsFirst;
  totals.macsDecodeFirst = macsDecode;
  totals.parameters = parameters;
  return totals;
}

namespace {

/// Every id of docs/contract.md, 5, in its order; those without a file are "not available yet".
const std::vector<std::string>& contractIds() {
  static const std::vector<std::string> ids = {
      "llama2-7b",    "llama2-13b",    "llama2-70b",    "llama3-8b",   "mistral-7b",
      "mixtral-8x7b", "opt-125m",      "opt-350m",      "opt-1.3b",    "gpt2",
      "gpt2-medium",  "gpt2-large",    "bitnet-0.7b",   "bert-base",   "resnet18",
      "resnet50",     "mobilenetv2",   "ecg-cnn1d",     "ecg-dscnn1d", "jet-mlp",
      "rn07",         "cnv-w1a1",      "ad08",          "fmnist-cnn",  "fmnist-hdc",
      "llama3.1-8b",  "llama3.1-70b",  "llama3.1-405b", "qwen2.5-72b", "qwen3-4b",
      "qwen3-32b",    "qwen3-30b-a3b", "gemma3-27b",    "deepseek-v3", "phi3-mini",
      "mamba-2.8b",   "t5-base",       "whisper-small", "vit-b16",     "efficientnet-b0",
      "mobilenetv3",  "yolov5s",       "unet",          "conformer",   "dlrm",
      "bert-large",   "gpt3-2.7b",     "tiny-kws",      "tiny-vww",    "tiny-ic",
      "tiny-ad"};
  return ids;
}

const std::vector<std::string> generatorNames = {"transformer", "layers", "operators"};

std::unique_ptr<Generator> makeGenerator(const ConfigNode& tree, LayerMemory& memory) {
  const ConfigNode* node = tree.find("generator");
  const std::string name = node != nullptr ? node->scalar() : std::string();
  if (name == "transformer") return makeTransformerGenerator();
  if (name == "layers") return makeLayersGenerator(tree, &memory);
  if (name == "operators") return makeOperatorsGenerator(tree);
  throw InputError(node != nullptr ? node->place() : tree.place(), "workload.generator",
                   node != nullptr ? "'" + name + "' is no generator" : "missing",
                   "transformer, layers or operators", didYouMean(name, generatorNames));
}

void addNotes(Workload& workload, const ConfigNode& options) {
  const bool usesPrompt =
      workload.family == "llm" ||
      (!workload.phases.empty() && workload.phases.front().kind == PhaseKind::prefill);
  if (!usesPrompt && options.find("prompt") != nullptr)
    workload.notes.push_back("prompt is ignored: " + workload.id + " reads no tokens");
  const bool decodes = workload.hasDecode() || (!workload.phases.empty() &&
                                                workload.phases.front().kind == PhaseKind::prefill);
  if (!decodes && options.find("generate") != nullptr)
    workload.notes.push_back("generate is ignored: " + workload.id + " has no decode phase");
}

/// Operators that read the same parameters must mean the same parameters: those that name another
/// one, and those of one name in several phases.
void checkSharing(const Workload& workload) {
  std::map<std::string, const Operator*> owners;
  const auto each = [&](const auto& visit) {
    for (const Phase& phase : workload.phases)
      for (const Operator& op : phase.graph.operators()) visit(op);
  };
  const auto same = [](const Operator& op, const Operator& owner) {
    const OpCost mine = costOf(op), theirs = costOf(owner);
    const std::int64_t copies = op.weightCopies(), stored = owner.weightCopies();
    return mine.parameters == theirs.parameters && (copies == stored || stored == 1);
  };
  const auto text = [](const Operator& op) {
    return std::to_string(op.weightCopies()) + " x " + std::to_string(costOf(op).parameters) +
           " parameters";
  };
  bool shared = workload.phases.size() > 1;
  each([&](const Operator& op) { shared = shared || !op.sharesWeightsOf.empty(); });
  if (!shared) return;
  each([&](const Operator& op) {
    if (!op.sharesWeightsOf.empty() || costOf(op).parameters == 0) return;
    const auto [at, isNew] = owners.emplace(op.name, &op);
    if (!isNew && !same(op, *at->second))
      throw InputError("operator '" + op.name + "' has " + text(*at->second) +
                           " in one phase and " + text(op) + " in another",
                       "the same parameters, or another name");
  });
  std::vector<std::string> names;
  for (const auto& [name, op] : owners) names.push_back(name);
  each([&](const Operator& op) {
    if (op.sharesWeightsOf.empty()) return;
    const auto at = owners.find(op.sharesWeightsOf);
    if (at == owners.end())
      throw InputError("operator '" + op.name + "' shares weights of '" + op.sharesWeightsOf +
                           "', which is no operator with weights of its own",
                       "an operator that stores weights", didYouMean(op.sharesWeightsOf, names));
    if (!same(op, *at->second))
      throw InputError("operator '" + op.name + "' (" + text(op) + ") shares weights of '" +
                           op.sharesWeightsOf + "', which has " + text(*at->second),
                       "weights of the same size");
  });
}

/// Sparsity for the whole workload that no operator can have.
void checkSparsity(const Workload& workload, const Sparsity& sparsity) {
  if (sparsity.pattern == Sparsity::Pattern::none) return;
  for (const Phase& phase : workload.phases)
    for (const Operator& op : phase.graph.operators())
      if (op.weightSparsity.pattern != Sparsity::Pattern::none) return;
  throw InputError("workload '" + workload.id + "' has no weights that sparsity could thin out",
                   "no sparsity");
}

/// Refuses decode phases whose sum over all steps leaves the countable range.
void checkRange(const Workload& workload) {
  workload.totals();
  try {
    for (const Phase& phase : workload.phases) {
      if (phase.repeat == 1) continue;  // the totals have seen its only step
      for (const Operator& op : phase.graph.operators()) {
        const OpCost last = costOf(atStep(op, phase.repeat - 1));
        (void)(Exact(last.macs) * op.count * phase.repeat);
      }
    }
  } catch (const CountOverflow&) {
    throw InputError("workload '" + workload.id + "' needs more than 2^62 multiply-accumulates",
                     "smaller dimensions", "reduce batch, prompt, generate or the layers");
  }
}

}  // namespace

struct WorkloadMemory::Impl {
  LayerMemory layers;
};
WorkloadMemory::WorkloadMemory() : impl_(std::make_unique<Impl>()) {}
WorkloadMemory::~WorkloadMemory() = default;

ConfigNode loadWorkload(const std::string& reference, const SearchPath& path) {
  // An id of the library is never a folder that happens to lie here.
  const bool named =
      reference.find('/') == std::string::npos && path.find("workloads", reference).has_value();
  if (!named) {
    if (auto foreign = readForeign(reference)) return *std::move(foreign);
    if (isWorkloadFile(reference)) return loadConfig(reference, path);
  }
  if (auto micro = microDescription(reference)) return *micro;
  if (const auto file = path.find("workloads", reference)) return loadConfig(*file, path);
  const std::vector<std::string> known = libraryWorkloads(path);
  const std::vector<std::string>& ids = contractIds();
  if (std::find(ids.begin(), ids.end(), reference) != ids.end())
    throw InputError("workload '" + reference + "' is not available yet", "one of the listed ids",
                     "'wattlas workloads' lists them");
  throw InputError("there is no workload '" + reference.substr(0, 120) + "'",
                   "an id ('wattlas workloads' lists them), a YAML file, or a micro workload such "
                   "as gemv:4096x4096",
                   didYouMean(reference, known));
}

Workload buildWorkload(const std::string& id, const ConfigNode& description,
                       const ConfigNode& options) {
  WorkloadMemory none;
  return buildWorkload(id, description, options, none);
}

Workload buildWorkload(const std::string& id, const ConfigNode& description,
                       const ConfigNode& options, WorkloadMemory& memory) {
  const ConfigNode tree = mergeDescription(description, options);
  const std::unique_ptr<Generator> generator = makeGenerator(tree, memory.impl().layers);
  Problems problems;
  Workload workload;
  workload.id = id;
  workload.config =
      bindConfig(tree, "workload", problems, [&](Binder& b) { generator->bind(b); }).complete;
  const CommonKeys& common = generator->common();
  workload.title = common.title == "workload" ? id : common.title;
  workload.family = common.family;
  workload.options = common.options;
  workload.notes = common.notes;
  try {
    workload.formats =
        parseTensorFormats(common.options.format.empty() ? "fp16" : common.options.format);
  } catch (const InputError& error) {
    const ConfigNode* node = tree.find("format");
    problems.add(node != nullptr ? node->place() : Place{}, "workload.format", error);
  }
  FormatPlan formats(workload.formats, common.formats, problems);
  problems.finish();

  Draft draft{workload, formats, common.sparsity, problems};
  try {
    generator->build(draft);
  } catch (const CountOverflow&) {
    throw InputError("workload '" + id + "' has more than 2^62 tokens or values",
                     "smaller dimensions", "reduce batch, prompt, generate or the layers");
  }
  problems.finish();
  std::vector<std::string> names;
  for (const Phase& phase : workload.phases)
    for (const Operator& op : phase.graph.operators()) names.push_back(op.name);
  formats.reportUnused(names, problems);
  problems.finish();
  checkSharing(workload);
  checkSparsity(workload, common.sparsity);
  if (common.options.train.step) toTrainingStep(workload);
  checkRange(workload);
  addNotes(workload, options);
  return workload;
}

Workload makeWorkload(const std::string& reference, const ConfigNode& options,
                      const SearchPath& path) {
  return buildWorkload(workloadName(reference), loadWorkload(reference, path), options);
}

std::vector<std::string> libraryWorkloads(const SearchPath& path) {
  const std::map<std::string, std::string> files = path.list("workloads");
  std::vector<std::string> out;
  for (const std::string& id : contractIds())
    if (files.count(id) > 0) out.push_back(id);
  for (const auto& [id, file] : files)
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(id);
  return out;
}

std::string workloadSchema() {
  const ConfigNode none = ConfigNode::ofMap();
  const auto schema = [](const std::string& title, Generator& generator) {
    return schemaOf(title, [&](Binder& b) { generator.bind(b); });
  };
  std::string out =
      "{\n\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
      "\"title\": \"Wattlas workload\",\n\"oneOf\": [\n";
  out += schema("Transformer", *makeTransformerGenerator()) + ",\n";
  out += schema("Network of layers", *makeLayersGenerator(none)) + ",\n";
  out += schema("List of operators", *makeOperatorsGenerator(none)) + "]\n}\n";
  return out;
}

}  // namespace wattlas
