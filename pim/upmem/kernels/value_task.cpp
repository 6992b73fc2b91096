#include <algorithm>
#include <bit>
#include <cmath>

#include "models/base/error.h"
#include "models/base/multiples.h"
#include "pim/upmem/kernels/run.h"

namespace wattlas::pim {

ValueStorage storageOf(StoredFormat format) {
  switch (format) {
    case StoredFormat::int16:
      return {16, "", 2};
    case StoredFormat::int32:
      return {32, "", 4};
    case StoredFormat::int4:
      return {4, "take_bits 4"};
    case StoredFormat::int2:
    case StoredFormat::ternary:
      return {2, "take_bits 2"};
    case StoredFormat::binary:
      return {1, "take_signs"};
    case StoredFormat::bitSliced:
      return {4, "take_planes"};
    case StoredFormat::powerOfTwo:
    case StoredFormat::codebook:
      return {4, "take_entries"};
    default:
      return {8, ""};
  }
}

namespace {

constexpr std::uint32_t valuesOutAt = 32U << 20;
constexpr std::uint32_t entriesAt = 4096;  // in `table`

const Values powers = {0, 1, 2, 4, 8, 16, 32, 64, 0, -1, -2, -4, -8, -16, -32, -64};
const Values book = {0, -127, -90, -61, -40, -26, -15, -7, 5, 12, 22, 35, 52, 74, 101, 127};

/// A stored value and its code.
std::pair<std::int32_t, std::uint32_t> drawn(StoredFormat format, std::mt19937& random) {
  const auto word = static_cast<std::uint32_t>(random());
  const auto of = [](std::int32_t v) { return std::pair{v, static_cast<std::uint32_t>(v)}; };
  switch (format) {
    case StoredFormat::binary:
      return {(word >> 31) != 0 ? 1 : -1, word >> 31};
    case StoredFormat::ternary:
      return of(static_cast<std::int32_t>(word % 3) - 1);
    case StoredFormat::powerOfTwo:
      return {powers[word % 16], word % 16};
    case StoredFormat::codebook:
      return {book[word % 16], word % 16};
    case StoredFormat::int32:
      return of(static_cast<std::int32_t>(word) >> 8);
    default:
      return of(static_cast<std::int32_t>(word) >> (32 - storageOf(format).bits));
  }
}

void putBits(Bytes& to, std::size_t base, int k, int bits, std::uint32_t code) {
  for (int b = 0; b < bits; ++b)
    if ((code >> b & 1U) != 0) {
      const auto at = static_cast<std::size_t>(k * bits + b);
      to[base + at / 8] |= static_cast<std::uint8_t>(1U << at % 8);
    }
}
std::uint32_t bitsAt(const Bytes& from, std::size_t base, int k, int bits) {
  std::uint32_t v = 0;
  for (int b = 0; b < bits; ++b) {
    const auto at = static_cast<std::size_t>(k * bits + b);
    v |= static_cast<std::uint32_t>(from[base + at / 8] >> at % 8 & 1) << b;
  }
  return v;
}

int words(int bytes) {
  return static_cast<int>(ceilDiv(bytes, 8)) * 8;
}

int rowBytes(const ValueTask& t) {
  if (t.format == StoredFormat::bitSliced) return static_cast<int>(ceilDiv(t.count, 32)) * 16;
  return words(static_cast<int>(ceilDiv(t.count * storageOf(t.format).bits, 8)));
}

}  // namespace

const dpu::Program& programOf(const ValueTask& t, const KernelSetting& setting) {
  const ValueStorage s = storageOf(t.format);
  const int in = rowBytes(t);
  const bool packed = *s.take != '\0';
  return assembledKernel("values.s",
                         ".macro take\n        " + std::string(s.take) +
                             "\n.endm\n.macro work\n        " + t.work + "\n.endm\n",
                         {{"COUNT", t.count},
                          {"IN", in},
                          {"OUT", words(static_cast<int>(ceilDiv(t.outCount * t.outBits, 8)))},
                          {"SECOND", t.second},
                          {"WIDTH", s.width},
                          {"PACKED", packed},
                          {"ROWS", !t.numbers.empty()},
                          {"CHANNELS", t.channels},
                          {"KEEP", t.kept},
                          {"LOG", t.part}},
                         {1, static_cast<unsigned>(setting.tasklets), setting.isa});
}

CellRun run(const ValueTask& t, const KernelSetting& setting, dpu::DpuRunOptions options,
            dpu::DpuRunResult* report) {
  const ValueStorage s = storageOf(t.format);
  const int in = rowBytes(t), out = words(static_cast<int>(ceilDiv(t.outCount * t.outBits, 8)));
  dpu::DpuMachine machine(programOf(t, setting), setting.isa);
  std::mt19937 random(17);
  const int operands = t.second ? 2 : 1;
  Bytes data(static_cast<std::size_t>(t.rows * operands * in + in));
  std::vector<Values> values;
  for (int r = 0; r < t.rows * operands; ++r) {
    values.emplace_back();
    for (int k = 0; k < t.count; ++k) {
      const auto [value, code] = drawn(t.format, random);
      values.back().push_back(value);
      const auto at = static_cast<std::size_t>(r * in);
      if (t.format != StoredFormat::bitSliced) {
        putBits(data, at, k, s.bits, code);
        continue;
      }
      for (int plane = 0; plane < 4; ++plane)
        putBits(data, at + static_cast<std::size_t>(k / 32 * 16 + 4 * plane), k % 32, 1,
                code >> plane & 1U);
    }
  }
  machine.writeMram(0, data);
  std::vector<std::uint32_t> args(16);
  args[0] = t.multiplier;
  args[1] = t.shift;
  args[2] = t.other;
  args[8] = static_cast<std::uint32_t>(t.zeroPoint);
  args[9] = static_cast<std::uint32_t>(t.lowest);
  args[10] = static_cast<std::uint32_t>(t.highest);
  writeWords(machine, "args", args);
  if (!t.table.empty()) machine.writeSymbol("table", t.table);
  Bytes entries;
  for (const std::int32_t v : t.format == StoredFormat::codebook ? book : powers)
    entries.push_back(static_cast<std::uint8_t>(v));
  machine.writeSymbol("table", entries, entriesAt);
  const int tasklets = setting.tasklets;
  const int total = t.numbers.empty() ? t.rows : static_cast<int>(t.numbers.size());
  std::vector<std::uint32_t> numbers(t.numbers.begin(), t.numbers.end());
  if (!numbers.empty()) writeWords(machine, "rows", numbers);
  const auto frames = machine.program().symbol("frames")->address;
  const int frame = words(2 * in + 2 * t.count * s.width + 32 + out + 24);
  if (frames + static_cast<std::uint32_t>(tasklets * frame) > dpu::kWramBytes)
    throw InputError("rows of this size do not fit the working memory of a DPU", "shorter rows");
  int row = 0;
  for (int i = 0; i < tasklets; ++i) {
    const int mine = total / tasklets + (i < total % tasklets ? 1 : 0);
    const std::uint32_t from = numbers.empty() ? static_cast<std::uint32_t>(row * operands * in)
                                               : machine.program().symbol("rows")->address +
                                                     static_cast<std::uint32_t>(4 * row);
    writeWords(machine, "jobs",
               {from, valuesOutAt + static_cast<std::uint32_t>(row * out),
                static_cast<std::uint32_t>(mine), frames + static_cast<std::uint32_t>(i * frame)},
               static_cast<std::uint32_t>(16 * i));
    row += mine;
  }
  options.tasklets = static_cast<unsigned>(tasklets);
  options.timing = setting.timing;
  const auto result = machine.run(options);
  if (report != nullptr) *report = result;
  if (result.error) throw std::logic_error(t.work + ": " + result.error->text());
  Bytes got(static_cast<std::size_t>(total * out));
  machine.readMram(valuesOutAt, got);
  for (int r = 0; r < total; ++r) {
    const int source = t.numbers.empty() ? r * operands : t.numbers[static_cast<std::size_t>(r)];
    const Values want = t.expect(values[static_cast<std::size_t>(source)],
                                 values[static_cast<std::size_t>(source + operands - 1)]);
    for (int k = 0; k < t.outCount; ++k) {
      const std::uint32_t mask = t.outBits == 32 ? ~0U : (1U << t.outBits) - 1;
      const auto is = bitsAt(got, static_cast<std::size_t>(r * out), k, t.outBits);
      const auto should = static_cast<std::uint32_t>(want[static_cast<std::size_t>(k)]) & mask;
      if (is != should)
        throw std::logic_error(t.work + " of " + nameOf(t.format) + ": row " + std::to_string(r) +
                               ", output " + std::to_string(k) + " is " + std::to_string(is) +
                               ", the definition gives " + std::to_string(should));
    }
  }
  return {std::to_string(total) + " rows of " + std::to_string(t.count),
          static_cast<double>(total) * t.count, result.instructions, result.cycles};
}

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
