#include "prim_programs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>

#include "models/base/random.h"
#include "pim/dpu/program/program_files.h"
#include "tests/paths.h"
#include "tests/pim/dpu-exec/symbols.h"

namespace wattlas::dpu::test {

namespace {

using Words = std::vector<std::uint32_t>;
using Longs = std::vector<std::uint64_t>;

/// `in` as `input` and its bytes as `args`; `out` must be the start of `output`.
PrimProgram stream(const char* name, const Longs& in, const Longs& out, bool counted) {
  return {name,
          [in](DpuMachine& m) {
            put(m, "args", Words{static_cast<std::uint32_t>(8 * in.size())});
            put(m, "input", in);
          },
          [out, counted](const DpuMachine& m) {
            if (counted) {
              const auto wrong = compare(m, "total", Words{static_cast<std::uint32_t>(out.size())});
              if (!wrong.empty()) return wrong;
            }
            return compare(m, "output", out);
          }};
}

PrimProgram selection(unsigned scale) {
  Random random(1);
  Longs in(397 * scale), out;
  for (auto& x : in) x = random.next();
  std::copy_if(in.begin(), in.end(), std::back_inserter(out), [](auto x) { return x % 2 == 1; });
  return stream("sel", in, out, true);
}

PrimProgram unique(unsigned scale) {
  Random random(2);
  Longs in(421 * scale), out;
  std::uint64_t value = 7;
  for (auto& x : in) {
    if (random.below(3) == 0) value = value % 2 == 0 ? value + 1 : value + (1ULL << 32) + 1;
    x = value;
  }
  std::unique_copy(in.begin(), in.end(), std::back_inserter(out));
  return stream("uni", in, out, true);
}

PrimProgram scan(const char* name, unsigned scale) {
  Random random(3);
  Longs in(409 * scale), out;
  std::uint64_t sum = 0;
  for (auto& x : in) {
    x = random.next() >> 20;
    out.push_back(sum += x);
  }
  return stream(name, in, out, false);
}

PrimProgram histogram(unsigned scale) {
  Random random(4);
  Words pixels(500 * scale), bins(256);
  for (auto& x : pixels) {
    x = static_cast<std::uint32_t>(random.below(4096));
    ++bins[x * 256 >> 12];
  }
  return {"hst-l",
          [pixels](DpuMachine& m) {
            put(m, "args", Words{static_cast<std::uint32_t>(4 * pixels.size())});
            put(m, "input", pixels);
          },
          [bins](const DpuMachine& m) { return compare(m, "output", bins); }};
}

PrimProgram transposition(unsigned scale) {
  const std::uint32_t rows = 14, columns = 9 * scale;
  Longs in(std::size_t{rows} * columns), out(in.size());
  for (std::uint32_t r = 0; r < rows; ++r) {
    for (std::uint32_t c = 0; c < columns; ++c) {
      in[r * columns + c] = std::uint64_t{r} << 32 | c;
      out[c * rows + r] = in[r * columns + c];
    }
  }
  return {"trns",
          [=](DpuMachine& m) {
            put(m, "args", Words{rows, columns});
            put(m, "output", in);
          },
          [out](const DpuMachine& m) { return compare(m, "output", out); }};
}

PrimProgram breadthFirst(unsigned scale) {
  Random random(5);
  const std::uint32_t nodes = 128 * scale, first = 5;
  Words pointers{0}, neighbours, levels(nodes, ~0U);
  for (std::uint32_t n = 0; n < nodes; ++n) {
    for (auto d = random.below(4); d > 0; --d) {
      neighbours.push_back(static_cast<std::uint32_t>(random.below(nodes)));
    }
    pointers.push_back(static_cast<std::uint32_t>(neighbours.size()));
  }
  std::deque<std::uint32_t> queue{first};
  levels[first] = 0;
  while (!queue.empty()) {
    const auto n = queue.front();
    queue.pop_front();
    for (auto e = pointers[n]; e < pointers[n + 1]; ++e) {
      if (levels[neighbours[e]] != ~0U) continue;
      levels[neighbours[e]] = levels[n] + 1;
      queue.push_back(neighbours[e]);
    }
  }
  return {"bfs",
          [=](DpuMachine& m) {
            put(m, "args", Words{nodes, first});
            put(m, "pointers", pointers);
            put(m, "neighbours", neighbours);
            put(m, "output", Words(nodes, ~0U));
          },
          [levels](const DpuMachine& m) { return compare(m, "output", levels); }};
}

PrimProgram alignment() {
  Random random(6);
  constexpr std::uint32_t length = 31, penalty = 2, row = length + 1;
  std::vector<std::uint8_t> both(64);
  for (auto& c : both) c = static_cast<std::uint8_t>(random.below(4));
  std::vector<std::int32_t> table(row * row);
  for (std::uint32_t i = 0; i < row; ++i) {
    table[i] = table[i * row] = -static_cast<std::int32_t>(i * penalty);
  }
  for (std::uint32_t i = 1; i < row; ++i) {
    for (std::uint32_t j = 1; j < row; ++j) {
      const std::int32_t match = both[i - 1] == both[32 + j - 1] ? 3 : -1;
      const std::int32_t gap = penalty;
      table[i * row + j] = std::max({table[(i - 1) * row + j - 1] + match,
                                     table[(i - 1) * row + j] - gap, table[i * row + j - 1] - gap});
    }
  }
  return {"nw",
          [both](DpuMachine& m) {
            put(m, "args", Words{length, penalty});
            put(m, "sequences", both);
          },
          [table](const DpuMachine& m) { return compare(m, "output", table); }};
}

PrimProgram sparse(unsigned scale) {
  Random random(7);
  const std::uint32_t rows = 62 * scale, columns = 128;
  const auto real = [&random] { return static_cast<float>(random.between(-1000, 1000)) / 64.0F; };
  std::vector<float> vector(columns);
  for (auto& x : vector) x = real();
  Words pointers{0}, entries, out;
  for (std::uint32_t r = 0; r < rows; ++r) {
    float sum = 0;
    for (auto n = random.below(6); n > 0; --n) {
      const auto column = static_cast<std::uint32_t>(random.below(columns));
      const float value = real();
      entries.push_back(column);
      entries.push_back(std::bit_cast<std::uint32_t>(value));
      const float product = vector[column] * value;
      sum = product + sum;
    }
    pointers.push_back(static_cast<std::uint32_t>(entries.size() / 2));
    out.push_back(std::bit_cast<std::uint32_t>(sum));
  }
  return {"spmv",
          [=](DpuMachine& m) {
            put(m, "args", Words{rows});
            put(m, "vector", vector);
            put(m, "pointers", pointers);
            put(m, "entries", entries);
          },
          [out](const DpuMachine& m) { return compare(m, "output", out); }};
}

PrimProgram series(unsigned scale) {
  Random random(8);
  const std::uint32_t windows = 75 * scale;
  Words query(16), data(windows + 20), least{~0U, ~0U};
  for (auto& x : query) x = static_cast<std::uint32_t>(random.below(300));
  for (auto& x : data) x = static_cast<std::uint32_t>(random.below(300));
  for (std::uint32_t w = 0; w < windows; ++w) {
    std::uint32_t squares = 0, sum = 1;
    for (std::uint32_t i = 0; i < 16; ++i) {
      const std::int64_t d = std::int64_t{data[w + i]} - query[i];
      squares += static_cast<std::uint32_t>(d * d);
      sum += data[w + i];
    }
    const std::uint32_t score = (squares << 8) / sum;
    if (score < least[1]) least = {w, score};
  }
  return {"ts",
          [=](DpuMachine& m) {
            put(m, "args", Words{windows});
            put(m, "query", query);
            put(m, "series", data);
          },
          // The pair in memory: lower word = index of the least in d0's odd register.
          [least](const DpuMachine& m) {
            return compare(m, "least", Words{least[1], least[0]});
          }};
}

}  // namespace

std::vector<PrimProgram> primPrograms(unsigned scale) {
  return {selection(scale), unique(scale),        scan("scan-ssa", scale), scan("scan-rss", scale),
          histogram(scale), transposition(scale), breadthFirst(scale),     alignment(),
          sparse(scale),    series(scale)};
}

PrimProgram vectorAddition(unsigned scale) {
  Random random(6);
  Words a(1000 * scale), b(a.size()), sums;
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<std::uint32_t>(random.next());
    b[i] = static_cast<std::uint32_t>(random.next());
    sums.push_back(a[i] + b[i]);
  }
  return {"va",
          [a, b](DpuMachine& m) {
            put(m, "args", Words{static_cast<std::uint32_t>(4 * a.size())});
            put(m, "input", a);
            put(m, "output", b);
          },
          [sums](const DpuMachine& m) { return compare(m, "output", sums); }};
}

