// Reads journals that may be growing, torn or damaged.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace wattlas {

/// What is wrong with a journal. None of it is an error: the points concerned run again.
struct JournalDamage {
  std::uint64_t records = 0;  ///< places where something sound was expected
  std::uint64_t bytes = 0;    ///< skipped there
  std::uint64_t tail = 0;     ///< bytes of an incomplete last record: killed while writing
};

/// Remembers how far it came, so that a later `scan` reads only what is new.
class JournalReader {
 public:
  explicit JournalReader(std::string path) : path_(std::move(path)) {}
  /// `offset` is where the payload stands in the file.
  using Visit = std::function<void(std::string_view payload, std::uint64_t offset)>;
  /// Visits each sound record after the last one visited. Throws JournalFailure when the file
  /// cannot be read.
  void scan(const Visit& visit);
  const JournalDamage& damage() const { return damage_; }
  const std::string& path() const { return path_; }
  std::uint64_t position() const { return position_; }

 private:
  std::string path_;
  std::uint64_t position_ = 0;  ///< where the next record begins
  JournalDamage damage_;
};

}  // namespace wattlas
