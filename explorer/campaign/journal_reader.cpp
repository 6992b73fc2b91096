#include "explorer/campaign/journal_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "explorer/campaign/crc32c.h"
#include "explorer/campaign/journal_key.h"
#include "explorer/campaign/journal_record.h"
#include "explorer/campaign/journal_writer.h"

namespace wattlas {
namespace {

constexpr std::size_t chunk = 1U << 20;

/// A window of a file that slides forward and grows when a record needs it.
class Window {
 public:
  Window(int file, std::uint64_t begin, const std::string& path)
      : file_(file), begin_(begin), path_(path) {}
  /// Bytes from `at` on, at least `wanted` unless the file ends before.
  std::string_view from(std::uint64_t at, std::size_t wanted) {
    const auto used = static_cast<std::size_t>(at - begin_);
    if (bytes_.size() - used < wanted) {
      bytes_.erase(0, used);
      begin_ = at;
      fill(std::max(wanted, chunk));
    }
    return std::string_view(bytes_).substr(static_cast<std::size_t>(at - begin_));
  }

 private:
  void fill(std::size_t size) {
    while (bytes_.size() < size) {
      const std::size_t have = bytes_.size();
      bytes_.resize(size);
      const ssize_t n =
          ::pread(file_, bytes_.data() + have, size - have, static_cast<off_t>(begin_ + have));
      bytes_.resize(have + (n > 0 ? static_cast<std::size_t>(n) : 0));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw unreadable(path_, errno);
      if (n == 0) return;
    }
  }
  int file_;
  std::uint64_t begin_;
  const std::string& path_;
  std::string bytes_;
};

JournalUnreadable notSigned(const std::string& path) {
  return JournalUnreadable(path +
                           " is not signed with this key, or was changed after it was signed; give "
                           "the right key with --sign, or move the journal away and run its points "
                           "again");
}

/// Where the first sound header after `from` begins; nothing when the file has no more.
std::optional<std::uint64_t> nextHeader(Window& window, std::uint64_t from) {
  for (std::uint64_t at = from + 1;;) {
    const std::string_view bytes = window.from(at, chunk);
    if (bytes.size() < recordHeaderSize) return std::nullopt;
    // Each mark whose header is here as a whole; the next window begins where one may be cut.
    const std::size_t last = bytes.size() - recordHeaderSize;
    for (std::size_t mark = findMark(bytes, 0); mark <= last; mark = findMark(bytes, mark + 1))
      if (decodeHeader(bytes.substr(mark))) return at + mark;
    at += last + 1;
  }
}

}  // namespace

void JournalReader::take(std::string_view payload, std::uint64_t offset, const Visit& visit,
                         int file) {
  if (key_ == nullptr) return visit(payload, offset);
  if (kindOf(payload) != RecordKind::seal) {
    waiting_.push_back({std::string(payload), offset});
    return;
  }
  const std::uint64_t end = offset - recordHeaderSize;
  JournalSeal seal;
  try {
    seal = decodeSeal(payload);
  } catch (const std::runtime_error&) {
    throw notSigned(path_);
  }
  if (seal.from != sealed_ || end - sealed_ > largestRecord) throw notSigned(path_);
  Window window(file, sealed_, path_);
  const auto size = static_cast<std::size_t>(end - sealed_);
  const std::string_view bytes = window.from(sealed_, size).substr(0, size);
  if (key_->seal(std::filesystem::path(path_).filename().string(), sealed_, bytes) != seal.seal)
    throw notSigned(path_);
  for (const Waiting& record : waiting_) visit(record.payload, record.offset);
  waiting_.clear();
  sealed_ = offset + payload.size();
}

void JournalReader::scan(const Visit& visit) {
  // Opened anew each time: network file systems show what others wrote only then.
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) throw unreadable(path_, errno);
  Window window(file.get(), position_, path_);
  damage_.tail = 0;
  for (;;) {
    std::string_view bytes = window.from(position_, recordHeaderSize);
    damage_.tail = bytes.size();
    if (bytes.size() < recordHeaderSize) return;
    const auto header = decodeHeader(bytes);
    if (!header) {
      const auto next = nextHeader(window, position_);
      // Without anything sound behind it this may be a record on its way: look again next time.
      if (!next) return;
      ++damage_.records;
      damage_.bytes += *next - position_;
      position_ = *next;
      continue;
    }
    bytes = window.from(position_, recordHeaderSize + header->size);
    damage_.tail = bytes.size();
    if (bytes.size() < recordHeaderSize + header->size) return;
    const std::string_view payload = bytes.substr(recordHeaderSize, header->size);
    if (crc32c(payload) == header->payloadCrc) {
      take(payload, position_ + recordHeaderSize, visit, file.get());
    } else {
      ++damage_.records;
      damage_.bytes += recordHeaderSize + header->size;
    }
    position_ += recordHeaderSize + header->size;
    damage_.unsignedRecords = waiting_.size();
  }
}

}  // namespace wattlas
