#include "accuracy/command_oracle.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "explorer/expression.h"
#include "models/base/atomic_file.h"
#include "models/base/data_path.h"
#include "models/base/plain_text.h"

namespace wattlas {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

// A pipe takes so much without a reader, so that writing a request never waits.
constexpr std::size_t longestRequest = 60000, longestAnswer = std::size_t{1} << 20;

Json jsonOf(const ConfigNode& node) {
  if (node.isMap()) {
    Json out = Json::object();
    for (const auto& [key, value] : node.entries()) out[key] = jsonOf(value);
    return out;
  }
  if (node.isList()) {
    Json out = Json::array();
    for (const ConfigNode& item : node.items()) out.push_back(jsonOf(item));
    return out;
  }
  const Json value = Json::parse(node.scalar(), nullptr, false);
  return value.is_discarded() ? Json(node.scalar()) : value;
}

/// A share that the answer has under `key`.
std::optional<double> shareIn(const Json& answer, const char* key) {
  const auto at = answer.find(key);
  if (at == answer.end() || at->is_null()) return std::nullopt;
  if (!at->is_number() || !(at->get<double>() >= 0 && at->get<double>() <= 1))
    throw std::runtime_error(std::string("'") + key + "' is no number from 0 to 1");
  return at->get<double>();
}

}  // namespace

CommandOracle::CommandOracle(const AccuracyOptions& options) : options_(options) {
  const char* const leave = std::getenv("WATTLAS_ALLOW_COMMANDS");
  if (leave == nullptr || std::string_view(leave) != "1")
    throw InputError("the study wants to run the program '" +
                         plainText(options.command.front(), 80) + "' for its accuracy",
                     "your leave: WATTLAS_ALLOW_COMMANDS=1 in the environment",
                     "read accuracy.command of the study first");
}

std::string CommandOracle::requestOf(const Workload& workload) const {
  Json request;
  request["model"] = workload.id;
  request["format"] = workload.formats.name;
  Json sets = Json::array();
  const ConfigNode plain =
      buildWorkload(workload.id, loadWorkload(workload.id, dataPath()), ConfigNode::ofMap()).config;
  for (const std::string& leaf : workload.config.leafPaths()) {
    const ConfigNode *own = workload.config.at(leaf), *usual = plain.at(leaf);
    if (leaf == "format" || leaf == "batch" || own == nullptr ||
        (usual != nullptr && own->hash() == usual->hash()))
      continue;
    sets.push_back("workload." + leaf + "=" + canonicalText(*own));
  }
  request["set"] = std::move(sets);
  request["split"] = options_.split.empty() ? "validation" : options_.split;
  for (const auto& [key, value] :
       options_.request.isMap() ? options_.request.entries() : std::vector<ConfigNode::Entry>{})
    request[key] = jsonOf(value);
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void CommandOracle::fail(const std::string& why) {
  program_.reset();
  unread_.clear();
  throw std::runtime_error("accuracy command '" + plainText(options_.command.front(), 80) + "' " +
                           why);
}

std::string CommandOracle::ask(const std::string& line) {
  if (line.size() > longestRequest) fail("cannot be asked: the request is too long");
  if (!program_)
    program_ = std::make_unique<WorkerProcess>(options_.command, STDIN_FILENO, STDOUT_FILENO);
  if (!writeAll(program_->input(), line + "\n")) fail("ended before it was asked");
  const auto end = Clock::now() + std::chrono::duration<double>(options_.timeoutS);
  std::size_t at = 0;
  while ((at = unread_.find('\n')) == std::string::npos) {
    if (unread_.size() > longestAnswer) fail("answers with a line of more than 1 MiB");
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    pollfd item{program_->output(), POLLIN, 0};
    const auto wait = std::clamp<std::int64_t>(left.count() + 1, 0, 1000000);
    const int ready = ::poll(&item, 1, static_cast<int>(wait));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 && Clock::now() >= end)
      fail("gave no answer within " + numberText(options_.timeoutS) + " s");
    if (ready <= 0) continue;
    char chunk[1 << 14];
    const ssize_t n = ::read(program_->output(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("ended without an answer");
    unread_.append(chunk, static_cast<std::size_t>(n));
  }
  std::string answer = unread_.substr(0, at);
  unread_.erase(0, at + 1);
  return answer;
}

AccuracyResult CommandOracle::of(const Workload& workload) {
  const std::string request = requestOf(workload);
  std::string command;
  for (const std::string& word : options_.command) command += word + '\n';
  const std::string file = options_.cache.empty()
                               ? ""
                               : options_.cache + "/" + hashText(command + request).hex() + ".json";
  const bool known = !file.empty() && fs::exists(file);
  Json asked = Json::parse(request);
  asked["id"] = ++asked_;
  const std::string text = known ? readTextFile(file) : ask(asked.dump());
  const Json answer = Json::parse(text, nullptr, false);
  try {
    if (!answer.is_object())
      throw std::runtime_error("'" + plainText(text, 80) + "' is no JSON object");
    if (const auto error = answer.find("error"); error != answer.end())
      throw std::runtime_error(
          "it says: " +
          plainText(error->is_string() ? error->get<std::string>() : error->dump(), 300));
    if (!known && answer.value("id", Json()) != asked["id"])
      throw std::runtime_error("its id is not that of the question");
    AccuracyResult out{shareIn(answer, "accuracy"), shareIn(answer, "se"), "command", {}};
    if (!out.value) throw std::runtime_error("'accuracy' is missing");
    const auto words = [&](const char* key, const std::string& otherwise) {
      const auto at = answer.find(key);
      return at != answer.end() && at->is_string() ? plainText(at->get<std::string>(), 300)
                                                   : otherwise;
    };
    out.source = words("source", options_.command.front());
    if (const std::string split = words("split", ""); !split.empty())
      out.source += ", " + split + " split";
    if (!file.empty() && !known) {
      fs::create_directories(options_.cache);
      writeFileAtomically(file, text + "\n");
    }
    return out;
  } catch (const std::runtime_error& error) {
    fail(std::string("has no answer: ") + error.what());
  }
}

}  // namespace wattlas
