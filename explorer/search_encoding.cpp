#include "explorer/search_encoding.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "models/base/units.h"

namespace wattlas {

Encoding::Encoding(const Study& study) : study_(study) {
  for (const DesignParameter& parameter : study.parameters) dimensions_ += keysOf(parameter);
}

std::size_t Encoding::keysOf(const DesignParameter& parameter) {
  // Two choices need no distance, and very many would drown the other design parameters.
  const bool oneHot = parameter.kind == DesignParameter::Kind::categorical &&
                      parameter.choices() > 2 && parameter.choices() <= 64;
  return oneHot ? parameter.choices() : 1;
}

DesignPoint Encoding::decode(std::int32_t workload, const std::vector<double>& x) const {
  DesignPoint point{workload, {}};
  std::size_t at = 0;
  for (const DesignParameter& parameter : study_.parameters) {
    const std::size_t n = keysOf(parameter);
    if (n == 1) {
      point.parameters.push_back(parameter.at(std::min(x[at], 1.0 - 1e-12)));
    } else {
      const auto first = x.begin() + static_cast<std::ptrdiff_t>(at);
      point.parameters.push_back(static_cast<double>(
          std::max_element(first, first + static_cast<std::ptrdiff_t>(n)) - first));
    }
    at += n;
  }
  canonicalise(study_, point);
  return point;
}

double unitOf(const DesignParameter& parameter, Coordinate setting) {
  if (!parameter.continuous()) return (setting + 0.5) / static_cast<double>(parameter.choices());
  if (parameter.high <= parameter.low) return 0.5;
  if (parameter.kind == DesignParameter::Kind::log)
    return rounded(std::log(setting / parameter.low) / std::log(parameter.high / parameter.low));
  return (setting - parameter.low) / (parameter.high - parameter.low);
}

std::vector<double> Encoding::encode(const DesignPoint& design) const {
  std::vector<double> x;
  for (std::size_t g = 0; g < study_.parameters.size(); ++g) {
    const DesignParameter& parameter = study_.parameters[g];
    const double c = design.parameters[g];
    const std::size_t n = keysOf(parameter);
    if (n > 1) {
      for (std::size_t k = 0; k < n; ++k)
        x.push_back(std::isnan(c) ? 0.5 : static_cast<double>(k) == c ? 0.9 : 0.1);
    } else if (std::isnan(c)) {
      x.push_back(0.5);
    } else {
      x.push_back(unitOf(parameter, c));
    }
    for (std::size_t k = x.size() - n; k < x.size(); ++k) x[k] = std::clamp(x[k], 0.0, 1.0);
  }
  return x;
}

namespace {

/// The design with design parameter `g` at choice `c`; design parameters that were inactive get a
/// setting in case they are not any more.
DesignPoint moved(const Study& study, const DesignPoint& design, std::size_t g, std::size_t c,
                  std::uint64_t salt) {
  DesignPoint out = design;
  out.parameters[g] = static_cast<double>(c);
  for (std::size_t k = 0; k < out.parameters.size(); ++k)
    if (std::isnan(out.parameters[k]))
      out.parameters[k] = study.parameters[k].at(
          static_cast<double>(Hasher().integer(static_cast<std::int64_t>(salt + k)).finish().low >>
                              11) *
          0x1.0p-53);
  canonicalise(study, out);
  return out;
}

}  // namespace

std::vector<DesignPoint> neighboursOf(const Study& study, const DesignPoint& design) {
  std::vector<DesignPoint> out;
  Hasher hasher;  // much cheaper than the id, and as good here
  for (const Coordinate c : design.parameters)
    hasher.integer(std::isnan(c) ? -1 : std::bit_cast<std::int64_t>(c));
  const std::uint64_t salt = hasher.finish().low >> 1;
  for (std::size_t g = 0; g < study.parameters.size(); ++g) {
    const DesignParameter& parameter = study.parameters[g];
    if (parameter.continuous() || std::isnan(design.parameters[g])) continue;
    const auto here = static_cast<std::size_t>(design.parameters[g]);
    if (parameter.kind == DesignParameter::Kind::categorical) {
      for (std::size_t c = 0; c < parameter.choices(); ++c)
        if (c != here) out.push_back(moved(study, design, g, c, salt));
      continue;
    }
    if (here > 0) out.push_back(moved(study, design, g, here - 1, salt));
    if (here + 1 < parameter.choices()) out.push_back(moved(study, design, g, here + 1, salt));
  }
  return out;
}

}  // namespace wattlas
