#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "models/base/atomic_file.h"
#include "models/base/error.h"
#include "models/base/hash.h"
#include "results/hdf5_create.h"
#include "results/store.h"
#include "results/store_layout.h"
#include "results/store_tables_io.h"

namespace wattlas {
namespace {

using namespace h5;  // attribute, check, createGroup, datasetProperties, Handle, space

constexpr hsize_t textPerChunk = 1 << 18;

}  // namespace

const std::vector<layout::NumberField>& layout::numbers() {
  static const std::vector<NumberField> all = [] {
    std::vector<NumberField> fields;
    for (int m = 0; m < coreMetricCount; ++m) fields.push_back({metricAt(m).name, m});
    fields.push_back({"bound_share", -1, &PointRow::boundShare});
    fields.push_back({"energy_category_share", -1, &PointRow::energyCategoryShare});
    return fields;
  }();
  return all;
}

std::string layout::unitOf(std::string_view column) {
  for (const char* quantile : {".p5", ".p50", ".p95"})
    if (column.ends_with(quantile)) column.remove_suffix(std::strlen(quantile));
  const auto metric = findMetric(column);
  return metric ? metricAt(*metric).unit : "1";
}

bool layout::isColumn(std::string_view name) {
  const auto named = [&](const auto& field) { return name == field.name; };
  const std::vector<NumberField>& all = numbers();
  return std::any_of(textFields.begin(), textFields.end(), named) || named(energyCategory) ||
         std::any_of(all.begin(), all.end(), named) || name == "feasible" || name == "pareto";
}

std::string layout::endMark(std::string_view bytes) {
  return fmt::format("\nWATTLAS END {} {:016d}\n\n", hashText(bytes).hex(), bytes.size());
}

struct StoreWriter::State {
  StoreHeader header;
  Handle file = createFile();
  std::vector<TextColumn> texts, parameters;
  TextColumn category{layout::energyCategory.name, false};
  std::vector<std::vector<double>> numbers;
  std::vector<std::pair<std::string, std::vector<double>>> extras;
  std::vector<signed char> feasible, pareto;
  std::vector<StoreTable> tables;
  std::vector<std::uint64_t> offsets{0};
  std::string pending;  ///< JSON text that does not fill a chunk yet
  std::uint64_t stored = 0;
  std::optional<Handle> text;
  Hasher content;
  bool finished = false;

  /// Moves whole chunks of JSON text into the file; `all` = the rest, too.
  void flushText(bool all) {
    if (!text && !pending.empty()) {
      const Handle group = createGroup(file, "/results");
      const hsize_t none = 0, unlimited = H5S_UNLIMITED;
      const Handle shape(H5Screate_simple(1, &none, &unlimited), H5Sclose, "create a space");
      text.emplace(H5Dcreate2(file, layout::jsonText, H5T_STD_U8LE, shape, H5P_DEFAULT,
                              datasetProperties(textPerChunk, 1, false), H5P_DEFAULT),
                   H5Dclose, "create the JSON text");
    }
    std::size_t begin = 0;
    while (pending.size() - begin >= textPerChunk || (all && begin < pending.size())) {
      const hsize_t count = std::min<hsize_t>(textPerChunk, pending.size() - begin);
      const hsize_t from = stored, size = stored + count;
      check(H5Dset_extent(*text, &size), "extend the JSON text");
      const Handle target(H5Dget_space(*text), H5Sclose, "get a space");
      check(H5Sselect_hyperslab(target, H5S_SELECT_SET, &from, nullptr, &count, nullptr),
            "select a part");
      check(
          H5Dwrite(*text, H5T_STD_U8LE, space(count), target, H5P_DEFAULT, pending.data() + begin),
          "write JSON text");
      stored = size;
      begin += count;
    }
    pending.erase(0, begin);
  }

