#include "results/store_tables_io.h"

#include <stdexcept>

#include "results/hdf5_create.h"
#include "results/hdf5_read.h"

namespace wattlas {
namespace {

using namespace h5;

constexpr const char* tablesName = "tables";
constexpr const char* columnsName = "columns";

/// Creates the groups above `path` that are not there yet.
void makeParents(hid_t file, const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    const std::string parent = path.substr(0, at);
    if (check(H5Lexists(file, parent.c_str(), H5P_DEFAULT), "look for a group") == 0)
      createGroup(file, parent.c_str());
  }
}

void writeColumn(hid_t group, const StoreColumn& column, ColumnWriter& write) {
  if (const auto* numbers = std::get_if<std::vector<double>>(&column.values)) {
    write.values(group, column.name, H5T_IEEE_F64LE, *numbers, column.unit);
  } else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&column.values)) {
    write.values(group, column.name, H5T_STD_I64LE, *integers, column.unit);
  } else {
    TextColumn texts(column.name, false);
    for (const std::string& text : std::get<std::vector<std::string>>(column.values))
      texts.add(text);
    write.texts(group, texts);
  }
}

StoreColumn readColumn(hid_t group, const std::string& name, Budget& budget) {
  const h5::Column data(group, name, budget);
  StoreColumn column{name, {}, {}};
  if (data.type() == ColumnType::real) {
    column.values = data.reals();
  } else if (data.type() == ColumnType::integer) {
    column.values = data.integers();
  } else {
    budget.take(name, data.rows(), sizeof(std::string));
    std::vector<std::string> cells(data.type() == ColumnType::text ? data.rows() : 0);
    data.texts([&](std::size_t i, std::string t) { cells[i] = std::move(t); });
    column.values = std::move(cells);
  }
  if (hasAttribute(data.id(), "unit")) column.unit = textAttribute(data.id(), "unit");
  return column;
}

}  // namespace

void writeTables(hid_t file, const std::vector<StoreTable>& tables, Hasher& content) {
  if (tables.empty()) return;
  ColumnWriter write(content);
  std::vector<std::string> groups;
  for (const StoreTable& table : tables) {
    makeParents(file, table.group);
    const Handle group = createGroup(file, table.group.c_str());
    content.text(table.group);
    std::vector<std::string> names;
    for (const StoreColumn& column : table.columns) {
      writeColumn(group, column, write);
      names.push_back(column.name);
    }
    if (!names.empty()) attribute(group, columnsName, names);
    groups.push_back(table.group);
  }
  attribute(file, tablesName, groups);
}

std::vector<StoreTable> readTables(hid_t file, Budget& budget) {
  std::vector<StoreTable> tables;
  if (!hasAttribute(file, tablesName)) return tables;
  for (const std::string& name : textAttributes(file, tablesName)) {
    StoreTable table{name, {}};
    if (!name.starts_with('/')) throw Failure("'" + name + "' is no table");
    const Handle group = openGroup(file, name);
    if (hasAttribute(group, columnsName))
      for (const std::string& column : textAttributes(group, columnsName))
        table.columns.push_back(readColumn(group, column, budget));
    try {
      checkTable(table);
    } catch (const std::invalid_argument& problem) {
      throw Failure(problem.what());
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace wattlas
