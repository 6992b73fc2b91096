#include "fpga/folding.h"

#include <algorithm>
#include <limits>

#include "fpga/resources.h"

namespace wattlas::fpga {
namespace {

std::int64_t ceilDiv(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

std::vector<std::int64_t> divisors(std::int64_t n) {
  std::vector<std::int64_t> low, high;
  for (std::int64_t d = 1; d * d <= n; ++d) {
    if (n % d != 0) continue;
    low.push_back(d);
    if (d * d != n) high.push_back(n / d);
  }
  low.insert(low.end(), high.rbegin(), high.rend());
  return low;
}

std::int64_t largestDivisor(std::int64_t n, std::int64_t limit) {
  std::int64_t best = 1;
  for (const std::int64_t d : divisors(n))
    if (d <= limit) best = d;
  return best;
}

std::int64_t kernelSize(const Layer& l) {
  return l.window.kernelHeight * l.window.kernelWidth;
}

double weightOf(const Resources& r, const Resources& budget) {
  const auto share = [](std::int64_t need, std::int64_t has) {
    return need == 0
               ? 0.0
               : static_cast<double>(need) / static_cast<double>(std::max<std::int64_t>(has, 1));
  };
  return share(r.lut, budget.lut) + share(r.ff, budget.ff) + share(r.dsp, budget.dsp) +
         share(r.bram18, budget.bram18) + share(r.uram, budget.uram);
}

FoldingRequest requestFor(const Layer& layer, const Parameters& p, bool& own) {
  const std::string plain = layer.name.substr(0, layer.name.find('#'));
  const auto at = p.layers.find(plain);
  own = at != p.layers.end();
  return own ? at->second : p.everywhere;
}

/// Everything about a layer that decides what its foldings cost and how long they take.
void hashInto(Hasher& h, const Layer& l) {
  const Window& w = l.window;
  for (const std::int64_t v :
       {w.height, w.width, w.top, w.bottom, w.left, w.right, w.kernelHeight, w.kernelWidth,
        w.strideHeight, w.strideWidth, l.cin, l.cout, l.groups, l.pixels, l.outPixels})
    h.integer(v);
  for (const int v : {static_cast<int>(l.kind), l.weightBits, l.inputBits, l.outputBits})
    h.integer(v);
  for (const bool v : {l.binaryProducts, l.ternaryWeights, l.thresholds, l.averages, l.tabled})
    h.integer(v ? 1 : 0);
}

/// More layers than this are not remembered: a sweep has far fewer different ones.
constexpr std::size_t mostKept = 20000;

class Search {
 public:
  Search(const Network& network, Style style, const Parameters& p, const Resources& budget,
         FoldingMemory& memory)
      : network_(network), style_(style), p_(p), budget_(budget), memory_(memory) {
    if (memory_.size() > mostKept) memory_.clear();
    Hasher hasher;
    hasher.add(p.coefficients).integer(static_cast<int>(style));
    for (const std::int64_t v : {budget.lut, budget.ff, budget.dsp, budget.bram18, budget.uram})
      hasher.integer(v);
    common_ = hasher.finish();
  }

  Expected<std::vector<Folding>, Refusal> run() {
    for (const auto& [name, request] : p_.layers)
      if (!names(name))
        return Refusal{Refusal::Code::mapping,
                       "folding.layers." + name + " names no layer of this network",
                       "one of the operator names of the workload"};
    for (const Layer& layer : network_.layers) {
      const auto known = memory_.find(keyOf(layer));
      if (known != memory_.end()) {
        choices_.push_back(&known->second);
        continue;
      }
      std::vector<FoldingChoice> list;
      if (const auto refusal = candidates(layer, list)) return *refusal;
      choices_.push_back(&memory_.emplace(keyOf(layer), pareto(std::move(list))).first->second);
    }
    return pick();
  }

 private:
  Hash128 keyOf(const Layer& layer) const {
    Hasher hasher;
    hasher.add(common_);
    hashInto(hasher, layer);
    // Requests for single layers are made by name.
    if (!p_.layers.empty()) hasher.text(layer.name);
    return hasher.finish();
  }

  bool names(const std::string& name) const {
    return std::any_of(network_.layers.begin(), network_.layers.end(),
                       [&](const Layer& l) { return l.name.substr(0, l.name.find('#')) == name; });
  }

  void offer(const Layer& layer, const Folding& f, std::vector<FoldingChoice>& list) const {
    FoldingChoice c{f, layerCycles(layer, f, style_, p_), layerResources(layer, f, style_, p_), 0};
    c.weight = weightOf(c.cost, budget_);
    list.push_back(c);
  }

  std::optional<Refusal> candidates(const Layer& layer, std::vector<FoldingChoice>& list) const {
    bool own = false;
    const FoldingRequest request = requestFor(layer, p_, own);
    if (!layer.hasProducts()) {
      for (const std::int64_t pe : divisors(layer.cin))
        if (!own || request.pe == 0 || request.pe == pe) offer(layer, {pe, 1, 1}, list);
      if (!list.empty()) return std::nullopt;
      return illegal(layer, "pe " + std::to_string(request.pe),
                     "a divisor of " + std::to_string(layer.cin) + " such as " +
                         std::to_string(largestDivisor(layer.cin, request.pe)));
    }
    return style_ == Style::finn ? finnChoices(layer, request, own, list)
                                 : reuseChoices(layer, request, own, list);
  }

  Refusal illegal(const Layer& layer, const std::string& what, const std::string& legal) const {
    return {Refusal::Code::mapping, "layer '" + layer.name + "' cannot be built with " + what,
            legal};
  }

  std::optional<Refusal> finnChoices(const Layer& layer, FoldingRequest request, bool own,
                                     std::vector<FoldingChoice>& list) const {
    const std::int64_t height =
        layer.kind == LayerKind::depthwise ? layer.cout : layer.matrixHeight();
    const std::int64_t width = layer.matrixWidth();
    if (own && request.reuse > 0)
      return illegal(layer, "a reuse factor in style finn", "pe and simd, or style: hls4ml");
    if (own && request.pe > 0 && height % request.pe != 0)
      return illegal(layer, "pe " + std::to_string(request.pe),
                     "pe: " + std::to_string(largestDivisor(height, request.pe)));
    if (own && request.simd > 0 && width % request.simd != 0)
      return illegal(layer, "simd " + std::to_string(request.simd),
                     "simd: " + std::to_string(largestDivisor(width, request.simd)));
    if (!own && request.pe > 0) request.pe = largestDivisor(height, request.pe);
    if (!own && request.simd > 0) request.simd = largestDivisor(width, request.simd);
    for (const std::int64_t pe : divisors(height)) {
      if (request.pe > 0 && pe != request.pe) continue;
      for (const std::int64_t simd : divisors(width)) {
        if (request.simd > 0 ? simd != request.simd : !streams(layer, simd)) continue;
        offer(layer, {pe, simd, 1}, list);
      }
    }
    return std::nullopt;
  }
  /// Words of a stream hold whole channels' shares: simd divides the channels or is a multiple.
  static bool streams(const Layer& layer, std::int64_t simd) {
    if (layer.kind == LayerKind::depthwise) return true;
    const std::int64_t channels = layer.cin / layer.groups;
    return channels % simd == 0 || simd % channels == 0;
  }

  std::optional<Refusal> reuseChoices(const Layer& layer, const FoldingRequest& request, bool own,
                                      std::vector<FoldingChoice>& list) const {
    const std::int64_t in = layer.matrixWidth(), out = layer.cout;
    if (own && (request.pe > 0 || request.simd > 0))
      return illegal(layer, "pe or simd in style hls4ml", "a reuse factor, or style: finn");
    if (request.reuse > 0) {
      // As the generator does: clipped to the products of the layer, then the nearest legal one.
      offer(layer, {1, 1, nearestReuse(in, out, request.reuse)}, list);
      return std::nullopt;
    }
    for (const std::int64_t reuse : divisors(in * out))
      if (isLegalReuse(in, out, reuse)) offer(layer, {1, 1, reuse}, list);
    return std::nullopt;
  }

  /// Fewer cycles must cost more; everything else is dropped. Ascending cycles.
  static std::vector<FoldingChoice> pareto(std::vector<FoldingChoice> list) {
    std::sort(list.begin(), list.end(), [](const FoldingChoice& a, const FoldingChoice& b) {
      if (a.cycles != b.cycles) return a.cycles < b.cycles;
      if (a.weight != b.weight) return a.weight < b.weight;
      return std::pair(a.folding.pe, a.folding.simd) < std::pair(b.folding.pe, b.folding.simd);
    });
    std::vector<FoldingChoice> kept;
    for (const FoldingChoice& c : list)
      if (kept.empty() || c.weight < kept.back().weight) kept.push_back(c);
    return kept;
  }

  const FoldingChoice& at(const std::vector<FoldingChoice>& list, std::int64_t target) const {
    const auto after =
        std::upper_bound(list.begin(), list.end(), target,
                         [](std::int64_t t, const FoldingChoice& c) { return t < c.cycles; });
    return after == list.begin() ? list.front() : *std::prev(after);
  }
  Resources total(std::int64_t target) const {
    Resources sum;
    for (const auto* list : choices_) sum += at(*list, target).cost;
    return sum;
  }
  bool fits(std::int64_t target) const { return !shortfall(total(target), budget_, p_); }

  Expected<std::vector<Folding>, Refusal> pick() const {
    // No target below the fastest possible slowest layer changes anything.
    std::int64_t fastest = 1;
    std::vector<std::int64_t> targets;
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      fastest = std::max({fastest, choices_[i]->front().cycles, network_.layers[i].pixels});
      for (const FoldingChoice& c : *choices_[i]) targets.push_back(c.cycles);
    }
    fastest = std::max(fastest, p_.targetCycles);
    targets.push_back(fastest);
    std::erase_if(targets, [&](std::int64_t t) { return t < fastest; });
    std::sort(targets.begin(), targets.end());
    targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
    const auto first = std::partition_point(targets.begin(), targets.end(),
                                            [&](std::int64_t t) { return !fits(t); });
    if (first == targets.end()) return tooLarge(targets.back());
    std::vector<Folding> chosen;
    for (const auto* list : choices_) chosen.push_back(at(*list, *first).folding);
    return chosen;
  }

  Refusal tooLarge(std::int64_t target) const {
    std::int64_t bits = 0;
    for (const Layer& l : network_.layers)
      if (l.hasProducts()) bits += l.weights() * l.weightBits;
    return {Refusal::Code::capacity,
            "the pipeline does not fit on " + p_.part + " even when folded as far as possible: " +
                shortfall(total(target), budget_, p_).value_or("") + " (" +
                format(Bits(static_cast<double>(bits))) + " of weights stay on the chip)",
            "narrower weights, a smaller network, less explicit parallelism, or a larger device"};
  }

  const Network& network_;
  Style style_;
  const Parameters& p_;
  Resources budget_;
  FoldingMemory& memory_;
  Hash128 common_;  ///< what all layers of this search have in common
  std::vector<const std::vector<FoldingChoice>*> choices_;  ///< per layer, in `memory_`
};

}  // namespace

std::int64_t lanesOf(const Layer& layer, const Folding& folding, Style style) {
  if (style == Style::finn) return folding.pe * folding.simd;
  return ceilDiv(layer.weights(), folding.reuse);
}

Services servicesOf(const Layer& layer, const Folding& f, Style style, const Parameters& p) {
  Services s;
  const bool windowed = !layer.window.isIdentity();
  if (!layer.hasProducts()) {
    const std::int64_t lanes = ceilDiv(layer.cin, f.pe);
    s.unit = style == Style::hls4ml && layer.kind != LayerKind::softmax
                 ? std::max<std::int64_t>(1, lanes)
                 : lanes;
    if (layer.kind == LayerKind::softmax) s.unit = 2 * lanes;  // exponentials, then products
    if (layer.kind == LayerKind::pool) s.window = layer.averages ? lanes : 1;
    return s;
  }
  if (style == Style::hls4ml) {
    s.unit = f.reuse;
    if (layer.flattens()) s.writer = 1;
    if (windowed && !layer.flattens()) s.writer = p.pixelCycles, s.window = f.reuse;
    if (!windowed && layer.pixels > 1) s.unit += p.pixelCycles;
    return s;
  }
  const std::int64_t channelsAtOnce =
      std::min(layer.cin, layer.kind == LayerKind::depthwise ? f.pe : f.simd);
  if (windowed) s.writer = ceilDiv(layer.cin, channelsAtOnce);
  if (layer.kind == LayerKind::depthwise) {
    s.unit = ceilDiv(layer.cout * kernelSize(layer), f.pe * f.simd);
    if (windowed) s.reader = ceilDiv(layer.cin * kernelSize(layer), channelsAtOnce * f.simd);
    return s;
  }
  s.unit = layer.groups * (layer.matrixWidth() / f.simd) * (layer.matrixHeight() / f.pe);
  if (windowed && !layer.flattens()) s.reader = ceilDiv(kernelSize(layer) * layer.cin, f.simd);
  return s;
}

std::int64_t layerCycles(const Layer& layer, const Folding& folding, Style style,
                         const Parameters& p) {
  const Services s = servicesOf(layer, folding, style, p);
  const std::int64_t padded = layer.window.paddedPixels();
  if (layer.kind == LayerKind::pool) return padded * s.unit + layer.outPixels * s.window;
  if (style == Style::hls4ml && s.window > 0) return padded * s.writer + layer.outPixels * s.window;
  return std::max({padded * s.writer, layer.outPixels * s.reader, layer.outPixels * s.unit});
}

bool isLegalFinn(const Layer& layer, std::int64_t pe, std::int64_t simd) {
  const std::int64_t height =
      layer.kind == LayerKind::depthwise ? layer.cout : layer.matrixHeight();
  return pe >= 1 && simd >= 1 && height % pe == 0 && layer.matrixWidth() % simd == 0;
}

bool isLegalReuse(std::int64_t nIn, std::int64_t nOut, std::int64_t reuse) {
  if (reuse < 1 || (nIn * nOut) % reuse != 0) return false;
  const std::int64_t multipliers = ceilDiv(nIn * nOut, std::min(nIn, reuse));
  return reuse < nIn ? multipliers % nOut == 0 : reuse % nIn == 0;
}

std::int64_t nearestReuse(std::int64_t nIn, std::int64_t nOut, std::int64_t wanted) {
  const std::int64_t clipped = std::clamp<std::int64_t>(wanted, 1, nIn * nOut);
  std::int64_t best = 1;
  for (const std::int64_t d : divisors(nIn * nOut))
    if (isLegalReuse(nIn, nOut, d) && std::abs(d - clipped) < std::abs(best - clipped)) best = d;
  return best;
}

Resources budgetOf(const Parameters& p) {
  const auto usable = [](const Supply& s, std::int64_t scale) {
    return static_cast<std::int64_t>(static_cast<double>(s.total * scale) * s.usable.value.value);
  };
  return {usable(p.lut, 1) - p.shellLut, usable(p.ff, 1) - p.shellFf, usable(p.dsp, 1),
          usable(p.bram36, 2) - p.shellBram18, usable(p.uram, 1)};
}

std::optional<std::string> shortfall(const Resources& need, const Resources& budget,
                                     const Parameters& p) {
  struct Row {
    const char* name;
    std::int64_t need, has, total;
  };
  const Row rows[] = {{"UltraRAM blocks", need.uram, budget.uram, p.uram.total},
                      {"18 Kibit block RAMs", need.bram18, budget.bram18, 2 * p.bram36.total},
                      {"DSP blocks", need.dsp, budget.dsp, p.dsp.total},
                      {"LUTs", need.lut, budget.lut, p.lut.total},
                      {"flip-flops", need.ff, budget.ff, p.ff.total}};
  const Row* worst = nullptr;
  double excess = 1.0;
  for (const Row& row : rows) {
    if (row.need <= row.has) continue;
    const double over =
        static_cast<double>(row.need) / static_cast<double>(std::max<std::int64_t>(row.has, 1));
    if (worst == nullptr || over > excess) worst = &row, excess = over;
  }
  if (worst == nullptr) return std::nullopt;
  return "needs " + std::to_string(worst->need) + " " + worst->name + ", " +
         std::to_string(std::max<std::int64_t>(worst->has, 0)) + " of " +
         std::to_string(worst->total) + " are usable";
}

Expected<std::vector<Folding>, Refusal> chooseFoldings(const Network& network, Style style,
                                                       const Parameters& p, const Resources& budget,
                                                       FoldingMemory& memory) {
  return Search(network, style, p, budget, memory).run();
}

Expected<std::vector<Folding>, Refusal> chooseFoldings(const Network& network, Style style,
                                                       const Parameters& p,
                                                       const Resources& budget) {
  FoldingMemory none;
  return chooseFoldings(network, style, p, budget, none);
}

}  // namespace wattlas::fpga
