// Costs as differences between runs of several sizes.
#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "models/base/multiples.h"
#include "pim/dpu/exec/machine.h"
#include "pim/upmem/kernels/executed_kernels.h"
#include "pim/upmem/kernels/library.h"
#include "pim/upmem/kernels/product.h"
#include "pim/upmem/kernels/run.h"

namespace wattlas::pim {

namespace {

constexpr int tileElements = 128;

template <class T>
struct Cache {
  std::recursive_mutex mutex;  ///< frames of some kernels come from others
  std::map<Hash128, T> values;
};

/// Of a program's words and initial memory, and of the instructions that it may use.
Hash128 contentOf(const dpu::Program& program) {
  Hasher h;
  for (const std::uint64_t word : program.text) h.integer(static_cast<std::int64_t>(word));
  for (const std::uint8_t byte : program.wram) h.integer(byte);
  return h.finish();
}

Hash128 keyOf(const Hash128& program, const KernelSetting& s) {
  Hasher h;
  h.add(program).integer(s.unroll).integer(s.tasklets).add(hashOf(s.timing));
  if (s.isa) h.add(s.isa->hash());
  return h.finish();
}

KernelBuild buildOf(const KernelSetting& s, int tasklets) {
  return {s.unroll, static_cast<unsigned>(tasklets), s.isa};
}

/// The program that stands for a kernel with one tasklet.
const dpu::Program& programFor(MacKernel kernel, const KernelSetting& setting) {
  return programOf(kernel, buildOf(setting, 1));
}
const dpu::Program& programFor(ElementKernel kernel, KernelSetting setting) {
  setting.tasklets = 1;
  return byRows(kernel) ? rowsProgram(kernel, tileElements, setting)
                        : programOf(kernel, buildOf(setting, 1));
}

/// Known by assembly, instructions and timing.
template <class T, class Kernel, class Make>
T cached(Kernel kernel, const KernelSetting& setting, Make make) {
  static Cache<T> cache;
  const Hash128 key = keyOf(contentOf(programFor(kernel, setting)), setting);
  const std::lock_guard lock(cache.mutex);
  const auto found = cache.values.find(key);
  if (found != cache.values.end()) return found->second;
  return cache.values.emplace(key, make()).first->second;
}

/// Issue slots of a run with one tasklet as they count when all run: instructions, and what those
/// of files take beyond one slot, beyond the revolver, or at a unit of their own.
double slotsOf(const dpu::DpuRunResult& run, const KernelSetting& s) {
  const auto issued = static_cast<double>(run.instructions);
  if (!s.isa) return issued;
  double slots = issued, chain = issued * s.timing.revolver, unit = 0;
  for (const auto& [mnemonic, model] : s.isa->models()) {
    const auto found = run.instructionMix.find(mnemonic);
    if (found == run.instructionMix.end()) continue;
    const auto n = static_cast<double>(found->second);
    slots += n * static_cast<double>(model.issueSlots - 1);
    chain += n * static_cast<double>(std::max<std::int64_t>(0, model.latency - s.timing.revolver));
    unit = std::max(unit, n * static_cast<double>(model.occupancy));
  }
  const double all = s.tasklets;
  return std::max({slots, chain / all, unit}) * std::min(1.0, all / s.timing.revolver);
}

dpu::DpuRunOptions optionsOf(const KernelSetting& setting, unsigned tasklets) {
  dpu::DpuRunOptions options;
  options.tasklets = tasklets;
  options.timing = setting.timing;
  return options;
}

/// What one more value of a vector costs before the products of `m`: its share of a sum, which
/// binary weights want. (Bit planes of a vector are made by the host, which sends them for the
/// values.)
double perValueOf(MacKernel kernel, const KernelSetting& setting, int elements,
                  const MacMeasurement& m) {
  if (kernel != MacKernel::binaryByte) return 0;
  const auto slots = [&](int places) {
    const Product p = randomProduct(kernel, 1, elements, places);
    dpu::DpuMachine machine(programOf(p, buildOf(setting, 1)), setting.isa);
    return slotsOf(runChecked(p, machine, setting.unroll, optionsOf(setting, 1)), setting);
  };
  const double place = (slots(5) - slots(1)) / 4 - m.mac * elements - m.perPass - m.perOutput;
  return std::max(0.0, place / elements);
}

MacMeasurement measureMac(MacKernel kernel, const KernelSetting& setting) {
  const dpu::Program& program = programOf(kernel, buildOf(setting, 1));
  dpu::DpuMachine one(program, setting.isa);
  const int rows = 8, grain = productGrain(kernel, setting.unroll);
  const int elements = std::max(grain, kernel == MacKernel::singleFloat ? 32 : 128);
  const auto run = [&](dpu::DpuMachine& machine, int tasklets, int many, int chunks, int size,
                       int vectors) {
    Product p = randomProduct(kernel, many * tasklets, chunks * size, vectors);
    p.chunks = chunks;
    return runChecked(p, machine, setting.unroll,
                      optionsOf(setting, static_cast<unsigned>(tasklets)));
  };
  // Instructions of one row: the second half of twice the rows, so that what a launch costs once
  // drops out.
  double joules = 0;  // of added instructions, in the row measured last
  const auto row = [&](int chunks, int size, int vectors) {
    const auto half = run(one, 1, rows, chunks, size, vectors),
               whole = run(one, 1, 2 * rows, chunks, size, vectors);
    joules = (whole.extensionJ.value - half.extensionJ.value) / rows;
    return (slotsOf(whole, setting) - slotsOf(half, setting)) / rows;
  };
  MacMeasurement m;
  m.assembly = contentOf(program);
  const double a = row(1, elements, 1), b = row(1, 2 * elements, 1);
  m.joulesPerMac = joules / (2 * elements);
  m.mac = (b - a) / elements;
  if (kernel == MacKernel::singleFloat) {
    // Branches of the software floats depend on the data; what stands around the loop is the code
    // of the int32 kernel, whose count does not.
    const MacMeasurement frame = measure(MacKernel::word, setting);
    m.perPass = frame.perPass;
    m.perTile = frame.perTile;
    m.perOutput = frame.perOutput;
    m.perRow = frame.perRow;
  } else {
    const double c = row(2, elements, 1), d = row(1, elements, 2), e = row(2, elements, 2);
    const double pass = (e - c) - (d - a);  // one vector of one tile, its loop included
    m.perPass = pass - elements * m.mac;
    m.perTile = c - a - pass;
    m.perOutput = d - a - pass;
    m.perRow = a - m.perOutput - m.perTile - m.perPass - elements * m.mac;
  }
  m.perValue = perValueOf(kernel, setting, elements, m);
  dpu::DpuMachine all(programOf(kernel, buildOf(setting, setting.tasklets)), setting.isa);
  const auto less = run(all, setting.tasklets, rows, 1, elements, 1),
             more = run(all, setting.tasklets, 2 * rows, 1, elements, 1);
  const double tiles = static_cast<double>(rows) * setting.tasklets;
  m.cyclesPerMac = static_cast<double>(more.cycles - less.cycles) / tiles / elements;
  m.readsPerTile = static_cast<double>(more.dma.reads - less.dma.reads) / tiles;
  m.readBytesPerTile = static_cast<double>(more.dma.readBytes - less.dma.readBytes) / tiles;
  return m;
}

ElementMeasurement measureElement(ElementKernel kernel, const KernelSetting& setting) {
  const int tiles = 8, elements = formatOf(kernel).inputBits == 32 ? 64 : tileElements;
  const auto run = [&](int tasklets, int many, int size) {
    const auto options = optionsOf(setting, static_cast<unsigned>(tasklets));
    KernelSetting mine = setting;
    mine.tasklets = tasklets;
    if (byRows(kernel)) return runRows(kernel, many * tasklets, size, mine, options);
    dpu::DpuMachine machine(programOf(kernel, buildOf(setting, tasklets)), setting.isa);
    return runElement(kernel, machine, {many, size}, options);
  };
  double joules = 0;
  const auto tile = [&](int size) {
    const auto half = run(1, tiles, size), whole = run(1, 2 * tiles, size);
    joules = (whole.extensionJ.value - half.extensionJ.value) / tiles;
    return (slotsOf(whole, setting) - slotsOf(half, setting)) / tiles;
  };
  ElementMeasurement m;
  m.assembly = contentOf(programFor(kernel, setting));
  const double a = tile(elements / 2), b = tile(elements);
  m.joulesPerElement = joules / elements;
  m.element = (b - a) / (elements / 2);
  m.perTile = std::max(0.0, b - m.element * elements);
  const auto less = run(setting.tasklets, tiles, elements),
             more = run(setting.tasklets, 2 * tiles, elements);
  const double count = static_cast<double>(tiles) * setting.tasklets;
  m.cyclesPerElement = static_cast<double>(more.cycles - less.cycles) / count / elements;
  return m;
}

}  // namespace

Hash128 hashOf(const dpu::DpuTiming& t) {
  Hasher h;
  h.integer(t.revolver).integer(t.wakeLatency).integer(static_cast<int>(t.registerFile));
  h.integer(static_cast<int>(t.arbiter)).real(t.dmaReadLatency).real(t.dmaWriteLatency);
  h.real(t.dmaLatencyPerByte).real(t.dmaReadOccupancy).real(t.dmaWriteOccupancy);
  h.real(t.dmaOccupancyPerByte).integer(t.mramRowBytes).integer(t.bankDetail);
  if (t.bankDetail) {
    h.real(t.clockHz).integer(t.bank.rcdRead).integer(t.bank.rp).integer(t.bank.ras);
    h.integer(t.bank.writeToPrecharge).integer(t.bank.refi).integer(t.bank.rfc);
  }
  return h.finish();
}

MacMeasurement measure(MacKernel kernel, const KernelSetting& setting) {
  return cached<MacMeasurement>(kernel, setting, [&] { return measureMac(kernel, setting); });
}

ElementMeasurement measure(ElementKernel kernel, const KernelSetting& setting) {
  return cached<ElementMeasurement>(kernel, setting,
                                    [&] { return measureElement(kernel, setting); });
}

// Tile loops on the DPU executor: configs/kernels/dpu/tile.s with the sizes of a loop.

namespace {

// MRAM is dealt out to the tasklets; a run that needs more goes over the same rows again.
constexpr std::int64_t share = 2 << 20, arena = share / 4;
constexpr std::int64_t longestTransfer = 2048;
// Rounds of tiles that are run: `fewestRounds` are enough when one kind of resource binds, more
// cost little when tiles are short. Loops of up to `whole` instructions run to their end.
constexpr std::int64_t fewestRounds = 4, mostRounds = 24, budget = 600'000, wholeRun = 1'500'000;

/// `count` transfers of `bytes`, as the engine can make them.
struct Transfers {
  std::int64_t count = 0, bytes = 8;
  Transfers(std::int64_t n, std::int64_t size) {
    if (n <= 0) return;
    const std::int64_t pieces = ceilDiv(std::max<std::int64_t>(size, 1), longestTransfer);
    bytes = ceilDiv(ceilDiv(std::max<std::int64_t>(size, 1), pieces), 8) * 8;
    count = n * pieces;
  }
  std::uint32_t field() const { return static_cast<std::uint32_t>((bytes / 8 - 1) << 24); }
};

/// What some rounds of tiles took.
struct Rounds {
  double cycles = 0, dmaBusy = 0;
  std::int64_t transfers = 0;
};

/// Values that are made once, also by several threads.
template <class T>
class Memo {
 public:
  template <class Make>
  T get(const Hash128& key, Make make) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = known_.find(key); found != known_.end()) return found->second;
    }
    const T made = make();
    const std::lock_guard lock(mutex_);
    if (known_.size() >= mostKept) known_.clear();
    known_.emplace(key, made);
    return made;
  }

 private:
  static constexpr std::size_t mostKept = 1 << 16;
  std::mutex mutex_;
  std::map<Hash128, T> known_;
};

