// Turns folded layers into actors and channels.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "fpga/design.h"
#include "fpga/pipeline.h"
#include "fpga/resources.h"
#include "models/base/multiples.h"

namespace wattlas::fpga {

std::int64_t Actor::firings() const {
  switch (pattern) {
    case Pattern::stream:
      return tokens;
    case Pattern::scan:
      return window.paddedPixels();
    case Pattern::slide:
      break;
  }
  return window.outPixels() + 1;
}

std::int32_t Pipeline::add(Actor actor) {
  actors.push_back(std::move(actor));
  return static_cast<std::int32_t>(actors.size()) - 1;
}

std::int32_t Pipeline::connect(std::int32_t from, std::int32_t to, Channel channel) {
  const auto id = static_cast<std::int32_t>(channels.size());
  channel.from = from;
  channel.to = to;
  actors[static_cast<std::size_t>(from)].outputs.push_back(id);
  actors[static_cast<std::size_t>(to)].inputs.push_back(id);
  channels.push_back(std::move(channel));
  return id;
}

std::int64_t busyCycles(const Actor& actor) {
  switch (actor.pattern) {
    case Pattern::stream: {
      if (actor.paceNum <= actor.service * actor.paceDen && actor.paceNum % actor.paceDen == 0)
        return actor.tokens * actor.service;
      // Where the memory's pace never falls below the service, whole parts add up to it.
      if (actor.paceNum >= actor.service * actor.paceDen)
        return actor.tokens * actor.paceNum / actor.paceDen;
      std::int64_t total = 0;
      for (std::int64_t i = 0; i < actor.tokens; ++i)
        total += std::max(actor.service, (i + 1) * actor.paceNum / actor.paceDen -
                                             i * actor.paceNum / actor.paceDen);
      return total;
    }
    case Pattern::scan:
      return actor.window.paddedPixels() * actor.service + actor.window.outPixels() * actor.work;
    case Pattern::slide:
      break;
  }
  return actor.window.outPixels() * actor.service;
}

namespace {

/// Cycles from the last input word of a FINN unit to its last result (RTL simulation, 16 of 16
/// configurations): 7 with a replay buffer for several passes over the input, 5 without.
constexpr std::int64_t replayLatency = 7, singlePassLatency = 5;
/// Exponential and reciprocal tables of a softmax, each one read.
constexpr std::int64_t tableLatency = 2;

/// Places a line buffer needs so that each window can be complete: the widest span of padded pixels
/// between the first kept one and the last needed one.
std::int64_t windowSpan(const Window& w) {
  const std::int64_t line = w.paddedWidth();
  if (w.wholeRows)
    return std::max(w.kernelHeight,
                    w.paddedHeight() - (w.outHeight() - 1) * w.strideHeight - w.strideHeight) *
           line;
  std::int64_t span = 1, released = 0;
  for (std::int64_t row = 0; row <= w.outHeight(); ++row) {
    const bool tail = row == w.outHeight();
    const std::int64_t y = row * w.strideHeight;
    // Only the first, second and last column can be the widest.
    for (const std::int64_t column : {std::int64_t{0}, std::int64_t{1}, w.outWidth() - 1}) {
      if (column >= w.outWidth() && !tail) continue;
      const std::int64_t x = column * w.strideWidth;
      const std::int64_t need =
          tail ? w.paddedPixels() : (y + w.kernelHeight - 1) * line + x + w.kernelWidth;
      span = std::max(span, need - released);
      const bool last = column + 1 >= w.outWidth();
      const std::int64_t unused = last ? (y + w.strideHeight) * line : y * line + x + w.strideWidth;
      released = std::max(released, std::min(unused, need));
      if (column == 1 && !last) {
        // Columns between the second and the last move by one stride each.
        const std::int64_t before = (w.outWidth() - 2) * w.strideWidth;
        released =
            std::max(released, std::min(y * line + before + w.strideWidth,
                                        (y + w.kernelHeight - 1) * line + before + w.kernelWidth));
      }
      if (tail) break;
    }
  }
  return span;
}

class PipelineBuilder {
 public:
  PipelineBuilder(const Network& network, const std::vector<Folding>& foldings, Style style,
                  const Parameters& p, std::int64_t depth)
      : network_(network), foldings_(foldings), style_(style), p_(p), depth_(depth) {
    for (const Layer& layer : network_.layers) {
      for (std::size_t i = 0; i < layer.producers.size(); ++i)
        if (layer.producers[i] < 0) traffic_ += inputBits(layer, i), ++streams_;
      if (layer.isOutput) traffic_ += outputBits(layer), ++streams_;
    }
    for (std::size_t i = 0; i < foldings_.size(); ++i)
      if (foldings_[i].weights == Memory::streamed)
        traffic_ += streamedBits(network_.layers[i]), ++streams_;
  }

