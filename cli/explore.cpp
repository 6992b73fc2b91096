// wattlas explore
#include "explorer/explore.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "accuracy/oracle.h"
#include "cli/campaign.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/context.h"
#include "cli/study_rows.h"
#include "explorer/bits.h"
#include "explorer/interrupt.h"
#include "explorer/search_quality.h"
#include "explorer/summary.h"
#include "explorer/uncertainty.h"
#include "models/experiment.h"
#include "models/metric.h"
#include "results/store.h"
#include "results/table.h"

namespace wattlas {
namespace {

/// One line on a terminal, rewritten in place; nothing elsewhere.
class ProgressBar final : public Progress {
 public:
  explicit ProgressBar(bool shown) : shown_(shown) {}
  void update(const ProgressState& s) override {
    if (!shown_) return;
    constexpr int width = 30;
    const double share =
        s.total > 0 ? static_cast<double>(s.done) / static_cast<double>(s.total) : 0;
    const int filled = static_cast<int>(share * width);
    fmt::print(stderr, "\r[{}{}] {}/{}  {:.0f} points/s  {} infeasible  {} failed  {}\x1b[K",
               std::string(static_cast<std::size_t>(filled), '#'),
               std::string(static_cast<std::size_t>(width - filled), '.'), s.done, s.total,
               s.pointsPerSecond, s.infeasible, s.failed,
               s.last              ? fmt::format("{:.1f} s", s.seconds)
               : s.secondsLeft > 0 ? fmt::format("{:.0f} s left", s.secondsLeft)
                                   : "");
    if (s.last) fmt::print(stderr, "\n");
  }

 private:
  bool shown_;
};

void checkWritable(const char* flag, const std::string& file) {
  if (file.empty()) return;
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(file).has_parent_path() ? fs::path(file).parent_path() : ".";
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    throw errorAt(flag, "the folder " + folder.string() + " does not exist", "an existing folder",
                  "create it first");
  if (access(folder.c_str(), W_OK) != 0)
    throw errorAt(flag, "the folder " + folder.string() + " is not writable",
                  "a folder that you may write to");
}

struct ExploreCommand {
  std::string study, output, csv;
  std::vector<std::string> sets;
  std::optional<std::uint64_t> seed;
  std::optional<std::int64_t> seeds, quality;
  int workers = 0;
  CacheFlags cacheFlags;
  bool dry = false, uncertainty = false, screeningQuality = false, brief = false;

  void run(Context& context) const {
    const WorkerPoolOptions poolOptions = workersOf(context, workers);
    const int count = poolOptions.workers;
    WorkerPool pool(poolOptions);
    if (!dry) pool.start();
    StudyOverrides overrides;
    overrides.seed = seed;
    const auto key = [&](const char* name, std::string value, const char* flag) {
      overrides.keys.emplace_back(name, ConfigNode::ofScalar(std::move(value), {flag, 0}));
    };
    if (seeds && !quality) key("search.seeds", std::to_string(*seeds), "--seeds");
    if (uncertainty) key("uncertainty", "front", "--uncertainty");
    for (const std::string& text : sets) overrides.sets.push_back(parseAssignment(text));
    const Study loaded = loadStudy(study, context.path, overrides);
    checkObjectives(loaded, context.path);

    // Before hours of work, not after them.
    (void)makeOracle(loaded.accuracy, context.path);
    for (const auto& [flag, file] : {std::pair{"-o", &output}, {"--csv", &csv}}) {
      checkWritable(flag, *file);
      refuseSameFile(flag, *file, loaded.file, "the study");
    }
    refuseSameFile("--csv", csv, output, "the file of -o");

    OptionalCache cache(cacheFlags, context, pool);
    InterruptGuard guard;
    ExploreOptions options;
    ExperimentMaker maker(context.registry, context.path);
    options.check = [&](const ExperimentSpec& spec) { (void)maker.make(spec); };
    options.interrupted = InterruptGuard::interrupted;
    if (dry) {
      fmt::print("{}", dryRun(loaded, options, pool, count));
      return;
    }
    ProgressBar bar(context.progress);
    if (quality || screeningQuality) {
      printQualities(loaded, options, pool, bar);
      return;
    }
    ExploreOutcome outcome = explore(loaded, options, cache.evaluator(), &bar);
    StudyRows rows(loaded, !output.empty());
    rows.finalise(outcome, context, [] { return !InterruptGuard::interrupted(); });
    const UncertaintyReport& intervals = rows.uncertainty();
    std::string findings;
    if (!brief) {
      findings = summarise(outcome, intervals.chances);
      if (!intervals.comparisons.empty() || !intervals.winners.empty())
        findings += printUncertainty(outcome, intervals);
    }
    const std::size_t failed = static_cast<std::size_t>(std::count_if(
        outcome.points.begin(), outcome.points.end(),
        [](const ExploredPoint& p) { return p.outcome.status == PointStatus::failed; }));
    ParetoTable table(parameterKeys(loaded), intervals.chances);
    const std::size_t points = outcome.points.size();
    writeRows(outcome, rows, table);
    fmt::print("{}\n{}",
               table.text({.colour = context.colour},
                          brief ? ParetoTable::Form::brief : ParetoTable::Form::table),
               findings);
    if (loaded.bits && !outcome.interrupted)
      fmt::print("{}", printBits(bitsBaseline(outcome, pool)));
    fmt::print("\n{} point{} in {:.3g} s with {} workers ({:.3g} points/s), {} of them failed\n",
               points, points == 1 ? "" : "s", outcome.seconds, count,
               outcome.seconds > 0 ? static_cast<double>(points) / outcome.seconds : 0.0, failed);
    cache.printSummary();
    for (const std::string& file : {output, csv})
      if (!file.empty()) fmt::print("written: {}\n", file);
    if (loaded.search.seeds > 1 && outcome.bands.empty())
      spdlog::info("the whole space fits the budget: there was no search to repeat {} times",
                   loaded.search.seeds);
    if (outcome.interrupted) {
      spdlog::warn("interrupted: {} of {} points are done", points, outcome.planned);
      context.exitCode = exitInterrupted;
    }
  }

