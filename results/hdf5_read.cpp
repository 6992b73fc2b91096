#include "results/hdf5_read.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "results/text_column.h"

namespace wattlas::h5 {
namespace {

constexpr std::uint64_t widestText = 16U << 20;        // of a cell: a study in YAML
constexpr std::uint64_t largestAttribute = 16U << 20;  // names of columns
constexpr std::uint64_t largestChunk = 16U << 20;
constexpr std::uint64_t slabBytes = 4U << 20;

[[noreturn]] void fail(const std::string& object, const std::string& what) {
  throw Failure("'" + object + "' " + what);
}

/// Soft and external links lead elsewhere, as far as into other files of whoever opens this one.
void requireHardLinks(hid_t place, const std::string& name) {
  for (std::size_t end = 0; end < name.size();) {
    end = std::min(name.find('/', end + 1), name.size());
    const std::string part = name.substr(0, end);
    H5L_info_t link{};
    if (H5Lexists(place, part.c_str(), H5P_DEFAULT) <= 0) fail(name, "is missing");
    if (H5Lget_info(place, part.c_str(), &link, H5P_DEFAULT) < 0) fail(name, "cannot be found");
    if (link.type != H5L_TYPE_HARD) fail(name, "is a link to another place");
  }
}

Handle openObject(hid_t place, const std::string& name, H5I_type_t kind, const char* kindName) {
  if (name.empty() || name == "." || name.find('\0') != std::string::npos)
    fail(name, "is no name of an object");
  requireHardLinks(place, name);
  Handle object(H5Oopen(place, name.c_str(), H5P_DEFAULT), H5Oclose,
                ("open '" + name + "'").c_str());
  if (H5Iget_type(object) != kind) fail(name, std::string("is not a ") + kindName);
  return object;
}

std::uint64_t pointsOf(hid_t shape, const std::string& name) {
  if (H5Sis_simple(shape) <= 0 || H5Sget_simple_extent_type(shape) == H5S_NULL)
    fail(name, "has no plain shape");
  if (H5Sget_simple_extent_ndims(shape) > 1) fail(name, "has more than one dimension");
  const hssize_t points = H5Sget_simple_extent_npoints(shape);
  if (points < 0) fail(name, "has no length");
  return static_cast<std::uint64_t>(points);
}

/// Control characters would be obeyed by the terminal on which a name or reason is printed.
bool isPlain(const std::string& text) {
  return std::none_of(text.begin(), text.end(), TextColumn::isControl);
}

bool isFixedText(hid_t type) {
  return H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 && H5Tget_size(type) > 0;
}

}  // namespace

void Budget::take(const std::string& object, std::uint64_t count, std::uint64_t bytesEach) {
  if (bytesEach != 0 && count > left_ / bytesEach)
    fail(object, "would need " + std::to_string(count) + " x " + std::to_string(bytesEach) +
                     " bytes, more than a file of this size can hold");
  left_ -= count * bytesEach;
}

Column::Column(hid_t place, const std::string& name, Budget& budget)
    : name_(name), data_(openObject(place, name, H5I_DATASET, "column")) {
  checkStorage();
  const Handle type(H5Dget_type(data_), H5Tclose, "get a type");
  type_ = typeOf(type);
  width_ = H5Tget_size(type);
  if (width_ > widestText) fail(name_, "has cells of " + std::to_string(width_) + " bytes");
  const Handle shape(H5Dget_space(data_), H5Sclose, "get a space");
  rows_ = pointsOf(shape, name_);
  budget.take(name_, rows_, width_);
  checkBytes();
}

void Column::checkStorage() {
  const Handle creation(H5Dget_create_plist(data_), H5Pclose, "get properties");
  const H5D_layout_t layout = H5Pget_layout(creation);
  if (layout != H5D_CHUNKED && layout != H5D_CONTIGUOUS && layout != H5D_COMPACT)
    fail(name_, "is not stored in this file");
  inHeader_ = layout == H5D_COMPACT;
  if (H5Pget_external_count(creation) != 0) fail(name_, "is stored in another file");
  filters_.clear();
  const int filters = H5Pget_nfilters(creation);
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0, config = 0;
    std::size_t none = 0;
    const H5Z_filter_t filter = H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &none,
                                               nullptr, 0, nullptr, &config);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
        filter != H5Z_FILTER_FLETCHER32)
      fail(name_, "is packed with a filter that Wattlas does not use");
    filters_.push_back(filter);
  }
  if (layout != H5D_CHUNKED) return;
  hsize_t chunk = 0;
  if (H5Pget_chunk(creation, 1, &chunk) != 1) fail(name_, "has chunks of another shape");
  const Handle type(H5Dget_type(data_), H5Tclose, "get a type");
  const std::size_t width = H5Tget_size(type);
  if (width == 0 || chunk == 0 || chunk > largestChunk / width)
    fail(name_, "has chunks of " + std::to_string(chunk) + " cells");
  chunkBytes_ = chunk * width;
}

