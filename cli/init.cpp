// wattlas init, schema and completion: files to start from and to complete with.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "explorer/study.h"
#include "models/base/atomic_file.h"
#include "models/base/error.h"
#include "models/dram/spec.h"
#include "models/experiment.h"
#include "workloads/graph/workload.h"

namespace wattlas {
namespace {

constexpr const char* studyText =
    R"(# wattlas explore FILE --dry-run   counts its points and the time they take
# wattlas explore FILE -o out.h5 && wattlas report out.h5 -o out.html
name: my-study
workloads: [ecg-dscnn1d, llama2-7b]        # ids (wattlas workloads) or files
genes:                                     # ids: wattlas platforms; keys: as --set takes them
  platform: {categorical: [gpu-h100-sxm, pim-ai-4chip, upmem-samac-col256]}
  format: {categorical: [fp16, int8, int4]}
  power.tdp: {categorical: [350 W, 700 W], when: "platform == 'gpu-h100-sxm'"}
scope: node                                # chip, device, node or wall
constraints: ["power_peak_w < 1500"]
objectives: [{minimise: time_s}, {minimise: energy_j}]   # wattlas metrics lists what there is
fidelity: event                            # analytic is faster, event simulates step by step
search: {method: auto}
)";

constexpr const char* platformText = R"(# wattlas run -p FILE -w llama2-7b --format int8
# A variant of a shipped platform: the keys beside `from` override it, at any depth
# (docs/own-hardware.md). `wattlas run -p gpu-h100-sxm -w W --print-config` prints all of them.
from: platforms/gpu-h100-sxm.yaml
title: H100 with faster memory
device:
  memory:
    bandwidth: {value: 4800 GB/s, low: 4500 GB/s, high: 4900 GB/s, basis: assumption, source: "my guess"}
)";

/// "run", "campaign plan" and so on, with what may follow.
struct Entry {
  std::string command;
  std::vector<std::string> words;
};

void collect(const CLI::App& app, const std::string& command, std::vector<Entry>& out) {
  Entry entry{command, {}};
  for (const CLI::App* sub : app.get_subcommands({})) entry.words.push_back(sub->get_name());
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) entry.words.push_back("--" + name);
    for (const std::string& name : option->get_snames()) entry.words.push_back("-" + name);
  }
  out.push_back(std::move(entry));
  for (const CLI::App* sub : app.get_subcommands({}))
    collect(*sub, command.empty() ? sub->get_name() : command + " " + sub->get_name(), out);
}

std::string bashScript(const std::vector<Entry>& entries, const std::string& platforms,
                       const std::string& workloads) {
  std::string cases;
  for (const Entry& e : entries)
    cases += fmt::format("    \"{}\") words=\"{}\" ;;\n", e.command, fmt::join(e.words, " "));
  return fmt::format(
      R"(_wattlas() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} command="" words="" word
  case $prev in
    -p|--platform) COMPREPLY=($(compgen -W "{}" -- "$cur")); return ;;
    -w|--workload) COMPREPLY=($(compgen -W "{}" -- "$cur")); return ;;
  esac
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in [a-z]*) command="${{command:+$command }}$word" ;; *) break ;; esac
  done
  while :; do
    case $command in
{}    *) [[ $command == *" "* ]] && command=${{command% *}} && continue ;;
    esac
    break
  done
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _wattlas wattlas
)",
      platforms, workloads, cases);
}

std::string fishScript(const std::vector<Entry>& entries, const std::string& platforms,
                       const std::string& workloads) {
  std::string out;
  for (const Entry& e : entries) {
    const std::string condition =
        e.command.empty()
            ? "__fish_use_subcommand"
            : "__fish_seen_subcommand_from " + e.command.substr(e.command.rfind(' ') + 1);
    for (const std::string& word : e.words)
      out += fmt::format("complete -c wattlas -n '{}' {}\n", condition,
                         word.starts_with("--")  ? "-l " + word.substr(2)
                         : word.starts_with("-") ? "-s " + word.substr(1)
                                                 : "-a " + word);
  }
  return out + fmt::format("complete -c wattlas -s p -l platform -x -a '{}'\n", platforms) +
         fmt::format("complete -c wattlas -s w -l workload -r -a '{}'\n", workloads);
}

}  // namespace

