#include "cli/explorer_rows.h"

#include <algorithm>
#include <thread>

#include "explorer/validation.h"
#include "explorer/worker_pool.h"

namespace wattlas {
namespace {

/// The whole space of a shipped study at a fidelity.
ExploreOutcome wholeOf(const Study& study, const std::string& fidelity, const Context& context) {
  Study all = studyAt(study, fidelity);
  all.search = {};
  all.search.method = SearchMethod::exhaustive;
  WorkerPoolOptions options;
  options.command = {context.executable, "worker"};
  options.workers = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  WorkerPool pool(options);
  ExploreOptions explored;
  explored.detailLimit = 0;
  return explore(all, explored, pool);
}

}  // namespace

ValidationRows explorerRows(const Context& context) {
  ValidationRows rows = zdtRows();
  const auto add = [&](ValidationRows more) {
    for (ValidationRow& row : more) rows.push_back(std::move(row));
  };
  for (const char* id : {"search-check", "search-check-fpga"})
    add(searchRows(id, wholeOf(loadStudy(id, context.path), "analytic", context)));
  for (const char* id : {"ladder-pim-ai", "ladder-fpga"}) {
    const Study study = loadStudy(id, context.path);
    add(screeningRows(id, wholeOf(study, study.fidelity, context),
                      wholeOf(study, "analytic", context),
                      study.search.screening.calibrationSample));
  }
  return rows;
}

}  // namespace wattlas
