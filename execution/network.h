// A workload as steps that can be executed, with its weights. Values are laid out channels last:
// places x channels of one sample.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "execution/npy.h"
#include "workloads/graph/workload.h"

namespace wattlas {

/// Extents of one sample; rows of a sequence are its width.
struct PlaneShape {
  std::int64_t channels = 1, depth = 1, height = 1, width = 1;
  std::int64_t places() const { return depth * height * width; }
  std::int64_t values() const { return places() * channels; }
  bool operator==(const PlaneShape&) const = default;
  std::string text() const;  ///< "8 channels x 13 x 13"
};

/// One direction of a recurrence: gates x inputs and gates x hidden values, in the order of PyTorch
/// (LSTM: input, forget, cell, output; GRU: reset, update, new).
struct RecurrentWeights {
  std::vector<float> input, hidden, inputBias, hiddenBias;
};

/// Weights of one step as the archive holds them; empty vectors where it has none.
struct StepWeights {
  std::vector<float> weight;  ///< products: outputs x inputs in the order of the archive
  std::vector<float> bias;
  std::vector<float> mean, variance;  ///< batch norms that are not folded
  std::vector<RecurrentWeights> directions;
  std::vector<float> base;  ///< one value: of the angles of rotary positions
};

struct Step {
  std::string name;  ///< of the operator; in a repeated block with the number of the repetition
  Operator op;
  std::vector<std::size_t> inputs;  ///< numbers of values
  PlaneShape out;
  StepWeights weights;
  /// Column of the archive for each column of a product, whose inputs lie channels last; empty =
  /// the same order.
  std::vector<std::int32_t> order;
  /// Dense layers that read some rows of a sequence only: the first of them.
  std::int64_t firstPlace = 0;
  /// Rotary positions: heads that are turned, width of one, and how much of it is turned.
  std::int64_t heads = 0, headDim = 0, rotated = 0;
  /// A clamp (relu and its like) that this step feeds alone: its range is that of this output.
  std::optional<std::size_t> clampedBy;
};

/// Value 0 is the input, value i + 1 the output of step i.
struct ExecutableNetwork {
  std::string name;
  PlaneShape input;
  bool tokens = false;  ///< the input are row numbers of a table
  std::vector<Step> steps;

  const PlaneShape& shapeOf(std::size_t value) const {
    return value == 0 ? input : steps[value - 1].out;
  }
  std::int64_t macs() const;
};

/// Steps of the workload's first phase at batch 1. Throws InputError naming each operator that
/// cannot be executed, and why.
ExecutableNetwork makeExecutable(const Workload& workload);
/// Arrays NAME.weight, NAME.bias, NAME.running_mean, NAME.running_var. Throws InputError with every
/// array that is missing, has another shape or belongs to nothing.
void loadWeights(ExecutableNetwork& network, const NumpyArchive& archive, const std::string& file);
/// The array of the first repetition, for a block that runs once and so has no numbers in its
/// names.
std::string nameInBlock(const std::string& array);
/// Shapes of the arrays that the network needs, by name.
std::vector<std::pair<std::string, std::vector<std::int64_t>>> weightShapes(
    const ExecutableNetwork& network);

/// One input of a window: its places and what of them each output place reads.
struct WindowGeometry {
  WindowAxis axes[3];  ///< depth, height, width
  PlaneShape in, out;
  bool transposed = false;
  std::int64_t kernelPlaces() const { return axes[0].kernel * axes[1].kernel * axes[2].kernel; }
};
WindowGeometry windowOf(const Operator& op, const PlaneShape& in, const PlaneShape& out);
/// Whether a dense layer reads some places of a sequence only: those from `firstPlace` on.
inline bool readsSome(const Step& step, const PlaneShape& in) {
  return step.op.kind == OpKind::gemm && in.channels == step.op.dims[Dim::K] &&
         step.out.places() != in.places();
}
template <class T>
std::vector<T> placesRead(const std::vector<T>& values, const Step& step, const PlaneShape& in,
                          std::int64_t samples) {
  std::vector<T> out;
  for (std::int64_t s = 0; s < samples; ++s) {
    const auto from = values.begin() + s * in.values() + step.firstPlace * in.channels;
    out.insert(out.end(), from, from + step.out.places() * in.channels);
  }
  return out;
}
/// Input place along one axis of a kernel place at an output place, or -1.
inline std::int64_t placeAt(const WindowAxis& axis, std::int64_t out, std::int64_t tap,
                            bool transposed, std::int64_t length) {
  std::int64_t at = transposed ? out + axis.begin - tap * axis.dilation
                               : out * axis.stride + tap * axis.dilation - axis.begin;
  if (transposed) {
    if (at < 0 || at % axis.stride != 0) return -1;
    at /= axis.stride;
  }
  return at >= 0 && at < length ? at : -1;
}
/// f(output place, kernel place, input place or -1 for padding).
template <class F>
void forEachTap(const WindowGeometry& g, F&& f) {
  const auto& [d, h, w] = g.axes;
  std::int64_t to = 0;
  for (std::int64_t z = 0; z < g.out.depth; ++z)
    for (std::int64_t y = 0; y < g.out.height; ++y)
      for (std::int64_t x = 0; x < g.out.width; ++x, ++to) {
        std::int64_t tap = 0;
        for (std::int64_t c = 0; c < d.kernel; ++c)
          for (std::int64_t b = 0; b < h.kernel; ++b)
            for (std::int64_t a = 0; a < w.kernel; ++a, ++tap) {
              const std::int64_t iz = placeAt(d, z, c, g.transposed, g.in.depth);
              const std::int64_t iy = placeAt(h, y, b, g.transposed, g.in.height);
              const std::int64_t ix = placeAt(w, x, a, g.transposed, g.in.width);
              const bool inside = iz >= 0 && iy >= 0 && ix >= 0;
              f(to, tap, inside ? (iz * g.in.height + iy) * g.in.width + ix : std::int64_t{-1});
            }
      }
}

bool isConvolution(OpKind kind);
bool isRecurrent(OpKind kind);
bool isClamp(OpVariant variant);
/// The function of an activation. Throws std::logic_error for a variant that is none.
double valueOf(OpVariant variant, double x);

}  // namespace wattlas
