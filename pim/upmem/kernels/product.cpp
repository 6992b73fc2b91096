#include "pim/upmem/kernels/product.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "models/base/error.h"
#include "models/base/multiples.h"
#include "pim/upmem/kernels/run.h"

namespace wattlas::pim {

namespace {

constexpr std::uint32_t xAt = 32U << 20, outputsAt = 48U << 20;
constexpr int header = productHeader, tileMost = 1024, frameBytes = 1040 + 256 + 272,
              placesMost = 64;

int exponentOf(std::int32_t w) {
  return std::bit_width(static_cast<std::uint32_t>(std::abs(w)));
}

/// Places weight k of a chunk.
void putWeight(const Product& p, Bytes& to, std::size_t base, int k, std::int32_t w) {
  const auto set = [&](int byte, std::uint32_t v) {
    to[base + static_cast<std::size_t>(byte)] |= static_cast<std::uint8_t>(v);
  };
  const int bits = formatOf(p.kernel).weightBits;
  const auto word = static_cast<std::uint32_t>(w);
  const auto setBit = [&](int first, int bit) { set(first + bit / 8, 1U << bit % 8); };
  switch (p.kernel) {
    case MacKernel::binary:
      if (w < 0) setBit(0, k);
      return;
    case MacKernel::ternary:
      if (w != 0) setBit(k / 32 * 8 + (w < 0 ? 4 : 0), 31 - k % 32);
      return;
    case MacKernel::powerOfTwo:
      if (w != 0)
        set(k / 8 * 4 + (7 - k % 8) / 2,
            (static_cast<std::uint32_t>(exponentOf(w)) | (w < 0 ? 8U : 0U)) << (7 - k % 8) % 2 * 4);
      return;
    case MacKernel::codebook: {
      const auto entry = std::find(p.codebook.begin(), p.codebook.end(), w) - p.codebook.begin();
      set(k / 2, static_cast<std::uint32_t>(entry) << k % 2 * 4);
      return;
    }
    case MacKernel::sliced:
      for (int plane = 0; plane < 4; ++plane)
        if ((word >> plane & 1U) != 0) setBit(k / 32 * 16 + 4 * plane, k % 32);
      return;
    default:
      break;
  }
  if (bits >= 8) {
    for (int b = 0; b < bits / 8; ++b) set(k * bits / 8 + b, word >> 8 * b);
    return;
  }
  const std::uint32_t code =
      p.kernel == MacKernel::binaryByte ? (w < 0 ? 1U : 0U) : word & ((1U << bits) - 1);
  const int perWord = 32 / bits, i = k % perWord;
  set(4 * (k / perWord) + i % 4, code << (i / 4 * bits));
}

/// Places value k of an operand that is stored as the kernel reads it.
void putOperand(const Product& p, Bytes& to, std::size_t base, int k, std::int32_t v) {
  if (p.kernel == MacKernel::sliced || p.kernel == MacKernel::binary)
    return putWeight(p, to, base, k, v);
  const int bytes = formatOf(p.kernel).activationBits / 8;
  for (int b = 0; b < bytes; ++b)
    to[base + static_cast<std::size_t>(k * bytes + b)] =
        static_cast<std::uint8_t>(static_cast<std::uint32_t>(v) >> 8 * b);
}

int sourceBytes(MacKernel kernel) {
  return std::max(1, formatOf(kernel).activationBits / 8);
}

/// Sizes that follow from a product and its unrolling.
struct Sizes {
  int elements, tileBytes, chunkBytes, placeBytes, xBytes, outputBytes;
  Sizes(const Product& p, int unroll) {
    const MacFormat f = formatOf(p.kernel);
    const int grain = productGrain(p.kernel, unroll);
    elements = static_cast<int>(ceilDiv(ceilDiv(p.inputs, p.chunks), grain)) * grain;
    tileBytes = header + elements * f.weightBits / 8;
    chunkBytes = elements * f.activationBits / 8;
    placeBytes = p.chunks * chunkBytes;
    const int x =
        p.gathered ? static_cast<int>(p.x.size()) * sourceBytes(p.kernel) : p.places * placeBytes;
    xBytes = static_cast<int>(ceilDiv(x, 256)) * 256;
    outputBytes = p.distances ? 4 : f.outputBytes;
  }
};

Bytes tilesOf(const Product& p, const Sizes& s) {
  Bytes tiles(static_cast<std::size_t>(s.tileBytes) * static_cast<std::size_t>(p.chunks * p.rows));
  for (int row = 0; row < p.rows; ++row)
    for (int c = 0; c < p.chunks; ++c) {
      const auto at =
          static_cast<std::size_t>(row * p.chunks + c) * static_cast<std::size_t>(s.tileBytes);
      const auto r = static_cast<std::size_t>(row);
      // A shift of a whole word has no instruction: twice the multiplier, one place further.
      const bool whole = p.shift[r] == 32;
      const auto m = static_cast<std::uint32_t>(p.multiplier[r]);
      std::int32_t bias = p.bias[r];
      if (p.kernel == MacKernel::binary) bias = p.distances ? 0 : bias + p.inputs;
      store(tiles, at, bias);
      store(tiles, at + 4, whole ? 2 * m : m);
      store(tiles, at + 8, whole ? 33 : p.shift[r]);
      for (int k = c * s.elements; k < std::min(p.inputs, (c + 1) * s.elements); ++k)
        putWeight(p, tiles, at + header, k - c * s.elements,
                  p.weights[static_cast<std::size_t>(row * p.inputs + k)]);
    }
  return tiles;
}

Bytes xOf(const Product& p, const Sizes& s) {
  Bytes x(static_cast<std::size_t>(s.xBytes));
  if (p.gathered) {
    const int bytes = sourceBytes(p.kernel);
    for (std::size_t i = 0; i < p.x.size(); ++i)
      for (int b = 0; b < bytes; ++b)
        x[i * static_cast<std::size_t>(bytes) + static_cast<std::size_t>(b)] =
            static_cast<std::uint8_t>(static_cast<std::uint32_t>(p.x[i]) >> 8 * b);
    return x;
  }
  for (int place = 0; place < p.places; ++place)
    for (int k = 0; k < p.inputs; ++k)
      putOperand(p, x, static_cast<std::size_t>(place * s.placeBytes), k, p.value(0, place, k));
  return x;
}

std::int32_t outputAt(const Bytes& b, std::size_t at, int bytes) {
  if (bytes == 1) return static_cast<std::int8_t>(b[at]);
  return bytes == 2 ? loadFrom<std::int16_t>(b, at) : loadFrom<std::int32_t>(b, at);
}

}  // namespace

std::int32_t Product::value(int row, int place, int k) const {
  const int at = gathered ? first[static_cast<std::size_t>(place)] + k / runLength * runStep +
                                k % runLength + row * rowStep
                          : place * inputs + k;
  return x[static_cast<std::size_t>(at)];
}

std::int32_t requantised(std::int64_t acc, std::int64_t m, int n, int zeroPoint, int lowest,
                         int highest) {
  const std::int64_t scaled = (acc * m + (std::int64_t{1} << (n - 1))) >> n;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(scaled + zeroPoint, lowest, highest));
}

