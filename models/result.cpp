#include "models/result.h"

namespace wattlas {

const char* nameOf(BottleneckCategory cause) {
  static constexpr const char* names[] = {"compute", "memory",   "link", "latency", "control",
                                          "host",    "transfer", "idle", ""};
  return names[static_cast<std::size_t>(cause)];
}

BottleneckCategory bottleneckCategoryOf(Bottleneck bottleneck) {
  static_assert(static_cast<int>(BottleneckCategory::host) == static_cast<int>(Bottleneck::host));
  return static_cast<BottleneckCategory>(bottleneck);
}

BottleneckCategory bottleneckCategoryOf(const OperatorResult& row) {
  for (int c = 0; c < bottleneckCategoryCount; ++c) {
    const auto cause = static_cast<BottleneckCategory>(c);
    const bool waits = cause == BottleneckCategory::transfer || cause == BottleneckCategory::idle;
    if (row.kind == nameOf(BottleneckCategory::transfer) ||
                row.kind == nameOf(BottleneckCategory::idle)
            ? waits && row.kind == nameOf(cause)
            : row.bound == nameOf(cause))
      return cause;
  }
  return BottleneckCategory::unknown;
}

const PhaseResult* RunResult::phase(const std::string& name) const {
  for (const PhaseResult& p : phases)
    if (p.name == name) return &p;
  return nullptr;
}

}  // namespace wattlas
