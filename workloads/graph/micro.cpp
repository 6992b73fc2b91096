// Micro workloads: one operator written on the command line.
#include "models/base/plain_text.h"
#include "workloads/graph/description.h"

namespace wattlas {
namespace {

struct MicroKind {
  std::string_view tag, pattern, example;
  const char* kind;
  std::vector<Dim> dims;  ///< of the numbers, in order
  const char* format;
};

const std::vector<MicroKind>& microKinds() {
  static const std::vector<MicroKind> kinds = {
      {"gemv", "OUTxIN", "gemv:4096x4096", "gemm", {Dim::N, Dim::K}, "int8"},
      {"gemm", "MxNxK", "gemm:128x4096x4096", "gemm", {Dim::M, Dim::N, Dim::K}, "int8"},
      {"conv1d",
       "LxCINxCOUTxK",
       "conv1d:3750x2x8x8",
       "conv1d",
       {Dim::width, Dim::cin, Dim::cout, Dim::kernelWidth},
       "int8"},
      {"attn",
       "BxHQxHKVxDxKV",
       "attn:1x32x8x128x2048",
       "attention",
       {Dim::batch, Dim::heads, Dim::kvHeads, Dim::headDim, Dim::keys},
       "fp16"}};
  return kinds;
}

ConfigNode text(const std::string& value) {
  return ConfigNode::ofScalar(value);
}

}  // namespace

std::optional<ConfigNode> microDescription(const std::string& reference) {
  const std::size_t colon = reference.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const MicroKind* micro = nullptr;
  for (const MicroKind& kind : microKinds())
    if (kind.tag == reference.substr(0, colon)) micro = &kind;
  if (micro == nullptr) return std::nullopt;

  ConfigNode dims = ConfigNode::ofMap();
  std::string_view rest = std::string_view(reference).substr(colon + 1);
  bool good = !rest.empty() && rest.back() != 'x';
  for (std::size_t i = 0; good && i < micro->dims.size(); ++i) {
    const std::string_view number = rest.substr(0, rest.find('x'));
    const std::int64_t value = wholeNumber(number).value_or(0);
    good = value >= 1 && value <= static_cast<std::int64_t>(largestDimension);
    dims.put(nameOf(micro->dims[i]), text(std::to_string(value)));
    rest.remove_prefix(std::min(rest.size(), number.size() + 1));
    if (i + 1 < micro->dims.size() && rest.empty()) good = false;
  }
  if (!good || !rest.empty())
    throw InputError("'" + reference.substr(0, 120) + "' is not a micro workload",
                     std::string(micro->tag) + ":" + std::string(micro->pattern) +
                         " with whole numbers of at least 1, such as " +
                         std::string(micro->example));

  ConfigNode op = ConfigNode::ofMap();
  op.put("name", text(std::string(micro->tag)));
  op.put("kind", text(micro->kind));
  op.put("dims", std::move(dims));
  if (micro->tag == "attn") op.put("causal", text("true"));
  ConfigNode tree = ConfigNode::ofMap();
  tree.put("generator", text("operators"));
  tree.put("title", text(reference));
  tree.put("family", text("micro"));
  tree.put("format", text(micro->format));
  tree.put("operators", ConfigNode::ofList({std::move(op)}));
  return tree;
}

}  // namespace wattlas
