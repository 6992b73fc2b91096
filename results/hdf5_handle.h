// HDF5 identifiers that close themselves, and calls that throw. For the .cpp files of this room.
#pragma once

#include <hdf5.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace wattlas::h5 {

/// A call of the library failed: a bug of ours when writing, a damaged file when reading.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class T>
T check(T status, const char* doing) {
  if (status < 0) throw Failure(std::string("HDF5 cannot ") + doing);
  return status;
}

class Handle {
 public:
  using Closer = herr_t (*)(hid_t);
  Handle(hid_t id, Closer closer, const char* doing) : id_(check(id, doing)), closer_(closer) {}
  Handle(Handle&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)), closer_(other.closer_) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) closer_(id_);
  }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  Closer closer_;
};

/// The library prints its own error stack otherwise; our messages say it better.
class Quiet {
 public:
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

/// Fixed-length UTF-8 text, padded with zeros; `width` >= 1.
inline Handle textType(std::size_t width) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "copy a type");
  check(H5Tset_size(type, width), "size a text type");
  check(H5Tset_strpad(type, H5T_STR_NULLPAD), "pad a text type");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "set a text type to UTF-8");
  return type;
}

/// The boolean that h5py reads and writes: an enumeration over one byte.
inline Handle boolType() {
  Handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose, "create a type");
  signed char value = 0;
  check(H5Tenum_insert(type, "FALSE", &value), "name a value");
  value = 1;
  check(H5Tenum_insert(type, "TRUE", &value), "name a value");
  return type;
}

}  // namespace wattlas::h5
