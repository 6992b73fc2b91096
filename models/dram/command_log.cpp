#include "models/dram/command_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

namespace wattlas::dram {

const char* nameOf(CommandKind kind) {
  static constexpr const char* names[commandKinds] = {"ACT",  "RD",   "WR",   "RDA",  "WRA", "PRE",
                                                      "PREA", "REF",  "REFb", "ACT1", "MAC", "DMA",
                                                      "AF",   "MODE", "AAP",  "WREG", "RREG"};
  return names[static_cast<std::size_t>(kind)];
}

void CommandLog::command(const CommandRecord& record) {
  if (records_.size() >= limit_) {
    ++dropped_;
    return;
  }
  records_.push_back(record);
}

void CommandLog::append(const CommandLog& other, Ticks later) {
  for (CommandRecord r : other.records_) {
    r.time += later;
    command(r);
  }
  dropped_ += other.dropped_;
}

const std::vector<CommandRecord>& CommandLog::sorted() {
  std::stable_sort(records_.begin(), records_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.time.ps, a.channel) < std::tie(b.time.ps, b.channel);
  });
  return records_;
}

std::string CommandLog::csv() {
  std::string out = "time_ps,channel,rank,bank_group,bank,command,row,column\n";
  auto to = std::back_inserter(out);
  const auto cell = [](std::int64_t v) { return v < 0 ? std::string() : std::to_string(v); };
  for (const CommandRecord& r : sorted())
    fmt::format_to(to, "{},{},{},{},{},{},{},{}\n", r.time.ps, r.channel, r.rank, cell(r.group),
                   cell(r.bank), nameOf(r.kind), cell(r.row), cell(r.column));
  return out;
}

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') out += c;
  return out;
}

/// Microseconds with every picosecond, without a detour over doubles.
std::string microseconds(Ticks t) {
  return fmt::format("{}.{:06}", t.ps / 1000000, t.ps % 1000000);
}

}  // namespace

std::string CommandLog::perfetto(const std::string& title) {
  std::string out = "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"title\":\"" + escaped(title) +
                    "\"},\"traceEvents\":[\n";
  auto to = std::back_inserter(out);
  // Track 0 of a rank is for commands to all its banks, bank b has track b + 1.
  const auto process = [](const CommandRecord& r) { return 1 + r.channel * 64 + r.rank; };
  const auto track = [](const CommandRecord& r) {
    return r.bank < 0 ? 0 : 1 + std::max(r.group, 0) * 64 + r.bank;
  };
  std::set<std::pair<int, int>> tracks;
  bool first = true;
  const auto separate = [&] {
    if (!first) out += ",\n";
    first = false;
  };
  for (const CommandRecord& r : sorted()) {
    if (tracks.insert({process(r), -1}).second) {
      separate();
      fmt::format_to(to,
                     "{{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":{},\"tid\":0,\"args\":"
                     "{{\"name\":\"channel {} rank {}\"}}}}",
                     process(r), r.channel, r.rank);
    }
    if (tracks.insert({process(r), track(r)}).second) {
      const std::string name =
          r.bank < 0 ? "all banks" : fmt::format("group {} bank {}", std::max(r.group, 0), r.bank);
      separate();
      fmt::format_to(to,
                     "{{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":{},\"tid\":{},\"args\":"
                     "{{\"name\":\"{}\"}}}}",
                     process(r), track(r), name);
    }
    separate();
    fmt::format_to(to,
                   "{{\"name\":\"{}\",\"ph\":\"X\",\"ts\":{},\"dur\":{},\"pid\":{},\"tid\":{},"
                   "\"args\":{{\"row\":{},\"column\":{}}}}}",
                   nameOf(r.kind), microseconds(r.time), microseconds(r.busy), process(r), track(r),
                   r.row, r.column);
  }
  out += "\n]}\n";
  return out;
}

}  // namespace wattlas::dram
