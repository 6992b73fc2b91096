// One record of a journal, in memory and on disk.
//
// On disk: mark (4 bytes), size of the payload, CRC-32C of the payload, CRC-32C of these twelve
// bytes (each 32 bits, little endian), payload. The header has a checksum of its own, so that a
// damaged payload costs one record, and a damaged header no more than the way to the next mark.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "explorer/outcome.h"

namespace wattlas {

/// Checksum of `bytes`; `before` continues the checksum of what stands in front of them.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

enum class RecordKind : std::uint8_t {
  begin = 'B',  ///< who writes; first in a journal
  row = 'P',    ///< final answer for a point: done, infeasible, or failed for good
  retry = 'R',  ///< a point broke down in a way that another try may not repeat
  seal = 'S',   ///< signature of all bytes since the last one (JournalKey)
  end = 'E',    ///< the writer ended in an orderly way, with the reason
};

/// First record of a journal. For people and rates; rows are recognised by their keys alone.
struct JournalBegin {
  std::string plan, build, host;
  std::uint32_t shard = 0, shards = 1, attempt = 0;
  std::uint64_t process = 0, unixSeconds = 0;
};

inline constexpr std::size_t recordHeaderSize = 16;
inline constexpr std::uint32_t largestRecord = 256U << 20;

/// Header and payload as they go into the file.
std::string encodeRecord(std::string_view payload);
/// What a record header says; nothing when it is no sound header. Needs 16 bytes.
struct RecordHeader {
  std::uint32_t size = 0, payloadCrc = 0;
};
std::optional<RecordHeader> decodeHeader(std::string_view bytes);
/// First place at or after `from` where a mark stands or may begin; npos when there is none.
std::size_t findMark(std::string_view bytes, std::size_t from);

std::string beginPayload(const JournalBegin& begin);
std::string rowPayload(RecordKind kind, const Hash128& key, const PointOutcome& outcome);
std::string sealPayload(std::uint64_t from, const std::string& seal);
std::string endPayload(const std::string& reason);

/// Readers of payloads; std::runtime_error on anything else.
RecordKind kindOf(std::string_view payload);
JournalBegin decodeBegin(std::string_view payload);
Hash128 keyOf(std::string_view payload);
PointOutcome outcomeOf(std::string_view payload);
/// Where the signed bytes begin, and their signature.
struct JournalSeal {
  std::uint64_t from = 0;
  std::string seal;
};
JournalSeal decodeSeal(std::string_view payload);
std::string decodeEnd(std::string_view payload);

/// A secret that all writers and readers of a shared campaign folder have: journals of anybody else
/// are refused.
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
