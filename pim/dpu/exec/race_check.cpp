#include <algorithm>

#include "pim/dpu/exec/runtime.h"

namespace wattlas::dpu {

RaceChecker::RaceChecker() : locks_(kLocks), cells_(kWramBytes) {
  for (unsigned t = 0; t < kTasklets; ++t) clocks_[t][t] = 1;
}

void RaceChecker::join(Clock& into, const Clock& from) {
  for (unsigned i = 0; i < kTasklets; ++i) into[i] = std::max(into[i], from[i]);
}

void RaceChecker::access(unsigned t, std::uint32_t pc, std::uint32_t address, unsigned bytes,
                         bool write) {
  const Clock& now = clocks_[t];
  for (std::uint32_t a = address; a < address + bytes && a < kWramBytes; ++a) {
    Cell& cell = cells_[a];
    if (cell.write.time > now[cell.writer] && cell.writer != t) {
      report(cell.writer, cell.write, true, t, pc, write, a);
    }
    if (write) {
      for (unsigned other = 0; other < kTasklets; ++other) {
        if (other != t && cell.reads[other].time > now[other]) {
          report(other, cell.reads[other], false, t, pc, true, a);
        }
      }
      cell.write = {now[t], static_cast<std::uint16_t>(pc)};
      cell.writer = static_cast<std::uint8_t>(t);
    } else {
      cell.reads[t] = {now[t], static_cast<std::uint16_t>(pc)};
    }
  }
}

void RaceChecker::acquired(unsigned t, unsigned lock) {
  join(clocks_[t], locks_[lock]);
}

void RaceChecker::released(unsigned t, unsigned lock) {
  join(locks_[lock], clocks_[t]);
  ++clocks_[t][t];
}

void RaceChecker::stopped(unsigned t) {
  stops_[t] = clocks_[t];
  ++clocks_[t][t];
}

void RaceChecker::woke(unsigned by, unsigned t) {
  join(clocks_[by], stops_[t]);
  join(clocks_[t], clocks_[by]);
  ++clocks_[by][by];
}

void RaceChecker::report(unsigned t0, const Access& a, bool w0, unsigned t1, std::uint32_t pc,
                         bool w1, std::uint32_t address) {
  const std::uint64_t key = std::uint64_t{a.pc} << 32 | pc;
  auto [it, fresh] = found_.try_emplace(key);
  Race& race = it->second;
  if (fresh) {
    race.firstPc = a.pc;
    race.secondPc = pc;
    race.firstTasklet = t0;
    race.secondTasklet = t1;
    race.address = address;
    race.firstWrites = w0;
    race.secondWrites = w1;
  }
  ++race.count;
}

std::vector<Race> RaceChecker::races() const {
  std::vector<Race> list;
  for (const auto& [key, race] : found_) list.push_back(race);
  return list;
}

}  // namespace wattlas::dpu
