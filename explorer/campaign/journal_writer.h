// Appends records to a private file that no other process writes.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "explorer/pipe_io.h"

namespace wattlas {

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
