// wattlas completion bash | zsh | fish: a script that completes commands, options and ids.
#include <fmt/format.h>

#include <memory>

#include "cli/starters.h"
#include "models/base/error.h"
#include "workloads/graph/workload.h"

namespace wattlas {
namespace {

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
