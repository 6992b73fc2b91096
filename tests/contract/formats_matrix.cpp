#include "tests/contract/formats_matrix.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "tests/contract/suite.h"
#include "workloads/graph/kind.h"

namespace wattlas::suite {
namespace {

/// One platform of each kind of device.
const std::vector<std::pair<const char*, const char*>> platforms = {
    {"upmem-dimm", "upmem-dimm"},     {"upmem-samac-col256", "upmem-samac-col256"},
    {"pim-ai-4chip", "pim-ai-4chip"}, {"gpu-a100-sxm", "gpu-a100-sxm"},
    {"gpu-h100-sxm", "gpu-h100-sxm"}, {"fpga-zcu104", "fpga-zcu104"},
    {"cpu-xeon", "cpu-xeon"}};

const std::vector<OpKind> kinds = {OpKind::gemm,       OpKind::conv1d,  OpKind::conv2d,
                                   OpKind::attention,  OpKind::softmax, OpKind::norm,
                                   OpKind::activation, OpKind::add,     OpKind::rope,
                                   OpKind::embedding,  OpKind::pool,    OpKind::hamming};

const std::vector<const char*> formats = {"fp32",     "fp16",   "bf16",  "fp8-e4m3", "fp8-e5m2",
                                          "fp4-e2m1", "int16",  "int8",  "int4",     "int2",
                                          "ternary",  "binary", "w8a16", "w4a16",    "w4a8"};

/// Without those that tests add.
constexpr OpKind everyKind[] = {
#define WATTLAS_KIND(id, name) OpKind::id,
#include "workloads/graph/kinds.def"
};

/// A small operator of `kind` with dimensions that every device could hold.
Operator small(OpKind kind, const char* format) {
  Operator op;
  op.name = nameOf(kind);
  op.kind = kind;
  op.formats = parseTensorFormats(format);
  op.dims[Dim::M] = 4;
  op.dims[Dim::N] = op.dims[Dim::K] = 64;
  op.dims[Dim::cin] = op.dims[Dim::cout] = 8;
  op.dims[Dim::width] = 32;
  op.dims[Dim::kernelWidth] = 3;
  if (kind == OpKind::conv2d) op.dims[Dim::height] = 32, op.dims[Dim::kernelHeight] = 3;
  if (kind == OpKind::pool) op.dims[Dim::stride] = 3;
  if (kind == OpKind::attention) {
    op.dims[Dim::heads] = op.dims[Dim::kvHeads] = 4;
    op.dims[Dim::headDim] = 16;
    op.dims[Dim::queries] = 1;
    op.dims[Dim::keys] = 64;
  }
  if (kind == OpKind::norm) op.variant = OpVariant::rms;
  if (kind == OpKind::activation) op.variant = OpVariant::relu;
  if (kind == OpKind::pool) op.variant = OpVariant::maximum;
  if (kind == OpKind::topK) op.dims[Dim::K] = 4;
  if (kind == OpKind::spmm) op.weightSparsity = {Sparsity::Pattern::unstructured, 0.1, 0, 0};
  const KindSpec& spec = specOf(kind);
  if (op.variant == OpVariant::none && !spec.hasVariant(OpVariant::none))
    op.variant = spec.variants.front();
  op.hasWeights = spec.weights == KindSpec::Weights::always || kind == OpKind::gemm;
  return op;
}

/// What the device says and, where it accepts, whether it can really be lowered.
Support supportOf(const Device& device, const Operator& op) {
  const Support said = device.support(op);
  if (said.level == Support::Level::refused) return said;
  Graph graph;
  const OpId id = graph.add(op);
  const auto program =
      device.lower(WorkItem{graph, {id}, PhaseKind::inference, 0, Bits(0), {}, true});
  if (program) return said;
  return {Support::Level::refused, program.error().what};
}

class Page {
 public:
  std::string write() {
    text_ =
        "# Formats, operators and devices\n\n"
        "Generated from the device files by `wattlas_formats_matrix > docs/formats.md`; a test\n"
        "fails when it is stale. An operator stands for its small form of a few thousand values;\n"
        "names of formats: [workloads.md](workloads.md).\n\n"
        "- `+` native: the device has units for it.\n"
        "- `~N` emulated at its real cost; note N says how. Results name it as an assumption.\n"
        "- `-N` refused; note N says why. On a platform with a host the operator runs there.\n\n"
        "A format that a device lacks is never widened in silence and never free.\n";
    kindsTable();
    for (const auto& [id, title] : platforms) device(id, title);
    return std::move(text_);
  }

 private:
  /// The better of int8 and fp16 for every kind that there is.
  void kindsTable() {
    text_ +=
        "\n## Kinds of operators\n\nThe better of int8 and fp16: `+` native, `~` emulated, `-` "
        "refused by name.\n\n| kind |";
    std::vector<Platform> all;
    for (const auto& [id, title] : platforms) {
      all.push_back(makePlatform(id, {}, registry(), path()));
      text_ += " " + std::string(title) + " |";
    }
    text_ += "\n|---|";
    for (std::size_t i = 0; i < all.size(); ++i) text_ += "---|";
    text_ += "\n";
    for (const OpKind kind : everyKind) {
      // Of groups, not of one device; and what only renames never runs.
      if (kind == OpKind::collective || kind == OpKind::reshape) continue;
      text_ += "| " + std::string(nameOf(kind)) + " |";
      for (const Platform& platform : all) {
        auto best = Support::Level::refused;
        for (const char* format : {"int8", "fp16"})
          best = std::min(best, supportOf(*platform.device.device, small(kind, format)).level);
        text_ += best == Support::Level::native     ? " + |"
                 : best == Support::Level::emulated ? " ~ |"
                                                    : " - |";
      }
      text_ += "\n";
    }
  }

  void device(const std::string& id, const std::string& title) {
    const Platform platform = makePlatform(id, {}, registry(), path());
    notes_.clear();
    text_ += "\n## " + title + "\n\n" + platform.title + "\n\n| format |";
    for (const OpKind kind : kinds) text_ += " " + std::string(nameOf(kind)) + " |";
    text_ += "\n|---|";
    for (std::size_t i = 0; i < kinds.size(); ++i) text_ += "---|";
    text_ += "\n";
    for (const char* format : formats) {
      text_ += "| " + std::string(format) + " |";
      for (const OpKind kind : kinds)
        text_ += " " + cell(supportOf(*platform.device.device, small(kind, format))) + " |";
      text_ += "\n";
    }
    text_ += "\n";
    std::vector<std::string> ordered(notes_.size());
    for (const auto& [how, number] : notes_) ordered[number - 1] = how;
    for (std::size_t i = 0; i < ordered.size(); ++i)
      text_ += std::to_string(i + 1) + ". " + ordered[i] + "\n";
  }

  std::string cell(const Support& support) {
    if (support.level == Support::Level::native) return "+";
    const auto [at, added] = notes_.emplace(support.how, notes_.size() + 1);
    return (support.level == Support::Level::emulated ? "~" : "-") + std::to_string(at->second);
  }

  std::string text_;
  std::map<std::string, std::size_t> notes_;
};

}  // namespace

std::string formatsPage() {
  return Page().write();
}

}  // namespace wattlas::suite
