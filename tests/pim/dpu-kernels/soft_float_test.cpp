// The library routines for floating point and 64-bit division against the host's arithmetic, bit
// for bit, on special operands and random ones of every shape.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "models/base/random.h"
#include "pim/dpu/exec/machine.h"
#include "pim/dpu/program/program_files.h"
#include "tests/paths.h"

namespace wattlas::dpu {
namespace {

constexpr unsigned kTasklets = 4, kPairs = 1600;

/// Runs `routine` on pairs of `Word`s in WRAM, all tasklets taking turns.
template <class Word>
class Routine {
 public:
  Routine(const std::string& file, const std::string& name, bool rest = false) {
    const bool wide = sizeof(Word) == 8;
    const std::string load =
        wide ? "ld    d0, r20, 0\n ld d2, r20, 8\n" : "lw    r0, r20, 0\n lw r1, r20, 4\n";
    const std::string store = !wide  ? "sw    r20, 0, r0\n"
                              : rest ? "sd    r20, 0, d0\n sd r20, 8, d2\n"
                                     : "sd    r20, 0, d0\n";
    const std::string source =
        "jeq id, NTASKLETS-1, main\nboot id, 1\nmain: lw r21, zero, count\n"
        "move r20, pairs\nmove r0, id\njz r0, go\nskip: add r20, r20, STEP\nsub r0, r0, 1, nz, "
        "skip\n"
        "go: move r0, id\nsub r21, r21, r0\nloop: jles r21, 0, end\n" +
        load + "call r23, " + name + "\n" + store +
        "add r20, r20, STEP*NTASKLETS\nsub r21, r21, NTASKLETS\njump loop\n"
        "end: stop true, end\n.include \"" +
        file + "\"\n.data\ncount: .word 0\n.balign 8\n.bss\n.balign 8\npairs: .space 40000\n";
    AssembleOptions options;
    options.tasklets = kTasklets;
    options.defines["STEP"] = 2 * sizeof(Word);
    options.folder = std::string(wattlas::test::sourceRoot()) + "/configs/kernels/dpu/lib";
    machine_.load(assemble(source, "test.s", options));
  }

  using Pair = std::array<Word, 2>;
  std::vector<Pair> operator()(const std::vector<Pair>& pairs) {
    std::vector<Pair> results;
    for (std::size_t from = 0; from < pairs.size(); from += kPairs) {
      std::vector<Pair> part(
          pairs.begin() + static_cast<std::ptrdiff_t>(from),
          pairs.begin() + static_cast<std::ptrdiff_t>(std::min(pairs.size(), from + kPairs)));
      const auto count = static_cast<std::uint32_t>(part.size());
      const std::span<std::uint8_t> bytes(reinterpret_cast<std::uint8_t*>(part.data()),
                                          part.size() * sizeof(Pair));
      machine_.writeSymbol("count", {reinterpret_cast<const std::uint8_t*>(&count), 4});
      machine_.writeSymbol("pairs", bytes);
      const auto result = machine_.run({});
      EXPECT_FALSE(result.error) << result.error->text();
      const auto back = machine_.readSymbol("pairs", static_cast<std::uint32_t>(bytes.size()));
      std::memcpy(bytes.data(), back.data(), back.size());
      results.insert(results.end(), part.begin(), part.end());
    }
    return results;
  }

