#include "pim/nearbank/commands.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "models/base/multiples.h"

namespace wattlas::pim::nearbank {

std::int32_t Sequence::phase(const std::string& name) {
  const auto at = std::find(phases.begin(), phases.end(), name);
  if (at != phases.end()) return static_cast<std::int32_t>(at - phases.begin());
  phases.push_back(name);
  return static_cast<std::int32_t>(phases.size() - 1);
}

void Sequence::once(std::vector<Group> groups) {
  sections.push_back({{{std::move(groups), 1, 0}}, 1, 0});
}

Section& Sequence::section(std::int64_t repeat, std::int64_t rowStep) {
  sections.push_back({{}, repeat, rowStep});
  return sections.back();
}

void appendStream(Sequence& s, double bits, const std::string& phase, const NearBankParams& p,
                  bool toBank) {
  if (bits <= 0) return;
  const double burst = p.columnBits.value.value;  // one column command
  const auto bursts = static_cast<std::int64_t>(std::ceil(bits / burst - 1e-9));
  s.once({{Verb::stream, std::max<std::int64_t>(1, bursts), 0, -1, s.phase(phase), false, toBank}});
}

void appendRowCommands(Sequence& s, std::int64_t commands, const std::string& phase,
                       const NearBankParams&) {
  if (commands <= 0) return;
  // In runs, so that refresh finds its place between them.
  constexpr std::int64_t run = 32;
  const std::int32_t id = s.phase(phase);
  if (commands >= run)
    s.section(commands / run).blocks = {{{{Verb::rowCommand, run, 0, -1, id, false}}, 1, 0}};
  if (commands % run != 0) s.once({{Verb::rowCommand, commands % run, 0, -1, id, false}});
}

std::int64_t rowCommandDistance(const NearBankParams& p) {
  const double command = p.rowCommand.value.value;
  // Two activates for each bank; a rank opens four rows a window.
  const double window =
      p.activationWindow ? 2.0 * static_cast<double>(p.banks) / 4.0 * p.timing.tFAW.value.value : 0;
  return static_cast<std::int64_t>(std::llround(std::max(command, window) * 1e12));
}

ChannelClock clockOf(const NearBankParams& p) {
  ChannelClock t(p.timing);
  if (p.bitSerial()) t.mac = rowCommandDistance(p);
  return t;
}

Tally tallyOf(const Sequence& s, const NearBankParams& p) {
  Tally t;
  std::map<std::int32_t, std::int64_t> open;
  for (const Section& section : s.sections)
    for (const Block& block : section.blocks)
      for (const Group& g : block.groups) {
        const std::int64_t n = section.repeat * block.repeat;
        t.commands += n * g.count;
        const auto at = open.find(g.bank);
        // One activation for each repetition, unless a single row serves all of them.
        const bool moves = block.rowStep != 0 || section.rowStep != 0 || block.groups.size() > 1;
        const bool opens = g.row >= 0 && (at == open.end() || at->second != g.row || moves);
        const std::int64_t rows = !opens ? 0 : moves ? n : 1;
        if (g.row >= 0) open[g.bank] = g.row;
        const std::int64_t count = n * g.count;
        switch (g.verb) {
          case Verb::mac:
            t.macColumns += count;
            t.macRows += rows;
            break;
          case Verb::lookup:
            t.lookups += count;
            t.macRows += rows > 0 ? 1 : 0;  // the row stays open for all of them
            break;
          case Verb::read:
          case Verb::write:
            (g.verb == Verb::read ? t.reads : t.writes) += count;
            t.singleRows += rows;
            break;
          case Verb::touch:
            t.reads += count;
            t.singleRows += count;
            break;
          case Verb::bufferWrite:
            t.bufferWrites += count;
            break;
          case Verb::registerRead:
            t.registerReads += count;
            break;
          case Verb::stream:
            t.streamed += count;
            t.singleRows += static_cast<std::int64_t>(std::ceil(
                static_cast<double>(count) * p.columnBits.value.value / p.rowBits.value.value));
            break;
          case Verb::rowCommand:
            t.rowCommands += count;
            break;
        }
      }
  return t;
}

// Sequences of memories with an instruction program and register files beside pairs of banks
// (HBM-PIM). Even and odd banks take turns; a command to bank 0 or 1 means all even or odd banks.
// Registers, the program and the mode switches are reached as writes to reserved rows, so that
// they open and close rows like data. Derived from the public programming guide and test kernels.

namespace {

constexpr std::int64_t parkRow = 1, allBankRow = 2, singleBankRow = 3, registerRow = 4;

void park(Sequence& s, const NearBankParams& p, const char* name) {
  const std::int32_t id = s.phase(name);
  const auto last = static_cast<std::int32_t>(p.banks - 1);
  // The access that carries the fence opens its row when all before it were issued.
  s.once({{Verb::touch, p.banks - 1, 0, parkRow, id, false}});
  s.once({{Verb::touch, 1, last, parkRow, id, false}});
}

void appendRegisterFileProduct(Sequence& s, const MatrixWork& work, const NearBankParams& p) {
  const ProductShape shape = shapeOf(work, p);
  const std::int64_t perRow =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(p.rowBits.value / p.columnBits.value));
  const std::int64_t columns = shape.accumulators * p.inputRegisters;
  const std::int64_t rowsPerTile = ceilDiv(columns, perRow);
  const std::int32_t start = s.phase("start of program"), load = s.phase("input to registers"),
                     mac = s.phase("multiply-accumulate"), store = s.phase("accumulators to bank");
  const auto tile = [&](std::int32_t bank, std::int64_t repeat) {
    Block block;
    block.repeat = repeat;
    block.rowStep = rowsPerTile;
    block.groups.push_back({Verb::write, p.inputRegisters, 1, registerRow, load, false});
    for (std::int64_t left = columns, row = 0; left > 0; left -= perRow, ++row)
      block.groups.push_back(
          {Verb::mac, std::min(left, perRow), bank, firstDataRow + row, mac, false});
    return block;
  };
  const std::int64_t even = ceilDiv(shape.inputTiles, 2), odd = shape.inputTiles / 2;
  const std::int64_t rows = even * rowsPerTile;
  Section& body = s.section(shape.outputTiles * work.vectors * work.rounds, rows);
  body.blocks.push_back({{{Verb::write, 1, 0, registerRow, start, false}}, 1, 0});
  if (even > 0) body.blocks.push_back(tile(0, even));
  if (odd > 0) body.blocks.push_back(tile(1, odd));
  body.blocks.push_back(
      {{{Verb::write, shape.accumulators, 1, firstDataRow + rows + 1, store, false}}, 1, 0});
  body.blocks.push_back({{{Verb::write, 1, 0, registerRow, start, false}}, 1, 0});
}

}  // namespace

