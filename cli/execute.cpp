// wattlas execute: a network on data, in the arithmetic of a number format.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "accuracy/measure.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "execution/search.h"
#include "explorer/accuracy.h"
#include "models/base/atomic_file.h"
#include "models/base/plain_text.h"
#include "results/text_table.h"

namespace wattlas {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t sensitivitySamples = 4000;

/// What mixed formats are held against: one format of the same size.
struct Uniform {
  ExecutionFormat format;
  Evaluation result;
  double p = 1;

  void compare(const Evaluation& mixed, const DataSet& data) {
    std::int64_t onlyMixed = 0, onlyUniform = 0;
    for (std::size_t s = 0; s < data.labels.size() && s < mixed.predicted.size(); ++s) {
      const bool a = mixed.predicted[s] == data.labels[s];
      const bool b = result.predicted[s] == data.labels[s];
      onlyMixed += a && !b ? 1 : 0;
      onlyUniform += b && !a ? 1 : 0;
    }
    p = mcNemar(onlyMixed, onlyUniform);
  }
};

struct ExecuteCommand {
  std::string model, data, format, weights, labels, output, split = "test", rule = "minmax";
  std::string granularity = "channel", weightRange = "minmax", slices;
  std::vector<std::string> sets, mixed;
  std::int64_t calibrate = 256, limit = 0, trainSamples = 20000, cluster = 0;
  std::uint64_t seed = 1;
  bool affine = false, json = false;

  Workload workload(const Context& context) const {
    ConfigNode options = ConfigNode::ofMap();
    options.put("batch", ConfigNode::ofScalar("1"));
    for (const std::string& text : sets) {
      const auto [key, value] = parseAssignment(text);
      if (!key.starts_with("workload."))
        throw InputError("--set " + text.substr(0, 60), "a key that begins with workload.");
      options.set(key.substr(9), value);
    }
    return makeWorkload(model, options, context.path);
  }

  std::string weightFile(const Context& context) const {
    if (const auto file = weightFileOf(weights, model, context.path)) return *file;
    throw InputError("no weights for '" + model.substr(0, 80) + "'",
                     "an archive of arrays NAME.weight and NAME.bias",
                     "give it with --weights F.npz (docs/execution.md)");
  }

  ExecutionFormat executionFormat(ExecutionFormat out) const {
    if (granularity != "tensor" && granularity != "channel")
      throw InputError("granularity '" + granularity.substr(0, 40) + "'", "tensor or channel",
                       "groups are part of the format: w4g128a8");
    checkExecutable(out);
    const auto adapt = [&](NumberFormat& weight) {
      const bool integers =
          weight.kind == NumberKind::integer && !weight.isFixed() && weight.coding == Coding::plain;
      if (affine && (!integers || out.activation.isFloat()))
        throw InputError("--affine with the format " + weight.name, "integer weights");
      weight.affine = weight.affine || affine;
    };
    adapt(out.weight);
    for (auto& [layer, weight] : out.layers) adapt(weight);
    return out;
  }

  EvaluationOptions options() const {
    EvaluationOptions out;
    out.calibration = parseCalibrationRule(rule);
    if (weightRange != "minmax" && weightRange != "mse")
      throw InputError("weight range '" + weightRange.substr(0, 40) + "'", "minmax or mse");
    if (weightRange == "mse") out.integer.rounding.range = RangeRule::leastError;
    out.integer.rounding.wholeTensor = granularity == "tensor";
    if (slices.empty()) return out;
    int used = 0;
    if (std::sscanf(slices.c_str(), "%dx%d%n", &out.integer.weightDigit,
                    &out.integer.activationDigit, &used) != 2 ||
        used != static_cast<int>(slices.size()) || out.integer.weightDigit < 1 ||
        out.integer.activationDigit < 1 || out.integer.weightDigit > 8 ||
        out.integer.activationDigit > 8)
      throw InputError("slices '" + slices.substr(0, 40) + "'",
                       "digits of weights and activations of 1 to 8 bits, such as 4x4");
    return out;
  }

