#include "explorer/campaign/journal_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "explorer/campaign/journal_key.h"
#include "explorer/campaign/journal_record.h"

namespace wattlas {
namespace {

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
