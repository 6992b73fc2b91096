// What runs where, and how work is split: data that files, mappers and searches fill in.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/base/parameter.h"

namespace wattlas {

struct Mapping {
  /// Operator kind or name (`*` for any text), `PHASE/` before it where only one phase is meant ->
  /// group, `host`, or `best`, which takes the fastest; later entries win.
  std::vector<std::pair<std::string, std::string>> place;
  /// Members of the first group that share one network: how it is cut.
  std::int64_t tensor = 1, pipeline = 1, data = 1, expert = 1;
  std::int64_t microBatches = 1;  ///< of a pipeline
  /// Work waits for its inputs and its device only; weights that are streamed come while the
  /// operator before them runs.
  bool overlapped = false;
  void bind(Binder& binder);
};

}  // namespace wattlas
