#include "validation/operator_csv.h"

#include <algorithm>
#include <cmath>

#include "models/base/config.h"
#include "workloads/graph/kind.h"

namespace wattlas {
namespace {

constexpr std::size_t maximumRecords = 2000000, maximumColumns = 1000;

/// Splits text into records, one at a time; `raw` keeps the bytes of each.
void splitRecords(const std::string& text, const std::string& file, std::string& lineEnd,
                  bool comments, const std::function<void(CsvRecord&&)>& take) {
  std::size_t records = 0;
  CsvRecord record;
  std::string cell;
  bool quoted = false, any = false;
  int line = 1;
  record.line = 1;
  const auto endCell = [&] {
    record.cells.push_back(cell);
    cell.clear();
  };
  const auto endRecord = [&] {
    endCell();
    take(std::move(record));
    if (++records > maximumRecords)
      throw InputError(Problem{{file, line}, {}, "more than 2 million rows", "a smaller file", {}});
    record = CsvRecord{};
    any = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (comments && c == '#' && !any) {
      i = std::min(text.find('\n', i), text.size()) - 1;
      continue;
    }
    if (!quoted && c == '\n') {
      ++line;
      if (!record.raw.empty() && record.raw.back() == '\r') {
        record.raw.pop_back();
        if (!cell.empty() && cell.back() == '\r') cell.pop_back();
        lineEnd = "\r\n";
      }
      if (any && !record.raw.empty()) endRecord();
      record = CsvRecord{};
      cell.clear();
      any = false;
      record.line = line;
      continue;
    }
    any = true;
    record.raw += c;
    if (quoted) {
      if (c == '\n') ++line;
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += '"';
        record.raw += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"' && cell.empty()) {
      quoted = true;
    } else if (c == ',') {
      endCell();
    } else {
      cell += c;
    }
  }
  if (quoted)
    throw InputError(
        Problem{{file, record.line}, {}, "a quoted cell does not end", "a closing '\"'", {}});
  if (any && !record.raw.empty()) endRecord();
}

std::string lower(std::string s) {
  for (char& c : s)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return s;
}

class RowReader {
 public:
  RowReader(const CsvFile& file, const CsvRecord& record) : file_(file), record_(record) {}

  std::string text(const std::string& name) const {
    const auto column = file_.column(name);
    if (!column || *column >= record_.cells.size()) return {};
    return record_.cells[*column];
  }
  std::int64_t need(const std::string& name) const {
    const std::string cell = text(name);
    if (cell.empty()) throw InputError("column '" + name + "' is empty");
    return whole(name, cell);
  }
  std::int64_t orElse(const std::string& name, std::int64_t fallback) const {
    const std::string cell = text(name);
    return cell.empty() ? fallback : whole(name, cell);
  }
  double realOr(const std::string& name, double fallback) const {
    const std::string cell = text(name);
    return cell.empty() ? fallback : parseQuantity(cell, Dimension::ratio);
  }

