#include "explorer/eval.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "explorer/study.h"
#include "models/metric.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;
constexpr int deepest = 16;             ///< levels of lists and sections in a value
constexpr std::size_t shownText = 200;  ///< characters of input that a reason repeats

/// Why a line is not a point.
struct BadLine {
  std::string reason;
};

std::string shown(std::string text) {
  return text.size() > shownText ? text.substr(0, shownText) + "..." : text;
}

ConfigNode nodeOf(const Json& value, const std::string& key, int depth = 0) {
  if (depth > deepest) throw BadLine{"'" + shown(key) + "' is nested too deeply"};
  if (value.is_string()) return ConfigNode::ofScalar(value.get<std::string>());
  if (value.is_boolean()) return ConfigNode::ofScalar(value.get<bool>() ? "true" : "false");
  if (value.is_number_integer()) return ConfigNode::ofScalar(value.dump());
  if (value.is_number()) return ConfigNode::ofScalar(numberText(value.get<double>()));
  if (value.is_array()) {
    std::vector<ConfigNode> items;
    for (const Json& item : value) items.push_back(nodeOf(item, key, depth + 1));
    return ConfigNode::ofList(std::move(items));
  }
  if (value.is_object()) {
    ConfigNode map = ConfigNode::ofMap();
    for (const auto& [name, item] : value.items()) map.put(name, nodeOf(item, key, depth + 1));
    return map;
  }
  throw BadLine{"'" + shown(key) + "' has no value"};
}

bool isShallow(const Json& value, int depth = 0) {
  return depth <= deepest &&
         (!value.is_structured() || std::all_of(value.begin(), value.end(), [&](const Json& inner) {
           return isShallow(inner, depth + 1);
         }));
}

std::string textOf(const Json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end()) return {};
  if (!found->is_string()) throw BadLine{std::string("'") + key + "' is not a text"};
  return found->get<std::string>();
}

/// Everything that is set: below `below`, and at the top unless it has a meaning of its own.
std::vector<std::pair<std::string, ConfigNode>> settingsOf(const Json& line, const char* below) {
  std::vector<std::pair<std::string, ConfigNode>> out;
  for (const auto& [key, value] : line.items()) {
    if (key == "tag" || key == "workload") continue;
    if (key != below) {
      out.emplace_back(key, nodeOf(value, key));
      continue;
    }
    if (!value.is_object()) throw BadLine{std::string("'") + below + "' is not an object"};
    for (const auto& [name, inner] : value.items()) out.emplace_back(name, nodeOf(inner, name));
  }
  return out;
}

/// The setting of a design parameter that `node` means.
Coordinate coordinateOf(const DesignParameter& parameter, const ConfigNode& node) {
  const std::string text = canonicalText(node);
  const auto measure = node.isScalar() ? parseMeasure(text) : std::nullopt;
  if (parameter.continuous()) {
    if (!measure) throw BadLine{"'" + parameter.key + "': '" + shown(text) + "' is not a number"};
    // A bare number is in the design parameter's own unit.
    const double value =
        measure->dimension ? measure->value / parameter.unitFactor : measure->value;
    if (!(value >= parameter.low && value <= parameter.high))
      throw BadLine{"'" + parameter.key + "': " + shown(text) + " is out of range (" +
                    numberText(parameter.low) + " to " + numberText(parameter.high) + " " +
                    parameter.unit + ")"};
    return rounded(value);
  }
  for (std::size_t i = 0; i < parameter.texts.size(); ++i)
    if (parameter.texts[i] == text) return static_cast<double>(i);
  for (std::size_t i = 0; measure && i < parameter.measures.size(); ++i)
    if (parameter.measures[i] && parameter.measures[i]->value == measure->value &&
        parameter.measures[i]->dimension == measure->dimension)
      return static_cast<double>(i);
  std::string choices;
  for (std::size_t i = 0; i < std::min<std::size_t>(parameter.texts.size(), 8); ++i)
    choices += (i == 0 ? "" : ", ") + parameter.texts[i];
  const std::string hint = measure ? std::string() : didYouMean(text, parameter.texts);
  throw BadLine{"'" + parameter.key + "': '" + shown(text) + "' is no choice (expected one of " +
                choices + (parameter.texts.size() > 8 ? ", ..." : "") +
                (hint.empty() ? "" : "; " + hint) + ")"};
}

