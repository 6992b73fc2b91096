#include "results/store_tables_io.h"

#include "results/column_writer.h"
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

StoreColumn readColumn(hid_t group, const std::string& name) {
  const Handle data = openData(group, name);
  const Handle type(H5Dget_type(data), H5Tclose, "get a type");
  StoreColumn column{name, {}, {}};
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      column.values = values<double>(data, H5T_NATIVE_DOUBLE);
      break;
    case H5T_INTEGER:
      column.values = values<std::int64_t>(data, H5T_NATIVE_INT64);
      break;
    default: {
      std::vector<std::string> cells(sizeOf(data));
      texts(data, [&](std::size_t i, std::string t) { cells[i] = std::move(t); });
      column.values = std::move(cells);
    }
  }
  if (check(H5Aexists(data, "unit"), "look for a unit") > 0)
    column.unit = textAttributes(data, "unit").front();
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

std::vector<StoreTable> readTables(hid_t file) {
  std::vector<StoreTable> tables;
  if (check(H5Aexists(file, tablesName), "look for tables") == 0) return tables;
  for (const std::string& name : textAttributes(file, tablesName)) {
    const Handle group(H5Gopen2(file, name.c_str(), H5P_DEFAULT), H5Gclose, "open a table");
    StoreTable table{name, {}};
    if (check(H5Aexists(group, columnsName), "look for columns") > 0)
      for (const std::string& column : textAttributes(group, columnsName))
        table.columns.push_back(readColumn(group, column));
    for (const StoreColumn& column : table.columns)
      if (column.size() != table.rows()) throw std::out_of_range(name);
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace wattlas
