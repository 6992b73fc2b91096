#include "workloads/graph/description.h"

#include <algorithm>

#include "models/base/plain_text.h"
#include "workloads/graph/kind.h"

namespace wattlas {

void WorkloadOptions::bind(Binder& binder) {
  binder.integer("prompt", prompt, atLeast(1, "128"), "Tokens of the prompt of each sequence");
  binder.integer("generate", generate, atLeast(0, "32"), "Decode steps");
  binder.integer("batch", batch, atLeast(1, "1"), "Sequences or samples processed together");
  textOr(binder, "format", format, "own",
         "Number format (NAME or w<bits>a<bits>[kv<bits>][acc<bits>]); own = the file's");
  if (format == "own") format.clear();
  Sourced<Ratio> arrivals;
  binder.quantity("rate", arrivals, {0, 1e15, "0"},
                  "Arrivals per second (requests or samples); 0 = no idle time is charged");
  rate = arrivals.value.value;
  binder.section("train", "One step of training instead of an inference",
                 [this](Binder& b) { train.bind(b); });
  if (!binder.reading() || !train.step) return;
  if (batch % train.microBatches != 0)
    binder.problem("train.micro_batches",
                   "a batch of " + std::to_string(batch) + " does not divide into " +
                       std::to_string(train.microBatches) + " parts",
                   "a number that divides the batch");
}

void TrainOptions::bind(Binder& b) {
  b.flag("step", step, {.fallback = "false"},
         "Forward pass, gradients and update instead of an inference (--train)");
  b.choice("optimizer", optimizer, {"adam", "momentum", "sgd", "none"}, {.fallback = "adam"},
           "Rule of the update; none: the step ends with the gradients");
  b.integer("micro_batches", microBatches, atLeast(1, "1"),
            "Parts of the batch that run one after the other; their gradients are summed");
  b.integer("replicas", replicas, atLeast(1, "1"),
            "Members that sum their gradients before the update (mapping.shard.data sets it)");
  b.choice("recompute", recompute, {"none", "full"}, {.fallback = "none"},
           "full: only what enters a block (or a segment) is stored, the rest computed again");
  b.choice("rule", rule, {"backprop", "local"}, {.fallback = "backprop"},
           "local: every trained layer has a loss of its own; nothing flows back or is stored");
  b.choice("loss", loss, {"cross_entropy", "squared", "none"}, {.fallback = "cross_entropy"},
           "Loss of the outputs; none: their gradients come from outside");
  textOr(b, "gradient", gradient, "own",
         "Number format of gradients; own = of the activations, fp32 when they are integers");
  textOr(b, "state", state, "fp32",
         "Number format of the optimizer's state; narrower weights get a master copy in it. own = "
         "of the weights");
  b.texts("frozen", frozen, "Operators, or fronts of their names, that are not trained");
  b.texts("bias_only", biasOnly, "Of these only the biases are trained");
  Sourced<Bits> limit;
  b.quantity(
      "memory_limit", limit, {0, 8e15, "0 B"},
      "Sparse update: weights, then biases of as many of the last layers are trained as keep "
      "weights that change, gradients, state and activations below it; 0 = no limit");
  memoryLimit = limit.value;
}

void bindSparsity(Binder& binder, Sparsity& sparsity) {
  binder.section(
      "sparsity",
      "Zeros among the weights; they save storage, and time where a device "
      "can skip them",
      [&](Binder& b) {
        static const std::vector<std::string> names = {"none", "unstructured", "nm", "block"};
        std::string pattern;
        b.choice("pattern", pattern, names, {.fallback = "none"}, "How the zeros lie");
        for (std::size_t i = 0; i < names.size(); ++i)
          if (names[i] == pattern) sparsity.pattern = static_cast<Sparsity::Pattern>(i);
        Sourced<Ratio> density;
        b.quantity("density", density, {0, 1, "1"}, "Share of non-zeros (unstructured, block)");
        sparsity.density = density.value.value;
        std::int64_t n = 0, m = 0;
        b.integer("n", n, {0, 1024, "0"}, "Non-zeros in each group (nm)");
        b.integer("m", m, {0, 1024, "0"}, "Values in each group (nm) or block (0 = 16)");
        sparsity.n = static_cast<int>(n);
        sparsity.m = static_cast<int>(m);
        if (!b.reading()) return;
        const bool dense = sparsity.pattern == Sparsity::Pattern::none;
        const bool grouped = sparsity.pattern == Sparsity::Pattern::nm;
        if (dense && (sparsity.density != 1.0 || n > 0 || m > 0))
          b.problem("pattern", "zeros without a pattern have no effect",
                    "unstructured, nm or block");
        if (n > 0 && !dense && !grouped) b.problem("n", "only an N:M pattern has it", "0");
        if (m > 0 && sparsity.pattern == Sparsity::Pattern::unstructured)
          b.problem("m", "only N:M and block patterns have it", "0");
        if (grouped && sparsity.density != 1.0)
          b.problem("density", "an N:M pattern states its density by n and m", "no density");
        if (!dense && !grouped && sparsity.density == 1.0)
          b.problem("density", "a pattern without zeros has no effect", "a density below 1");
        if (!grouped) return;
        if (n < 1 || m < 2 || n > m)
          b.problem("n", "an N:M pattern of " + std::to_string(n) + ":" + std::to_string(m),
                    "1 <= n <= m and m >= 2");
        else
          sparsity.density = static_cast<double>(n) / static_cast<double>(m);
      });
}

void CommonKeys::bind(Binder& binder, const std::string& kind, const std::string& defaultFamily) {
  binder.choice("generator", generator, {kind}, {.fallback = kind}, "Kind of this description");
  textOr(binder, "title", title, "workload", "Name for people");
  binder.choice("family", family, {"llm", "vision", "signal", "micro"}, {.fallback = defaultFamily},
                "Group under which it is listed");
  binder.texts("remarks", notes, "What a reader of results should know about this description");
  options.bind(binder);
  // The operators are those of one part; the pass that makes the step counts the parts.
  if (options.train.step) options.batch /= options.train.microBatches;
  binder.any("formats", formats, "Formats of single operators: {NAME: FMT}, see docs/workloads.md");
  bindSparsity(binder, sparsity);
}

Operator Draft::make(std::string name, OpKind kind, const LayerRange* range,
                     const std::string& prefix) const {
  Operator op;
  op.formats = formats.formatsOf(name, range);
  op.name = prefix.empty() ? std::move(name) : prefix + "." + name;
  op.kind = kind;
  if (specOf(kind).has(KindSpec::sparsity)) op.weightSparsity = sparsity;
  return op;
}

namespace {

ConfigNode overlay(const ConfigNode& base, const ConfigNode& over, const std::string& key);

/// Replaces item `index` of a list.
void overlayItem(std::vector<ConfigNode>& items, std::size_t index, const ConfigNode& over,
                 const std::string& key) {
  items[index] = overlay(items[index], over, key);
}

ConfigNode overlayList(const ConfigNode& base, const ConfigNode& over, const std::string& key) {
  std::vector<ConfigNode> items = base.items();
  std::vector<std::string> names;
  for (const ConfigNode& item : items) {
    const ConfigNode* name = item.find("name");
    names.push_back(name != nullptr ? name->scalar() : std::string());
  }
  for (const auto& [name, value] : over.entries()) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end())
      throw InputError(value.place(), key + "." + name, "no entry has this name",
                       "the name of an entry of " + key, didYouMean(name, names));
    overlayItem(items, static_cast<std::size_t>(at - names.begin()), value, key + "." + name);
  }
  return ConfigNode::ofList(std::move(items), base.place());
}