  /// Samples to calibrate with: of the training split where there is one.
  DataSet calibrationData(const DataSet& tested, std::vector<std::string>& notes) const {
    const bool alone = data.ends_with(".npy");
    if (!alone) {
      try {
        return loadData(data, Split::train, calibrate, seed);
      } catch (const InputError&) {
        // A folder without training data.
      }
    }
    notes.push_back("calibrated on the data that are evaluated: there is no training split");
    return tested.part(0, calibrate);
  }

  void runHdc(const Workload& w) const {
    if (!weights.empty())
      throw InputError("--weights of a hyperdimensional classifier",
                       "none: it is trained by this command");
    const ExecutionFormat chosen =
        executionFormat(parseTensorFormats(format.empty() ? hdcSearch(w)->formats.name : format));
    const DataSet train = loadData(data, Split::train, trainSamples, seed);
    const DataSet tested = loadData(data, parseSplit(split), limit, seed);
    const HdcClassifier classifier = trainedHdc(w, chosen, train, seed);
    const std::int64_t dimensions = hdcSearch(w)->dims[Dim::K];
    Evaluation e;
    e.samples = tested.size();
    e.classes = train.classes;
    e.predicted = classifier.classify(tested);
    e.correct = 0;
    for (std::size_t i = 0; i < e.predicted.size() && !tested.labels.empty(); ++i)
      e.correct += e.predicted[i] == tested.labels[i] ? 1 : 0;
    if (tested.labels.empty()) throw InputError("'" + data + "' has no labels");
    const double p = e.share(e.correct);
    const ProductWork work = classifier.work();
    if (!json) {
      fmt::print("{} with {} x {} bit on {} samples of {} ({})\n\n", plainText(w.title), dimensions,
                 chosen.weight.bits, e.samples, plainText(tested.name), split);
      fmt::print("accuracy   {:.2f} % +- {:.2f}, trained on {} samples\n", 100 * p,
                 100 * std::sqrt(p * (1 - p) / static_cast<double>(e.samples)), train.size());
      fmt::print(
          "work       {:.0f} multiplications, {:.0f} additions, {:.0f} population counts a "
          "sample\n",
          work.multiplications, work.additions, work.populationCounts);
      return;
    }
    const nlohmann::ordered_json out = {{"model", w.title},
                                        {"format", chosen.name},
                                        {"arithmetic", "integer"},
                                        {"data", tested.name},
                                        {"samples", e.samples},
                                        {"accuracy", accuracy(e, e.correct, tested)},
                                        {"dimensions", dimensions},
                                        {"bits", chosen.weight.bits},
                                        {"train_samples", train.size()},
                                        {"weights_bytes", std::ceil(classifier.storedBits() / 8)},
                                        {"work",
                                         {{"multiplications", work.multiplications},
                                          {"additions", work.additions},
                                          {"population_counts", work.populationCounts}}}};
    fmt::print("{}\n", out.dump(2));
  }

  static const Operator* firstOf(const Workload& w, OpKind kind) {
    const Graph& graph = w.phases.front().graph;
    for (std::size_t i = 0; i < graph.size(); ++i)
      if (graph.at(static_cast<OpId>(i)).kind == kind) return &graph.at(static_cast<OpId>(i));
    return nullptr;
  }

  /// Inputs between their extremes as 8-bit integers.
  static std::vector<Code> bytesOf(const DataSet& d, float low, float high) {
    std::vector<Code> out;
    const float step = high > low ? (high - low) / 255 : 1;
    for (const float v : d.inputs)
      out.push_back(static_cast<Code>(std::clamp(std::nearbyint((v - low) / step), 0.0f, 255.0f)));
    return out;
  }

