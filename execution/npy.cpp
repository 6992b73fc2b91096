#include "execution/npy.h"

#include <Eigen/Core>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <tuple>

#include "models/base/config.h"
#include "models/base/error.h"

namespace wattlas {
namespace {

static_assert(std::endian::native == std::endian::little);

/// In the order of NumpyArray::Type.
using Types = std::tuple<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                         std::uint32_t, std::int64_t, std::uint64_t, Eigen::half, float, double>;
constexpr std::array<std::string_view, 11> typeCodes = {"i1", "u1", "i2", "u2", "i4", "u4",
                                                        "i8", "u8", "f2", "f4", "f8"};
constexpr std::size_t mostAxes = 32, longestHeader = 65536;

std::string_view codeOf(NumpyArray::Type type) {
  return typeCodes[static_cast<std::size_t>(type)];
}
std::size_t sizeOf(NumpyArray::Type type) {
  return static_cast<std::size_t>(codeOf(type)[1] - '0');
}

[[noreturn]] void refuse(const std::string& name, const std::string& what,
                         const std::string& expected) {
  throw InputError({name, 0}, "", what, expected);
}

/// The value behind `'key':` in the dictionary of the header.
std::string_view entry(std::string_view header, std::string_view key, const std::string& name) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = quote + std::string(key) + quote;
    std::size_t at = header.find(quoted);
    if (at == std::string_view::npos) continue;
    at = header.find_first_not_of(" ", at + quoted.size());
    if (at == std::string_view::npos || header[at] != ':') continue;
    at = header.find_first_not_of(" ", at + 1);
    if (at != std::string_view::npos) return header.substr(at);
  }
  refuse(name, "the header has no '" + std::string(key) + "'", "a .npy file of one array");
}

std::vector<std::int64_t> shapeOf(std::string_view text, const std::string& name) {
  const std::size_t end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos)
    refuse(name, "the header's shape is no tuple", "a .npy file of one array");
  text = text.substr(1, end - 1);
  std::vector<std::int64_t> shape;
  while (true) {
    const std::size_t begin = text.find_first_not_of(" ,");
    if (begin == std::string_view::npos) return shape;
    text.remove_prefix(begin);
    std::int64_t extent = -1;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (error != std::errc() || extent < 0 || shape.size() == mostAxes)
      refuse(name, "the header's shape is no list of extents", "at most 32 extents of 0 or more");
    shape.push_back(extent);
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
    if (text.starts_with('L')) text.remove_prefix(1);  // written by Python 2
  }
}

/// Bytes of the values, or nothing beyond the limit.
std::size_t payload(const std::vector<std::int64_t>& shape, std::size_t each,
                    const std::string& name) {
  std::size_t total = each;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent == 0) empty = true;
    const auto n = static_cast<std::size_t>(std::max<std::int64_t>(extent, 1));
    if (n > largestArray / total)
      refuse(name, "the array has more than 4 GiB", "a smaller array, or several");
    total *= n;
  }
  return empty ? 0 : total;
}

/// Values in Fortran order to C order.
std::string transposed(std::string_view bytes, const std::vector<std::int64_t>& shape,
                       std::size_t each) {
  std::string out(bytes.size(), '\0');
  std::vector<std::int64_t> at(shape.size(), 0);
  std::vector<std::size_t> step(shape.size(), each);
  for (std::size_t i = 1; i < shape.size(); ++i)
    step[i] = step[i - 1] * static_cast<std::size_t>(shape[i - 1]);
  for (std::size_t to = 0; to < out.size(); to += each) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < shape.size(); ++i)
      from += static_cast<std::size_t>(at[i]) * step[i];
    std::memcpy(out.data() + to, bytes.data() + from, each);
    for (std::size_t i = shape.size(); i-- > 0;) {
      if (++at[i] < shape[i]) break;
      at[i] = 0;
    }
  }
  return out;
}

template <class From, class To>
void convert(const std::string& bytes, std::vector<To>& out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
    if constexpr (std::is_same_v<From, Eigen::half>)
      out[i] = static_cast<To>(static_cast<float>(value));
    else
      out[i] = static_cast<To>(value);
  }
}