std::vector<std::int32_t> expectedOf(const Product& p) {
  std::vector<std::int32_t> out;
  for (int row = 0; row < p.rows; ++row)
    for (int place = 0; place < p.places; ++place) {
      const auto r = static_cast<std::size_t>(row);
      if (p.kernel == MacKernel::singleFloat) {
        float sum = 0;
        for (int k = 0; k < p.inputs; ++k) {
          const auto w =
              p.weights[r * static_cast<std::size_t>(p.inputs) + static_cast<std::size_t>(k)];
          const float product =
              std::bit_cast<float>(w) * std::bit_cast<float>(p.value(row, place, k));
          sum = sum + product;
        }
        out.push_back(std::bit_cast<std::int32_t>(sum));
        continue;
      }
      auto acc = static_cast<std::uint32_t>(p.bias[r]), differ = 0U;
      for (int k = 0; k < p.inputs; ++k) {
        const std::int32_t w = p.weights[static_cast<std::size_t>(row * p.inputs + k)],
                           v = p.value(row, place, k);
        acc += static_cast<std::uint32_t>(w) * static_cast<std::uint32_t>(v);
        differ += w != v ? 1 : 0;
      }
      const auto sum = static_cast<std::int32_t>(acc);
      out.push_back(
          p.distances ? static_cast<std::int32_t>(differ)
          : formatOf(p.kernel).outputBytes == 4
              ? sum
              : requantised(sum, p.multiplier[r], p.shift[r], p.zeroPoint, p.lowest, p.highest));
    }
  return out;
}

