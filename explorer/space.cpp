#include "explorer/space.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_set>

#include "explorer/study.h"
#include "explorer/unit_samples.h"

namespace wattlas {
namespace {

constexpr std::uint64_t saturated = std::uint64_t{1} << 63;
constexpr std::uint64_t mostCountedCombinations = 2000000;

std::uint64_t timesSaturating(std::uint64_t a, std::uint64_t b) {
  return a != 0 && b > saturated / a ? saturated : std::min(a * b, saturated);
}

bool isActive(const Study& study, const DesignPoint& point, const DesignParameter& parameter) {
  if (!parameter.when) return true;
  const PointValues values(study, point);
  const Value v = parameter.when->evaluate([&](int slot) { return values.at(slot); });
  return v.kind == Value::Kind::boolean && v.number != 0.0;
}

/// Walks design parameter by design parameter in declaration order; `visit` sees every canonical
/// point once. Returns false when `visit` asked to stop.
template <class Visit>
bool walk(const Study& study, DesignPoint& point, std::size_t parameter, const Visit& visit,
          const std::vector<bool>& skip) {
  while (parameter < study.parameters.size() && !skip.empty() && skip[parameter]) ++parameter;
  if (parameter == study.parameters.size()) return visit(point);
  const DesignParameter& g = study.parameters[parameter];
  const bool active = isActive(study, point, g);
  const std::size_t n = active ? g.choices() : 1;
  for (std::size_t i = 0; i < n; ++i) {
    point.parameters[parameter] = active ? static_cast<double>(i) : inactive;
    if (!walk(study, point, parameter + 1, visit, skip)) return false;
  }
  point.parameters[parameter] = inactive;
  return true;
}

/// Design parameters that neither have a condition nor occur in one only multiply the count.
std::vector<bool> freeParameters(const Study& study) {
  std::vector<bool> free(study.parameters.size(), true);
  for (std::size_t g = 0; g < study.parameters.size(); ++g) {
    if (!study.parameters[g].when) continue;
    free[g] = false;
    for (const int slot : study.parameters[g].when->slots())
      if (slot < study.slots.parameters) free[static_cast<std::size_t>(slot)] = false;
  }
  return free;
}

std::string largestParameter(const Study& study) {
  const auto largest = std::max_element(
      study.parameters.begin(), study.parameters.end(),
      [](const DesignParameter& a, const DesignParameter& b) { return a.choices() < b.choices(); });
  return "'" + largest->key + "' with " + std::to_string(largest->choices()) + " choices";
}

/// Coordinates in [0, 1), one vector a call.
class Source {
 public:
  Source(SearchMethod method, std::size_t dimensions, std::uint64_t seed)
      : random_(seed),
        sobol_(dimensions, seed),
        dimensions_(dimensions),
        isSobol_(method == SearchMethod::sobol) {}
  std::vector<double> next() {
    if (isSobol_) return sobol_.next();
    std::vector<double> out(dimensions_);
    for (double& x : out) x = random_.uniform();
    return out;
  }

