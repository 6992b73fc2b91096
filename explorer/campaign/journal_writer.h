// Appends records to a private file that no other process writes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "explorer/pipe_io.h"

namespace wattlas {

// Reads journals that may be growing, torn or damaged.

/// What is wrong with a journal. None of it is an error: the points concerned run again.
struct JournalDamage {
  std::uint64_t records = 0;          ///< places where something sound was expected
  std::uint64_t bytes = 0;            ///< skipped there
  std::uint64_t unsignedRecords = 0;  ///< left out: a key was given, and they lack its signature
  std::uint64_t tail = 0;             ///< bytes of an incomplete last record: killed while writing
};

class JournalKey;

/// Remembers how far it came, so that a later `scan` reads only what is new.
class JournalReader {
 public:
  /// With a key, only signed records are visited.
  explicit JournalReader(std::string path, const JournalKey* key = nullptr)
      : path_(std::move(path)), key_(key) {}
  /// `offset` is where the payload stands in the file.
  using Visit = std::function<void(std::string_view payload, std::uint64_t offset)>;
  /// Visits each sound record after the last one visited. Throws JournalUnreadable when the file
  /// cannot be read, or is not signed with the key.
  void scan(const Visit& visit);
  const JournalDamage& damage() const { return damage_; }
  const std::string& path() const { return path_; }
  std::uint64_t position() const { return position_; }

 private:
  struct Waiting {
    std::string payload;
    std::uint64_t offset = 0;
  };
  void take(std::string_view payload, std::uint64_t offset, const Visit& visit, int file);

  std::string path_;
  const JournalKey* key_;
  std::uint64_t position_ = 0;    ///< where the next record begins
  std::uint64_t sealed_ = 0;      ///< end of what is signed
  std::vector<Waiting> waiting_;  ///< records without a signature yet
  JournalDamage damage_;
};

class JournalKey;

/// The disk is full or gone. What was written before is safe; the text says what to do.
class JournalFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A journal cannot be read, or was changed meanwhile. The text says what to do.
class JournalUnreadable : public JournalFailure {
 public:
  using JournalFailure::JournalFailure;
};

/// Records are collected and handed to the system by `flush`: from then on a death of this process
/// loses nothing. `flush` also syncs to the disk when the last sync is `syncSeconds` ago, so a
/// power failure costs that much work. `append` touches no file: it is called where answers come
/// in, and an exception there would look like a broken worker.
class JournalWriter {
 public:
  /// Creates `path`, which must not exist: two writers never share a file. Throws JournalFailure;
  /// see `exists`.
  /// With a key, what is flushed is signed.
  JournalWriter(std::string path, double syncSeconds, const JournalKey* key = nullptr);
  /// Writes what is collected, as far as that is possible.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  void append(std::string_view payload);
  /// Throws JournalFailure.
  void flush();
  /// Throws JournalFailure.
  void sync();
  const std::string& path() const { return path_; }

 private:
  using Clock = std::chrono::steady_clock;
  [[noreturn]] void fail(const char* doing);

  std::string path_, pending_;
  double syncSeconds_;
  const JournalKey* key_;
  Descriptor file_;
  std::uint64_t written_ = 0;  ///< bytes of complete records in the file
  Clock::time_point synced_ = Clock::now();
  bool unsynced_ = false, broken_ = false;
};

/// The failure to throw when `path` cannot be read because of `reason` (an errno).
JournalUnreadable unreadable(const std::string& path, int reason);

/// A journal of that name is there already.
class JournalExists : public JournalFailure {
 public:
  using JournalFailure::JournalFailure;
};

/// Of this machine, as journals name it; "unknown" when it has none.
std::string hostName();

/// Makes a new name in `folder` durable; a file system that cannot do that is no error.
void syncFolder(const std::string& folder);

}  // namespace wattlas
