#include "gpu/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <sstream>

#include "gpu/lowering.h"
#include "gpu/sim/waves.h"
#include "gpu/timing.h"

namespace wattlas::gpu {
namespace {

using Row = std::map<std::string, std::string>;

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out(1);
  for (const char c : line)
    if (c == ',')
      out.emplace_back();
    else if (c != '\r')
      out.back() += c;
  return out;
}

double number(const Row& row, const std::string& key) {
  const std::string& text = row.at(key);
  return text.empty() ? 0.0 : std::stod(text);
}

/// Operator of a row (docs/contract.md, 3). Returns false for kinds that are not modelled.
bool describe(const Row& row, MeasuredKernel& out) {
  const std::string& kind = row.at("op");
  Operator& op = out.op;
  op.name = kind;
  op.formats = parseTensorFormats(row.at("dtype"));
  const auto dim = [&](Dim d, const char* key) {
    op.dims[d] = std::max<std::int64_t>(1, static_cast<std::int64_t>(number(row, key)));
  };
  static const std::map<std::string, std::pair<OpKind, OpVariant>> kinds = {
      {"gemm", {OpKind::gemm, OpVariant::none}},
      {"add", {OpKind::add, OpVariant::none}},
      {"silu_mul", {OpKind::activation, OpVariant::siluMul}},
      {"gelu", {OpKind::activation, OpVariant::gelu}},
      {"rmsnorm", {OpKind::norm, OpVariant::rms}},
      {"layernorm", {OpKind::norm, OpVariant::layer}},
      {"softmax", {OpKind::softmax, OpVariant::none}},
      {"rope", {OpKind::rope, OpVariant::none}},
      {"attn_decode", {OpKind::attention, OpVariant::none}},
      {"attn_prefill", {OpKind::attention, OpVariant::none}},
      {"allreduce", {OpKind::collective, OpVariant::allReduce}},
      {"all_gather", {OpKind::collective, OpVariant::allGather}},
      {"reduce_scatter", {OpKind::collective, OpVariant::reduceScatter}}};
  const auto at = kinds.find(kind);
  if (at == kinds.end()) return false;
  op.kind = at->second.first;
  op.variant = at->second.second;
  dim(Dim::M, "M");
  dim(Dim::N, "N");
  if (op.kind == OpKind::gemm) dim(Dim::K, "K");
  if (op.kind == OpKind::attention) {
    op.hasWeights = false;
    dim(Dim::batch, "batch");
    dim(Dim::heads, "hq");
    dim(Dim::kvHeads, "hkv");
    dim(Dim::headDim, "hd");
    dim(Dim::queries, "q_len");
    op.causal = kind == "attn_prefill";
    op.dims[Dim::keys] =
        static_cast<std::int64_t>(number(row, "kv_len") + (op.causal ? number(row, "q_len") : 0.0));
  }
  if (op.kind == OpKind::collective) {
    dim(Dim::groups, "n_gpu");
    op.hasWeights = false;
    op.dims[Dim::M] = 1;
    op.dims[Dim::N] =
        static_cast<std::int64_t>(number(row, "bytes") * 8.0 / op.formats.activation.bits);
  }
  return true;
}

std::vector<Kernel> kernelsOf(const Parameters& p, const MeasuredKernel& row) {
  auto lowered = lowerOperator(p, row.op, row.loopBits);
  if (!lowered) throw InputError(lowered.error().what);
  return (*lowered)->kernels;
}

}  // namespace

std::vector<MeasuredKernel> readMeasured(const std::string& file) {
  std::istringstream in(readTextFile(file));
  std::vector<std::string> header;
  std::vector<MeasuredKernel> rows;
  std::string line;
  for (int lineNumber = 1; std::getline(in, line); ++lineNumber) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> parts = cells(line);
    if (header.empty()) {
      header = parts;
      continue;
    }
    if (parts.size() != header.size())
      throw InputError(Problem{{file, lineNumber},
                               "",
                               "has " + std::to_string(parts.size()) + " cells",
                               std::to_string(header.size()) + " cells",
                               ""});
    Row row;
    for (std::size_t i = 0; i < parts.size(); ++i) row[header[i]] = parts[i];
    MeasuredKernel m;
    try {
      if (!describe(row, m)) continue;
      m.device = row.at("device");
      m.stack = row.at("stack");
      m.kind = row.at("op");
      m.microseconds = number(row, "measured_us");
      m.loopBits = number(row, "loop_ws_mb") * 8e6;
    } catch (const std::logic_error&) {
      throw InputError(Problem{{file, lineNumber},
                               "",
                               "has a cell that is missing or no number",
                               "numbers as in the lines before",
                               ""});
    }
    if (m.loopBits <= 0) m.loopBits = std::numeric_limits<double>::infinity();
    m.test = row.at("split") == "test";
    m.source = row.at("source");
    const OpCost cost = costOf(m.op);
    m.bytes = toBytes(cost.weightRead + cost.input + cost.output + cost.kvRead);
    m.flops = 2.0 * static_cast<double>(cost.macs);
    rows.push_back(std::move(m));
  }
  return rows;
}