void enterMode(Sequence& s, const NearBankParams& p) {
  park(s, p, "park in");
  const std::int32_t id = s.phase("mode switch");
  const auto other = static_cast<std::int32_t>(p.banks / 2);
  s.once({{Verb::write, 1, 0, allBankRow, id, false}});
  s.once({{Verb::write, 1, other, allBankRow, id, true}});
  s.once({{Verb::write, 1, 1, allBankRow, id, true}});
  s.once({{Verb::write, 1, other + 1, allBankRow, id, false}});
  s.once({{Verb::write, 1, 1, registerRow, s.phase("program load"), false}});
}

void leaveMode(Sequence& s, const NearBankParams& p) {
  const std::int32_t id = s.phase("mode switch");
  s.once({{Verb::write, 1, 0, singleBankRow, id, false}});
  s.once({{Verb::write, 1, 1, singleBankRow, id, false}});
  park(s, p, "park out");
  s.tail = ChannelClock(p.timing).read;
}

void appendElementWise(Sequence& s, std::int64_t columns, int operands, const NearBankParams& p) {
  const std::int32_t start = s.phase("start of program"), in = s.phase("bank to registers"),
                     out = s.phase("registers to bank");
  const std::int64_t result = firstDataRow + std::max(operands, 2);
  const std::int64_t n = p.inputRegisters, tiles = ceilDiv(columns, n);
  s.once({{Verb::write, 1, 0, registerRow, start, false}});
  Block block;
  block.repeat = tiles;
  for (std::int32_t bank = 0; bank < 2; ++bank) {
    for (int o = 0; o < operands; ++o)
      block.groups.push_back({Verb::mac, n, bank, firstDataRow + o, in, false});
    block.groups.push_back({Verb::write, n, bank, result, out, false});
  }
  // The instruction program ends its loop on one more write.
  block.groups.push_back({Verb::write, 1, 1, result, out, false});
  s.section(1).blocks = {block};
  s.once({{Verb::write, 1, 0, registerRow, start, false}});
}

// Sequences of the Newton lineage: the input goes to a buffer of the channel, every bank multiplies
// its open row with it, one register a bank holds the sum. Derived from the public instruction set
// of GDDR6-AiM; AttAcc and NeuPIMs name the same steps differently.

