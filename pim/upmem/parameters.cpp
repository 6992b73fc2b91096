#include "pim/upmem/parameters.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "pim/dpu/exec/extension.h"
#include "pim/dpu/exec/timing.h"

namespace wattlas::pim {

namespace {
/// Appends the parsed texts to `out`; a bad one becomes a problem of the configuration.
void parseAll(Binder& b, const std::string& key, const std::vector<std::string>& texts,
              Dimension dimension, double unit, std::vector<double>& out) {
  for (const std::string& text : texts) {
    try {
      out.push_back(parseQuantity(text, dimension) / unit);
    } catch (const InputError& error) {
      b.problem(key, error.problems().front().what, error.problems().front().expected);
    }
  }
}
}  // namespace

void TransferTable::bind(Binder& b) {
  std::vector<std::string> sizes;
  b.texts("sizes", sizes, "bytes per DPU of the columns, rising");
  sizes_.clear();
  rows_.clear();
  parseAll(b, "sizes", sizes, Dimension::information, 8, sizes_);
  b.list("rows", "measured times by number of DPUs, rising", [this](Binder& r, std::size_t) {
    Row row;
    r.integer("dpus", row.dpus, {1, 1e9, {}}, "DPUs that take part");
    std::vector<std::string> times;
    r.texts("times", times, "time for each size");
    parseAll(r, "times", times, Dimension::time, 1, row.seconds);
    if (r.reading() && row.seconds.size() != sizes_.size())
      r.problem("times", "has " + std::to_string(row.seconds.size()) + " values",
                std::to_string(sizes_.size()) + ", one for each size");
    if (r.reading() && !rows_.empty() && row.dpus <= rows_.back().dpus)
      r.problem("dpus", "is not above the row before", "rising numbers of DPUs");
    rows_.push_back(std::move(row));
  });
  if (!b.reading()) return;
  bool good = sizes_.size() >= 2 && !rows_.empty() && sizes_.front() > 0;
  for (std::size_t i = 1; i < sizes_.size(); ++i) good = good && sizes_[i] > sizes_[i - 1];
  for (const Row& row : rows_)
    for (const double s : row.seconds) good = good && s > 0;
  if (!good) {
    b.problem("rows", "is no table of times", "two or more rising sizes, positive times");
    return;
  }
  logSizes_.clear();
  for (const double size : sizes_) logSizes_.push_back(std::log(size));
  for (Row& row : rows_) {
    row.logDpus = std::log(static_cast<double>(row.dpus));
    for (const double s : row.seconds) row.logs.push_back(std::log(s));
  }
}

double TransferTable::along(const Row& row, double bytes) const {
  if (bytes <= sizes_.front()) return row.logs.front();
  const std::size_t n = sizes_.size();
  if (bytes >= sizes_.back())  // bandwidth of the last two points
    return std::log(row.seconds[n - 1] + (bytes - sizes_[n - 1]) *
                                             (row.seconds[n - 1] - row.seconds[n - 2]) /
                                             (sizes_[n - 1] - sizes_[n - 2]));
  std::size_t i = 1;
  while (sizes_[i] < bytes) ++i;
  const double share = (std::log(bytes) - logSizes_[i - 1]) / (logSizes_[i] - logSizes_[i - 1]);
  return row.logs[i - 1] + (row.logs[i] - row.logs[i - 1]) * share;
}

double TransferTable::seconds(double dpus, double bytes) const {
  if (dpus <= static_cast<double>(rows_.front().dpus)) return std::exp(along(rows_.front(), bytes));
  const Row& last = rows_.back();
  if (dpus >= static_cast<double>(last.dpus))  // the channels are saturated
    return std::exp(along(last, bytes)) * dpus / static_cast<double>(last.dpus);
  std::size_t i = 1;
  while (static_cast<double>(rows_[i].dpus) < dpus) ++i;
  const double low = along(rows_[i - 1], bytes), high = along(rows_[i], bytes);
  const double share =
      (std::log(dpus) - rows_[i - 1].logDpus) / (rows_[i].logDpus - rows_[i - 1].logDpus);
  return std::exp(low + (high - low) * share);
}

void HostTransfers::bind(Binder& b) {
  const FieldRule rate{1e6, 1e15, {}};
  b.section("toDpu", "host to MRAM, equal parts in parallel", [this](Binder& s) { toDpu.bind(s); });
  b.section("fromDpu", "MRAM to host, equal parts in parallel",
            [this](Binder& s) { fromDpu.bind(s); });
  b.quantity("broadcastGain", broadcastGain, {1, 64, {}}, "broadcast against equal parts");
  b.quantity("serialTo", serialTo, rate, "host to one DPU");
  b.quantity("serialFrom", serialFrom, rate, "one DPU to host");
  b.quantity("scale", scale, {0.01, 100, "1"}, "factor on all transfer times");
  b.quantity("hostReduce", hostReduce, rate, "host adds partial results");
  b.quantity("relayout", relayout, {1e6, 1e15, "20 GB/s"},
             "host brings weights or keys and values into the order of the bank's MACs");
  b.quantity("launchRank", launchRank, {0, 1, {}}, "one launch within one rank");
  b.quantity("launchAgain", launchAgain, {0, 1, "1"},
             "share of it for a launch that follows another without a copy in between");
  b.quantity("launchMore", launchMore, {0, 1, {}}, "added for each further rank");
}

Seconds HostTransfers::setUp(bool toDevice, std::int64_t dpus) const {
  const TransferTable& table = toDevice ? toDpu : fromDpu;
  return Seconds(table.seconds(static_cast<double>(dpus), 0)) * scale.value.value;
}

Seconds HostTransfers::copy(CopyPattern pattern, bool toDevice, std::int64_t dpus,
                            std::int64_t bytesPerDpu) const {
  const TransferTable& table = toDevice ? toDpu : fromDpu;
  const double n = static_cast<double>(dpus), size = static_cast<double>(bytesPerDpu);
  double time = table.seconds(n, size);
  const double start = table.seconds(n, 0);
  if (pattern == CopyPattern::broadcast) {
    time = start + (time - start) / broadcastGain.value.value;
  } else if (dpus < table.smallest()) {
    // A rank with few DPUs moves its parts one after the other until the rank's own rate is met.
    const double serial = start + n * size * 8 / (toDevice ? serialTo : serialFrom).value.value;
    time = std::min(time, serial);
  }
  return Seconds(time) * scale.value.value;
}

Seconds HostTransfers::launch(std::int64_t dpus, bool again) const {
  const std::int64_t ranks = (dpus + dpusPerRank - 1) / dpusPerRank;
  const Seconds one = launchRank.value + launchMore.value * static_cast<double>(ranks - 1);
  return again ? one * launchAgain.value.value : one;
}

void DmaParams::bind(Binder& b) {
  const FieldRule cycles{0, 100000, {}};
  b.quantity("readLatency", readLatency, cycles, "cycles of a read besides its bytes");
  b.quantity("writeLatency", writeLatency, cycles, "cycles of a write besides its bytes");
  b.quantity("perByte", perByte, cycles, "cycles per byte until the tasklet goes on");
  b.quantity("readOccupancy", readOccupancy, cycles, "engine cycles of a read besides its bytes");
  b.quantity("writeOccupancy", writeOccupancy, cycles, "engine cycles of a write");
  b.quantity("occupancyPerByte", occupancyPerByte, cycles, "engine cycles per byte");
  b.flag("bankDetail", bankDetail, {.fallback = "false"},
         "time the rows that transfers open one by one, with the times of `bank`, instead of by "
         "the measured average");
}

std::int64_t DmaParams::latency(bool write, std::int64_t bytes, std::int64_t count) const {
  if (bankDetail) return rowByRow(write, bytes, count).latency;
  const double waits = (write ? writeLatency : readLatency).value.value +
                       perByte.value.value * static_cast<double>(bytes);
  return static_cast<std::int64_t>(static_cast<double>(count) * std::max(waits, law(write, bytes)));
}

std::int64_t DmaParams::occupancy(bool write, std::int64_t bytes, std::int64_t count) const {
  if (bankDetail) return rowByRow(write, bytes, count).occupancy;
  return static_cast<std::int64_t>(static_cast<double>(count) * law(write, bytes));
}

double DmaParams::law(bool write, std::int64_t bytes) const {
  return (write ? writeOccupancy : readOccupancy).value.value +
         occupancyPerByte.value.value * static_cast<double>(bytes);
}

/// Runs the transfers through the executor's bank. Another tasklet's row is open before them, and
/// they begin at a row, as tiles do; long runs repeat, so a part of them stands for all.
DmaParams::Cost DmaParams::rowByRow(bool write, std::int64_t bytes, std::int64_t count) const {
  constexpr std::int64_t most = 512;
  const std::int64_t runs = std::min(count, most);
  if (runs <= 0) return {};
  dpu::DpuTiming timing;
  timing.clockHz = clock.value;
  timing.mramRowBytes = static_cast<int>(rowBytes);
  timing.bank = rows;
  dpu::MramBank bank(timing);
  const auto size = static_cast<std::uint32_t>(bytes);
  const double fixed = (write ? writeOccupancy : readOccupancy).value.value;
  const dram::Clock own =
      std::llround(1000 * bank.occupancy(fixed, occupancyPerByte.value.value, size, write));
  const dram::Clock wait =
      std::llround(1000 * bank.latency((write ? writeLatency : readLatency).value.value,
                                       perByte.value.value, size));
  const auto other = static_cast<std::uint32_t>(most * bytes / rowBytes + 2) *
                     static_cast<std::uint32_t>(rowBytes);
  constexpr dram::Clock before = 1000000000;  // that row was opened long ago
  const dram::Clock start = bank.access(0, other, 8, write, before).extra + before;
  dram::Clock engine = start, tasklet = start;
  for (std::int64_t i = 0; i < runs; ++i) {
    const auto access = bank.access(engine, static_cast<std::uint32_t>(i) * size, size, write, own);
    tasklet += access.extra + std::max(wait, own);
    engine = access.begin + access.extra + own;
  }
  const double scale = static_cast<double>(count) / static_cast<double>(runs) / 1000;
  return {std::llround(static_cast<double>(tasklet - start) * scale),
          std::llround(static_cast<double>(engine - start) * scale)};
}

void DpuParams::bind(Binder& b) {
  b.quantity("clock", clock, {1e6, 1e10, {}}, "clock of the DPU");
  b.integer("tasklets", tasklets, {1, 24, "16"}, "tasklets that the kernels start");
  b.integer("revolver", revolver, {1, 24, "11"}, "cycles between instructions of a tasklet");
  b.texts("isa", isa, "instructions beyond the stock ones: ids of configs/isa or paths");
  if (b.reading()) {
    try {
      extension = dpu::loadIsa(isa);
    } catch (const InputError& error) {
      for (const Problem& p : error.problems())
        b.problem(
            "isa",
            (p.place.file.empty() ? "" : p.place.file + ":" + std::to_string(p.place.line) + ": ") +
                p.what,
            p.expected + (p.hint.empty() ? "" : "; " + p.hint));
    }
  }
  b.quantity("stretch", clockDerating, {1, 2, "1"}, "effective over nominal clock period");
  b.quantity("wram", wram, {8192, 1e9, "64 KiB"}, "working memory");
  b.quantity("stack", stack, {0, 1e9, "1 KiB"}, "working memory of a tasklet that is no buffer");
  b.quantity("block", block, {64, 16384, "1 KiB"}, "largest DMA transfer of the kernels");
  b.section("dma", "transfers between MRAM and WRAM", [this](Binder& s) { dma.bind(s); });
  if (b.reading() && wram.value.value / 2 < stack.value.value * static_cast<double>(tasklets) +
                                                512.0 * static_cast<double>(tasklets))
    b.problem("tasklets", "leave no room for buffers in the working memory",
              "fewer tasklets, smaller stacks or more WRAM");
}

void UpmemEnergy::bind(Binder& b) {
  const FieldRule joules{0, 1e-6, {}};
  b.quantity("fetch", fetch, joules, "one instruction: fetch, decode, sequencing");
  b.quantity("execute", execute, joules, "one instruction: registers and arithmetic");
  b.quantity("wram", wram, joules, "one 8-byte access to WRAM");
  b.quantity("wramPerInstruction", wramPerInstruction, {0, 2, {}}, "WRAM accesses per instruction");
  b.quantity("dpuStatic", dpuStatic, {0, 10, {}}, "one DPU and its bank, all the time");
  b.quantity("dimmStatic", dimmStatic, {0, 100, {}}, "buffers of one DIMM, all the time");
  b.section("bank", "cells of one bank", [this](Binder& s) { bank.bind(s); });
}

void UpmemParams::bind(Binder& b) {
  b.text("title", title, {.fallback = "UPMEM memory"}, "one line for people");
  const FieldRule small{1, 1024, {}};
  b.integer("ranks", ranks, {1, 4096, {}}, "ranks of the device");
  b.integer("chipsPerRank", chipsPerRank, small, "chips of a rank");
  b.integer("dpusPerChip", dpusPerChip, small, "DPUs (banks) of a chip");
  b.integer("ranksPerDimm", ranksPerDimm, small, "ranks of a DIMM");
  b.section("dpu", "the processor beside each bank", [this](Binder& s) { dpu.bind(s); });
  b.quantity("mram", mram, {8e6, 1e13, {}}, "memory of one DPU");
  b.section("bank", "timing of the bank", [this](Binder& s) { bank.bind(s); });
  b.quantity("temperature", temperature, {-40, 125, "60"},
             "of the die in degrees Celsius: refresh comes twice as often above 85");
  b.section("saMac", "MACs at the bank's sense amplifiers; lanes 0 = none",
            [this](Binder& s) { saMac.bind(s); });
  b.section("kernels", "instructions of the DPU kernels", [this](Binder& s) {
    s.integer("unroll", unroll, {1, 8, "8"}, "bodies of an executed kernel's loop in a row");
    if (s.reading() && (unroll & (unroll - 1)) != 0)
      s.problem("unroll", "is no power of two, so that whole tiles would not divide",
                "1, 2, 4 or 8");
    kernels.bind(s);
  });
  b.section("host", "transfers and launches", [this](Binder& s) { host.bind(s); });
  b.section("energy", "energy and power", [this](Binder& s) { energy.bind(s); });
  b.quantity("chipArea", chipArea, {0, 1e5, {}}, "area of one chip without MACs");
  b.choice("fold", fold, {"auto", "off"}, {.fallback = "auto"},
           "simulate identical DPUs once, or each of them");
  host.dpusPerRank = dpusPerRank();
  if (!b.reading()) return;
  bank = atTemperature(bank, temperature.value.value);
  dpu.dma.rows.rcdRead = nearestTicks(bank.tRCD).ps;
  dpu.dma.rows.rp = nearestTicks(bank.tRP).ps;
  dpu.dma.rows.ras = nearestTicks(bank.tRAS).ps;
  dpu.dma.rows.refi = 0;  // the model and `stretch` keep the average of refresh
  dpu.dma.rowBytes = static_cast<std::int64_t>(bank.rowBits.value.value / 8);
  dpu.dma.clock = dpu.clock.value;
  if (dpu.dma.bankDetail && dpu.dma.rowBytes % 8 != 0)
    b.problem("bank.row", "is no whole number of 8-byte words", "a multiple of 8 bytes");
  if (!saMac.enabled()) return;
  // Units that take the place of cells leave fewer rows.
  if (const double lost = macArea().capacityLost; lost > 0) {
    const double row = bank.rowBits.value.value;
    mram.value = Bits(std::floor(mram.value.value * (1.0 - lost) / row) * row);
    if (mram.value.value <= 0)
      b.problem("saMac.area.die", "leaves no room for cells", "`grows`, or smaller units");
  }
  const double row = bank.rowBits.value.value, wide = saMac.width.value.value;
  if (saMac.where() == Placement::columnAmps && (wide > row || std::fmod(row, wide) != 0))
    b.problem("saMac.widthPerAccess", "does not divide the row", "a divisor of the row size");
  const double limit = saMac.where() == Placement::rowAmps ? row : wide;
  if (static_cast<double>(saMac.lanes) * 8 > limit)
    b.problem("saMac.lanes", "are wider than an access", "at most the access width / 8 bit");
  if (saMac.where() == Placement::rowAmps && static_cast<double>(saMac.lanes) * 8 != row)
    b.problem("saMac.lanes", "do not cover the row", "row size / 8 bit for row_sa");
}

RowPass UpmemParams::rowPass(int weightBits, int activationBits) const {
  return pim::rowPass(saMac, bank, activationBits, dpusPerChip,
                      energyOfRow(saMac, bank, energy.bank, weightBits));
}

PeakRates UpmemParams::peakRates(int weightBits, int activationBits) const {
  return pim::peakRates(saMac, bank, weightBits, activationBits, dpusPerChip,
                        energyOfRow(saMac, bank, energy.bank, weightBits));
}

UpmemParams loadUpmem(const SearchPath& path, const std::string& id,
                      const std::vector<std::pair<std::string, std::string>>& sets) {
  const auto file = path.find("devices", id);
  if (!file) {
    std::vector<std::string> ids;
    for (const auto& [name, place] : path.list("devices"))
      if (name.starts_with("upmem")) ids.push_back(name);
    throw InputError("device file '" + id.substr(0, 60) + "' not found", "a device of kind upmem",
                     didYouMean(id, ids));
  }
  ConfigNode config = loadConfig(*file, path);
  const ConfigNode* kind = config.find("kind");
  if (kind == nullptr || !kind->isScalar() || kind->scalar() != "upmem")
    throw InputError("device '" + id.substr(0, 60) + "' has no DPUs", "a device of kind upmem");
  config.erase("kind");
  for (const auto& [key, value] : sets) config.set(key, ConfigNode::ofScalar(value));
  UpmemParams params;
  Problems problems;
  bindConfig(config, "device", problems, [&](Binder& b) { params.bind(b); });
  problems.finish();
  return params;
}

dpu::DpuTiming timingOf(const UpmemParams& p) {
  dpu::DpuTiming t;
  t.clockHz = p.dpu.clock.value.value;
  t.revolver = static_cast<int>(p.dpu.revolver);
  t.dmaReadLatency = p.dpu.dma.readLatency.value.value;
  t.dmaWriteLatency = p.dpu.dma.writeLatency.value.value;
  t.dmaLatencyPerByte = p.dpu.dma.perByte.value.value;
  t.dmaReadOccupancy = p.dpu.dma.readOccupancy.value.value;
  t.dmaWriteOccupancy = p.dpu.dma.writeOccupancy.value.value;
  t.dmaOccupancyPerByte = p.dpu.dma.occupancyPerByte.value.value;
  t.mramRowBytes = static_cast<int>(p.dpu.dma.rowBytes);
  t.bankDetail = p.dpu.dma.bankDetail;
  if (t.bankDetail) t.bank = p.dpu.dma.rows;
  return t;
}

dpu::LaunchModel launchModelOf(const UpmemParams& p) {
  return {p.host.launchRank.value.value, p.host.launchAgain.value.value,
          p.host.launchMore.value.value, p.dpu.clockDerating.value.value};
}

namespace {
constexpr double mostCycles = 1e6;
const FieldRule steps{0, mostCycles, {}};
}  // namespace

bool usesSoftFloat(const NumberFormat& weight, const NumberFormat& activation) {
  return weight.isFloat() || activation.isFloat();
}

void ElementSteps::bind(Binder& b) {
  b.quantity("add", add, steps, "instructions of an addition");
  b.quantity("multiply", multiply, steps, "instructions of a multiplication");
  b.quantity("divide", divide, steps, "instructions of a division");
  b.quantity("exponential", exponential, steps, "instructions of an exponential");
  b.quantity("compare", compare, steps, "instructions of a comparison with select");
}

void KernelTable::bind(Binder& b) {
  b.section("decode", "instructions to expand one stored value to fp32", [this](Binder& s) {
    s.quantity("integer", decode_.integer, steps, "integer to fp32 with a scale");
    s.quantity("fp16", decode_.fp16, steps, "fp16 to fp32");
    s.quantity("bf16", decode_.bf16, steps, "bf16 to fp32");
    s.quantity("fp8", decode_.fp8, steps, "fp8 to fp32, by table");
    s.quantity("fp4", decode_.fp4, steps, "fp4 to fp32, by table");
  });
  b.section("integer", "integer steps of element-wise operators",
            [this](Binder& s) { integer_.bind(s); });
  b.section("floating", "software floating-point steps of element-wise operators",
            [this](Binder& s) { floating_.bind(s); });
  b.quantity("loop", loop_, steps, "instructions around the steps of one element");
  b.quantity("tile", tile_, steps, "instructions per tile: set-up and DMA calls");
}

void KernelTable::replaceFloat(double add, double multiply, double expand) {
  floating_.add.value = Ratio(std::max(0.0, add - loop_.value.value));
  floating_.multiply.value = Ratio(std::max(0.0, multiply - loop_.value.value));
  decode_.fp16.value = decode_.bf16.value = decode_.fp8.value = decode_.fp4.value = Ratio(expand);
}

KernelCost KernelTable::decode(const NumberFormat& stored) const {
  if (!stored.isFloat()) return {decode_.integer.value.value, 0, false, decode_.integer.source};
  if (stored.bits >= 32) return {0, 0, false, "stored as fp32"};
  if (stored.bits >= 16) {
    const auto& d = stored.exponentBits >= 8 ? decode_.bf16 : decode_.fp16;
    return {d.value.value, 0, false, d.source};
  }
  const auto& d = stored.bits >= 8 ? decode_.fp8 : decode_.fp4;
  return {d.value.value, 0, false, d.source};
}

KernelCost KernelTable::element(OpKind kind, OpVariant variant, const NumberFormat& format) const {
  const ElementSteps& s = format.isFloat() ? floating_ : integer_;
  const double add = s.add.value.value, mul = s.multiply.value.value, div = s.divide.value.value,
               exponential = s.exponential.value.value, compare = s.compare.value.value;
  double cost = loop_.value.value;
  if (format.isFloat() && format.bits < 32) cost += 2 * decode(format).instructions;
  switch (kind) {
    case OpKind::attention:
    case OpKind::softmax:  // running maximum, subtract, exponential, sum, scale
      cost += compare + add + exponential + add + mul;
      break;
    case OpKind::norm:
      cost += variant == OpVariant::batch   ? mul + add
              : variant == OpVariant::layer ? 2 * add + 2 * mul + mul + 2 * add
                                            : mul + add + 2 * mul;
      break;
    case OpKind::activation:
      switch (variant) {
        case OpVariant::relu:
          cost += compare;
          break;
        case OpVariant::silu:
        case OpVariant::sigmoid:
          cost += exponential + add + div + (variant == OpVariant::silu ? mul : 0);
          break;
        case OpVariant::siluMul:
          cost += exponential + add + div + 2 * mul;
          break;
        case OpVariant::gelu:
        case OpVariant::tanh:  // polynomial argument, exponential, division
          cost += exponential + 2 * add + div + 4 * mul;
          break;
        default:
          throw std::logic_error(std::string("no steps for ") + nameOf(variant));
      }
      break;
    case OpKind::add:
      cost += add;
      break;
    case OpKind::rope:
      cost += 2 * mul + add;
      break;
    case OpKind::pool:
      cost += variant == OpVariant::average || variant == OpVariant::global ? add : compare;
      break;
    case OpKind::embedding:  // copies rows
      break;
    default:
      throw std::logic_error(std::string("no steps for ") + nameOf(kind));
  }
  return {cost, tile_.value.value, false,
          format.isFloat() ? floating_.add.source : integer_.add.source};
}

}  // namespace wattlas::pim
