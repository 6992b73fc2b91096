#include <algorithm>
#include <cmath>
#include <limits>

#include "fpga/layer.h"
#include "fpga/resources.h"
#include "models/base/multiples.h"

namespace wattlas::fpga {
namespace {

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

double weightOf(const Resources& r, const Resources& budget) {
  double sum = 0;
  for (const auto& [name, count] : resourceKinds)
    if (r.*count != 0)
      sum += static_cast<double>(r.*count) /
             static_cast<double>(std::max<std::int64_t>(budget.*count, 1));
  return sum;
}

/// How a layer is named in settings: as its operator, with slashes for dots, which separate keys.
std::string settingOf(const std::string& layer) {
  std::string key = layer.substr(0, layer.find('#'));
  std::replace(key.begin(), key.end(), '.', '/');
  return key;
}

/// What a request says beside the numbers of parallel lanes. Its words are in the order of the
/// enumerators.
Folding formOf(const FoldingRequest& request) {
  const auto place = [](const std::string& word, std::initializer_list<const char*> words) {
    const auto at = std::find(words.begin(), words.end(), word);
    return at == words.end() ? 0 : at - words.begin();
  };
  Folding f;
  f.products = static_cast<Products>(place(request.products, {"auto", "dsp", "lut"}));
  f.weights = static_cast<Memory>(
      place(request.weights, {"auto", "distributed", "block", "ultra", "streamed"}));
  f.pumping = static_cast<Pumping>(place(request.pumping, {"none", "memory", "products"}));
  if (request.strategy != "auto")
    f.strategy =
        static_cast<Strategy>(place(request.strategy, {"latency", "resource", "distributed"}));
  return f;
}

/// Words of a stream hold whole channels' shares: simd divides the channels or is a multiple.
bool streams(const Layer& layer, std::int64_t simd) {
  if (layer.kind == LayerKind::depthwise) return true;
  const std::int64_t channels = layer.cin / layer.groups;
  return channels % simd == 0 || simd % channels == 0;
}
/// The largest legal value that is no larger than the one that was asked for.
std::int64_t legalSimd(const Layer& layer, std::int64_t wanted) {
  std::int64_t best = 1;
  for (const std::int64_t d : divisors(layer.matrixWidth()))
    if (d <= wanted && streams(layer, d)) best = d;
  return best;
}
std::int64_t outputsOf(const Layer& layer) {
  return layer.kind == LayerKind::depthwise ? layer.cout : layer.matrixHeight();
}

/// Everything about a layer that decides what its foldings cost and how long they take.
void hashInto(Hasher& h, const Layer& l) {
  const Window& w = l.window;
  for (const std::int64_t v :
       {w.height,         w.width,         w.top,          w.bottom,       w.left,
        w.right,          w.kernelHeight,  w.kernelWidth,  w.strideHeight, w.strideWidth,
        w.dilationHeight, w.dilationWidth, w.spreadHeight, w.spreadWidth,  l.cin,
        l.cout,           l.groups,        l.evenShare,    l.passes,       l.operandTokens,
        l.gates,          l.state,         l.pixels,       l.outPixels})
    h.integer(v);
  for (const int v : {static_cast<int>(l.kind), static_cast<int>(l.cell), l.weightBits, l.inputBits,
                      l.outputBits, l.accumulatorBits, l.weightFraction})
    h.integer(v);
  h.real(l.density);
  for (const bool v :
       {l.binaryProducts, l.ternaryWeights, l.powersOfTwo, l.thresholds, l.averages, l.tabled})
    h.integer(v ? 1 : 0);
  if (l.operandTokens > 0) h.integer(l.inputTokenBits.back());
}

/// Bits of the exponent of weights that are powers of two: wider shifters are no bargain.
constexpr int mostExponentBits = 4;

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
    // Registers of unrolled layers depend on the clock.
    if (style == Style::hls4ml) hasher.real(p.clock.value.value);
    for (const auto& [name, count] : resourceKinds) hasher.integer(budget.*count);
    common_ = hasher.finish();
  }

  Expected<std::vector<Folding>, Refusal> run() {
    for (const auto& [name, request] : p_.layers)
      if (!names(name))
        return Refusal{Refusal::Code::mapping,
                       "folding.layers." + name + " names no layer of this network",
                       "one of the operator names of the workload, with / for each dot"};
    for (const Layer& layer : network_.layers) {
      const auto known = memory_.find(keyOf(layer));
      if (known != memory_.end()) {
        choices_.push_back(&known->second);
        continue;
      }
      LayerChoices found;
      if (const auto refusal = candidates(layer, found.usual)) return *refusal;
      found.other = otherwise(layer, found.usual);
      found.usual = pareto(std::move(found.usual));
      found.other = pareto(std::move(found.other));
      choices_.push_back(&memory_.emplace(keyOf(layer), std::move(found)).first->second);
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
                       [&](const Layer& l) { return settingOf(l.name) == name; });
  }