void addInit(CLI::App& app, Context&) {
  struct Command {
    std::string kind, output;
  };
  auto command = std::make_shared<Command>();
  CLI::App* sub = app.add_subcommand("init", "Write a commented study or platform to start from");
  sub->footer("Example:\n  wattlas init study -o my-study.yaml");
  sub->add_option("kind", command->kind, "study or platform")->required();
  sub->add_option("-o,--output", command->output, "File to write (default: print it)");
  sub->callback([command] {
    const bool study = command->kind == "study";
    if (!study && command->kind != "platform")
      throw InputError("there is no template for '" + command->kind.substr(0, 40) + "'",
                       "study or platform", didYouMean(command->kind, {"study", "platform"}));
    const char* text = study ? studyText : platformText;
    if (command->output.empty()) {
      fmt::print("{}", text);
      return;
    }
    std::error_code ignored;
    if (std::filesystem::exists(command->output, ignored))
      throw errorAt("-o", command->output + " exists", "a new name");
    writeFileAtomically(command->output, text);
    fmt::print("written: {}\n", command->output);
  });
}

// wattlas schema KIND

void addSchema(CLI::App& app, Context& context) {
  auto kind = std::make_shared<std::string>();
  CLI::App* sub = app.add_subcommand("schema", "Print the JSON Schema of a configuration file");
  sub->footer("Example:\n  wattlas schema platform > platform.schema.json");
  sub->add_option("kind", *kind, "platform, workload, run, study, dram, or a device kind")
      ->required();
  sub->callback([kind, &context] {
    std::vector<std::string> known = {"platform", "workload", "run", "study", "dram"};
    for (const std::string& name : context.registry.names()) known.push_back(name);
    if (*kind == "platform") {
      fmt::print("{}", platformSchema());
    } else if (*kind == "workload") {
      fmt::print("{}", workloadSchema());
    } else if (*kind == "study") {
      fmt::print("{}", studySchema());
    } else if (*kind == "dram") {
      fmt::print("{}", dram::dramSchema());
    } else if (*kind == "run") {
      fmt::print("{}", schemaOf("Wattlas run options", [](Binder& b) { RunOptions().bind(b); }));
    } else if (const DeviceKind* device = context.registry.find(*kind)) {
      fmt::print("{}", device->schema());
    } else {
      std::string list;
      for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
      throw InputError("'" + kind->substr(0, 40) + "' has no schema", "one of " + list,
                       didYouMean(*kind, known));
    }
  });
}

// wattlas completion bash | zsh | fish: a script that completes commands, options and ids.

void addCompletion(CLI::App& app, Context& context) {
  auto shell = std::make_shared<std::string>();
  CLI::App* sub =
      app.add_subcommand("completion", "Print a script that completes words in a shell");
  sub->footer(
      "Example:\n  wattlas completion bash > ~/.local/share/bash-completion/completions/wattlas");
  sub->add_option("shell", *shell, "bash, zsh or fish")->required();
  sub->callback([shell, &app, &context] {
    const std::vector<std::string> known = {"bash", "zsh", "fish"};
    if (std::find(known.begin(), known.end(), *shell) == known.end())
      throw InputError("there is no completion for '" + shell->substr(0, 40) + "'",
                       "bash, zsh or fish", didYouMean(*shell, known));
    std::vector<Entry> entries;
    collect(app, "", entries);
    std::string platforms;
    for (const auto& [id, file] : context.path.list("platforms"))
      platforms += (platforms.empty() ? "" : " ") + id;
    const std::string workloads = fmt::format("{}", fmt::join(libraryWorkloads(context.path), " "));
    if (*shell == "fish") {
      fmt::print("{}", fishScript(entries, platforms, workloads));
      return;
    }
    if (*shell == "zsh") fmt::print("autoload -U +X bashcompinit && bashcompinit\n");
    fmt::print("{}", bashScript(entries, platforms, workloads));
  });
}

}  // namespace wattlas
