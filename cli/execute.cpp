// wattlas execute: a network on data, in the arithmetic of a number format.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "execution/evaluate.h"
#include "execution/hdc.h"
#include "models/base/atomic_file.h"
#include "models/base/plain_text.h"
#include "results/text_table.h"

namespace wattlas {
namespace {

namespace fs = std::filesystem;

struct ExecuteCommand {
  std::string model, data, format, weights, labels, output, split = "test", rule = "minmax";
  std::string granularity = "channel", weightRange = "minmax", slices;
  std::vector<std::string> sets;
  std::int64_t calibrate = 256, limit = 0, trainSamples = 20000;
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

  /// Given, beside the model's file, or shipped for the id.
  std::string weightFile(const Context& context) const {
    if (!weights.empty()) return weights;
    const fs::path beside = fs::path(model).replace_extension(".npz");
    if (fs::path(model).has_extension() && fs::exists(beside)) return beside.string();
    if (const auto shipped =
            context.path.findPart("weights/" + fs::path(model).stem().string() + ".npz"))
      return *shipped;
    throw InputError("no weights for '" + model.substr(0, 80) + "'",
                     "an archive of arrays NAME.weight and NAME.bias",
                     "give it with --weights F.npz (docs/execution.md)");
  }

  ExecutionFormat executionFormat(const Workload& w) const {
    ExecutionFormat out = parseExecutionFormat(format.empty() ? w.formats.name : format);
    if (granularity == "tensor")
      out.weight.granularity = Granularity::tensor;
    else if (granularity != "channel")
      throw InputError("granularity '" + granularity.substr(0, 40) + "'", "tensor or channel",
                       "groups are part of the format: w4g128a8");
    if (affine && (out.weight.code != WeightCode::integer || out.floating))
      throw InputError("--affine with the format " + out.name, "integer weights");
    out.weight.affine = affine;
    return out;
  }

  EvaluationOptions options() const {
    EvaluationOptions out;
    out.calibration = parseCalibrationRule(rule);
    if (weightRange != "minmax" && weightRange != "mse")
      throw InputError("weight range '" + weightRange.substr(0, 40) + "'", "minmax or mse");
    if (weightRange == "mse") out.integer.weightRange = RangeRule::leastError;
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

  /// Dimensions of a hyperdimensional classifier: an encoding and a search for the class.
  static std::int64_t hdcDimensions(const Workload& w) {
    const Graph& graph = w.phases.front().graph;
    for (std::size_t i = 0; i < graph.size(); ++i)
      if (graph.at(static_cast<OpId>(i)).kind == OpKind::hamming)
        return graph.at(static_cast<OpId>(i)).dims[Dim::K];
    return 0;
  }

  /// Its class vectors are trained here: they follow from data and seed in seconds.
  void runHdc(const Workload& w) const {
    const ExecutionFormat chosen = executionFormat(w);
    if (!chosen.weight.isInteger() || chosen.weight.bits > 8 || !weights.empty())
      throw InputError(
          "a hyperdimensional classifier in " + chosen.name,
          "class vectors of 1 to 8 bits (binary, int2..int8), trained by this command");
    HdcOptions options;
    options.dimensions = hdcDimensions(w);
    options.bits = chosen.weight.bits;
    options.seed = seed;
    const DataSet train = loadData(data, Split::train, trainSamples, seed);
    const DataSet tested = loadData(data, parseSplit(split), limit, seed);
    const HdcClassifier classifier(train, options);
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
      fmt::print("{} with {} x {} bit on {} samples of {} ({})\n\n", plainText(w.title),
                 options.dimensions, options.bits, e.samples, plainText(tested.name), split);
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
                                        {"accuracy", accuracy(e, e.correct, tested, "measured")},
                                        {"dimensions", options.dimensions},
                                        {"bits", options.bits},
                                        {"train_samples", train.size()},
                                        {"weights_bytes", std::ceil(classifier.storedBits() / 8)},
                                        {"work",
                                         {{"multiplications", work.multiplications},
                                          {"additions", work.additions},
                                          {"population_counts", work.populationCounts}}}};
    fmt::print("{}\n", out.dump(2));
  }

