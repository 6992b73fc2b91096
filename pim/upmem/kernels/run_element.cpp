#include <algorithm>
#include <bit>
#include <cmath>

#include "pim/upmem/kernels/run.h"
#include "pim/upmem/kernels/run_common.h"

namespace wattlas::pim {

namespace {

constexpr std::uint32_t elementOutputsAt = 32U << 20;

std::int8_t clamped(std::int32_t v) {
  return static_cast<std::int8_t>(std::clamp(v, -128, 127));
}
std::int32_t byteOf(const Bytes& b, std::size_t i) {
  return static_cast<std::int8_t>(b[i]);
}

std::uint32_t reciprocalOf(int elements) {
  return static_cast<std::uint32_t>(65536 / elements);
}

std::uint8_t averageOf(const Bytes& in) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < in.size(); ++i) sum += byteOf(in, i);
  const auto size = static_cast<std::uint32_t>(std::abs(sum));
  const auto mean =
      static_cast<std::int32_t>((size * reciprocalOf(static_cast<int>(in.size())) + 0x8000U) >> 16);
  return static_cast<std::uint8_t>(clamped(sum < 0 ? -mean : mean));
}

float halfToFloat(std::uint16_t h) {  // normal numbers and zero
  if ((h & 0x7fff) == 0) return 0.0F;
  const std::uint32_t word = (h & 0x8000U) << 16 | (((h & 0x7fffU) << 13) + (112U << 23));
  return std::bit_cast<float>(word);
}

/// The tile of C++: `a`, `b` inputs as bytes, `out` as bytes.
void expected(ElementKernel kernel, int elements, const Bytes& a, const Bytes& b,
              const Bytes& table, Bytes& out) {
  if (kernel == ElementKernel::averagePool) {
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    out[0] = averageOf(a);
    return;
  }
  if (kernel == ElementKernel::maxPool) {
    std::int32_t most = -128;
    for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, byteOf(a, i));
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    out[0] = static_cast<std::uint8_t>(most);
    return;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(elements); ++i) {
    switch (kernel) {
      case ElementKernel::copy:
        out[i] = a[i];
        break;
      case ElementKernel::add:
        out[i] = static_cast<std::uint8_t>(clamped(byteOf(a, i) + byteOf(b, i)));
        break;
      case ElementKernel::relu:
        out[i] = static_cast<std::uint8_t>(std::max(0, byteOf(a, i)));
        break;
      case ElementKernel::lookUp:
        out[i] = table[a[i]];
        break;
      case ElementKernel::scaleShift:
        out[i] = static_cast<std::uint8_t>(clamped((byteOf(a, i) * 83 >> 6) - 3));
        break;
      case ElementKernel::rope: {
        const std::size_t x = i & ~std::size_t{1}, y = x + 1;
        const std::int32_t turned = i == x
                                        ? byteOf(a, x) * byteOf(b, x) - byteOf(a, y) * byteOf(b, y)
                                        : byteOf(a, x) * byteOf(b, y) + byteOf(a, y) * byteOf(b, x);
        out[i] = static_cast<std::uint8_t>(clamped(turned >> 7));
        break;
      }
      case ElementKernel::gate:
        out[i] = static_cast<std::uint8_t>(clamped((byteOf(table, a[i]) * byteOf(b, i)) >> 7));
        break;
      case ElementKernel::pack:
        out[i % 8 * (a.size() / 8) + i / 8] = a[i];
        break;
      case ElementKernel::floatAdd:
        store(out, 4 * i, loadFrom<float>(a, 4 * i) + loadFrom<float>(b, 4 * i));
        break;
      case ElementKernel::floatMultiply:
        store(out, 4 * i, loadFrom<float>(a, 4 * i) * loadFrom<float>(b, 4 * i));
        break;
      case ElementKernel::fromInt8:
        store(out, 4 * i, static_cast<float>(byteOf(a, i)));
        break;
      case ElementKernel::fromFp16:
        store(out, 4 * i, halfToFloat(loadFrom<std::uint16_t>(a, 2 * i)));
        break;
      case ElementKernel::fromBf16:
        store(out, 4 * i, std::uint32_t{loadFrom<std::uint16_t>(a, 2 * i)} << 16);
        break;
      case ElementKernel::fromFp8:
        store(out, 4 * i, loadFrom<std::uint32_t>(table, std::size_t{4} * a[i]));
        break;
      case ElementKernel::fromFp4:
        store(out, 4 * i,
              loadFrom<std::uint32_t>(
                  table, std::size_t{4} * (i % 2 == 0 ? a[i / 2] & 15U : a[i / 2] >> 4)));
        break;
      default:
        break;
    }
  }
}

