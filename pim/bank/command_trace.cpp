#include "pim/bank/command_trace.h"

#include <algorithm>

namespace wattlas::pim {

const char* nameOf(TraceKind kind) {
  static constexpr const char* names[] = {"ACT", "MAC", "RD", "WR", "PRE", "REF", "DMA"};
  return names[static_cast<std::size_t>(kind)];
}

void CommandTrace::sort() {
  std::stable_sort(commands_.begin(), commands_.end(),
                   [](const TracedCommand& a, const TracedCommand& b) {
                     return a.at != b.at ? a.at < b.at : a.bank < b.bank;
                   });
}

void CommandTrace::append(const CommandTrace& other, Ticks later) {
  for (TracedCommand c : other.commands_) {
    c.at += later;
    add(c);
  }
  dropped_ += other.dropped_;
}

std::string CommandTrace::csv() const {
  std::string out = "time_ps,channel,rank,bank_group,bank,command,row,column\n";
  const auto cell = [](std::int64_t v) { return v < 0 ? std::string() : std::to_string(v); };
  for (const TracedCommand& c : commands_)
    out += std::to_string(c.at.ps) + ",0,0,," + std::to_string(c.bank) + ',' + nameOf(c.kind) +
           ',' + cell(c.row) + ',' + cell(c.column) + '\n';
  return out;
}

}  // namespace wattlas::pim
