
#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <mutex>

#include "models/base/data_path.h"
#include "models/base/multiples.h"
#include "pim/upmem/kernels/product.h"

namespace wattlas::pim {

namespace {

struct MacEntry {
  const char *name, *type;  ///< mac_TYPE in lib/mac.s
  const char *unscale, *gather;
  MacFormat format;
};
constexpr std::array<MacEntry, macKernelCount> macs = {{
    {"1-bit x 1-bit", "binary", "binary", "bytes", {1, 1, 64, 1}},
    {"1-bit x int8", "binary_int8", "binary_int8", "bytes", {1, 8, 32, 1}},
    {"2-bit x int8", "int2", "int2", "bytes", {2, 8, 16, 1}},
    {"int4 x int8", "int4", "int4", "bytes", {4, 8, 8, 1}},
    {"int8 x int8", "int8", "int8", "bytes", {8, 8, 8, 1}},
    {"int16 x int16", "int16", "int8", "halves", {16, 16, 2, 2}},
    {"int32 x int32", "int32", "int8", "words", {32, 32, 1, 4}},
    {"fp32 x fp32", "fp32", "int8", "words", {32, 32, 1, 4}},
    {"ternary x int8", "ternary", "int8", "bytes", {2, 8, 32, 1}},
    {"power of two x int8", "pow2", "pow2", "bytes", {4, 8, 8, 1}},
    {"codebook x int8", "codebook", "int8", "bytes", {4, 8, 8, 1}},
    {"int4 x int4, bit planes", "sliced", "int8", "sliced", {4, 4, 32, 1}},
}};

struct ElementEntry {
  const char *name, *type;  ///< tile_TYPE in lib/element.s
  ElementFormat format;
};
constexpr std::array<ElementEntry, elementKernelCount> elementEntries = {{
    {"copy", "copy", {}},
    {"add", "add", {8, 8, true, false, false}},
    {"relu", "relu", {}},
    {"activation by table", "lookup", {8, 8, false, false, true}},
    {"scale and shift", "scale", {}},
    {"maximum", "max_pool", {}},
    {"softmax", "softmax", {8, 8, false, false, true}},
    {"RMS norm", "rms_norm", {8, 8, true, false, false}},
    {"fp32 add", "float_add", {32, 32, true, false, false}},
    {"fp32 multiply", "float_multiply", {32, 32, true, false, false}},
    {"int8 to fp32", "from_int8", {8, 32, false, false, false}},
    {"fp16 to fp32", "from_fp16", {16, 32, false, false, false}},
    {"bf16 to fp32", "from_bf16", {16, 32, false, false, false}},
    {"fp8 to fp32", "from_fp8", {8, 32, false, false, true}},
    {"fp4 to fp32", "from_fp4", {4, 32, false, false, true}},
    {"layer norm", "layer_norm", {8, 8, true, true, false}},
    {"rotary embedding", "rope", {8, 8, true, false, false}},
    {"average", "average_pool", {}},
    {"gated activation", "gate", {8, 8, true, false, true}},
    {"pack", "pack", {}},
}};

const MacEntry& of(MacKernel kernel) {
  return macs[static_cast<std::size_t>(kernel)];
}
const ElementEntry& of(ElementKernel kernel) {
  return elementEntries[static_cast<std::size_t>(kernel)];
}

std::string macro(const std::string& name, const std::string& parameters, const std::string& body) {
  return ".macro " + name + " " + parameters + "\n        " + body + "\n.endm\n";
}

}  // namespace

const dpu::Program& assembledKernel(const std::string& file, const std::string& macros,
                                    const dpu::Defines& defines, const KernelBuild& build) {
  using Key = std::tuple<std::string, std::string, dpu::Defines, unsigned, const void*>;
  struct Known {
    dpu::Program program;
    std::shared_ptr<const dpu::IsaExtension> isa;  ///< keeps its address from being used again
  };
  static std::mutex mutex;
  static std::map<Key, Known> known;
  const std::lock_guard lock(mutex);
  const Key key{file, macros, defines, build.tasklets, build.isa.get()};
  const auto found = known.find(key);
  if (found != known.end()) return found->second.program;
  const auto path = dataPath().findPart("kernels/dpu/" + file);
  if (!path) throw InputError("DPU kernel '" + file + "' not found", "a file of kernels/dpu");
  dpu::AssembleOptions options;
  options.defines = defines;
  options.tasklets = static_cast<int>(build.tasklets);
  options.macros = (build.isa ? build.isa->macros() : std::string()) + macros;
  if (build.isa) options.set = &build.isa->set();
  return known.emplace(key, Known{dpu::assembleFile(*path, options), build.isa})
      .first->second.program;
}

const char* nameOf(MacKernel kernel) {
  return of(kernel).name;
}
MacFormat formatOf(MacKernel kernel) {
  return of(kernel).format;
}
const char* nameOf(ElementKernel kernel) {
  return of(kernel).name;
}
ElementFormat formatOf(ElementKernel kernel) {
  return of(kernel).format;
}

const dpu::Program& programOf(const Product& p, const KernelBuild& build) {
  const MacEntry& entry = of(p.kernel);
  const MacFormat& f = entry.format;
  const int unroll = p.kernel == MacKernel::singleFloat ? 1 : build.unroll;
  const int w = f.group * f.weightBits / 8, x = f.group * f.activationBits / 8;
  const std::string type = entry.type;
  const bool first = p.kernel == MacKernel::binaryByte;
  const std::string macros =
      macro("body", "w, x", "mac_" + type + " \\w, \\x") +
      macro("unscale", "", p.distances ? "" : std::string("unscale_") + entry.unscale) +
      macro("first", "", first ? "first_" + type : "") +
      macro("prepare", "", std::string("gather_") + entry.gather) +
      macro("finish", "",
            p.distances || f.outputBytes == 4 ? "finish_word"
            : f.outputBytes == 2              ? "finish_half"
                                              : "finish_byte");
  return assembledKernel("product.s", macros,
                         {{"UNROLL", unroll},
                          {"WSTEP", w},
                          {"XSTEP", x},
                          {"BYTES", std::max(1, f.activationBits / 8)},
                          {"GATHER", p.gathered},
                          {"ROWX", p.ownRows()},
                          {"FIRST", first},
                          {"OWNBYTES", ceilDiv(p.places * operandBytes(p, unroll), 8) * 8},
                          {"LOOPSHIFT", std::bit_width(static_cast<unsigned>(unroll * w)) - 1}},
                         build);
}

const dpu::Program& programOf(MacKernel kernel, const KernelBuild& build) {
  Product plain;
  plain.kernel = kernel;
  return programOf(plain, build);
}

const dpu::Program& programOf(ElementKernel kernel, const KernelBuild& build) {
  const ElementFormat& f = of(kernel).format;
  return assembledKernel("element.s", macro("work", "", std::string("tile_") + of(kernel).type),
                         {{"UNROLL", build.unroll},
                          {"SECOND", f.pairs    ? 2
                                     : f.second ? 1
                                                : 0}},
                         build);
}

}  // namespace wattlas::pim
