// Sequences of memories with an instruction program and register files beside pairs of banks
// (HBM-PIM). Even and odd banks take turns; a command to bank 0 or 1 means all even or odd banks.
// Registers, the program and the mode switches are reached as writes to reserved rows, so that
// they open and close rows like data. Derived from the public programming guide and test kernels.
#include <algorithm>

#include "models/base/multiples.h"
#include "pim/nearbank/commands.h"

namespace wattlas::pim::nearbank {

namespace {

constexpr std::int64_t parkRow = 1, allBankRow = 2, singleBankRow = 3, registerRow = 4;

void park(Sequence& s, const NearBankParams& p, const char* name) {
  const std::int32_t id = s.phase(name);
  const auto last = static_cast<std::int32_t>(p.banks - 1);
  // The access that carries the fence opens its row when all before it were issued.
  s.once({{Verb::touch, p.banks - 1, 0, parkRow, id, false}});
  s.once({{Verb::touch, 1, last, parkRow, id, false}});
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

}  // namespace wattlas::pim::nearbank
