#include "pim/upmem/kernels/value_task.h"

#include <algorithm>

#include "models/base/error.h"
#include "models/base/multiples.h"

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

}  // namespace wattlas::pim
