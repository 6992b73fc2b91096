// Windows of a convolution or pool as rows of a matrix (im2col).
#pragma once

#include <vector>

#include "execution/network.h"

namespace wattlas {

class Patches {
 public:
  Patches() = default;
  Patches(const Operator& op, const PlaneShape& in, const PlaneShape& out)
      : geometry_(windowOf(op, in, out)) {
    taps_.resize(static_cast<std::size_t>(out.places() * geometry_.kernelPlaces()));
    forEachTap(geometry_, [&](std::int64_t to, std::int64_t tap, std::int64_t from) {
      taps_[static_cast<std::size_t>(to * geometry_.kernelPlaces() + tap)] =
          static_cast<std::int32_t>(from);
    });
  }

  std::int64_t kernelPlaces() const { return geometry_.kernelPlaces(); }
  std::int64_t places() const { return geometry_.out.places(); }
  /// Input place of a kernel place at an output place, or -1.
  std::int32_t tap(std::int64_t out, std::int64_t kernel) const {
    return taps_[static_cast<std::size_t>(out * geometry_.kernelPlaces() + kernel)];
  }
  /// Rows of one sample for channels first..first + count: kernel places x channels each.
  template <class T>
  void fill(const T* sample, std::int64_t first, std::int64_t count, T padding, T* rows) const {
    const std::int64_t channels = geometry_.in.channels;
    for (const std::int32_t from : taps_) {
      if (from < 0)
        std::fill(rows, rows + count, padding);
      else if (count == 1)
        *rows = sample[from * channels + first];
      else
        std::copy(sample + from * channels + first, sample + from * channels + first + count, rows);
      rows += count;
    }
  }

 private:
  WindowGeometry geometry_;
  std::vector<std::int32_t> taps_;
};

/// Input places of an adaptive window or an upsampled place along the three axes.
struct PlaceRange {
  std::int64_t begin = 0, end = 0;
};
inline PlaceRange adaptiveRange(std::int64_t out, std::int64_t outs, std::int64_t length) {
  return {out * length / outs, ((out + 1) * length + outs - 1) / outs};
}
/// f(output place, input place) for all places of each adaptive window, and of the nearest place of
/// an upsampling when `nearest`.
template <class F>
void forEachAdaptive(const PlaneShape& in, const PlaneShape& out, bool nearest, F&& f) {
  const auto range = [&](std::int64_t at, std::int64_t outs, std::int64_t length) {
    PlaceRange r = adaptiveRange(at, outs, length);
    if (nearest) r.end = r.begin + 1;
    return r;
  };
  std::int64_t to = 0;
  for (std::int64_t z = 0; z < out.depth; ++z)
    for (std::int64_t y = 0; y < out.height; ++y)
      for (std::int64_t x = 0; x < out.width; ++x, ++to) {
        const PlaceRange d = range(z, out.depth, in.depth), h = range(y, out.height, in.height),
                         w = range(x, out.width, in.width);
        for (std::int64_t c = d.begin; c < d.end; ++c)
          for (std::int64_t b = h.begin; b < h.end; ++b)
            for (std::int64_t a = w.begin; a < w.end; ++a)
              f(to, (c * in.height + b) * in.width + a);
      }
}

/// Where the value of input j of an element-wise operator lies for each place and channel of the
/// output: strides of 0 along an extent of 1.
class Broadcast {
 public:
  Broadcast(const PlaneShape& in, const PlaneShape& out) : out_(out) {
    const auto stride = [](std::int64_t extent, std::int64_t step) {
      return extent == 1 ? 0 : step;
    };
    channel_ = stride(in.channels, 1);
    x_ = stride(in.width, in.channels);
    y_ = stride(in.height, in.channels * in.width);
    z_ = stride(in.depth, in.channels * in.width * in.height);
  }
  /// f(index in the output, index in the input).
  template <class F>
  void forEach(F&& f) const {
    std::int64_t to = 0;
    for (std::int64_t z = 0; z < out_.depth; ++z)
      for (std::int64_t y = 0; y < out_.height; ++y)
        for (std::int64_t x = 0; x < out_.width; ++x)
          for (std::int64_t c = 0; c < out_.channels; ++c, ++to)
            f(to, z * z_ + y * y_ + x * x_ + c * channel_);
  }

 private:
  PlaneShape out_;
  std::int64_t channel_, x_, y_, z_;
};

}  // namespace wattlas