  /// Training data (training and validation split) are what is stored, others ask.
  void runSearch(const Workload& w) const {
    const Operator *exact = firstOf(w, OpKind::search), *scan = firstOf(w, OpKind::lookup),
                   *top = firstOf(w, OpKind::topK);
    NearestOptions options;
    if (exact != nullptr) options.metric = exact->variant;
    options.nearest = top != nullptr ? top->dims[Dim::K] : 1;
    DataSet stored = loadData(data, Split::train, 0, seed);
    const DataSet rest = loadData(data, Split::validation, 0, seed);
    stored.inputs.insert(stored.inputs.end(), rest.inputs.begin(), rest.inputs.end());
    const DataSet asked = loadData(data, Split::test, limit > 0 ? limit : 200, seed);
    const std::int64_t wanted = exact != nullptr  ? exact->dims[Dim::N]
                                : scan != nullptr ? scan->dims[Dim::N]
                                                  : stored.size();
    if (wanted > stored.size())
      throw InputError("'" + w.title + "' searches " + std::to_string(wanted) + " vectors",
                       "at most the " + std::to_string(stored.size()) + " of " + data);
    stored = stored.part(0, wanted);
    const auto [low, high] = std::minmax_element(stored.inputs.begin(), stored.inputs.end());
    const std::vector<Code> vectors = bytesOf(stored, *low, *high),
                            queries = bytesOf(asked, *low, *high);
    const SearchIndex truth(vectors, stored.values(), options);
    const auto nearest = truth.find(queries);
    double recall = 1, bytes = truth.storedBytes();
    if (scan != nullptr) {
      options.parts = scan->dims[Dim::lookups];
      options.centroids = scan->dims[Dim::K];
      const SearchIndex coded(vectors, stored.values(), options);
      recall = recallOf(coded.find(queries), nearest, options.nearest);
      bytes = coded.storedBytes();
    }
    if (json)
      fmt::print("{}\n", nlohmann::ordered_json{{"model", w.title},
                                                {"data", stored.name},
                                                {"metric", nameOf(options.metric)},
                                                {"vectors", stored.size()},
                                                {"queries", asked.size()},
                                                {"nearest", options.nearest},
                                                {"recall", recall},
                                                {"stored_bytes", bytes}}
                             .dump(2));
    else
      fmt::print(
          "{}: {} queries among {} vectors of {} ({})\n\nrecall@{}  {:.2f} %\nstored     {:.0f} "
          "bytes\n",
          plainText(w.title), asked.size(), stored.size(), plainText(stored.name),
          nameOf(options.metric), options.nearest, 100 * recall, bytes);
  }

  void run(Context& context) const {
    const Workload w = workload(context);
    if (hdcSearch(w) != nullptr) return runHdc(w);
    if (firstOf(w, OpKind::search) != nullptr || firstOf(w, OpKind::lookup) != nullptr)
      return runSearch(w);
    ExecutableNetwork network = makeExecutable(w);
    ExecutionFormat chosen =
        executionFormat(format.empty() ? executionFormatOf(network) : parseTensorFormats(format));
    const std::string file = weightFile(context);
    loadNetworkWeights(network, file);
    pruneWeights(network);
    if (cluster > 0) clusterWeights(network, cluster);
    DataSet samples = loadData(data, parseSplit(split), limit, seed);
    if (!labels.empty()) {
      samples.labels = readNpy(labels).integers();
      if (static_cast<std::int64_t>(samples.labels.size()) < samples.size())
        throw InputError(labels + " holds " + std::to_string(samples.labels.size()) + " labels",
                         "one for each of " + std::to_string(samples.size()) + " samples");
    }
    std::vector<std::string> notes;
    const DataSet ranges =
        chosen.activation.isFloat() ? DataSet{} : calibrationData(samples, notes);
    Uniform uniform;
    if (!mixed.empty()) {
      uniform.format = chosen;
      chosen = mixedFormats(network, mixed, weightBits(network, chosen),
                            loadData(data, Split::train, sensitivitySamples, seed), options())
                   .format;
      uniform.result = evaluate(network, uniform.format, samples, ranges, options());
    }
    Evaluation e = evaluate(network, chosen, samples, ranges, options());
    if (!mixed.empty()) uniform.compare(e, samples);
    e.notes.insert(e.notes.begin(), notes.begin(), notes.end());
    if (!output.empty())
      writeFileAtomically(output, npyBytes(NumpyArray::of(e.outputs, {e.samples, e.classes})));
    if (json)
      fmt::print("{}\n", toJson(e, network, chosen, samples, ranges, file, uniform).dump(2));
    else
      print(e, network, chosen, samples, uniform);
  }

  nlohmann::ordered_json accuracy(const Evaluation& e, std::int64_t hits, const DataSet& d) const {
    const AccuracyResult a = measuredShare(hits, e.samples, d, split);
    return {{"value", *a.value},
            {"se", *a.se},
            {"kind", a.kind},
            {"source", d.source.empty() ? d.name : d.source},
            {"split", split}};
  }