  Pipeline build() {
    out_.actors.reserve(4 * network_.layers.size() + 4);
    out_.channels.reserve(4 * network_.layers.size() + 4);
    ends_.reserve(network_.layers.size());
    for (std::size_t i = 0; i < network_.layers.size(); ++i) addLayer(i);
    for (std::size_t i = 0; i < network_.layers.size(); ++i)
      if (network_.layers[i].isOutput) addSink(i);
    for (const Channel& c : out_.channels)
      if (c.sizable || c.capacity > 1)
        out_.actors[static_cast<std::size_t>(c.to)].cost += channelCost(c);
    return std::move(out_);
  }

 private:
  struct End {
    std::int32_t actor;
    std::int64_t service;  ///< cycles in which it writes a token
    std::int64_t lanes;
  };

  static double inputBits(const Layer& l, std::size_t i) {
    return static_cast<double>(l.tokensFrom(i)) * static_cast<double>(l.inputTokenBits[i]);
  }
  static double streamedBits(const Layer& l) {
    return static_cast<double>(l.vectors()) * static_cast<double>(l.weights() * l.weightBits);
  }
  static double outputBits(const Layer& l) {
    return static_cast<double>(l.outPixels) * static_cast<double>(l.cout * l.outputBits);
  }
  /// FIFOs are made of the stream's words; line buffers are counted with their generator.
  static Resources channelCost(const Channel& c) {
    if (!c.sizable) return {};
    return fifo((c.capacity - c.registers) * ceilDiv(c.tokenBits, c.wordBits), c.wordBits);
  }

  void join(std::int32_t from, std::int32_t to, Channel c) {
    const Actor& a = out_.actors[static_cast<std::size_t>(from)];
    c.registers = ceilDiv(a.latency, std::max<std::int64_t>(a.service, 1));
    c.capacity += c.registers;
    out_.connect(from, to, std::move(c));
  }

  void addLayer(std::size_t index) {
    const Layer& layer = network_.layers[index];
    const Folding& f = foldings_[index];
    const Services s = servicesOf(layer, f, style_, p_);
    std::vector<End> from;  // sources come before their readers: actors are in topological order
    for (std::size_t i = 0; i < layer.producers.size(); ++i)
      from.push_back(layer.producers[i] < 0 ? addSource(layer, i)
                                            : ends_[static_cast<std::size_t>(layer.producers[i])]);
    const std::int32_t aside = besideUnit(layer, f, s);
    const auto entry = static_cast<std::int32_t>(out_.actors.size());
    std::int32_t last = entry;
    std::int64_t reads = s.writer > 0 ? s.writer : s.unit;
    if (poolsByWindow(layer, style_)) {
      last = finn(layer, f, s);
    } else if (!layer.hasProducts()) {
      plain(layer, f, s);
    } else if (style_ == Style::hls4ml) {
      last = hls(layer, f, s);
      reads = 1;
    } else {
      last = finn(layer, f, s);
      // A unit without line buffer reads its input in the first pass.
      if (s.writer == 0 && layer.kind == LayerKind::matrix)
        reads = std::min(s.unit, ceilDiv(layer.matrixWidth() * layer.groups, f.simd));
    }
    ends_.push_back({last, s.unit, style_ == Style::finn ? f.pe : layer.cout});
    for (std::size_t i = 0; i < from.size(); ++i) {
      const bool operand = layer.operandTokens > 0 && i + 1 == from.size();
      feed(layer, f, from[i], operand ? aside : entry, operand ? s.operand : reads, i);
    }
    if (aside >= 0) connectAside(layer, f, s, aside, last);
  }

