#include "validation/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "models/experiment.h"
#include "validation/operator_csv.h"
#include "validation/probe.h"

namespace wattlas {

FitResult fitWithin(const std::vector<FitParameter>& start,
                    const std::function<double(const std::vector<double>&)>& cost,
                    int mostEvaluations) {
  FitResult out;
  const std::size_t n = start.size();
  std::vector<double> x, step;
  for (const FitParameter& p : start) {
    x.push_back(p.value);
    step.push_back(std::log(p.high / p.low) / 4);
  }
  const auto at = [&](const std::vector<double>& v) {
    ++out.evaluations;
    return cost(v);
  };
  const auto moved = [&](std::vector<double> v, std::size_t i, double by) {
    v[i] = std::clamp(v[i] * std::exp(by), start[i].low, start[i].high);
    return v;
  };
  double best = out.before = at(x);
  while (out.evaluations < mostEvaluations) {
    const std::vector<double> base = x;
    for (std::size_t i = 0; i < n; ++i)
      for (const double by : {step[i], -step[i]}) {
        const std::vector<double> next = moved(x, i, by);
        if (next == x) continue;
        const double c = at(next);
        if (c < best) {
          best = c;
          x = next;
          break;
        }
      }
    if (x == base) {
      double largest = 0;
      for (std::size_t i = 0; i < n; ++i) {
        step[i] /= 2;
        largest = std::max(largest, step[i]);
      }
      if (largest < 1e-5) break;
      continue;
    }
    // Once more in the direction that helped: valleys that run across the axes.
    std::vector<double> further = x;
    for (std::size_t i = 0; i < n; ++i)
      further[i] = std::clamp(x[i] * x[i] / base[i], start[i].low, start[i].high);
    if (const double c = at(further); c < best) {
      best = c;
      x = further;
    }
  }
  out.values = x;
  out.after = best;
  const double limit = best * 1.1 + 1e-4;
  for (std::size_t i = 0; i < n; ++i)
    for (const bool up : {false, true}) {
      const double end = up ? start[i].high : start[i].low;
      std::vector<double> v = x;
      v[i] = end;
      double good = x[i], bad = end;
      if (at(v) <= limit) {
        good = end;
      } else {
        for (int k = 0; k < 10; ++k) {
          v[i] = std::sqrt(good * bad);
          (at(v) <= limit ? good : bad) = v[i];
        }
      }
      (up ? out.high : out.low).push_back(good);
    }
  return out;
}

namespace {

constexpr std::size_t mostParameters = 8;

std::vector<std::string> textsOf(const ConfigNode* node) {
  std::vector<std::string> out;
  if (node == nullptr) return out;
  if (node->isScalar()) return {node->scalar()};
  for (const ConfigNode& item : node->items()) out.push_back(item.scalar());
  return out;
}

/// An empty list stands for everything.
bool holds(const std::vector<std::string>& list, const std::string& word) {
  return list.empty() || std::find(list.begin(), list.end(), word) != list.end();
}

/// What rows of one operator shape share: a held-out shape never appears among the fitted rows.
std::string shapeFamily(const Settings& row) {
  static const std::map<std::string, std::vector<const char*>> columns = {
      {"gemm", {"N", "K"}},
      {"gemv", {"N", "K"}},
      {"attn_decode", {"batch", "hq", "hkv"}},
      {"attn_prefill", {"batch", "q_len", "kv_len"}},
      {"conv", {"cin", "cout"}},
      {"conv1d", {"cin", "cout"}},
      {"conv2d", {"cin", "cout"}},
      {"allreduce", {"n_gpu", "bytes_min"}},
      {"all_gather", {"n_gpu", "bytes_min"}},
      {"reduce_scatter", {"n_gpu", "bytes_min"}}};
  const std::string op = row.get("op");
  const auto at = columns.find(op);
  std::string family = op;
  for (const char* name : at == columns.end() ? std::vector<const char*>{"M", "N"} : at->second)
    family += " " + row.get(name);
  return family;
}

/// Every fifth shape of operators, every fifth row of others.
void holdOut(Measurements& data) {
  std::vector<Measurement>& rows = data.rows;
  if (rows.size() < 10 ||
      std::any_of(rows.begin(), rows.end(), [](const Measurement& m) { return m.test; }))
    return;
  std::map<std::string, std::size_t> numbers;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t number =
        data.operators
            ? numbers.emplace(shapeFamily(rows[i].settings), numbers.size()).first->second
            : i;
    rows[i].test = number % 5 == 4;
  }
}

MeanError meanOf(const std::vector<double>& errors) {
  MeanError out;
  for (const double e : errors) out.mean += std::abs(e);
  out.values = errors.size();
  if (out.values > 0) out.mean /= static_cast<double>(out.values);
  return out;
}

double rms(const std::vector<double>& errors) {
  double sum = 0;
  for (const double e : errors) sum += std::pow(std::log(1 + e), 2);
  return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(errors.size(), 1)));
}