  void run(Context& context) const {
    const Workload w = workload(context);
    if (hdcDimensions(w) > 0) return runHdc(w);
    const ExecutionFormat chosen = executionFormat(w);
    ExecutableNetwork network = makeExecutable(w);
    const std::string file = weightFile(context);
    loadWeights(network, readNpz(file), file);
    DataSet samples = loadData(data, parseSplit(split), limit, seed);
    if (!labels.empty()) {
      samples.labels = readNpy(labels).integers();
      if (static_cast<std::int64_t>(samples.labels.size()) < samples.size())
        throw InputError(labels + " holds " + std::to_string(samples.labels.size()) + " labels",
                         "one for each of " + std::to_string(samples.size()) + " samples");
    }
    std::vector<std::string> notes;
    const DataSet ranges = chosen.floating ? DataSet{} : calibrationData(samples, notes);
    Evaluation e = evaluate(network, chosen, samples, ranges, options());
    e.notes.insert(e.notes.begin(), notes.begin(), notes.end());
    if (!output.empty())
      writeFileAtomically(output, npyBytes(NumpyArray::of(e.outputs, {e.samples, e.classes})));
    if (json)
      fmt::print("{}\n", toJson(e, network, chosen, samples, ranges, file).dump(2));
    else
      print(e, network, chosen, samples);
  }

  nlohmann::ordered_json accuracy(const Evaluation& e, std::int64_t hits, const DataSet& d,
                                  const std::string& kind) const {
    const double p = e.share(hits);
    return {{"value", p},
            {"se", std::sqrt(p * (1 - p) / static_cast<double>(e.samples))},
            {"kind", kind},
            {"source", d.source.empty() ? d.name : d.source},
            {"split", split}};
  }

  nlohmann::ordered_json toJson(const Evaluation& e, const ExecutableNetwork& network,
                                const ExecutionFormat& chosen, const DataSet& d,
                                const DataSet& ranges, const std::string& file) const {
    nlohmann::ordered_json out = {{"model", network.name},
                                  {"format", chosen.name},
                                  {"arithmetic", chosen.floating ? "float" : "integer"},
                                  {"weights", fs::path(file).filename().string()},
                                  {"data", d.name},
                                  {"samples", e.samples}};
    if (e.correct >= 0) {
      out["accuracy"] = accuracy(e, e.correct, d, "measured");
      out["reference_accuracy"] = accuracy(e, e.referenceCorrect, d, "measured");
    }
    out["agreement"] = e.share(e.agreeing);
    out["macs"] = network.macs();
    out["weights_bytes"] = std::ceil(e.weightBits / 8);
    if (!chosen.floating) {
      out["work"] = {{"multiplications", e.work.multiplications},
                     {"additions", e.work.additions},
                     {"shifts", e.work.shifts},
                     {"population_counts", e.work.populationCounts}};
      out["accumulator_bits"] = e.accumulatorBits;
      out["calibration"] = {{"rule", rule}, {"samples", ranges.size()}};
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
             const DataSet& d) const {
    fmt::print("{} in {} ({} arithmetic) on {} samples of {} ({})\n\n", plainText(network.name),
               chosen.name, chosen.floating ? "float" : "integer", e.samples, plainText(d.name),
               split);
    if (e.correct >= 0) {
      const double p = e.share(e.correct);
      fmt::print("accuracy   {:.2f} % +- {:.2f} (fp32: {:.2f} %)\n", 100 * p,
                 100 * std::sqrt(p * (1 - p) / static_cast<double>(e.samples)),
                 100 * e.share(e.referenceCorrect));
    }
    fmt::print("agreement  {:.2f} % of classes as in fp32\n", 100 * e.share(e.agreeing));
    fmt::print("weights    {:.0f} bytes\n", std::ceil(e.weightBits / 8));
    if (!chosen.floating)
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
  sub->add_flag("--affine", command->affine, "Integer weights with zero points");
  sub->add_option("--slices", command->slices, "Products by digits, weights x activations: 4x4");
  sub->add_option("-o,--output", command->output, "Outputs of the network (.npy)");
  repeated(sub->add_option("--set", command->sets, "workload.KEY=VALUE"));
  sub->add_flag("--json", command->json, "Print one JSON object");
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