  /// As the study lists them: rows with other active design parameters may have come first.
  std::vector<TextColumn*> orderedParameters() {
    std::vector<TextColumn*> out;
    for (TextColumn& parameter : parameters) out.push_back(&parameter);
    const auto place = [&](const TextColumn* parameter) {
      return std::find(header.parameters.begin(), header.parameters.end(), parameter->name());
    };
    std::stable_sort(out.begin(), out.end(),
                     [&](const TextColumn* a, const TextColumn* b) { return place(a) < place(b); });
    return out;
  }

  /// Each column leaves memory when it is in the file.
  void writePoints() {
    const Handle group = createGroup(file, layout::points);
    ColumnWriter write(content);
    const auto move = [&](TextColumn& column) {
      write.texts(group, column);
      column = TextColumn(column.name(), false);
    };
    const auto part = [&](std::size_t from, std::size_t to) {
      for (std::size_t i = from; i < to; ++i) move(texts[i]);
    };
    part(0, layout::fieldsBeforeParameters);
    std::vector<std::string> names;
    for (TextColumn* parameter : orderedParameters()) {
      move(*parameter);
      names.push_back(parameter->name());
    }
    part(layout::fieldsBeforeParameters, texts.size());
    move(category);
    const std::vector<layout::NumberField>& columns = layout::numbers();
    for (std::size_t i = 0; i < columns.size(); ++i)
      write.values(group, columns[i].name, H5T_IEEE_F64LE, std::exchange(numbers[i], {}),
                   layout::unitOf(columns[i].name));
    write.values(group, "feasible", h5::boolType(), feasible);
    write.values(group, "pareto", h5::boolType(), pareto);
    if (!names.empty()) attribute(group, "genes", names);
    std::vector<std::string> extraNames;
    for (const auto& [name, values] : extras) {
      write.values(group, name, H5T_IEEE_F64LE, values, layout::unitOf(name));
      extraNames.push_back(name);
    }
    if (!extraNames.empty()) attribute(group, "extra", extraNames);
    if (stored > 0)
      write.write(file, layout::jsonOffset, H5T_STD_U64LE, true, feasible.size(),
                  [&](std::size_t from, std::size_t count) {
                    return std::string(reinterpret_cast<const char*>(offsets.data() + from + 1),
                                       count * sizeof(std::uint64_t));
                  });
  }

  /// Design parameters usually come in the order of their columns: each is looked for behind the
  /// last one.
  void addParameters(const PointRow& row, std::size_t before) {
    std::size_t next = 0;
    for (const auto& [name, value] : row.parameters) {
      const auto named = [&n = name](const TextColumn& g) { return g.name() == n; };
      auto known =
          parameters.begin() + static_cast<std::ptrdiff_t>(std::min(next, parameters.size()));
      if (known == parameters.end() || !named(*known)) {
        if (isFixedColumn(name)) continue;
        known = std::find_if(parameters.begin(), parameters.end(), named);
      }
      if (known == parameters.end()) {
        if (name.empty() || name.find('/') != std::string::npos)
          throw InputError("'" + name + "' cannot be the name of a gene", "a name without '/'");
        known = parameters.emplace(parameters.end(), name, false);
        known->padTo(before);
      }
      next = static_cast<std::size_t>(known - parameters.begin()) + 1;
      if (known->rows() == before) known->add(value);  // the first of two with the same name counts
    }
  }

