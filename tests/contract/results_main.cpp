// Writes the results of every shipped platform on a few networks, one JSON object a line, for
// comparisons of two builds: `wattlas_platform_results > a.jsonl`, then scripts/compare_results a
// b.
#include <cstdio>
#include <exception>

#include "tests/contract/suite.h"

int main(int argc, char** argv) {
  using namespace wattlas;
  const std::string only = argc > 1 ? argv[1] : "";
  const suite::Point points[] = {{"ecg-dscnn1d", "int8"},
                                 {"llama2-7b", "int8"},
                                 {"gemm:8x1024x1024", "fp16"},
                                 {"resnet18", "int8"}};
  suite::Runner run;
  for (const std::string& platform : suite::platformIds()) {
    if (!only.empty() && platform.find(only) == std::string::npos) continue;
    for (const suite::Point& point : points)
      for (const char* fidelity : {"analytic", "event"}) {
        std::string text;
        try {
          suite::Sets sets{{"run.fidelity", fidelity}};
          if (point.workload == "llama2-7b")
            sets.insert(sets.end(), {{"workload.prompt", "64"}, {"workload.generate", "8"}});
          RunResult result = run(suite::experiment(platform, point, sets));
          result.config.clear();
          text = toJson(result, false, -1);
        } catch (const std::exception&) {
          text = "{\"error\": \"refused\"}";
        }
        std::printf("%s %s %s\t%s\n", platform.c_str(), point.workload.c_str(), fidelity,
                    text.c_str());
        std::fflush(stdout);
      }
  }
  return 0;
}
