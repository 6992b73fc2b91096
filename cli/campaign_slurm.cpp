// wattlas campaign slurm
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>

#include "cli/campaign.h"
#include "explorer/campaign/campaign_status.h"
#include "explorer/campaign/slurm_script.h"
#include "results/atomic_file.h"

namespace wattlas {
namespace fs = std::filesystem;
namespace {

/// Output of a command; nothing when it failed.
std::optional<std::string> outputOf(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string out;
  std::array<char, 4096> chunk{};
  for (std::size_t n = 0; (n = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;)
    out.append(chunk.data(), n);
  return ::pclose(pipe) == 0 ? std::optional(out) : std::nullopt;
}

struct SlurmCommand {
  std::string folder;
  std::optional<std::uint32_t> shards;
  SlurmOptions options;
  bool submit = false;

  void run(Context& context) const {
    const OpenCampaign campaign = openCampaign(folder, context);
    const CampaignPlan& plan = campaign.plan;
    SlurmOptions o = options;
    o.executable = context.executable;
    o.folder = fs::canonical(folder).string();
    o.study = plan.study.name;
    o.plan = plan.id;
    const std::string settings = o.folder + "/slurm/shards", script = o.folder + "/slurm/job.sh";
    o.shards = shards ? *shards : remembered(settings);
    const CampaignStatus status = statusOf(plan, campaign.journals, std::time(nullptr), o.shards);
    for (const ShardCoverage& coverage : status.shards)
      if (coverage.count == o.shards) o.incomplete = coverage.incomplete;
    fmt::print("{} of {} points settled\n", status.settled, status.points);
    if (o.incomplete.empty()) {
      fmt::print("nothing is missing: wattlas campaign merge {} -o F.h5\n", folder);
      return;
    }
    const std::set<std::uint32_t> queued = inQueue(slurmJobName(o));
    std::erase_if(o.incomplete, [&](std::uint32_t i) { return queued.count(i) > 0; });
    if (!queued.empty())
      fmt::print("{} shards are in the queue or running and left alone\n", queued.size());
    if (o.incomplete.empty()) return;
    fs::create_directories(o.folder + "/slurm");
    writeFileAtomically(settings, std::to_string(o.shards) + "\n");
    writeFileAtomically(script, slurmScript(o));
    fmt::print("{} of {} shards to run: {}\nwritten: {}\n", o.incomplete.size(), o.shards,
               ranges(o.incomplete), script);
    if (!submit) {
      fmt::print("next: sbatch {}   (or this command with --submit)\n", script);
      return;
    }
    const auto answer = outputOf("sbatch '" + script + "'");
    if (!answer)
      throw InputError(Problem{{"--submit", 0},
                               "",
                               "sbatch failed, see above",
                               "a machine that can submit jobs",
                               "submit " + script + " yourself"});
    fmt::print("{}", *answer);
  }

 private:
  /// N of the first call: later calls ask for the same shards.
  std::uint32_t remembered(const std::string& file) const {
    std::ifstream in(file);
    std::uint32_t n = 0;
    if (in >> n && n > 0) return n;
    throw InputError(Problem{{"--shards", 0},
                             "",
                             "missing",
                             "the number of array tasks, such as --shards 100",
                             "choose it so that a task takes 15 to 60 minutes"});
  }

  /// Array tasks of this campaign that Slurm knows; none where there is no squeue.
  static std::set<std::uint32_t> inQueue(const std::string& job) {
    std::set<std::uint32_t> tasks;
    const auto answer = outputOf("squeue -h -r -n '" + job + "' -o %K 2>/dev/null");
    if (!answer) return tasks;
    std::istringstream in(*answer);
    for (std::uint32_t task = 0; in >> task;) tasks.insert(task);
    return tasks;
  }
};

}  // namespace

void addCampaignSlurm(CLI::App& app, Context& context) {
  auto command = std::make_shared<SlurmCommand>();
  SlurmOptions& o = command->options;
  CLI::App* sub = app.add_subcommand(
      "slurm", "Write (and submit) the array script for the shards that are missing");
  sub->footer(
      "Example:\n  wattlas campaign slurm sweep --shards 100 --cpus 4 --time 02:00:00 --submit\n"
      "  wattlas campaign slurm sweep --submit      again: only what is missing then");
  sub->add_option("folder", command->folder, "Folder made by campaign plan")->required();
  sub->add_option("--shards", command->shards, "Array tasks (later calls remember it)")
      ->check(CLI::Range(1, 100000));
  sub->add_option("--at-once", o.atOnce, "Tasks that may run at a time");
  sub->add_option("--cpus", o.cpus, "Cores per task")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  sub->add_option("--time", o.time, "Time limit of a task")->capture_default_str();
  sub->add_option("--memory", o.memory, "Memory of a task")->capture_default_str();
  sub->add_option("--warning", o.warningSeconds, "Seconds before the limit to end cleanly")
      ->check(CLI::Range(10, 3600))
      ->capture_default_str();
  sub->add_option("--run", o.runOptions,
                  "Further options of campaign run, such as \"--cache /tmp\"");
  sub->add_option("--sbatch", o.more, "Further line for sbatch, such as --sbatch=--partition=long")
      ->take_all()
      ->allow_extra_args(false);
  sub->add_flag("--submit", command->submit, "Call sbatch");
  sub->callback([command, &context] { reportingTrouble(context, [&] { command->run(context); }); });
}

}  // namespace wattlas
