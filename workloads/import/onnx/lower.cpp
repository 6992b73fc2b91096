#include "workloads/import/onnx/lower.h"

#include <algorithm>

#include "models/base/plain_text.h"

namespace wattlas::onnx_import {
namespace {

int bitsOf(int type) {
  switch (type) {
    case int4:
    case uint4:
      return 4;
    case int8:
    case uint8:
      return 8;
    case int16:
    case uint16:
      return 16;
    default:
      return 0;
  }
}

const std::map<std::string, Lowering::Rule>& rules() {
  static const std::map<std::string, Lowering::Rule> all = [] {
    std::map<std::string, Lowering::Rule> m;
    Lowering::addProducts(m);
    Lowering::addElements(m);
    Lowering::addMoves(m);
    return m;
  }();
  return all;
}

bool products(const std::string& op) {
  return op == "Conv" || op == "ConvTranspose" || op == "MatMul" || op == "Gemm";
}

bool quantises(const std::string& op) {
  return op == "QuantizeLinear" || op == "DynamicQuantizeLinear" || op == "Quant" ||
         op == "IntQuant" || op == "BipolarQuant";
}

}  // namespace

const Value& Lowering::in(const Node& node, std::size_t i) const {
  const Value* value = graph_.in(node, i);
  if (value == nullptr) refuse(node, "input " + std::to_string(i) + " is missing");
  if (!value->known)
    refuse(node, "the shape of its input '" + plainText(value->name, 60) + "' is not known");
  return *value;
}

const Value& Lowering::out(const Node& node, std::size_t i) const {
  const Value* value = graph_.out(node, i);
  if (value == nullptr) refuse(node, "output " + std::to_string(i) + " is missing");
  if (!value->known)
    refuse(node, "the shape of its output is not known" +
                     (value->why.empty() ? std::string() : ": " + value->why));
  return *value;
}

void Lowering::refuse(const Node& node, const std::string& what) const {
  throw InputError({file_, 0}, plainText(node.name, 120), node.op + ": " + what, {});
}

std::string Lowering::unique(const std::string& name) {
  std::string base = plainText(name.empty() ? "node" : name, 200), candidate = base;
  for (int i = 2; !names_.insert(candidate).second || candidate == "input"; ++i)
    candidate = base + "_" + std::to_string(i);
  return candidate;
}

int Lowering::sourceOf(int value) const {
  for (auto at = aliases_.find(value); at != aliases_.end(); at = aliases_.find(value))
    value = at->second;
  return value;
}

std::vector<std::string> Lowering::feeding(const Node& node) const {
  std::vector<std::string> names;
  for (const int in : node.in) {
    if (in < 0 || graph_.values[in].fixed) continue;
    const auto maker = makers_.find(sourceOf(in));
    const std::string name = maker != makers_.end() ? maker->second : "input";
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  if (names.empty()) names.push_back("input");
  return names;
}

/// Nodes that an output depends on.
std::vector<bool> Lowering::needed() const {
  std::vector<bool> wanted(graph_.values.size(), graph_.outputs.empty());
  std::vector<bool> out(graph_.nodes.size(), false);
  for (const int id : graph_.outputs) wanted[id] = true;
  for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
    const Node& node = graph_.nodes[i];
    if (node.gone) continue;
    out[i] = std::any_of(node.out.begin(), node.out.end(),
                         [&](int id) { return id >= 0 && wanted[id]; });
    if (!out[i]) continue;
    for (const int id : node.in)
      if (id >= 0) wanted[id] = true;
  }
  return out;
}

void Lowering::chooseFormat() {
  std::map<int, std::int64_t> values;
  for (const Value& value : graph_.values)
    if (value.known && isFloat(value.type) && (value.fixed || value.producer < 0))
      values[value.type] += product(value.dims);
  std::int64_t most = 0;
  for (const auto& [type, count] : values)
    if (count > most) {
      most = count;
      format_ = type == float16 ? "fp16" : type == bfloat16 ? "bf16" : "fp32";
    }
}

/// Values that are integers in the hardware: behind a DequantizeLinear, and through operators that
/// lie between one and a QuantizeLinear.
void Lowering::markIntegers() {
  bits_.assign(graph_.values.size(), 0);
  std::vector<bool> ends(graph_.values.size(), true), used(graph_.values.size(), false);
  for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
    const Node& node = graph_.nodes[i];
    if (node.gone) continue;
    const bool passes =
        quantises(node.op) || std::all_of(node.out.begin(), node.out.end(),
                                          [&](int id) { return id < 0 || (used[id] && ends[id]); });
    for (const int id : node.in)
      if (id >= 0) {
        used[id] = true;
        ends[id] = ends[id] && passes;
      }
  }
  for (const Node& node : graph_.nodes) {
    if (node.gone || node.out.empty() || node.out[0] < 0) continue;
    const Value& first = graph_.values[node.out[0]];
    int bits = bitsOf(first.type);
    if (first.bits > 0) bits = first.bits;
    if (node.op == "DequantizeLinear" && node.in[0] >= 0)
      bits = std::max(bitsOf(graph_.values[node.in[0]].type), bits);
    if (bits == 0 && used[node.out[0]] && ends[node.out[0]]) {
      int most = 0;
      bool all = true;
      for (const int id : node.in) {
        if (id < 0 || graph_.values[id].fixed) continue;
        most = std::max(most, bits_[id]);
        all = all && bits_[id] > 0;
      }
      bits = all ? most : 0;
    }
    for (const int id : node.out)
      if (id >= 0) bits_[id] = bits;
  }
  floats_.assign(graph_.values.size(), false);
  for (const int id : graph_.outputs) floats_[id] = true;
  for (const Node& node : graph_.nodes) {
    if (node.gone || node.op == "QuantizeLinear") continue;
    const bool integer =
        !formatOf(node, 1).empty() &&
        (products(node.op) || (!node.out.empty() && node.out[0] >= 0 && bits_[node.out[0]] > 0));
    for (const int id : node.in)
      if (id >= 0 && !integer) floats_[id] = true;
  }
}

