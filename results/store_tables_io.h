// Tables beside the points, to and from HDF5. For the .cpp files of this room.
#pragma once

#include <vector>

#include "models/base/hash.h"
#include "results/hdf5_handle.h"
#include "results/store_table.h"

namespace wattlas {
namespace h5 {
class Budget;
}

/// Writes checked tables; a file without tables is not touched.
void writeTables(hid_t file, const std::vector<StoreTable>& tables, Hasher& content);
/// Throws h5::Failure, also when columns of a table differ in length.
std::vector<StoreTable> readTables(hid_t file, h5::Budget& budget);

}  // namespace wattlas
