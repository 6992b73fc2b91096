#include "results/hdf5_read.h"

namespace wattlas::h5 {

std::size_t sizeOf(hid_t data) {
  const Handle shape(H5Dget_space(data), H5Sclose, "get a space");
  return static_cast<std::size_t>(check(H5Sget_simple_extent_npoints(shape), "size a column"));
}

std::vector<std::string> textAttributes(hid_t object, const char* name) {
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose,
                         (std::string("open '") + name + "'").c_str());
  const Handle type(H5Aget_type(attribute), H5Tclose, "get a type");
  const Handle shape(H5Aget_space(attribute), H5Sclose, "get a space");
  const auto count = check(H5Sget_simple_extent_npoints(shape), "size an attribute");
  const std::size_t width = H5Tget_size(type);
  std::vector<char> bytes(width * static_cast<std::size_t>(count));
  check(H5Aread(attribute, type, bytes.data()), "read an attribute");
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const char* text = bytes.data() + i * width;
    texts.emplace_back(text, ::strnlen(text, width));
  }
  return texts;
}

std::int64_t integerAttribute(hid_t object, const char* name) {
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose, "open an attribute");
  std::int64_t value = 0;
  check(H5Aread(attribute, H5T_NATIVE_INT64, &value), "read an attribute");
  return value;
}

}  // namespace wattlas::h5
