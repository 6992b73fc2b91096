#include "fpga/validation.h"

#include <charconv>
#include <cmath>
#include <map>
#include <sstream>

#include "fpga/device.h"
#include "fpga/recurrence.h"
#include "fpga/resources.h"
#include "workloads/graph/workload.h"

namespace wattlas::fpga {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

[[noreturn]] void malformed(const std::string& file, int line, const std::string& what) {
  throw InputError(Problem{{file, line}, {}, what, "a row as the header says", {}});
}

/// Lines of a file with their numbers, without comments, empty lines and the header.
std::vector<std::pair<int, std::string>> dataLines(const std::string& text) {
  std::vector<std::pair<int, std::string>> lines;
  std::istringstream in(text);
  std::string line;
  bool header = true;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    if (!header) lines.emplace_back(number, line);
    header = false;
  }
  return lines;
}

std::vector<std::string> split(const std::string& line, char separator, std::size_t most) {
  std::vector<std::string> cells;
  std::size_t begin = 0;
  while (cells.size() + 1 < most) {
    const std::size_t end = line.find(separator, begin);
    if (end == std::string::npos) break;
    cells.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  cells.push_back(line.substr(begin));
  return cells;
}

double number(const std::string& text, const std::string& file, int line) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    malformed(file, line, "'" + text.substr(0, 40) + "' is not a number");
  return value;
}

std::string fileOf(const SearchPath& path, const std::string& name) {
  const auto found = path.findPart(name);
  if (!found)
    throw InputError("the file " + name + " was not found",
                     "configs/ beside the program or on WATTLAS_PATH");
  return *found;
}

std::int64_t get(const Settings& settings, const std::string& key) {
  for (const auto& [name, value] : settings)
    if (name == key) return std::stoll(value);
  throw InputError("a row of validation/fpga.csv lacks '" + key + "'");
}

/// A lone matrix layer.
Layer matrixLayer(const Settings& s) {
  Layer layer;
  layer.name = "unit";
  layer.cin = get(s, "mw");
  layer.cout = get(s, "mh");
  return layer;
}

/// Parameters of a device file with settings on top.
std::unique_ptr<Device> deviceOf(const Settings& settings, const SearchPath& path,
                                 ConfigNode& options, std::string& workload) {
  ConfigNode config;
  for (const auto& [key, value] : settings)
    if (key == "device") config = loadConfig(fileOf(path, "devices/" + value + ".yaml"), path);
  options = ConfigNode::ofMap();
  for (const auto& [key, value] : settings) {
    if (key == "device") continue;
    if (key == "workload")
      workload = value;
    else if (key.starts_with("workload."))
      options.set(key.substr(9), ConfigNode::ofScalar(value));
    else
      config.set(key, ConfigNode::ofScalar(value));
  }
  config.erase("kind");
  Problems problems;
  auto device = dataflowKind().make(config, "device", problems);
  problems.finish();
  return device;
}

/// Everything measured about one board run, by quantity.
std::map<std::string, double> boardRun(const Settings& settings, const SearchPath& path) {
  ConfigNode options;
  std::string id;
  const auto device = deviceOf(settings, path, options, id);
  const auto& fpga = dynamic_cast<const DataflowDevice&>(*device);
  const Workload workload = makeWorkload(id, options, path);
  const Graph& graph = workload.phases.front().graph;
  const auto lowered = device->lower({graph, graph.order(), PhaseKind::inference});
  if (!lowered) throw InputError("validation of " + id + ": " + lowered.error().what);
  const auto& program = dynamic_cast<const DataflowProgram&>(**lowered);

  const Trace trace = fpga.run(program, Fidelity::event);
  const Profile profile = fpga.profileOf(program, trace);
  const double call = fpga.parameters().callOverhead.value.value;
  const double time = toSeconds(profile.alone()).value + call;
  double power = 0, dynamic = 0;
  for (const CoefficientId p : device->energy().powers())
    power += device->energy().at(p).perCount.value.value * 1e12;
  for (const Segment& s : profile.segments)
    dynamic += s.energy.energy(device->energy()).value * static_cast<double>(s.repeat);

  std::map<std::string, double> out;
  out["latency"] = time * 1e6;
  out["analytic latency"] = (toSeconds(device->estimate(program).alone()).value + call) * 1e6;
  out["energy"] = (power * time + dynamic) * 1e6;
  out["power"] = power + dynamic / time;
  const Resources& used = program.design().total;
  out["lut"] = static_cast<double>(used.lut);
  out["ff"] = static_cast<double>(used.ff);
  out["dsp"] = static_cast<double>(used.dsp);
  out["bram18"] = static_cast<double>(used.bram18);
  if (program.frames() > 2) {
    // The last frame's own interval, after the pipeline has filled.
    const Trace one = evaluate(program.design().pipeline, {program.frames() - 1, false});
    out["interval"] = static_cast<double>(trace.cycles - one.cycles);
  }
  const auto& channels = program.design().pipeline.channels;
  for (std::size_t c = 0; c < channels.size(); ++c)
    out["fifo " + channels[c].name] = static_cast<double>(program.design().fifoPeaks[c]);
  return out;
}

