#include <algorithm>

#include "workloads/import/hf_config.h"

namespace wattlas::hf {
namespace {

/// Number format of the stored tensors; what PyTorch takes when none is stated.
std::string formatOf(HfConfig& config) {
  std::string dtype = config.text({"dtype", "torch_dtype"}, "");
  if (dtype.empty()) {
    config.note("no torch_dtype is stated: float32, as PyTorch would (--format sets another)");
    return "fp32";
  }
  if (dtype.starts_with("torch.")) dtype = dtype.substr(6);
  if (dtype == "float32" || dtype == "float") return "fp32";
  if (dtype == "float16" || dtype == "half") return "fp16";
  if (dtype == "bfloat16") return "bf16";
  config.problem("torch_dtype", "'" + dtype.substr(0, 40) + "' is no known type",
                 "float32, float16 or bfloat16");
  return "fp32";
}

bool endsWith(const std::string& text, std::initializer_list<const char*> ends) {
  return std::any_of(ends.begin(), ends.end(), [&](const char* e) { return text.ends_with(e); });
}

}  // namespace

Task taskOf(HfConfig& config) {
  Task task;
  const std::vector<std::string> names = config.texts("architectures");
  if (names.empty()) return task;
  task.architecture = names.front();
  const std::string& name = task.architecture;
  if (endsWith(name, {"ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "ForMaskedLM"}))
    task.head = Task::words;
  else if (endsWith(name, {"ForPreTraining"}))
    task.head = Task::pretraining;
  else if (endsWith(name, {"ForSequenceClassification", "ForImageClassification"}))
    task.head = Task::classes;
  else if (endsWith(name, {"ForTokenClassification"}))
    task.head = Task::tokens;
  else if (endsWith(name, {"ForQuestionAnswering"}))
    task.head = Task::answers;
  else if (endsWith(name, {"Model", "Backbone"}))
    task.head = Task::none;
  else
    config.problem("architectures", "'" + name.substr(0, 80) + "' has a head that is not known",
                   "a language model, classifier, or bare model");
  return task;
}

std::int64_t labelsOf(HfConfig& config) {
  const std::size_t named = config.count("id2label");
  if (named > 0) return static_cast<std::int64_t>(named);
  return config.number({"num_labels", "_num_labels"}, 2);
}

std::string activationOf(HfConfig& config, HfConfig::Names names, const std::string& fallback) {
  const std::string name = config.text(names, fallback);
  if (name == "silu" || name == "swish") return "silu";
  if (name == "relu") return "relu";
  if (name.starts_with("gelu") || name == "quick_gelu") return "gelu";
  config.problem(names.front(), "activation '" + name.substr(0, 40) + "' is not known",
                 "silu, relu, or a gelu", didYouMean(name, {"silu", "relu", "gelu"}));
  return "silu";
}

ImportedModel importConfig(const std::string& text, const std::string& file,
                           const std::string& name) {
  HfConfig config(text, file);
  const std::string type = config.text({"model_type"}, "");
  std::vector<std::string> names;
  for (const auto& [known, statements] : typesTable().entries())
    if (known[0] != '+') names.push_back(known);
  const ImageType* image = nullptr;
  for (const ImageType& candidate : imageTypes()) {
    if (type == candidate.name) image = &candidate;
    names.emplace_back(candidate.name);
  }
  if (std::find(names.begin(), names.end(), type) == names.end()) {
    std::string list;
    for (const std::string& n : names) list += (list.empty() ? "" : ", ") + n;
    throw InputError({file, 0}, "model_type",
                     type.empty() ? "missing" : "'" + type.substr(0, 60) + "' is not known",
                     "one of " + list, didYouMean(type, names));
  }
  Description out(image != nullptr ? image->generator : "transformer");
  out.text("title", name);
  out.text("source", "config.json of " + name + " (model_type " + type + ")");
  const std::string base = formatOf(config);
  out.text("format", base);
  const Task task = taskOf(config);
  if (image != nullptr)
    image->read(config, task, out);
  else
    readTransformer(type, config, task, out);
  quantise(config, out, base);
  config.finish();
  return {out.node, config.notes(), {}};
}

}  // namespace wattlas::hf
