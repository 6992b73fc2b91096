// Which values a norm takes together, and which keys a query sees.
#pragma once

#include <algorithm>
#include <utility>

#include "execution/network.h"

namespace wattlas {

inline constexpr double normEpsilon = 1e-5;

/// Values of one mean: channels first..first + count of `places` places.
class NormRow {
 public:
  NormRow(std::size_t begin, std::int64_t places, std::int64_t channels, std::int64_t first,
          std::int64_t count)
      : begin_(begin), places_(places), channels_(channels), first_(first), count_(count) {}
  std::int64_t size() const { return places_ * count_; }
  /// f(index, channel).
  template <class F>
  void forEach(F&& f) const {
    for (std::int64_t p = 0; p < places_; ++p)
      for (std::int64_t c = first_; c < first_ + count_; ++c)
        f(begin_ + static_cast<std::size_t>(p * channels_ + c), c);
  }

 private:
  std::size_t begin_;
  std::int64_t places_, channels_, first_, count_;
};

/// f(NormRow): layer and rms norms take the channels of a place, group and instance norms those of
/// a group at all places of a sample.
template <class F>
void forEachNormRow(const Step& step, std::int64_t samples, F&& f) {
  const std::int64_t channels = step.out.channels, places = step.out.places();
  const bool groups = step.op.variant == OpVariant::group || step.op.variant == OpVariant::instance;
  const std::int64_t parts = groups ? step.op.dims[Dim::groups] : 1;
  const std::int64_t rows = groups ? samples : samples * places;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t g = 0; g < parts; ++g)
      f(NormRow(static_cast<std::size_t>(r * (groups ? places : 1) * channels), groups ? places : 1,
                channels, g * (channels / parts), channels / parts));
}

/// Keys that a query sees.
inline std::pair<std::int64_t, std::int64_t> visible(const Operator& op, std::int64_t query,
                                                     std::int64_t keys) {
  const std::int64_t end = op.causal ? query + 1 : keys;
  return {op.window > 0 ? std::max<std::int64_t>(0, end - op.window) : 0, end};
}

}  // namespace wattlas
