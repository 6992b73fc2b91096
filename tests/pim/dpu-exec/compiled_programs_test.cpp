// What compiled code does that benchmarks do little of: recursion, switches, 64-bit division, bytes
// and halfwords with sign, text, transfers of every size, and tasklets that hand work to each
// other.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "models/base/random.h"
#include "prim_programs.h"
#include "tests/pim/dpu-exec/symbols.h"

namespace wattlas::dpu::test {
namespace {

using Words = std::vector<std::uint32_t>;
using Longs = std::vector<std::uint64_t>;
using Bytes = std::vector<std::uint8_t>;

void arg(DpuMachine& m, std::uint32_t value) {
  put(m, "args", Words{value});
}
/// A pair stored by `sd`: the even register is the upper word.
std::uint64_t pair(std::uint32_t even, std::uint32_t odd) {
  return std::uint64_t{even} << 32 | odd;
}

PrimProgram recursion(unsigned tasklets) {
  Words out;
  const std::uint32_t fib[] = {0, 1, 1, 2, 3, 5, 8, 13};
  for (unsigned t = 0; t < tasklets; ++t) out.insert(out.end(), {fib[t % 8], t % 4 % 2 == 0});
  return {"recursion", [](DpuMachine&) {},
          [out](const DpuMachine& m) { return compare(m, "output", out); }};
}

PrimProgram interpreter(unsigned tasklets) {
  const Bytes code = {6, 5, 1, 200, 2, 0x5A, 3, 99, 7, 3, 5, 10, 4, 1, 17, 7, 31, 0};
  Longs out;
  for (unsigned t = 0; t < tasklets; ++t) {
    std::uint32_t x = 1000 * t, count = 5;
    do {  // from the code after `set` on
      x = std::rotr(((x - 56) ^ 0x5AU) << 1, 3);
    } while (--count != 0);
    out.push_back(pair(std::rotr(17 - x, 31), 0));
  }
  return {"switch",
          [code](DpuMachine& m) {
            arg(m, static_cast<std::uint32_t>((code.size() + 7) / 8 * 8));
            put(m, "input", code);
          },
          [out](const DpuMachine& m) { return compare(m, "output", out); }};
}

PrimProgram division(unsigned) {
  Random random(11);
  Longs in, out;
  for (int i = 0; i < 41; ++i) {
    const std::uint64_t n = random.next() >> random.below(64),
                        d = i == 7 ? 0 : (random.next() >> random.below(64)) | 1;
    in.insert(in.end(), {n, d});
    out.insert(out.end(), {d == 0 ? ~std::uint64_t{0} : n / d, d == 0 ? n : n % d});
  }
  return {"div64",
          [in](DpuMachine& m) {
            arg(m, static_cast<std::uint32_t>(in.size() / 2));
            put(m, "input", in);
          },
          [out](const DpuMachine& m) { return compare(m, "output", out); }};
}

PrimProgram sorting(unsigned tasklets) {
  Random random(12);
  std::vector<std::int16_t> in(64 * tasklets);
  for (auto& x : in) x = static_cast<std::int16_t>(random.next());
  auto out = in;
  for (auto part = out.begin(); part != out.end(); part += 64) std::sort(part, part + 64);
  return {"sort", [in](DpuMachine& m) { put(m, "output", in); },
          [out](const DpuMachine& m) { return compare(m, "output", out); }};
}

PrimProgram checksums(unsigned tasklets) {
  Random random(13);
  Bytes in(1024);
  for (auto& x : in) x = static_cast<std::uint8_t>(random.next());
  Longs out;
  for (unsigned t = 0; t < tasklets; ++t) {
    std::uint32_t crc = ~0U;
    for (unsigned i = 37 * t; i < 37 * t + 60 + t; ++i) {
      crc ^= in[i];
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc % 2 == 1 ? 0xEDB88320U : 0U);
    }
    out.push_back(pair(37 * t, ~crc));
  }
  return {"crc", [in](DpuMachine& m) { put(m, "input", in); },
          [out](const DpuMachine& m) { return compare(m, "output", out); }};
}

PrimProgram line(unsigned tasklets) {
  constexpr std::uint32_t rounds = 9;
  Longs out;
  std::uint32_t x = rounds - 1;
  for (unsigned t = 0; t < tasklets; ++t) {
    x = 3 * x + t + 1;
    out.push_back(pair(x, rounds));
  }
  return {"pipeline", [](DpuMachine& m) { arg(m, rounds); },
          [out](const DpuMachine& m) { return compare(m, "output", out); }};
}

PrimProgram ring(unsigned tasklets) {
  constexpr std::uint64_t items = 12;
  std::uint64_t sum = 0;
  for (unsigned t = 0; t < tasklets / 2 * 2; t += 2)
    for (std::uint64_t i = 1; i <= items; ++i) sum += 256 * i + t;
  return {"ring", [](DpuMachine& m) { arg(m, static_cast<std::uint32_t>(items)); },
          [sum, tasklets](const DpuMachine& m) {
            return compare(m, "result", Longs{sum, items * (tasklets / 2)});
          }};
}

PrimProgram transfers(unsigned) {
  Random random(14);
  Longs in(1024), out;
  for (auto& x : in) x = random.next();
  for (std::size_t k = 0; k < 256; ++k) out.push_back(in[2 * k] + in[3 * k]);
  return {"transfers", [in](DpuMachine& m) { put(m, "input", in); },
          [out](const DpuMachine& m) { return compare(m, "output", out); }};
}

PrimProgram text(unsigned tasklets) {
  const auto line = [](int value) {
    const std::string digits = std::to_string(value);
    Bytes bytes(16, 0);
    std::copy(digits.begin(), digits.end(), bytes.begin());
    return bytes;
  };
  Random random(15);
  Bytes in, out;
  for (unsigned t = 0; t < tasklets; ++t) {
    const int value = t == 0 ? 0 : static_cast<int>(random.below(1400000000)) - 700000000;
    const Bytes before = line(value), after = line(-3 * value);
    in.insert(in.end(), before.begin(), before.end());
    out.insert(out.end(), after.begin(), after.end());
  }
  return {"text", [in](DpuMachine& m) { put(m, "output", in); },
          [out](const DpuMachine& m) { return compare(m, "output", out); }};
}

PrimProgram tree(unsigned) {
  Random random(16);
  Longs in(211);
  std::uint64_t sum = 0;
  std::int64_t greatest = std::numeric_limits<std::int64_t>::min();
  for (auto& x : in) {
    x = random.next();
    sum += x;
    greatest = std::max(greatest, static_cast<std::int64_t>(x));
  }
  return {"tree",
          [in](DpuMachine& m) {
            arg(m, static_cast<std::uint32_t>(in.size()));
            put(m, "input", in);
          },
          [sum, greatest](const DpuMachine& m) {
            return compare(m, "result", Longs{sum, static_cast<std::uint64_t>(greatest)});
          }};
}

using Make = PrimProgram (*)(unsigned tasklets);
constexpr Make programs[] = {recursion, interpreter, division,  sorting, checksums,
                             line,      ring,        transfers, text,    tree};

class CompiledPrograms : public ::testing::TestWithParam<std::tuple<Make, unsigned>> {};

TEST_P(CompiledPrograms, GiveKnownAnswersAndEqualCyclesInBothEngines) {
  const auto& [make, tasklets] = GetParam();
  const PrimProgram program = make(tasklets);
  const Program assembled = assembledPrim(program.name, tasklets, "compiled");
  for (const auto rule :
       {RegisterFileRule::none, RegisterFileRule::sameBank, RegisterFileRule::compat}) {
    const DpuRunResult a = expectRightInBothEngines(program, assembled, rule);
    // The pipeline: a slot in each cycle at most, one of a tasklet's in eleven.
    EXPECT_GE(a.cycles, a.instructions);
    for (const auto& t : a.tasklets) EXPECT_GE(a.cycles, 11 * (t.instructions - 1));
    if (tasklets == 1 && rule == RegisterFileRule::none) {
      EXPECT_GE(a.cycles, 11 * a.instructions);
      EXPECT_LE(a.cycles, 11 * a.instructions + a.dma.waitCycles + 11);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, CompiledPrograms,
                         ::testing::Combine(::testing::ValuesIn(programs),
                                            ::testing::Values(1U, 2U, 3U, 7U, 11U, 12U, 16U, 24U)),
                         [](const auto& p) {
                           const unsigned tasklets = std::get<1>(p.param);
                           return std::get<0>(p.param)(tasklets).name + "T" +
                                  std::to_string(tasklets);
                         });

TEST(CompiledProgramSet, HasNoDataRaces) {
  for (const Make make : programs) {
    const PrimProgram program = make(13);
    DpuMachine machine(assembledPrim(program.name, 13, "compiled"));
    program.feed(machine);
    DpuRunOptions options;
    options.raceCheck = true;
    options.dmaAlignment = DmaAlignment::hardware;
    const auto result = machine.run(options);
    ASSERT_FALSE(result.error) << program.name << ": " << result.error->text();
    EXPECT_EQ(program.check(machine), "") << program.name;
    EXPECT_TRUE(result.races.empty()) << program.name << ": " << result.races[0].firstSymbol
                                      << " and " << result.races[0].secondSymbol;
  }
}

}  // namespace
}  // namespace wattlas::dpu::test