int productGrain(MacKernel kernel, int unroll) {
  const MacFormat f = formatOf(kernel);
  const int bodies = f.group * (kernel == MacKernel::singleFloat ? 1 : unroll);
  return std::lcm(bodies, 64 / std::gcd(64, std::min(f.weightBits, f.activationBits)));
}

int operandBytes(const Product& p, int unroll) {
  return Sizes(p, unroll).placeBytes;
}

int unrollFor(MacKernel kernel, int inputs, int unroll) {
  int best = 1;
  for (int u = 1; u <= unroll; u *= 2) {
    const auto padded = [&](int v) {
      return ceilDiv(inputs, productGrain(kernel, v)) * productGrain(kernel, v);
    };
    if (padded(u) <= padded(best)) best = u;
  }
  return best;
}

std::vector<std::int32_t> runProduct(const Product& p, dpu::DpuMachine& machine, int unroll,
                                     const dpu::DpuRunOptions& options, dpu::DpuRunResult& result) {
  const Sizes s(p, unroll);
  const int tasklets = static_cast<int>(options.tasklets);
  const int most = static_cast<int>(ceilDiv(p.rows, tasklets));
  const int outBytes = static_cast<int>(ceilDiv(most * p.places * s.outputBytes, 8)) * 8;
  const int own = p.ownRows() ? static_cast<int>(ceilDiv(p.places * s.placeBytes, 8)) * 8 : 0;
  const auto x = static_cast<int>(machine.program().symbol("x")->address);
  const int operands = p.gathered ? x + s.xBytes : x;
  const int shared = p.gathered && !p.ownRows() ? p.places * s.placeBytes : 0;
  const int frames = static_cast<int>(ceilDiv(x + s.xBytes + shared, 8)) * 8;
  const int frame = frameBytes + own + outBytes + 8;
  if (p.places > placesMost || s.tileBytes > header + tileMost || outBytes > 2048 ||
      frames + tasklets * frame > static_cast<int>(dpu::kWramBytes))
    throw InputError("a product of this size does not fit the working memory of a DPU",
                     "fewer places, more chunks or fewer rows at once");
  machine.writeMram(0, tilesOf(p, s));
  machine.writeMram(xAt, xOf(p, s));
  const auto word = [](int v) { return static_cast<std::uint32_t>(v); };
  const int bytes = sourceBytes(p.kernel);
  writeWords(
      machine, "args",
      {word(p.chunks), word(s.tileBytes), word(s.chunkBytes), word(p.places), word(s.placeBytes),
       xAt, word(s.xBytes), word(operands), word(p.zeroPoint), word(p.lowest), word(p.highest),
       word(p.runs), word(p.runLength), word((p.runStep - p.runLength) * bytes),
       word(p.rowStep * bytes), word(s.placeBytes / 4)});
  std::vector<std::uint32_t> first;
  for (const int place : p.first) first.push_back(word(place * bytes));
  if (!first.empty()) writeWords(machine, "places", first);
  if (!p.codebook.empty()) {
    Bytes pairs(512);
    for (unsigned i = 0; i < 256; ++i) {
      pairs[2 * i] = static_cast<std::uint8_t>(p.codebook[i % 16]);
      pairs[2 * i + 1] = static_cast<std::uint8_t>(p.codebook[i / 16]);
    }
    machine.writeSymbol("table", pairs);
  }
  int row = 0;
  for (int t = 0; t < tasklets; ++t) {
    const int mine = p.rows / tasklets + (t < p.rows % tasklets ? 1 : 0);
    writeWords(machine, "jobs",
               {word(row * p.chunks * s.tileBytes), outputsAt + word(t * outBytes), word(mine),
                word(frames + t * frame), word(row * p.rowStep * bytes)},
               word(32 * t));
    row += mine;
  }
  result = machine.run(options);
  if (result.error)
    throw std::logic_error(std::string(nameOf(p.kernel)) + ": " + result.error->text());
  Bytes got(static_cast<std::size_t>(tasklets * outBytes));
  machine.readMram(outputsAt, got);
  std::vector<std::int32_t> out;
  for (int t = 0; t < tasklets; ++t) {
    const int mine = p.rows / tasklets + (t < p.rows % tasklets ? 1 : 0);
    for (int i = 0; i < mine * p.places; ++i)
      out.push_back(
          outputAt(got, static_cast<std::size_t>(t * outBytes + i * s.outputBytes), s.outputBytes));
  }
  return out;
}

