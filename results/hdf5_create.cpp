#include "results/hdf5_create.h"

#include "results/text_column.h"

namespace wattlas::h5 {

/// Creation properties without times, so that equal content gives equal bytes.
Handle datasetProperties(hsize_t chunk, unsigned level, bool shuffle) {
  Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "create properties");
  check(H5Pset_obj_track_times(properties, false), "leave times out");
  if (chunk == 0) return properties;
  check(H5Pset_chunk(properties, 1, &chunk), "set chunks");
  if (shuffle) check(H5Pset_shuffle(properties), "set the shuffle filter");
  check(H5Pset_deflate(properties, level), "set compression");
  check(H5Pset_fletcher32(properties), "set checksums");
  return properties;
}

Handle createFile() {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "create properties");
  check(H5Pset_fapl_core(access, 1 << 20, false), "work in memory");
  // The oldest format: every reader knows it, and its superblock has no checksum that
  // H5Fget_file_image would break by clearing the "open for writing" flag.
  check(H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18), "fix the format");
  Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "create properties");
  check(H5Pset_obj_track_times(creation, false), "leave times out");
  return Handle(H5Fcreate("wattlas-results", H5F_ACC_TRUNC, creation, access), H5Fclose,
                "create a file in memory");
}

Handle createGroup(hid_t file, const char* name) {
  Handle properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "create properties");
  check(H5Pset_obj_track_times(properties, false), "leave times out");
  check(H5Pset_link_creation_order(properties, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
        "keep the order of columns");
  return Handle(H5Gcreate2(file, name, H5P_DEFAULT, properties, H5P_DEFAULT), H5Gclose,
                "create a group");
}

Handle space(hsize_t size) {
  return Handle(H5Screate_simple(1, &size, nullptr), H5Sclose, "create a space");
}
Handle scalar() {
  return Handle(H5Screate(H5S_SCALAR), H5Sclose, "create a space");
}

namespace {
void attribute(hid_t object, const char* name, hid_t type, hid_t shape, const void* data) {
  const Handle made(H5Acreate2(object, name, type, shape, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                    "create an attribute");
  check(H5Awrite(made, type, data), "write an attribute");
}
}  // namespace

void attribute(hid_t object, const char* name, const std::string& text) {
  std::string padded = text.empty() ? std::string(1, '\0') : text;
  attribute(object, name, h5::textType(padded.size()), scalar(), padded.data());
}

void attribute(hid_t object, const char* name, std::int64_t value) {
  attribute(object, name, H5T_STD_I64LE, scalar(), &value);
}

void attribute(hid_t object, const char* name, const std::vector<std::string>& texts) {
  TextColumn column(name, false);
  for (const std::string& text : texts) column.add(text);
  attribute(object, name, h5::textType(column.width()), space(texts.size()),
            column.slab(0, texts.size()).data());
}

}  // namespace wattlas::h5