 private:
  Random random_;
  ShiftedSobol sobol_;
  std::size_t dimensions_;
  bool isSobol_;
};

}  // namespace

Value PointValues::at(int slot) const {
  const SlotPlan& plan = study_.slots;
  if (slot < plan.parameters)
    return study_.parameters[static_cast<std::size_t>(slot)].value(
        point_.parameters[static_cast<std::size_t>(slot)]);
  if (slot == plan.workload())
    return {Value::Kind::text, 0, false,
            study_.workloads[static_cast<std::size_t>(point_.workload)]};
  if (slot >= plan.firstMetric()) return {};
  // A derived value uses earlier ones only.
  const auto index = static_cast<std::size_t>(slot - plan.firstDerived());
  while (derived_.size() <= index)
    derived_.push_back(study_.derived[derived_.size()].expression.evaluate(
        [this](int inner) { return at(inner); }));
  return derived_[index];
}

Value slotValue(const Study& study, const DesignPoint& point, int slot) {
  return PointValues(study, point).at(slot);
}

std::optional<std::string> violation(const Constraint& constraint, const Value& value) {
  const std::string text = "constraint not met: " + constraint.expression.source();
  if (value.kind == Value::Kind::undefined)
    return text +
           " (has no value here: a division by zero, the root of a negative number, or a "
           "number beyond all limits)";
  return value.kind == Value::Kind::boolean && value.number == 0.0 ? std::optional(text)
                                                                   : std::nullopt;
}

std::string SpaceSize::text() const {
  if (infinite) return "unlimited (a gene is continuous)";
  return (exact ? "" : "at most ") + std::string(points >= saturated ? "more than " : "") +
         std::to_string(points) + (points == 1 ? " point" : " points");
}

SpaceSize sizeOf(const Study& study) {
  SpaceSize size;
  const std::vector<bool> free = freeParameters(study);
  std::uint64_t product = 1, bound = study.workloads.size();
  for (std::size_t g = 0; g < study.parameters.size(); ++g) {
    if (study.parameters[g].continuous()) size.infinite = true;
    const std::uint64_t n = std::max<std::uint64_t>(1, study.parameters[g].choices());
    if (free[g]) product = timesSaturating(product, n);
    bound = timesSaturating(bound, n);
  }
  // Conditional design parameters are counted by walking them; a continuous one among them counts
  // as one.
  std::uint64_t combinations = 0;
  DesignPoint point{0, std::vector<Coordinate>(study.parameters.size(), inactive)};
  for (; point.workload < static_cast<std::int32_t>(study.workloads.size()); ++point.workload)
    size.exact =
        size.exact &&
        walk(
            study, point, 0,
            [&](const DesignPoint&) { return ++combinations < mostCountedCombinations; }, free);
  size.points = size.exact ? timesSaturating(combinations, product) : bound;
  return size;
}

void canonicalise(const Study& study, DesignPoint& point) {
  for (std::size_t g = 0; g < study.parameters.size(); ++g)
    if (!isActive(study, point, study.parameters[g])) point.parameters[g] = inactive;
}

std::vector<DesignPoint> enumerate(const Study& study, std::uint64_t limit) {
  const SpaceSize size = sizeOf(study);
  const Place place = study.tree.place();
  if (size.infinite) {
    const auto parameter = std::find_if(study.parameters.begin(), study.parameters.end(),
                                        [](const DesignParameter& g) { return g.continuous(); });
    throw InputError(Problem{parameter->place, "genes." + parameter->key,
                             "is continuous, so the space cannot be enumerated",
                             "'points: N' in its range",
                             "or use search: {method: sobol, budget: 1000}"});
  }
  if (size.exact ? size.points > limit : size.points / 1000 > limit)
    throw InputError(Problem{place, "search",
                             "the space has " + size.text() + ", more than the " +
                                 std::to_string(limit) + " of an exhaustive search",
                             "search: {method: sobol, budget: " +
                                 std::to_string(std::min<std::uint64_t>(limit, 10000)) + "}",
                             "or narrow the genes, the largest is " + largestParameter(study)});
  std::vector<DesignPoint> out;
  DesignPoint point{0, std::vector<Coordinate>(study.parameters.size(), inactive)};
  for (; point.workload < static_cast<std::int32_t>(study.workloads.size()); ++point.workload)
    walk(study, point, 0,
         [&](const DesignPoint& p) {
           out.push_back(p);
           if (out.size() > limit)
             throw InputError(Problem{
                 place, "search", "the space has more than " + std::to_string(limit) + " points",
                 "a smaller space", "use search: {method: sobol, budget: 10000}"});
           return true;
         },
         {});
  return out;
}

PointIds::PointIds(const Study& study) : study_(study) {
  parts_.push_back({"run.scope", study.scope});
  parts_.push_back({"run.energy", study.energy});
  for (const auto& [key, value] : study.sets) parts_.push_back({key, canonicalText(value)});
  for (std::size_t g = 0; g < study.parameters.size(); ++g)
    parts_.push_back({setKeyOf(study.parameters[g].key), {}, static_cast<int>(g)});
  for (std::size_t d = 0; d < study.derived.size(); ++d)
    if (study.derived[d].sets())
      parts_.push_back({study.derived[d].key, {}, -1, static_cast<int>(d)});
  // Sorted by parameter, so that the order of a study's keys does not matter.
  std::stable_sort(parts_.begin(), parts_.end(),
                   [](const Part& a, const Part& b) { return a.key < b.key; });
  for (Part& part : parts_)
    if (part.parameter >= 0)
      for (const std::string& text :
           study.parameters[static_cast<std::size_t>(part.parameter)].texts)
        part.settings.push_back(Hasher::encoded(part.key) + Hasher::encoded(text));
}

Hash128 PointIds::of(const DesignPoint& point) const {
  Hasher hasher;
  const PointValues values(study_, point);
  hasher.text("wattlas point 1").text(study_.workloads[static_cast<std::size_t>(point.workload)]);
  for (const Part& part : parts_) {
    if (part.parameter >= 0) {
      // Inactive design parameters do not exist: adding a conditional design parameter keeps the
      // ids of other points.
      const DesignParameter& parameter =
          study_.parameters[static_cast<std::size_t>(part.parameter)];
      const Coordinate c = point.parameters[static_cast<std::size_t>(part.parameter)];
      if (std::isnan(c)) continue;
      if (parameter.continuous())
        hasher.text(part.key).text(parameter.text(c));
      else
        hasher.encodedBytes(part.settings[static_cast<std::size_t>(c)]);
    } else if (part.derived >= 0) {
      const Value v = values.at(study_.slots.firstDerived() + part.derived);
      if (v.kind == Value::Kind::none) continue;
      hasher.text(part.key);
      if (v.kind == Value::Kind::text)
        hasher.text(v.text);
      else if (v.kind == Value::Kind::undefined)
        hasher.text("undefined");
      else
        hasher.text(numberText(rounded(v.number)));
    } else {
      hasher.text(part.key).text(part.fixed);
    }
  }
  return hasher.finish();
}

Hash128 idOf(const Study& study, const DesignPoint& point) {
  return PointIds(study).of(point);
}

std::string shortId(const Hash128& id) {
  return id.hex().substr(0, 16);
}

ExperimentSpec specOf(const Study& study, const DesignPoint& point) {
  ExperimentSpec spec;
  spec.workload = study.workloads[static_cast<std::size_t>(point.workload)];
  const auto text = [](std::string s) { return ConfigNode::ofScalar(std::move(s)); };
  spec.sets.reserve(study.sets.size() + study.parameters.size() + study.derived.size() + 3);
  spec.sets.emplace_back("run.fidelity", text(study.fidelity));
  spec.sets.emplace_back("run.scope", text(study.scope));
  spec.sets.emplace_back("run.energy", text(study.energy));
  const auto add = [&](const std::string& key, ConfigNode value) {
    if (key == "platform")
      spec.platform = canonicalText(value);
    else
      spec.sets.emplace_back(key, std::move(value));
  };
  for (const auto& [key, value] : study.sets) add(key, value);
  for (std::size_t g = 0; g < study.parameters.size(); ++g)
    if (!std::isnan(point.parameters[g]))
      add(setKeyOf(study.parameters[g].key), study.parameters[g].node(point.parameters[g]));
  const PointValues values(study, point);
  for (std::size_t d = 0; d < study.derived.size(); ++d) {
    if (!study.derived[d].sets()) continue;
    const Value v = values.at(study.slots.firstDerived() + static_cast<int>(d));
    if (v.kind == Value::Kind::none) continue;
    if (v.kind == Value::Kind::undefined)
      throw InputError(
          Problem{study.tree.place(), "derived." + study.derived[d].key,
                  "'" + study.derived[d].expression.source() + "' has no value here",
                  "a number at every point",
                  "it divides by zero, takes a root of a negative number, or is beyond "
                  "all limits"});
    const auto dimension = study.derived[d].expression.type().dimension;
    std::string shown = v.kind == Value::Kind::text      ? std::string(v.text)
                        : v.kind == Value::Kind::boolean ? (v.number != 0.0 ? "true" : "false")
                        : dimension == Dimension::information
                            ? exactQuantity(rounded(v.number) * 8.0, *dimension)
                        : dimension ? exactQuantity(rounded(v.number), *dimension)
                                    : numberText(rounded(v.number));
    add(setKeyOf(study.derived[d].key), text(std::move(shown)));
  }
  return spec;
}

std::optional<std::string> violatedBefore(const Study& study, const DesignPoint& point) {
  const PointValues values(study, point);
  for (const Constraint& constraint : study.constraints) {
    if (constraint.needsResult) continue;
    const Value v = constraint.expression.evaluate([&](int slot) { return values.at(slot); });
    if (auto violated = violation(constraint, v)) return violated;
  }
  return std::nullopt;
}

std::vector<DesignPoint> samplePoints(const Study& study, SearchMethod method, std::uint64_t budget,
                                      std::uint64_t seed) {
  const std::uint64_t designs = std::max<std::uint64_t>(1, budget / study.workloads.size());
  const SpaceSize size = sizeOf(study);
  Source source(method, study.parameters.size(), seed);
  std::vector<std::vector<Coordinate>> chosen;
  std::unordered_set<Hash128, Hash128Hasher> seen;
  // Small spaces run out of new designs: give up after a long run of repeats.
  const std::uint64_t mostDraws = 1000 + 20 * designs;
  for (std::uint64_t tries = 0; chosen.size() < designs && tries < mostDraws; ++tries) {
    std::vector<Coordinate> parameters = source.next();
    for (std::size_t g = 0; g < parameters.size(); ++g)
      parameters[g] = study.parameters[g].at(parameters[g]);
    // A design may differ between workloads when conditions mention them: it is new when one is.
    bool isNew = false;
    for (std::size_t w = 0; w < study.workloads.size(); ++w) {
      DesignPoint point{static_cast<std::int32_t>(w), parameters};
      canonicalise(study, point);
      isNew = seen.insert(idOf(study, point)).second || isNew;
    }
    if (isNew) chosen.push_back(std::move(parameters));
    if (!size.infinite && size.exact && seen.size() >= size.points) break;
  }
  std::vector<DesignPoint> out;
  seen.clear();
  for (std::size_t w = 0; w < study.workloads.size(); ++w)
    for (const auto& parameters : chosen) {
      DesignPoint point{static_cast<std::int32_t>(w), parameters};
      canonicalise(study, point);
      if (seen.insert(idOf(study, point)).second) out.push_back(std::move(point));
    }
  return out;
}

}  // namespace wattlas
