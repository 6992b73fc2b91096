// The kernel library: every cell executed on an odd shape against its definition.
#include "pim/upmem/kernels/library.h"

#include <gtest/gtest.h>

#include "pim/dpu/exec/isa_files.h"
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

TEST(LibraryTable, AtMostAFifthIsEmpty) {
  int empty = 0;
  for (int k = 0; k < libraryKernelCount; ++k)
    for (int f = 0; f < storedFormatCount; ++f)
      empty += absence(static_cast<LibraryKernel>(k), static_cast<StoredFormat>(f)) != nullptr;
  EXPECT_LE(empty, libraryKernelCount * storedFormatCount / 5);
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

}  // namespace
}  // namespace wattlas::pim