 private:
  static std::int64_t whole(const std::string& name, const std::string& cell) {
    double value = 0;
    try {
      value = parseQuantity(cell, Dimension::count);
    } catch (const InputError&) {
      throw InputError("column '" + name + "': '" + cell.substr(0, 40) + "' is no whole number");
    }
    if (value < 0 || value > 1e12)
      throw InputError("column '" + name + "': " + cell + " is out of range (0 to 1e12)");
    return static_cast<std::int64_t>(value);
  }
  const CsvFile& file_;
  const CsvRecord& record_;
};

TensorFormats formatsOf(const RowReader& row) {
  std::string name = lower(row.text("dtype"));
  if (name.empty()) name = "fp16";
  static const std::map<std::string, std::string> aliases = {
      {"fp8", "fp8-e4m3"},  {"float16", "fp16"},       {"half", "fp16"},      {"bfloat16", "bf16"},
      {"float32", "fp32"},  {"fp8_block", "fp8-e4m3"}, {"nvfp4", "fp4-e2m1"}, {"fp4", "fp4-e2m1"},
      {"int4_wo", "w4a16"}, {"int8_wo", "w8a16"},      {"w8a8", "int8"}};
  if (const auto at = aliases.find(name); at != aliases.end()) name = at->second;
  return parseTensorFormats(name);
}

void rows(const RowReader& row, Operator& op, OpKind kind, OpVariant variant) {
  op.kind = kind;
  op.variant = variant;
  op.dims[Dim::M] = row.orElse("M", 1);
  op.dims[Dim::N] = row.need("N");
}

void attention(const RowReader& row, Operator& op, bool prefill) {
  op.kind = OpKind::attention;
  op.hasWeights = false;
  op.dims[Dim::batch] = row.orElse("batch", 1);
  op.dims[Dim::heads] = row.need("hq");
  op.dims[Dim::kvHeads] = row.orElse("hkv", op.dims[Dim::heads]);
  op.dims[Dim::headDim] = row.need("hd");
  op.causal = prefill;
  if (prefill) {
    op.dims[Dim::queries] = row.need("q_len");
    op.dims[Dim::keys] = op.dims[Dim::queries] + row.orElse("kv_len", 0);
  } else {
    // Several queries a sequence (speculated tokens): the keys include theirs.
    op.dims[Dim::queries] = std::max<std::int64_t>(1, row.orElse("q_len", 1));
    op.dims[Dim::keys] = row.need("kv_len");
    if (op.dims[Dim::queries] > op.dims[Dim::keys])
      throw InputError("column 'q_len' is above 'kv_len', the keys that are read");
  }
}

void convolution(const RowReader& row, Operator& op) {
  const bool flat = row.text("h").empty() || row.text("op") == "conv1d";
  op.kind = flat ? OpKind::conv1d : OpKind::conv2d;
  op.dims[Dim::batch] = row.orElse("batch", 1);
  op.dims[Dim::cin] = row.need("cin");
  op.dims[Dim::cout] = row.need("cout");
  op.dims[Dim::width] = row.need("w");
  op.dims[Dim::kernelWidth] = row.orElse("kw", row.orElse("kh", 1));
  op.dims[Dim::stride] = row.orElse("stride", 1);
  op.dims[Dim::pad] = row.orElse("pad", 0);
  op.dims[Dim::groups] = row.orElse("groups", 1);
  if (!flat) {
    op.dims[Dim::height] = row.need("h");
    op.dims[Dim::kernelHeight] = row.orElse("kh", op.dims[Dim::kernelWidth]);
  }
}

void collective(const RowReader& row, Operator& op, OpVariant variant) {
  op.kind = OpKind::collective;
  op.variant = variant;
  op.hasWeights = false;
  op.dims[Dim::groups] =
      variant == OpVariant::sendReceive ? row.orElse("n_gpu", 2) : row.need("n_gpu");
  const double bytesEach = op.formats.activation.bits / 8.0;
  op.dims[Dim::N] = static_cast<std::int64_t>(std::llround(row.realOr("bytes_min", 0) / bytesEach));
  if (op.dims[Dim::N] <= 0) throw InputError("column 'bytes_min' is empty");
}

/// An operator of any other kind: columns carry the names of its dimensions.
void byTable(const RowReader& row, OpKind kind, Operator& op) {
  const KindSpec& spec = specOf(kind);
  op.kind = kind;
  op.hasWeights = spec.weights != KindSpec::Weights::never;
  for (const Dim dim : spec.dims) op.dims[dim] = row.orElse(nameOf(dim), Dims::standardOf(dim));
  const std::string variant = row.text("variant");
  if (!variant.empty()) op.variant = variantNamed(variant).value_or(OpVariant::none);
  if (!spec.hasVariant(op.variant))
    throw InputError("column 'variant': '" + variant.substr(0, 40) + "' is no form of " +
                     nameOf(kind));
}

void fill(const RowReader& row, const std::string& name, Operator& op) {
  using V = OpVariant;
  static const std::map<std::string, std::pair<OpKind, V>> plain = {
      {"silu_mul", {OpKind::activation, V::siluMul}},
      {"silu", {OpKind::activation, V::silu}},
      {"gelu", {OpKind::activation, V::gelu}},
      {"relu", {OpKind::activation, V::relu}},
      {"tanh", {OpKind::activation, V::tanh}},
      {"sigmoid", {OpKind::activation, V::sigmoid}},
      {"add", {OpKind::add, V::none}},
      {"rmsnorm", {OpKind::norm, V::rms}},
      {"layernorm", {OpKind::norm, V::layer}},
      {"norm", {OpKind::norm, V::rms}},
      {"rope", {OpKind::rope, V::none}},
      {"softmax", {OpKind::softmax, V::none}}};
  static const std::map<std::string, V> collectives = {
      {"allreduce", V::allReduce},  {"all_reduce", V::allReduce},
      {"all_gather", V::allGather}, {"reduce_scatter", V::reduceScatter},
      {"alltoall", V::allToAll},    {"broadcast", V::broadcast},
      {"sendrecv", V::sendReceive}};
  if (name == "gemm" || name == "gemv") {
    op.dims[Dim::M] = name == "gemm" ? row.need("M") : row.orElse("M", 1);
    op.dims[Dim::N] = row.need("N");
    op.dims[Dim::K] = row.need("K");
    // A batched product: both operands differ from one instance to the next.
    op.dims[Dim::batch] = std::max<std::int64_t>(1, row.orElse("batch", 1));
    op.hasWeights = op.dims[Dim::batch] == 1;
  } else if (name == "embedding" || name == "emb") {
    rows(row, op, OpKind::embedding, V::none);
    op.dims[Dim::K] = row.orElse("K", 32000);
  } else if (name == "attn_prefill" || name == "attn_decode") {
    attention(row, op, name == "attn_prefill");
  } else if (name == "conv" || name == "conv1d" || name == "conv2d") {
    convolution(row, op);
  } else if (const auto at = plain.find(name); at != plain.end()) {
    op.hasWeights = false;
    rows(row, op, at->second.first, at->second.second);
  } else if (const auto c = collectives.find(name); c != collectives.end()) {
    collective(row, op, c->second);
  } else if (const auto kind = kindNamed(name); kind) {
    byTable(row, *kind, op);
  } else {
    throw InputError("op '" + name.substr(0, 40) + "' is unknown");
  }
}

Timing timingOf(const std::string& text) {
  static const std::map<std::string, Timing> names = {{"", Timing::kernel},
                                                      {"cuda_kernel", Timing::kernel},
                                                      {"cuda_graph", Timing::graph},
                                                      {"cuda_event", Timing::event},
                                                      {"host_sync", Timing::hostSync}};
  const auto at = names.find(text);
  if (at == names.end())
    throw InputError("column 'timing': '" + text.substr(0, 40) +
                     "' is none of cuda_kernel, cuda_graph, cuda_event, host_sync");
  return at->second;
}

}  // namespace

CsvFile CsvFile::read(const std::string& file, const std::string& needed, bool comments) {
  CsvFile out;
  const auto keep = [&](const CsvFile&, CsvRecord&& record) {
    out.records.push_back(std::move(record));
  };
  CsvFile header = stream(file, needed, comments, {}, keep);
  header.records = std::move(out.records);
  return header;
}

CsvFile CsvFile::stream(const std::string& file, const std::string& needed, bool comments,
                        const std::function<void(const CsvFile&)>& begin, const Take& take) {
  CsvFile out;
  bool first = true;
  const auto header = [&](CsvRecord&& record) {
    out.header = std::move(record.cells);
    out.rawHeader = std::move(record.raw);
    if (!out.header.empty() && out.header[0].starts_with("\xef\xbb\xbf")) out.header[0].erase(0, 3);
    if (!needed.empty() && !out.column(needed))
      throw InputError(Problem{{file, 1},
                               needed,
                               "the column is missing",
                               "a header line with a column '" + needed + "'",
                               {}});
    if (out.header.size() > maximumColumns)  // each row is filled up to the header's width
      throw InputError(Problem{{file, 1}, {}, "more than 1000 columns", "a narrower file", {}});
    for (std::size_t i = 0; i < out.header.size(); ++i)
      for (std::size_t k = 0; k < i; ++k)
        if (!out.header[i].empty() && out.header[i] == out.header[k])
          throw InputError(Problem{
              {file, 1}, out.header[i], "two columns have this name", "each name once", {}});
    if (begin) begin(out);
    first = false;
  };
  splitRecords(readTextFile(file, 512u << 20), file, out.lineEnd, comments,
               [&](CsvRecord&& record) {
                 if (first)
                   header(std::move(record));
                 else
                   take(out, std::move(record));
               });
  if (first)
    throw InputError(Problem{{file, 1}, {}, "is empty", "a header line such as 'op,M,N,K'", {}});
  return out;
}

std::optional<std::size_t> CsvFile::column(const std::string& name) const {
  for (std::size_t i = 0; i < header.size(); ++i)
    if (header[i] == name) return i;
  return std::nullopt;
}

CsvOperator operatorOf(const CsvFile& file, const CsvRecord& record) {
  if (record.cells.size() > file.header.size())
    throw InputError("has " + std::to_string(record.cells.size()) + " cells, the header " +
                     std::to_string(file.header.size()));
  const RowReader row(file, record);
  CsvOperator out;
  out.op.formats = formatsOf(row);
  const std::string name = lower(row.text("op"));
  out.op.name = name;
  fill(row, name, out.op);
  for (int d = 0; d < static_cast<int>(Dim::count_); ++d) {
    const Dim dim = static_cast<Dim>(d);
    if (out.op.dims[dim] < Dims::leastOf(dim))
      throw InputError(std::string("dimension ") + nameOf(dim) + " must be at least " +
                       std::to_string(Dims::leastOf(dim)));
  }
  out.timing = timingOf(lower(row.text("timing")));
  out.loopWorkingSet = bytes(row.realOr("loop_ws_mb", 0) * 1e6);
  out.stack = lower(row.text("stack"));
  return out;
}

}  // namespace wattlas
