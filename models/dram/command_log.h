// Keeps commands and writes them as CSV or as a timeline of banks for ui.perfetto.dev.
#pragma once

#include <string>
#include <vector>

#include "models/dram/command.h"

namespace wattlas::dram {

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
