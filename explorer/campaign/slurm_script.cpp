#include "explorer/campaign/slurm_script.h"

#include <fmt/format.h>

#include "explorer/campaign/campaign_status.h"

namespace wattlas {
namespace {

// 75 is "interrupted and resumable". The signal goes to this shell only (B:), which passes it on;
// `wait` returns early then, so it waits until the command is really gone.
constexpr const char* body = R"(
[ -n "${{SLURM_RESTART_COUNT:-}}" ] && echo "restart ${{SLURM_RESTART_COUNT}} of this task"
{executable} campaign run {folder} --shard "$SLURM_ARRAY_TASK_ID/{shards}" -j {cpus}{more} &
child=$!
trap 'kill -USR1 "$child" 2>/dev/null' USR1
trap 'kill -TERM "$child" 2>/dev/null' TERM INT
code=0
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done
wait "$child" 2>/dev/null
last=$?
[ "$last" -eq 127 ] || code=$last
if [ "$code" -eq 75 ]; then
  echo "interrupted; back into the queue"
  scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
fi
exit "$code"
)";

}  // namespace

std::string shellQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string slurmJobName(const SlurmOptions& options) {
  std::string name = "wattlas-";
  for (const char c : options.study) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain ? c : '-';
  }
  return name + "-" + options.plan.substr(0, 8);
}

std::string slurmScript(const SlurmOptions& o) {
  std::string out = fmt::format(
      "#!/bin/bash\n"
      "# Made by `wattlas campaign slurm`. Each task appends to its own journal: tasks may be\n"
      "# killed, requeued and run twice without harm. Made again, it asks for what is missing.\n"
      "#SBATCH --job-name={}\n#SBATCH --array={}{}\n#SBATCH --ntasks=1\n"
      "#SBATCH --cpus-per-task={}\n#SBATCH --mem={}\n#SBATCH --time={}\n#SBATCH --requeue\n"
      "#SBATCH --open-mode=append\n#SBATCH --signal=B:USR1@{}\n"
      "#SBATCH --output=\"{}/slurm/%a.log\"\n",
      slurmJobName(o), ranges(o.incomplete), o.atOnce > 0 ? fmt::format("%{}", o.atOnce) : "",
      o.cpus, o.memory, o.time, o.warningSeconds, o.folder);
  for (const std::string& option : o.more) out += "#SBATCH " + option + "\n";
  return out + fmt::format(body, fmt::arg("executable", shellQuoted(o.executable)),
                           fmt::arg("folder", shellQuoted(o.folder)), fmt::arg("shards", o.shards),
                           fmt::arg("cpus", o.cpus),
                           fmt::arg("more", o.runOptions.empty() ? "" : " " + o.runOptions));
}

}  // namespace wattlas
