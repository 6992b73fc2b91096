#include "explorer/campaign/slurm_script.h"

#include <fmt/format.h>

#include <sstream>

#include "explorer/campaign/campaign_status.h"
#include "models/base/error.h"

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
case "$code" in
  # Interrupted, or ended by a signal (137: out of memory): the journal keeps what was done.
  75|129|130|137|138|143)
    if [ "${{SLURM_RESTART_COUNT:-0}}" -lt {mostRestarts} ]; then
      echo "interrupted; back into the queue"
      scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
    else
      echo "interrupted {mostRestarts} times; not put back into the queue again"
    fi ;;
esac
exit "$code"
)";

/// Throws InputError unless `text` has the letters of `allowed` only (all printable ones: empty).
void requireLetters(const char* what, const std::string& text, std::string_view allowed,
                    const char* expected) {
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    if (control || (!allowed.empty() && allowed.find(c) == std::string_view::npos))
      throw InputError(
          Problem{{what, 0}, "", "'" + text + "' cannot stand in a job script", expected, ""});
  }
}

/// Everything that comes from files, folders and options, before it is written into a script.
void check(const SlurmOptions& o) {
  requireLetters("--time", o.time, "0123456789:-", "a time such as 04:00:00");
  requireLetters("--memory", o.memory, "0123456789KMGT", "an amount such as 4G");
  requireLetters("--run", o.runOptions, "", "options of 'campaign run' in one line");
  for (const std::string& line : o.more) {
    requireLetters("--sbatch", line, "", "an option of sbatch such as --partition=long");
    if (!line.starts_with('-'))
      throw InputError(Problem{{"--sbatch", 0},
                               "",
                               "'" + line + "' is no option of sbatch",
                               "an option such as --partition=long",
                               ""});
  }
  for (const std::string& path : {o.folder, o.executable}) {
    requireLetters("slurm", path, "", "a path without control characters");
    if (path.find_first_of("\"\\%") != std::string::npos)
      throw InputError(Problem{{"slurm", 0},
                               "",
                               "'" + path + "' cannot stand in a job script",
                               "a path without quotes, backslashes and '%'",
                               "rename the folder"});
  }
}

/// Words of a line, each as one argument, whatever it holds.
std::string quotedWords(const std::string& line) {
  std::istringstream in(line);
  std::string out;
  for (std::string word; in >> word;) out += " " + shellQuoted(word);
  return out;
}

}  // namespace

std::string shellQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string slurmJobName(const SlurmOptions& options) {
  std::string name = "wattlas-";
  for (const char c : options.study.substr(0, 60)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain ? c : '-';
  }
  return name + "-" + options.plan.substr(0, 8);
}

std::string slurmScript(const SlurmOptions& o) {
  check(o);
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
                           fmt::arg("cpus", o.cpus), fmt::arg("more", quotedWords(o.runOptions)),
                           fmt::arg("mostRestarts", 100));
}

}  // namespace wattlas
