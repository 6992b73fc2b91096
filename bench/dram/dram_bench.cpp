// Requests per second of processor time and decisions per request of both levels, by specification
// and pattern.
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "models/dram/memory.h"

int main(int argc, char** argv) {
  using namespace wattlas;
  using namespace wattlas::dram;
  const SearchPath path({WATTLAS_BENCH_DATA});
  Traffic traffic;
  traffic.requests = argc > 1 ? std::atoll(argv[1]) : 100000;
  traffic.writeShare = 0.3;
  std::printf("%-12s %-8s %9s %13s %13s %11s %11s %10s\n", "spec", "pattern", "GB/s",
              "event Mreq/s", "detail Mreq/s", "event dec.", "detail dec.", "time diff");
  for (const std::string& id : dramSpecIds(path)) {
    const DramSpec spec =
        loadDramSpec(path, id,
                     {{"organisation.channels", ConfigNode::ofScalar("1")},
                      {"organisation.pseudoChannels", ConfigNode::ofScalar("1")}});
    for (const std::string& pattern : trafficPatterns()) {
      traffic.pattern = pattern;
      double rate[2], steps[2], clocks[2], bandwidth = 0;
      for (const Level level : {Level::event, Level::detailed}) {
        const auto at = static_cast<std::size_t>(level);
        DramMemory memory(spec, {}, level);
        const auto list = makeTraffic(traffic, memory.map());
        const std::clock_t begin = std::clock();
        const MemoryResult r = memory.run(list);
        const double cpu =
            static_cast<double>(std::clock() - begin) / static_cast<double>(CLOCKS_PER_SEC);
        rate[at] = static_cast<double>(list.size()) / cpu * 1e-6;
        steps[at] = static_cast<double>(r.total.steps) / static_cast<double>(list.size());
        clocks[at] = static_cast<double>(r.clocks);
        if (level == Level::event) bandwidth = r.bytesPerS * 1e-9;
      }
      std::printf("%-12s %-8s %9.2f %13.2f %13.2f %11.3f %11.3f %9.4f%%\n", id.c_str(),
                  pattern.c_str(), bandwidth, rate[0], rate[1], steps[0], steps[1],
                  100 * (clocks[0] / clocks[1] - 1));
    }
  }
  return 0;
}
