#include "pim/bank/command_trace.h"

#include <algorithm>
#include <cstdio>

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

std::string CommandTrace::csv() const {
  std::string out = "time_ns,duration_ns,bank,command,row,column\n";
  char line[128];
  const auto cell = [](std::int64_t v) { return v < 0 ? std::string() : std::to_string(v); };
  for (const TracedCommand& c : commands_) {
    const auto ns = [](Ticks t) { return static_cast<long long>(t.ps / 1000); };
    const auto ps = [](Ticks t) { return static_cast<long long>(t.ps % 1000); };
    std::snprintf(line, sizeof line, "%lld.%03lld,%lld.%03lld,%d,%s,", ns(c.at), ps(c.at),
                  ns(c.duration), ps(c.duration), static_cast<int>(c.bank), nameOf(c.kind));
    out += line + cell(c.row) + ',' + cell(c.column) + '\n';
  }
  return out;
}

}  // namespace wattlas::pim
