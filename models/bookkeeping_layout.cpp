// When operators start and end within a phase, and the power over one step.
#include <algorithm>
#include <map>

#include "models/bookkeeping.h"

namespace wattlas {

// One step: runs of regions with the same count > 1 are layers, which interleave.
std::vector<Bookkeeping::Block> Bookkeeping::blocks() const {
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < books_.size();) {
    std::size_t j = i + 1;
    const std::int64_t count = books_[i].region->count;
    while (j < books_.size() && books_[j].region->count == count && count > 1) ++j;
    blocks.push_back({i, j, count});
    i = j;
  }
  return blocks;
}

void Bookkeeping::layOutPower(const std::vector<Block>& blocks) {
  const double window = std::max(1.0, x_.platform->powerWindow.value.value * 1e12);
  timeline_.reserve(timeline_.size() + 4 * books_.size());
  for (const Block& block : blocks) {
    const std::size_t first = timeline_.size();
    const auto put = [&](const PowerPiece& piece) {
      if (piece.duration.ps > 0) timeline_.push_back(piece);
    };
    double length = 0;
    for (std::size_t k = block.begin; k < block.end; ++k) {
      const BookedRegion& region = *books_[k].region;
      put({region.copiesPerStep, region.copyEnergyPerStep});
      put({region.piecesLaunch, Joules(0)});
      for (const PowerPiece& piece : region.pieces) put(piece);
      length += ps(region.lastInstance + region.copiesPerStep);
    }
    const auto enough =
        static_cast<std::int64_t>(std::min(1000.0, 2 + 2 * window / std::max(1.0, length)));
    const std::size_t pieces = timeline_.size() - first;
    for (std::int64_t n = 1; n < std::min(block.count, enough); ++n) {
      if (timeline_.size() >= 100000) break;
      for (std::size_t i = 0; i < pieces; ++i) timeline_.push_back(timeline_[first + i]);
    }
  }
}

void Bookkeeping::layOut() {
  const std::vector<Block> blocks = this->blocks();
  layOutPower(blocks);
  if (!full_) return;
  // Start is that of the first instance, end that of the last one at the last step.
  const auto rowsOf = [&](const Book& book, auto&& each) {
    for (std::size_t r = 0; r < book.region->shares.size(); ++r)
      each(result_.operators[book.firstRow + r]);
  };
  Ticks first = phaseStart_;  // position within the first step
  for (const Block& block : blocks) {
    Ticks layer, copyTime;
    for (std::size_t k = block.begin; k < block.end; ++k) {
      const Book& book = books_[k];
      copyTime += book.region->copiesPerStep;
      rowsOf(book, [&](OperatorResult& row) { row.startS = seconds(first + copyTime + layer); });
      layer += book.region->firstInstance;
    }
    first += copyTime + times(layer, block.count);
  }
  Ticks fromEnd;  // distance from the end of the phase, filled backwards
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    for (std::size_t k = block->end; k-- > block->begin;) {
      const Book& book = books_[k];
      rowsOf(book, [&](OperatorResult& row) { row.endS = seconds(now_ - fromEnd); });
      fromEnd += book.region->lastInstance;
    }
    Ticks layer, copyTime;
    for (std::size_t k = block->begin; k < block->end; ++k) {
      layer += books_[k].region->lastInstance;
      copyTime += books_[k].region->copiesPerStep;
    }
    fromEnd += times(layer, block->count - 1) + copyTime;
  }
}

/// Each region draws its mean power, or its highest over a window where that is more, for as long
/// as its tasks are under way.
void Bookkeeping::layOutSpans(const std::vector<TaskSpan>& spans) {
  std::map<Ticks, double> steps;  // changes of power, in joules a picosecond
  for (std::size_t i = 0; i < books_.size(); ++i) {
    const BookedRegion& region = *books_[i].region;
    const Ticks length = spans[i].end - spans[i].start;
    if (full_)
      for (std::size_t r = 0; r < region.shares.size(); ++r) {
        result_.operators[books_[i].firstRow + r].startS = seconds(spans[i].start);
        result_.operators[books_[i].firstRow + r].endS = seconds(spans[i].end);
      }
    if (length.ps <= 0) continue;
    double joules = region.transferJ;
    for (const BookedShare& share : region.shares) joules += share.dynamicJ;
    // A power limit stretches programs.
    const double pace = std::min(1.0, ps(region.duration) / ps(length));
    const double highest =
        pace * peakPower(region.pieces, toTicks(x_.platform->powerWindow.value)).value * 1e-12;
    const double power = std::max(joules / ps(length), highest);
    steps[spans[i].start] += power;
    steps[spans[i].end] -= power;
  }
  double power = 0;
  Ticks last = phaseStart_;
  for (const auto& [at, change] : steps) {
    if (at > last) timeline_.push_back({at - last, Joules(power * ps(at - last))});
    power = std::max(0.0, power + change);
    last = std::max(last, at);
  }
}

}  // namespace wattlas
