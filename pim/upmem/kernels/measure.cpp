// Costs as differences between runs of several sizes.
#include <algorithm>
#include <map>
#include <mutex>

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
  m.transfersPerTile =
      static_cast<double>(more.dma.reads + more.dma.writes - less.dma.reads - less.dma.writes) /
      count;
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

}  // namespace wattlas::pim
