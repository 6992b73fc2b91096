// Which part of a campaign a process works on, and the journal it writes.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "explorer/campaign/campaign_plan.h"
#include "explorer/campaign/journal_record.h"
#include "explorer/campaign/journal_writer.h"

namespace wattlas {

/// Shard i of N. N belongs to the run, not to the plan: runs with different N go together.
struct Shard {
  std::uint32_t index = 0, count = 1;
  /// Points are dealt by the hash of what they are, so that neighbours in the plan (often equally
  /// expensive) go to different shards.
  bool owns(const Hash128& id) const { return ownerOf(id) == index; }
  std::uint32_t ownerOf(const Hash128& id) const {
    return static_cast<std::uint32_t>(id.high % count);
  }
};

/// "shard-0003-of-0016.attempt-2.journal"
std::string journalName(const Shard& shard, std::uint32_t attempt);
/// The shard of a journal's name; nothing for another file.
std::optional<Shard> shardOf(const std::string& journalName);

/// The journal of one attempt. The file appears with the first rows, under a name that no other
/// process can get.
class AttemptJournal {
 public:
  /// `attempt`: this number, or the next unused one. Throws InputError when the number is taken.
  AttemptJournal(const CampaignPlan& plan, Shard shard, std::optional<std::uint32_t> attempt,
                 double syncSeconds, std::shared_ptr<const JournalKey> key = {});
  ~AttemptJournal();
  /// Collects; never fails for the sake of a file.
  void append(RecordKind kind, const Hash128& key, const PointOutcome& outcome);
  /// Hands what was collected to the system. Throws JournalFailure, and InputError when another
  /// process took the wanted attempt meanwhile.
  void flush();
  /// Writes why the attempt ends and syncs. Throws as `flush`.
  void end(const std::string& reason);
  /// File name; empty before the first row.
  const std::string& name() const { return name_; }

 private:
  void create();

  const CampaignPlan& plan_;
  Shard shard_;
  std::optional<std::uint32_t> attempt_;
  double syncSeconds_;
  std::shared_ptr<const JournalKey> key_;
  std::vector<std::string> first_;  ///< payloads from before there was a file
  std::string name_;
  std::unique_ptr<JournalWriter> writer_;
};

}  // namespace wattlas