  /// The actor that gives a unit what it has not of its own: the memory of a second operand, or the
  /// DMA engine of weights from the board's memory. -1 = neither.
  std::int32_t besideUnit(const Layer& layer, const Folding& f, const Services& s) {
    if (layer.operandTokens > 0) {
      Actor a = actorOf(layer, ".operand", ActorKind::arranger);
      a.tokens = layer.operandTokens;
      a.service = s.operand;
      return out_.add(std::move(a));
    }
    if (f.weights != Memory::streamed) return -1;
    const std::int64_t bits = layer.weights() * layer.weightBits;
    return dmaSource(layer, ".weights", layer.vectors(), bits, 1);
  }
  void connectAside(const Layer& layer, const Folding& f, const Services& s, std::int32_t from,
                    std::int32_t unit) {
    Channel c;
    c.name = out_.actors[static_cast<std::size_t>(from)].name;
    if (f.weights == Memory::streamed) {
      // Words are used as they come; one more pass may begin.
      c.tokensPerFrame = layer.vectors();
      c.tokenBits = layer.weights() * layer.weightBits;
      c.delay = 1 - std::min(out_.actors[static_cast<std::size_t>(from)].service, s.unit);
    } else {
      c.tokensPerFrame = layer.operandTokens;
      c.tokenBits = layer.inputTokenBits.back();
      c.capacity = 2 * layer.operandTokens;
      c.releaseAtEnd = c.held = true;
    }
    out_.connect(from, unit, std::move(c));
  }

  Actor actorOf(const Layer& layer, const char* part, ActorKind kind) const {
    Actor a;
    a.name = layer.name + part;
    a.kind = kind;
    a.op = layer.op;
    a.window = layer.window;
    return a;
  }

  /// The unit behind everything that arranges its inputs: a firing for each of `tokens`.
  Actor unitOf(const Layer& layer, const Folding& f, std::int64_t tokens, std::int64_t service) {
    Actor a = actorOf(layer, "", ActorKind::unit);
    a.tokens = tokens;
    a.service = service;
    if (layer.hasProducts()) {
      a.latency = layer.kind == LayerKind::recurrent ? 0 : latencyOf(layer, f);
      a.cost = productUnit(layer, f, style_, p_);
    } else {
      // A row's next pass follows the one before; another row may be in each.
      a.latency =
          (layer.passes - 1) * service + (layer.passes > 1 || layer.tabled ? tableLatency : 0);
      a.cost = plainUnit(layer, f, p_);
    }
    return a;
  }

  void plain(const Layer& layer, const Folding& f, const Services& s) {
    Actor a = unitOf(layer, f, layer.pixels, s.unit);
    if (layer.kind == LayerKind::pool) {
      a.pattern = Pattern::scan;
      a.emit = Emit::completeWindow;
      a.work = s.window;
    }
    out_.add(std::move(a));
  }

  std::int32_t hls(const Layer& layer, const Folding& f, const Services& s) {
    if (layer.kind == LayerKind::recurrent) return recurrent(layer, f, s);
    if (layer.flattens()) return gathered(layer, f, s);
    const bool padded = layer.window.paddedPixels() > layer.window.pixels();
    const std::int32_t padding = padded ? paddingActor(layer) : -1;
    Actor a = unitOf(layer, f, layer.pixels, s.unit);
    if (padded) a.window = alreadyPadded(layer.window);
    if (!layer.window.isIdentity()) {
      a.pattern = Pattern::scan;
      a.emit = Emit::completeWindow;
      a.service = s.writer;
      a.work = s.window;
      a.cost += windowBuffer(layer, f, style_, p_);
    }
    const std::int32_t unit = out_.add(std::move(a));
    if (!padded) return unit;
    Channel c = inside(layer, ".padded", layer.window.paddedPixels());
    c.capacity = std::max<std::int64_t>(depth_, 1);
    c.sizable = true;
    c.wordBits = c.tokenBits;
    out_.connect(padding, unit, std::move(c));
    return unit;
  }

  /// A step waits for the state that the step before leaves.
  std::int32_t recurrent(const Layer& layer, const Folding& f, const Services& s) {
    Actor a = unitOf(layer, f, layer.pixels, s.unit);
    if (layer.outPixels == 1) {  // only the last step's state leaves
      a.pattern = Pattern::scan;
      a.emit = Emit::completeWindow;
    }
    out_.unpacedUpTo = 0;  // steps take cycles that depend on the clock
    return out_.add(std::move(a));
  }

