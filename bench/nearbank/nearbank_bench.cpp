// Computing time of one 4096 x 4096 product by groups and by single commands. Promised: below 5 ms
// and 10,000 events at `event`; public simulators take 1.69 s (HBM-PIM) and 0.07 s (AiM).
#include <fmt/format.h>

#include <chrono>

#include "pim/nearbank/channel.h"

namespace {

using namespace wattlas;                 // a program of one file
using namespace wattlas::pim::nearbank;  // NOLINT

NearBankParams load(const std::string& id) {
  const SearchPath path({WATTLAS_DATA_ROOT});
  ConfigNode config = loadConfig(*path.find("devices", id), path);
  config.erase("kind");
  config.erase("title");
  NearBankParams params;
  Problems problems;
  bindConfig(config, "device", problems, [&](Binder& b) { params.bind(b); });
  problems.finish();
  return params;
}

template <class Run>
void measure(const std::string& what, const Run& run) {
  constexpr int times = 200;
  ChannelResult result;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) result = run();
  const double s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / times;
  fmt::print("{:<28} {:>10.1f} ns simulated {:>8} events {:>10.4f} ms\n", what,
             toSeconds(result.time).value * 1e9, result.steps, s * 1e3);
}

}  // namespace

int main() {
  for (const char* id : {"hbm-pim", "gddr6-aim", "attacc-bank", "neupims"}) {
    const NearBankParams p = load(id);
    Sequence s;
    MatrixWork work;
    work.outputs = (4096 + p.channels - 1) / p.channels;
    work.inputs = 4096;
    if (p.registerFile()) enterMode(s, p);
    appendProduct(s, work, p);
    if (p.registerFile()) leaveMode(s, p);
    measure(std::string(id) + " event",
            [&] { return Channel(p, Channel::Level::groups, true, true).run(s); });
    measure(std::string(id) + " detailed",
            [&] { return Channel(p, Channel::Level::commands, false, true).run(s); });
  }
}
