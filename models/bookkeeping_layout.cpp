// When operators start and end within a phase, and the power over one step.
#include <algorithm>

#include "models/bookkeeping.h"

namespace wattlas {
void Bookkeeping::layOut() {
  // One step: runs of regions with the same count > 1 are layers, which interleave. Start is that
  // of the first instance, end that of the last one at the last step.
  const double window = std::max(1.0, x_.platform->powerWindow.value.value * 1e12);
  std::size_t i = 0;
  Ticks first = phaseStart_;  // position within the first step
  Ticks fromEnd;              // distance from the end of the phase, filled backwards below
  std::vector<Ticks> tail(books_.size());
  struct Block {
    std::size_t begin, end;
    std::int64_t count;
  };
  std::vector<Block> blocks;
  while (i < books_.size()) {
    std::size_t j = i + 1;
    const std::int64_t count = books_[i].plan->count;
    while (j < books_.size() && books_[j].plan->count == count && count > 1) ++j;
    blocks.push_back({i, j, count});
    i = j;
  }
  for (const Block& block : blocks) {
    Ticks layer, copyTime;
    for (std::size_t k = block.begin; k < block.end; ++k) {
      RegionBook& book = books_[k];
      copyTime += book.copiesPerStep;
      for (std::size_t r = 0; r < book.plan->ops.size(); ++r)
        result_.operators[rows_[book.firstRow + r].index].startS =
            seconds(first + copyTime + layer);
      layer += book.firstInstance;
    }
    first += copyTime + times(layer, block.count);

    std::vector<PowerPiece> one;
    double length = 0;
    for (std::size_t k = block.begin; k < block.end; ++k) {
      const RegionBook& book = books_[k];
      one.push_back({book.copyTime, book.copyEnergy});
      one.push_back({book.piecesLaunch, Joules(0)});
      one.insert(one.end(), book.pieces.begin(), book.pieces.end());
      length += ps(book.lastInstance + book.copiesPerStep);
    }
    const auto enough =
        static_cast<std::int64_t>(std::min(1000.0, 2 + 2 * window / std::max(1.0, length)));
    for (std::int64_t n = 0; n < std::min(block.count, enough); ++n)
      if (timeline_.size() < 100000) timeline_.insert(timeline_.end(), one.begin(), one.end());
  }
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    for (std::size_t k = block->end; k-- > block->begin;) {
      RegionBook& book = books_[k];
      for (std::size_t r = 0; r < book.plan->ops.size(); ++r)
        result_.operators[rows_[book.firstRow + r].index].endS = seconds(now_ - fromEnd);
      fromEnd += book.lastInstance;
    }
    Ticks layer, copyTime;
    for (std::size_t k = block->begin; k < block->end; ++k) {
      layer += books_[k].lastInstance;
      copyTime += books_[k].copiesPerStep;
    }
    fromEnd += times(layer, block->count - 1) + copyTime;
  }
}

}  // namespace wattlas
