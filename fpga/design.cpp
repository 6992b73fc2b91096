#include "fpga/design.h"

#include <algorithm>
#include <initializer_list>

#include "fpga/recurrence.h"
#include "fpga/resources.h"
#include "models/base/multiples.h"
#include "workloads/graph/exact.h"

namespace wattlas::fpga {
namespace {

Style styleFor(const Network& network, const Parameters& p) {
  if (p.style != "auto") return p.style == "finn" ? Style::finn : Style::hls4ml;
  for (const Layer& layer : network.layers)
    if (layer.kind == LayerKind::recurrent || (layer.hasProducts() && layer.weightBits > 8))
      return Style::hls4ml;
  return Style::finn;
}

/// Refuses before any search what cannot fit: weights stay on the chip.
std::optional<Refusal> checkWeights(double bits, const Parameters& p) {
  const Resources budget = fabricOf(p);
  const double blocks = 18432.0 * static_cast<double>(std::max<std::int64_t>(budget.bram18, 0)) +
                        294912.0 * static_cast<double>(std::max<std::int64_t>(budget.uram, 0));
  const double luts = 64.0 * static_cast<double>(std::max<std::int64_t>(budget.lut, 0));
  if (bits <= blocks + luts) return std::nullopt;
  return Refusal{
      Refusal::Code::capacity,
      "a dataflow pipeline keeps all weights on the chip: " + format(Bits(bits)) + " are needed, " +
          p.part + " has " + format(Bits(blocks)) + " of usable block memory and " +
          format(Bits(luts)) + " if every LUT stored: " + format(Bits(bits - blocks - luts)) +
          " are missing",
      "folding.weights: streamed (style finn), a network of fewer or narrower weights, a "
      "larger device, or an overlay"};
}

/// More firings than this in one inference are refused instead of simulated for minutes.
constexpr std::int64_t mostFirings = 50'000'000;

std::optional<Refusal> checkSize(const Network& network) {
  double firings = 0;
  for (const Layer& layer : network.layers)
    firings += static_cast<double>(layer.window.paddedPixels()) +
               static_cast<double>(layer.pixels + 2 * layer.outPixels + layer.operandTokens);
  if (firings <= static_cast<double>(mostFirings)) return std::nullopt;
  return Refusal{Refusal::Code::budget,
                 "one inference is a stream of " +
                     std::to_string(static_cast<std::int64_t>(firings)) + " tokens; at most " +
                     std::to_string(mostFirings) + " are simulated",
                 "fewer rows or pixels in one inference"};
}

/// Depths that an unbounded run of one frame fills, plus the place being written.
void sizeFifos(Design& design, const Parameters& p, FirstFrames& frames) {
  Pipeline wide = buildPipeline(design.network, design.foldings, design.style, p, 1);
  design.fifoPeaks = frames.occupancy(wide, &design.latency);
  for (std::size_t i = 0; i < wide.channels.size(); ++i)
    if (wide.channels[i].sizable)
      wide.channels[i].capacity =
          std::min(std::max<std::int64_t>(design.fifoPeaks[i], 1) + 1,
                   std::max<std::int64_t>(wide.channels[i].tokensPerFrame, 2)) +
          wide.channels[i].registers;
  // The price of the chosen depths.
  for (const Channel& c : wide.channels) {
    if (!c.sizable) continue;
    const std::int64_t words = ceilDiv(c.tokenBits, c.wordBits);
    Resources& cost = wide.actors[static_cast<std::size_t>(c.to)].cost;
    const Resources one = fifo(words, c.wordBits),
                    all = fifo((c.capacity - c.registers) * words, c.wordBits);
    cost += all;
    cost -= one;
  }
  design.pipeline = std::move(wide);
}

/// HLS finds how often a unit's loop runs, frames x iterations, with a product, and the places of a
/// block of rows with three (exact in the CNV-W1A2 and LFC-W1A1 overlays). Tools give them the DSP
/// blocks that are left.
void addLoopProducts(Design& design, const Parameters& p, std::int64_t left) {
  if (design.style != Style::finn || p.windows != "rows") return;
  left -= resourcesOf(design.pipeline).dsp;
  for (Actor& a : design.pipeline.actors) {
    const std::int64_t wanted = a.kind == ActorKind::windowReader ? 3
                                : a.kind == ActorKind::unit       ? 1
                                                                  : 0;
    const std::int64_t given = std::clamp<std::int64_t>(left, 0, wanted);
    a.cost.dsp += given;
    left -= given;
  }
}

void measure(Design& design) {
  design.total = resourcesOf(design.pipeline);
  for (std::size_t l = 0; l < design.network.layers.size(); ++l) {
    const Layer& layer = design.network.layers[l];
    if (layer.hasProducts() && layer.operandTokens == 0) {
      const bool streamed = design.foldings[l].weights == Memory::streamed;
      (streamed ? design.streamedBits : design.weightBits) +=
          Bits(static_cast<double>(layer.weights()) * layer.weightBits);
    }
    for (std::size_t i = 0; i < layer.producers.size(); ++i)
      if (layer.producers[i] < 0)
        design.inputBits +=
            Bits(static_cast<double>(layer.tokensFrom(i) * layer.inputTokenBits[i]));
    if (layer.isOutput)
      design.outputBits +=
          Bits(static_cast<double>(layer.outPixels * layer.cout) * layer.outputBits);
  }
  // Streamed weights are used as they come: their channel holds a word.
  for (const Channel& c : design.pipeline.channels)
    if (c.sizable ||
        design.pipeline.actors[static_cast<std::size_t>(c.from)].kind != ActorKind::source)
      design.bufferBits += Bits(static_cast<double>(c.capacity) * static_cast<double>(c.tokenBits));
}

void add(Hasher& h, std::initializer_list<std::int64_t> values) {
  h.encodedBytes(
      {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(std::int64_t)});
}

Hash128 hashOf(const Design& design) {
  Hasher h;
  h.text("fpga-dataflow");
  add(h, {static_cast<int>(design.style), design.network.frames});
  for (const std::int64_t macs : design.macs) h.integer(macs);
  for (const Actor& a : design.pipeline.actors) {
    const Window& w = a.window;
    h.text(a.name);  // statistics carry it
    add(h, {static_cast<int>(a.kind), a.op, static_cast<int>(a.pattern), static_cast<int>(a.emit)});
    add(h, {a.tokens, a.service, a.work, a.latency, a.paceNum, a.paceDen});
    add(h, {w.height, w.width, w.top, w.bottom, w.left, w.right, w.kernelHeight, w.kernelWidth,
            w.strideHeight, w.strideWidth, w.spreadHeight, w.spreadWidth, w.wholeRows ? 1 : 0});
    add(h, {a.cost.lut, a.cost.ff, a.cost.dsp, a.cost.bram18, a.cost.uram});
  }
  for (const Channel& c : design.pipeline.channels)
    add(h,
        {c.from, c.to, c.capacity, c.delay, c.tokenBits, c.releaseAtEnd ? 1 : 0, c.held ? 1 : 0});
  for (const Folding& f : design.foldings)
    add(h, {f.pe, f.simd, f.reuse, static_cast<int>(f.products), static_cast<int>(f.weights),
            static_cast<int>(f.pumping), static_cast<int>(strategyOf(f))});
  return h.finish();
}

Resources partOf(const Resources& r, double share) {
  Resources part;
  for (const auto& [name, count] : resourceKinds)
    part.*count = static_cast<std::int64_t>(static_cast<double>(r.*count) * share);
  return part;
}

std::string reasonOf(const Layer& layer, const Folding& f, Style style, const Parameters& p) {
  bool own = false;
  const FoldingRequest& asked = requestFor(layer.name, p, &own);
  const auto compare = [](const char* key, std::int64_t wanted, std::int64_t got) {
    return wanted == got ? std::string("asked for")
                         : "nearest legal to " + std::string(key) + " " + std::to_string(wanted);
  };
  if (layer.hasProducts() && style == Style::hls4ml && asked.reuse > 0)
    return compare("reuse", asked.reuse, f.reuse);
  if (layer.hasProducts() && style == Style::finn && asked.simd > 0 && asked.simd != f.simd)
    return compare("simd", asked.simd, f.simd);
  if (style == Style::finn && asked.pe > 0 && (layer.hasProducts() || own))
    return compare("pe", asked.pe, f.pe);
  return p.targetCycles > 0 ? "keeps the interval asked for"
                            : "keeps the pace of the slowest layer";
}

std::vector<std::string> reasonsOf(const Design& design, const Parameters& p) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < design.foldings.size(); ++i)
    all.push_back(reasonOf(design.network.layers[i], design.foldings[i], design.style, p));
  return all;
}

}  // namespace

