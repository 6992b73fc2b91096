#include "explorer/campaign/shard.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <filesystem>

namespace wattlas {
namespace fs = std::filesystem;
namespace {

constexpr std::uint32_t mostAttempts = 100000;

InputError taken(const Shard& shard, std::uint32_t attempt) {
  return InputError(Problem{{"--attempt", 0},
                            "",
                            fmt::format("attempt {} of shard {}/{} was started before", attempt,
                                        shard.index, shard.count),
                            "a number that was not used",
                            "leave --attempt out: the next unused number is taken"});
}

}  // namespace

std::string journalName(const Shard& shard, std::uint32_t attempt) {
  return fmt::format("shard-{:04d}-of-{:04d}.attempt-{}.journal", shard.index, shard.count,
                     attempt);
}

std::optional<Shard> shardOf(const std::string& journalName) {
  Shard shard;
  return std::sscanf(journalName.c_str(), "shard-%u-of-%u.", &shard.index, &shard.count) == 2
             ? std::optional(shard)
             : std::nullopt;
}

AttemptJournal::AttemptJournal(const CampaignPlan& plan, Shard shard,
                               std::optional<std::uint32_t> attempt, double syncSeconds,
                               std::shared_ptr<const JournalKey> key)
    : plan_(plan),
      shard_(shard),
      attempt_(attempt),
      syncSeconds_(syncSeconds),
      key_(std::move(key)) {
  std::error_code ignored;
  if (attempt_ && fs::exists(plan.journals() + "/" + journalName(shard, *attempt_), ignored))
    throw taken(shard, *attempt_);
}

AttemptJournal::~AttemptJournal() = default;

void AttemptJournal::create() {
  std::uint32_t attempt = attempt_.value_or(0);
  for (;; ++attempt) {
    std::string name = journalName(shard_, attempt);
    try {
      writer_ =
          std::make_unique<JournalWriter>(plan_.journals() + "/" + name, syncSeconds_, key_.get());
      name_ = std::move(name);
      break;
    } catch (const JournalExists&) {
      if (attempt_) throw taken(shard_, attempt);
      if (attempt >= mostAttempts) throw;
    }
  }
  writer_->append(beginPayload({plan_.id, plan_.build, hostName(), shard_.index, shard_.count,
                                attempt, static_cast<std::uint64_t>(::getpid()),
                                static_cast<std::uint64_t>(std::time(nullptr))}));
  for (const std::string& payload : first_) writer_->append(payload);
  first_.clear();
}

void AttemptJournal::append(RecordKind kind, const Hash128& key, const PointOutcome& outcome) {
  if (writer_)
    writer_->append(rowPayload(kind, key, outcome));
  else
    first_.push_back(rowPayload(kind, key, outcome));
}

void AttemptJournal::flush() {
  if (!writer_ && !first_.empty()) create();
  if (writer_) writer_->flush();
}

void AttemptJournal::end(const std::string& reason) {
  flush();
  if (!writer_) return;
  writer_->append(endPayload(reason));
  writer_->sync();
}

}  // namespace wattlas
