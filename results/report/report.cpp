#include "results/report/report.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "models/base/atomic_file.h"
#include "models/base/units.h"
#include "results/summary.h"
#include "results/svg.h"

namespace wattlas {
namespace embedded {
// Made from page/ and the distribution's packages when Wattlas is built.
extern const std::string_view reportPageHtml, reportStyle, reportScript, chartLibrary, chartLicence;
}  // namespace embedded

namespace {

using Json = nlohmann::json;

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json shortNumber(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::stod(fmt::format("{:.6g}", value));
}

/// Things that many points share, kept once.
class Shared {
 public:
  std::size_t indexOf(const Json& value) {
    const auto [at, isNew] = index_.try_emplace(dumped(value), values_.size());
    if (isNew) values_.push_back(value);
    return at->second;
  }
  const Json& values() const { return values_; }

 private:
  std::unordered_map<std::string, std::size_t> index_;
  Json values_ = Json::array();
};

/// Numbers of lines as "0-11,14,20-31": a configuration mostly repeats another one.
std::string ranges(const std::vector<std::size_t>& lines) {
  std::string out;
  for (std::size_t i = 0; i < lines.size();) {
    std::size_t end = i;
    while (end + 1 < lines.size() && lines[end + 1] == lines[end] + 1) ++end;
    out += fmt::format("{}{}", out.empty() ? "" : ",", lines[i]);
    if (end > i) out += fmt::format("-{}", lines[end]);
    i = end + 1;
  }
  return out;
}

Json sharesJson(const std::vector<Share>& shares) {
  Json out = Json::array();
  for (const Share& s : shares) out.push_back({s.name, shortNumber(s.value)});
  return out;
}

class DetailsBuilder {
 public:
  explicit DetailsBuilder(const Store& store) {
    for (const TornadoBar& bar : rowsOf<TornadoBar>(store))
      tornado_[bar.point].push_back({bar.parameter, shortNumber(bar.low), shortNumber(bar.high),
                                     bar.metric, shortNumber(bar.simulatedLow),
                                     shortNumber(bar.simulatedHigh)});
    for (const ScenarioValue& value : rowsOf<ScenarioValue>(store))
      scenarios_[value.point].push_back(
          {value.scenario, shortNumber(value.timeS), shortNumber(value.energyJ)});
  }

  std::string line(const Store& store, std::size_t i, bool whole) {
    Json out;
    const std::string& id = store.rows()[i].id;
    if (whole && !store.json(i).empty()) out = result(store.result(i));
    if (const auto bars = tornado_.find(id); bars != tornado_.end()) out["tornado"] = bars->second;
    if (const auto all = scenarios_.find(id); all != scenarios_.end())
      out["scenarios"] = all->second;
    return out.is_null() ? "" : dumped(out);
  }

  std::string shared() const {
    return dumped({{"assumptions", assumptions_.values()}, {"lines", lines_.values()}});
  }

 private:
  Json result(const RunResult& r) {
    Json out = {{"batch", r.batch},    {"seed", r.seed},         {"mapping", r.mapping},
                {"asked", r.fidelity}, {"used", r.fidelityUsed}, {"coupling", r.coupling}};
    Json spots = Json::array(), assumed = Json::array();
    for (const WeakSpot& s : weakSpots(r))
      spots.push_back({s.key, s.value, s.range, s.source, shortNumber(s.energyShare)});
    for (const Assumption& a : r.assumptions)
      assumed.push_back(
          assumptions_.indexOf({a.key, readableQuantity(a.value), readableQuantity(a.low),
                                readableQuantity(a.high), nameOf(a.basis), a.source}));
    out["spots"] = spots;
    out["assumptions"] = assumed;
    out["config"] = configOf(r.config);
    Json tiers = Json::array(), replications = Json::array();
    for (const TierResult& t : r.tiers)
      tiers.push_back({t.name, shortNumber(t.residentBytes), shortNumber(t.peakBytes),
                       shortNumber(t.capacityBytes)});
    out["tiers"] = tiers;
    if (!r.feasible) {
      out["reasons"] = r.reasons;
      return out;
    }
    for (const Replication& f : r.replications) replications.push_back({f.factor, f.what, f.guard});
    out["folds"] = replications;
    out["lower"] = shortNumber(r.boundS);
    out["energy"] = sharesJson(energyByCategory(r));
    out["time"] = sharesJson(timeByBound(r));
    Json phases = Json::array(), operators = Json::array();
    for (const PhaseResult& p : r.phases)
      phases.push_back({p.name, shortNumber(p.timeS), shortNumber(p.energyJ), shortNumber(p.tokens),
                        shortNumber(p.tokensPerS), shortNumber(p.energyPerTokenJ)});
    for (const OperatorResult& o : r.operators)
      operators.push_back({o.name, o.kind, o.phase, o.device, o.count, shortNumber(o.attributedS),
                           shortNumber(o.energyJ), shortNumber(o.utilisation), o.bound,
                           shortNumber(o.macs), shortNumber(o.bytes)});
    out["phases"] = phases;
    out["operators"] = operators;
    return out;
  }