/// First input word to last result of a lone FINN unit that is always fed.
double mvuCycles(const Settings& s) {
  Network network;
  Layer layer = matrixLayer(s);
  layer.weightBits = static_cast<int>(get(s, "weights"));
  layer.inputBits = static_cast<int>(get(s, "inputs"));
  layer.pixels = layer.outPixels = layer.window.width = get(s, "vectors");
  layer.producers = {-1};
  layer.inputTokenBits = {layer.cin * layer.inputBits};
  layer.isOutput = true;
  network.layers = {layer};
  Parameters p;
  p.dmaWidth = 1 << 20;
  p.clock.value = Hertz(1e8);
  p.memoryBandwidth.value = BitRate(1e18);
  const Folding folding{get(s, "pe"), get(s, "simd"), 1};
  const Pipeline pipeline = buildPipeline(network, {folding}, Style::finn, p, 4);
  const Trace trace = evaluate(pipeline, {1, false});
  // From the unit's first firing to its last result being visible.
  for (std::size_t i = 0; i < pipeline.actors.size(); ++i)
    if (pipeline.actors[i].kind == ActorKind::matrixUnit)
      return static_cast<double>(trace.actors[i].end - trace.actors[i].firstStart +
                                 pipeline.actors[i].latency);
  return 0;
}

double goldenLut(const Settings& s) {
  Layer layer = matrixLayer(s);
  layer.weightBits = static_cast<int>(get(s, "weights"));
  layer.inputBits = static_cast<int>(get(s, "inputs"));
  Parameters p;
  p.lutScale.value = Ratio(1.1);
  return static_cast<double>(
      productUnit(layer, {get(s, "pe"), get(s, "simd"), 1}, Style::finn, p).lut);
}

double unitCycles(const Settings& s) {
  return static_cast<double>(
      layerCycles(matrixLayer(s), {get(s, "pe"), get(s, "simd"), 1}, Style::finn, Parameters()));
}

/// Our models against every synthesis of the sample.
std::map<std::string, double> synthesis(const SearchPath& path) {
  const std::string file = fileOf(path, "validation/fpga-synth.csv");
  double rows = 0, wide = 0, interval = 0, latency = 0, dsp = 0, ff = 0, bram = 0, brams = 0;
  Parameters p;
  p.dsp.total = 12288;
  p.lutFromHls.value = Ratio(1);
  p.ffPerLut.value = Ratio(1);
  for (const auto& [line, text] : dataLines(readTextFile(file))) {
    const auto cells = split(text, ',', 9);
    if (cells.size() != 9) malformed(file, line, "9 cells expected");
    std::vector<double> v;
    for (const std::string& cell : cells) v.push_back(number(cell, file, line));
    Layer layer;
    layer.cin = static_cast<std::int64_t>(v[0]);
    layer.cout = static_cast<std::int64_t>(v[1]);
    layer.weightBits = static_cast<int>(v[2]);
    layer.inputBits = 16;
    const Folding folding{1, 1, static_cast<std::int64_t>(v[3])};
    const Resources r = productUnit(layer, folding, Style::hls4ml, p);
    if (layer.weightBits >= 8 && folding.reuse > 1) {
      ++wide;
      dsp += static_cast<double>(r.dsp) != v[8] ? 1 : 0;
    }
    if (folding.reuse == 1) continue;
    ++rows;
    const double cycles = static_cast<double>(layerCycles(layer, folding, Style::hls4ml, p));
    interval += cycles != v[5] ? 1 : 0;
    latency += std::abs(cycles + 2 - v[4]) > 1 ? 1 : 0;
    ff += std::abs(static_cast<double>(r.ff) - v[6]) / v[6];
    if (v[7] > 0) {
      ++brams;
      bram += std::abs(static_cast<double>(r.bram18) - v[7]) / v[7];
    }
  }
  if (rows == 0 || wide == 0 || brams == 0) malformed(file, 0, "no rows");
  return {{"interval mismatches", interval / rows},
          {"latency off by more than 1 cycle", latency / rows},
          {"dsp mismatches", dsp / wide},
          {"ff mean error", ff / rows},
          {"bram18 mean error", bram / brams}};
}

}  // namespace

ValidationRows validationRows(const SearchPath& path) {
  const std::string file = fileOf(path, "validation/fpga.csv");
  std::map<std::string, std::map<std::string, double>> cache;  // boards run once for all quantities
  ValidationRows rows;
  for (const auto& [line, text] : dataLines(readTextFile(file))) {
    const auto cells = split(text, ',', 11);
    if (cells.size() != 11) malformed(file, line, "11 cells expected");
    Settings settings;
    for (const std::string& part : split(cells[3], ';', 1000)) {
      const auto pair = split(part, '=', 2);
      if (pair.size() != 2) malformed(file, line, "'" + part + "' is no setting");
      settings.emplace_back(pair[0], pair[1]);
    }
    ValidationRow row;
    row.group = "fpga";
    row.id = cells[0];
    row.kind = cells[1];
    row.quantity = cells[4];
    row.unit = cells[5];
    row.reference = number(cells[6], file, line);
    row.gate = number(cells[7], file, line);
    if (!cells[8].empty()) row.target = number(cells[8], file, line);
    row.fittedParameters = static_cast<int>(number(cells[9], file, line));
    row.source = cells[10];
    const std::string& kind = cells[2];
    if (kind == "mvu") {
      row.ours = mvuCycles(settings);
    } else if (kind == "finn-lut") {
      row.ours = goldenLut(settings);
    } else if (kind == "finn-cycles") {
      row.ours = unitCycles(settings);
    } else if (kind == "board" || kind == "synth") {
      auto& results = cache[kind + cells[3]];
      if (results.empty()) results = kind == "board" ? boardRun(settings, path) : synthesis(path);
      const auto found = results.find(row.quantity);
      if (found == results.end()) malformed(file, line, "unknown quantity '" + row.quantity + "'");
      row.ours = found->second;
      row.figure = kind == "synth";
    } else {
      malformed(file, line, "unknown case '" + kind + "'");
    }
    row.ours = rounded(row.ours);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace wattlas::fpga
