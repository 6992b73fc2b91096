#include "explorer/campaign/journal_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "explorer/campaign/journal_record.h"

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
    for (std::size_t place = findMark(bytes, 0); place <= last; place = findMark(bytes, place + 1))
      if (decodeHeader(bytes.substr(place))) return at + place;
    at += last + 1;
  }
}

std::string adviceFor(int reason) {
  switch (reason) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "free some space (or raise the quota) and run the same command again";
    case ENOENT:
      return "the folder is gone: bring it back (or make it again, empty) and run the same command "
             "again";
    case EROFS:
    case EACCES:
    case EPERM:
      return "make the folder writable and run the same command again";
    default:
      return "run the same command again once the file system works";
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

JournalUnreadable unreadable(const std::string& path, int reason) {
  return JournalUnreadable(
      path + " cannot be read: " + std::strerror(reason) +
      "; a campaign counts only with all its journals: make it readable, or move "
      "it away and run its points again");
}

std::string hostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

void syncFolder(const std::string& folder) {
  const Descriptor handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.open()) ::fsync(handle.get());
}

JournalWriter::JournalWriter(std::string path, double syncSeconds, const JournalKey* key)
    : path_(std::move(path)), syncSeconds_(syncSeconds), key_(key) {
  file_ =
      Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666));
  if (!file_.open()) {
    if (errno == EEXIST) throw JournalExists(path_ + " exists already");
    fail("cannot be created");
  }
  syncFolder(std::filesystem::path(path_).parent_path().string());
}

JournalWriter::~JournalWriter() {
  try {
    if (!broken_) sync();
  } catch (const JournalFailure&) {
    // Reported by the call that could still throw.
  }
}

void JournalWriter::append(std::string_view payload) {
  pending_ += encodeRecord(payload);
}

void JournalWriter::flush() {
  if (key_ != nullptr && !pending_.empty())
    pending_ += encodeRecord(sealPayload(
        written_,
        key_->seal(std::filesystem::path(path_).filename().string(), written_, pending_)));
  std::string_view left = pending_;
  while (!left.empty()) {
    const ssize_t done = ::write(file_.get(), left.data(), left.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) {
      const int reason = errno;
      // A torn record at the end would be found by its checksum; without it the file is cleaner.
      if (::ftruncate(file_.get(), static_cast<off_t>(written_)) != 0) errno = 0;
      errno = reason;
      fail("cannot be written");
    }
    left.remove_prefix(static_cast<std::size_t>(done));
  }
  if (!pending_.empty()) unsynced_ = true;
  written_ += pending_.size();
  pending_.clear();
  if (unsynced_ && std::chrono::duration<double>(Clock::now() - synced_).count() >= syncSeconds_)
    sync();
}

void JournalWriter::sync() {
  if (!pending_.empty()) {
    synced_ = Clock::now();  // keeps flush from coming back here
    flush();
  }
  if (!unsynced_) return;
  // Some network file systems report a full disk only here.
  if (::fdatasync(file_.get()) != 0 && errno != EINVAL && errno != EROFS)
    fail("cannot be written to the disk");
  synced_ = Clock::now();
  unsynced_ = false;
}

void JournalWriter::fail(const char* doing) {
  const int reason = errno;
  broken_ = true;
  throw JournalFailure("the journal " + path_ + " " + doing + ": " + std::strerror(reason) + "; " +
                       adviceFor(reason));
}

}  // namespace wattlas
