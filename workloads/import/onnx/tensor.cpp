#include "workloads/import/onnx/tensor.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "models/base/error.h"
#include "models/base/plain_text.h"

namespace wattlas::onnx_import {
namespace {

namespace fs = std::filesystem;

/// Bytes of a value as stored; 0 for what has no bytes of its own.
int bytesOf(int type) {
  switch (type) {
    case uint8:
    case int8:
    case boolean:
    case float8e4m3fn:
    case float8e4m3fnuz:
    case float8e5m2:
    case float8e5m2fnuz:
      return 1;
    case uint16:
    case int16:
    case float16:
    case bfloat16:
      return 2;
    case float32:
    case int32:
    case uint32:
      return 4;
    case float64:
    case int64:
    case uint64:
      return 8;
    default:
      return 0;
  }
}

double halfOf(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  double value = exponent == 0    ? std::ldexp(mantissa, -24)
                 : exponent == 31 ? (mantissa == 0 ? INFINITY : NAN)
                                  : std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000) != 0 ? -value : value;
}

template <class T>
T take(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

void pushRaw(Constant& c, const char* at) {
  switch (c.type) {
    case uint8:
    case boolean:
      return c.push(take<std::uint8_t>(at));
    case int8:
      return c.push(take<std::int8_t>(at));
    case uint16:
      return c.push(take<std::uint16_t>(at));
    case int16:
      return c.push(take<std::int16_t>(at));
    case int32:
      return c.push(take<std::int32_t>(at));
    case uint32:
      return c.push(take<std::uint32_t>(at));
    case int64:
    case uint64:
      return c.ints.push_back(take<std::int64_t>(at));
    case float32:
      return c.push(take<float>(at));
    case float64:
      return c.push(take<double>(at));
    case float16:
      return c.push(halfOf(take<std::uint16_t>(at)));
    case bfloat16:
      return c.push(
          std::bit_cast<float>(static_cast<std::uint32_t>(take<std::uint16_t>(at)) << 16));
    default:
      return c.push(0);  // 8-bit floats: nobody computes shapes with them
  }
}

[[noreturn]] void refuse(const onnx::TensorProto& tensor, const std::string& what) {
  throw InputError("tensor '" + plainText(tensor.name(), 80) + "' " + what, "a complete tensor");
}

/// Bytes of a tensor that lie in a file beside the model.
std::optional<std::string> external(const onnx::TensorProto& tensor, const std::string& modelFile,
                                    std::size_t wanted) {
  std::string location;
  std::uint64_t offset = 0;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset")
      std::from_chars(entry.value().data(), entry.value().data() + entry.value().size(), offset);
  }
  const fs::path relative(location);
  if (location.empty() || relative.is_absolute())
    refuse(tensor, "lies in no file beside the model");
  for (const fs::path& part : relative)
    if (part == "..") refuse(tensor, "lies outside the folder of the model");
  std::ifstream in(fs::path(modelFile).parent_path() / relative, std::ios::binary);
  if (!in || !in.seekg(static_cast<std::streamoff>(offset))) return std::nullopt;
  std::string bytes(wanted, '\0');
  if (!in.read(bytes.data(), static_cast<std::streamsize>(wanted))) return std::nullopt;
  return bytes;
}

template <class List>
bool copyList(Constant& c, const List& list, std::int64_t count) {
  if (list.size() == 0) return false;
  if (list.size() != count) return false;
  for (const auto value : list) {
    if (c.type == float16)
      c.push(halfOf(static_cast<std::uint16_t>(value)));
    else if (c.whole())
      c.ints.push_back(static_cast<std::int64_t>(value));
    else
      c.reals.push_back(static_cast<double>(value));
  }
  return true;
}

}  // namespace

std::shared_ptr<const Constant> readTensor(const onnx::TensorProto& tensor,
                                           const std::string& modelFile) {
  auto c = std::make_shared<Constant>();
  c->type = tensor.data_type();
  c->dims.assign(tensor.dims().begin(), tensor.dims().end());
  const std::int64_t count = product(c->dims);
  const int width = bytesOf(c->type);
  if (count > mostKeptValues || width == 0) return nullptr;
  if (count == 0) return c;
  const auto wanted = static_cast<std::size_t>(count * width);
  std::optional<std::string> outside;
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    outside = external(tensor, modelFile, wanted);
    if (!outside) return nullptr;  // its shape is enough for a cost
  }
  const std::string& raw = outside ? *outside : tensor.raw_data();
  if (outside || tensor.has_raw_data()) {
    if (raw.size() != wanted)
      refuse(tensor, "has " + std::to_string(raw.size()) + " bytes for a shape of " +
                         std::to_string(wanted));
    for (std::size_t at = 0; at < wanted; at += static_cast<std::size_t>(width))
      pushRaw(*c, raw.data() + at);
    return c;
  }
  const bool read =
      copyList(*c, tensor.float_data(), count) || copyList(*c, tensor.int32_data(), count) ||
      copyList(*c, tensor.int64_data(), count) || copyList(*c, tensor.double_data(), count) ||
      copyList(*c, tensor.uint64_data(), count);
  return read ? c : nullptr;
}