/// The library copies cells out of what lies in the file without asking whether all of it is there.
void Column::checkBytes() const {
  if (chunkBytes_ == 0) {
    const hsize_t stored = H5Dget_storage_size(data_);
    if (inHeader_ && stored < rows_ * width_)
      fail(name_, "has " + std::to_string(stored) + " bytes for " + std::to_string(rows_) +
                      " cells of " + std::to_string(width_));
    return;
  }
  const std::uint64_t cells = chunkBytes_ / width_;
  for (hsize_t at = 0; at < rows_; at += cells) {
    unsigned skipped = 0;
    haddr_t address = 0;
    hsize_t stored = 0;
    if (H5Dget_chunk_info_by_coord(data_, &at, &skipped, &address, &stored) < 0)
      fail(name_, "has a chunk that cannot be found");
    if (address != HADDR_UNDEF && bytesOf(at, stored, skipped) != chunkBytes_)
      fail(name_, "has a chunk that does not hold its cells");
  }
}

/// Bytes of a chunk's cells behind its filters; counts no further than a little beyond a chunk.
std::uint64_t Column::bytesOf(std::uint64_t at, std::uint64_t stored, unsigned skipped) const {
  constexpr std::uint64_t checksum = 4;
  bool sums = false, packed = false;
  for (std::size_t f = 0; f < filters_.size(); ++f) {
    if ((skipped >> f & 1U) != 0) continue;
    if (sums) fail(name_, "has a filter behind its checksums");
    if (filters_[f] == H5Z_FILTER_DEFLATE && packed) fail(name_, "is packed twice");
    packed |= filters_[f] == H5Z_FILTER_DEFLATE;
    sums |= filters_[f] == H5Z_FILTER_FLETCHER32;
  }
  if (sums && stored < checksum) return 0;
  const std::uint64_t body = sums ? stored - checksum : stored;
  if (!packed) return body;
  // Packing never makes more than this of a chunk; H5Z stores what would grow as it is.
  if (stored > chunkBytes_ + chunkBytes_ / 8 + 1024) return 0;
  std::vector<unsigned char> raw(stored), out(1 << 16);
  const hsize_t offset = at;
  std::uint32_t mask = 0;
  if (H5Dread_chunk(data_, H5P_DEFAULT, &offset, &mask, raw.data()) < 0) return 0;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return 0;
  stream.next_in = raw.data();
  stream.avail_in = static_cast<uInt>(body);
  std::uint64_t bytes = 0;
  int state = Z_OK;
  while (state == Z_OK && bytes <= chunkBytes_) {
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    state = inflate(&stream, Z_NO_FLUSH);
    bytes += out.size() - stream.avail_out;
  }
  inflateEnd(&stream);
  return state == Z_STREAM_END ? bytes : 0;
}

ColumnType Column::typeOf(hid_t type) {
  const auto is = [&](hid_t wanted) { return H5Tequal(type, wanted) > 0; };
  if (isFixedText(type)) return ColumnType::text;
  if (is(H5T_IEEE_F64LE)) return ColumnType::real;
  if (is(H5T_STD_I64LE)) return ColumnType::integer;
  if (is(H5T_STD_U64LE)) return ColumnType::offset;
  if (is(H5T_STD_U8LE)) return ColumnType::byte;
  if (is(boolType())) return ColumnType::flag;
  fail(name_, "has a type that Wattlas does not write");
}

void Column::require(ColumnType type, std::uint64_t rows) const {
  if (type_ != type) fail(name_, "has the type of another column");
  if (rows_ != rows)
    fail(name_,
         "has " + std::to_string(rows_) + " rows where " + std::to_string(rows) + " are expected");
}