  /// Into files and the table, row by row. What a row was made from leaves memory, so that a
  /// million points never stand there twice; allocations of bits are compared with the points and
  /// need them.
  void writeRows(ExploreOutcome& outcome, StudyRows& rows, ParetoTable& table) const {
    std::optional<PointCsvFile> file;
    if (!csv.empty()) {
      PointColumns columns;
      for (const ExploredPoint& point : outcome.points) columns.note(rows.rowOf(point));
      columns.sort(parameterKeys(outcome.study));
      file.emplace(csv, std::move(columns));
    }
    rows.addTables(outcome);
    const auto write = [&](const ExploredPoint& point) {
      PointRow row = rows.add(point);
      if (file) file->add(row);
      table.add(std::move(row));
    };
    if (outcome.study.bits)
      std::for_each(outcome.points.begin(), outcome.points.end(), write);
    else
      for (; !outcome.points.empty(); outcome.points.pop_front()) write(outcome.points.front());
    if (file) file->commit();
    if (!output.empty()) rows.commit(output);
  }

  /// The whole space is evaluated; searches are then replayed on its rows.
  void printQualities(const Study& loaded, const ExploreOptions& options, Evaluator& pool,
                      Progress& progress) const {
    Study all = loaded;
    all.search.method = SearchMethod::exhaustive;
    all.search.budget = 0;
    all.search.screening.on = false;
    const ExploreOutcome whole = explore(all, options, pool, &progress);
    if (quality)
      fmt::print("{}", printQuality(searchQuality(whole, static_cast<std::size_t>(*quality),
                                                  static_cast<std::size_t>(seeds.value_or(5)))));
    if (!screeningQuality) return;
    const ExploreOutcome screen = explore(studyAt(all, "analytic"), options, pool, &progress);
    fmt::print("{}", printQuality(wattlas::screeningQuality(
                         whole, screen, loaded.search.screening.calibrationSample)));
  }
};

}  // namespace

void addExplore(CLI::App& app, Context& context) {
  auto command = std::make_shared<ExploreCommand>();
  CLI::App* sub = app.add_subcommand("explore", "Sweep a design space to its Pareto set");
  sub->footer(
      "Example:\n  wattlas explore configs/studies/quickstart.yaml -o out.h5 --csv out.csv");
  sub->add_option("study", command->study, "Study file")->required();
  sub->add_option("-o,--output", command->output, "HDF5 file with every point");
  sub->add_option("--csv", command->csv, "CSV file with every point");
  sub->add_option("-j,--jobs", command->workers, "Worker processes (default: all cores)")
      ->check(CLI::Range(1, 1024));
  sub->add_option("--seed", command->seed, "Seed of the search");
  sub->add_option("--seeds", command->seeds, "Repeat the search with so many seeds")
      ->check(CLI::Range(1, 1000));
  sub->add_flag("--uncertainty", command->uncertainty,
                "Intervals from the common scenarios for the points of the Pareto set, pairwise "
                "comparisons and tornadoes (without it, only how sure the best points are)");
  sub->add_flag("--brief", command->brief,
                "Print the best points and how sure they are, without reasons and findings");
  sub->add_option("--search-quality", command->quality,
                  "Evaluate the whole space and print what searches of N evaluations would have "
                  "found of its Pareto set (5 seeds, or --seeds)")
      ->check(CLI::Range(8, 1000000));
  sub->add_flag("--ladder-quality", command->screeningQuality,
                "Evaluate the whole space at both levels and print what the fidelity ladder would "
                "have simulated and found");
  repeated(sub->add_option("--set", command->sets, "KEY=VALUE for every point"));
  command->cacheFlags.addTo(*sub);
  sub->add_flag("--dry-run", command->dry, "Print size, a sample and the expected time");
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
