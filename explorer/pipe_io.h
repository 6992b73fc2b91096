// File descriptors with owners, and length-prefixed frames over pipes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wattlas {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void close();
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read, write;
};
/// Both ends close on exec. Throws std::system_error.
Pipe makePipe();

inline constexpr std::uint32_t largestFrame = 256u << 20;

/// Writes everything, through interruptions. False when the reader is gone.
/// (SIGPIPE must be ignored.)
bool writeAll(int fd, std::string_view bytes);
/// Writes one frame: 32-bit length, then the payload. False when the reader is gone.
bool writeFrame(int fd, std::string_view payload);
/// Blocks for one frame; nothing at the end of the stream or when it is damaged.
std::optional<std::string> readFrame(int fd);

/// Collects what arrives on a descriptor and hands out complete frames.
class FrameBuffer {
 public:
  enum class Read { data, closed };
  /// Reads once what is there (blocking when nothing is).
  Read fill(int fd);
  /// The next complete frame. Throws std::runtime_error on a length beyond `largestFrame`.
  std::optional<std::string> next();

 private:
  std::string bytes_;
  std::size_t begin_ = 0;
};

}  // namespace wattlas
