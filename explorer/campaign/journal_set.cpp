#include "explorer/campaign/journal_set.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>

#include "explorer/campaign/journal_writer.h"
#include "explorer/expression.h"
#include "models/base/plain_text.h"

namespace wattlas {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t mostConflicts = 100;
/// Journals kept open: what the system allows, less what others need.
std::size_t mostOpen() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::max<std::size_t>(limit.rlim_cur, 192) - 128;
}

/// The writer ran on this host, and no process has its number any more.
bool isGone(const JournalBegin& writer) {
  return writer.host == hostName() && ::kill(static_cast<pid_t>(writer.process), 0) != 0 &&
         errno == ESRCH;
}

std::string shown(double v) {
  return std::isnan(v) ? "missing" : numberText(v);
}

}  // namespace

JournalSet::JournalSet(std::string folder, std::vector<std::string> metricNames,
                       std::shared_ptr<const JournalKey> key)
    : folder_(std::move(folder)), metricNames_(std::move(metricNames)), key_(std::move(key)) {}

std::vector<std::string> JournalSet::refresh(const Wanted& wanted) {
  std::vector<std::string> names;
  std::error_code failed;
  const fs::directory_iterator entries(folder_, failed);
  if (failed && failed != std::errc::no_such_file_or_directory)
    throw unreadable(folder_, failed.value());
  for (const auto& entry : entries) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(".journal") && (!wanted || wanted(name))) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());  // the same order of events on every machine
  std::vector<std::string> grown;
  for (const std::string& name : names) {
    const auto [at, isNew] = byName_.emplace(name, static_cast<std::uint32_t>(sources_.size()));
    if (isNew) {
      sources_.push_back({JournalReader(folder_ + "/" + name, key_.get()), {}});
      sources_.back().summary.name = name;
    }
    const std::uint32_t number = at->second;
    Source& source = sources_[number];
    const std::uint64_t before = source.reader.position();
    source.reader.scan(
        [&](std::string_view payload, std::uint64_t offset) { add(number, payload, offset); });
    if (source.reader.position() != before) grown.push_back(name);
  }
  return grown;
}

void JournalSet::requireAgreement() const {
  if (conflicts_.empty()) return;
  std::string text =
      fmt::format("{} points have different answers in different journals:", conflicts_.size());
  for (const JournalConflict& c : conflicts_)
    text += fmt::format("\n  {}: {}", c.key.hex().substr(0, 16), c.difference);
  throw ConflictError(
      text +
      "\nEqual builds and inputs must give equal answers. Look for a broken machine "
      "(memory, processor) among the hosts in 'wattlas campaign status'; move the "
      "journals that you do not trust out of the folder and run their shards again");
}

void JournalSet::add(std::uint32_t source, std::string_view payload, std::uint64_t offset) {
  try {
    addSound(source, payload, offset);
  } catch (const std::runtime_error&) {
    ++sources_[source].summary.malformed;
  }
}

void JournalSet::addSound(std::uint32_t source, std::string_view payload, std::uint64_t offset) {
  JournalSummary& summary = sources_[source].summary;
  switch (kindOf(payload)) {
    case RecordKind::begin:
      summary.begin = decodeBegin(payload);
      summary.begin.host = plainText(summary.begin.host);
      summary.hasBegin = true;
      return;
    case RecordKind::seal:
      return;
    case RecordKind::end:
      summary.end = plainText(decodeEnd(payload));
      return;
    case RecordKind::row:
      checkRow(payload);
      ++summary.rows;
      addRow({offset, hashText(payload).low, static_cast<std::uint32_t>(payload.size()), source},
             payload);
      return;
    case RecordKind::retry: {
      checkRow(payload);
      PointOutcome outcome = wattlas::outcomeOf(payload);
      ++summary.retries;
      Trouble& trouble = troubles_[keyOf(payload)];
      if (++trouble.tries == 1 || outcome.reason < trouble.outcome.reason)
        trouble.outcome = std::move(outcome);
      return;
    }
  }
}