Hasher hashOf(const Tile& t, const dpu::DpuTiming& timing) {
  Hasher h;
  h.add(pim::hashOf(timing));
  h.integer(t.reads).integer(t.readBytes).integer(t.reads2).integer(t.read2Bytes);
  h.integer(t.instructions).integer(t.writes).integer(t.writeBytes);
  return h;
}

class LoopRun {
 public:
  LoopRun(const TileLoop& loop, const KernelSetting& setting)
      : loop_(loop),
        reads_(loop.tile.reads, loop.tile.readBytes),
        second_(loop.tile.reads2, loop.tile.read2Bytes),
        writes_(loop.tile.writes, loop.tile.writeBytes),
        all_(setting.allRounds) {
    options_.timing = setting.timing;
    active_ = std::min<std::int64_t>(loop.tiles, setting.tasklets);
    options_.tasklets = static_cast<unsigned>(active_);
    split();
  }

  LoopMeasurement run() {
    const std::int64_t rounds = loop_.tiles / active_, extra = loop_.tiles % active_;
    const std::int64_t perRound = active_ * std::max<std::int64_t>(1, issued_);
    const std::int64_t step = std::clamp(budget / perRound, fewestRounds, mostRounds);
    LoopMeasurement m;
    m.instructions = loop_.tiles * loop_.tile.instructions;
    if (all_ || rounds <= 3 * step || rounds * perRound <= wholeRun) {
      const auto all = go(rounds, extra);
      m.cycles = static_cast<std::int64_t>(all.cycles);
      m.dmaBusy = static_cast<std::int64_t>(all.dmaBusy);
      m.events = all.transfers + active_;
      return m;
    }
    // What one more round adds once the start is over.
    const auto less = go(2 * step, extra), more = go(3 * step, extra);
    const double left = static_cast<double>(rounds - 3 * step) / static_cast<double>(step);
    const auto beyond = [&](double a, double b) {
      return static_cast<std::int64_t>(b + (b - a) * left + 0.5);
    };
    m.cycles = beyond(static_cast<double>(less.cycles), static_cast<double>(more.cycles));
    m.dmaBusy = beyond(less.dmaBusy, more.dmaBusy);
    m.events = less.transfers + more.transfers + 2 * active_;
    m.cycles = std::max({m.cycles, m.dmaBusy, m.instructions});
    m.folded = rounds - 3 * step;
    return m;
  }

