// Sequences of the Newton lineage: the input goes to a buffer of the channel, every bank multiplies
// its open row with it, one register a bank holds the sum. Derived from the public instruction set
// of GDDR6-AiM; AttAcc and NeuPIMs name the same steps differently.
#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"
#include "pim/nearbank/commands.h"

namespace wattlas::pim::nearbank {

void appendRegisterFileProduct(Sequence& s, const MatrixWork& work, const NearBankParams& p);

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
