// Works on one shard of a campaign until it is done or interrupted.
#pragma once

#include "explorer/campaign/journal_set.h"
#include "explorer/campaign/shard.h"
#include "explorer/outcome.h"

namespace wattlas {

/// True for a failure whose cause may lie outside the point: a worker that was killed (by a person,
/// the system's out-of-memory killer, a dying node), took too long on a busy machine, or got no
/// memory. An exception of the models is final: it comes back every time.
bool isRetryable(const PointOutcome& outcome);

struct ShardOptions {
  Shard shard;
  std::optional<std::uint32_t> attempt;
  std::function<bool()> interrupted;  ///< asked now and then; may be empty
  double syncSeconds = 1;             ///< a power failure costs at most so much work
  /// Adaptive search: a shard that has done its part of a generation takes over what is missing
  /// when the other shards wrote nothing for so long.
  double patienceSeconds = 10;
  std::shared_ptr<const JournalKey> key;  ///< signs the journal and is asked of others; may be null
  int workers = 1;                        ///< points taken over at a time
};

struct ShardOutcome {
  std::size_t points = 0;                  ///< of this shard (adaptive: of the whole search so far)
  std::size_t settled = 0;                 ///< of those, with an answer
  std::size_t before = 0;                  ///< of those, answered by journals of earlier attempts
  std::size_t infeasible = 0, failed = 0;  ///< evaluated by this run
  std::size_t evaluated = 0;               ///< by this run
  std::size_t waits = 0;                   ///< times it waited for others in vain
  bool complete = false;                   ///< every point of the shard has a final row
  std::string journal;                     ///< name of the file; empty when nothing was to do
  double seconds = 0;
};

/// Evaluates what no journal answers yet. Throws JournalFailure when the journal cannot be written;
/// what was written before is safe.
ShardOutcome runShard(const CampaignPlan& plan, const ShardOptions& options, Evaluator& evaluator,
                      Progress* progress = nullptr);

}  // namespace wattlas