  /// hls4ml pads in a process of its own, a pixel a cycle.
  std::int32_t paddingActor(const Layer& layer) {
    Actor a = actorOf(layer, ".padding", ActorKind::arranger);
    a.pattern = Pattern::scan;
    a.window.kernelHeight = a.window.kernelWidth = 1;
    a.window.strideHeight = a.window.strideWidth = 1;
    return out_.add(std::move(a));
  }
  static Window alreadyPadded(Window w) {
    w.height = w.paddedHeight();
    w.width = w.paddedWidth();
    w.top = w.bottom = w.left = w.right = 0;
    return w;
  }

  /// All pixels become one vector in front of the unit.
  std::int32_t gathered(const Layer& layer, const Folding& f, const Services& s) {
    Actor g = actorOf(layer, ".gather", ActorKind::arranger);
    g.pattern = Pattern::scan;
    g.emit = Emit::completeWindow;
    g.service = s.writer;
    const std::int32_t gather = out_.add(std::move(g));
    const std::int32_t unit = out_.add(unitOf(layer, f, layer.vectors(), s.unit));
    Channel c = inside(layer, ".vector", 1);
    c.tokenBits = layer.pixels * layer.cin * layer.inputBits;
    out_.connect(gather, unit, std::move(c));
    return unit;
  }

  /// Cycles from the end of a unit's work to its result.
  std::int64_t latencyOf(const Layer& layer, const Folding& f) {
    if (style_ == Style::finn) return layer.cout / f.pe > 1 ? replayLatency : singlePassLatency;
    if (layer.operandTokens > 0 || (strategyOf(f) == Strategy::resource && f.reuse > 1))
      return hlsLatency;
    out_.unpacedUpTo = 0;  // registers depend on the clock: the design is of this one only
    return unrolledLatency(layer, p_);
  }

  Channel inside(const Layer& layer, const char* part, std::int64_t tokens) const {
    Channel c;
    c.name = layer.name + part;
    c.tokensPerFrame = tokens;
    c.tokenBits = layer.cin * layer.inputBits;
    return c;
  }

  std::int32_t finn(const Layer& layer, const Folding& f, const Services& s) {
    if (layer.flattens()) return gathered(layer, f, s);
    if (layer.window.isIdentity()) return out_.add(unitOf(layer, f, layer.vectors(), s.unit));
    Actor w = actorOf(layer, ".buffer", ActorKind::arranger);
    w.pattern = Pattern::scan;
    w.service = s.writer;
    w.cost = windowBuffer(layer, f, style_, p_);
    const std::int32_t writer = out_.add(std::move(w));
    Actor r = actorOf(layer, ".window", ActorKind::windowReader);
    r.pattern = Pattern::slide;
    r.window.wholeRows = p_.windows == "rows" && layer.window.kernelHeight > 1;
    r.service = s.reader;
    const std::int64_t span = windowSpan(r.window);
    const std::int32_t reader = out_.add(std::move(r));
    const std::int32_t unit = out_.add(unitOf(layer, f, layer.vectors(), s.unit));

    Channel lines = inside(layer, ".lines", layer.window.paddedPixels());
    const Window& win = layer.window;
    const std::int64_t whole = win.kernelHeight > 1
                                   ? (win.kernelHeight + win.strideHeight) * win.paddedWidth()
                                   : win.kernelWidth + win.strideWidth;
    lines.capacity = std::max(span, whole);
    lines.releaseAtEnd = true;
    out_.connect(writer, reader, std::move(lines));

    Channel windows = inside(layer, ".windows", layer.outPixels);
    windows.tokenBits *= win.taps();
    windows.delay = 1 - s.reader;  // the unit reads the words as they come
    out_.connect(reader, unit, std::move(windows));
    return unit;
  }

