#include "cli/context.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "accuracy/oracle.h"
#include "explorer/child_process.h"
#include "explorer/worker_protocol.h"
#include "models/base/data_path.h"
#include "models/sim/platform_model.h"
#include "workloads/graph/foreign.h"
#include "workloads/import/import.h"

namespace wattlas {
namespace fs = std::filesystem;

namespace {

/// Beside an installed executable is ../share/wattlas; a build tree uses the source tree.
std::string findDataRoot(const fs::path& executable) {
  std::error_code ignored;
  const fs::path installed = executable.parent_path() / ".." / "share" / "wattlas";
  if (fs::is_directory(installed / "configs", ignored)) return fs::weakly_canonical(installed);
  return WATTLAS_SOURCE_ROOT;
}

}  // namespace

Context makeContext() {
  Context context;
  std::error_code ignored;
  // The starter of a bundle (scripts/bundle_start.c) names itself: /proc sees the bundle's loader.
  const char* started = std::getenv("WATTLAS_EXECUTABLE");
  context.executable = started != nullptr && *started != '\0'
                           ? std::string(started)
                           : fs::read_symlink("/proc/self/exe", ignored).string();
  context.dataRoot = findDataRoot(context.executable);
  context.path = SearchPath::standard(context.dataRoot);
  setDataPath(context.path);
  const char* noColour = std::getenv("NO_COLOR");
  context.colour = isatty(STDOUT_FILENO) == 1 && (noColour == nullptr || *noColour == '\0');
  context.progress = isatty(STDERR_FILENO) == 1;
  registerFamilies(context.registry);
  setForeignReader({isForeignModel, readForeignModel});
  return context;
}

std::vector<RunResult> evaluateEach(const std::vector<ExperimentSpec>& specs,
                                    const Context& context) {
  std::vector<RunResult> results;
  ProfileCache cache;
  for (const ExperimentSpec& spec : specs)
    results.push_back(
        simulate(makeExperiment(spec, context.registry, context.path), cache, platformSimulator));
  return results;
}

RunResult evaluateHere(const ExperimentSpec& spec, const Context& context) {
  return std::move(evaluateEach({spec}, context).front());
}

std::vector<std::optional<RunResult>> evaluateAccepted(const std::vector<ExperimentSpec>& specs,
                                                       const Context& context,
                                                       const std::function<bool()>& goesOn) {
  std::vector<std::optional<RunResult>> results;
  for (const ExperimentSpec& spec : specs) {
    if (goesOn && !goesOn()) break;
    try {
      results.emplace_back(evaluateHere(spec, context));
    } catch (const InputError&) {
      results.emplace_back();
    }
  }
  return results;
}

ProbeContext probeContext(const Context& context) {
  return {context.registry, context.path, [](const auto& work) { return runInChild(work); },
          context.executable};
}

WorkerPoolOptions workersOf(const Context& context, int jobs) {
  WorkerPoolOptions options;
  options.command = {context.executable, "worker"};
  options.workers =
      jobs > 0 ? jobs : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return options;
}

void printNotes(const RunResult& result) {
  for (const std::string& note : result.notes) spdlog::info("{}: {}", result.workload, note);
}

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
