// wattlas campaign plan, and what the campaign commands share
#include "cli/campaign.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "accuracy/oracle.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "explorer/campaign/campaign_plan.h"
#include "explorer/campaign/campaign_status.h"
#include "explorer/campaign/journal_record.h"
#include "explorer/campaign/journal_writer.h"
#include "explorer/campaign/merge.h"
#include "explorer/interrupt.h"
#include "models/base/atomic_file.h"
#include "models/base/plain_text.h"
#include "models/experiment.h"

namespace wattlas {
namespace fs = std::filesystem;

CampaignServices campaignServices(const Context& context) {
  auto maker = std::make_shared<ExperimentMaker>(context.registry, context.path);
  return {buildFingerprint(),
          [maker](const ExperimentSpec& spec) { return maker->make(spec).configHash; }};
}

std::shared_ptr<const JournalKey> signingKey(const std::string& keyFile) {
  return keyFile.empty() ? nullptr : std::make_shared<const JournalKey>(keyFile);
}

void addKeyOption(CLI::App& command, std::string& keyFile) {
  command.add_option("--sign", keyFile,
                     "File with a secret: journals are signed with it, and others are refused");
}

OpenCampaign openCampaign(const std::string& folder, const Context& context,
                          const std::string& keyFile) {
  CampaignPlan plan = loadPlan(folder, campaignServices(context));
  JournalSet journals(plan.journals(), metricNamesOf(plan.study), signingKey(keyFile));
  journals.refresh();
  return {std::move(plan), std::move(journals)};
}

void reportingTrouble(Context& context, const std::function<void()>& body) {
  try {
    body();
  } catch (const JournalUnreadable& failure) {
    fmt::print(stderr, "error: {}\n", plainText(failure.what()));
    context.exitCode = exitBadInput;
  } catch (const JournalFailure& failure) {
    fmt::print(stderr, "error: {}\nwhat was written before is safe\n", plainText(failure.what()));
    context.exitCode = exitInterrupted;
  } catch (const ConflictError& conflict) {
    fmt::print(stderr, "error: {}\n", conflict.what());
    context.exitCode = exitBadInput;
  }
}

namespace {

struct PlanCommand {
  std::string study, folder;
  std::vector<std::string> sets;
  std::optional<std::uint64_t> seed;

  void run(Context& context) const {
    StudyOverrides overrides;
    overrides.seed = seed;
    for (const std::string& text : sets) overrides.sets.push_back(parseAssignment(text));
    const Study loaded = loadStudy(study, context.path, overrides);
    checkObjectives(loaded, context.path);
    (void)makeOracle(loaded.accuracy, context.path);
    checkStudy(loaded, [&](const ExperimentSpec& spec) {
      (void)makeExperiment(spec, context.registry, context.path);
    });
    const CampaignServices services = campaignServices(context);
    const CampaignPlan plan = makePlan(loaded, folder, services);
    if (fs::exists(plan.planFile()))
      confirm(plan, services);
    else
      write(plan);
    fmt::print("campaign {}: {}{} points, {} search, plan {}\n", loaded.name,
               plan.adaptive ? "up to " : "", plan.adaptive ? plan.planned : plan.points.size(),
               nameOf(plan.method), plan.id.substr(0, 16));
    fmt::print(
        "next: wattlas campaign run {0} --shard 0/1      here, or with i/N in N places\n"
        "      wattlas campaign slurm {0} --shards N     on a cluster\n",
        folder);
  }

  /// Planning again is no harm when it gives the same plan.
  static void confirm(const CampaignPlan& plan, const CampaignServices& services) {
    if (loadPlan(plan.folder, services).id == plan.id) return;
    throw errorAt(plan.planFile(), "another plan is there already",
                  "a new folder, or the study that this plan was made from",
                  "a changed study is a new campaign; its points found before are "
                  "reused with run --cache");
  }