  void offer(const Layer& layer, const Folding& f, std::vector<FoldingChoice>& list) const {
    FoldingChoice c{f, layerCycles(layer, f, style_, p_), layerResources(layer, f, style_, p_), 0};
    c.weight = weightOf(c.cost, budget_);
    list.push_back(c);
  }

  /// What a style has no unit for.
  std::optional<Refusal> missing(const Layer& layer) const {
    const Window& w = layer.window;
    const auto without = [&](const std::string& what, const char* other) {
      return illegal(layer, what + " in style " + nameOf(style_) + ", which has no unit for it",
                     std::string("style: ") + other);
    };
    if (style_ == Style::finn) {
      if (layer.kind == LayerKind::recurrent) return without("a recurrence", "hls4ml");
      return std::nullopt;
    }
    if (w.spreadHeight * w.spreadWidth > 1) return without("a transposed convolution", "finn");
    if (w.dilationHeight * w.dilationWidth > 1) return without("a dilated kernel", "finn");
    const bool apart = w.kernelHeight == w.strideHeight && w.kernelWidth == w.strideWidth;
    if (layer.kind == LayerKind::pool && w.outPixels() > 1 &&
        (!apart || w.paddedPixels() > w.pixels()))
      return without("a pool whose windows overlap, leave gaps or are padded", "finn");
    return std::nullopt;
  }

  /// Forms that a layer cannot have, and the nearest one that it can.
  std::optional<Refusal> misshapen(const Layer& layer, const FoldingRequest& request, bool own,
                                   Folding& form) const {
    const bool streamed = form.weights == Memory::streamed, finn = style_ == Style::finn;
    if (layer.operandTokens > 0) {
      if (own && (streamed || request.products == "shift"))
        return illegal(layer, "weights of its own: both operands are activations",
                       "weights and products: auto");
      if (form.strategy && form.strategy != Strategy::resource)
        return illegal(layer, "strategy " + request.strategy + ", which needs constant weights",
                       "strategy: resource");
      if (streamed) form.weights = Memory::any;
    }
    if (!finn && (form.weights == Memory::streamed || form.pumping != Pumping::none))
      return illegal(layer, "streamed weights or a second clock in style hls4ml",
                     "weights: auto and pumping: none, or style: finn");
    if (layer.powersOfTwo && (layer.weightBits < 2 || layer.weightBits > mostExponentBits + 1))
      return illegal(
          layer,
          "powers of two of " + std::to_string(layer.weightBits) + " bits, a sign and an exponent",
          "weights of 2 to " + std::to_string(mostExponentBits + 1) + " bits");
    if (form.pumping == Pumping::products && !usesDsp(layer, form.products, p_)) {
      if (own)
        return illegal(layer, "products at twice the clock, which only DSP blocks reach",
                       "products: dsp, or pumping: none");
      form.pumping = Pumping::none;
    }
    return std::nullopt;
  }

  std::optional<Refusal> candidates(const Layer& layer, std::vector<FoldingChoice>& list) const {
    if (auto refusal = missing(layer)) return refusal;
    bool own = false;
    const FoldingRequest& request = requestFor(layer.name, p_, &own);
    if (!layer.hasProducts()) {
      const std::int64_t channels = layer.evenShare > 0 ? layer.evenShare : layer.cin;
      // hls4ml pools all channels of a pixel at once.
      const bool all = layer.kind == LayerKind::pool && style_ == Style::hls4ml;
      for (const std::int64_t pe : divisors(channels))
        if ((!own || request.pe == 0 || request.pe == pe) && (!all || pe == channels))
          offer(layer, {pe, 1, 1}, list);
      if (!list.empty()) return std::nullopt;
      return illegal(layer, "pe " + std::to_string(request.pe),
                     "pe: " + std::to_string(largestDivisor(channels, request.pe)) +
                         ", a divisor of " + std::to_string(channels));
    }
    Folding base = formOf(request);
    if (auto refusal = misshapen(layer, request, own, base)) return refusal;
    return style_ == Style::finn ? finnChoices(layer, request, own, base, list)
                                 : reuseChoices(layer, request, own, base, list);
  }

