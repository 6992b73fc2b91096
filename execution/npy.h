// Arrays as numpy stores them (.npy, and .npz archives of several): data and weights come in and
// results go out this way.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wattlas {

/// A dense array in C order, little endian.
struct NumpyArray {
  enum class Type { i8, u8, i16, u16, i32, u32, i64, u64, f16, f32, f64 };
  Type type = Type::f32;
  std::vector<std::int64_t> shape;
  std::string bytes;

  /// Number of values (1 for an empty shape).
  std::int64_t size() const;
  bool isReal() const { return type >= Type::f16; }
  std::string shapeText() const;  ///< "(60000, 28, 28)"
  std::vector<float> reals() const;
  /// Throws InputError for an array of reals.
  std::vector<std::int64_t> integers() const;

  static NumpyArray of(const std::vector<float>& values, std::vector<std::int64_t> shape);
  static NumpyArray of(const std::vector<std::int64_t>& values, std::vector<std::int64_t> shape);
};

/// Largest array that is read, in bytes.
inline constexpr std::size_t largestArray = std::size_t{4} << 30;

/// Reads the bytes of a .npy file; `name` is for messages. Throws InputError on anything that is
/// not an array of numbers of known size.
NumpyArray parseNpy(std::string_view bytes, const std::string& name);
NumpyArray readNpy(const std::string& file);
std::string npyBytes(const NumpyArray& array);

/// Named arrays in one file, as numpy.savez writes them: the format of weights.
using NumpyArchive = std::map<std::string, NumpyArray>;
NumpyArchive parseNpz(std::string_view bytes, const std::string& name);
NumpyArchive readNpz(const std::string& file);
/// The same arrays give the same bytes.
std::string npzBytes(const NumpyArchive& arrays);

/// Inflates a gzip or zlib stream to at most `limit` bytes. Throws InputError.
std::string inflateAll(std::string_view bytes, std::size_t limit, const std::string& name);

}  // namespace wattlas
