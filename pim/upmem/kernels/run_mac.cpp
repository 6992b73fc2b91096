#include <algorithm>
#include <bit>
#include <numeric>

#include "pim/upmem/kernels/run.h"
#include "pim/upmem/kernels/run_common.h"

namespace wattlas::pim {

namespace {

constexpr std::uint32_t vectorsAt = 32U << 20, outputsAt = 48U << 20;

std::uint32_t scaleOf(MacKernel kernel) {  // outputs spread over int8, some saturated
  switch (kernel) {
    case MacKernel::binary:
      return 65535;
    case MacKernel::binaryByte:
      return 20000;
    case MacKernel::twoBit:
    case MacKernel::fourBit:
      return 17000;
    default:
      return 1500;
  }
}

/// A value of `bits` bits, as the word that holds it; binary: 0 or 1.
std::uint32_t valueOf(MacKernel kernel, int bits, std::mt19937& random) {
  const auto word = static_cast<std::uint32_t>(random());
  if (kernel == MacKernel::singleFloat) return std::bit_cast<std::uint32_t>(moderate(random));
  return bits == 32 ? word : word >> (32 - bits);
}

std::int32_t signedOf(std::uint32_t v, int bits) {
  return static_cast<std::int32_t>(v << (32 - bits)) >> (32 - bits);
}

struct Layout {
  MacKernel kernel;
  MacFormat f;
  std::int64_t rowBytes, vectorBytes;  // of all chunks

  /// Places element k of a row of `bits`-bit values.
  void put(Bytes& to, std::size_t base, int k, int bits, std::uint32_t v, bool weight) const {
    if (bits >= 8) {
      for (int b = 0; b < bits / 8; ++b)
        to[base + static_cast<std::size_t>(k * bits / 8 + b)] =
            static_cast<std::uint8_t>(v >> 8 * b);
      return;
    }
    if (kernel == MacKernel::binary || !weight) {
      to[base + static_cast<std::size_t>(k / 8)] |= static_cast<std::uint8_t>(v << (k % 8));
      return;
    }
    const int perWord = 32 / bits, word = k / perWord, i = k % perWord;
    to[base + static_cast<std::size_t>(4 * word + i % 4)] |=
        static_cast<std::uint8_t>(v << (i / 4 * bits));
  }
};

std::uint32_t sumOf(MacKernel kernel, const MacFormat& f, const std::vector<std::uint32_t>& w,
                    const std::vector<std::uint32_t>& x) {
  if (kernel == MacKernel::singleFloat) {
    float sum = 0;
    for (std::size_t k = 0; k < w.size(); ++k) {
      const float product = std::bit_cast<float>(w[k]) * std::bit_cast<float>(x[k]);
      sum = sum + product;
    }
    return std::bit_cast<std::uint32_t>(sum);
  }
  std::uint32_t sum = 0;
  for (std::size_t k = 0; k < w.size(); ++k) {
    std::int32_t a = signedOf(w[k], f.weightBits), b = signedOf(x[k], f.activationBits);
    if (f.weightBits == 1) a = w[k] != 0 ? -1 : 1;
    if (f.activationBits == 1) b = x[k] != 0 ? -1 : 1;
    sum += static_cast<std::uint32_t>(a) * static_cast<std::uint32_t>(b);
  }
  return sum;
}

void putOutput(Bytes& want, std::size_t at, MacKernel kernel, const MacFormat& f,
               std::uint32_t sum) {
  if (f.outputBytes == 4) return store(want, at * 4, sum);
  const auto narrow = static_cast<std::int16_t>(static_cast<std::int32_t>(sum) >> f.narrow);
  const std::int32_t scaled = (narrow * static_cast<std::int32_t>(scaleOf(kernel))) >> 16;
  store(want, at, static_cast<std::int8_t>(std::clamp(scaled, -128, 127)));
}

}  // namespace

int macGrain(MacKernel kernel, int unroll) {
  const MacFormat f = formatOf(kernel);
  const int bodies = f.group * (kernel == MacKernel::singleFloat ? 1 : unroll);
  return std::lcm(bodies, 64 / std::gcd(64, f.weightBits));
}

dpu::DpuRunResult runMac(MacKernel kernel, dpu::DpuMachine& machine, const MacRun& s,
                         const dpu::DpuRunOptions& options) {
  const MacFormat f = formatOf(kernel);
  const int inputs = s.chunks * s.elements;
  const Layout layout{kernel, f, inputs * f.weightBits / 8, inputs * f.activationBits / 8};
  const std::uint32_t tasklets = options.tasklets;
  // The rows of a smaller run come first in a larger one, with the same values.
  std::mt19937 random(7);
  std::vector<std::vector<std::uint32_t>> x(static_cast<std::size_t>(s.vectors));
  Bytes vectors(static_cast<std::size_t>((layout.vectorBytes * s.vectors + 255) / 256 * 256));
  for (std::size_t v = 0; v < x.size(); ++v)
    for (int k = 0; k < inputs; ++k) {
      x[v].push_back(valueOf(kernel, f.activationBits, random));
      layout.put(vectors, v * static_cast<std::size_t>(layout.vectorBytes), k, f.activationBits,
                 x[v].back(), false);
    }
  const std::uint32_t rows = static_cast<std::uint32_t>(s.rows) * tasklets;
  Bytes weights(static_cast<std::size_t>(layout.rowBytes) * rows);
  Bytes want(static_cast<std::size_t>(rows) * x.size() * static_cast<std::size_t>(f.outputBytes));
  std::mt19937 randomWeights(11);
  for (std::uint32_t r = 0; r < rows; ++r) {
    std::vector<std::uint32_t> w;
    for (int k = 0; k < inputs; ++k) {
      w.push_back(valueOf(kernel, f.weightBits, randomWeights));
      layout.put(weights, r * static_cast<std::size_t>(layout.rowBytes), k, f.weightBits, w.back(),
                 true);
    }
    for (std::size_t v = 0; v < x.size(); ++v)
      putOutput(want, r * x.size() + v, kernel, f, sumOf(kernel, f, w, x[v]));
  }

  machine.writeMram(0, weights);
  machine.writeMram(vectorsAt, vectors);
  std::int32_t special = inputs;  // binary: bits; binaryByte: the sum of the (only) vector
  if (kernel == MacKernel::binaryByte) {
    special = 0;
    for (const std::uint32_t v : x[0]) special += signedOf(v, 8);
  }
  const auto word = [](std::int64_t v) { return static_cast<std::uint32_t>(v); };
  writeWords(machine, "args",
             {word(s.chunks), word(s.elements * f.weightBits / 8),
              word(s.elements * f.activationBits / 8), word(s.vectors), word(layout.vectorBytes),
              vectorsAt, word(static_cast<std::int64_t>(vectors.size())), word(special)});
  writeWords(machine, "scales", {scaleOf(kernel)});
  const std::uint32_t outBytes = word(s.rows * s.vectors * f.outputBytes);
  if (outBytes % 8 != 0) throw std::logic_error("outputs of a tasklet are no whole words");
  const std::uint32_t first = machine.program().symbol("vectors")->address + word(vectors.size());
  for (std::uint32_t t = 0; t < tasklets; ++t)
    writeWords(machine, "jobs",
               {t * word(s.rows * layout.rowBytes), outputsAt + t * outBytes, word(s.rows),
                first + t * (1088 + outBytes)},
               16 * t);
  dpu::DpuRunResult result = machine.run(options);
  Bytes got(want.size());
  machine.readMram(outputsAt, got);
  expectSame(got, want, nameOf(kernel), result);
  return result;
}

}  // namespace wattlas::pim
