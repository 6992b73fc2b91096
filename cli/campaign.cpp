// wattlas campaign plan, and what the campaign commands share
#include "cli/campaign.h"

#include <fmt/format.h>

#include <filesystem>

#include "accuracy/oracle.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "explorer/campaign/evaluation_key.h"
#include "explorer/campaign/journal_key.h"
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
    throw InputError(Problem{{plan.planFile(), 0},
                             "",
                             "another plan is there already",
                             "a new folder, or the study that this plan was made from",
                             "a changed study is a new campaign; its points found before are "
                             "reused with run --cache"});
  }

  static void write(const CampaignPlan& plan) {
    std::error_code failed;
    if (fs::exists(plan.folder) && !fs::is_empty(plan.folder, failed))
      throw InputError(Problem{{plan.folder, 0},
                               "",
                               "holds other files",
                               "a new or empty folder",
                               "choose another folder with -o"});
    fs::create_directories(plan.journals(), failed);
    if (failed)
      throw InputError(Problem{{plan.folder, 0},
                               "",
                               "cannot be created: " + failed.message(),
                               "a folder on a disk that all shards see",
                               ""});
    writeFileAtomically(plan.studyFile(), plan.study.tree.toYaml());
    writeFileAtomically(plan.planFile(), plan.text());  // last: its presence completes the plan
  }
};

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

}  // namespace wattlas
