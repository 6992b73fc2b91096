// Files that appear complete or not at all: content goes to a file without a name in the same
// folder, reaches the disk, and only then gets its name. A kill at any moment leaves the old file
// or the new one, and nothing else (file systems without nameless files: perhaps NAME.tmp.RANDOM).
// The new file has the mode of the old one. A link is written through if it is the user's own.
#pragma once

#include <string>
#include <string_view>

namespace wattlas {

class AtomicFile {
 public:
  /// Throws InputError when the folder is missing or cannot be written, and for what is no file.
  explicit AtomicFile(std::string path);
  /// Without `commit` nothing is left.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends; throws InputError when the disk is full or the write fails.
  void write(std::string_view bytes);
  /// Syncs and renames to the final name. Throws InputError; the final name is then untouched.
  void commit();

 private:
  [[noreturn]] void fail(const char* doing) const;
  [[noreturn]] void refuse(const char* what, const char* hint) const;
  void followLink();
  void openNamed();
  std::string freeName() const;

  std::string named_;      ///< as the user wrote it
  std::string path_;       ///< what is written: where a link leads to
  std::string temporary_;  ///< its name until it is complete; empty = it has none
  int descriptor_ = -1;
};

/// The whole file in one go. Throws InputError.
void writeFileAtomically(const std::string& path, std::string_view bytes);

}  // namespace wattlas