Program assembledPrim(const std::string& name, unsigned tasklets, const std::string& folder,
                      const Defines& defines) {
  AssembleOptions options;
  options.defines = defines;
  options.tasklets = static_cast<int>(tasklets);
  return assembleFile(
      std::string(wattlas::test::dataFolder()) + "/dpu/" + folder + "/" + name + ".s", options);
}

DpuRunResult expectRightInBothEngines(const PrimProgram& program, const Program& assembled,
                                      RegisterFileRule rule) {
  DpuMachine fast(loadElf(elfImage(assembled), program.name)), exact(assembled);
  program.feed(fast);
  program.feed(exact);
  DpuRunOptions options;
  options.maxCycles = 50000000;
  options.dmaAlignment = DmaAlignment::hardware;
  options.timing.registerFile = rule;
  DpuRunResult a = fast.run(options);
  options.mode = EngineMode::lockstep;
  const DpuRunResult b = exact.run(options);
  EXPECT_FALSE(a.error) << a.error->text();
  EXPECT_FALSE(b.error) << b.error->text();
  EXPECT_EQ(a.mode, "decoupled") << (a.notes.empty() ? "" : a.notes[0]);
  EXPECT_EQ(program.check(fast), "");
  EXPECT_EQ(program.check(exact), "");
  EXPECT_EQ(a.cycles, b.cycles);
  EXPECT_EQ(a.instructions, b.instructions);
  EXPECT_EQ(a.instructionMix, b.instructionMix);
  EXPECT_EQ(a.dma.waitCycles, b.dma.waitCycles);
  EXPECT_EQ(a.dma.busyCycles, b.dma.busyCycles);
  EXPECT_EQ(a.stalls.dma, b.stalls.dma);
  EXPECT_EQ(a.stalls.revolver, b.stalls.revolver);
  EXPECT_EQ(a.stalls.registerFile, b.stalls.registerFile);
  EXPECT_EQ(a.tasklets.size(), b.tasklets.size());
  EXPECT_TRUE(fast.sameMemories(exact));
  return a;
}

}  // namespace wattlas::dpu::test
