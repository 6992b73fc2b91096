// What the kernels over stored values compute, by docs/integer-arithmetic.md.
#include <algorithm>
#include <cmath>

#include "models/base/error.h"
#include "pim/upmem/kernels/run.h"

namespace wattlas::pim {

namespace {

/// Largest |value| of a format.
double rangeOf(StoredFormat format) {
  switch (format) {
    case StoredFormat::int16:
      return 32768;
    case StoredFormat::int32:
      return 8388608;
    case StoredFormat::int4:
    case StoredFormat::bitSliced:
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
void scale(ValueTask& t, double ratio) {
  t.shift = 1;
  while (t.shift < 62 && ratio * std::pow(2.0, t.shift + 1) < 2147483647.0) ++t.shift;
  if (t.shift == 32) --t.shift;
  t.multiplier = static_cast<std::uint32_t>(std::llround(ratio * std::pow(2.0, t.shift)));
}

void bounds(ValueTask& t, StoredFormat output) {
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

ValueTask addition(StoredFormat format) {
  ValueTask t;
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

ValueTask pool(StoredFormat format) {
  ValueTask t;
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

ValueTask softmax(int count = 41) {
  ValueTask t;
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

/// Of 16-bit scores: the exponential is the product of two looked up.
ValueTask wideSoftmax() {
  ValueTask t;
  t.work = "work_softmax_wide";
  t.outBits = 16;
  t.table.resize(2048);
  for (int d = 0; d < 256; ++d)
    for (int high = 0; high < 2; ++high)
      store(t.table, static_cast<std::size_t>(1024 * high + 4 * d),
            static_cast<std::uint32_t>(
                std::llround(65536 * std::exp(-0.0003 * d * (high == 0 ? 1 : 256)))));
  t.expect = [table = t.table](const Values& a, const Values&) {
    const std::int32_t most = *std::max_element(a.begin(), a.end());
    const auto e = [&](std::int32_t v) {
      const auto d = static_cast<std::size_t>(most - v);
      return (std::uint64_t{loadFrom<std::uint32_t>(table, 1024 + 4 * (d >> 8))} *
                  loadFrom<std::uint32_t>(table, 4 * (d & 255)) +
              32768) >>
             16;
    };
    std::uint64_t sum = 0;
    for (const std::int32_t v : a) sum += e(v);
    Values out;
    for (const std::int32_t v : a)
      out.push_back(static_cast<std::int32_t>(
                        std::min<std::uint64_t>((e(v) * 65536 + (sum >> 1)) / sum, 65535)) -
                    32768);
    return out;
  };
  return t;
}

ValueTask norm(StoredFormat format, bool rms, int count = 41) {
  const bool wide = format == StoredFormat::int16;
  const std::int64_t one = wide ? 1 : 128;  // of a deviation's bits behind the point
  ValueTask t;
  t.count = t.outCount = count;
  t.outBits = wide ? 16 : 8;
  bounds(t, wide ? format : StoredFormat::int8);
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
  scale(t, (wide ? 10000.0 : 40.0) / 16384 / 32768);
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
    const std::int64_t number = sum * one + n / 2;
    const std::int64_t mean = rms ? 0 : number >= 0 ? number / n : -((-number + n - 1) / n);
    for (const std::int32_t u : a) squares += (u * one - mean) * (u * one - mean);
    const std::int64_t variance = (squares + n / 2) / n + t.other;
    const std::int64_t inverse =
        (std::int64_t{1} << 46) /
        static_cast<std::int64_t>(rootOf(static_cast<std::uint64_t>(variance) << 16));
    Values out;
    for (std::size_t k = 0; k < a.size(); ++k) {
      const std::int64_t y = ((a[k] * one - mean) * inverse + (1 << 23)) >> 24;
      out.push_back(requantised(y * gains[k] + biases[k], t.multiplier, static_cast<int>(t.shift),
                                t.zeroPoint, t.lowest, t.highest));
    }
    return out;
  };
  return t;
}

ValueTask selection(StoredFormat format) {
  ValueTask t;
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

ValueTask rowsByNumber(StoredFormat format) {
  ValueTask t;
  t.work = "work_copy";
  t.outBits = 8 * storageOf(format).width;
  t.numbers = {7, 0, 18, 3, 3, 11, 5};
  t.expect = [](const Values& a, const Values&) { return a; };
  return t;
}

ValueTask requantisation(StoredFormat output) {
  ValueTask t;
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
ValueTask rowTask(ElementKernel kernel, int count) {
  return kernel == ElementKernel::softmax
             ? softmax(count)
             : norm(StoredFormat::int8, kernel == ElementKernel::rmsNorm, count);
}
}  // namespace

const dpu::Program& rowsProgram(ElementKernel kernel, int count, const KernelSetting& setting) {
  return programOf(rowTask(kernel, count), setting);
}

dpu::DpuRunResult runRows(ElementKernel kernel, int rows, int count, const KernelSetting& setting,
                          const dpu::DpuRunOptions& options) {
  ValueTask t = rowTask(kernel, count);
  t.rows = rows;
  dpu::DpuRunResult result;
  run(t, setting, options, &result);
  return result;
}

CellRun runValues(LibraryKernel kernel, StoredFormat format, const KernelSetting& setting) {
  ValueTask t;
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
      t = format == StoredFormat::int16 ? wideSoftmax() : softmax();
      break;
    case LibraryKernel::norm: {
      CellRun both = run(
          [&] {
            ValueTask rms = norm(format, true);
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
  ValueTask t;
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