 private:
  DpuMachine machine_;
};

/// Words of every shape: any bits, near the ends of the exponent range, few bits set, close
/// together.
template <class Word>
Word draw(Random& random, int shape) {
  constexpr int bits = sizeof(Word) * 8, fraction = bits == 32 ? 23 : 52;
  const auto any = static_cast<Word>(random.next());
  const Word sign = any >> (bits - 1) << (bits - 1);
  const Word mantissa = any & ((Word{1} << fraction) - 1);
  const Word middle = (Word{1} << (bits - 2 - fraction)) - 1;
  const auto small = static_cast<Word>(random.next() % 60);
  switch (shape) {
    case 0:
      return any;
    case 1:
      return sign | mantissa;  // subnormal
    case 2:
      return sign | (middle - 30 + small) << fraction | mantissa;
    case 3:
      return sign | (middle - 1 + small % 3) << fraction | (mantissa & (mantissa << 20));
    case 4:
      return sign | (2 * middle - small % 5) << fraction | mantissa;
    case 5:
      return sign | (small % 5) << fraction | mantissa;
    default:
      return sign | (middle + small % 4) << fraction | Word{1} << (random.next() % fraction);
  }
}

template <class Float>
struct BitsOf;
template <>
struct BitsOf<float> {
  using Word = std::uint32_t;
};
template <>
struct BitsOf<double> {
  using Word = std::uint64_t;
};

template <class Float>
void expectLikeTheHost(const char* file, const char* name, Float (*host)(Float, Float)) {
  using Word = typename BitsOf<Float>::Word;
  using Limits = std::numeric_limits<Float>;
  std::vector<Float> special = {0,
                                1,
                                2,
                                3,
                                0.1F,
                                Float(1) / 3,
                                Limits::min(),
                                Limits::max(),
                                Limits::denorm_min(),
                                Limits::infinity(),
                                Limits::epsilon(),
                                Limits::quiet_NaN(),
                                1 + Limits::epsilon(),
                                1 - Limits::epsilon() / 2,
                                Limits::min() - Limits::denorm_min(),
                                Limits::min() * 2,
                                Limits::max() / 2,
                                Limits::denorm_min() * 3};
  std::vector<std::array<Word, 2>> pairs;
  for (const Float a : special) {
    for (const Float b : special) {
      for (const bool minusA : {false, true}) {
        for (const bool minusB : {false, true}) {
          pairs.push_back(
              {std::bit_cast<Word>(minusA ? -a : a), std::bit_cast<Word>(minusB ? -b : b)});
        }
      }
    }
  }
  Random random(11);
  for (int i = 0; i < 14000; ++i) {
    const auto a = draw<Word>(random, i % 7);
    auto b = draw<Word>(random, i / 7 % 7);
    if (i % 11 == 0)
      b = a ^ static_cast<Word>(random.next() % 4) ^ (a >> 5 & 1) << (sizeof(Word) * 8 - 1);
    pairs.push_back({a, b});
  }
  const auto results = Routine<Word>(file, name)(pairs);
  int wrong = 0;
  for (std::size_t i = 0; i < pairs.size() && wrong < 5; ++i) {
    const Float a = std::bit_cast<Float>(pairs[i][0]), b = std::bit_cast<Float>(pairs[i][1]);
    const Float expected = host(a, b);
    const bool same = std::isnan(expected)
                          ? results[i][0] == std::bit_cast<Word>(Limits::quiet_NaN())
                          : results[i][0] == std::bit_cast<Word>(expected);
    if (same) continue;
    ++wrong;
    ADD_FAILURE() << name << std::hex << " " << pairs[i][0] << " " << pairs[i][1] << " gives "
                  << results[i][0] << ", not " << std::bit_cast<Word>(expected);
  }
}

template <class F>
F add(F a, F b) {
  return a + b;
}
template <class F>
F sub(F a, F b) {
  return a - b;
}
template <class F>
F mul(F a, F b) {
  return a * b;
}
template <class F>
F div(F a, F b) {
  return a / b;
}

TEST(SoftFloat, SingleAdds) {
  expectLikeTheHost<float>("float32.s", "f32_add", add<float>);
}
TEST(SoftFloat, SingleSubtracts) {
  expectLikeTheHost<float>("float32.s", "f32_sub", sub<float>);
}
TEST(SoftFloat, SingleMultiplies) {
  expectLikeTheHost<float>("float32.s", "f32_mul", mul<float>);
}
TEST(SoftFloat, SingleDivides) {
  expectLikeTheHost<float>("float32.s", "f32_div", div<float>);
}
TEST(SoftFloat, DoubleAdds) {
  expectLikeTheHost<double>("float64.s", "f64_add", add<double>);
}
TEST(SoftFloat, DoubleSubtracts) {
  expectLikeTheHost<double>("float64.s", "f64_sub", sub<double>);
}
TEST(SoftFloat, DoubleMultiplies) {
  expectLikeTheHost<double>("float64.s", "f64_mul", mul<double>);
}
TEST(SoftFloat, DoubleDivides) {
  expectLikeTheHost<double>("float64.s", "f64_div", div<double>);
}

std::vector<std::array<std::uint64_t, 2>> divisions() {
  std::vector<std::uint64_t> special = {0,
                                        1,
                                        2,
                                        3,
                                        10,
                                        0xFFFFFFFF,
                                        0x100000000,
                                        0x7FFFFFFFFFFFFFFF,
                                        0x8000000000000000,
                                        ~0ULL,
                                        0xFFFFFFFF00000000,
                                        0x80000000};
  std::vector<std::array<std::uint64_t, 2>> pairs;
  for (const auto a : special) {
    for (const auto b : special) pairs.push_back({a, b});
  }
  Random random(3);
  for (int i = 0; i < 9000; ++i) {
    // Dividends and divisors of every length.
    std::uint64_t a = random.next() >> (random.next() % 64),
                  b = random.next() >> (random.next() % 64);
    if (i % 3 == 0) a = ~a + 1;
    if (i % 5 == 0) b = ~b + 1;
    if (i % 17 == 0) a = b * (random.next() % 9);
    pairs.push_back({a, b});
  }
  return pairs;
}

TEST(Division64, UnsignedGivesQuotientAndRest) {
  const auto pairs = divisions();
  const auto results = Routine<std::uint64_t>("div64.s", "udiv64", true)(pairs);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto [a, b] = pairs[i];
    ASSERT_EQ(results[i][0], b == 0 ? ~0ULL : a / b) << a << " / " << b;
    ASSERT_EQ(results[i][1], b == 0 ? a : a % b) << a << " % " << b;
  }
}

TEST(Division64, SignedGoesTowardsZero) {
  const auto pairs = divisions();
  const auto results = Routine<std::uint64_t>("div64.s", "div64", true)(pairs);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto a = static_cast<std::int64_t>(pairs[i][0]),
               b = static_cast<std::int64_t>(pairs[i][1]);
    // The one quotient that has no place wraps around, as on hardware.
    const bool wraps = b == -1 && a == std::numeric_limits<std::int64_t>::min();
    const std::int64_t quotient = b == 0 ? -1 : wraps ? a : a / b;
    const std::int64_t rest = b == 0 ? a : wraps ? 0 : a % b;
    ASSERT_EQ(static_cast<std::int64_t>(results[i][0]), quotient) << a << " / " << b;
    ASSERT_EQ(static_cast<std::int64_t>(results[i][1]), rest) << a << " % " << b;
  }
}

}  // namespace
}  // namespace wattlas::dpu