std::string Lowering::integerFormat(const Node& node) const {
  const int bits = node.out.empty() || node.out[0] < 0 ? 8 : bits_[node.out[0]];
  return bits == 1
             ? "binary"
             : "int" + std::to_string(
                           bits >= 2 && bits <= 16 && (bits == 2 || bits == 4 || bits == 16) ? bits
                                                                                             : 8);
}

bool Lowering::meetsIntegersOnly(const Node& node) const {
  return node.out.empty() || node.out[0] < 0 || !floats_[node.out[0]];
}

/// Format of a node's operator where it is not the model's: narrow weights or activations.
std::string Lowering::formatOf(const Node& node, int weight) const {
  int activation = 0;
  bool all = true, any = false;
  for (std::size_t i = 0; i < node.in.size(); ++i) {
    const int id = node.in[i];
    if (id < 0 || static_cast<int>(i) == weight || graph_.values[id].fixed) continue;
    any = true;
    const int bits = bits_[id] > 0 ? bits_[id] : bitsOf(graph_.values[id].type);
    activation = std::max(activation, bits);
    all = all && bits > 0;
  }
  if (!any || !all) activation = 0;
  int narrow = 0;
  if (weight >= 0 && graph_.in(node, static_cast<std::size_t>(weight)) != nullptr) {
    const Value& value = graph_.values[node.in[static_cast<std::size_t>(weight)]];
    narrow = value.bits > 0
                 ? value.bits
                 : bitsOf(value.weight >= 0 ? graph_.values[value.weight].type : value.type);
  }
  if (node.has("bits") && weight >= 0)
    narrow = static_cast<int>(std::clamp<std::int64_t>(node.integer("bits", 4), 1, 16));
  if (activation == 0 && narrow == 0) return {};
  const std::string floats = format_ == "fp32" ? "32" : "16";
  const auto bits = [](int n) { return std::to_string(std::min(n, 16)); };
  // Sixteen-bit integers cannot be told from half precision by their width.
  if (activation == 16 || narrow == 16) return "int16";
  return "w" +
         (narrow > 0                     ? bits(narrow)
          : activation > 0 && weight < 0 ? bits(activation)
                                         : floats) +
         "a" + (activation > 0 ? bits(activation) : floats);
}

ListedOperator Lowering::make(const Node& node, OpKind kind, OpVariant variant, int weight,
                              const char* suffix) {
  ListedOperator op(unique(node.name + suffix), kind, variant);
  op.inputs(feeding(node));
  if (node.times != 1) op.number("count", node.times);
  if (node.times > 1 && weight >= 0) op.number("weight_copies", 1);
  const std::string format = formatOf(node, weight);
  if (!format.empty()) op.text("format", format);
  return op;
}

void Lowering::put(const Node& node, ListedOperator op) {
  if (node.times == 0) return;  // of a loop that never runs
  for (const int id : node.out)
    if (id >= 0) makers_[id] = op.name();
  list_.push_back(op.node());
}

void Lowering::rename(const Node& node, std::size_t i) {
  for (const int id : node.out)
    if (id >= 0 && i < node.in.size() && node.in[i] >= 0) aliases_[id] = node.in[i];
}

void Lowering::own(const Node& node, ListedOperator& op, std::size_t weight,
                   std::int64_t parameters) {
  const Value* value = graph_.in(node, weight);
  if (value == nullptr || value->weight < 0) return;
  const auto [at, fresh] = owners_.emplace(value->weight, std::pair(op.name(), parameters));
  if (!fresh && at->second.second == parameters && node.times <= 1)
    op.text("shares_weights_of", at->second.first);
}

std::vector<ConfigNode> Lowering::run(std::vector<UnknownOperator>& unknown) {
  chooseFormat();
  markIntegers();
  const std::vector<bool> wanted = needed();
  std::map<std::string, std::int64_t> strange;
  std::vector<Problem> problems;
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    if (node.gone || !wanted[i]) continue;
    const auto rule = rules().find(node.op);
    if (rule == rules().end()) {
      strange[node.domain.empty() ? node.op : plainText(node.domain + "." + node.op, 80)] += 1;
      rename(node);
      continue;
    }
    const auto empty = [&](int id) {
      return id < 0 || (graph_.values[id].known && product(graph_.values[id].dims) == 0);
    };
    if (std::all_of(node.out.begin(), node.out.end(), empty)) {
      rename(node);  // nothing to compute
      continue;
    }
    try {
      rule->second(*this, node);
    } catch (const InputError& error) {
      Problem p = error.problems().front();
      if (p.key.empty())
        p = {{file_, 0}, plainText(node.name, 120), node.op + ": " + p.what, {}, {}};
      if (problems.size() < 30) problems.push_back(std::move(p));
    }
  }
  for (const auto& [op, count] : strange) unknown.push_back({op, count});
  if (!problems.empty() && !graph_.assumed.empty())
    problems.front().hint = graph_.assumed + " for want of a value: --bind NAME=N sets it";
  if (!problems.empty()) throw InputError(std::move(problems));
  return std::move(list_);
}

}  // namespace wattlas::onnx_import