std::optional<Hash128> designKey(const WorkItem& item, const Parameters& p, double share) {
  if (item.content == Hash128{} || p.coefficients == Hash128{}) return std::nullopt;
  Hasher hasher;
  hasher.add(item.content).integer(static_cast<int>(item.phase)).add(p.coefficients).real(share);
  for (const OpId id : item.region) hasher.integer(id);
  return hasher.finish();
}

Expected<Design, Refusal> buildDesign(const WorkItem& item, const Parameters& p, double share,
                                      DesignMemory& memory) {
  Design design;
  double weights = 0;
  design.macs.reserve(item.region.size());
  for (const OpId id : item.region) {
    const Operator& op = item.graph.at(id);
    const OpCost cost = costOf(op);
    if (requestFor(op.name, p).weights != "streamed")
      weights += cost.weights.value * static_cast<double>(op.weightCopies());
    design.macs.push_back(Exact(cost.macs) * op.count);
  }
  if (auto refusal = checkWeights(weights, p)) return *refusal;
  auto network = layersOf(item);
  if (!network) return network.error();
  if (auto refusal = checkSize(*network)) return *refusal;
  design.style = styleFor(*network, p);
  design.network = std::move(*network);
  for (Layer& layer : design.network.layers)
    layer.powersOfTwo = layer.hasProducts() && layer.operandTokens == 0 && !layer.binaryProducts &&
                        !layer.ternaryWeights && requestFor(layer.name, p).products == "shift";
  // Streams are sized after the layers: leave them a tenth, then less for the layers if needed.
  const Resources usable = partOf(budgetOf(p), share), fabric = partOf(fabricOf(p), share);
  std::optional<std::string> missing;
  bool tooSmall = false;
  for (const double forLayers : {0.95, 0.85, 0.7, 0.5, 1.0}) {
    // What does not fit into the usable share may still be routed with effort, as published designs
    // were: it is built, and its use says so.
    if (tooSmall && forLayers < 1) continue;
    const Resources& budget = forLayers < 1 ? usable : fabric;
    auto foldings =
        chooseFoldings(design.network, design.style, p, partOf(budget, forLayers), memory.foldings);
    if (!foldings && forLayers < 1) {
      missing = foldings.error().what;
      tooSmall = true;  // less room for layers would not help either
      continue;
    }
    if (!foldings) return foldings.error();
    // As before, which did not fit.
    if (forLayers < 1 && *foldings == design.foldings) continue;
    design.foldings = std::move(*foldings);
    design.why = reasonsOf(design, p);
    if (p.fixedFifoDepth == 0)
      sizeFifos(design, p, memory.frames);
    else
      design.pipeline =
          buildPipeline(design.network, design.foldings, design.style, p, p.fixedFifoDepth);
    missing = shortfall(resourcesOf(design.pipeline), budget, p);
    if (!missing) break;
  }
  if (missing)
    return Refusal{Refusal::Code::capacity,
                   "the pipeline with its streams does not fit on " + p.part + ": it " + *missing,
                   "a fixed fifo.depth, narrower formats or a larger device"};
  if (p.fixedFifoDepth > 0) {
    const Trace trace = evaluate(design.pipeline, {1, false});
    if (!trace.deadlock.empty())
      return Refusal{Refusal::Code::mapping, "the pipeline cannot run: " + trace.deadlock,
                     "fifo.depth: auto, or a larger number"};
    design.fifoPeaks = trace.occupancy;
    design.latency = trace.firstFrame;
  }
  addLoopProducts(design, p, usable.dsp);
  measure(design);
  design.hash = hashOf(design);
  if (memory.played.size() >= DesignMemory::mostPlayed) memory.played.clear();
  std::shared_ptr<Played>& played = memory.played[design.hash];
  if (!played) played = std::make_shared<Played>();
  design.played = played;
  return design;
}

