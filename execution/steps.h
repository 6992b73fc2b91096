// What both engines share: how a kind is gone about, and which values a step takes together.
#pragma once

#include <algorithm>
#include <utility>

#include "execution/network.h"
#include "execution/patches.h"

namespace wattlas {

/// How engines go about a kind.
enum class StepForm { pool, combine, norm, attention, rows, product, recurrent, rotary };
/// Throws std::logic_error for a kind that networks are refused with.
StepForm formOf(OpKind kind);

/// Executes all steps in order; `Engine` has a function for each form.
template <class Engine>
void runSteps(Engine& engine, const ExecutableNetwork& network, std::int64_t samples) {
  using Form = void (Engine::*)(std::size_t step, std::int64_t samples);
  static constexpr Form forms[] = {&Engine::pool,      &Engine::combine, &Engine::norm,
                                   &Engine::attention, &Engine::rows,    &Engine::product,
                                   &Engine::recurrent, &Engine::rotary};
  for (std::size_t i = 0; i < network.steps.size(); ++i)
    (engine.*forms[static_cast<std::size_t>(formOf(network.steps[i].op.kind))])(i, samples);
}

/// Outputs of a step's product, and inputs of one of them.
struct ProductShape {
  std::int64_t groups = 1, outputs = 1, inputs = 1;  ///< outputs of all groups together
};
ProductShape productShapeOf(const Step& step);
inline bool isProductStep(const Step& step) {
  return formOf(step.op.kind) == StepForm::product;
}
/// Columns of a matrix moved into the order that is executed.
template <class T>
std::vector<T> inOrder(const std::vector<T>& matrix, std::int64_t rows, std::int64_t columns,
                       const std::vector<std::int32_t>& order) {
  if (order.empty()) return matrix;
  std::vector<T> out(matrix.size());
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      out[static_cast<std::size_t>(r * columns + c)] =
          matrix[static_cast<std::size_t>(r * columns + order[static_cast<std::size_t>(c)])];
  return out;
}
/// Row of a table that a token stands for. Throws InputError beyond its end.
std::int64_t rowOf(const Step& step, double token);

/// f(output place, input place or -1 for padding) of a pool, an upsampling or the last places.
template <class F>
void forEachPooled(const Step& step, const PlaneShape& in, F&& f) {
  const bool nearest = step.op.kind == OpKind::upsample;
  if (step.op.kind == OpKind::slice)
    for (std::int64_t to = 0; to < step.out.places(); ++to) f(to, step.firstPlace + to);
  else if (nearest || step.op.variant == OpVariant::adaptive)
    forEachAdaptive(in, step.out, nearest, f);
  else
    forEachTap(windowOf(step.op, in, step.out),
               [&](std::int64_t to, std::int64_t, std::int64_t from) { f(to, from); });
}

/// f(first index of a pair, second, position, pair, pairs) for the pairs that are turned, and
/// copied(index) for the values that are not.
template <class F, class G>
void forEachTurned(const Step& step, std::int64_t samples, F&& turned, G&& copied) {
  const std::int64_t half = step.rotated / 2, width = step.out.channels;
  for (std::int64_t r = 0; r < samples * step.out.places(); ++r)
    for (std::int64_t c = 0; c < width; ++c) {
      const std::int64_t k = c % step.headDim, at = r * width + c;
      if (c >= step.heads * step.headDim || k >= step.rotated)
        copied(static_cast<std::size_t>(at));
      else if (k < half)
        turned(static_cast<std::size_t>(at), static_cast<std::size_t>(at + half),
               r % step.out.places(), k);
    }
}
/// Angle of a pair at a position.
double angleOf(const Step& step, std::int64_t position, std::int64_t pair);

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
