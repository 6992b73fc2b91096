// wattlas campaign slurm
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "cli/campaign.h"
#include "cli/common_options.h"
#include "explorer/campaign/campaign_status.h"
#include "explorer/campaign/slurm_script.h"
#include "models/base/atomic_file.h"

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

/// What was asked for the last time: later calls need not say it again.
struct SlurmRequest {
  std::optional<std::uint32_t> shards, atOnce;
  std::optional<int> cpus, warningSeconds;
  std::optional<std::string> time, memory, runOptions;
  std::optional<std::vector<std::string>> more;

  template <class Request, class Visit>
  static void each(Request& request, const Visit& visit) {
    visit("shards", request.shards);
    visit("at_once", request.atOnce);
    visit("cpus", request.cpus);
    visit("warning", request.warningSeconds);
    visit("time", request.time);
    visit("memory", request.memory);
    visit("run", request.runOptions);
    visit("sbatch", request.more);
  }
  /// Flags of this call win.
  void remember(const std::string& file) {
    if (!fs::exists(file)) return;
    const auto json = nlohmann::json::parse(readTextFile(file), nullptr, false);
    const auto take = [&](const char* key, auto& value) {
      using T = typename std::decay_t<decltype(value)>::value_type;
      try {
        if (!value && json.is_object() && json.contains(key)) value = json[key].get<T>();
      } catch (const nlohmann::json::exception&) {
        throw InputError(Problem{{file, 0},
                                 key,
                                 json[key].dump() + " cannot be used",
                                 "what an earlier call wrote",
                                 "give the option again, or delete the file"});
      }
    };
    each(*this, take);
  }
  std::string text() const {
    nlohmann::ordered_json json;
    const auto put = [&](const char* key, const auto& value) {
      if (value) json[key] = *value;
    };
    each(*this, put);
    return json.dump(2) + "\n";
  }
  SlurmOptions options() const {
    SlurmOptions o;
    if (!shards)
      throw errorAt("--shards", "missing", "the number of array tasks, such as --shards 100",
                    "choose it so that a task takes 15 to 60 minutes");
    const auto require = [](const char* flag, auto value, auto least, auto most) {
      if (value < least || value > most)
        throw errorAt(flag, fmt::format("{} is out of range", value),
                      fmt::format("{} to {}", least, most),
                      "slurm/settings.json remembers what an earlier call had");
    };
    require("--shards", *shards, 1U, 100000U);
    require("--cpus", cpus.value_or(1), 1, 1024);
    require("--warning", warningSeconds.value_or(120), 10, 3600);
    o.shards = *shards;
    o.atOnce = atOnce.value_or(o.atOnce);
    o.cpus = cpus.value_or(o.cpus);
    o.warningSeconds = warningSeconds.value_or(o.warningSeconds);
    o.time = time.value_or(o.time);
    o.memory = memory.value_or(o.memory);
    o.runOptions = runOptions.value_or(o.runOptions);
    o.more = more.value_or(o.more);
    return o;
  }
};

struct SlurmCommand {
  std::string folder;
  SlurmRequest request;
  bool submit = false;

  void run(Context& context) const {
    const OpenCampaign campaign = openCampaign(folder, context);
    const CampaignPlan& plan = campaign.plan;
    const std::string absolute = fs::canonical(folder).string();
    const std::string settings = absolute + "/slurm/settings.json",
                      script = absolute + "/slurm/job.sh";
    SlurmRequest full = request;
    full.remember(settings);
    SlurmOptions o = full.options();
    o.executable = context.executable;
    o.folder = absolute;
    o.study = plan.study.name;
    o.plan = plan.id;
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
    fs::create_directories(absolute + "/slurm");
    writeFileAtomically(settings, full.text());
    writeFileAtomically(script, slurmScript(o));
    fmt::print("{} of {} shards to run: {}\nwritten: {}\n", o.incomplete.size(), o.shards,
               ranges(o.incomplete), script);
    if (submit)
      submitScript(script);
    else
      fmt::print("next: sbatch {}   (or this command with --submit)\n", script);
  }

 private:
  static void submitScript(const std::string& script) {
    std::fflush(stdout);
    const auto answer = outputOf("sbatch " + shellQuoted(script));
    if (!answer)
      throw errorAt("--submit", "sbatch failed, see above", "a machine that can submit jobs",
                    "submit " + script + " yourself");
    fmt::print("{}", *answer);
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
  SlurmRequest& r = command->request;
  CLI::App* sub = app.add_subcommand(
      "slurm", "Write (and submit) the array script for the shards that are missing");
  sub->footer(
      "Example:\n  wattlas campaign slurm sweep --shards 100 --cpus 4 --time 02:00:00 --submit\n"
      "  wattlas campaign slurm sweep --submit      again: only what is missing then");
  sub->add_option("folder", command->folder, "Folder made by campaign plan")->required();
  sub->add_option("--shards", r.shards, "Array tasks; this and the rest is remembered")
      ->check(CLI::Range(1, 100000));
  sub->add_option("--at-once", r.atOnce, "Tasks that may run at a time");
  sub->add_option("--cpus", r.cpus, "Cores per task (1)")->check(CLI::Range(1, 1024));
  sub->add_option("--time", r.time, "Time limit of a task (04:00:00)");
  sub->add_option("--memory", r.memory, "Memory of a task (4G)");
  sub->add_option("--warning", r.warningSeconds, "Seconds before the limit to end cleanly (120)")
      ->check(CLI::Range(10, 3600));
  sub->add_option("--run", r.runOptions,
                  "Further options of campaign run, such as --run=\"--cache /tmp/wattlas\"");
  repeated(sub->add_option("--sbatch", r.more,
                           "Further line for sbatch, such as --sbatch=--partition=long"));
  sub->add_flag("--submit", command->submit, "Call sbatch");
  sub->callback([command, &context] { reportingTrouble(context, [&] { command->run(context); }); });
}

}  // namespace wattlas
