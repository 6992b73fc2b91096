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

const PhaseResult* RunResult::phase(const std::string& name) const {
  for (const PhaseResult& p : phases)
    if (p.name == name) return &p;
  return nullptr;
}

}  // namespace wattlas
