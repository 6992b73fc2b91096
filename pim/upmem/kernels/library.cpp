#include "pim/upmem/kernels/library.h"

#include <array>
#include <cmath>

namespace wattlas::pim {

namespace {

constexpr std::array<const char*, libraryKernelCount> kernelNames = {
    "gemv",      "gemm",           "conv1d",          "conv2d",
    "depthwise", "pointwise",      "attention score", "attention context",
    "gru",       "hamming search", "elementwise",     "pooling",
    "softmax",   "norm",           "requantise",      "embedding",
    "top-k"};
constexpr std::array<const char*, storedFormatCount> formatNames = {
    "int8",    "int4",   "int2",         "int16",    "int32",
    "ternary", "binary", "power-of-two", "codebook", "bit-sliced"};

constexpr std::array<MacKernel, storedFormatCount> products = {
    MacKernel::byte,     MacKernel::fourBit, MacKernel::twoBit,     MacKernel::halfWord,
    MacKernel::word,     MacKernel::ternary, MacKernel::binaryByte, MacKernel::powerOfTwo,
    MacKernel::codebook, MacKernel::sliced};

/// Copies an image into one with zeros around it, channels last.
std::vector<std::int32_t> padded(const std::vector<std::int32_t>& x, int height, int width,
                                 int channels, int pad) {
  const int wide = width + 2 * pad;
  std::vector<std::int32_t> out(static_cast<std::size_t>((height + 2 * pad) * wide * channels));
  for (int y = 0; y < height; ++y)
    for (int i = 0; i < width * channels; ++i)
      out[static_cast<std::size_t>(((y + pad) * wide + pad) * channels + i)] =
          x[static_cast<std::size_t>(y * width * channels + i)];
  return out;
}

/// A convolution of `height` x `width` x `in` values to `out` channels, `kernel` x `kernel` (1 high
/// when the image is) with padding on all sides.
Product convolution(MacKernel format, int height, int width, int in, int out, int kernel,
                    int stride) {
  const int high = height > 1 ? kernel : 1, pad = kernel / 2, padHigh = height > 1 ? pad : 0;
  const int oh = (height + 2 * padHigh - high) / stride + 1,
            ow = (width + 2 * pad - kernel) / stride + 1;
  Product p = randomProduct(format, out, high * kernel * in, oh * ow);
  p.x.resize(static_cast<std::size_t>(height * width * in), 1);
  const int wide = (width + 2 * pad) * in;
  if (height > 1) {
    p.x = padded(p.x, height, width, in, pad);
  } else {
    p.x = padded(p.x, 1, width, in, pad);
    p.x = {p.x.begin() + pad * wide, p.x.begin() + (pad + 1) * wide};
  }
  p.gathered = true;
  p.runs = high;
  p.runLength = kernel * in;
  p.runStep = wide;
  p.first.clear();
  for (int y = 0; y < oh; ++y)
    for (int x = 0; x < ow; ++x) p.first.push_back((y * wide + x * in) * stride);
  return p;
}

/// Channels of their own, plane after plane.
Product depthwise(MacKernel format, int height, int width, int channels, int kernel) {
  const int pad = kernel / 2, wide = width + 2 * pad, plane = (height + 2 * pad) * wide;
  Product p = randomProduct(format, channels, kernel * kernel, height * width);
  std::vector<std::int32_t> planes;
  for (int c = 0; c < channels; ++c) {
    std::vector<std::int32_t> one;
    for (int i = 0; i < height * width; ++i)
      one.push_back(p.x[static_cast<std::size_t>(c * 7 + i * 3) % p.x.size()]);
    const auto with = padded(one, height, width, 1, pad);
    planes.insert(planes.end(), with.begin(), with.end());
  }
  p.x = std::move(planes);
  p.gathered = true;
  p.runs = kernel;
  p.runLength = kernel;
  p.runStep = wide;
  p.rowStep = plane;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) p.first.push_back(y * wide + x);
  return p;
}

}  // namespace

