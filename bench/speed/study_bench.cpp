// Where the time of an exploration goes, on one core and in one process: planning, evaluation with
// empty and with full memories, transfer between processes, analysis, rows.
// Usage: wattlas_study_bench [STUDY [ROUNDS]]. Exit code 0 always: seconds depend on the machine.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <functional>

#include "cli/study_rows.h"
#include "explorer/archive.h"
#include "explorer/point_evaluator.h"
#include "explorer/worker_protocol.h"
#include "models/sim/platform_model.h"
#include "tests/contract/suite.h"

namespace {

using namespace wattlas;  // a program of one file
using Clock = std::chrono::steady_clock;

void stage(const char* what, std::size_t points, const std::function<void()>& run) {
  const auto start = Clock::now();
  run();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  fmt::print("{:<40} {:>10.4f} s {:>10.2f} us/point {:>12.0f} points/s\n", what, seconds,
             seconds / static_cast<double>(points) * 1e6, static_cast<double>(points) / seconds);
  std::fflush(stdout);
}

class Answers final : public Evaluator {
 public:
  explicit Answers(std::vector<PointOutcome>& rows) : rows_(rows) {}
  bool evaluate(const Study&, std::span<const DesignPoint> points, bool, const Done& done,
                const KeepGoing&) override {
    for (std::size_t i = 0; i < points.size(); ++i) done(i, rows_[i]);
    return true;
  }

 private:
  std::vector<PointOutcome>& rows_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "ecg-space";
  const Study study = loadStudy(name, suite::path());
  SearchMethod method = SearchMethod::exhaustive;
  std::vector<DesignPoint> points = planPoints(study, 1000000, method);
  const std::size_t n = points.size();
  fmt::print("{}: {} points, {}\n", study.name, n, study.fidelity);
  stage("plan", n, [&] { points = planPoints(study, 1000000, method); });

  SimulatingEvaluator evaluator(study, suite::registry(), suite::path(), platformSimulator);
  // As workers get them.
  const std::vector<std::size_t> order = affinityOrder(study, points).order;
  std::vector<DesignPoint> ordered;
  for (const std::size_t i : order) ordered.push_back(points[i]);
  std::vector<PointOutcome> rows(n);
  const auto all = [&] {
    std::size_t next = 0;
    evaluator.evaluate(ordered, false,
                       [&](PointOutcome row) { rows[order[next++]] = std::move(row); });
  };
  stage("evaluate, nothing known", n, all);
  for (int round = 0; round < (argc > 2 ? std::atoi(argv[2]) : 1); ++round)
    stage("evaluate, everything known", n, all);
  std::string bytes;
  stage("encode", n, [&] { bytes = encodeResults(rows); });
  stage("decode", n, [&] { rows = decodeResults(bytes); });

  ExploreOutcome outcome;
  Answers answers(rows);
  stage("explore with all answers at hand", n,
        [&] { outcome = explore(study, ExploreOptions{}, answers); });
  stage("  of these: analyse", n, [&] { analyse(outcome); });
  StudyRows plain(study, false), store(study, true);
  stage("rows", n, [&] {
    for (const ExploredPoint& point : outcome.points) (void)plain.add(point);
  });
  stage("rows with HDF5 file", n, [&] {
    for (const ExploredPoint& point : outcome.points) (void)store.add(point);
    store.commit("/tmp/study_bench.h5");
  });
  stage("CSV", n, [&] {
    PointColumns columns;
    for (const ExploredPoint& point : outcome.points) columns.note(plain.rowOf(point));
    PointCsvFile file("/tmp/study_bench.csv", columns);
    for (const ExploredPoint& point : outcome.points) file.add(plain.rowOf(point));
    file.commit();
  });
  return 0;
}
