#include "pim/nearbank/commands.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace wattlas::pim::nearbank {

const char* nameOf(Verb verb) {
  switch (verb) {
    case Verb::read:
      return "read";
    case Verb::write:
      return "write";
    case Verb::mac:
      return "mac";
    case Verb::lookup:
      return "look-up";
    case Verb::touch:
      return "touch";
    case Verb::bufferWrite:
      return "buffer write";
    case Verb::registerRead:
      return "register read";
    case Verb::stream:
      return "stream";
    case Verb::rowCommand:
      return "row command";
  }
  return "";
}

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
        switch (g.verb) {
          case Verb::mac:
            t.macColumns += n * g.count;
            t.macRows += rows;
            break;
          case Verb::lookup:
            t.lookups += n * g.count;
            t.macRows += rows > 0 ? 1 : 0;  // the row stays open for all of them
            break;
          case Verb::read:
            t.reads += n * g.count;
            t.singleRows += rows;
            break;
          case Verb::write:
            t.writes += n * g.count;
            t.singleRows += rows;
            break;
          case Verb::touch:
            t.reads += n * g.count;
            t.singleRows += n * g.count;
            break;
          case Verb::bufferWrite:
            t.bufferWrites += n * g.count;
            break;
          case Verb::registerRead:
            t.registerReads += n * g.count;
            break;
          case Verb::stream: {
            const double burst = p.columnBits.value.value;
            t.streamed += n * g.count;
            t.singleRows += static_cast<std::int64_t>(
                std::ceil(static_cast<double>(n * g.count) * burst / p.rowBits.value.value));
            break;
          }
          case Verb::rowCommand:
            t.rowCommands += n * g.count;
            break;
        }
      }
  return t;
}

}  // namespace wattlas::pim::nearbank