DesignPoint designOf(const Study& study, const Json& line) {
  DesignPoint point{0, std::vector<Coordinate>(study.parameters.size(), std::nan(""))};
  const std::string workload = textOf(line, "workload");
  const auto at = std::find(study.workloads.begin(), study.workloads.end(), workload);
  if (workload.empty() && study.workloads.size() > 1)
    throw BadLine{"'workload' is missing: the study has several"};
  if (!workload.empty() && at == study.workloads.end())
    throw BadLine{"'" + shown(workload) + "' is no workload of the study"};
  if (!workload.empty()) point.workload = static_cast<std::int32_t>(at - study.workloads.begin());
  std::vector<std::string> names;
  for (const DesignParameter& parameter : study.parameters) names.push_back(parameter.key);
  std::vector<bool> given(study.parameters.size(), false);
  for (const auto& [key, node] : settingsOf(line, "genes")) {
    const int g = study.parameterIndex(key);
    if (g < 0) {
      const std::string hint = didYouMean(key, names);
      throw BadLine{"'" + shown(key) + "' is no gene of the study" +
                    (hint.empty() ? "" : " (" + hint + ")")};
    }
    given[static_cast<std::size_t>(g)] = true;
    point.parameters[static_cast<std::size_t>(g)] =
        coordinateOf(study.parameters[static_cast<std::size_t>(g)], node);
  }
  // Optimisers of fixed length give every design parameter: those that do not exist here are put
  // aside.
  DesignPoint canonical = point;
  for (std::size_t g = 0; g < given.size(); ++g)
    if (!given[g])
      canonical.parameters[g] = study.parameters[g].continuous() ? study.parameters[g].low : 0.0;
  canonicalise(study, canonical);
  for (std::size_t g = 0; g < given.size(); ++g)
    if (!given[g] && !std::isnan(canonical.parameters[g]))
      throw BadLine{"gene '" + study.parameters[g].key + "' is missing"};
  return canonical;
}

Json numberOrNull(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

const char* nameOf(PointStatus status) {
  return status == PointStatus::done         ? "done"
         : status == PointStatus::infeasible ? "infeasible"
                                             : "failed";
}

}  // namespace

struct EvalSession::State {
  const Study* study;
  EvaluateFunction evaluate;
  std::int64_t line = 0;

  Json begin() const {
    Json out;
    out["line"] = line;
    return out;
  }