  void addExtra(const std::string& name, double value) {
    auto known = std::find_if(extras.begin(), extras.end(),
                              [&](const auto& column) { return column.first == name; });
    if (known == extras.end()) known = extras.insert(extras.end(), {name, {}});
    known->second.resize(feasible.size(), missing);
    known->second.push_back(value);
  }
};

StoreWriter::StoreWriter(StoreHeader header) : state_(std::make_unique<State>()) {
  state_->header = std::move(header);
  for (const layout::TextField& field : layout::textFields)
    state_->texts.emplace_back(field.name, field.unique);
  state_->numbers.resize(layout::numbers().size());
}

StoreWriter::StoreWriter(StoreWriter&&) noexcept = default;
StoreWriter::~StoreWriter() = default;

std::size_t StoreWriter::size() const {
  return state_->feasible.size();
}

void StoreWriter::append(const PointRow& row, std::string_view json) {
  State& s = *state_;
  if (s.finished) throw std::logic_error("a finished results file cannot grow");
  if (row.scope != s.header.scope)
    throw InputError("point '" + row.id + "' has scope '" + row.scope + "'",
                     "'" + s.header.scope + "', as all points of one results file",
                     "write results of different scopes to different files");
  for (const auto& [name, value] : row.extra)
    if (name.empty() || name.find('/') != std::string::npos || layout::isColumn(name) ||
        parameterOf(row, name) != nullptr)
      throw InputError("'" + name + "' cannot be the name of a further number",
                       "a name without '/' that no other column has");
  const std::size_t before = size();
  s.addParameters(row, before);
  for (TextColumn& parameter : s.parameters) parameter.padTo(before + 1);
  for (const auto& [name, value] : row.extra) s.addExtra(name, value);
  for (auto& [name, values] : s.extras) values.resize(before + 1, missing);
  for (std::size_t i = 0; i < s.texts.size(); ++i)
    s.texts[i].add(row.*layout::textFields[i].member);
  s.category.add(row.energyCategory);
  const std::vector<layout::NumberField>& columns = layout::numbers();
  for (std::size_t i = 0; i < columns.size(); ++i) s.numbers[i].push_back(columns[i].of(row));
  s.feasible.push_back(row.feasible);
  s.pareto.push_back(row.pareto);
  s.content.add(hashText(json));
  s.pending += json;
  s.offsets.push_back(s.offsets.back() + json.size());
  if (s.pending.size() >= textPerChunk) s.flushText(false);
}

void StoreWriter::addTable(StoreTable table) {
  checkTable(table);
  for (const StoreTable& other : state_->tables)
    if (other.group == table.group || other.group.starts_with(table.group + "/") ||
        table.group.starts_with(other.group + "/"))
      throw std::invalid_argument("table '" + table.group + "' meets '" + other.group + "'");
  state_->tables.push_back(std::move(table));
}

std::string StoreWriter::finish() {
  State& s = *state_;
  if (s.finished) throw std::logic_error("a results file is finished once");
  s.finished = true;
  s.flushText(true);
  s.text.reset();
  s.writePoints();
  writeTables(s.file, s.tables, s.content);
  const StoreHeader& header = s.header;
  s.content.text(header.name).text(header.scope).text(header.energyMode).text(header.study);
  attribute(s.file, "kind", layout::kind);
  attribute(s.file, "schema", std::int64_t{storeSchema});
  attribute(s.file, "version", WATTLAS_VERSION);
  attribute(s.file, "name", header.name);
  attribute(s.file, "scope", header.scope);
  attribute(s.file, "energy_mode", header.energyMode);
  attribute(s.file, "points", static_cast<std::int64_t>(size()));
  attribute(s.file, "content_hash", s.content.finish().hex());
  if (!header.study.empty()) {
    const Handle type = h5::textType(header.study.size());
    const Handle data(H5Dcreate2(s.file, layout::study, type, scalar(), H5P_DEFAULT,
                                 datasetProperties(0, 0, false), H5P_DEFAULT),
                      H5Dclose, "create the study");
    check(H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, header.study.data()),
          "write the study");
  }
  check(H5Fflush(s.file, H5F_SCOPE_GLOBAL), "flush the file");
  const auto size = check(H5Fget_file_image(s.file, nullptr, 0), "size the file");
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(size) + layout::endSize);
  bytes.resize(static_cast<std::size_t>(size));
  check(H5Fget_file_image(s.file, bytes.data(), bytes.size()), "copy the file");
  bytes += layout::endMark(bytes);
  return bytes;
}

void StoreWriter::commit(const std::string& path) {
  writeFileAtomically(path, finish());
}

void writeRunStore(const std::string& path, const RunResult& result) {
  StoreWriter writer({result.platform, result.scope, result.energyMode, result.config});
  writer.append(makePointRow(result.configHash, result), toJson(result, false, -1));
  writer.commit(path);
}

}  // namespace wattlas