/// What a roofline knows of a row.
struct Traffic {
  double flops = 0, bytes = 0, seconds = 0;
  bool test = false;
};

std::optional<Traffic> trafficOf(const Measurement& m) {
  CsvFile file;
  CsvRecord record;
  for (const auto& [name, value] : m.settings.entries()) {
    file.header.push_back(name);
    record.cells.push_back(value);
  }
  const OpCost cost = costOf(operatorOf(file, record).op);
  const double bytes = toBytes(cost.weightRead + cost.input + cost.output + cost.kvRead);
  if (m.seconds <= 0 || bytes <= 0) return std::nullopt;
  return Traffic{2.0 * static_cast<double>(cost.macs), bytes, m.seconds, m.test};
}

/// Time = start + max(flops / rate, bytes / bandwidth), its constants fitted as the model's are.
MeanError rooflineOf(const std::vector<Measurement>& rows) {
  std::vector<Traffic> fit, test;
  double rate = 1, bandwidth = 1;
  for (const Measurement& m : rows)
    if (const auto t = trafficOf(m)) {
      (t->test ? test : fit).push_back(*t);
      rate = std::max(rate, t->flops / t->seconds);
      bandwidth = std::max(bandwidth, t->bytes / t->seconds);
    }
  if (fit.size() < 4 || test.empty()) return {};
  const auto errors = [](const std::vector<Traffic>& list, const std::vector<double>& v) {
    std::vector<double> out;
    for (const Traffic& t : list)
      out.push_back((v[0] + std::max(t.flops / v[1], t.bytes / v[2])) / t.seconds - 1);
    return out;
  };
  const FitResult best = fitWithin(
      {{5e-6, 1e-8, 1e-2},
       {0.8 * rate, 0.01 * rate, 10 * rate},
       {0.8 * bandwidth, 0.01 * bandwidth, 10 * bandwidth}},
      [&](const auto& v) { return rms(errors(fit, v)); }, 2000);
  return meanOf(errors(test, best.values));
}

std::vector<FittedParameter> open(const CalibrationTask& task, const ProbeContext& context) {
  const Measurement& first = task.data.rows.front();
  const auto aliases = readAliases(context.path);
  const auto alias = aliases.find(first.platform());
  ExperimentSpec spec{alias == aliases.end() ? first.platform() : alias->second, "gemv:1x1", {}};
  const std::vector<ParameterRecord> all =
      makeExperiment(spec, context.registry, context.path).platform->config.parameters;
  std::vector<std::string> known;
  for (const ParameterRecord& p : all)
    if (p.low > 0 && p.low < p.high) known.push_back(p.path);
  std::vector<FittedParameter> out;
  for (const std::string& name : task.parameters) {
    const auto find = [&](const std::string& path) {
      return std::find_if(all.begin(), all.end(),
                          [&](const ParameterRecord& p) { return p.path == path; });
    };
    auto at = find(name);
    for (const std::string& prefix :
         {std::string("device."), "device.stacks." + task.stack + ".", "device." + task.prefix})
      if (at == all.end()) at = find(prefix + name);
    if (at == all.end())
      throw InputError("'" + name.substr(0, 60) + "' is no parameter of " + first.platform(),
                       known.empty() ? "" : "a parameter of its configuration, such as " + known[0],
                       didYouMean("device." + name, known));
    if (!(at->low > 0 && at->low < at->high)) {
      if (!task.chosen) continue;
      throw InputError("'" + name + "' has no interval to be fitted in",
                       "low and high in its configuration: a fit stays inside them");
    }
    out.push_back({*at, at->value, at->low, at->high});
  }
  if (out.empty())
    throw InputError("none of the usual parameters has an interval on " + first.platform(),
                     "--parameters with names that have low and high");
  return out;
}

}  // namespace

std::map<std::string, CalibrationFamily> calibrationFamilies(const SearchPath& path) {
  const auto file = path.findPart("calibration.yaml");
  if (!file) throw InputError("calibration.yaml was not found on the search path");
  const ConfigNode tree = loadConfig(*file, path);
  std::map<std::string, CalibrationFamily> out;
  for (const auto& [name, node] : tree.entries()) {
    CalibrationFamily family{name, {}, {}};
    if (const ConfigNode* prefix = node.find("default_stack"))
      family.defaultStack = prefix->scalar();
    if (const ConfigNode* classes = node.find("classes"))
      for (const auto& [id, c] : classes->entries())
        family.classes.push_back(
            {id, textsOf(c.find("op")), textsOf(c.find("dtype")), textsOf(c.find("parameters"))});
    out.emplace(name, std::move(family));
  }
  return out;
}