ConfigNode overlayMap(const ConfigNode& base, const ConfigNode& over, const std::string& key) {
  ConfigNode merged = base;
  for (const auto& [name, value] : over.entries()) {
    const std::string path = key + "." + name;
    const std::size_t bracket = name.find('[');
    if (bracket == std::string::npos || name.back() != ']') {
      const ConfigNode* old = merged.find(name);
      merged.put(name, old != nullptr ? overlay(*old, value, path) : value);
      continue;
    }
    const std::string list = name.substr(0, bracket);
    const ConfigNode* old = merged.find(list);
    const auto index = wholeNumber(name.substr(bracket + 1, name.size() - bracket - 2));
    if (old == nullptr || !old->isList() || !index || *index < 0 ||
        *index >= static_cast<std::int64_t>(old->items().size()))
      throw InputError(
          value.place(), path, "there is no such entry",
          old != nullptr && old->isList()
              ? list + "[0] to " + list + "[" + std::to_string(old->items().size() - 1) + "]"
              : "a list of the workload");
    std::vector<ConfigNode> items = old->items();
    overlayItem(items, static_cast<std::size_t>(*index), value, path);
    merged.put(list, ConfigNode::ofList(std::move(items), old->place()));
  }
  return merged;
}

ConfigNode overlay(const ConfigNode& base, const ConfigNode& over, const std::string& key) {
  if (base.isMap() && over.isMap()) return overlayMap(base, over, key);
  if (base.isList() && over.isMap()) return overlayList(base, over, key);
  return over;
}

}  // namespace

ConfigNode mergeDescription(const ConfigNode& description, const ConfigNode& options) {
  if (!options.isMap()) return description;
  ConfigNode base = description;
  // Formats of single layers belong to the description's own format; another one replaces both.
  const ConfigNode* format = options.find("format");
  if (format != nullptr && !format->isNull() && format->scalar() != "own") base.erase("formats");
  return overlay(base, options, "workload");
}

}  // namespace wattlas
