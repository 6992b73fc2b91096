#include "cli/worker.h"

#include <cstring>

#include "cli/context.h"
#include "explorer/child_process.h"
#include "explorer/worker.h"
#include "models/sim/engine.h"

namespace wattlas {

bool isWorker(int argc, char** argv) {
  return argc == 2 && std::strcmp(argv[1], "worker") == 0;
}

int runWorker() {
  const Context context = makeContext();
  ProfileCache cache;
  ExperimentMaker maker(context.registry, context.path);
  WorkerServices services;
  services.evaluate = [&](const ExperimentSpec& spec) {
    const Experiment experiment = maker.make(spec);
    if (!needsEngine(experiment)) return simulate(experiment, cache, {});
    // SystemC elaborates once per process: a child gets it clean and returns bytes.
    return resultFromJson(runInChild([&] {
      ProfileCache own;
      return toJson(simulate(experiment, own, makeEventEngine), true, -1);
    }));
  };
  return workerMain(workerInput, workerOutput, services);
}

}  // namespace wattlas