void Column::read(hid_t memoryType, hid_t memory, hid_t file, void* into) const {
  if (rows_ == 0) return;
  check(H5Dread(data_, memoryType, memory, file, H5P_DEFAULT, into),
        ("read '" + name_ + "'").c_str());
}

void Column::readPart(hid_t memoryType, std::uint64_t from, std::uint64_t count, void* into) const {
  const Handle source(H5Dget_space(data_), H5Sclose, "get a space");
  if (H5Sget_simple_extent_ndims(source) == 0) return read(memoryType, H5S_ALL, H5S_ALL, into);
  const hsize_t begin = from, size = count;
  check(H5Sselect_hyperslab(source, H5S_SELECT_SET, &begin, nullptr, &size, nullptr),
        "select a part");
  const Handle target(H5Screate_simple(1, &size, nullptr), H5Sclose, "create a space");
  read(memoryType, target, source, into);
}

void Column::texts(const std::function<void(std::size_t, std::string)>& take) const {
  if (type_ != ColumnType::text) fail(name_, "is no column of texts");
  const Handle type(H5Dget_type(data_), H5Tclose, "get a type");
  const std::uint64_t slab =
      std::clamp<std::uint64_t>(slabBytes / width_, 1, std::max<std::uint64_t>(1, rows_));
  std::vector<char> cells(slab * width_);
  for (std::uint64_t from = 0; from < rows_; from += slab) {
    const std::uint64_t count = std::min(slab, rows_ - from);
    readPart(type, from, count, cells.data());
    for (std::uint64_t i = 0; i < count; ++i) {
      const char* text = cells.data() + i * width_;
      std::string cell(text, ::strnlen(text, width_));
      if (!isPlain(cell)) fail(name_, "holds control characters");
      take(from + i, std::move(cell));
    }
  }
}

std::string Column::bytes(std::uint64_t from, std::uint64_t count) const {
  require(ColumnType::byte, rows_);
  if (from > rows_ || count > rows_ - from) fail(name_, "is shorter than its offsets say");
  std::string out(count, '\0');
  if (count > 0) readPart(H5T_NATIVE_UINT8, from, count, out.data());
  return out;
}

Handle openGroup(hid_t file, const std::string& name) {
  return openObject(file, name, H5I_GROUP, "group");
}

bool hasLink(hid_t file, const std::string& name) {
  return check(H5Lexists(file, name.c_str(), H5P_DEFAULT), ("look for '" + name + "'").c_str()) > 0;
}

bool hasAttribute(hid_t object, const char* name) {
  return check(H5Aexists(object, name), (std::string("look for '") + name + "'").c_str()) > 0;
}

std::vector<std::string> textAttributes(hid_t object, const char* name) {
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose,
                         (std::string("open '") + name + "'").c_str());
  const Handle type(H5Aget_type(attribute), H5Tclose, "get a type");
  const Handle shape(H5Aget_space(attribute), H5Sclose, "get a space");
  if (!isFixedText(type)) fail(name, "is no text of fixed length");
  const std::uint64_t count = pointsOf(shape, name), width = H5Tget_size(type);
  if (count == 0 || count > largestAttribute / width)
    fail(name, "has " + std::to_string(count) + " texts of " + std::to_string(width) + " bytes");
  std::vector<char> bytes(width * count);
  check(H5Aread(attribute, type, bytes.data()), (std::string("read '") + name + "'").c_str());
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < count; ++i) {
    const char* text = bytes.data() + i * width;
    texts.emplace_back(text, ::strnlen(text, width));
    if (!isPlain(texts.back())) fail(name, "holds control characters");
  }
  return texts;
}

std::string textAttribute(hid_t object, const char* name) {
  std::vector<std::string> texts = textAttributes(object, name);
  if (texts.size() != 1) fail(name, "is a list");
  return std::move(texts.front());
}

std::int64_t integerAttribute(hid_t object, const char* name) {
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose,
                         (std::string("open '") + name + "'").c_str());
  const Handle type(H5Aget_type(attribute), H5Tclose, "get a type");
  const Handle shape(H5Aget_space(attribute), H5Sclose, "get a space");
  if (H5Tequal(type, H5T_STD_I64LE) <= 0 || pointsOf(shape, name) != 1)
    fail(name, "is not one integer of 64 bits");
  std::int64_t value = 0;
  check(H5Aread(attribute, H5T_NATIVE_INT64, &value), (std::string("read '") + name + "'").c_str());
  return value;
}

}  // namespace wattlas::h5