  static std::string end(const Json& out) {
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  static void error(Json& out, const std::string& reason) {
    out["status"] = "error";
    out["feasible"] = false;
    out["reason"] = reason;
  }

  void ofStudy(const Json& line_, Json& out) const {
    const DesignPoint design = designOf(*study, line_);
    ExploredPoint row{idOf(*study, design), design, {}, false};
    if (auto violated = violatedBefore(*study, design))
      row.outcome = outcomeWithout(PointStatus::infeasible, std::move(*violated));
    else
      row.outcome = evaluatePoint(*study, design, evaluate, false);
    out["point_id"] = shortId(row.id);
    state(out, row.outcome.status, row.outcome.reason);
    Json objectives = Json::object(), metrics = Json::object();
    for (std::size_t o = 0; o < study->objectives.size(); ++o) {
      const double v = row.feasible() ? objectiveOf(*study, row, o) : std::nan("");
      objectives[study->objectives[o].name] = numberOrNull(study->objectives[o].maximise ? -v : v);
    }
    for (const int metric : study->metrics) {
      const double v = metricOf(*study, row.outcome, metric);
      if (std::isfinite(v)) metrics[metricAt(metric).name] = v;
    }
    out["objectives"] = std::move(objectives);
    out["metrics"] = std::move(metrics);
    if (study->accuracy.on()) out["accuracy_kind"] = row.outcome.accuracyKind;
    out["config_hash"] = row.outcome.configHash;
  }

  void ofSettings(const Json& line_, Json& out) const {
    ExperimentSpec spec;
    spec.workload = textOf(line_, "workload");
    if (spec.workload.empty()) throw BadLine{"'workload' is missing"};
    for (auto& [key, node] : settingsOf(line_, "set")) {
      if (key == "platform")
        spec.platform = canonicalText(node);
      else
        spec.sets.emplace_back(setKeyOf(key), std::move(node));
    }
    if (spec.platform.empty()) throw BadLine{"'platform' is missing"};
    const RunResult result = evaluate(spec);
    std::string reason;
    for (const std::string& r : result.reasons) reason += (reason.empty() ? "" : "; ") + r;
    state(out, result.feasible ? PointStatus::done : PointStatus::infeasible,
          result.feasible ? "" : reason);
    Json metrics = Json::object();
    for (std::size_t m = 0; m < allMetrics().size(); ++m) {
      const double v = metricOf(result, static_cast<int>(m));
      if (std::isfinite(v)) metrics[allMetrics()[m].name] = v;
    }
    out["metrics"] = std::move(metrics);
    out["config_hash"] = result.configHash;
  }

  static void state(Json& out, PointStatus status, const std::string& reason) {
    out["status"] = nameOf(status);
    out["feasible"] = status == PointStatus::done;
    if (!reason.empty()) out["reason"] = reason;
  }
};

EvalSession::EvalSession(const Study* study, EvaluateFunction evaluate)
    : state_(std::make_unique<State>(State{study, std::move(evaluate)})) {}

EvalSession::~EvalSession() = default;

std::string EvalSession::answer(const std::string& line) {
  ++state_->line;
  Json out = state_->begin();
  try {
    const Json in = Json::parse(line);
    if (!in.is_object()) throw BadLine{"the line is not a JSON object"};
    if (const auto tag = in.find("tag"); tag != in.end()) {
      if (!isShallow(*tag)) throw BadLine{"'tag' is nested too deeply"};
      out["tag"] = *tag;
    }
    if (state_->study != nullptr)
      state_->ofStudy(in, out);
    else
      state_->ofSettings(in, out);
  } catch (const BadLine& bad) {
    State::error(out, bad.reason);
  } catch (const nlohmann::json::exception& error) {
    // Without the library's own number of the error.
    std::string what = error.what();
    if (const std::size_t end = what.find("] "); what.starts_with('[') && end != what.npos)
      what.erase(0, end + 2);
    State::error(out, "not JSON: " + shown(what));
  } catch (const InputError& error) {
    State::error(out, textOf(error));
  } catch (const std::bad_alloc&) {
    State::state(out, PointStatus::failed, "failed: out of memory");
  } catch (const std::exception& error) {
    State::state(out, PointStatus::failed, std::string("failed: ") + error.what());
  }
  return State::end(out);
}

std::string EvalSession::tooLong() {
  ++state_->line;
  Json out = state_->begin();
  State::error(out, "the line is longer than " + std::to_string(longestEvalLine) + " bytes");
  return State::end(out);
}

std::optional<EvalLine> nextEvalLine(std::istream& in) {
  std::streambuf& buffer = *in.rdbuf();
  for (;;) {
    EvalLine line;
    bool blank = true;
    int c = buffer.sbumpc();
    if (c == std::char_traits<char>::eof()) return std::nullopt;
    for (; c != std::char_traits<char>::eof() && c != '\n'; c = buffer.sbumpc()) {
      blank = blank && (c == ' ' || c == '\t' || c == '\r');
      if (line.tooLong) continue;
      line.text += static_cast<char>(c);
      if (line.text.size() <= longestEvalLine) continue;
      line.tooLong = true;
      line.text = {};
    }
    if (!blank) return line;
  }
}

}  // namespace wattlas
