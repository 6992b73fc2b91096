// Keeps commands and writes them as CSV or as a timeline of banks for ui.perfetto.dev.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/base/units.h"

namespace wattlas::dram {

// DRAM commands and who wants to hear of them. MACs and DMA of other rooms use the same interface.

/// `RDA`/`WRA` precharge by themselves; `REFb` refreshes some banks of a rank, `ACT1` is the first
/// half of an activate that has two (LPDDR5). The rest is for compute in the bank: `MAC` a column
/// access with its products, `DMA` a transfer of a processor through the same bank, `AF` a look-up
/// of an activation function, `MODE` a change of mode, `AAP` a row command (activate, activate,
/// precharge), `WREG` and `RREG` move data between pins and registers without a row.
enum class CommandKind : std::uint8_t {
  ACT,
  RD,
  WR,
  RDA,
  WRA,
  PRE,
  PREA,
  REF,
  REFb,
  ACT1,
  MAC,
  DMA,
  AF,
  MODE,
  AAP,
  WREG,
  RREG
};
inline constexpr int commandKinds = 17;
const char* nameOf(CommandKind kind);

inline bool isRead(CommandKind k) {
  return k == CommandKind::RD || k == CommandKind::RDA;
}
inline bool isWrite(CommandKind k) {
  return k == CommandKind::WR || k == CommandKind::WRA;
}

/// One command as traces show it. -1 = does not apply (bank of a refresh of all).
struct CommandRecord {
  Ticks time;
  Ticks busy;  ///< how long it keeps its bank or bus busy; what a timeline draws
  int channel = 0, rank = 0, group = -1, bank = -1;
  CommandKind kind = CommandKind::ACT;
  std::int64_t row = -1, column = -1;
};

/// Hears every command. Records may come slightly out of order of time.
class CommandTrace {
 public:
  virtual ~CommandTrace() = default;
  virtual void command(const CommandRecord& record) = 0;
};

class CommandLog final : public CommandTrace {
 public:
  /// Keeps at most `limit` commands; later ones are counted only.
  explicit CommandLog(std::size_t limit = 2'000'000) : limit_(limit) {}

  void command(const CommandRecord& record) override;
  /// Everything of `other`, moved by `later`.
  void append(const CommandLog& other, Ticks later);
  std::size_t room() const { return limit_ - records_.size(); }
  std::int64_t dropped() const { return dropped_; }
  /// In order of arrival.
  const std::vector<CommandRecord>& records() const { return records_; }
  /// In order of time, then channel, then arrival.
  const std::vector<CommandRecord>& sorted();
  /// `time_ps,channel,rank,bank_group,bank,command,row,column`; -1 cells are empty.
  std::string csv();
  /// Trace Event JSON: a process per channel and rank, a track per bank. Times in microseconds.
  std::string perfetto(const std::string& title);

 private:
  std::size_t limit_;
  std::int64_t dropped_ = 0;
  std::vector<CommandRecord> records_;
};

}  // namespace wattlas::dram