Attribute readAttribute(const onnx::AttributeProto& attribute, const std::string& modelFile) {
  Attribute out;
  if (attribute.has_i()) out.i = attribute.i();
  if (attribute.has_f()) out.f = attribute.f();
  out.s = attribute.s().substr(0, 1000);
  if (attribute.ints_size() <= mostKeptValues)
    out.ints.assign(attribute.ints().begin(), attribute.ints().end());
  if (attribute.floats_size() <= mostKeptValues)
    out.floats.assign(attribute.floats().begin(), attribute.floats().end());
  if (attribute.has_t()) out.tensor = readTensor(attribute.t(), modelFile);
  return out;
}

std::optional<Constant> literalOf(const onnx::AttributeProto& a) {
  Constant c;
  if (a.name() == "value_int" || a.name() == "value_ints") {
    c.type = int64;
    if (a.name() == "value_int")
      c.ints = {a.i()};
    else
      c.ints.assign(a.ints().begin(), a.ints().end());
    if (a.name() == "value_ints") c.dims = {static_cast<std::int64_t>(c.ints.size())};
    return c;
  }
  if (a.name() == "value_float" || a.name() == "value_floats") {
    c.type = float32;
    if (a.name() == "value_float")
      c.reals = {a.f()};
    else
      c.reals.assign(a.floats().begin(), a.floats().end());
    if (a.name() == "value_floats") c.dims = {static_cast<std::int64_t>(c.reals.size())};
    return c;
  }
  if (a.name() == "value_string" || a.name() == "value_strings") {
    c.type = text;
    if (a.name() == "value_strings") c.dims = {a.strings_size()};
    c.ints.assign(static_cast<std::size_t>(product(c.dims)), 0);
    return c;
  }
  return std::nullopt;
}

onnx::TensorProto toProto(const Constant& constant) {
  onnx::TensorProto out;
  out.set_data_type(constant.type);
  for (const std::int64_t dim : constant.dims) out.add_dims(dim);
  for (std::size_t i = 0; i < constant.size(); ++i) switch (constant.type) {
      case float32:
        out.add_float_data(static_cast<float>(constant.reals[i]));
        break;
      case float64:
        out.add_double_data(constant.reals[i]);
        break;
      case int64:
        out.add_int64_data(constant.ints[i]);
        break;
      case uint32:
      case uint64:
        out.add_uint64_data(static_cast<std::uint64_t>(constant.ints[i]));
        break;
      default:
        if (constant.whole()) out.add_int32_data(static_cast<std::int32_t>(constant.ints[i]));
    }
  return out;
}

std::vector<int> sortedNodes(const onnx::GraphProto& graph,
                             const std::function<bool(const std::string&)>& known) {
  std::set<std::string> made, there;
  for (const auto& node : graph.node())
    for (const auto& out : node.output()) made.insert(out);
  std::vector<int> order, waiting;
  for (int i = 0; i < graph.node_size(); ++i) waiting.push_back(i);
  for (bool moved = true; moved && !waiting.empty();) {
    moved = false;
    std::vector<int> left;
    for (const int i : waiting) {
      const auto& node = graph.node(i);
      const bool ready =
          std::all_of(node.input().begin(), node.input().end(), [&](const std::string& in) {
            return in.empty() || made.count(in) == 0 || there.count(in) > 0 || known(in);
          });
      if (!ready) {
        left.push_back(i);
        continue;
      }
      moved = true;
      for (const auto& out : node.output()) there.insert(out);
      order.push_back(i);
    }
    if (left.size() > 2000 && left.size() * 10 > waiting.size() * 9) break;  // hopeless
    waiting = std::move(left);
  }
  order.insert(order.end(), waiting.begin(), waiting.end());
  return order;
}

std::int64_t sizeOf(const onnx::GraphProto& graph, int depth) {
  std::int64_t size = graph.node_size();
  for (const auto& tensor : graph.initializer())
    size += static_cast<std::int64_t>(tensor.ByteSizeLong() / 64);
  for (const auto& node : graph.node())
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g() && depth < deepest) size += sizeOf(attribute.g(), depth + 1);
      if (attribute.has_t()) size += static_cast<std::int64_t>(attribute.t().ByteSizeLong() / 64);
    }
  return size;
}

const onnx::GraphProto* graphOf(const onnx::NodeProto& node, const char* name) {
  for (const auto& attribute : node.attribute())
    if (attribute.name() == name && attribute.has_g()) return &attribute.g();
  return nullptr;
}

std::vector<Constant> shapeConstant(const Node& node, const Sizes& dims) {
  Constant c;
  c.type = int64;
  if (node.op == "Size") {
    c.ints = {product(dims)};
    return {c};
  }
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto clamped = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t start = clamped(node.integer("start", 0)),
                     end = clamped(node.integer("end", rank));
  for (std::int64_t i = start; i < end; ++i) c.ints.push_back(dims[i]);
  c.dims = {static_cast<std::int64_t>(c.ints.size())};
  return {c};
}

}  // namespace wattlas::onnx_import