  /// The stream from a producer (or from memory) to the first actor of a layer.
  void feed(const Layer& layer, const Folding& f, const End& from, std::int32_t entry,
            std::int64_t reads, std::size_t input) {
    Channel c;
    c.tokensPerFrame = layer.tokensFrom(input);
    c.tokenBits = layer.inputTokenBits[input];
    c.capacity = std::max<std::int64_t>(depth_, 1);
    c.sizable = true;
    const bool finnStream = style_ == Style::finn;
    const std::int64_t lanes = layer.hasProducts() ? std::min(layer.cin, f.simd) : f.pe;
    c.wordBits = finnStream ? lanes * layer.inputBits : c.tokenBits;
    c.name = out_.actors[static_cast<std::size_t>(from.actor)].name + " -> " + layer.name;
    if (finnStream) {
      c.delay = 1 - std::max<std::int64_t>(std::min(from.service, reads), 1);
      if (from.lanes != lanes) ++c.delay;  // a width converter passes words on after one cycle
    }
    join(from.actor, entry, std::move(c));
  }

  End addSource(const Layer& layer, std::size_t input) {
    const std::int32_t source =
        dmaSource(layer, ".input", layer.tokensFrom(input), layer.inputTokenBits[input],
                  style_ == Style::hls4ml ? p_.sourceCycles : 1);
    return {source, out_.actors[static_cast<std::size_t>(source)].service,
            std::max<std::int64_t>(1, layer.cin)};
  }
  std::int32_t dmaSource(const Layer& layer, const char* part, std::int64_t tokens,
                         std::int64_t tokenBits, std::int64_t least) {
    Actor a = actorOf(layer, part, ActorKind::source);
    a.tokens = tokens;
    a.service = std::max(ceilDiv(tokenBits, p_.dmaWidth), least);
    pace(a, static_cast<double>(tokens) * static_cast<double>(tokenBits), tokens);
    a.cost = dmaEngine();
    return out_.add(std::move(a));
  }

  void addSink(std::size_t index) {
    const Layer& layer = network_.layers[index];
    Actor a = actorOf(layer, ".output", ActorKind::sink);
    a.tokens = layer.outPixels;
    a.service = std::max<std::int64_t>(ceilDiv(layer.cout * layer.outputBits, p_.dmaWidth), 1);
    pace(a, outputBits(layer), layer.outPixels);
    a.cost = dmaEngine();
    const std::int32_t sink = out_.add(std::move(a));
    Channel c;
    c.name = layer.name + " -> memory";
    c.tokensPerFrame = layer.outPixels;
    c.tokenBits = layer.cout * layer.outputBits;
    c.wordBits = std::min(c.tokenBits, p_.dmaWidth);
    c.capacity = std::max<std::int64_t>(depth_, 1);
    c.sizable = true;
    join(ends_[index].actor, sink, std::move(c));
  }

  /// The board memory is shared in proportion to traffic, but no stream gets less than an equal
  /// part. The largest stream then keeps the sum of all within the bandwidth over a frame.
  void pace(Actor& a, double bits, std::int64_t tokens) {
    const double share = std::max(bits / traffic_, 1.0 / static_cast<double>(streams_));
    double rate = p_.memoryBandwidth.value.value * share;
    if (p_.dmaClock.value.value > 0) {
      rate = std::min(rate, p_.dmaClock.value.value * static_cast<double>(p_.dmaWidth));
      out_.unpacedUpTo = 0;  // the ratio of two clocks decides
    }
    const double tokenBits = bits / static_cast<double>(tokens);
    const double cycles = tokenBits * p_.clock.value.value / rate;
    out_.unpacedUpTo = std::min(out_.unpacedUpTo,
                                static_cast<double>(a.service) * share / tokenBits * (1 - 1e-12));
    if (cycles <= static_cast<double>(a.service)) return;
    a.paceDen = 1024;
    a.paceNum = static_cast<std::int64_t>(std::ceil(cycles * 1024));
  }

  const Network& network_;
  const std::vector<Folding>& foldings_;
  Style style_;
  const Parameters& p_;
  std::int64_t depth_;
  double traffic_ = 0;  ///< bits a frame through the board memory
  std::int64_t streams_ = 0;
  Pipeline out_;
  std::vector<End> ends_;  ///< last actor of each layer
};

}  // namespace

Pipeline buildPipeline(const Network& network, const std::vector<Folding>& foldings, Style style,
                       const Parameters& p, std::int64_t fifoDepth) {
  return PipelineBuilder(network, foldings, style, p, fifoDepth).build();
}

Resources resourcesOf(const Pipeline& pipeline) {
  Resources sum;
  for (const Actor& a : pipeline.actors) sum += a.cost;
  return sum;
}

}  // namespace wattlas::fpga
