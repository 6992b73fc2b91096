// An ONNX graph after constants are folded, branches taken, functions and loops opened and all
// shapes known. Inside the module; free of protobuf.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wattlas::onnx_import {

/// Numbers of TensorProto.DataType, with those of later versions.
enum Type : int {
  undefined = 0,
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  uint16 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  text = 8,
  boolean = 9,
  float16 = 10,
  float64 = 11,
  uint32 = 12,
  uint64 = 13,
  bfloat16 = 16,
  float8e4m3fn = 17,
  float8e4m3fnuz = 18,
  float8e5m2 = 19,
  float8e5m2fnuz = 20,
  uint4 = 21,
  int4 = 22,
  float4e2m1 = 23
};
bool isFloat(int type);
/// A real as a tensor of a type holds it: rounded to 32 or 16 bits, or cut to its range.
double rounded(double value, int type);
double saturated(double value, int type);

using Sizes = std::vector<std::int64_t>;

/// Values that are known at import. Integers and booleans are exact, floats as double.
struct Constant {
  Sizes dims;
  int type = undefined;
  std::vector<std::int64_t> ints;
  std::vector<double> reals;
  bool whole() const { return !isFloat(type); }
  std::size_t size() const { return whole() ? ints.size() : reals.size(); }
  double at(std::size_t i) const { return whole() ? static_cast<double>(ints[i]) : reals[i]; }
  /// Of integers the whole part; 0 when it has none.
  void push(double value) {
    if (whole())
      ints.push_back(value > -9.2e18 && value < 9.2e18 ? static_cast<std::int64_t>(value) : 0);
    else
      reals.push_back(rounded(value, type));
  }
};
/// Larger ones are kept as shapes only.
inline constexpr std::int64_t mostKeptValues = 1 << 16;

struct Attribute {
  std::optional<std::int64_t> i;
  std::optional<double> f;
  std::string s;
  Sizes ints;
  std::vector<double> floats;
  std::shared_ptr<const Constant> tensor;
};

/// What is known of an output.
struct OutputShape {
  bool known = false;  ///< rank and extents
  int type = undefined;
  Sizes dims;
  bool sequence = false;  ///< a list of tensors of this shape
  std::string why = {};   ///< why its shape is not known
};

struct Value : OutputShape {
  std::string name;
  std::shared_ptr<const Constant> data;
  bool fixed = false;  ///< computed from weights and constants alone: nothing of it runs
  int weight = -1;     ///< the one initializer that it renames or reorders
  int bits = 0;        ///< width that a QONNX quantiser gives it; 0 = by its type
  int producer = -1;   ///< node, or -1
};

struct Node {
  std::string op, domain, name;
  std::map<std::string, Attribute> attributes;
  std::vector<int> in, out;  ///< values; -1 = absent
  std::int64_t opset = 0;
  std::int64_t times = 1;  ///< how often it runs: the counts of the loops around it
  bool gone = false;       ///< replaced by a pattern

  std::int64_t integer(const char* key, std::int64_t fallback) const;
  double real(const char* key, double fallback) const;
  std::string word(const char* key, const char* fallback) const;
  Sizes list(const char* key) const;
  bool has(const char* key) const { return attributes.count(key) > 0; }
};

struct ModelGraph {
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<int> inputs, outputs;
  std::vector<std::string> notes;
  std::string assumed;  ///< dimensions that nobody bound, such as "sequence is 128"

  const Value* in(const Node& node, std::size_t i) const {
    return i < node.in.size() && node.in[i] >= 0 ? &values[node.in[i]] : nullptr;
  }
  const Value* out(const Node& node, std::size_t i = 0) const {
    return i < node.out.size() && node.out[i] >= 0 ? &values[node.out[i]] : nullptr;
  }
};

/// Product of extents. Throws InputError beyond 2^50.
std::int64_t product(const Sizes& dims, std::size_t from = 0, std::size_t to = SIZE_MAX);
/// Place of a negative axis; nothing when it is out of range.
std::optional<std::size_t> axisOf(std::int64_t axis, std::size_t rank);
/// Extents after numpy broadcasting; nothing when they do not fit.
std::optional<Sizes> broadcast(const Sizes& a, const Sizes& b);
std::string textOf(const Sizes& dims);

/// Evaluates a node on constants; nothing when it cannot.
std::optional<std::vector<Constant>> evaluate(const Node& node,
                                              const std::vector<const Constant*>& in);
/// Replaces chains of small operators by what they compute: norms, GELU, rotary positions,
/// attention.
void recognisePatterns(ModelGraph& graph);

}  // namespace wattlas::onnx_import