  std::string configOf(const std::string& yaml) {
    std::vector<std::size_t> lines;
    std::istringstream in(yaml);
    for (std::string line; std::getline(in, line);) lines.push_back(lines_.indexOf(line));
    return ranges(lines);
  }

  Shared assumptions_, lines_;
  std::unordered_map<std::string, Json> tornado_, scenarios_;
};

std::string base64(const std::string& bytes) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t left = bytes.size() - at;
    const auto byte = [&](std::size_t k) {
      return k < left ? static_cast<unsigned>(static_cast<unsigned char>(bytes[at + k])) : 0U;
    };
    const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    out += digits[group >> 18 & 63];
    out += digits[group >> 12 & 63];
    out += left > 1 ? digits[group >> 6 & 63] : '=';
    out += left > 2 ? digits[group & 63] : '=';
  }
  return out;
}

}  // namespace

std::string reportDetails(const Store& store, const std::vector<std::size_t>& shown,
                          std::size_t most) {
  std::vector<bool> whole(shown.size());
  std::size_t left = most;
  for (const bool front : {true, false})
    for (std::size_t k = 0; k < shown.size(); ++k)
      if (left > 0 && !whole[k] && store.rows()[shown[k]].pareto == front) {
        whole[k] = true;
        --left;
      }
  DetailsBuilder builder(store);
  std::string lines;
  for (std::size_t k = 0; k < shown.size(); ++k)
    lines += "\n" + builder.line(store, shown[k], whole[k]);
  return builder.shared() + lines;
}

std::string packed(const std::string& text) {
  uLongf size = compressBound(text.size());
  std::string out(size, '\0');
  const int status =
      compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                reinterpret_cast<const Bytef*>(text.data()), text.size(), Z_BEST_COMPRESSION);
  if (status != Z_OK) throw std::runtime_error("zlib cannot compress the data of a report");
  out.resize(size);
  return base64(out);
}

std::string reportPage(const Store& store, const ReportOptions& options) {
  const std::vector<std::size_t> shown = shownRows(store, options.points);
  const std::string rows = packed(reportRows(store, shown));
  const std::string details = packed(reportDetails(store, shown, options.details));
  const std::string title = escaped(store.header().name);
  const std::string licence = escaped(embedded::chartLicence);
  const std::pair<std::string_view, std::string_view> parts[] = {
      {"TITLE", title},     {"STYLE", embedded::reportStyle},   {"CHART", embedded::chartLibrary},
      {"LICENCE", licence}, {"SCRIPT", embedded::reportScript}, {"ROWS", rows},
      {"DETAILS", details}};
  // One pass over the template: text that was put in is never looked at again.
  const std::string_view page = embedded::reportPageHtml;
  std::string out;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t mark = page.find("{{", at);
    out += page.substr(at, mark - at);
    if (mark == std::string_view::npos) break;
    const std::size_t end = page.find("}}", mark);
    const std::string_view name = page.substr(mark + 2, end - mark - 2);
    for (const auto& [known, text] : parts)
      if (known == name) out += text;
    at = end + 2;
  }
  return out;
}

void writeReport(const std::string& path, const Store& store, const ReportOptions& options) {
  writeFileAtomically(path, reportPage(store, options));
}

}  // namespace wattlas
