#include <map>

#include "fpga/device.h"
#include "fpga/recurrence.h"
#include "fpga/resources.h"
#include "models/experiment.h"
#include "validation/probes/probes.h"
#include "workloads/graph/workload.h"

namespace wattlas::fpga {
namespace {

std::int64_t whole(const Settings& settings, const std::string& key) {
  return static_cast<std::int64_t>(settings.number(key));
}

/// A lone matrix layer.
Layer matrixLayer(const Settings& s) {
  Layer layer;
  layer.name = "unit";
  layer.cin = whole(s, "mw");
  layer.cout = whole(s, "mh");
  return layer;
}

const DataflowDevice& dataflowOf(const Platform& platform) {
  const auto* device = dynamic_cast<const DataflowDevice*>(platform.device.device.get());
  if (device == nullptr)
    throw InputError("'" + platform.id + "' is no dataflow FPGA", "a platform of that kind");
  return *device;
}

/// `fpga-design`: the design that `wattlas run` makes of a network. Figures: lut, ff, dsp, bram18
/// of its layers, `overlay lut` and so on with the platform's shell, `latency` (cycles
/// of the first frame), `interval` (cycles of the last
/// frame, after the pipeline has filled), `fifo CHANNEL` (tokens).
Answer designOf(const Settings& settings, const ProbeContext& context) {
  const auto platform = platformOf(settings, context);
  const DataflowDevice& device = dataflowOf(*platform);
  ConfigNode options = ConfigNode::ofMap();
  for (const auto& [name, value] : settings.entries())
    if (name.starts_with("workload.")) options.set(name.substr(9), ConfigNode::ofScalar(value));
  const Workload workload = makeWorkload(settings.get("workload"), options, context.path);
  const Graph& graph = workload.phases.front().graph;
  const auto lowered = device.lower({graph, graph.order(), PhaseKind::inference});
  if (!lowered) return {{}, lowered.error().what};
  const auto& program = dynamic_cast<const DataflowProgram&>(**lowered);
  const Resources& used = program.design().total;
  Answer out;
  out.figures = {{"lut", static_cast<double>(used.lut)},
                 {"ff", static_cast<double>(used.ff)},
                 {"dsp", static_cast<double>(used.dsp)},
                 {"bram18", static_cast<double>(used.bram18)},
                 {"latency", static_cast<double>(program.design().latency)}};
  for (const FabricUse& f : program.designReport(false).fabric)
    out.figures["overlay " + f.name] = f.used;
  if (program.frames() > 2) {
    const Trace all = device.run(program, Fidelity::event);
    const Trace before = evaluate(program.design().pipeline, {program.frames() - 1, false});
    out.figures["interval"] = static_cast<double>(all.cycles - before.cycles);
  }
  const auto& channels = program.design().pipeline.channels;
  for (std::size_t c = 0; c < channels.size(); ++c)
    out.figures["fifo " + channels[c].name] = static_cast<double>(program.design().fifoPeaks[c]);
  return out;
}

/// `fpga-rtl`: `cycles` from the first input word to the last result of a lone FINN unit that is
/// always fed; no device: memory and port are as wide as can be.
double mvuCycles(const Settings& s) {
  Network network;
  Layer layer = matrixLayer(s);
  layer.weightBits = static_cast<int>(whole(s, "weights"));
  layer.inputBits = static_cast<int>(whole(s, "inputs"));
  layer.pixels = layer.outPixels = layer.window.width = whole(s, "vectors");
  layer.producers = {-1};
  layer.inputTokenBits = {layer.cin * layer.inputBits};
  layer.isOutput = true;
  network.layers = {layer};
  Parameters p;
  p.dmaWidth = 1 << 20;
  p.clock.value = Hertz(1e8);
  p.memoryBandwidth.value = BitRate(1e18);
  const Folding folding{whole(s, "pe"), whole(s, "simd"), 1};
  const Pipeline pipeline = buildPipeline(network, {folding}, Style::finn, p, 4);
  const Trace trace = evaluate(pipeline, {1, false});
  // From the unit's first firing to its last result being visible.
  for (std::size_t i = 0; i < pipeline.actors.size(); ++i)
    if (pipeline.actors[i].kind == ActorKind::unit)
      return static_cast<double>(trace.actors[i].end - trace.actors[i].firstStart +
                                 pipeline.actors[i].latency);
  return 0;
}

/// `fpga-unit`: one matrix unit as the platform builds it. Figures: `lut` of a FINN unit, `cycles`
/// of a vector.
Answer unitOf(const Settings& s, const ProbeContext& context) {
  const auto platform = platformOf(s, context);
  const Parameters& p = dataflowOf(*platform).parameters();
  Layer layer = matrixLayer(s);
  layer.weightBits = static_cast<int>(s.find("weights") ? whole(s, "weights") : 8);
  layer.inputBits = static_cast<int>(s.find("inputs") ? whole(s, "inputs") : 8);
  const Folding folding{whole(s, "pe"), whole(s, "simd"), 1};
  return {{{"lut", static_cast<double>(productUnit(layer, folding, Style::finn, p).lut)},
           {"cycles", static_cast<double>(layerCycles(layer, folding, Style::finn, p))}},
          {}};
}

/// `fpga-synthesis`: a dense layer of hls4ml as the platform builds it, one line of fpga-synth.csv.
/// Figures as its columns; `latency` is in cycles from the first input to the last output.
Answer denseOf(const Settings& s, const Parameters& p) {
  Layer layer;
  layer.cin = whole(s, "n_in");
  layer.cout = whole(s, "n_out");
  layer.weightBits = static_cast<int>(whole(s, "bits"));
  layer.inputBits = 16;
  Folding folding{1, 1, whole(s, "reuse")};
  folding.strategy = Strategy::resource;
  const Resources r = productUnit(layer, folding, Style::hls4ml, p);
  const auto cycles = static_cast<double>(layerCycles(layer, folding, Style::hls4ml, p));
  const bool unrolled = folding.reuse == 1;
  return {{{"interval", cycles},
           {"latency", unrolled ? static_cast<double>(unrolledLatency(layer, p)) : cycles + 2},
           {"lut", static_cast<double>(r.lut)},
           {"ff", static_cast<double>(r.ff)},
           {"bram18", static_cast<double>(r.bram18)},
           {"dsp", static_cast<double>(r.dsp)}},
          {}};
}

template <class Ask>
Probe each(Ask ask) {
  return [ask](const std::vector<Settings>& questions) {
    std::vector<Answer> answers;
    for (const Settings& question : questions) answers.push_back(ask(question));
    return answers;
  };
}

}  // namespace
}  // namespace wattlas::fpga

namespace wattlas {

void addFpgaProbes(const ProbeContext& context, Probes& probes) {
  probes["fpga-design"] =
      fpga::each([context](const Settings& s) { return fpga::designOf(s, context); });
  probes["fpga-unit"] =
      fpga::each([context](const Settings& s) { return fpga::unitOf(s, context); });
  probes["fpga-rtl"] = fpga::each([](const Settings& s) {
    return Answer{{{"cycles", fpga::mvuCycles(s)}}, {}};
  });
  probes["fpga-synthesis"] = [context](const std::vector<Settings>& questions) {
    const auto platform = platformOf(questions.front(), context);
    const fpga::Parameters& p = fpga::dataflowOf(*platform).parameters();
    return fpga::each([&](const Settings& s) { return fpga::denseOf(s, p); })(questions);
  };
}

}  // namespace wattlas
