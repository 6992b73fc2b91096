// Kernels over stored values: configs/kernels/dpu/values.s with data, and their definitions.
#include <algorithm>
#include <cmath>
#include <functional>

#include "models/base/error.h"
#include "pim/multiples.h"
#include "pim/upmem/kernels/library.h"
#include "pim/upmem/kernels/run_common.h"

namespace wattlas::pim {

namespace {

using Values = std::vector<std::int32_t>;
constexpr std::uint32_t outputsAt = 32U << 20;
constexpr std::uint32_t entriesAt = 4096;  // in `table`

struct Storage {
  int bits;  ///< of a stored value
  const char* take;
  int width = 1;  ///< bytes of an unpacked value
};
Storage storageOf(StoredFormat format) {
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
    case StoredFormat::powerOfTwo:
    case StoredFormat::codebook:
      return {4, "take_entries"};
    default:
      return {8, ""};
  }
}

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

/// A kernel with its sizes, constants and definition.
struct Task {
  std::string work;
  StoredFormat format = StoredFormat::int8;
  int count = 41, rows = 19;
  bool second = false;
  int outBits = 8, outCount = 41;
  std::uint32_t multiplier = 0, shift = 1, other = 0;
  int zeroPoint = 0, lowest = -128, highest = 127;
  int channels = 1, kept = 1, part = 1;
  Values numbers;  ///< rows by number
  Bytes table;
  std::function<Values(const Values& a, const Values& b)> expect;
};

const dpu::Program& programOf(const Task& t, const Storage& s, const KernelSetting& setting) {
  const int in = words(static_cast<int>(ceilDiv(t.count * s.bits, 8)));
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

CellRun run(const Task& t, const KernelSetting& setting, dpu::DpuRunOptions options = {},
            dpu::DpuRunResult* report = nullptr) {
  const Storage s = storageOf(t.format);
  const int in = words(static_cast<int>(ceilDiv(t.count * s.bits, 8))),
            out = words(static_cast<int>(ceilDiv(t.outCount * t.outBits, 8)));
  dpu::DpuMachine machine(programOf(t, s, setting), setting.isa);
  std::mt19937 random(17);
  const int operands = t.second ? 2 : 1;
  Bytes data(static_cast<std::size_t>(t.rows * operands * in + in));
  std::vector<Values> values;
  for (int r = 0; r < t.rows * operands; ++r) {
    values.emplace_back();
    for (int k = 0; k < t.count; ++k) {
      const auto [value, code] = drawn(t.format, random);
      values.back().push_back(value);
      putBits(data, static_cast<std::size_t>(r * in), k, s.bits, code);
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
               {from, outputsAt + static_cast<std::uint32_t>(row * out),
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
  machine.readMram(outputsAt, got);
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

/// Largest |value| of a format.
double rangeOf(StoredFormat format) {
  switch (format) {
    case StoredFormat::int16:
      return 32768;
    case StoredFormat::int32:
      return 8388608;
    case StoredFormat::int4:
      return 8;
    case StoredFormat::int2:
      return 2;
    case StoredFormat::ternary:
    case StoredFormat::binary:
      return 1;
    default:
      return 128;
  }
}

/// Multiplier and shift of a ratio: the largest shift with a multiplier below 2^31.
void scale(Task& t, double ratio) {
  t.shift = 1;
  while (t.shift < 62 && ratio * std::pow(2.0, t.shift + 1) < 2147483647.0) ++t.shift;
  if (t.shift == 32) --t.shift;
  t.multiplier = static_cast<std::uint32_t>(std::llround(ratio * std::pow(2.0, t.shift)));
}

void bounds(Task& t, StoredFormat output) {
  if (output == StoredFormat::int16) {
    t.lowest = -32768;
    t.highest = 32767;
  } else if (output == StoredFormat::int32) {
    t.lowest = std::numeric_limits<std::int32_t>::min();
    t.highest = std::numeric_limits<std::int32_t>::max();
  } else if (output == StoredFormat::int4 || output == StoredFormat::int2) {
    t.highest = static_cast<int>(rangeOf(output)) - 1;
    t.lowest = -t.highest - 1;
  } else if (output == StoredFormat::ternary) {
    t.lowest = -1;
    t.highest = 1;
  }
}

Task addition(StoredFormat format) {
  Task t;
  t.second = true;
  const bool wide = format == StoredFormat::int16;
  t.work = wide ? "work_add_wide" : "work_add";
  bounds(t, wide ? format : StoredFormat::int8);
  scale(t, 0.8 * (wide ? 1.0 : 100.0 / rangeOf(format)));
  t.other = t.multiplier / 3 * 2;
  t.zeroPoint = 3;
  t.outBits = wide ? 16 : 8;
  if (!wide) {
    t.table.resize(4096);
    for (int i = 0; i < 256; ++i)
      for (int j = 0; j < 2; ++j)
        store(t.table, static_cast<std::size_t>(2048 * j + 8 * i),
              std::int64_t{static_cast<std::int8_t>(i)} * (j == 0 ? t.multiplier : t.other));
  }
  t.expect = [=](const Values& a, const Values& b) {
    Values out;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const std::int64_t sum = std::int64_t{a[i]} * t.multiplier + std::int64_t{b[i]} * t.other;
      out.push_back(
          requantised(sum, 1, static_cast<int>(t.shift), t.zeroPoint, t.lowest, t.highest));
    }
    return out;
  };
  return t;
}

Task pool(StoredFormat format) {
  Task t;
  t.work = "work_pool";
  t.channels = 5;
  t.count = 5 * 9;
  t.outCount = 10;
  t.outBits = 8 * storageOf(format).width;
  bounds(t, t.outBits == 8 ? StoredFormat::int8 : format);
  scale(t, 1.0 / 9.0);
  t.expect = [=](const Values& a, const Values&) {
    Values out(10);
    for (int c = 0; c < 5; ++c) {
      std::int32_t most = std::numeric_limits<std::int32_t>::min(), sum = 0;
      for (int k = 0; k < 9; ++k) {
        const std::int32_t v = a[static_cast<std::size_t>(5 * k + c)];
        most = std::max(most, v);
        sum += v;
      }
      out[static_cast<std::size_t>(c)] = most;
      out[static_cast<std::size_t>(5 + c)] =
          requantised(sum, t.multiplier, static_cast<int>(t.shift), 0, t.lowest, t.highest);
    }
    return out;
  };
  return t;
}

Task softmax(int count = 41) {
  Task t;
  t.count = t.outCount = count;
  t.work = "work_softmax";
  t.table.resize(1024);
  for (int d = 0; d < 256; ++d)
    store(t.table, static_cast<std::size_t>(4 * d),
          static_cast<std::uint32_t>(std::llround(65536 * std::exp(-0.05 * d))));
  t.expect = [table = t.table](const Values& a, const Values&) {
    const std::int32_t most = *std::max_element(a.begin(), a.end());
    const auto e = [&](std::int32_t v) {
      return std::uint64_t{
          loadFrom<std::uint32_t>(table, static_cast<std::size_t>(4 * (most - v)))};
    };
    std::uint64_t sum = 0;
    for (const std::int32_t v : a) sum += e(v);
    Values out;
    for (const std::int32_t v : a)
      out.push_back(
          static_cast<std::int32_t>(std::min<std::uint64_t>((e(v) * 256 + (sum >> 1)) / sum, 255)) -
          128);
    return out;
  };
  return t;
}

/// Root of a 64-bit number, rounded down.
std::uint64_t rootOf(std::uint64_t x) {
  auto r = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(x)));
  while (r * r > x) --r;
  while ((r + 1) * (r + 1) <= x) ++r;
  return r;
}

Task norm(StoredFormat format, bool rms, int count = 41) {
  Task t;
  t.count = t.outCount = count;
  t.work = "work_norm";
  t.part = rms ? 1 : 0;
  t.other = 1 + static_cast<std::uint32_t>(rangeOf(format));  // what is added to the variance
  t.zeroPoint = -2;
  t.table.resize(4096);
  std::mt19937 random(23);
  Values gains, biases;
  for (int k = 0; k < t.count; ++k) {
    gains.push_back(static_cast<std::int32_t>(random()) >> 16);
    biases.push_back(static_cast<std::int32_t>(random()) >> 5);
    store(t.table, static_cast<std::size_t>(4 * k), gains.back());
    store(t.table, static_cast<std::size_t>(2048 + 4 * k), biases.back());
  }
  scale(t, 40.0 / 16384 / 32768);
  while (t.multiplier >= 1U << 24) {  // acc * M below 2^62
    t.multiplier >>= 1;
    --t.shift;
  }
  if (t.shift == 32) {
    t.multiplier >>= 1;
    --t.shift;
  }
  t.expect = [=](const Values& a, const Values&) {
    const auto n = static_cast<std::int64_t>(a.size());
    std::int64_t sum = 0, squares = 0;
    for (const std::int32_t u : a) sum += u;
    const std::int64_t number = sum * 128 + n / 2;
    const std::int64_t mean = rms ? 0 : number >= 0 ? number / n : -((-number + n - 1) / n);
    for (const std::int32_t u : a) squares += (u * 128 - mean) * (u * 128 - mean);
    const std::int64_t variance = (squares + n / 2) / n + t.other;
    const std::int64_t inverse =
        (std::int64_t{1} << 46) /
        static_cast<std::int64_t>(rootOf(static_cast<std::uint64_t>(variance) << 16));
    Values out;
    for (std::size_t k = 0; k < a.size(); ++k) {
      const std::int64_t y = ((a[k] * 128 - mean) * inverse + (1 << 23)) >> 24;
      out.push_back(requantised(y * gains[k] + biases[k], t.multiplier, static_cast<int>(t.shift),
                                t.zeroPoint, t.lowest, t.highest));
    }
    return out;
  };
  return t;
}

Task selection(StoredFormat format) {
  Task t;
  t.work = "work_select";
  t.kept = 5;
  t.outCount = 10;
  t.outBits = 32;
  t.format = format;
  t.expect = [](const Values& a, const Values&) {
    std::vector<int> order(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) order[i] = static_cast<int>(i);
    std::stable_sort(order.begin(), order.end(), [&](int x, int y) {
      return a[static_cast<std::size_t>(x)] > a[static_cast<std::size_t>(y)];
    });
    Values out;
    for (int i = 0; i < 5; ++i)
      out.push_back(a[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]);
    for (int i = 0; i < 5; ++i) out.push_back(order[static_cast<std::size_t>(i)]);
    return out;
  };
  return t;
}

Task rowsByNumber(StoredFormat format) {
  Task t;
  t.work = "work_copy";
  t.outBits = 8 * storageOf(format).width;
  t.numbers = {7, 0, 18, 3, 3, 11, 5};
  t.expect = [](const Values& a, const Values&) { return a; };
  return t;
}

Task requantisation(StoredFormat output) {
  Task t;
  t.format = StoredFormat::int32;  // sums
  bounds(t, output);
  const bool half = output == StoredFormat::int16, sign = output == StoredFormat::binary;
  t.outBits = sign ? 1 : storageOf(output).bits;
  scale(t, (half ? 20000.0 : sign || t.outBits < 8 ? 2.0 : 100.0) / 8388608.0);
  t.work = half ? "work_requantise_half" : "work_requantise";
  if (sign) t.work += "\n        sign_bits";
  if (!sign && t.outBits < 8) t.work += "\n        pack " + std::to_string(t.outBits);
  t.expect = [=](const Values& a, const Values&) {
    Values out;
    for (const std::int32_t v : a) {
      const std::int32_t q =
          requantised(v, t.multiplier, static_cast<int>(t.shift), 0, t.lowest, t.highest);
      out.push_back(sign ? (q >= 0 ? 1 : 0) : q);
    }
    return out;
  };
  return t;
}

}  // namespace

namespace {
Task rowTask(ElementKernel kernel, int count) {
  return kernel == ElementKernel::softmax
             ? softmax(count)
             : norm(StoredFormat::int8, kernel == ElementKernel::rmsNorm, count);
}
}  // namespace

const dpu::Program& rowsProgram(ElementKernel kernel, int count, const KernelSetting& setting) {
  return programOf(rowTask(kernel, count), storageOf(StoredFormat::int8), setting);
}

dpu::DpuRunResult runRows(ElementKernel kernel, int rows, int count, const KernelSetting& setting,
                          const dpu::DpuRunOptions& options) {
  Task t = rowTask(kernel, count);
  t.rows = rows;
  dpu::DpuRunResult result;
  run(t, setting, options, &result);
  return result;
}

CellRun runValues(LibraryKernel kernel, StoredFormat format, const KernelSetting& setting) {
  Task t;
  switch (kernel) {
    case LibraryKernel::requantise:
      return run(requantisation(format), setting);
    case LibraryKernel::elementwise:
      t = addition(format);
      break;
    case LibraryKernel::pooling:
      t = pool(format);
      break;
    case LibraryKernel::softmax:
      t = softmax();
      break;
    case LibraryKernel::norm: {
      CellRun both = run(
          [&] {
            Task rms = norm(format, true);
            rms.format = format;
            return rms;
          }(),
          setting);
      t = norm(format, false);
      t.format = format;
      const CellRun layer = run(t, setting);
      both.work += layer.work;
      both.instructions += layer.instructions;
      both.cycles += layer.cycles;
      return both;
    }
    case LibraryKernel::embedding:
      t = rowsByNumber(format);
      break;
    case LibraryKernel::topK:
      t = selection(format);
      break;
    default:
      throw InputError(std::string("there is no kernel ") + nameOf(kernel));
  }
  t.format = format;
  return run(t, setting);
}

CellRun runGru(StoredFormat format, const KernelSetting& setting) {
  // Products of input and state with the weights of three gates, then the gates.
  constexpr int hidden = 7;
  CellRun total;
  const MacKernel kernel = productOf(LibraryKernel::gemv, format).kernel;
  for (const int inputs : {11, hidden})
    runProductCell(randomProduct(kernel, 3 * hidden, inputs, 1), setting, total);
  Task t;
  t.work = "work_gru";
  t.count = 7 * hidden;
  t.part = hidden;
  t.outCount = hidden;
  t.table.resize(512);
  for (int i = 0; i < 256; ++i) {
    const double v = static_cast<std::int8_t>(i) / 32.0;
    t.table[static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>(std::lround(127 / (1 + std::exp(-v))));
    t.table[static_cast<std::size_t>(256 + i)] =
        static_cast<std::uint8_t>(std::lround(127 * std::tanh(v)));
  }
  t.expect = [table = t.table](const Values& a, const Values&) {
    const auto at = [&](int part, int k) { return a[static_cast<std::size_t>(part * hidden + k)]; };
    const auto byte = [](std::int32_t v) { return std::clamp(v, -128, 127); };
    const auto look = [&](int which, std::int32_t v) {
      return std::int32_t{
          static_cast<std::int8_t>(table[static_cast<std::size_t>(which * 256 + (byte(v) & 255))])};
    };
    Values out;
    for (int k = 0; k < hidden; ++k) {
      const std::int32_t r = look(0, at(0, k) + at(3, k)), z = look(0, at(1, k) + at(4, k)),
                         n = look(1, at(2, k) + ((r * at(5, k) + 64) >> 7));
      out.push_back(byte(((128 - z) * n + z * at(6, k) + 64) >> 7));
    }
    return out;
  };
  const CellRun gates = run(t, setting);
  total.instructions += gates.instructions;
  total.cycles += gates.cycles;
  total.shape = "11 inputs, 7 states";
  return total;
}

}  // namespace wattlas::pim
