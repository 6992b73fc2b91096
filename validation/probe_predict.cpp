#include <algorithm>
#include <nlohmann/json.hpp>

#include "validation/probe.h"
#include "validation/row_predictor.h"

namespace wattlas {
namespace {

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
