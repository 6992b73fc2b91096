#include "gpu/streams.h"

#include <algorithm>
#include <limits>

#include "gpu/energy.h"
#include "gpu/timing.h"

namespace wattlas::gpu {
namespace {

struct Active {
  const StreamWork* work = nullptr;
  double left = 1, speed = 0;  ///< share of the kernel; of its speed alone
  bool open = true;            ///< may still become faster
};

/// Raises the speeds of all together; who meets a full resource stays, the others go on.
void settle(std::vector<Active>& active) {
  for (Active& a : active) {
    a.speed = 0;
    a.open = true;
  }
  for (std::size_t round = 0; round < active.size(); ++round) {
    double rise = 1;
    std::size_t full = 4;
    for (std::size_t r = 0; r < 4; ++r) {
      double used = 0, wanted = 0;
      for (const Active& a : active)
        (a.open ? wanted : used) += a.work->use[r] * (a.open ? 1 : a.speed);
      if (wanted > 0 && (1 - used) / wanted < rise) {
        rise = std::max(0.0, (1 - used) / wanted);
        full = r;
      }
    }
    for (Active& a : active)
      if (a.open) {
        a.speed = rise;
        a.open = full < 4 && a.work->use[full] <= 0;
      }
    if (full == 4) return;
  }
}

}  // namespace

StreamWork streamWork(const Parameters& p, const Kernel& kernel, double seconds) {
  StreamWork work;
  work.seconds = seconds;
  if (seconds <= 0) return work;
  const double lanes = static_cast<double>(p.sms) * p.clock.value.value;
  // Rows are latencies of CTAs that leave the units to others.
  const double busy = kernel.rowTimes ? kernel.vectorOps / (lanes * p.vector.fp32.value.value)
                                      : kernel.totalCycles() / (lanes * kernel.parallelPerSm);
  const double room = p.power.tdp.value.value - p.power.idle.value.value -
                      p.power.active.value.value - p.power.uncore.value.value;
  const double joules = chipJoules(p, kernel) + memoryJoules(p, kernel);
  work.use = {busy / seconds, kernel.dramBits / reachableDram(p, kernel) / seconds,
              kernel.l2Bits / (kernel.l2Share * p.memory.l2Bandwidth.value.value) / seconds,
              p.power.capped && room > 0 ? joules / room / seconds : 0};
  for (double& use : work.use) use = std::min(use, 1.0);
  return work;
}

StreamRun runStreams(const std::vector<std::vector<StreamWork>>& streams) {
  StreamRun run;
  std::vector<std::size_t> next(streams.size(), 0);
  std::vector<double> left(streams.size(), 1);
  for (;;) {
    std::vector<Active> active;
    std::vector<std::size_t> of;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      while (next[i] < streams[i].size() && streams[i][next[i]].seconds <= 0) ++next[i];
      if (next[i] == streams[i].size()) continue;
      active.push_back({&streams[i][next[i]], left[i]});
      of.push_back(i);
    }
    if (active.empty()) return run;
    settle(active);
    double step = std::numeric_limits<double>::infinity();
    for (const Active& a : active)
      if (a.speed > 0) step = std::min(step, a.left * a.work->seconds / a.speed);
    for (std::size_t k = 0; k < active.size(); ++k) {
      left[of[k]] -= step * active[k].speed / active[k].work->seconds;
      if (left[of[k]] > 1e-9) continue;
      left[of[k]] = 1;
      ++next[of[k]];
    }
    run.seconds += step;
    ++run.steps;
  }
}

}  // namespace wattlas::gpu
