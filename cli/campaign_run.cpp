// wattlas campaign run
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>

#include "cli/campaign.h"
#include "explorer/campaign/campaign_status.h"
#include "explorer/campaign/run_shard.h"
#include "explorer/interrupt.h"

namespace wattlas {
namespace {

constexpr std::uint32_t mostShards = 100000;

std::optional<std::uint32_t> numberIn(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

Shard parseShard(const std::string& text) {
  const auto slash = text.find('/');
  const auto index = numberIn(text.substr(0, slash));
  const auto count = slash == std::string::npos ? std::nullopt : numberIn(text.substr(slash + 1));
  if (!index || !count || *count == 0 || *count > mostShards || *index >= *count)
    throw errorAt("--shard", "'" + text.substr(0, 40) + "' is not a shard",
                  "i/N with i from 0 to N - 1, such as 0/4",
                  "four processes run 0/4, 1/4, 2/4 and 3/4");
  return {*index, *count};
}

/// A line in place on a terminal; a line now and then in a log.
class ShardProgress final : public Progress {
 public:
  explicit ShardProgress(bool terminal) : terminal_(terminal) {}
  void update(const ProgressState& s) override {
    const double pace = terminal_ ? 0.2 : 30.0;
    if (s.last) {
      if (terminal_ && told_ >= 0) fmt::print(stderr, "\r\x1b[K");
      return;
    }
    if (s.seconds - told_ < pace && told_ >= 0) return;
    const bool first = told_ < 0;
    told_ = s.seconds;
    if (first && !terminal_) return;  // nothing to say yet
    const std::string line =
        fmt::format("{} of {} points, {:.3g}/s, {} infeasible, {} failed{}", s.done, s.total,
                    s.pointsPerSecond, s.infeasible, s.failed,
                    s.secondsLeft > 0 ? ", " + durationText(s.secondsLeft) + " left" : "");
    if (terminal_)
      fmt::print(stderr, "\r{}\x1b[K", line);
    else
      spdlog::info("{}", line);
  }

 private:
  bool terminal_;
  double told_ = -1;
};

struct ShardCommand {
  std::string folder, shard = "0/1", keyFile;
  std::optional<std::uint32_t> attempt;
  int workers = 0;
  double syncSeconds = 1, patienceSeconds = 10;
  CacheFlags cacheFlags;

  void run(Context& context) const {
    ShardOptions options;
    options.shard = parseShard(shard);
    options.attempt = attempt;
    options.syncSeconds = syncSeconds;
    options.patienceSeconds = patienceSeconds;
    options.key = signingKey(keyFile);
    const WorkerPoolOptions poolOptions = workersOf(context, workers);
    options.workers = poolOptions.workers;
    options.interrupted = InterruptGuard::interrupted;
    InterruptGuard guard;  // from the start: a signal while the plan is read ends cleanly, too
    WorkerPool pool(poolOptions);
    pool.start();
    const CampaignPlan plan = loadPlan(folder, campaignServices(context));
    OptionalCache cache(cacheFlags, context, pool);
    ShardProgress progress(context.progress);
    const ShardOutcome outcome = runShard(plan, options, cache.evaluator(), &progress);
    report(plan, options, outcome);
    cache.printSummary();
    if (!outcome.complete) {
      spdlog::warn("interrupted; the same command continues");
      context.exitCode = exitInterrupted;
    }
  }

  void report(const CampaignPlan& plan, const ShardOptions& options, const ShardOutcome& o) const {
    fmt::print("shard {}/{}: {} of {} points settled, {} of them now in {:.1f} s",
               options.shard.index, options.shard.count, o.settled,
               plan.adaptive && !o.complete ? plan.planned : o.points, o.evaluated, o.seconds);
    if (o.evaluated > 0) fmt::print(" ({} infeasible, {} failed)", o.infeasible, o.failed);
    fmt::print("\n");
    if (!o.journal.empty()) fmt::print("journal: {}/{}\n", plan.journals(), o.journal);
    if (o.complete)
      fmt::print("next: wattlas campaign status {0}, then wattlas campaign merge {0} -o F.h5\n",
                 folder);
  }
};

}  // namespace

void addCampaignRun(CLI::App& app, Context& context) {
  auto command = std::make_shared<ShardCommand>();
  CLI::App* sub = app.add_subcommand("run", "Evaluate one shard of a campaign");
  sub->footer(
      "Example:\n  wattlas campaign run sweep --shard 0/4\n"
      "  parallel -j 4 wattlas campaign run sweep -j 1 --shard {}/16 ::: $(seq 0 15)");
  sub->add_option("folder", command->folder, "Folder made by campaign plan")->required();
  sub->add_option("--shard", command->shard, "i/N: part i (from 0) of N")->capture_default_str();
  sub->add_option("--attempt", command->attempt, "Number of the journal (default: next unused)");
  sub->add_option("-j,--jobs", command->workers, "Worker processes (default: all cores)")
      ->check(CLI::Range(1, 1024));
  sub->add_option("--sync", command->syncSeconds,
                  "Seconds of work that a power failure may cost (a killed process costs none)")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  sub->add_option("--patience", command->patienceSeconds,
                  "Searches: take over points of other shards after so many silent seconds")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  addKeyOption(*sub, command->keyFile);
  command->cacheFlags.addTo(*sub);
  sub->callback([command, &context] { reportingTrouble(context, [&] { command->run(context); }); });
}

}  // namespace wattlas