  /// The same foldings with products elsewhere, where that is possible and nobody decided.
  std::vector<FoldingChoice> otherwise(const Layer& layer,
                                       const std::vector<FoldingChoice>& usual) const {
    std::vector<FoldingChoice> list;
    if (!layer.hasProducts() || usual.empty()) return list;
    if (usual.front().folding.products != Products::byWidth || layer.weightBits < 2) return list;
    const bool inDsp = usesDsp(layer, Products::byWidth, p_);
    if (!inDsp && !usesDsp(layer, Products::dsp, p_)) return list;
    for (const FoldingChoice& c : usual) {
      Folding f = c.folding;
      f.products = inDsp ? Products::lut : Products::dsp;
      offer(layer, f, list);
    }
    return list;
  }

  Refusal illegal(const Layer& layer, const std::string& what, const std::string& legal) const {
    return {Refusal::Code::mapping, "layer '" + layer.name + "' cannot be built with " + what,
            legal};
  }

  std::optional<Refusal> finnChoices(const Layer& layer, FoldingRequest request, bool own,
                                     Folding base, std::vector<FoldingChoice>& list) const {
    const std::int64_t height = outputsOf(layer);
    if (own && (request.reuse > 0 || base.strategy))
      return illegal(layer, "a reuse factor or strategy in style finn",
                     "pe and simd, or style: hls4ml");
    if (request.pe > 0 && height % request.pe != 0) {
      const std::int64_t legal = largestDivisor(height, request.pe);
      if (own)
        return illegal(
            layer,
            "pe " + std::to_string(request.pe) + " for " + std::to_string(height) + " outputs",
            "pe: " + std::to_string(legal));
      request.pe = legal;
    }
    if (request.simd > 0 && !isLegalFinn(layer, 1, request.simd)) {
      const std::int64_t legal = legalSimd(layer, request.simd);
      if (own)
        return illegal(layer,
                       "simd " + std::to_string(request.simd) + " for " +
                           std::to_string(layer.cin / layer.groups) + " channels",
                       "simd: " + std::to_string(legal));
      request.simd = legal;
    }
    for (const std::int64_t pe : divisors(height)) {
      if (request.pe > 0 && pe != request.pe) continue;
      for (const std::int64_t simd : divisors(layer.matrixWidth())) {
        if (request.simd > 0 ? simd != request.simd : !streams(layer, simd)) continue;
        base.pe = pe;
        base.simd = simd;
        offer(layer, base, list);
      }
    }
    return std::nullopt;
  }

  std::optional<Refusal> reuseChoices(const Layer& layer, const FoldingRequest& request, bool own,
                                      Folding base, std::vector<FoldingChoice>& list) const {
    const std::int64_t in = layer.matrixWidth(), out = layer.rows();
    if (own && (request.pe > 0 || request.simd > 0))
      return illegal(layer, "pe or simd in style hls4ml", "a reuse factor, or style: finn");
    if (base.strategy == Strategy::distributed && request.reuse > 1)
      return illegal(layer, "distributed arithmetic and reuse " + std::to_string(request.reuse),
                     "reuse: 1, or strategy: resource");
    if (own && request.reuse > 0 && !isLegalReuse(in, out, request.reuse))
      return illegal(layer,
                     "reuse " + std::to_string(request.reuse) + " for " + std::to_string(in) +
                         " x " + std::to_string(out) + " products",
                     "reuse: " + std::to_string(nearestReuse(in, out, request.reuse)));
    if (request.reuse > 0) {
      // As the generator does: clipped to the products of the layer, then the nearest legal one.
      base.reuse = nearestReuse(in, out, request.reuse);
      offer(layer, base, list);
      return std::nullopt;
    }
    for (const std::int64_t reuse : divisors(in * out)) {
      if (!isLegalReuse(in, out, reuse)) continue;
      if (reuse > 1 && base.strategy && base.strategy != Strategy::resource) continue;
      base.reuse = reuse;
      offer(layer, base, list);
    }
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
  /// A design at a target: the cheapest choice of each layer that keeps it, with products moved
  /// between DSP blocks and LUTs where one of them runs out.
  struct Assembly {
    std::vector<const FoldingChoice*> chosen;
    Resources sum;
  };
  Assembly assemble(std::int64_t target) const {
    Assembly design;
    for (const LayerChoices* layer : choices_) {
      design.chosen.push_back(&at(layer->usual, target));
      design.sum += design.chosen.back()->cost;
    }
    rebalance(design, target, &Resources::dsp, &Resources::lut);
    rebalance(design, target, &Resources::lut, &Resources::dsp);
    return design;
  }
  /// Moves layers, best bargain first, until there is enough of `scarce`.
  void rebalance(Assembly& design, std::int64_t target, std::int64_t Resources::*scarce,
                 std::int64_t Resources::*plenty) const {
    if (design.sum.*scarce <= budget_.*scarce) return;
    struct Move {
      std::size_t layer;
      const FoldingChoice* to;
      double bargain;
    };
    std::vector<Move> moves;
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      if (choices_[i]->other.empty()) continue;
      const FoldingChoice& to = at(choices_[i]->other, target);
      const std::int64_t saved = design.chosen[i]->cost.*scarce - to.cost.*scarce;
      if (saved <= 0 || to.cycles > std::max(target, design.chosen[i]->cycles)) continue;
      const std::int64_t paid =
          std::max<std::int64_t>(to.cost.*plenty - design.chosen[i]->cost.*plenty, 1);
      moves.push_back({i, &to, static_cast<double>(saved) / static_cast<double>(paid)});
    }
    std::stable_sort(moves.begin(), moves.end(),
                     [](const Move& a, const Move& b) { return a.bargain > b.bargain; });
    for (const Move& move : moves) {
      if (design.sum.*scarce <= budget_.*scarce) break;
      Resources after = design.sum;
      after -= design.chosen[move.layer]->cost;
      after += move.to->cost;
      // What would only run out of the other is left as it is.
      if (after.*plenty > budget_.*plenty) continue;
      design.sum = after;
      design.chosen[move.layer] = move.to;
    }
  }
  bool fits(std::int64_t target) const { return !shortfall(assemble(target).sum, budget_, p_); }