namespace {

/// Buffer loads and passes over a chunk of `columns` columns.
void chunk(Section& section, std::int64_t columns, std::int64_t passes, const NearBankParams& p,
           Sequence& s, std::int64_t row) {
  const std::int64_t perRow =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(p.rowBits.value / p.columnBits.value));
  const std::int32_t load = s.phase("input to buffer"), bias = s.phase("bias to registers"),
                     mac = s.phase("multiply-accumulate"), result = s.phase("registers to pins");
  section.blocks.push_back({{{Verb::bufferWrite, columns, 0, -1, load, false}}, 1, 0});
  // Several banks behind one unit: the next row opens in another bank while this one is read.
  const bool lookahead = p.banks > p.units;
  Block pass;
  pass.repeat = passes;
  pass.rowStep = ceilDiv(columns, perRow);
  pass.groups.push_back({Verb::bufferWrite, 1, 0, -1, bias, false});
  for (std::int64_t left = columns, r = row; left > 0; left -= perRow, ++r)
    pass.groups.push_back({Verb::mac, std::min(left, perRow), 0, r, mac, lookahead});
  pass.groups.push_back({Verb::registerRead, 1, 0, -1, result, false});
  section.blocks.push_back(std::move(pass));
}

void appendGlobalBufferProduct(Sequence& s, const MatrixWork& work, const NearBankParams& p) {
  const ProductShape shape = shapeOf(work, p);
  const std::int64_t times = work.vectors * work.rounds;
  const std::int64_t full =
      shape.lastColumns < shape.columnsPerPass ? shape.chunks - 1 : shape.chunks;
  // A matrix of one row a bank stays open for all vectors.
  const bool one = shape.chunks * shape.passes == 1 && work.rounds == 1;
  const std::int64_t step = one ? 0 : shape.passes * 4;
  if (full > 0) {
    Section& body = s.section(times * full, step);
    chunk(body, shape.columnsPerPass, shape.passes, p, s, firstDataRow);
    if (one) body.blocks.back().rowStep = 0;
  }
  if (full < shape.chunks) {
    Section& body = s.section(times, step);
    chunk(body, shape.lastColumns, shape.passes, p, s, firstDataRow);
    if (one) body.blocks.back().rowStep = 0;
  }
  s.tail = ChannelClock(p.timing).read;
}

}  // namespace

void appendLookups(Sequence& s, std::int64_t values, const NearBankParams& p) {
  Block block;
  block.repeat = ceilDiv(values, p.units);
  block.groups.push_back({Verb::bufferWrite, 1, 0, -1, s.phase("values to registers"), false});
  block.groups.push_back({Verb::lookup, 1, 0, tableRow, s.phase("look-up"), false});
  block.groups.push_back({Verb::registerRead, 1, 0, -1, s.phase("results to pins"), false});
  s.section(1).blocks = {std::move(block)};
  s.tail = ChannelClock(p.timing).read;
}

ProductShape shapeOf(const MatrixWork& work, const NearBankParams& p) {
  ProductShape shape;
  const std::int64_t lanes =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(p.columnBits.value.value) / work.bits);
  if (p.registerFile()) {
    // Sums of a unit, in tiles of equal size and whole blocks of registers: a program leaves those
    // unused that it does not need.
    const std::int64_t sums = ceilDiv(work.outputs, p.units);
    const std::int64_t block = std::min(p.accumulators, p.inputRegisters);
    shape.outputTiles = ceilDiv(sums, p.accumulators);
    shape.accumulators =
        std::min(p.accumulators, ceilDiv(ceilDiv(sums, shape.outputTiles), block) * block);
    shape.inputTiles = ceilDiv(work.inputs, lanes * p.inputRegisters);
    shape.macColumns = shape.outputTiles * shape.inputTiles * shape.accumulators * p.inputRegisters;
    return shape;
  }
  const std::int64_t columns = ceilDiv(work.inputs, lanes);
  const std::int64_t buffer = std::max<std::int64_t>(
      1, static_cast<std::int64_t>(p.globalBuffer.value / p.columnBits.value));
  shape.columnsPerPass = std::min(columns, buffer);
  shape.chunks = ceilDiv(columns, shape.columnsPerPass);
  shape.lastColumns = columns - (shape.chunks - 1) * shape.columnsPerPass;
  shape.passes = ceilDiv(work.outputs, p.units);
  shape.macColumns = shape.passes * columns;
  return shape;
}

void appendProduct(Sequence& s, const MatrixWork& work, const NearBankParams& p) {
  if (work.outputs <= 0 || work.inputs <= 0 || work.vectors <= 0) return;
  if (p.registerFile())
    appendRegisterFileProduct(s, work, p);
  else
    appendGlobalBufferProduct(s, work, p);
}

}  // namespace wattlas::pim::nearbank