double closedFormMicroseconds(const Parameters& p, const MeasuredKernel& row) {
  double seconds = 0;
  for (const Kernel& kernel : kernelsOf(p, row)) seconds += closedForm(p, kernel).seconds;
  return seconds * 1e6;
}

double eventMicroseconds(const Parameters& p, const MeasuredKernel& row) {
  Parameters free = p;
  free.power.capped = false;
  double seconds = 0;
  WaveEngine engine(free);
  for (const Kernel& kernel : kernelsOf(free, row))
    for (engine.begin(kernel); !engine.finished(); engine.advance()) seconds += engine.next();
  return seconds * 1e6;
}

ErrorFigures errorsOf(const std::vector<double>& predicted, const std::vector<double>& measured) {
  ErrorFigures e;
  std::vector<double> errors;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    const double relative = predicted[i] / measured[i] - 1.0;
    errors.push_back(std::abs(relative));
    e.bias += relative;
  }
  e.rows = static_cast<std::int64_t>(errors.size());
  if (errors.empty()) return e;
  std::sort(errors.begin(), errors.end());
  for (const double v : errors) e.mape += v;
  const double n = static_cast<double>(errors.size());
  e.mape /= n;
  e.bias /= n;
  e.median = errors[errors.size() / 2];
  e.p90 = errors[std::min(errors.size() - 1, static_cast<std::size_t>(0.9 * n))];
  return e;
}

double Roofline::microseconds(const MeasuredKernel& row) const {
  return start + std::max(row.flops / rate, row.bytes / bandwidth);
}

double logError(const std::vector<double>& predicted, const std::vector<double>& measured) {
  double sum = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i)
    sum += std::abs(std::log(predicted[i] / measured[i]));
  return predicted.empty() ? 0 : sum / static_cast<double>(predicted.size());
}

std::vector<double> minimise(const std::function<double(const std::vector<double>&)>& cost,
                             std::vector<double> start, int iterations) {
  const std::size_t n = start.size();
  const auto real = [](std::vector<double> x) {
    for (double& v : x) v = std::exp(v);
    return x;
  };
  std::vector<std::pair<double, std::vector<double>>> simplex;
  for (double& v : start) v = std::log(v);
  for (std::size_t i = 0; i <= n; ++i) {
    std::vector<double> x = start;
    if (i > 0) x[i - 1] += 0.3;
    simplex.emplace_back(cost(real(x)), x);
  }
  const auto byCost = [](const auto& a, const auto& b) { return a.first < b.first; };
  for (int round = 0; round < iterations; ++round) {
    std::stable_sort(simplex.begin(), simplex.end(), byCost);
    std::vector<double> centre(n, 0.0);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < n; ++k)
        centre[k] += simplex[i].second[k] / static_cast<double>(n);
    const auto along = [&](double t) {
      std::vector<double> x(n);
      for (std::size_t k = 0; k < n; ++k) x[k] = centre[k] + t * (simplex[n].second[k] - centre[k]);
      return std::make_pair(cost(real(x)), x);
    };
    auto reflected = along(-1.0);
    if (reflected.first < simplex[0].first) {
      auto expanded = along(-2.0);
      simplex[n] = expanded.first < reflected.first ? expanded : reflected;
    } else if (reflected.first < simplex[n - 1].first) {
      simplex[n] = reflected;
    } else {
      auto inner = along(reflected.first < simplex[n].first ? -0.5 : 0.5);
      if (inner.first < simplex[n].first) {
        simplex[n] = inner;
      } else {
        for (std::size_t i = 1; i <= n; ++i) {
          for (std::size_t k = 0; k < n; ++k)
            simplex[i].second[k] = 0.5 * (simplex[i].second[k] + simplex[0].second[k]);
          simplex[i].first = cost(real(simplex[i].second));
        }
      }
    }
  }
  std::stable_sort(simplex.begin(), simplex.end(), byCost);
  return real(simplex[0].second);
}

Roofline fitRoofline(const std::vector<MeasuredKernel>& rows) {
  std::vector<double> measured, predicted(rows.size());
  double most = 1, fastest = 1;
  for (const MeasuredKernel& row : rows) {
    measured.push_back(row.microseconds);
    most = std::max(most, row.flops / row.microseconds);
    fastest = std::max(fastest, row.bytes / row.microseconds);
  }
  const auto cost = [&](const std::vector<double>& x) {
    const Roofline r{x[0], x[1], x[2]};
    for (std::size_t i = 0; i < rows.size(); ++i) predicted[i] = r.microseconds(rows[i]);
    return logError(predicted, measured);
  };
  const std::vector<double> best = minimise(cost, {5.0, 0.8 * most, 0.8 * fastest}, 400);
  return {best[0], best[1], best[2]};
}

}  // namespace wattlas::gpu