void JournalSet::checkRow(std::string_view payload) const {
  const PointOutcome row = wattlas::outcomeOf(payload);
  if (!metricNames_.empty() && !row.metrics.empty() && row.metrics.size() != metricNames_.size())
    throw std::runtime_error("a row of another study");
}

void JournalSet::addRow(const Row& row, std::string_view payload) {
  const Hash128 key = keyOf(payload);
  const auto [at, isNew] = rows_.emplace(key, row);
  if (isNew) return;
  ++duplicates_;
  if (at->second.digest == row.digest || conflicts_.size() >= mostConflicts) return;
  const std::string &first = sources_[at->second.source].summary.name,
                    &second = sources_[row.source].summary.name;
  conflicts_.push_back(
      {key, first, second,
       differenceOf(read(at->second), first, wattlas::outcomeOf(payload), second, metricNames_)});
}

std::string differenceOf(const PointOutcome& a, const std::string& inA, const PointOutcome& b,
                         const std::string& inB, const std::vector<std::string>& metrics) {
  const auto say = [&](const std::string& what, const std::string& x, const std::string& y) {
    return fmt::format("{} is {} in {} and {} in {}", what, x, inA, y, inB);
  };
  if (a.status != b.status || a.reason != b.reason)
    return say("the answer", a.reason.empty() ? "feasible" : "'" + a.reason + "'",
               b.reason.empty() ? "feasible" : "'" + b.reason + "'");
  for (std::size_t m = 0; m < std::min(a.metrics.size(), b.metrics.size()); ++m)
    if (!sameNumber(a.metrics[m], b.metrics[m]))
      return say(m < metrics.size() ? metrics[m] : fmt::format("metric {}", m), shown(a.metrics[m]),
                 shown(b.metrics[m]));
  if (a.configHash != b.configHash) return say("config_hash", a.configHash, b.configHash);
  return say("the detailed result", hashText(a.detail).hex().substr(0, 8),
             hashText(b.detail).hex().substr(0, 8));
}

PointOutcome JournalSet::read(const Row& row) const {
  auto at = open_.find(row.source);
  const std::string& path = sources_[row.source].reader.path();
  if (at == open_.end()) {
    if (open_.size() >= mostOpen()) open_.clear();
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.open()) throw unreadable(path, errno);
    at = open_.emplace(row.source, std::move(file)).first;
  }
  std::string payload(row.size, '\0');
  for (std::size_t have = 0; have < payload.size();) {
    const ssize_t n = ::pread(at->second.get(), payload.data() + have, payload.size() - have,
                              static_cast<off_t>(row.offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw JournalUnreadable(path + " became shorter while it was read");
    have += static_cast<std::size_t>(n);
  }
  if (hashText(payload).low != row.digest)
    throw JournalUnreadable(path + " changed while it was read");
  return wattlas::outcomeOf(payload);
}

bool JournalSet::settled(const Hash128& key) const {
  return rows_.count(key) > 0 || tries(key) >= mostTries;
}

int JournalSet::tries(const Hash128& key) const {
  const auto at = troubles_.find(key);
  return at == troubles_.end() ? 0 : at->second.tries;
}

PointOutcome JournalSet::outcome(const Hash128& key) const {
  if (const auto at = rows_.find(key); at != rows_.end()) return read(at->second);
  return troubles_.at(key).outcome;
}

std::vector<JournalSummary> JournalSet::summaries() const {
  std::vector<JournalSummary> out;
  for (const Source& source : sources_) {
    out.push_back(source.summary);
    JournalSummary& summary = out.back();
    summary.damage = source.reader.damage();
    summary.damage.records += summary.malformed;
    struct stat status {};
    if (::stat(source.reader.path().c_str(), &status) != 0) continue;
    summary.bytes = static_cast<std::uint64_t>(status.st_size);
    summary.lastWrite = static_cast<std::int64_t>(status.st_mtime);
    summary.killed = summary.hasBegin && summary.end.empty() && isGone(summary.begin);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

}  // namespace wattlas
