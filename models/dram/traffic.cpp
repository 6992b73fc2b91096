#include <algorithm>
#include <charconv>
#include <cmath>

#include "models/base/config.h"
#include "models/base/random.h"
#include "models/dram/memory.h"

namespace wattlas::dram {

const std::vector<std::string>& trafficPatterns() {
  static const std::vector<std::string> names = {"stream", "random", "strided", "mixed", "rows"};
  return names;
}

std::vector<Access> makeTraffic(const Traffic& t, const AddressMap& map) {
  const auto refuse = [](const char* key, std::string what, std::string expected) {
    throw InputError(Problem{{}, key, std::move(what), std::move(expected), {}});
  };
  if (t.requests < 1 || t.requests > 5'000'000)
    refuse("requests", std::to_string(t.requests) + " requests", "1 to 5,000,000");
  if (!(t.writeShare >= 0 && t.writeShare <= 1)) refuse("writes", "not a share", "0 to 1");
  if (t.stride < 1 || t.interval < 0)
    refuse("stride", "stride or interval is negative or zero", "a stride of at least 1 byte");
  if (t.interval > longestRun / t.requests)
    refuse("interval", "the run would take too many clocks",
           "interval times requests at most " + std::to_string(longestRun));
  const auto access = static_cast<std::uint64_t>(map.accessBytes());
  const std::uint64_t bytes = t.bytes == 0 ? map.bytes() : std::min(t.bytes, map.bytes());
  const std::uint64_t slots = bytes / access;
  if (slots == 0) refuse("footprint", "smaller than one access", std::to_string(access) + " B");
  const auto& names = trafficPatterns();
  const auto found = std::find(names.begin(), names.end(), t.pattern);
  if (found == names.end())
    throw InputError(Problem{{},
                             "pattern",
                             "'" + t.pattern.substr(0, 40) + "' is no pattern",
                             "stream, random, strided, mixed or rows",
                             didYouMean(t.pattern, names)});
  const int pattern = static_cast<int>(found - names.begin());

  Random random(t.seed);
  std::vector<Access> out;
  out.reserve(static_cast<std::size_t>(t.requests));
  std::uint64_t at = 0;
  std::int64_t left = 0;
  int kind = pattern;
  bool writing = false;
  for (std::int64_t i = 0; i < t.requests; ++i) {
    if (pattern == 3 && left-- <= 0) {  // mixed: a new piece
      constexpr int kinds[] = {0, 1, 2, 4};
      kind = kinds[random.below(4)];
      left = random.between(4, 60);
      at = random.below(slots) * access;
      writing = random.uniform() < t.writeShare;
    } else if (pattern != 3) {
      writing = random.uniform() < t.writeShare;
    }
    std::uint64_t address = 0;
    switch (kind) {
      case 0:
        address = at;
        at += access;
        break;
      case 2:
        address = at;
        at += static_cast<std::uint64_t>(t.stride);
        break;
      case 4: {  // a new row of a random bank
        Location l = map.at(random.below(slots) * access);
        l.column = 0;
        address = map.addressOf(l);
        break;
      }
      default:
        address = random.below(slots) * access;
    }
    out.push_back({i * t.interval, address % bytes, writing});
  }
  return out;
}

namespace {

struct Line {
  const std::string& file;
  int number;
  [[noreturn]] void refuse(std::string what, std::string expected) const {
    throw InputError(Problem{{file, number}, {}, std::move(what), std::move(expected), {}});
  }
};

/// The start of a text for a message, whatever bytes it has.
std::string printable(const std::string& text) {
  std::string out = text.substr(0, 40);
  for (char& c : out)
    if (c < 0x20 || c > 0x7e) c = '?';
  return out;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return std::string(text);
}

std::uint64_t number(const std::string& cell, const Line& line, const char* what) {
  const bool hex = cell.starts_with("0x") || cell.starts_with("0X");
  const char* first = cell.data() + (hex ? 2 : 0);
  const char* last = cell.data() + cell.size();
  std::uint64_t value = 0;
  const auto result = std::from_chars(first, last, value, hex ? 16 : 10);
  if (result.ec != std::errc() || result.ptr != last || first == last)
    line.refuse("'" + printable(cell) + "' is not " + what, "a whole number such as 0x1f40");
  return value;
}

Clock timeOf(const std::string& cell, Hertz clock, const Line& line) {
  constexpr Clock most = longestRun;
  if (cell.find_first_not_of("0123456789") == std::string::npos) {
    const std::uint64_t value = number(cell, line, "a time");
    if (value > static_cast<std::uint64_t>(most))
      line.refuse("the time is too large", "at most " + std::to_string(most) + " clocks");
    return static_cast<Clock>(value);
  }
  double seconds = 0;
  try {
    seconds = parseQuantity(cell, Dimension::time);
  } catch (const InputError&) {
    line.refuse("'" + printable(cell) + "' is not a time", "clocks such as 120, or '12.5 ns'");
  }
  const double clocks = std::ceil(seconds * clock.value - 0.01);
  if (!(clocks >= 0 && clocks < static_cast<double>(most)))
    line.refuse("the time is negative or too large", "0 or more");
  return static_cast<Clock>(clocks);
}

}  // namespace

std::vector<Access> readRequests(const std::string& file, Hertz clock, std::size_t limit) {
  const std::string text = readTextFile(file, std::size_t{256} << 20);
  std::vector<Access> out;
  Line line{file, 0};
  bool header = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string row = trimmed(std::string_view(text).substr(at, end - at));
    at = end + 1;
    ++line.number;
    if (row.empty() || row[0] == '#') continue;
    if (!header) {
      if (row != "time,command,address")
        line.refuse("'" + printable(row) + "' is not the header", "time,command,address");
      header = true;
      continue;
    }
    const std::size_t one = row.find(','), two = row.find(',', one + 1);
    if (one == std::string::npos || two == std::string::npos ||
        row.find(',', two + 1) != std::string::npos)
      line.refuse("the line has not three cells", "time,command,address");
    Access access;
    access.at = timeOf(trimmed(row.substr(0, one)), clock, line);
    const std::string command = trimmed(row.substr(one + 1, two - one - 1));
    if (command != "R" && command != "W")
      line.refuse("'" + printable(command) + "' is not a command", "R or W");
    access.write = command == "W";
    access.address = number(trimmed(row.substr(two + 1)), line, "an address");
    if (!out.empty() && access.at < out.back().at)
      line.refuse("the time is before that of the line above", "requests in order of time");
    if (out.size() >= limit)
      line.refuse("more than " + std::to_string(limit) + " requests",
                  "at most that many lines; split the file");
    out.push_back(access);
  }
  if (out.empty()) line.refuse("the file has no requests", "a header and at least one line");
  return out;
}

}  // namespace wattlas::dram
