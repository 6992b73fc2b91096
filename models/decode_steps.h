// A device that reproduces another tool may count decode steps as that tool does.
#pragma once

#include <cstdint>

namespace wattlas {

/// Mixed into a Device; asked once while an experiment is made.
class CountsDecodeSteps {
 public:
  virtual ~CountsDecodeSteps() = default;
  /// Decode steps that are run when `generate` tokens are asked for.
  virtual std::int64_t decodeSteps(std::int64_t generate) const = 0;
};

}  // namespace wattlas
