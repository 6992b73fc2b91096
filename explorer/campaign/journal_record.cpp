#include "explorer/campaign/journal_record.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>

#include "explorer/worker_protocol.h"
#include "models/base/byte_stream.h"
#include "models/base/config.h"

namespace wattlas {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // of RFC 3720, bits reversed

/// Eight bytes a step: table k gives the effect of a byte that stands k bytes before the end.
constexpr std::array<std::array<std::uint32_t, 256>, 8> makeTables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? polynomial : 0U);
    tables[0][i] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::size_t i = 0; i < 256; ++i)
      tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 0xFFU];
  return tables;
}
constexpr auto tables = makeTables();

std::uint32_t byteAt(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

// No text holds these bytes: 0xF7 never occurs in UTF-8.
constexpr std::string_view mark = "\xF7WJ1";
constexpr std::size_t keySize = 16;

std::uint32_t word(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string_view after(std::string_view payload, RecordKind kind) {
  if (kindOf(payload) != kind) throw std::runtime_error("a journal record of another kind");
  return payload.substr(1);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint32_t next = 0;
    for (std::size_t k = 0; k < 4; ++k)
      next ^= tables[7 - k][byteAt(bytes, k) ^ ((crc >> (8 * k)) & 0xFFU)];
    for (std::size_t k = 4; k < 8; ++k) next ^= tables[7 - k][byteAt(bytes, k)];
    crc = next;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i)
    crc = (crc >> 8) ^ tables[0][(crc ^ byteAt(bytes, i)) & 0xFFU];
  return ~crc;
}

std::string encodeRecord(std::string_view payload) {
  ByteWriter out;
  out.u32(word(mark, 0));
  out.u32(static_cast<std::uint32_t>(payload.size()));
  out.u32(crc32c(payload));
  out.u32(crc32c(out.bytes()));
  std::string bytes = out.take();
  bytes.append(payload);
  return bytes;
}

std::optional<RecordHeader> decodeHeader(std::string_view bytes) {
  if (bytes.size() < recordHeaderSize || !bytes.starts_with(mark)) return std::nullopt;
  if (crc32c(bytes.substr(0, 12)) != word(bytes, 12)) return std::nullopt;
  const RecordHeader header{word(bytes, 4), word(bytes, 8)};
  if (header.size == 0 || header.size > largestRecord) return std::nullopt;
  return header;
}

std::size_t findMark(std::string_view bytes, std::size_t from) {
  for (std::size_t at = bytes.find(mark.front(), from); at != std::string_view::npos;
       at = bytes.find(mark.front(), at + 1))
    if (mark.starts_with(bytes.substr(at, mark.size()))) return at;
  return std::string_view::npos;
}

std::string beginPayload(const JournalBegin& begin) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(RecordKind::begin));
  out.text(begin.plan);
  out.text(begin.build);
  out.text(begin.host);
  for (const std::uint32_t n : {begin.shard, begin.shards, begin.attempt}) out.u32(n);
  out.u64(begin.process);
  out.u64(begin.unixSeconds);
  return out.take();
}

std::string rowPayload(RecordKind kind, const Hash128& key, const PointOutcome& outcome) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(kind));
  out.u64(key.high);
  out.u64(key.low);
  // One NaN only, so that equal answers are equal bytes.
  PointOutcome plain = outcome;
  for (double& v : plain.metrics)
    if (std::isnan(v)) v = std::numeric_limits<double>::quiet_NaN();
  return out.take() + encodeResults({&plain, 1});
}

std::string sealPayload(std::uint64_t from, const std::string& seal) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(RecordKind::seal));
  out.u64(from);
  out.text(seal);
  return out.take();
}

std::string endPayload(const std::string& reason) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(RecordKind::end));
  out.text(reason);
  return out.take();
}

RecordKind kindOf(std::string_view payload) {
  return payload.empty() ? RecordKind{} : static_cast<RecordKind>(payload.front());
}

JournalBegin decodeBegin(std::string_view payload) {
  ByteReader in(after(payload, RecordKind::begin));
  JournalBegin begin;
  begin.plan = in.text();
  begin.build = in.text();
  begin.host = in.text();
  for (std::uint32_t* n : {&begin.shard, &begin.shards, &begin.attempt}) *n = in.u32();
  begin.process = in.u64();
  begin.unixSeconds = in.u64();
  return begin;
}

Hash128 keyOf(std::string_view payload) {
  ByteReader in(payload);
  in.u8();
  const std::uint64_t high = in.u64();
  return {high, in.u64()};
}

PointOutcome outcomeOf(std::string_view payload) {
  if (payload.size() < 1 + keySize) throw std::runtime_error("a journal record is too short");
  std::vector<PointOutcome> outcomes = decodeResults(std::string(payload.substr(1 + keySize)));
  if (outcomes.size() != 1) throw std::runtime_error("a journal record without its row");
  return std::move(outcomes.front());
}

JournalSeal decodeSeal(std::string_view payload) {
  ByteReader in(after(payload, RecordKind::seal));
  const std::uint64_t from = in.u64();
  return {from, in.text()};
}

std::string decodeEnd(std::string_view payload) {
  return ByteReader(after(payload, RecordKind::end)).text();
}

JournalKey::JournalKey(const std::string& file) : secret_(readTextFile(file, 4096)) {
  if (secret_.size() < 16)
    throw InputError(Problem{{file, 0},
                             "",
                             "is too short for a key",
                             "at least 16 random bytes",
                             "such as: head -c 32 /dev/urandom > KEYFILE; chmod 600 KEYFILE"});
}

std::string JournalKey::seal(std::string_view journal, std::uint64_t offset,
                             std::string_view bytes) const {
  ByteWriter message;
  message.text("wattlas journal 1");
  message.text(journal);
  message.u64(offset);
  const std::string text = message.take().append(bytes);
  std::array<unsigned char, EVP_MAX_MD_SIZE> seal{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), seal.data(),
           &size) == nullptr)
    throw std::runtime_error("the cryptographic library cannot sign");
  return {reinterpret_cast<const char*>(seal.data()), size};
}

}  // namespace wattlas
