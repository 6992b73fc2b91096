// Creating HDF5 objects that hold no times, so that equal content gives equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/hdf5_handle.h"

namespace wattlas::h5 {

/// Creation properties of a dataset; `chunk` 0 = stored in one piece, without filters.
Handle datasetProperties(hsize_t chunk, unsigned level, bool shuffle);
/// A file that lives in memory.
Handle createFile();
/// A group whose links keep the order of their creation.
Handle createGroup(hid_t file, const char* name);
Handle space(hsize_t size);
Handle scalar();
void attribute(hid_t object, const char* name, const std::string& text);
void attribute(hid_t object, const char* name, std::int64_t value);
void attribute(hid_t object, const char* name, const std::vector<std::string>& texts);

}  // namespace wattlas::h5
