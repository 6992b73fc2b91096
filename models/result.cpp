#include "models/result.h"

namespace wattlas {

const char* nameOf(Cause cause) {
  static constexpr const char* names[] = {"compute", "memory",   "link", "latency", "control",
                                          "host",    "transfer", "idle", ""};
  return names[static_cast<std::size_t>(cause)];
}

Cause causeOf(Bound bound) {
  static_assert(static_cast<int>(Cause::host) == static_cast<int>(Bound::host));
  return static_cast<Cause>(bound);
}

Cause causeOf(const OperatorResult& row) {
  for (int c = 0; c < causeCount; ++c) {
    const auto cause = static_cast<Cause>(c);
    const bool waits = cause == Cause::transfer || cause == Cause::idle;
    if (row.kind == nameOf(Cause::transfer) || row.kind == nameOf(Cause::idle)
            ? waits && row.kind == nameOf(cause)
            : row.bound == nameOf(cause))
      return cause;
  }
  return Cause::unknown;
}

const PhaseResult* RunResult::phase(const std::string& name) const {
  for (const PhaseResult& p : phases)
    if (p.name == name) return &p;
  return nullptr;
}

}  // namespace wattlas