void fill(ElementKernel kernel, Bytes& bytes, std::mt19937& random) {
  if (formatOf(kernel).inputBits == 32) {
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) store(bytes, i, moderate(random));
    return;
  }
  for (std::uint8_t& v : bytes) v = static_cast<std::uint8_t>(random() >> 13);
  if (kernel != ElementKernel::fromFp16) return;
  for (std::size_t i = 1; i < bytes.size(); i += 2)
    bytes[i] = static_cast<std::uint8_t>((bytes[i] & 0x8f) | 0x30);  // normal halves
}

}  // namespace

dpu::DpuRunResult runElement(ElementKernel kernel, dpu::DpuMachine& machine, const ElementRun& s,
                             const dpu::DpuRunOptions& options) {
  const ElementFormat f = formatOf(kernel);
  const bool one = kernel == ElementKernel::maxPool || kernel == ElementKernel::averagePool;
  const auto inBytes = static_cast<std::size_t>(s.elements * f.inputBits / 8);
  const std::size_t outBytes = one ? 8 : static_cast<std::size_t>(s.elements * f.outputBits / 8);
  const std::size_t secondBytes = f.pairs ? 2 * inBytes : inBytes;
  if (inBytes > 512 || (f.second && secondBytes > 512) || inBytes % 8 != 0 || outBytes > 2048 ||
      outBytes % 8 != 0)
    throw std::logic_error("a tile of this size has no room in the frame");
  const auto tiles = static_cast<std::size_t>(s.tiles) * options.tasklets;
  std::mt19937 random(5);
  Bytes table(1024);
  for (std::uint8_t& v : table) v = static_cast<std::uint8_t>(random() >> 9);
  Bytes in, want;
  for (std::size_t t = 0; t < tiles; ++t) {
    Bytes a(inBytes), b(f.second ? secondBytes : 0), out(outBytes);
    fill(kernel, a, random);
    fill(kernel, b, random);
    expected(kernel, s.elements, a, b, table, out);
    in.insert(in.end(), a.begin(), a.end());
    in.insert(in.end(), b.begin(), b.end());
    want.insert(want.end(), out.begin(), out.end());
  }
  machine.writeMram(0, in);
  if (f.table) machine.writeSymbol("table", table);
  const auto word = [](std::size_t v) { return static_cast<std::uint32_t>(v); };
  writeWords(
      machine, "args",
      {word(static_cast<std::size_t>(s.elements)), word(inBytes), word(outBytes),
       kernel == ElementKernel::averagePool
           ? reciprocalOf(s.elements)
           : word(static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(s.elements))))});
  const std::uint32_t frames = machine.program().symbol("table")->address + 1024;
  const std::size_t perTasklet =
      static_cast<std::size_t>(s.tiles) * (inBytes + (f.second ? secondBytes : 0));
  for (std::uint32_t t = 0; t < options.tasklets; ++t) {
    const std::uint32_t frame = frames + t * word(1024 + outBytes);
    writeWords(machine, "jobs",
               {t * word(perTasklet),
                elementOutputsAt + t * word(static_cast<std::size_t>(s.tiles) * outBytes),
                static_cast<std::uint32_t>(s.tiles), frame},
               16 * t);
    if (one) machine.writeWram(frame + 1024, Bytes(8));
  }
  dpu::DpuRunResult result = machine.run(options);
  Bytes got(want.size());
  machine.readMram(elementOutputsAt, got);
  expectSame(got, want, nameOf(kernel), result);
  return result;
}

}  // namespace wattlas::pim