  nlohmann::ordered_json toJson(const Evaluation& e, const ExecutableNetwork& network,
                                const ExecutionFormat& chosen, const DataSet& d,
                                const DataSet& ranges, const std::string& file,
                                const Uniform& uniform) const {
    nlohmann::ordered_json out = {{"model", network.name},
                                  {"format", chosen.name},
                                  {"arithmetic", chosen.activation.isFloat() ? "float" : "integer"},
                                  {"weights", fs::path(file).filename().string()},
                                  {"data", d.name},
                                  {"samples", e.samples}};
    if (e.correct >= 0) {
      out["accuracy"] = accuracy(e, e.correct, d);
      out["reference_accuracy"] = accuracy(e, e.referenceCorrect, d);
    }
    out["agreement"] = e.share(e.agreeing);
    out["macs"] = network.macs();
    out["weights_bytes"] = std::ceil(e.weightBits / 8);
    if (!chosen.activation.isFloat()) {
      out["work"] = {{"multiplications", e.work.multiplications},
                     {"additions", e.work.additions},
                     {"shifts", e.work.shifts},
                     {"population_counts", e.work.populationCounts}};
      out["accumulator_bits"] = e.accumulatorBits;
      out["calibration"] = {{"rule", rule}, {"samples", ranges.size()}};
    }
    if (!mixed.empty()) {
      out["mixed"] = {{"uniform", uniform.format.name},
                      {"uniform_accuracy", accuracy(uniform.result, uniform.result.correct, d)},
                      {"uniform_weights_bytes", std::ceil(uniform.result.weightBits / 8)},
                      {"p_equal", uniform.p}};
      for (const auto& [layer, weight] : chosen.layers) out["mixed"]["layers"][layer] = weight.name;
    }
    out["layers"] = nlohmann::ordered_json::array();
    for (const LayerReport& layer : e.layers) {
      nlohmann::ordered_json row = {{"name", layer.name}, {"kind", nameOf(layer.kind)}};
      row["sqnr_db"] = std::isfinite(layer.sqnrDb) ? nlohmann::ordered_json(layer.sqnrDb)
                                                   : nlohmann::ordered_json();
      if (layer.sums) {
        row["accumulator_lengths"] = layer.accumulators.lengths;
        row["overflows"] = layer.accumulators.overflows;
      }
      out["layers"].push_back(row);
    }
    out["worst_layers"] = nlohmann::ordered_json::array();
    for (const LayerReport* layer : worst(e)) out["worst_layers"].push_back(layer->name);
    out["seconds"] = e.seconds;
    out["reference_seconds"] = e.referenceSeconds;
    out["notes"] = e.notes;
    return out;
  }

  static std::vector<const LayerReport*> worst(const Evaluation& e) {
    std::vector<const LayerReport*> list;
    for (const LayerReport& layer : e.layers) list.push_back(&layer);
    std::stable_sort(list.begin(), list.end(), [](const LayerReport* a, const LayerReport* b) {
      return a->sqnrDb < b->sqnrDb;
    });
    list.resize(std::min<std::size_t>(list.size(), 3));
    return list;
  }

