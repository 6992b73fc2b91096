// All journals of a folder as one table: which rows there are, where they stand, what disagrees.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "explorer/campaign/journal_record.h"
#include "explorer/campaign/journal_writer.h"
#include "explorer/pipe_io.h"

namespace wattlas {

/// A point that broke down retryably so often has no better answer to wait for.
inline constexpr int mostTries = 2;

/// Two journals give different final answers for one point: the models are not deterministic, or
/// something that no checksum sees was changed. Nothing is chosen; people have to look.
struct JournalConflict {
  Hash128 key;
  std::string first, second;  ///< journals
  std::string difference;     ///< "time_s is 1.5 in .. and 1.6 in .."
};

/// Says which journals disagree, in what, and what to do.
class ConflictError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One journal as `status` lists it.
struct JournalSummary {
  std::string name;
  JournalBegin begin;
  bool hasBegin = false;
  std::string end;  ///< why the writer ended; empty when it was killed or still runs
  std::uint64_t rows = 0, retries = 0, bytes = 0;
  std::int64_t lastWrite = 0;  ///< unix seconds
  bool killed = false;         ///< wrote no end, and its process is gone (known on its host only)
  JournalDamage damage;
  std::uint64_t malformed = 0;  ///< sound records that hold no row of this campaign
};

/// "time_s is 1.5 in A and 1.6 in B": the first thing in which two answers to a point differ.
/// `metrics` names their numbers.
std::string differenceOf(const PointOutcome& a, const std::string& inA, const PointOutcome& b,
                         const std::string& inB, const std::vector<std::string>& metrics);

class JournalSet {
 public:
  /// `metricNames` name the metrics of rows in conflicts. The folder may be missing (no journals).
  /// With a key, rows without its signature do not count, and a wrong one is refused.
  explicit JournalSet(std::string folder, std::vector<std::string> metricNames = {},
                      std::shared_ptr<const JournalKey> key = {});

  /// Reads what is new in the journals that `wanted` accepts by name (all when empty). Returns the
  /// names of those that grew. Throws JournalFailure.
  using Wanted = std::function<bool(const std::string& name)>;
  std::vector<std::string> refresh(const Wanted& wanted = {});
  /// Throws ConflictError when journals disagree.
  void requireAgreement() const;

  /// The point has an answer that stands: a final row, or `mostTries` retryable failures.
  bool settled(const Hash128& key) const;
  /// That answer. Throws std::out_of_range when it is not settled.
  PointOutcome outcome(const Hash128& key) const;
  /// Retryable failures so far of a point without a final row.
  int tries(const Hash128& key) const;

  std::size_t finalRows() const { return rows_.size(); }
  std::uint64_t duplicates() const { return duplicates_; }
  const std::vector<JournalConflict>& conflicts() const { return conflicts_; }
  std::vector<JournalSummary> summaries() const;

 private:
  struct Source {
    JournalReader reader;
    JournalSummary summary;
  };
  struct Row {
    std::uint64_t offset = 0, digest = 0;
    std::uint32_t size = 0, source = 0;
  };
  struct Trouble {
    int tries = 0;
    PointOutcome outcome;  ///< the failure with the smallest reason: the same in any order
  };
  /// Takes a record; what holds nothing that a campaign writes is counted as damage.
  void add(std::uint32_t source, std::string_view payload, std::uint64_t offset);
  void addSound(std::uint32_t source, std::string_view payload, std::uint64_t offset);
  void checkRow(std::string_view payload) const;
  void addRow(const Row& row, std::string_view payload);
  PointOutcome read(const Row& row) const;

  std::string folder_;
  std::vector<std::string> metricNames_;
  std::shared_ptr<const JournalKey> key_;
  std::deque<Source> sources_;
  std::unordered_map<std::string, std::uint32_t> byName_;
  std::unordered_map<Hash128, Row, Hash128Hasher> rows_;
  std::unordered_map<Hash128, Trouble, Hash128Hasher> troubles_;
  std::vector<JournalConflict> conflicts_;
  std::uint64_t duplicates_ = 0;
  mutable std::unordered_map<std::uint32_t, Descriptor> open_;
};

}  // namespace wattlas
