// Design parameters without effect and infeasible regions of a set of rows.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "explorer/explore.h"
#include "explorer/front.h"
#include "models/metric.h"

namespace wattlas {
namespace {

/// What a design parameter could change in a row.
bool sameAnswer(const PointOutcome& a, const PointOutcome& b) {
  return a.status == b.status && std::equal(a.metrics.begin(), a.metrics.end(), b.metrics.begin(),
                                            b.metrics.end(), sameNumber);
}

/// A sum of hashes, so that one design parameter can be taken out of it again.
struct SumHash {
  std::uint64_t a = 0, b = 0;
  SumHash& operator+=(const Hash128& h) {
    a += h.high;
    b += h.low;
    return *this;
  }
  Hash128 without(const Hash128& h) const { return {a - h.high, b - h.low}; }
};

/// Hashes of (design parameter, setting), looked up where settings are listed.
class SettingHashes {
 public:
  explicit SettingHashes(const Study& study) : listed_(study.parameters.size()) {
    for (std::size_t g = 0; g < study.parameters.size(); ++g)
      for (std::size_t c = 0; c < study.parameters[g].choices(); ++c)
        listed_[g].push_back(make(g, static_cast<double>(c)));
  }
  Hash128 of(std::size_t parameter, Coordinate c) const {
    const auto& known = listed_[parameter];
    return known.empty() || std::isnan(c) ? make(parameter, std::isnan(c) ? -1e300 : c)
                                          : known[static_cast<std::size_t>(c)];
  }