  Expected<std::vector<Folding>, Refusal> pick() const {
    // No target below the fastest possible slowest layer changes anything.
    std::int64_t fastest = 1;
    std::vector<std::int64_t> targets;
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      const auto& usual = choices_[i]->usual;
      fastest = std::max({fastest, usual.front().cycles, network_.layers[i].pixels});
      for (const FoldingChoice& c : usual) targets.push_back(c.cycles);
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
    for (const FoldingChoice* choice : assemble(*first).chosen) chosen.push_back(choice->folding);
    return chosen;
  }

  bool requested() const {
    const auto given = [](const FoldingRequest& r) {
      return r.pe > 0 || r.simd > 0 || r.reuse > 0 || r.strategy != "auto";
    };
    return given(p_.everywhere) || std::any_of(p_.layers.begin(), p_.layers.end(),
                                               [&](const auto& l) { return given(l.second); });
  }

  Refusal tooLarge(std::int64_t target) const {
    std::int64_t bits = 0;
    for (const Layer& l : network_.layers)
      if (l.hasProducts() && l.operandTokens == 0 && requestFor(l.name, p_).weights != "streamed")
        bits += l.weights() * l.weightBits;
    return {Refusal::Code::capacity,
            "the pipeline does not fit on " + p_.part +
                (requested() ? " with the parallelism that was asked for: "
                             : " even when folded as far as possible: ") +
                shortfall(assemble(target).sum, budget_, p_).value_or("") + " (" +
                format(Bits(static_cast<double>(bits))) + " of weights stay on the chip)",
            "narrower weights, a smaller network, less explicit parallelism, or a larger device"};
  }

  const Network& network_;
  Style style_;
  const Parameters& p_;
  Resources budget_;
  FoldingMemory& memory_;
  Hash128 common_;                            ///< what all layers of this search have in common
  std::vector<const LayerChoices*> choices_;  ///< per layer, in `memory_`
};

}  // namespace

const FoldingRequest& requestFor(const std::string& layer, const Parameters& p, bool* own) {
  const auto at = p.layers.empty() ? p.layers.end() : p.layers.find(settingOf(layer));
  if (own != nullptr) *own = at != p.layers.end();
  return at != p.layers.end() ? at->second : p.everywhere;
}

bool isLegalFinn(const Layer& layer, std::int64_t pe, std::int64_t simd) {
  return pe >= 1 && simd >= 1 && outputsOf(layer) % pe == 0 && layer.matrixWidth() % simd == 0 &&
         streams(layer, simd);
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

Expected<std::vector<Folding>, Refusal> chooseFoldings(const Network& network, Style style,
                                                       const Parameters& p, const Resources& budget,
                                                       FoldingMemory& memory) {
  return Search(network, style, p, budget, memory).run();
}

}  // namespace wattlas::fpga
