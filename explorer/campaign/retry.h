// Which failures another try may turn into an answer.
#pragma once

#include "explorer/outcome.h"

namespace wattlas {

/// True for a failure whose cause may lie outside the point: a worker that was killed (by a person,
/// the system's out-of-memory killer, a dying node), took too long on a busy machine, or got no
/// memory. An exception of the models is final: it comes back every time.
bool isRetryable(const PointOutcome& outcome);

}  // namespace wattlas
