// Runs the built `wattlas` as a user would: a process with arguments, its output and exit code.
#pragma once

#include <string>
#include <vector>

namespace wattlas::system {

struct Output {
  int exitCode = -1;  ///< -1 when a signal ended it
  int signal = 0;
  std::string out, err;
};

struct Setting {
  std::string folder;       ///< current folder of the process; empty = the test's own
  std::string wattlasPath;  ///< WATTLAS_PATH; empty = not set
};

/// Runs `wattlas arguments...` to its end; after 60 s it is killed and the test fails.
Output wattlas(const std::vector<std::string>& arguments, const Setting& setting = {});

/// A process that is still running; killed and reaped when it goes out of scope.
class Running {
 public:
  explicit Running(const std::vector<std::string>& arguments, const Setting& setting = {});
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  void send(int signal) const;
  /// Closes the reading end of its standard output, as `| head` does.
  void closeOutput();
  /// Reads to the end and waits.
  Output finish();

 private:
  int process_ = -1, out_ = -1, err_ = -1;
};

/// A fresh folder for one test, removed afterwards.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

std::string read(const std::string& file);
bool exists(const std::string& file);
std::vector<std::string> filesIn(const std::string& folder);

}  // namespace wattlas::system
