// Commands of a chip's banks with their times, for tables and timelines.
#pragma once

#include <string>
#include <vector>

#include "models/base/units.h"

namespace wattlas::pim {

/// What happens in a bank. MAC: column access with its products; WR: activations written to the
/// units; RD: sums read; DMA: a transfer of the DPU through the same bank.
enum class TraceKind { ACT, MAC, RD, WR, PRE, REF, DMA };
const char* nameOf(TraceKind kind);

struct TracedCommand {
  Ticks at, duration;  ///< since the program began
  TraceKind kind = TraceKind::ACT;
  std::int32_t bank = 0;
  std::int64_t row = -1, column = -1;  ///< -1 = does not apply
};

/// Keeps the first `most` commands and counts the rest, so that long programs stay readable.
class CommandTrace {
 public:
  explicit CommandTrace(std::size_t most = 200000) : most_(most) {}
  void add(const TracedCommand& command) {
    if (commands_.size() < most_)
      commands_.push_back(command);
    else
      ++dropped_;
  }
  std::size_t room() const { return most_ - commands_.size(); }
  /// Everything of `other`, `later`.
  void append(const CommandTrace& other, Ticks later);
  const std::vector<TracedCommand>& commands() const { return commands_; }
  std::size_t dropped() const { return dropped_; }
  /// By time, then bank, then order of entry.
  void sort();
  /// `time_ps,channel,rank,bank_group,bank,command,row,column`; cells that do not apply are empty.
  /// Channel and rank are 0 (one chip stands for all).
  std::string csv() const;

 private:
  std::size_t most_, dropped_ = 0;
  std::vector<TracedCommand> commands_;
};

}  // namespace wattlas::pim
