#include "explorer/pipe_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace wattlas {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

void Descriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Pipe makePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

bool writeAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool writeFrame(int fd, std::string_view payload) {
  const std::uint32_t size = static_cast<std::uint32_t>(payload.size());
  std::string frame(reinterpret_cast<const char*>(&size), sizeof size);
  frame.append(payload);
  return writeAll(fd, frame);
}

namespace {

bool readAll(int fd, char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::read(fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

std::optional<std::string> readFrame(int fd) {
  std::uint32_t size = 0;
  if (!readAll(fd, reinterpret_cast<char*>(&size), sizeof size) || size > largestFrame)
    return std::nullopt;
  std::string payload(size, '\0');
  if (!readAll(fd, payload.data(), size)) return std::nullopt;
  return payload;
}

FrameBuffer::Read FrameBuffer::fill(int fd) {
  char chunk[1 << 16];
  for (;;) {
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Read::closed;
    if (begin_ > (1u << 20)) {
      bytes_.erase(0, begin_);
      begin_ = 0;
    }
    bytes_.append(chunk, static_cast<std::size_t>(n));
    return Read::data;
  }
}

std::optional<std::string> FrameBuffer::next() {
  std::uint32_t size = 0;
  if (bytes_.size() - begin_ < sizeof size) return std::nullopt;
  std::memcpy(&size, bytes_.data() + begin_, sizeof size);
  if (size > largestFrame) throw std::runtime_error("a frame between processes is damaged");
  if (bytes_.size() - begin_ - sizeof size < size) return std::nullopt;
  std::string payload = bytes_.substr(begin_ + sizeof size, size);
  begin_ += sizeof size + size;
  if (begin_ == bytes_.size()) {
    bytes_.clear();
    begin_ = 0;
  }
  return payload;
}

}  // namespace wattlas
