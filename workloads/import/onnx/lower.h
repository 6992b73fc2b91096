// Nodes of an ONNX graph -> entries of `generator: operators`. Inside the module.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "models/base/error.h"
#include "workloads/import/import.h"
#include "workloads/import/onnx/model_graph.h"
#include "workloads/import/operator_list.h"

namespace wattlas::onnx_import {

class Lowering {
 public:
  Lowering(const ModelGraph& graph, const std::string& file) : graph_(graph), file_(file) {}

  /// Operators in order; problems are thrown all at once. `unknown` counts what has no meaning
  /// here.
  std::vector<ConfigNode> run(std::vector<UnknownOperator>& unknown);
  /// Number format of most of the model's tensors.
  std::string format() const { return format_; }

  using Rule = void (*)(Lowering&, const Node&);
  /// Rules by operator name, one table a file.
  static void addProducts(std::map<std::string, Rule>& rules);
  static void addElements(std::map<std::string, Rule>& rules);
  static void addMoves(std::map<std::string, Rule>& rules);

  // For the rules:
  const ModelGraph& graph() const { return graph_; }
  const Value& in(const Node& node, std::size_t i) const;  ///< throws when absent or unknown
  const Value& out(const Node& node, std::size_t i = 0) const;
  bool hasIn(const Node& node, std::size_t i) const { return graph_.in(node, i) != nullptr; }
  /// An operator with name, inputs, count and formats of `node`; `weight` is its input that holds
  /// trained values (-1 = none).
  ListedOperator make(const Node& node, OpKind kind, OpVariant variant = OpVariant::none,
                      int weight = -1, const char* suffix = "");
  /// Adds it; the outputs of `node` are what it makes.
  void put(const Node& node, ListedOperator op);
  /// The first output is another name of input `i`.
  void rename(const Node& node, std::size_t i = 0);
  [[noreturn]] void refuse(const Node& node, const std::string& what) const;
  /// Whether a value is an integer in the hardware; the format of what a quantiser makes; whether
  /// all readers of a dequantised value take integers.
  bool isInteger(int value) const { return bits_[value] > 0; }
  std::string integerFormat(const Node& node) const;
  bool meetsIntegersOnly(const Node& node) const;
  /// Trained weights that another operator stores already are marked as shared.
  void own(const Node& node, ListedOperator& op, std::size_t weight, std::int64_t parameters);

 private:
  std::vector<bool> needed() const;
  void chooseFormat();
  void markIntegers();
  std::string formatOf(const Node& node, int weight) const;
  int sourceOf(int value) const;
  std::string unique(const std::string& name);
  std::vector<std::string> feeding(const Node& node) const;

  const ModelGraph& graph_;
  const std::string& file_;
  std::string format_ = "fp32";
  std::vector<ConfigNode> list_;
  std::map<int, int> aliases_;         ///< value -> the value that it renames
  std::map<int, std::string> makers_;  ///< value -> operator
  std::set<std::string> names_;
  std::map<int, std::pair<std::string, std::int64_t>> owners_;  ///< weight -> operator, parameters
  std::vector<bool> floats_;  ///< values that a float operator or the user reads
  std::vector<int> bits_;     ///< of integer activations, by value; 0 = float
};

}  // namespace wattlas::onnx_import
