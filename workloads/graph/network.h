// Inside the room: layers of a workload file -> operators. Not for other rooms.
#pragma once

#include <string>
#include <vector>

#include "workloads/graph/description.h"
#include "workloads/graph/layer_spec.h"

namespace wattlas {

/// Shape of what flows between two layers, for one sample.
struct Shape {
  std::int64_t channels = 1, height = 1, width = 1, depth = 1;
  bool plane = false;   ///< an image (conv2d) or a signal (conv1d)
  bool volume = false;  ///< an image with a depth (conv3d)
  std::int64_t pixels() const { return Exact(depth) * height * width; }
  std::int64_t values() const { return Exact(channels) * pixels(); }
  bool operator==(const Shape&) const = default;
  std::string text() const {
    std::string out = std::to_string(channels) + " channels x ";
    if (volume) out += std::to_string(depth) + " x ";
    if (plane) out += std::to_string(height) + " x ";
    return out + std::to_string(width);
  }
};

/// Adds the operators of `layers` for `batch` samples of shape `input` to `graph`. The first
/// impossible layer is reported in the draft's problems and ends the network: what follows has no
/// shape to check.
void buildNetwork(Draft& draft, Graph& graph, std::int64_t batch,
                  const std::vector<LayerSpec>& layers, const Shape& input);

}  // namespace wattlas
