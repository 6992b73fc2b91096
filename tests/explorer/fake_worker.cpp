#include "explorer/worker.h"
#include "tests/explorer/fake_model.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "broken") return 3;
  return wattlas::workerMain(
      wattlas::workerInput, wattlas::workerOutput,
      {[](const wattlas::ExperimentSpec& spec) { return wattlas::test::fakeRun(spec); }});
}