dpu::DpuRunResult runChecked(const Product& p, dpu::DpuMachine& machine, int unroll,
                             const dpu::DpuRunOptions& options) {
  dpu::DpuRunResult result;
  const auto got = runProduct(p, machine, unroll, options, result), want = expectedOf(p);
  for (std::size_t i = 0; i < want.size(); ++i)
    if (got[i] != want[i])
      throw std::logic_error(std::string("kernel ") + nameOf(p.kernel) + ": output " +
                             std::to_string(i) + " is " + std::to_string(got[i]) + ", C++ has " +
                             std::to_string(want[i]));
  return result;
}

namespace {

std::int32_t randomWeight(const Product& p, std::mt19937& random) {
  const auto word = static_cast<std::uint32_t>(random());
  switch (p.kernel) {
    case MacKernel::binary:
    case MacKernel::binaryByte:
      return (word >> 31) != 0 ? -1 : 1;
    case MacKernel::ternary:
      return static_cast<std::int32_t>(word % 3) - 1;
    case MacKernel::powerOfTwo: {
      const std::int32_t power = 1 << (word >> 8) % 7;
      return word % 8 == 0 ? 0 : (word >> 31) != 0 ? -power : power;
    }
    case MacKernel::codebook:
      return p.codebook[word % 16];
    case MacKernel::singleFloat:
      return std::bit_cast<std::int32_t>(moderate(random));
    default: {
      const int bits = formatOf(p.kernel).weightBits;
      return static_cast<std::int32_t>(word) >> (32 - bits);
    }
  }
}

}  // namespace

Product randomProduct(MacKernel kernel, int rows, int inputs, int places) {
  Product p;
  p.kernel = kernel;
  p.rows = rows;
  p.inputs = inputs;
  p.places = places;
  p.runLength = inputs;
  if (kernel == MacKernel::codebook)
    p.codebook = {0, -127, -90, -61, -40, -26, -15, -7, 5, 12, 22, 35, 52, 74, 101, 127};
  std::mt19937 random(7);
  const int bits = formatOf(kernel).activationBits;
  const bool wide = bits == 16;  // sums must stay within 32 bits
  for (int i = 0; i < inputs * places; ++i) {
    const auto v = static_cast<std::int32_t>(random());
    p.x.push_back(kernel == MacKernel::singleFloat ? std::bit_cast<std::int32_t>(moderate(random))
                  : bits == 1                      ? (v < 0 ? -1 : 1)
                  : bits == 32                     ? v
                                                   : v >> (32 - bits) >> (wide ? 5 : 0));
  }
  std::mt19937 weights(11);
  for (int i = 0; i < inputs * rows; ++i)
    p.weights.push_back(randomWeight(p, weights) >> (wide ? 5 : 0));
  const double spread =
      std::sqrt(static_cast<double>(inputs)) *
      std::pow(2.0, 0.8 * (formatOf(kernel).weightBits + bits - 2 - (wide ? 10 : 0)));
  const double ratio = (wide ? 8000.0 : 60.0) / std::max(1.0, spread);
  std::mt19937 scales(13);
  const bool scaled = formatOf(kernel).outputBytes < 4;
  for (int r = 0; r < rows; ++r) {
    p.bias.push_back(scaled ? static_cast<std::int32_t>(scales() % 2001) - 1000 : 0);
    const double mine = ratio * (0.5 + static_cast<double>(scales() % 1000) / 1000.0);
    int n = 1;
    while (n < 62 && mine * std::pow(2.0, n + 1) < 2147483647.0) ++n;
    p.shift.push_back(n);
    p.multiplier.push_back(static_cast<std::int32_t>(mine * std::pow(2.0, n)));
  }
  if (wide) {
    p.lowest = -32768;
    p.highest = 32767;
  }
  return p;
}

}  // namespace wattlas::pim
