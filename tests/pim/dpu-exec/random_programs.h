// Random programs without data races: every tasklet works on its own WRAM, and meets the others
// through locks, stop/resume and transfers.
#pragma once

#include <cstdint>

#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu::test {

struct RandomShape {
  unsigned tasklets = 8;
  bool boots = false;  ///< tasklet 0 boots the others
  int segments = 12;   ///< pieces of work per program
  bool locks = true, transfers = true, barriers = true, clock = true;
};

/// The same seed and shape give the same program. Shared data are guarded by locks; each tasklet
/// ends with its checksum in WRAM at 1024 * tasklet.
Program randomProgram(std::uint64_t seed, const RandomShape& shape);

/// A barrier like the public run-time's: a lock, a count and a stop; the last one resumes the
/// others, retrying while they have not stopped yet.
class Builder;
void barrier(Builder& b, const char* name, unsigned tasklets, int lock, std::uint32_t counter);

}  // namespace wattlas::dpu::test
