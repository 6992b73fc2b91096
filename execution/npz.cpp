// Archives of arrays: zip files whose members are stored or deflated.
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "execution/npy.h"
#include "models/base/config.h"
#include "models/base/error.h"

namespace wattlas {
namespace {

constexpr std::uint32_t memberMark = 0x04034b50, entryMark = 0x02014b50, endMark = 0x06054b50;
constexpr std::size_t mostMembers = 100000;
constexpr std::size_t mostTimes = 1032;  ///< deflate makes nothing smaller than by this

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw InputError({name, 0}, "", what, "an .npz file as numpy.savez writes it");
}

/// Reads little-endian fields within bounds.
struct Fields {
  std::string_view bytes;
  const std::string& name;

  template <class T>
  T at(std::size_t offset) const {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T))
      refuse(name, "the file is cut off");
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
  }
  std::string_view span(std::size_t offset, std::size_t size) const {
    if (offset > bytes.size() || bytes.size() - offset < size) refuse(name, "the file is cut off");
    return bytes.substr(offset, size);
  }
};

/// `windowBits` as zlib has them: 47 for gzip or zlib, -15 for bare deflate.
std::string inflated(std::string_view bytes, std::size_t limit, int windowBits,
                     const std::string& name) {
  z_stream stream{};
  if (inflateInit2(&stream, windowBits) != Z_OK) throw std::bad_alloc();
  std::string out;
  int state = Z_OK;
  try {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    std::size_t left = bytes.size();
    while (state == Z_OK) {
      if (stream.avail_in == 0) {
        const std::size_t now = std::min<std::size_t>(left, 1u << 30);
        stream.avail_in = static_cast<uInt>(now);
        left -= now;
      }
      const std::size_t had = out.size(), more = std::clamp<std::size_t>(had, 65536, 1u << 28);
      out.resize(had + more);
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
      stream.avail_out = static_cast<uInt>(more);
      state = inflate(&stream, Z_NO_FLUSH);
      out.resize(had + more - stream.avail_out);
      if (out.size() > limit) break;
      if (state == Z_BUF_ERROR && left > 0) state = Z_OK;
    }
  } catch (...) {
    inflateEnd(&stream);
    throw;
  }
  inflateEnd(&stream);
  if (out.size() > limit)
    refuse(name, "compressed data grow beyond " + std::to_string(limit) + " bytes");
  if (state != Z_STREAM_END) refuse(name, "compressed data are damaged or cut off");
  return out;
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string memberBytes(const Fields& file, std::size_t entry, const std::string& name) {
  const auto method = file.at<std::uint16_t>(entry + 10);
  const auto check = file.at<std::uint32_t>(entry + 16);
  const auto packed = file.at<std::uint32_t>(entry + 20), size = file.at<std::uint32_t>(entry + 24);
  const auto local = file.at<std::uint32_t>(entry + 42);
  if (size == 0xffffffff || packed == 0xffffffff) refuse(name, "a member of more than 4 GiB");
  if (file.at<std::uint32_t>(local) != memberMark)
    refuse(name, "a member is not where it should be");
  const std::size_t data = std::size_t{local} + 30 + file.at<std::uint16_t>(local + 26) +
                           file.at<std::uint16_t>(local + 28);
  const std::string_view bytes = file.span(data, packed);
  std::string out;
  if (method == 0 && packed == size) {
    out = std::string(bytes);
  } else if (method == 8 && size <= packed * mostTimes + 64) {
    out = inflated(bytes, size, -15, name);
  } else {
    refuse(name, "a member is neither stored nor deflated");
  }
  if (out.size() != size || checksum(out) != check) refuse(name, "a member is damaged");
  return out;
}

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// What member and directory entry have in common, from the version on.
std::string commonFields(const std::string& member, const std::string& data) {
  std::string out;
  put<std::uint16_t>(out, 20);
  put<std::uint16_t>(out, 0);
  put<std::uint16_t>(out, 0);           // stored
  put<std::uint32_t>(out, 0x00210000);  // 1980-01-01: no time of day in a file
  put<std::uint32_t>(out, checksum(data));
  put(out, static_cast<std::uint32_t>(data.size()));
  put(out, static_cast<std::uint32_t>(data.size()));
  put(out, static_cast<std::uint16_t>(member.size()));
  put<std::uint16_t>(out, 0);
  return out;
}

}  // namespace

std::string inflateAll(std::string_view bytes, std::size_t limit, const std::string& name) {
  return inflated(bytes, limit, 47, name);
}

NumpyArchive parseNpz(std::string_view bytes, const std::string& name) {
  const Fields file{bytes, name};
  // The directory's end stands at the end of the file, behind it at most a comment.
  std::size_t end = bytes.size() < 22 ? std::string_view::npos : bytes.size() - 22;
  const std::size_t first = bytes.size() > 65557 ? bytes.size() - 65557 : 0;
  while (end != std::string_view::npos && file.at<std::uint32_t>(end) != endMark)
    end = end > first ? end - 1 : std::string_view::npos;
  if (end == std::string_view::npos) refuse(name, "no .npz file");
  const std::size_t members = file.at<std::uint16_t>(end + 10);
  std::size_t at = file.at<std::uint32_t>(end + 16), total = 0;
  if (members > mostMembers) refuse(name, "too many members");
  NumpyArchive arrays;
  for (std::size_t i = 0; i < members; ++i) {
    if (file.at<std::uint32_t>(at) != entryMark) refuse(name, "its directory is damaged");
    const std::size_t length = file.at<std::uint16_t>(at + 28);
    std::string member(file.span(at + 46, length));
    const std::string data = memberBytes(file, at, name);
    total += data.size();
    if (total > largestArray) refuse(name, "more than 4 GiB of arrays");
    if (member.ends_with(".npy")) member.resize(member.size() - 4);
    NumpyArray array = parseNpy(data, name + ":" + member);
    if (!arrays.emplace(member, std::move(array)).second)
      refuse(name, "two arrays are named '" + member.substr(0, 60) + "'");
    at += 46 + length + file.at<std::uint16_t>(at + 30) + file.at<std::uint16_t>(at + 32);
  }
  return arrays;
}

NumpyArchive readNpz(const std::string& file) {
  return parseNpz(readTextFile(file, largestArray), file);
}

std::string npzBytes(const NumpyArchive& arrays) {
  std::string out, directory;
  for (const auto& [name, array] : arrays) {
    const std::string member = name + ".npy", data = npyBytes(array);
    if (out.size() + data.size() > 0xfffffff0u) throw InputError("weights of more than 4 GiB");
    const auto offset = static_cast<std::uint32_t>(out.size());
    const std::string common = commonFields(member, data);
    put(out, memberMark);
    out += common + member + data;
    put(directory, entryMark);
    put<std::uint16_t>(directory, 20);
    directory += common;
    directory.append(10, '\0');  // comment, disk, attributes
    put(directory, offset);
    directory += member;
  }
  const auto begin = static_cast<std::uint32_t>(out.size());
  const auto count = static_cast<std::uint16_t>(arrays.size());
  out += directory;
  put(out, endMark);
  put<std::uint32_t>(out, 0);
  put(out, count);
  put(out, count);
  put(out, static_cast<std::uint32_t>(directory.size()));
  put(out, begin);
  put<std::uint16_t>(out, 0);
  return out;
}

}  // namespace wattlas
