#include "results/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

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

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  struct stat status {};
  if (path_.empty() || path_.back() == '/' ||
      (::stat(path_.c_str(), &status) == 0 && S_ISDIR(status.st_mode)))
    throw InputError(Problem{{path_, 0}, "", "is a folder", "the name of a file to write", ""});
  // Renaming over a device or pipe (/dev/null as root) would replace it for everybody.
  if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    throw InputError(Problem{{path_, 0},
                             "",
                             "is a device or pipe",
                             "the name of a file to write",
                             "results appear under their name only when they are complete"});
  // The process id keeps two programs apart that write the same name at once.
  temporary_ = path_ + ".tmp." + std::to_string(::getpid());
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("cannot be created");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
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
  // Some network file systems report a full disk only here.
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary_.c_str());
    errno = reason;
    fail("cannot be put in place");
  }
  syncFolder(folderOf(path_));
}

void AtomicFile::fail(const char* doing) const {
  const int reason = errno;
  const std::string hint = reason == ENOENT   ? "create the folder '" + folderOf(path_) + "' first"
                           : reason == ENOSPC ? "free some space; the old file is untouched"
                                              : "";
  throw InputError(Problem{
      {path_, 0}, "", std::string(doing) + ": " + std::strerror(reason), "a writable place", hint});
}

void writeFileAtomically(const std::string& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace wattlas
