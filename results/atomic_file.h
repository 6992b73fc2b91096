// Files that appear complete or not at all: content goes to a temporary name in the same folder,
// reaches the disk, and is then renamed. A kill at any moment leaves the old file or the new one.
#pragma once

#include <string>
#include <string_view>

namespace wattlas {

class AtomicFile {
 public:
  /// Creates the temporary file beside `path`. Throws InputError when the folder is missing or
  /// cannot be written.
  explicit AtomicFile(std::string path);
  /// Removes the temporary file unless `commit` was called.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends; throws InputError when the disk is full or the write fails.
  void write(std::string_view bytes);
  /// Syncs and renames to the final name. Throws InputError; the final name is then untouched.
  void commit();
  const std::string& temporaryPath() const { return temporary_; }

 private:
  [[noreturn]] void fail(const char* doing) const;

  std::string path_, temporary_;
  int descriptor_ = -1;
};

/// The whole file in one go. Throws InputError.
void writeFileAtomically(const std::string& path, std::string_view bytes);

}  // namespace wattlas
