#include "cli/worker.h"

#include <cstring>

#include "accuracy/oracle.h"
#include "cli/context.h"
#include "explorer/worker.h"
#include "models/sim/platform_model.h"

namespace wattlas {

bool isWorker(int argc, char** argv) {
  return argc == 2 && std::strcmp(argv[1], "worker") == 0;
}

int runWorker() {
  const Context context = makeContext();
  return workerMain(workerInput, workerOutput, [&](const Study& study) {
    return std::make_unique<SimulatingEvaluator>(study, context.registry, context.path,
                                                 platformSimulator,
                                                 makeOracle(study.accuracy, context.path));
  });
}

}  // namespace wattlas