template <class To>
std::vector<To> converted(const NumpyArray& array) {
  std::vector<To> out(static_cast<std::size_t>(array.size()));
  const auto type = static_cast<std::size_t>(array.type);
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    ((i == type ? convert<std::tuple_element_t<i, Types>>(array.bytes, out) : void()), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<Types>>());
  return out;
}

template <class T>
NumpyArray made(NumpyArray::Type type, const std::vector<T>& values,
                std::vector<std::int64_t> shape) {
  NumpyArray array;
  array.type = type;
  array.shape = std::move(shape);
  array.bytes.assign(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  if (array.size() != static_cast<std::int64_t>(values.size()))
    throw std::logic_error("an array whose shape does not hold its values");
  return array;
}

}  // namespace

std::int64_t NumpyArray::size() const {
  std::int64_t n = 1;
  for (const std::int64_t extent : shape) n *= extent;
  return n;
}

std::string NumpyArray::shapeText() const {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::vector<float> NumpyArray::reals() const {
  return converted<float>(*this);
}

std::vector<std::int64_t> NumpyArray::integers() const {
  if (isReal()) throw InputError("an array of reals " + shapeText(), "an array of integers");
  return converted<std::int64_t>(*this);
}

NumpyArray NumpyArray::of(const std::vector<float>& values, std::vector<std::int64_t> shape) {
  return made(Type::f32, values, std::move(shape));
}

NumpyArray NumpyArray::of(const std::vector<std::int64_t>& values,
                          std::vector<std::int64_t> shape) {
  return made(Type::i64, values, std::move(shape));
}

NumpyArray parseNpy(std::string_view bytes, const std::string& name) {
  const char* const expected = "a .npy file of numbers, as numpy.save writes it";
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12) refuse(name, "no .npy file", expected);
  const int version = bytes[6];
  const std::size_t wide = version == 1 ? 2 : 4;
  if (version < 1 || version > 3) refuse(name, "a .npy file of an unknown version", expected);
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, wide);
  if (length > longestHeader || bytes.size() - 8 - wide < length)
    refuse(name, "the header of the .npy file is cut off", expected);
  const std::string_view header = bytes.substr(8 + wide, length);
  bytes.remove_prefix(8 + wide + length);

  NumpyArray array;
  std::string_view descr = entry(header, "descr", name);
  bool known = false;
  if (descr.size() > 4) {
    const std::string_view code = descr.substr(2, 2);
    const bool order = descr[1] == '<' || descr[1] == '|';
    for (std::size_t i = 0; i < typeCodes.size() && order; ++i)
      if (typeCodes[i] == code && descr[4] == descr[0]) {
        array.type = static_cast<NumpyArray::Type>(i);
        known = true;
      }
    if (descr.substr(1, 3) == "|b1") known = true, array.type = NumpyArray::Type::u8;
  }
  if (!known)
    refuse(name, "values of type " + std::string(descr.substr(0, 8)) + " are not read",
           "little-endian integers or floats of 1 to 8 bytes");
  array.shape = shapeOf(entry(header, "shape", name), name);
  const std::size_t each = sizeOf(array.type), total = payload(array.shape, each, name);
  if (bytes.size() < total)
    refuse(name,
           "the .npy file holds " + std::to_string(bytes.size()) + " bytes of values, shape " +
               array.shapeText() + " needs " + std::to_string(total),
           "a complete file");
  bytes = bytes.substr(0, total);
  const bool fortran = entry(header, "fortran_order", name).starts_with("True");
  array.bytes =
      fortran && array.shape.size() > 1 ? transposed(bytes, array.shape, each) : std::string(bytes);
  return array;
}

NumpyArray readNpy(const std::string& file) {
  return parseNpy(readTextFile(file, largestArray), file);
}

std::string npyBytes(const NumpyArray& array) {
  std::string header = std::string("{'descr': '") + (sizeOf(array.type) == 1 ? '|' : '<');
  header.append(codeOf(array.type));
  header += "', 'fortran_order': False, 'shape': " + array.shapeText() + ", }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  std::string out("\x93NUMPY\x01\x00", 8);
  out.append(reinterpret_cast<const char*>(&length), 2);
  return out + header + array.bytes;
}

}  // namespace wattlas