std::vector<CalibrationTask> calibrationTasks(const CalibrationFamily& family,
                                              const std::string& file,
                                              const std::vector<std::string>& parameters) {
  const Measurements all = Measurements::read(file);
  std::vector<CalibrationTask> tasks;
  for (const Measurement& m : all.rows) {
    if (m.platform() != all.rows.front().platform())
      throw InputError(Problem{{file, m.line},
                               "platform",
                               "is '" + m.platform() + "', another one than in the rows above",
                               "one platform for each fit: its parameters are one set",
                               {}});
    const std::string op = m.settings.get("op"), stack = m.settings.get("stack");
    const auto kind =
        std::find_if(family.classes.begin(), family.classes.end(), [&](const CalibrationClass& c) {
          return holds(c.ops, op) && holds(c.dtypes, m.settings.get("dtype"));
        });
    if (kind == family.classes.end())
      throw InputError(Problem{{file, m.line},
                               "op",
                               "'" + op.substr(0, 40) + "' has no parameters in calibration.yaml",
                               "a row of a class of '" + family.name + "'",
                               {}});
    const std::string name = all.operators ? (stack.empty() ? "" : stack + " ") + kind->name : "";
    auto task = std::find_if(tasks.begin(), tasks.end(),
                             [&](const CalibrationTask& t) { return t.name == name; });
    if (task == tasks.end()) {
      tasks.push_back({name,
                       {all.operators, {}},
                       parameters.empty() ? kind->parameters : parameters,
                       !parameters.empty(),
                       stack,
                       family.defaultStack});
      task = tasks.end() - 1;
    }
    task->data.rows.push_back(m);
  }
  for (CalibrationTask& task : tasks) {
    if (task.parameters.size() > mostParameters)
      throw InputError(std::to_string(task.parameters.size()) + " parameters are too many to fit",
                       "at most 8, fewer than there are rows");
    holdOut(task.data);
  }
  return tasks;
}

bool FittedParameter::atBound() const {
  const double slack = 1e-3 * std::log(record.high / record.low);
  return std::log(record.high / value) < slack || std::log(value / record.low) < slack;
}

CalibrationFit calibrate(const CalibrationTask& task, const ProbeContext& context,
                         int mostEvaluations) {
  CalibrationFit out;
  out.name = task.name;
  out.platform = task.data.rows.front().platform();
  out.parameters = open(task, context);
  std::vector<FitParameter> start;
  std::vector<double> nominal;
  for (const FittedParameter& p : out.parameters) {
    start.push_back({p.record.value, p.record.low, p.record.high});
    nominal.push_back(p.record.value);
  }
  const auto ask = [&](const std::vector<double>& v) {
    std::vector<std::pair<std::string, std::string>> sets;
    for (std::size_t i = 0; i < v.size(); ++i) {
      const ParameterRecord& record = out.parameters[i].record;
      sets.emplace_back(record.path, exactQuantity(v[i], record.dimension));
    }
    std::vector<Predicted> answers = predicted(task.data, context, sets);
    for (std::size_t i = 0; i < answers.size(); ++i)
      if (!answers[i].reason.empty())
        throw InputError(
            "line " + std::to_string(task.data.rows[i].line) + " cannot run: " + answers[i].reason,
            "a measurement of what the platform runs");
    return answers;
  };
  const auto errors = [&](const std::vector<double>& v, bool test) {
    std::vector<double> list;
    const std::vector<Predicted> answers = ask(v);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const Measurement& m = task.data.rows[i];
      if (m.test != test) continue;
      if (m.seconds > 0) list.push_back(answers[i].seconds / m.seconds - 1);
      if (m.joules > 0) list.push_back(answers[i].joules / m.joules - 1);
    }
    return list;
  };
  const FitResult fit = fitWithin(
      start, [&](const auto& v) { return rms(errors(v, false)); }, mostEvaluations);
  for (std::size_t i = 0; i < out.parameters.size(); ++i) {
    out.parameters[i].value = fit.values[i];
    out.parameters[i].low = fit.low[i];
    out.parameters[i].high = fit.high[i];
  }
  out.evaluations = fit.evaluations;
  out.before = meanOf(errors(nominal, false));
  out.after = meanOf(errors(fit.values, false));
  out.testBefore = meanOf(errors(nominal, true));
  out.testAfter = meanOf(errors(fit.values, true));
  if (task.data.operators) out.roofline = rooflineOf(task.data.rows);
  const std::vector<Predicted> last = ask(fit.values);
  for (std::size_t i = 0; i < last.size(); ++i) {
    const Measurement& m = task.data.rows[i];
    out.rows.push_back({m.line, m.settings.get("workload", m.settings.get("op")), m.seconds,
                        last[i].seconds, m.test});
  }
  return out;
}

}  // namespace wattlas
