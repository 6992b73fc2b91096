// The kernel library: which kernel there is in which format, each executed on a small odd shape and
// held against the definition. Arithmetic: docs/integer-arithmetic.md.
#pragma once

#include <string>
#include <vector>

#include "pim/upmem/kernels/executed_kernels.h"
#include "pim/upmem/kernels/product.h"

namespace wattlas::pim {

enum class LibraryKernel {
  gemv,
  gemm,
  conv1d,
  conv2d,
  depthwise,
  pointwise,
  attentionScore,
  attentionContext,
  gru,
  hamming,
  elementwise,
  pooling,
  softmax,
  norm,
  requantise,
  embedding,
  topK
};
inline constexpr int libraryKernelCount = 17;

/// Of weights (or of the keys, values or vectors in their place) for products, else of the stored
/// activations; for `requantise` that of its output.
enum class StoredFormat {
  int8,
  int4,
  int2,
  int16,
  int32,
  ternary,
  binary,
  powerOfTwo,
  codebook,
  bitSliced
};
inline constexpr int storedFormatCount = 10;

const char* nameOf(LibraryKernel kernel);
const char* nameOf(StoredFormat format);
/// Why there is no such kernel, or null.
const char* absence(LibraryKernel kernel, StoredFormat format);
bool isProduct(LibraryKernel kernel);

struct CellRun {
  std::string shape;               ///< for people
  double work = 0;                 ///< multiply-accumulates, or values
  std::uint64_t instructions = 0;  ///< issued, everything included
  std::uint64_t cycles = 0;
  double perUnit() const { return static_cast<double>(instructions) / work; }
};
/// Executes it with all tasklets of the setting. Throws std::logic_error when an output is wrong.
CellRun runCell(LibraryKernel kernel, StoredFormat format, const KernelSetting& setting);

/// The product behind a kernel, on a small odd shape.
Product productOf(LibraryKernel kernel, StoredFormat format);
/// Runs a product with the setting's instructions and compares; adds to `run` unless null.
void runProductCell(const Product& product, const KernelSetting& setting, CellRun& run);
CellRun runValues(LibraryKernel kernel, StoredFormat format, const KernelSetting& setting);
/// Kernels of devices that are those of the library: a row is a tile. `count`: values of a row.
inline bool byRows(ElementKernel kernel) {
  return kernel == ElementKernel::softmax || kernel == ElementKernel::rmsNorm ||
         kernel == ElementKernel::layerNorm;
}
const dpu::Program& rowsProgram(ElementKernel kernel, int count, const KernelSetting& setting);
dpu::DpuRunResult runRows(ElementKernel kernel, int rows, int count, const KernelSetting& setting,
                          const dpu::DpuRunOptions& options);
CellRun runGru(StoredFormat format, const KernelSetting& setting);

}  // namespace wattlas::pim
