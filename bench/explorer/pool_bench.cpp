// Points per second through study, frames, workers and analysis with a model that costs nothing:
// the explorer's own share of an exploration. Usage: bench_explorer_pool [workers] [points]
#include <fmt/format.h>

#include <cstdlib>

#include "explorer/explore.h"
#include "explorer/worker_pool.h"
#include "tests/explorer/study_text.h"

int main(int argc, char** argv) {
  using namespace wattlas;
  WorkerPoolOptions poolOptions;
  poolOptions.command = {WATTLAS_FAKE_WORKER};
  poolOptions.workers = argc > 1 ? std::atoi(argv[1]) : 2;
  const int points = argc > 2 ? std::atoi(argv[2]) : 200000;
  const Study study =
      test::study(test::studyText(fmt::format("  x: {{integer: {{min: 1, max: 1000}}}}\n"
                                              "  y: {{integer: {{min: 1, max: {}}}}}\n",
                                              points / 2000)));
  WorkerPool pool(poolOptions);
  const ExploreOutcome outcome = explore(study, {}, pool);
  fmt::print("{} points, {} workers: {:.2f} s, {:.0f} points/s\n", outcome.points.size(),
             poolOptions.workers, outcome.seconds,
             static_cast<double>(outcome.points.size()) / outcome.seconds);
}
