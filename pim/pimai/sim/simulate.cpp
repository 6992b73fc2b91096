#include "pim/pimai/sim/simulate.h"

#include <algorithm>
#include <string>

#include "pim/pimai/sim/stream.h"

namespace wattlas::pim {

Profile simulateStreams(const PimAiDevice& device, const PimAiProgram& program) {
  const PimAiParams& p = device.params();
  // All chips have the program of the busiest, and channels share nothing but the tile buffer.
  const bool fold = p.fold == "auto";
  const std::int64_t streams = fold ? 1 : p.chips * p.channels;
  std::vector<PimAiTimes> times;
  std::int64_t events = 1;
  for (const PimAiOp& op : program.operators()) {
    StreamRun run;
    Ticks longest;
    for (std::int64_t i = 0; i < streams; ++i) {
      run = runStream(op, p);
      longest = std::max(longest, run.time);
      events += run.steps;
    }
    // What ended last decides: data that waited for compute, or compute that waited for data.
    const double compute = op.operations > 0 ? op.operations / op.rate.value : 0.0;
    const bool computes = compute > toSeconds(run.memory).value * 0.999;
    times.push_back({PimAiDevice::exchangeTime(op, p), longest, toTicks(op.elements),
                     computes ? Bottleneck::compute : Bottleneck::memory});
    events += 3;
  }
  Profile profile = device.profileOf(program, times);
  profile.events = events;
  if (fold)
    profile.replications.push_back(
        {ReplicationKind::symmetry, p.chips * p.channels,
         std::to_string(p.chips) + " chips of " + std::to_string(p.channels) + " channels",
         "equal shares of every tensor, in step, nothing shared while they stream"});
  return profile;
}

}  // namespace wattlas::pim