namespace {

/// Input tokens that an actor takes before its first result.
double tokensBeforeFirst(const Actor& a) {
  const Window& w = a.window;
  if (a.pattern == Pattern::stream) return 1;
  if (a.pattern == Pattern::scan) {
    if (a.emit == Emit::everyPixel) return w.top > 0 || w.left > 0 ? 0 : 1;
    const std::int64_t rows =
        ceilDiv(std::max<std::int64_t>(w.kernelHeight - 1 - w.top, 0), w.spreadHeight);
    const std::int64_t columns =
        ceilDiv(std::max<std::int64_t>(w.kernelWidth - w.left, 1), w.spreadWidth);
    return static_cast<double>(rows * w.width + columns);
  }
  if (w.wholeRows) return static_cast<double>(w.kernelHeight * w.paddedWidth());
  return static_cast<double>((w.kernelHeight - 1) * w.paddedWidth() + w.kernelWidth);
}

/// Cycles of one firing; a memory slower than the pipeline stretches it.
double firingCycles(const Actor& a) {
  const double once = static_cast<double>(a.service + a.work);
  return std::max(once, static_cast<double>(a.paceNum) / static_cast<double>(a.paceDen));
}

/// Cycles an actor still works after its last input came: padding below, windows completed there.
double tailCycles(const Actor& a, const Actor& before) {
  Window w = a.window;
  if (a.pattern == Pattern::scan && before.pattern == Pattern::scan &&
      before.emit == Emit::everyPixel) {
    // Padded on the way: the zeros come faster than the unit works on them.
    w.bottom = before.window.bottom;
    w.right = before.window.right;
    w.height -= w.bottom;
    w.width -= w.right;
  }
  if (a.pattern != Pattern::scan) return firingCycles(a);
  const std::int64_t pixels = 1 + w.bottom * w.paddedWidth() + w.right;
  const std::int64_t windows =
      1 + ceilDiv(w.bottom, w.strideHeight) * w.outWidth() + ceilDiv(w.right, w.strideWidth);
  return static_cast<double>(pixels * a.service + std::min(windows, w.outPixels()) * a.work);
}

double tokensOf(const Actor& a) {
  if (a.pattern == Pattern::stream) return static_cast<double>(a.tokens);
  const bool windows = a.pattern == Pattern::slide || a.emit == Emit::completeWindow;
  return static_cast<double>(windows ? a.window.outPixels() : a.window.paddedPixels());
}

}  // namespace

