#include "execution/npy.h"

#include <gtest/gtest.h>

#include "models/base/error.h"

namespace wattlas {
namespace {

std::string npy(const std::string& header, const std::string& values) {
  std::string out("\x93NUMPY\x01\x00", 8);
  const auto length = static_cast<std::uint16_t>(header.size());
  out.append(reinterpret_cast<const char*>(&length), 2);
  return out + header + values;
}

TEST(Npy, WrittenArraysReadBackEqual) {
  const NumpyArray a = NumpyArray::of(std::vector<float>{1, -2.5, 3, 4, 5, 6}, {2, 3});
  const NumpyArray b = parseNpy(npyBytes(a), "a");
  EXPECT_EQ(b.shape, a.shape);
  EXPECT_EQ(b.reals(), a.reals());
  EXPECT_EQ(npyBytes(a).size() % 64, a.bytes.size() % 64);
}

TEST(Npy, FortranOrderIsTurnedAround) {
  const std::string values("\x01\x02\x03\x04\x05\x06", 6);
  const NumpyArray a =
      parseNpy(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n", values), "a");
  EXPECT_EQ(a.integers(), (std::vector<std::int64_t>{1, 3, 5, 2, 4, 6}));
}

TEST(Npy, HalfFloatsAreRead) {
  const std::string values("\x00\x3c\x00\xc0", 4);
  const NumpyArray a =
      parseNpy(npy("{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }\n", values), "a");
  EXPECT_EQ(a.reals(), (std::vector<float>{1, -2}));
}

TEST(Npy, HostileHeadersAreRefusedBeforeAllocation) {
  for (const std::string shape : {"(4611686018427387904, 4611686018427387904)", "(-1,)", "(1e9,)",
                                  "(0, 9223372036854775807, 9223372036854775807)", "(3,", "3"})
    EXPECT_THROW(
        parseNpy(npy("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }", "abcd"),
                 "a"),
        InputError)
        << shape;
  for (const std::string type : {"'|O'", "'>f4'", "'<c8'", "[('a', '<f4')]", "'<f4"})
    EXPECT_THROW(
        parseNpy(npy("{'descr': " + type + ", 'fortran_order': False, 'shape': (1,), }", "abcd"),
                 "a"),
        InputError)
        << type;
}

TEST(Npy, EveryCutIsRefused) {
  const std::string whole = npyBytes(NumpyArray::of(std::vector<float>(40, 1.0f), {40}));
  for (std::size_t n = 0; n < whole.size(); n += 7)
    EXPECT_THROW(parseNpy(std::string_view(whole).substr(0, n), "a"), InputError) << n;
}

TEST(Npz, WrittenArchivesReadBackEqual) {
  const NumpyArchive a = {{"x.weight", NumpyArray::of(std::vector<float>{1, 2}, {2})},
                          {"y", NumpyArray::of(std::vector<std::int64_t>{7}, {1, 1})}};
  const NumpyArchive b = parseNpz(npzBytes(a), "a");
  ASSERT_EQ(b.size(), 2u);
  EXPECT_EQ(b.at("x.weight").reals(), (std::vector<float>{1, 2}));
  EXPECT_EQ(b.at("y").integers(), (std::vector<std::int64_t>{7}));
  EXPECT_EQ(npzBytes(a), npzBytes(b));
}

TEST(Npz, DamageIsRefused) {
  const std::string whole = npzBytes({{"x", NumpyArray::of(std::vector<float>(30, 1.5f), {30})}});
  for (std::size_t n = 0; n < whole.size(); n += 5)
    EXPECT_THROW(parseNpz(std::string_view(whole).substr(0, n), "a"), InputError) << n;
  int refused = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    std::string damaged = whole;
    damaged[n] = static_cast<char>(damaged[n] ^ 0x55);
    try {
      parseNpz(damaged, "a");
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, static_cast<int>(whole.size()) / 2);
}

}  // namespace
}  // namespace wattlas
