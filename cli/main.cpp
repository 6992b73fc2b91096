// The wattlas command: wires rooms together and turns exceptions into exit codes.
#include <fmt/format.h>
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "cli/commands.h"
#include "cli/context.h"
#include "explorer/interrupt.h"
#include "models/base/plain_text.h"

namespace {

void setUpLog() {
  auto log = spdlog::stderr_color_mt("wattlas");
  log->set_pattern("%^%l%$: %v");
  spdlog::set_default_logger(log);
}

/// Commands of docs/contract.md; those that are not built are not listed.
const std::vector<std::string> contractCommands = {
    "execute",    "offload",   "serving", "fifo",       "folding",    "suggest",    "explain",
    "export lut", "sustainml", "init",    "completion", "dpu launch", "dpu kernels"};

bool isPlanned(const std::string& command) {
  return std::any_of(contractCommands.begin(), contractCommands.end(), [&](const auto& known) {
    return known == command || known.starts_with(command + " ");
  });
}

/// CLI11 would only say that a command is missing. Looks one level deeper where a command has
/// commands of its own (`campaign plan`).
void refuseUnknownCommand(const CLI::App& app, const std::string& path,
                          const std::vector<std::string>& words) {
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (known.empty()) return;
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  if (words.empty()) {
    if (path.empty()) return;  // the help is better
    throw wattlas::InputError("'" + path + "' needs a command", "one of " + list,
                              "wattlas " + path + " " + known.front() + " --help shows an example");
  }
  const std::string& word = words.front();
  if (word.empty() || word[0] == '-') return;
  if (std::find(known.begin(), known.end(), word) == known.end() &&
      isPlanned(path.empty() ? word : path + " " + word))
    throw wattlas::InputError(
        "'" + (path.empty() ? word : path + " " + word) + "' is not available yet",
        "one of " + list);
  if (std::find(known.begin(), known.end(), word) == known.end())
    throw wattlas::InputError("'" + word.substr(0, 40) + "' is not a command" +
                                  (path.empty() ? "" : " of '" + path + "'"),
                              "one of " + list, wattlas::didYouMean(word, known));
  refuseUnknownCommand(*app.get_subcommand(word), path.empty() ? word : path + " " + word,
                       {words.begin() + 1, words.end()});
}

const char* adviceFor(int reason) {
  switch (reason) {
    case EMFILE:
    case ENFILE:
      return " (allow more open files, such as ulimit -n 256, or use fewer workers with -j)";
    case EAGAIN:
    case ENOMEM:
      return " (allow more processes or memory, or use fewer workers with -j)";
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return " (free some space, or raise the limit)";
    default:
      return "";
  }
}

int report(const wattlas::InputError& error) {
  constexpr std::size_t shown = 30;
  const auto& problems = error.problems();
  for (std::size_t i = 0; i < std::min(shown, problems.size()); ++i)
    fmt::print(stderr, "error: {}\n", problems[i].text());
  if (problems.size() > shown)
    fmt::print(stderr, "error: and {} more problems\n", problems.size() - shown);
  return wattlas::exitBadInput;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace wattlas;
  if (isWorker(argc, argv)) return runWorker();
  // Reaching a limit of file sizes and a closed pipe are failed writes with a message, no deaths.
  ::signal(SIGXFSZ, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  // A shard may be told to stop at any moment of its life.
  std::optional<InterruptGuard> guard;
  if (argc > 2 && argv[1] == std::string_view("campaign") && argv[2] == std::string_view("run"))
    guard.emplace();
  setUpLog();
  try {
    Context context = makeContext();
    CLI::App app{"Wattlas: what would this workload cost in time, energy and power on that chip?"};
    app.set_version_flag("--version", std::string("wattlas ") + WATTLAS_VERSION);
    app.require_subcommand(1);
    app.get_formatter()->column_width(34);
    addRun(app, context);
    addCompare(app, context);
    addOffload(app, context);
    addPredict(app, context);
    addExplore(app, context);
    addCampaign(app, context);
    addEval(app, context);
    addExecute(app, context);
    addFolding(app, context);
    addBanks(app, context);
    addCalibrate(app, context);
    addValidate(app, context);
    addImport(app, context);
    addLists(app, context);
    addSchema(app, context);
    addFiles(app, context);
    addReport(app, context);
    addDpu(app, context);
    addDram(app, context);
    addInit(app, context);
    addCompletion(app, context);
    refuseUnknownCommand(app, {}, {argv + 1, argv + argc});
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return app.exit(error) == 0 ? exitDone : exitBadInput;
      std::stringstream said;  // with the words of the command line in it
      app.exit(error, said, said);
      for (std::string line; std::getline(said, line);) fmt::print(stderr, "{}\n", plainText(line));
      return exitBadInput;
    }
    if (std::fflush(stdout) != 0)
      throw std::system_error(errno, std::generic_category(), "the output cannot be written");
    return context.exitCode;
  } catch (const InputError& error) {
    return report(error);
  } catch (const Resumable& error) {
    fmt::print(stderr, "error: {}\n", plainText(error.what()));
    return exitInterrupted;
  } catch (const std::system_error& error) {
    fmt::print(stderr, "error: {}{}\n", plainText(error.what()), adviceFor(error.code().value()));
    return exitBadInput;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "error: out of memory (a smaller input, or a higher limit)\n");
    return exitBadInput;
  } catch (const std::exception& error) {
    fmt::print(stderr, "internal error: {}\n", plainText(error.what()));
    return exitInternal;
  }
}