  void print(const Evaluation& e, const ExecutableNetwork& network, const ExecutionFormat& chosen,
             const DataSet& d, const Uniform& uniform) const {
    fmt::print("{} in {} ({} arithmetic) on {} samples of {} ({})\n\n", plainText(network.name),
               chosen.name, chosen.activation.isFloat() ? "float" : "integer", e.samples,
               plainText(d.name), split);
    if (e.correct >= 0) {
      const double p = e.share(e.correct);
      fmt::print("accuracy   {:.2f} % +- {:.2f} (fp32: {:.2f} %)\n", 100 * p,
                 100 * std::sqrt(p * (1 - p) / static_cast<double>(e.samples)),
                 100 * e.share(e.referenceCorrect));
    }
    fmt::print("agreement  {:.2f} % of classes as in fp32\n", 100 * e.share(e.agreeing));
    fmt::print("weights    {:.0f} bytes\n", std::ceil(e.weightBits / 8));
    if (!mixed.empty()) {
      std::string list;
      for (const auto& [layer, weight] : chosen.layers)
        list += (list.empty() ? "" : ", ") + layer + " " + weight.name;
      fmt::print("layers     {}\nuniform    {}: {:.2f} %, {:.0f} bytes; McNemar p = {:.2g}\n",
                 plainText(list), uniform.format.name,
                 100 * uniform.result.share(uniform.result.correct),
                 std::ceil(uniform.result.weightBits / 8), uniform.p);
    }
    if (!chosen.activation.isFloat())
      fmt::print(
          "work       {:.0f} multiplications, {:.0f} additions, {:.0f} shifts, {:.0f} "
          "population counts a sample; sums of up to {} bits\n",
          e.work.multiplications, e.work.additions, e.work.shifts, e.work.populationCounts,
          e.accumulatorBits);
    fmt::print("time       {:.3f} s (fp32: {:.3f} s)\n\n", e.seconds, e.referenceSeconds);
    TextTable table(
        {{"layer"}, {"kind"}, {"SQNR", true}, {"accumulators", true}, {"overflows", true}});
    for (const LayerReport& layer : e.layers) {
      std::size_t longest = 0;
      const auto& lengths = layer.accumulators.lengths;
      for (std::size_t i = 0; i < lengths.size(); ++i)
        if (lengths[i] > 0) longest = i + 1;
      table.add({plainText(layer.name), nameOf(layer.kind),
                 std::isfinite(layer.sqnrDb) ? fmt::format("{:.1f} dB", layer.sqnrDb) : "exact",
                 layer.sums ? fmt::format("{} bits", longest) : "",
                 layer.sums ? std::to_string(layer.accumulators.overflows) : ""});
    }
    fmt::print("{}", table.text({}));
    for (const std::string& note : e.notes) fmt::print("note: {}\n", plainText(note));
  }
};

}  // namespace

void addExecute(CLI::App& app, Context& context) {
  auto command = std::make_shared<ExecuteCommand>();
  CLI::App* sub = app.add_subcommand("execute", "Run a network on data in a format's arithmetic");
  sub->footer(
      "Example:\n  wattlas execute fmnist-cnn --data fashion-mnist --format w4a8\n"
      "Folders of arrays, archives of weights, generated data: docs/execution.md");
  sub->add_option("model", command->model, "Workload id or file")->required();
  sub->add_option("--data", command->data,
                  "fashion-mnist, generated-*, folder with data.yaml, or F.npy")
      ->required();
  sub->add_option("--format", command->format, "int8, w4a8, w4g128a8, mxfp4, fixed<16,6>, ...");
  sub->add_option("--weights", command->weights, "Archive of weights (.npz)");
  sub->add_option("--labels", command->labels, "Classes of F.npy (.npy)");
  sub->add_option("--split", command->split, "train, validation or test");
  sub->add_option("--limit", command->limit, "At most so many samples")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10000000}));
  sub->add_option("--seed", command->seed, "Of generated data");
  sub->add_option("--calibrate", command->calibrate, "Training samples for the ranges")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100000}));
  sub->add_option("--train-samples", command->trainSamples,
                  "Samples that a hyperdimensional classifier is trained on")
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{100000}));
  sub->add_option("--calibration", command->rule, "minmax, percentile or mse");
  sub->add_option("--granularity", command->granularity, "Of weight scales: tensor or channel");
  sub->add_option("--weight-range", command->weightRange, "minmax or mse (least squared error)");
  sub->add_option("--mixed", command->mixed,
                  "Formats of single layers, chosen within the bytes of --format: w2a8,w4a8,w8a8")
      ->delimiter(',');
  sub->add_option("--cluster", command->cluster, "Values that the weights of a layer share")
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{65536}));
  sub->add_flag("--affine", command->affine, "Integer weights with zero points");
  sub->add_option("--slices", command->slices, "Products by digits, weights x activations: 4x4");
  sub->add_option("-o,--output", command->output, "Outputs of the network (.npy)");
  repeated(sub->add_option("--set", command->sets, "workload.KEY=VALUE"));
  sub->add_flag("--json", command->json, "Print one JSON object");
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
