// A secret that all writers and readers of a shared campaign folder have: journals of anybody else
// are refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wattlas {

class JournalKey {
 public:
  /// The bytes of a file, 16 to 4,096 of them. Throws InputError.
  explicit JournalKey(const std::string& file);
  /// HMAC-SHA256 (RFC 2104) over the journal's name, where the bytes stand in it, and the bytes, so
  /// that nothing can be changed, moved or copied to another journal. 32 bytes.
  std::string seal(std::string_view journal, std::uint64_t offset, std::string_view bytes) const;

 private:
  std::string secret_;
};

}  // namespace wattlas
