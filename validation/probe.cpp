#include "validation/probe.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "models/sim/platform_model.h"
#include "models/simulate.h"

namespace wattlas {

std::map<std::string, std::string> readAliases(const SearchPath& path) {
  std::map<std::string, std::string> out;
  const auto file = path.findPart("aliases.yaml");
  if (!file) return out;
  const ConfigNode tree = loadConfig(*file, path);
  for (const auto& [name, platform] : tree.entries()) out[name] = platform.scalar();
  return out;
}

RowPredictor::RowPredictor(const Registry& registry, const SearchPath& path,
                           const std::string& platform,
                           const std::vector<std::pair<std::string, ConfigNode>>& sets,
                           std::string stack)
    : stack_(std::move(stack)),
      experiment_(makeExperiment({platform, "gemv:1x1", sets}, registry, path)) {
  const Device& device = *experiment_.platform->device.device;
  const auto list = device.fidelities();
  const bool has = std::find(list.begin(), list.end(), experiment_.run.fidelity) != list.end();
  if (!has && experiment_.run.fidelityForced)
    throw InputError(
        Problem{{"--fidelity", 0},
                platform,
                std::string("has no '") + nameOf(experiment_.run.fidelity) + "' model yet",
                "--fidelity analytic",
                {}});
  level_ = has ? experiment_.run.fidelity : Fidelity::analytic;
}

Prediction RowPredictor::predict(const CsvFile& file, const CsvRecord& record) {
  try {
    return predict(operatorOf(file, record));
  } catch (const InputError& error) {
    Prediction p;
    p.reason = error.problems().front().text();
    return p;
  } catch (const std::overflow_error& error) {
    Prediction p;
    p.reason = error.what();
    return p;
  }
}

Prediction RowPredictor::predict(const CsvOperator& row) {
  constexpr std::size_t mostKept = 20000;
  Prediction out;
  const Device& device = *experiment_.platform->device.device;
  const Support support = device.support(row.op);
  if (support.level == Support::Level::refused) {
    out.reason = support.how;
    return out;
  }
  Graph graph;
  const OpId id = graph.add(row.op);
  const std::string& stack = row.stack.empty() ? stack_ : row.stack;
  out.stack = stack;
  WorkItem item{graph, {id}, PhaseKind::inference, 0, row.loopWorkingSet, stack, true};
  const auto program = device.lower(item);
  if (!program) {
    out.reason = program.error().what;
    return out;
  }
  if (!device.info().tiers.empty() &&
      device.residentBits(row.op) > device.info().tiers.front().capacity) {
    out.reason = "capacity: needs " + format(device.residentBits(row.op)) + ", " +
                 device.info().tiers.front().name + " holds " +
                 format(device.info().tiers.front().capacity);
    return out;
  }
  const Hash128 key = ProfileCache::key(**program, device, level_);
  if (++rows_ % mostKept == 0) cache_ = {};  // a file may hold a million different operators
  const Profile* profile = cache_.find(key);
  if (profile == nullptr)
    profile = &cache_.put(key, level_ == Fidelity::analytic ? device.estimate(**program)
                                                            : device.simulate(**program, level_));
  Ticks time = profile->alone();
  EnergyCounts spent;
  for (const Segment& segment : profile->segments) spent.add(segment.energy, segment.repeat);
  for (const CoefficientId power : device.energy().powers()) spent.add(power, time.ps);
  if (const auto* timed = dynamic_cast<const TimedDevice*>(&device))
    time = timed->measured(row.op, row.timing, time);
  else if (row.timing == Timing::hostSync)
    time += device.launch().hostSync;
  out.feasible = true;
  out.microseconds = static_cast<double>(time.ps) * 1e-6;
  out.joules = spent.energy(device.energy(), Scope::device).value;
  out.bound = profile->shares.empty() ? "compute" : nameOf(profile->shares.front().bottleneck);
  return out;
}

void Settings::put(const std::string& name, const std::string& value) {
  for (Entry& entry : entries_)
    if (entry.first == name) {
      entry.second = value;
      return;
    }
  entries_.emplace_back(name, value);
}

const std::string* Settings::find(const std::string& name) const {
  for (const Entry& entry : entries_)
    if (entry.first == name) return &entry.second;
  return nullptr;
}

std::string Settings::get(const std::string& name, const std::string& fallback) const {
  const std::string* value = find(name);
  return value != nullptr && !value->empty() ? *value : fallback;
}

double Settings::number(const std::string& name) const {
  const std::string text = get(name);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw InputError("'" + name + "' is '" + text.substr(0, 40) + "'", "a number");
  return value;
}

namespace {

using Json = nlohmann::json;

void flatten(const Json& node, const std::string& path, std::map<std::string, double>& out) {
  if (node.is_number()) out[path] = node.get<double>();
  if (!node.is_object()) return;
  for (const auto& [key, value] : node.items())
    flatten(value, path.empty() ? key : path + "." + key, out);
}

Answer answerOf(const std::string& json) {
  const Json result = Json::parse(json);
  Answer out;
  if (!result.at("feasible").get<bool>()) {
    const Json& reasons = result.at("reasons");
    out.reason = reasons.empty() ? "infeasible" : reasons.front().get<std::string>();
    return out;
  }
  flatten(result, {}, out.figures);
  double seconds = 0, joules = 0;
  for (const Json& op : result.at("operators"))
    if (op.at("device") == "device" && op.at("kind") != "idle") {
      seconds += op.at("end_s").get<double>() - op.at("start_s").get<double>();
      joules += op.at("energy_j").get<double>();
    }
  out.figures["device_time_s"] = seconds;
  out.figures["device_energy_j"] = joules;
  return out;
}

ExperimentSpec specOf(const Settings& settings) {
  ExperimentSpec spec;
  for (const auto& [name, value] : settings.entries()) {
    if (value.empty()) continue;
    if (name == "platform")
      spec.platform = value;
    else if (name == "workload")
      spec.workload = value;
    else if (name == "prompt" || name == "generate" || name == "batch" || name == "format")
      spec.sets.emplace_back("workload." + name, ConfigNode::ofScalar(value));
    else if (name == "fidelity")
      spec.sets.emplace_back("run.fidelity", ConfigNode::ofScalar(value));
    else if (name.find('.') != std::string::npos)
      spec.sets.push_back(
          parseAssignment((name.starts_with("set:") ? name.substr(4) : name) + "=" + value));
  }
  return spec;
}

using Json = nlohmann::json;

/// Questions of one device are priced together: one simulation kernel, one cache.
struct Batch {
  std::string platform, fidelity;
  std::vector<std::pair<std::string, ConfigNode>> sets;
  std::string key;
  std::vector<std::size_t> questions;
};

Batch batchOf(const Settings& settings, const std::map<std::string, std::string>& aliases) {
  Batch b;
  b.platform = settings.get("platform", settings.get("device"));
  if (const auto at = aliases.find(b.platform); at != aliases.end()) b.platform = at->second;
  if (b.platform.empty())
    throw InputError("a row has no platform", "a column or setting platform or device");
  b.fidelity = settings.get("fidelity", "event");
  b.sets.emplace_back("run.fidelity", ConfigNode::ofScalar(b.fidelity));
  b.key = b.platform + " " + b.fidelity;
  for (const auto& [name, value] : settings.entries())
    if (name.find('.') != std::string::npos) {
      b.sets.push_back(parseAssignment(name + "=" + value));
      b.key += " " + name + "=" + value;
    }
  return b;
}

/// The row of an operator CSV that the settings are.
Prediction priced(RowPredictor& predictor, const Settings& settings) {
  CsvFile file;
  CsvRecord record;
  for (const auto& [name, value] : settings.entries())
    if (name.find('.') == std::string::npos) {
      file.header.push_back(name);
      record.cells.push_back(value);
    }
  return predictor.predict(file, record);
}

Json price(const ProbeContext& context, const Batch& batch, const std::vector<Settings>& all) {
  RowPredictor predictor(context.registry, context.path, batch.platform, batch.sets);
  Json out = Json::array();
  for (const std::size_t i : batch.questions) {
    const Prediction p = priced(predictor, all[i]);
    out.push_back({p.microseconds * 1e-6, p.joules, p.feasible ? "" : p.reason});
  }
  return out;
}

}  // namespace

Probe makeRunProbe(const ProbeContext& context) {
  return [context](const std::vector<Settings>& questions) {
    std::vector<Answer> answers;
    ProfileCache cache;
    ExperimentMaker maker(context.registry, context.path);
    for (const Settings& question : questions) {
      try {
        answers.push_back(answerOf(
            toJson(simulate(maker.make(specOf(question)), cache, platformSimulator), true, -1)));
      } catch (const InputError& error) {
        // A platform, workload or key that does not exist yet: the row says so.
        answers.push_back({{}, error.problems().front().text()});
      }
    }
    return answers;
  };
}

Probe makePredictProbe(const ProbeContext& context) {
  return [context](const std::vector<Settings>& questions) {
    const auto aliases = readAliases(context.path);
    std::vector<Batch> batches;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      Batch b = batchOf(questions[i], aliases);
      const auto at = std::find_if(batches.begin(), batches.end(),
                                   [&](const Batch& known) { return known.key == b.key; });
      if (at != batches.end()) {
        at->questions.push_back(i);
        continue;
      }
      b.questions.push_back(i);
      batches.push_back(std::move(b));
    }
    std::vector<Answer> answers(questions.size());
    for (const Batch& b : batches) {
      const Json priced =
          b.fidelity == "analytic"
              ? price(context, b, questions)
              : Json::parse(context.isolated([&] { return price(context, b, questions).dump(); }));
      for (std::size_t k = 0; k < b.questions.size(); ++k) {
        Answer& answer = answers[b.questions[k]];
        answer.reason = priced[k][2].get<std::string>();
        if (answer.reason.empty())
          answer.figures = {{"time_s", priced[k][0].get<double>()},
                            {"energy_j", priced[k][1].get<double>()}};
      }
    }
    return answers;
  };
}

}  // namespace wattlas