  static void write(const CampaignPlan& plan) {
    std::error_code failed;
    if (fs::exists(plan.folder) && !fs::is_empty(plan.folder, failed))
      throw errorAt(plan.folder, "holds other files", "a new or empty folder",
                    "choose another folder with -o");
    fs::create_directories(plan.journals(), failed);
    if (failed)
      throw errorAt(plan.folder, "cannot be created: " + failed.message(),
                    "a folder on a disk that all shards see");
    writeFileAtomically(plan.studyFile(), plan.study.tree.toYaml());
    writeFileAtomically(plan.planFile(), plan.text());  // last: its presence completes the plan
  }
};

nlohmann::ordered_json toJson(const CampaignPlan& plan, const CampaignStatus& s) {
  nlohmann::ordered_json out;
  out["study"] = plan.study.name;
  out["plan"] = plan.id;
  out["method"] = nameOf(plan.method);
  out["complete"] = s.complete;
  out["points"] = s.points;
  out["settled"] = s.settled;
  out["feasible"] = s.feasible;
  out["infeasible"] = s.infeasible;
  out["failed"] = s.failed;
  out["missing"] = s.missing.size();
  out["broken_once"] = s.waiting;
  out["duplicates"] = s.duplicates;
  out["active"] = s.active;
  out["points_per_s"] = s.pointsPerSecond;
  out["seconds_left"] = s.secondsLeft;
  out["reasons"] = nlohmann::ordered_json::array();
  for (const RefusedGroup& r : s.regions)
    out["reasons"].push_back(
        {{"reason", r.reason}, {"count", r.count}, {"failed", r.failed}, {"common", r.common}});
  out["journals"] = nlohmann::ordered_json::array();
  for (const JournalSummary& j : s.journals)
    out["journals"].push_back({{"name", j.name},
                               {"host", j.begin.host},
                               {"process", j.begin.process},
                               {"rows", j.rows},
                               {"retries", j.retries},
                               {"end", j.end},
                               {"killed", j.killed},
                               {"bytes", j.bytes},
                               {"damaged_records", j.damage.records},
                               {"torn_bytes", j.damage.tail}});
  out["shards"] = nlohmann::ordered_json::array();
  for (const ShardCoverage& c : s.shards)
    out["shards"].push_back({{"count", c.count}, {"incomplete", c.incomplete}});
  out["conflicts"] = nlohmann::ordered_json::array();
  for (const JournalConflict& c : s.conflicts) out["conflicts"].push_back(c.difference);
  return out;
}

}  // namespace

void addCampaignPlan(CLI::App& app, Context& context) {
  auto command = std::make_shared<PlanCommand>();
  CLI::App* sub = app.add_subcommand("plan", "Make the folder of a campaign from a study");
  sub->footer("Example:\n  wattlas campaign plan my.yaml -o sweep");
  sub->add_option("study", command->study, "Study file")->required();
  sub->add_option("-o,--output", command->folder, "Folder to make, on a disk that all shards see")
      ->required();
  sub->add_option("--seed", command->seed, "Seed of the search");
  repeated(sub->add_option("--set", command->sets, "KEY=VALUE for every point"));
  sub->callback([command, &context] { reportingTrouble(context, [&] { command->run(context); }); });
}

void addCampaign(CLI::App& app, Context& context) {
  CLI::App* sub =
      app.add_subcommand("campaign", "Sweep a design space in many processes or on a cluster");
  sub->footer(
      "Example:\n  wattlas campaign plan my.yaml -o sweep\n"
      "  wattlas campaign run sweep --shard 0/2 & wattlas campaign run sweep --shard 1/2; wait\n"
      "  wattlas campaign status sweep\n  wattlas campaign merge sweep -o sweep.h5");
  sub->require_subcommand(1);
  addCampaignPlan(*sub, context);
  addCampaignRun(*sub, context);
  addCampaignStatus(*sub, context);
  addCampaignMerge(*sub, context);
  addCampaignSlurm(*sub, context);
}

void CacheFlags::addTo(CLI::App& app) {
  app.add_option("--cache", folder,
                 "Folder with rows of earlier runs; new ones are added (best on a local disk)");
  app.add_option("--cache-base", base, "Further folder with rows, read only")->needs("--cache");
}

OptionalCache::OptionalCache(const CacheFlags& flags, const Context& context, Evaluator& inner)
    : inner_(inner) {
  if (flags.folder.empty()) return;
  const CampaignServices services = campaignServices(context);
  cache_ = std::make_unique<EvaluationCache>(
      CacheOptions{flags.folder, flags.base, services.build, services.configHash});
  cached_ = std::make_unique<CachedEvaluator>(inner, *cache_);
}

void OptionalCache::printSummary() const {
  if (!cache_) return;
  if (!cache_->trouble().empty())
    spdlog::warn("rows were no longer added to the cache: {}", cache_->trouble());
  fmt::print("{} of {} points from the cache\n", cache_->hits(), cache_->hits() + cache_->misses());
}

void addCampaignStatus(CLI::App& app, Context& context) {
  auto folder = std::make_shared<std::string>(), keyFile = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false), listMissing = std::make_shared<bool>(false);
  auto shards = std::make_shared<std::uint32_t>(0);
  CLI::App* sub = app.add_subcommand("status", "Show progress, failures and missing shards");
  sub->footer("Example:\n  wattlas campaign status sweep");
  sub->add_option("folder", *folder, "Folder made by campaign plan")->required();
  sub->add_option("--shards", *shards, "Also say which of so many shards are incomplete")
      ->check(CLI::Range(1, 100000));
  sub->add_flag("--missing", *listMissing, "List the ids of all missing points instead");
  sub->add_flag("--json", *json, "One JSON object on standard output");
  addKeyOption(*sub, *keyFile);
  sub->callback([folder, keyFile, json, listMissing, shards, &context] {
    reportingTrouble(context, [&] {
      const OpenCampaign campaign = openCampaign(*folder, context, *keyFile);
      const std::int64_t now = std::time(nullptr);
      const CampaignStatus status = statusOf(campaign.plan, campaign.journals, now, *shards);
      if (*listMissing)
        for (const Hash128& id : status.missing) fmt::print("{}\n", shortId(id));
      else if (*json)
        fmt::print("{}\n", toJson(campaign.plan, status)
                               .dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
      else
        fmt::print("{}", statusText(campaign.plan, status, now));
    });
  });
}

}  // namespace wattlas