Estimate estimateCycles(const Pipeline& pipeline, std::int64_t frames) {
  // When the first and the last token of each actor are visible. Tokens in between are taken as
  // evenly spaced and streams as never full: the simulation knows better.
  const std::size_t count = pipeline.actors.size();
  std::vector<double> first(count, 0), last(count, 0);
  double done = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Actor& a = pipeline.actors[i];
    const double once = firingCycles(a);
    const double busy = static_cast<double>(busyCycles(a));
    double begin = 0, end = 0;  // of the inputs; the work on the last of them included
    for (const std::int32_t c : a.inputs) {
      const Channel& channel = pipeline.channels[static_cast<std::size_t>(c)];
      const auto from = static_cast<std::size_t>(channel.from);
      const double pace =
          (last[from] - first[from]) / std::max(tokensOf(pipeline.actors[from]) - 1, 1.0);
      const double wait = std::max(tokensBeforeFirst(a) - 1, 0.0);
      begin = std::max(begin, (channel.held ? last[from] : first[from] + wait * pace) +
                                  static_cast<double>(channel.delay));
      end = std::max(end, last[from] + static_cast<double>(channel.delay) +
                              tailCycles(a, pipeline.actors[from]));
    }
    const double latency = static_cast<double>(a.latency);
    first[i] = begin + once + latency;
    last[i] = std::max(first[i] + busy * (1 - 1 / tokensOf(a)), end + latency);
    if (a.outputs.empty()) done = std::max(done, last[i]);
  }
  Estimate e;
  e.interval = busyCycles(pipeline.actors[bottleneck(pipeline)]);
  e.firstFrame = std::max(static_cast<std::int64_t>(done), e.interval);
  e.cycles = e.firstFrame + (frames - 1) * e.interval;
  return e;
}

std::size_t bottleneck(const Pipeline& pipeline) {
  std::size_t slowest = 0;
  std::int64_t most = -1;
  for (std::size_t i = 0; i < pipeline.actors.size(); ++i) {
    const std::int64_t busy = busyCycles(pipeline.actors[i]);
    if (busy > most) slowest = i, most = busy;
  }
  return slowest;
}

std::int64_t boundCycles(const Pipeline& pipeline, std::int64_t frames) {
  return busyCycles(pipeline.actors[bottleneck(pipeline)]) * frames;
}

}  // namespace wattlas::fpga
