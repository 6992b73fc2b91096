#include "execution/evaluate.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>

#include "models/base/error.h"

namespace wattlas {
namespace {

constexpr std::int64_t evaluatedAtOnce = 64;

std::int64_t classOf(const float* outputs, std::int64_t n) {
  return std::max_element(outputs, outputs + n) - outputs;
}

/// f(first sample, samples, their inputs) in portions.
template <class F>
void inPortions(const std::vector<float>& inputs, std::int64_t each, std::int64_t samples, F&& f) {
  for (std::int64_t s = 0; s < samples; s += evaluatedAtOnce) {
    const std::int64_t some = std::min(evaluatedAtOnce, samples - s);
    f(s, some, std::vector<float>(inputs.begin() + s * each, inputs.begin() + (s + some) * each));
  }
}

template <class Engine>
double run(Engine& engine, const std::vector<float>& inputs, std::int64_t each,
           std::int64_t samples, std::vector<float>& outputs) {
  const std::clock_t begin = std::clock();  // processor time: one thread, whoever else computes
  inPortions(inputs, each, samples,
             [&](std::int64_t, std::int64_t some, const std::vector<float>& portion) {
               engine.run(portion, some);
               outputs.insert(outputs.end(), engine.output().begin(), engine.output().end());
             });
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

/// Powers of the reference and of the difference, by step.
class NoiseMeter {
 public:
  explicit NoiseMeter(std::size_t steps) : signal_(steps, 0), noise_(steps, 0) {}
  void add(std::size_t step, const std::vector<float>& reference, const std::vector<float>& value) {
    for (std::size_t k = 0; k < reference.size(); ++k) {
      const double d = static_cast<double>(reference[k]) - value[k];
      signal_[step] += static_cast<double>(reference[k]) * reference[k];
      noise_[step] += d * d;
    }
  }
  double decibels(std::size_t step) const {
    if (noise_[step] == 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(std::max(signal_[step], 1e-300) / noise_[step]);
  }

 private:
  std::vector<double> signal_, noise_;
};

/// What a step that absorbed a clamp gives is what the clamp gives.
std::size_t comparedValue(const ExecutableNetwork& network, std::size_t step) {
  return network.steps[step].clampedBy ? *network.steps[step].clampedBy + 1 : step + 1;
}

template <class Engine, class Reals>
void analyse(const ExecutableNetwork& network, FloatEngine& reference, Engine& engine,
             const std::vector<float>& inputs, std::int64_t samples, Reals&& realsOf,
             Evaluation& out) {
  NoiseMeter meter(network.steps.size());
  inPortions(inputs, network.input.values(), samples,
             [&](std::int64_t, std::int64_t some, const std::vector<float>& portion) {
               reference.run(portion, some);
               engine.run(portion, some);
               for (std::size_t i = 0; i < network.steps.size(); ++i)
                 meter.add(i, reference.value(comparedValue(network, i)),
                           realsOf(comparedValue(network, i)));
             });
  for (std::size_t i = 0; i < network.steps.size(); ++i) out.layers[i].sqnrDb = meter.decibels(i);
}

}  // namespace

void checkData(const ExecutableNetwork& network, const DataSet& data) {
  if (data.values() == network.input.values() && data.size() > 0) return;
  NumpyArray shape;
  shape.shape = data.shape;
  throw InputError("a sample of '" + data.name + "' has the shape " + shape.shapeText(),
                   "as many values as '" + network.name + "' reads: " + network.input.text());
}

Evaluation evaluate(const ExecutableNetwork& network, const ExecutionFormat& format,
                    const DataSet& data, const DataSet& calibration,
                    const EvaluationOptions& options) {
  checkData(network, data);
  const std::int64_t each = network.input.values(), channels = network.input.channels;
  const std::vector<float> inputs = channelsLast(data, channels);
  const std::int64_t analysed = std::min(options.analysed, data.size());
  Evaluation out;
  out.samples = data.size();
  out.layers.resize(network.steps.size());
  for (std::size_t i = 0; i < network.steps.size(); ++i) {
    out.layers[i].name = network.steps[i].name;
    out.layers[i].kind = network.steps[i].op.kind;
  }
  for (const Step& step : network.steps) {
    Operator stored = step.op;
    stored.formats = format;
    stored.formats.weight = format.weightOf(step.name);
    if (stored.sharesWeightsOf.empty()) out.weightBits += costOf(stored).weights.value;
  }
  FloatEngine reference(network);
  std::vector<float> expected;
  if (options.compared) out.referenceSeconds = run(reference, inputs, each, out.samples, expected);
  if (format.activation.isFloat()) {
    FloatEngine engine(network, format, options.integer.rounding);
    out.seconds = run(engine, inputs, each, out.samples, out.outputs);
    out.notes = engine.notes();
    if (options.compared)
      analyse(
          network, reference, engine, inputs, analysed,
          [&](std::size_t value) { return engine.value(value); }, out);
  } else {
    checkData(network, calibration);
    IntegerEngine engine(network, format,
                         calibrate(network, channelsLast(calibration, channels), calibration.size(),
                                   options.calibration, format.activation.bits),
                         options.integer);
    out.seconds = run(engine, inputs, each, out.samples, out.outputs);
    out.work = engine.work();
    out.accumulatorBits = engine.accumulatorBits();
    std::vector<AccumulatorUse> use(network.steps.size());
    engine.record(&use);
    if (options.compared)
      analyse(
          network, reference, engine, inputs, analysed,
          [&](std::size_t value) { return engine.reals(value); }, out);
    for (std::size_t i = 0; i < use.size(); ++i) {
      const auto& lengths = use[i].lengths;
      out.layers[i].sums =
          std::any_of(lengths.begin(), lengths.end(), [](auto n) { return n > 0; });
      out.layers[i].accumulators = use[i];
    }
  }
  const std::int64_t width = static_cast<std::int64_t>(out.outputs.size()) / out.samples;
  out.classes = width;
  if (!data.labels.empty()) out.correct = 0;
  if (out.correct == 0 && options.compared) out.referenceCorrect = 0;
  for (std::int64_t s = 0; s < out.samples; ++s) {
    const std::int64_t got = classOf(out.outputs.data() + s * width, width);
    out.predicted.push_back(got);
    const std::int64_t label = data.labels.empty() ? -1 : data.labels[static_cast<std::size_t>(s)];
    out.correct += got == label ? 1 : 0;
    if (!options.compared) continue;
    const std::int64_t wanted = classOf(expected.data() + s * width, width);
    out.agreeing += got == wanted ? 1 : 0;
    out.referenceCorrect += wanted == label ? 1 : 0;
  }
  return out;
}

}  // namespace wattlas