 private:
  static Hash128 make(std::size_t parameter, double c) {
    return Hasher().integer(static_cast<std::int64_t>(parameter)).real(c).finish();
  }
  std::vector<std::vector<Hash128>> listed_;
};

std::vector<ParameterInfluence> effectsOf(const ExploreOutcome& outcome) {
  const Study& study = outcome.study;
  const SettingHashes hashes(study);
  std::vector<SumHash> whole(outcome.points.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const DesignPoint& design = outcome.points[i].design;
    whole[i] += Hasher().integer(design.workload).finish();
    for (std::size_t g = 0; g < design.parameters.size(); ++g)
      whole[i] += hashes.of(g, design.parameters[g]);
  }

  std::vector<ParameterInfluence> out;
  const int platformParameter = study.parameterIndex("platform");
  const auto platformAt = [&](const DesignPoint& design) {
    const double c =
        platformParameter < 0 ? 0 : design.parameters[static_cast<std::size_t>(platformParameter)];
    return std::isnan(c) ? std::size_t{0} : static_cast<std::size_t>(c);
  };
  std::unordered_map<Hash128, std::size_t, Hash128Hasher> first;
  first.reserve(outcome.points.size());
  for (std::size_t g = 0; g < study.parameters.size(); ++g) {
    const bool isPlatform = static_cast<int>(g) == platformParameter;
    std::vector<std::optional<ParameterInfluence>> effects;
    first.clear();
    for (std::size_t i = 0; i < outcome.points.size(); ++i) {
      const ExploredPoint& point = outcome.points[i];
      if (std::isnan(point.design.parameters[g]) || point.outcome.status == PointStatus::failed)
        continue;
      const std::size_t platform = isPlatform ? 0 : platformAt(point.design);
      if (effects.size() <= platform) effects.resize(platform + 1);
      if (!effects[platform])
        effects[platform] = {study.parameters[g].key,
                             isPlatform ? "" : platformOf(study, point.design)};
      ParameterInfluence& effect = *effects[platform];
      const auto [at, isFirst] =
          first.emplace(whole[i].without(hashes.of(g, point.design.parameters[g])), i);
      if (isFirst) continue;
      ++effect.pairs;
      if (!effect.changes && !sameAnswer(outcome.points[at->second].outcome, point.outcome))
        effect.changes = true;
    }
    const std::size_t begin = out.size();
    for (auto& effect : effects)
      if (effect) out.push_back(std::move(*effect));
    std::sort(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
              [](const ParameterInfluence& a, const ParameterInfluence& b) {
                return a.platform < b.platform;
              });
  }
  return out;
}

bool isUnit(const std::string& word) {
  return !word.empty() && word.size() <= 3 && word.back() == 'B';
}

/// Reasons that differ only in numbers, their byte units or names with digits (parts, tensors) are
/// one region.
std::string withoutNumbers(const std::string& reason) {
  std::string out, word;
  bool afterNumber = false;
  const auto flush = [&] {
    const bool number = word.find_first_of("0123456789") != std::string::npos;
    if (!(afterNumber && isUnit(word))) out += number ? "#" : word;
    afterNumber = number;
    word.clear();
  };
  for (const char c : reason) {
    const bool part = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '.' || c == '_';
    if (part) {
      word += c;
      continue;
    }
    const bool sameNumber = word.empty() && c == ' ';
    if (!word.empty()) flush();
    if (!sameNumber) out += c;
  }
  flush();
  return out;
}

struct RegionBuilder {
  RefusedGroup region;
  std::set<std::int32_t> workloads;
  std::vector<std::set<std::string>>
      values;  ///< per design parameter: what was seen, "" = inactive
};

/// "platform = a or b" when these are few and not all that the design parameter has.
std::optional<std::string> setting(const std::string& name, const std::set<std::string>& seen,
                                   std::size_t all) {
  constexpr std::size_t mostNamed = 4;
  if (seen.size() > mostNamed || seen.size() >= all || seen.count("") > 0) return std::nullopt;
  std::string text;
  for (const std::string& value : seen) text += (text.empty() ? name + " = " : " or ") + value;
  return text;
}

std::vector<std::string> commonSettings(const Study& study, const RegionBuilder& builder) {
  std::vector<std::string> out;
  std::set<std::string> workloads;
  for (const std::int32_t w : builder.workloads)
    workloads.insert(study.workloadName(static_cast<std::size_t>(w)));
  if (const auto text = setting("workload", workloads, study.workloads.size()))
    out.push_back(*text);
  for (std::size_t g = 0; g < study.parameters.size(); ++g) {
    const DesignParameter& parameter = study.parameters[g];
    const std::size_t all =
        parameter.continuous() ? std::numeric_limits<std::size_t>::max() : parameter.choices();
    if (const auto text = setting(parameter.key, builder.values[g], all)) out.push_back(*text);
  }
  return out;
}

std::vector<RefusedGroup> regionsOf(const ExploreOutcome& outcome) {
  const Study& study = outcome.study;
  std::map<std::string, RegionBuilder> byReason;
  std::vector<std::string> order;
  for (const ExploredPoint& point : outcome.points) {
    if (point.feasible()) continue;
    const std::string key = withoutNumbers(point.outcome.reason);
    const auto [at, isNew] = byReason.try_emplace(key);
    RegionBuilder& builder = at->second;
    if (isNew) {
      order.push_back(key);
      builder.region.reason = point.outcome.reason;
      builder.region.failed = point.outcome.status == PointStatus::failed;
      builder.values.resize(study.parameters.size());
    }
    ++builder.region.count;
    builder.workloads.insert(point.design.workload);
    for (std::size_t g = 0; g < study.parameters.size(); ++g)
      if (builder.values[g].size() < 8)
        builder.values[g].insert(study.parameters[g].text(point.design.parameters[g]));
  }
  std::vector<RefusedGroup> out;
  for (const std::string& key : order) {
    RegionBuilder& builder = byReason[key];
    builder.region.common = commonSettings(study, builder);
    out.push_back(std::move(builder.region));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.failed != b.failed ? a.failed : a.count > b.count;
  });
  return out;
}

}  // namespace

void analyse(ExploreOutcome& outcome) {
  findFronts(outcome);
  outcome.effects = effectsOf(outcome);
  outcome.regions = regionsOf(outcome);
}

}  // namespace wattlas
