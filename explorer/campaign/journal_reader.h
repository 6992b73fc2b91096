// Reads journals that may be growing, torn or damaged.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace wattlas {

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

}  // namespace wattlas
