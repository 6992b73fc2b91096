// wattlas-train: trains a network with libtorch. `serve` speaks the protocol of command oracles:
// one JSON object a line in, one out.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "models/base/data_path.h"
#include "models/base/error.h"
#include "models/base/plain_text.h"
#include "train/trainer.h"

namespace wattlas {
namespace {

constexpr std::size_t longestLine = 1u << 20;

/// Reads one key when it is there; of another type: InputError.
template <class T>
void take(const nlohmann::json& from, const char* key, T& to) {
  const auto at = from.find(key);
  if (at == from.end()) return;
  try {
    at->get_to(to);
  } catch (const nlohmann::json::exception&) {
    throw InputError(std::string("'") + key + "' has the wrong type");
  }
}

TrainRequest requestOf(const nlohmann::json& line) {
  if (!line.is_object()) throw InputError("a line that is no JSON object");
  static const std::vector<std::string> keys = {
      "id",      "model",  "data",    "set",   "elastic", "format", "init",  "output", "pattern",
      "density", "epochs", "samples", "batch", "seed",    "rate",   "decay", "split"};
  for (const auto& [key, value] : line.items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      throw InputError("key '" + key.substr(0, 40) + "' is not known", "", didYouMean(key, keys));
  TrainRequest r;
  take(line, "model", r.model);
  take(line, "data", r.data);
  take(line, "set", r.sets);
  take(line, "elastic", r.elastic);
  take(line, "format", r.format);
  take(line, "init", r.init);
  take(line, "output", r.output);
  take(line, "pattern", r.pattern);
  take(line, "density", r.density);
  take(line, "epochs", r.epochs);
  take(line, "samples", r.samples);
  take(line, "batch", r.batch);
  take(line, "seed", r.seed);
  take(line, "rate", r.rate);
  take(line, "decay", r.decay);
  std::string split = nameOf(r.split);
  take(line, "split", split);
  r.split = parseSplit(split);
  return r;
}

void check(const TrainRequest& r) {
  if (r.model.empty()) throw InputError("a request without 'model'", "a workload id or file");
  const auto within = [](const char* key, double value, double low, double high) {
    if (!(value >= low && value <= high))
      throw InputError(fmt::format("'{}' is {:g}", key, value),
                       fmt::format("{:g} to {:g}", low, high));
  };
  within("epochs", static_cast<double>(r.epochs), 1, 10000);
  within("samples", static_cast<double>(r.samples), 0, 1e8);
  within("batch", static_cast<double>(r.batch), 2, 65536);
  within("density", r.density, 1e-6, 1);
  within("rate", r.rate, 1e-9, 100);
  within("decay", r.decay, 0, 1);
}

TrainResult trained(const TrainRequest& request) {
  check(request);
  return train(request, dataPath(), [&](std::int64_t epoch, double loss, double seconds) {
    const double left =
        seconds / static_cast<double>(epoch) * static_cast<double>(request.epochs - epoch);
    fmt::print(stderr, "epoch {} of {}: loss {:.4f}, {:.0f} s, {:.0f} s left\n", epoch,
               request.epochs, loss, seconds, left);
  });
}

nlohmann::ordered_json answerOf(const TrainResult& r) {
  return {{"accuracy", r.accuracy}, {"se", r.error},
          {"kind", "measured"},     {"source", r.source},
          {"samples", r.samples},   {"float_accuracy", r.floatAccuracy},
          {"epochs", r.epochs},     {"resumed_from", r.resumedFrom},
          {"losses", r.losses},     {"seconds", r.seconds}};
}

void serve() {
  std::ios::sync_with_stdio(false);
  for (std::string text; std::getline(std::cin, text);) {
    nlohmann::ordered_json answer;
    nlohmann::json line;
    try {
      if (text.size() > longestLine) throw InputError("a line of more than 1 MiB");
      line = nlohmann::json::parse(text, nullptr, false);
      if (line.is_discarded()) throw InputError("a line that is no JSON");
      TrainRequest request = requestOf(line);
      request.split = line.contains("split") ? request.split : Split::validation;
      answer = answerOf(trained(request));
      answer["split"] = nameOf(request.split);
    } catch (const InputError& error) {
      answer = {{"error", plainText(error.what())}};
    }
    if (line.is_object() && line.contains("id")) answer["id"] = line["id"];
    fmt::print("{}\n", answer.dump());
    if (std::fflush(stdout) != 0) return;
  }
}

int run(int argc, char** argv) {
  CLI::App app{"Trains networks for Wattlas with libtorch"};
  app.require_subcommand(1);
  CLI::App* loop = app.add_subcommand("serve", "Requests from standard input, one JSON a line");
  CLI::App* once = app.add_subcommand("run", "One training");
  TrainRequest r;
  std::string split = "test";
  once->add_option("model", r.model, "Workload id or file")->required();
  once->add_option("--data", r.data, "As wattlas execute takes it");
  once->add_option("--set", r.sets, "workload.KEY=VALUE")->take_all()->allow_extra_args(false);
  once->add_option("--elastic", r.elastic,
                   "workload.KEY=V1,V2,..: a weight-sharing network over these values")
      ->take_all()
      ->allow_extra_args(false);
  once->add_option("--format", r.format, "Train for a format of integers (straight-through)");
  once->add_option("--init", r.init, "Weights to start from (.npz)");
  once->add_option("--pattern", r.pattern, "Prune: unstructured, channel, or N:M");
  once->add_option("--density", r.density, "Share of weights that pruning keeps");
  once->add_option("--epochs", r.epochs, "Passes over the training data");
  once->add_option("--samples", r.samples, "At most so many training samples (0 = all)");
  once->add_option("--batch", r.batch, "Samples of one step");
  once->add_option("--seed", r.seed, "Of weights and order");
  once->add_option("--rate", r.rate, "Of learning, falls as a cosine");
  once->add_option("--decay", r.decay, "Of weights");
  once->add_option("--split", split, "Measured on: validation or test");
  once->add_option("-o,--output", r.output, "Archive of weights; resumes from OUTPUT.checkpoint")
      ->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (loop->parsed()) {
    serve();
    return 0;
  }
  r.split = parseSplit(split);
  nlohmann::ordered_json answer = answerOf(trained(r));
  answer["split"] = split;
  fmt::print("{}\n", answer.dump(2));
  return 0;
}

}  // namespace
}  // namespace wattlas

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  try {
    return wattlas::run(argc, argv);
  } catch (const wattlas::InputError& error) {
    for (const wattlas::Problem& problem : error.problems())
      fmt::print(stderr, "error: {}\n", problem.text());
    return 2;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "error: out of memory\n");
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "internal error: {}\n", wattlas::plainText(error.what()));
    return 1;
  }
}
