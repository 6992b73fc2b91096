#include "models/base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <random>

#include "models/base/error.h"

namespace wattlas {
namespace {

std::string folderOf(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Makes the rename itself durable. A file system that cannot sync folders is not an error.
void syncFolder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : named_(std::move(path)), path_(named_) {
  if (named_.empty() || named_.back() == '/') refuse("is a folder", "");
  followLink();
  struct stat status {};
  const bool exists = ::stat(path_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) refuse("is a folder", "");
  // Renaming over a device or pipe (/dev/null as root) would replace it for everybody.
  if (exists && !S_ISREG(status.st_mode))
    refuse("is a device or pipe", "results appear under their name only when they are complete");
  // Without a name until it is complete: nothing is left behind, however this process ends.
  descriptor_ = ::open(folderOf(path_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (descriptor_ >= 0 && ::access("/proc/self/fd", X_OK) != 0) {
    ::close(descriptor_);  // it could get no name
    descriptor_ = -1;
  }
  if (descriptor_ < 0) openNamed();
  // Who may read and write the old file may the new one.
  if (exists) {
    if (status.st_uid != ::geteuid() || status.st_gid != ::getegid())
      static_cast<void>(::fchown(descriptor_, status.st_uid, status.st_gid) == 0);
    ::fchmod(descriptor_, status.st_mode & 07777);
  }
}

/// A link is written through: the file that it leads to is replaced, the link stays. Links of other
/// people could lead anywhere and are refused.
void AtomicFile::followLink() {
  struct stat link {};
  if (::lstat(path_.c_str(), &link) != 0 || !S_ISLNK(link.st_mode)) return;
  if (link.st_uid != ::geteuid() && link.st_uid != 0)
    refuse("is a link that somebody else made", "give the file that it leads to");
  char target[PATH_MAX];
  if (::realpath(path_.c_str(), target) == nullptr)
    refuse("is a link to nothing", "remove it, or give the file that it should lead to");
  path_ = target;
}

void AtomicFile::refuse(const char* what, const char* hint) const {
  throw InputError({named_, 0}, "", what, "the name of a file to write", hint);
}

std::string AtomicFile::freeName() const {
  std::random_device random;
  return path_ + ".tmp." + std::to_string(random()) + std::to_string(random());
}

/// For file systems without nameless files. O_EXCL: nobody's file or link stands there already.
void AtomicFile::openNamed() {
  temporary_ = freeName();
  descriptor_ =
      ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("cannot be created");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail("cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail("cannot be written to disk");
  if (temporary_.empty()) {
    const std::string nameless = "/proc/self/fd/" + std::to_string(descriptor_);
    std::string name = freeName();
    if (::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
      fail("cannot be put in place");
    temporary_ = std::move(name);
  }
  // Some network file systems report a full disk only here.
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0)
    fail("cannot be put in place");
  temporary_.clear();
  syncFolder(folderOf(path_));
}

void AtomicFile::fail(const char* doing) const {
  const int reason = errno;
  const std::string hint = reason == ENOENT ? "create the folder '" + folderOf(path_) + "' first"
                           : reason == ENOSPC || reason == EDQUOT || reason == EFBIG
                               ? "free some space; the old file is untouched"
                               : "";
  throw InputError({named_, 0}, "", std::string(doing) + ": " + std::strerror(reason),
                   "a writable place", hint);
}

void writeFileAtomically(const std::string& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace wattlas
