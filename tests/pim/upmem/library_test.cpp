// The kernel library: every cell executed on an odd shape against its definition.
#include "pim/upmem/kernels/library.h"

#include <gtest/gtest.h>

#include <random>

#include "pim/dpu/exec/extension.h"
#include "pim/upmem/kernels/run.h"
#include "tests/paths.h"

namespace wattlas::pim {
namespace {

class Library : public ::testing::TestWithParam<int> {};

TEST_P(Library, EveryCellIsRightOrSaysWhyItIsNot) {
  const auto kernel = static_cast<LibraryKernel>(GetParam());
  for (int f = 0; f < storedFormatCount; ++f) {
    const auto format = static_cast<StoredFormat>(f);
    if (absence(kernel, format) != nullptr) continue;
    for (const int tasklets : {16, 3}) {
      KernelSetting setting;
      setting.tasklets = tasklets;
      EXPECT_NO_THROW(runCell(kernel, format, setting))
          << nameOf(kernel) << " " << nameOf(format) << ", " << tasklets << " tasklets";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Library, ::testing::Range(0, libraryKernelCount),
                         [](const auto& p) {
                           std::string name = nameOf(static_cast<LibraryKernel>(p.param));
                           std::erase_if(name, [](char c) { return c == ' ' || c == '-'; });
                           return name;
                         });

TEST(LibraryTable, AtMostATenthIsEmpty) {
  int empty = 0;
  for (int k = 0; k < libraryKernelCount; ++k)
    for (int f = 0; f < storedFormatCount; ++f)
      empty += absence(static_cast<LibraryKernel>(k), static_cast<StoredFormat>(f)) != nullptr;
  EXPECT_LE(empty, libraryKernelCount * storedFormatCount / 10);
}

TEST(LibraryProducts, AConvolutionIsThatOfTheTextbook) {
  // 9 x 7 values of 3 channels, 3 x 3 taps, stride 2, one zero around; channels last.
  const Product p = productOf(LibraryKernel::conv2d, StoredFormat::int8);
  const auto image = [&](int y, int x, int c) {
    if (y < 0 || y >= 9 || x < 0 || x >= 7) return 0;
    return p.x[static_cast<std::size_t>(((y + 1) * 9 + x + 1) * 3 + c)];
  };
  int place = 0;
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 4; ++x, ++place)
      for (int ky = 0; ky < 3; ++ky)
        for (int kx = 0; kx < 3; ++kx)
          for (int c = 0; c < 3; ++c)
            EXPECT_EQ(p.value(0, place, (ky * 3 + kx) * 3 + c),
                      image(2 * y + ky - 1, 2 * x + kx - 1, c));
  EXPECT_EQ(place, p.places);
}

TEST(LibraryProducts, UseWhatTheInstructionSetOffers) {
  KernelSetting stock, dot;
  dot.isa = dpu::loadIsa({"dot4x8", "vload-inc", "zero-loop"});
  for (const auto kernel : {LibraryKernel::gemm, LibraryKernel::conv2d, LibraryKernel::gru})
    for (int f = 0; f < storedFormatCount; ++f) {
      const auto format = static_cast<StoredFormat>(f);
      EXPECT_NO_THROW(runCell(kernel, format, dot)) << nameOf(kernel) << nameOf(format);
    }
  const auto cost = [](const KernelSetting& s) { return measure(MacKernel::byte, s).mac; };
  EXPECT_LT(cost(dot), 0.3 * cost(stock));
}

TEST(LibraryProducts, BitPlanesAndTheStockLoopBeatOneProductAtATime) {
  const KernelSetting stock;
  const auto cost = [&](MacKernel k) { return measure(k, stock).mac; };
  EXPECT_LT(cost(MacKernel::byte), 7.0 / 1.5);  // the loop of PrIM has 7 instructions a product
  EXPECT_GT(cost(MacKernel::byte), 7.0 / 3.5);
  EXPECT_LT(cost(MacKernel::sliced), cost(MacKernel::byte) / 1.5);
  EXPECT_GT(cost(MacKernel::ternary), cost(MacKernel::byte));  // additions alone gain nothing
}

/// Instructions of y = W x by look-up (lookup-gemv.s), whose sums are checked.
double lookedUp(int bits, int inputs, int rowsOfTasklet) {
  constexpr int tasklets = 16, bytes = 96;
  const int each = 8 / bits, perChunk = bytes * each, rows = rowsOfTasklet * tasklets;
  const int chunks = (inputs + perChunk - 1) / perChunk;
  std::mt19937 random(3);
  Bytes x(static_cast<std::size_t>(chunks * perChunk)),
      w(static_cast<std::size_t>(chunks * rows * bytes));
  for (int k = 0; k < inputs; ++k)
    x[static_cast<std::size_t>(k)] = static_cast<std::uint8_t>(random());
  std::vector<std::int32_t> want(static_cast<std::size_t>(rows));
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < inputs; ++k) {
      const auto code = static_cast<std::uint32_t>(random()) >> (32 - bits);
      const int c = static_cast<int>(code);
      const int weight = bits == 1 ? 2 * c - 1 : c - (c >> (bits - 1) << bits);
      want[static_cast<std::size_t>(row)] +=
          weight * static_cast<std::int8_t>(x[static_cast<std::size_t>(k)]);
      const int at = (k / perChunk * rows + row) * bytes + k % perChunk / each;
      w[static_cast<std::size_t>(at)] |= static_cast<std::uint8_t>(code << bits * (k % each));
    }
  dpu::DpuMachine machine(dpu::Program(assembledKernel(
      "lookup-gemv.s", {}, {{"BITS", bits}, {"BYTES", bytes}, {"ROWS", rowsOfTasklet}},
      {1, tasklets, nullptr})));
  machine.writeMram(0, w);
  machine.writeMram(32U << 20, x);
  const auto word = [](int v) { return static_cast<std::uint32_t>(v); };
  writeWords(machine, "args", {word(chunks), word(rowsOfTasklet), word(rows * bytes), 0});
  std::vector<std::uint32_t> firsts, outs;
  for (int t = 0; t < tasklets; ++t) {
    firsts.push_back(word(t * rowsOfTasklet * bytes));
    outs.push_back((48U << 20) + word(4 * t * rowsOfTasklet));
  }
  writeWords(machine, "firsts", firsts);
  writeWords(machine, "outs", outs);
  dpu::DpuRunOptions options;
  options.tasklets = tasklets;
  const auto result = machine.run(options);
  Bytes got(static_cast<std::size_t>(4 * rows)), expected(got.size());
  machine.readMram(48U << 20, got);
  std::memcpy(expected.data(), want.data(), expected.size());
  expectSame(got, expected, "lookup-gemv", result);
  return static_cast<double>(result.instructions);
}

TEST(LibraryProducts, LookedUpProductsBeatTheInt8LoopOnceTheirTablesServeManyRows) {
  const double loop = measure(MacKernel::byte, KernelSetting{}).mac;
  for (const int bits : {4, 2, 1}) {
    const int inputs = 96 * 16 / bits;
    const double less = lookedUp(bits, inputs, 32), more = lookedUp(bits, inputs, 64);
    const double perMac = (more - less) / (32 * 16) / inputs;
    EXPECT_LT(perMac, 0.52 * bits);  // four instructions for the 8 / bits weights of a byte
    EXPECT_LT(perMac, loop / (bits == 4 ? 1.35 : bits == 2 ? 2.7 : 5.4));
    EXPECT_GT(less / (32 * 16) / inputs, 1.5 * perMac);  // the tables: 512 rows hardly pay for them
  }
}

}  // namespace
}  // namespace wattlas::pim
