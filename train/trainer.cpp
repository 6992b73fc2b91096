#include "train/trainer.h"

#include <chrono>
#include <cmath>
#include <filesystem>
#include <numbers>

#include "execution/evaluate.h"
#include "models/base/atomic_file.h"
#include "models/base/error.h"
#include "models/base/hash.h"
#include "models/base/random.h"
#include "train/torch_network.h"

namespace wattlas {
namespace {

namespace fs = std::filesystem;

constexpr double momentum = 0.9;

struct State {
  std::int64_t epoch = 0;
  std::vector<double> losses;
  std::map<std::string, torch::Tensor> velocity;
};

/// Order of an epoch's samples; depends on nothing that a restart would lose.
std::vector<std::int64_t> shuffled(std::int64_t n, std::uint64_t seed, std::int64_t epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
  Random random(seed * 1000003 + static_cast<std::uint64_t>(epoch));
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

class Training {
 public:
  Training(const TrainRequest& request, const SearchPath& path)
      : request_(request), path_(path), elastic_(elasticOf(request)), network_(variant(largest())) {
    if (!elastic_.empty()) checkElastic();
    if (!request.format.empty()) format_ = parseTensorFormats(request.format);
    data_ = loadData(request.data, Split::train, request.samples, request.seed);
    if (data_.labels.empty()) throw InputError("'" + request.data + "' has no labels");
    checkData(network_, data_);
    model_ = std::make_unique<TorchNetwork>(network_, request.seed, format_);
    if (!request.init.empty()) model_->load(readNpz(request.init));
    model_->prune(request.pattern, request.density);
    for (const auto& [name, tensor] : model_->parameters())
      state_.velocity[name] = torch::zeros_like(tensor.detach());
  }

  TrainResult run(const TrainProgress& progress) {
    TrainResult result;
    const auto begin = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    resume();
    result.resumedFrom = state_.epoch;
    while (state_.epoch < request_.epochs) {
      state_.losses.push_back(epoch());
      ++state_.epoch;
      checkpoint();
      progress(state_.epoch, state_.losses.back(), elapsed());
    }
    model_->use(network_);
    NumpyArchive weights = model_->archive();
    if (!elastic_.empty()) weights["supernet"] = NumpyArray::of(std::vector<std::int64_t>{1}, {1});
    if (!request_.output.empty()) {
      writeFileAtomically(request_.output, npzBytes(weights));
      std::error_code ignored;
      fs::remove(checkpointFile(), ignored);
    }
    weights.erase("supernet");
    measure(weights, result);
    result.losses = state_.losses;
    result.epochs = state_.epoch;
    result.seconds = elapsed();
    return result;
  }

 private:
  struct Elastic {
    std::string key;
    std::vector<ConfigNode> values;
  };
  using Choice = std::vector<std::size_t>;

  static std::pair<std::string, ConfigNode> assignment(const std::string& text) {
    const auto [key, value] = parseAssignment(text);
    if (!key.starts_with("workload."))
      throw InputError("'" + text.substr(0, 60) + "'", "a key that begins with workload.");
    return {key.substr(9), value};
  }

  static std::vector<Elastic> elasticOf(const TrainRequest& request) {
    std::vector<Elastic> out;
    for (const std::string& text : request.elastic) {
      const std::size_t at = std::min(text.find('='), text.size() - 1);
      const auto [key, list] = assignment(text.substr(0, at + 1) + "[" + text.substr(at + 1) + "]");
      if (!list.isList() || list.items().size() < 2)
        throw InputError("elastic '" + text.substr(0, 60) + "'", "KEY=V1,V2,.. in ascending order");
      out.push_back({key, list.items()});
    }
    return out;
  }

  void checkElastic() const {
    if (!request_.format.empty() || request_.pattern != "none")
      throw InputError("a weight-sharing network with a format or pruning", "fp32, all weights");
    for (const Step& step : network_.steps)
      if (step.op.kind == OpKind::norm)
        throw InputError("'" + step.name +
                             "': each part of a weight-sharing network would need "
                             "statistics of its own",
                         "a network without batch norms");
  }

  Choice largest() const {
    Choice out;
    for (const Elastic& e : elastic_) out.push_back(e.values.size() - 1);
    return out;
  }

  ExecutableNetwork variant(const Choice& choice) const {
    ConfigNode options = ConfigNode::ofMap();
    options.put("batch", ConfigNode::ofScalar("1"));
    for (const std::string& text : request_.sets) {
      const auto [key, value] = assignment(text);
      options.set(key, value);
    }
    for (std::size_t i = 0; i < choice.size(); ++i)
      options.set(elastic_[i].key, elastic_[i].values[choice[i]]);
    return makeExecutable(makeWorkload(request_.model, options, path_));
  }

  /// Networks of one step of training.
  std::vector<const ExecutableNetwork*> parts() {
    if (elastic_.empty()) return {&network_};
    const auto known = [&](const Choice& choice) {
      const auto at = variants_.find(choice);
      return &(at != variants_.end() ? at : variants_.emplace(choice, variant(choice)).first)
                  ->second;
    };
    std::vector<const ExecutableNetwork*> out = {&network_, known(Choice(elastic_.size(), 0))};
    Random random(request_.seed * 7919 + ++steps_);
    for (int n = 0; n < 2; ++n) {
      Choice choice;
      for (const Elastic& e : elastic_) choice.push_back(random.below(e.values.size()));
      out.push_back(known(choice));
    }
    return out;
  }

  std::string checkpointFile() const { return request_.output + ".checkpoint"; }

  /// The hash of the request as two integers that a float holds exactly.
  std::vector<std::int64_t> mark() const {
    const Hash128 h = hashText(request_.key());
    return {static_cast<std::int64_t>(h.high), static_cast<std::int64_t>(h.low)};
  }

  void checkpoint() const {
    if (request_.output.empty()) return;
    NumpyArchive all = model_->archive();
    for (const auto& [name, tensor] : state_.velocity) {
      const torch::Tensor t = tensor.contiguous();
      all["velocity/" + name] =
          NumpyArray::of(std::vector<float>(t.data_ptr<float>(), t.data_ptr<float>() + t.numel()),
                         t.sizes().vec());
    }
    std::vector<float> ranges;
    for (const ValueRange& range : model_->ranges())
      for (const double v : {range.low, range.high, range.meanAbsolute})
        ranges.push_back(static_cast<float>(v));
    all["ranges"] = NumpyArray::of(ranges, {static_cast<std::int64_t>(ranges.size())});
    all["epoch"] = NumpyArray::of(std::vector<std::int64_t>{state_.epoch}, {1});
    all["request"] = NumpyArray::of(mark(), {2});
    const std::vector<float> losses(state_.losses.begin(), state_.losses.end());
    all["losses"] = NumpyArray::of(losses, {static_cast<std::int64_t>(losses.size())});
    writeFileAtomically(checkpointFile(), npzBytes(all));
  }

  void resume() {
    if (request_.output.empty() || !fs::exists(checkpointFile())) return;
    const NumpyArchive all = readNpz(checkpointFile());
    const auto at = [&](const std::string& name) -> const NumpyArray& {
      const auto found = all.find(name);
      if (found == all.end())
        throw InputError("checkpoint " + checkpointFile() + " lacks " + name, "remove the file");
      return found->second;
    };
    if (at("request").integers() != mark()) return;  // of another request: from the beginning
    model_->load(all);
    for (auto& [name, tensor] : state_.velocity) {
      const std::vector<float> values = at("velocity/" + name).reals();
      if (static_cast<std::int64_t>(values.size()) != tensor.numel())
        throw InputError("checkpoint " + checkpointFile() + " is damaged", "remove the file");
      std::copy(values.begin(), values.end(), tensor.data_ptr<float>());
    }
    const std::vector<float> ranges = at("ranges").reals();
    if (ranges.size() != 3 * model_->ranges().size())
      throw InputError("checkpoint " + checkpointFile() + " is damaged", "remove the file");
    for (std::size_t i = 0; i < model_->ranges().size(); ++i)
      model_->ranges()[i] = {ranges[3 * i], ranges[3 * i + 1], ranges[3 * i + 2]};
    state_.epoch = at("epoch").integers().at(0);
    const std::vector<float> losses = at("losses").reals();
    state_.losses.assign(losses.begin(), losses.end());
  }

  double epoch() {
    const std::int64_t n = data_.size(), each = data_.values();
    const auto order = shuffled(n, request_.seed, state_.epoch);
    const double part = static_cast<double>(state_.epoch) / static_cast<double>(request_.epochs);
    double sum = 0;
    std::int64_t batches = 0;
    steps_ = static_cast<std::uint64_t>(state_.epoch) << 32;  // a restart draws the same parts
    for (std::int64_t from = 0; from + 1 < n; from += request_.batch, ++batches) {
      const std::int64_t some = std::min(request_.batch, n - from);
      torch::Tensor x = torch::empty({some, each});
      torch::Tensor y = torch::empty({some}, torch::kInt64);
      for (std::int64_t i = 0; i < some; ++i) {
        const std::int64_t s = order[static_cast<std::size_t>(from + i)];
        std::copy(data_.inputs.begin() + s * each, data_.inputs.begin() + (s + 1) * each,
                  x.data_ptr<float>() + i * each);
        y.data_ptr<std::int64_t>()[i] = data_.labels[static_cast<std::size_t>(s)];
      }
      const double within = static_cast<double>(from) / static_cast<double>(n);
      const double at = part + within / static_cast<double>(request_.epochs);
      sum += update(x, y, request_.rate * 0.5 * (1 + std::cos(std::numbers::pi * at)));
    }
    return sum / static_cast<double>(std::max<std::int64_t>(batches, 1));
  }

  double update(const torch::Tensor& x, const torch::Tensor& y, double rate) {
    const auto networks = parts();
    double value = 0;
    for (const ExecutableNetwork* network : networks) {
      model_->use(*network);
      const torch::Tensor loss = torch::cross_entropy_loss(model_->forward(x, true), y) /
                                 static_cast<double>(networks.size());
      value += loss.item<float>();
      if (!std::isfinite(value))
        throw InputError("the loss is no finite number any more (epoch " +
                             std::to_string(state_.epoch + 1) + ")",
                         "a lower rate");
      loss.backward();
    }
    const torch::NoGradGuard guard;
    for (auto& [name, w] : model_->parameters()) {
      if (!w.grad().defined()) continue;
      torch::Tensor& v = state_.velocity.at(name);
      v.mul_(momentum).add_(w.grad() + request_.decay * w);
      w.sub_(rate * v);
      w.mutable_grad().zero_();
    }
    return value;
  }

  /// With the arithmetic that devices have: what counts is not what torch thinks.
  void measure(const NumpyArchive& weights, TrainResult& result) {
    loadWeights(network_, weights, "trained weights");
    const DataSet held = loadData(request_.data, request_.split, 0, request_.seed);
    const TensorFormats format = format_ ? *format_ : parseTensorFormats("fp32");
    const Evaluation e =
        evaluate(network_, format, held, data_.part(0, 256), {.integer = {}, .analysed = 0});
    result.samples = e.samples;
    result.accuracy = e.share(e.correct);
    result.floatAccuracy = e.share(e.referenceCorrect);
    result.error = std::sqrt(result.accuracy * (1 - result.accuracy) /
                             static_cast<double>(std::max<std::int64_t>(e.samples, 1)));
    result.source = held.source.empty() ? held.name : held.source;
  }

  const TrainRequest& request_;
  const SearchPath& path_;
  const std::vector<Elastic> elastic_;
  ExecutableNetwork network_;  ///< the largest part
  std::map<Choice, ExecutableNetwork> variants_;
  std::uint64_t steps_ = 0;
  std::optional<ExecutionFormat> format_;
  DataSet data_;
  std::unique_ptr<TorchNetwork> model_;
  State state_;
};

}  // namespace

std::string TrainRequest::key() const {
  std::string text = model + "\n" + data + "\n" + format + "\n" + init + "\n" + pattern;
  for (const auto* list : {&sets, &elastic})
    for (const std::string& entry : *list) text += "\n" + entry;
  for (const double v : {density, rate, decay}) text += "\n" + std::to_string(v);
  for (const std::int64_t v : {epochs, samples, batch, static_cast<std::int64_t>(seed)})
    text += "\n" + std::to_string(v);
  return text;
}

TrainResult train(const TrainRequest& request, const SearchPath& path,
                  const TrainProgress& progress) {
  at::set_num_threads(1);
  at::globalContext().setDeterministicAlgorithms(true, true);
  return Training(request, path).run(progress);
}

}  // namespace wattlas