const char* nameOf(LibraryKernel kernel) {
  return kernelNames.at(static_cast<std::size_t>(kernel));
}
const char* nameOf(StoredFormat format) {
  return formatNames.at(static_cast<std::size_t>(format));
}

bool isProduct(LibraryKernel kernel) {
  return kernel <= LibraryKernel::hamming;
}

const char* absence(LibraryKernel kernel, StoredFormat format) {
  using enum LibraryKernel;
  if (kernel == hamming)
    return format == StoredFormat::binary ? nullptr
                                          : "the distance counts bits: its vectors are binary";
  if (isProduct(kernel)) return nullptr;
  const bool word = format == StoredFormat::int32;
  if (kernel == softmax && word)
    return "differences index tables of 256 entries by 8 bits: two tables serve 16 bits";
  if (kernel == elementwise && word)
    return "32-bit values times multipliers of 31 bits leave no room for their sum in 64 bits";
  if (kernel == norm && word)
    return "deviations of more than 16 bits do not fit its products: values are requantised first";
  if (kernel == requantise && format == StoredFormat::bitSliced)
    return "the host cuts vectors into bit planes while it sends them: outputs go back as bytes";
  if (kernel == requantise && format == StoredFormat::int32) return "sums have 32 bits already";
  if (kernel == requantise &&
      (format == StoredFormat::powerOfTwo || format == StoredFormat::codebook))
    return "a format of weights, made before the run: an output would search its nearest entry";
  return nullptr;
}

Product productOf(LibraryKernel kernel, StoredFormat format) {
  const MacKernel k = products.at(static_cast<std::size_t>(format));
  switch (kernel) {
    case LibraryKernel::gemm:
      return randomProduct(k, 13, 45, 5);
    case LibraryKernel::pointwise:
      return randomProduct(k, 11, 19, 35);
    case LibraryKernel::conv1d:
      return convolution(k, 1, 23, 3, 7, 5, 2);
    case LibraryKernel::conv2d:
      return convolution(k, 9, 7, 3, 5, 3, 2);
    case LibraryKernel::depthwise:
      return depthwise(k, 5, 3, 6, 3);
    case LibraryKernel::attentionScore:
      return randomProduct(k, 29, 20, 3);  // keys, head size, queries
    case LibraryKernel::attentionContext:
      return randomProduct(k, 20, 29, 3);  // values lie transposed: one row a column of the head
    case LibraryKernel::hamming: {
      Product p = randomProduct(MacKernel::binary, 21, 131, 3);
      p.distances = true;
      return p;
    }
    default:
      return randomProduct(k, 37, 53, 1);
  }
}

void runProductCell(const Product& product, const KernelSetting& setting, CellRun& run) {
  const int unroll = unrollFor(product.kernel, product.inputs, setting.unroll);
  const auto tasklets = static_cast<unsigned>(setting.tasklets);
  dpu::DpuMachine machine(programOf(product, {unroll, tasklets, setting.isa}), setting.isa);
  dpu::DpuRunOptions options;
  options.tasklets = tasklets;
  options.timing = setting.timing;
  const auto result = runChecked(product, machine, unroll, options);
  run.work += static_cast<double>(product.rows) * product.inputs * product.places;
  run.instructions += result.instructions;
  run.cycles += result.cycles;
}

CellRun runCell(LibraryKernel kernel, StoredFormat format, const KernelSetting& setting) {
  if (const char* reason = absence(kernel, format))
    throw InputError(std::string("there is no kernel ") + nameOf(kernel) + " of " + nameOf(format) +
                     ": " + reason);
  if (kernel == LibraryKernel::gru) return runGru(format, setting);
  if (!isProduct(kernel)) return runValues(kernel, format, setting);
  CellRun run;
  const Product p = productOf(kernel, format);
  run.shape =
      std::to_string(p.rows) + "x" + std::to_string(p.inputs) + "x" + std::to_string(p.places);
  runProductCell(p, setting, run);
  return run;
}

}  // namespace wattlas::pim