 private:
  static const dpu::Program& programOf(const dpu::Defines& defines) {
    return assembledKernel("tile.s", {}, defines, {1, 1, nullptr});
  }

  /// Instructions of the tile that are not those of the frame.
  void split() {
    parts_ = std::max<std::int64_t>(1, second_.count);
    const auto frame = [](const Transfers& t) { return t.count > 0 ? 1 + 3 * t.count : 0; };
    const std::int64_t fixed =
        frame(reads_) + frame(writes_) + 3 + parts_ * (second_.count > 0 ? 4 : 2);
    const std::int64_t left = std::max<std::int64_t>(0, loop_.tile.instructions - fixed);
    work_ = std::max<std::int64_t>(1, (left - 1) / parts_);
    rest_ = std::max<std::int64_t>(1, left - work_ * parts_);
    issued_ = fixed + work_ * parts_ + rest_;
  }

  /// Loops that differ in their number of tiles alone run the same rounds.
  Rounds go(std::int64_t rounds, std::int64_t extra) {
    static Memo<Rounds> known;
    Hasher h = hashOf(loop_.tile, options_.timing);
    h.integer(active_).integer(rounds).integer(extra);
    return known.get(h.finish(), [&] { return executed(rounds, extra); });
  }

  Rounds executed(std::int64_t rounds, std::int64_t extra) {
    dpu::DpuMachine machine(programOf({{"READS", reads_.count > 0},
                                       {"SECOND", second_.count > 0},
                                       {"WRITES", writes_.count > 0}}));
    // Bytes one behind the other, as long as they stay in the tasklet's arena.
    const auto step = [&](const Transfers& t) {
      const bool room = t.count * t.bytes * (rounds + 1) <= arena;
      return static_cast<std::uint32_t>(room ? t.bytes : 0);
    };
    for (std::int64_t i = 0; i < active_; ++i) {
      const auto base = static_cast<std::uint32_t>(i * share);
      std::array<std::uint32_t, 15> r{};
      r[0] = static_cast<std::uint32_t>(rounds + (i < extra ? 1 : 0));
      r[1] = static_cast<std::uint32_t>(reads_.count);
      r[2] = reads_.field();
      r[3] = base;
      r[4] = step(reads_);
      r[5] = static_cast<std::uint32_t>(parts_);
      r[6] = second_.field();
      r[7] = base + static_cast<std::uint32_t>(arena);
      r[8] = step(second_);
      r[9] = static_cast<std::uint32_t>(work_);
      r[10] = static_cast<std::uint32_t>(rest_);
      r[11] = static_cast<std::uint32_t>(writes_.count);
      r[12] = writes_.field();
      r[13] = base + static_cast<std::uint32_t>(2 * arena);
      r[14] = step(writes_);
      for (unsigned n = 0; n < r.size(); ++n)
        machine.setRegister(static_cast<unsigned>(i), n, r[n]);
    }
    const auto result = machine.run(options_);
    if (result.error) throw std::logic_error("tile loop: " + result.error->text());
    return {static_cast<double>(result.cycles), static_cast<double>(result.dma.busyCycles),
            static_cast<std::int64_t>(result.dma.reads + result.dma.writes)};
  }

  const TileLoop& loop_;
  Transfers reads_, second_, writes_;
  bool all_;
  dpu::DpuRunOptions options_;
  std::int64_t active_ = 1, parts_ = 1, work_ = 1, rest_ = 1, issued_ = 1;
};

}  // namespace

LoopMeasurement measure(const TileLoop& loop, const KernelSetting& setting) {
  const Tile& t = loop.tile;
  if (loop.tiles <= 0 || (t.instructions <= 0 && t.reads <= 0 && t.reads2 <= 0 && t.writes <= 0))
    return {};
  static Memo<LoopMeasurement> known;
  Hasher h = hashOf(t, setting.timing);
  h.integer(setting.tasklets).integer(setting.allRounds).integer(loop.tiles);
  return known.get(h.finish(), [&] { return LoopRun(loop, setting).run(); });
}

}  // namespace wattlas::pim
