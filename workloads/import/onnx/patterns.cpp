// Chains of small operators -> what they compute. Exporters write norms, GELU, rotary positions and
// attention as products, sums and reductions; hardware runs each of them as one.
#include <algorithm>
#include <cmath>
#include <set>

#include "workloads/import/onnx/model_graph.h"

namespace wattlas::onnx_import {
namespace {

class Patterns {
 public:
  explicit Patterns(ModelGraph& graph) : g_(graph) { connect(); }

  void run() {
    for (std::size_t i = 0; i < g_.nodes.size(); ++i) {
      const Node& node = g_.nodes[i];
      if (node.gone) continue;
      if (node.op == "Add" || node.op == "Sum") bias(static_cast<int>(i));
      if (node.op == "BatchNormalization") batchNorm(static_cast<int>(i));
    }
    for (std::size_t i = 0; i < g_.nodes.size(); ++i) {
      if (g_.nodes[i].gone) continue;
      const int id = static_cast<int>(i);
      const std::string op = g_.nodes[i].op;
      if (op == "Sqrt") norm(id);
      if (op == "Erf" || op == "Tanh") gelu(id);
      if (op == "Sigmoid" || op == "HardSigmoid") swish(id);
      if (op == "Concat") rotary(id);
    }
    for (std::size_t i = 0; i < g_.nodes.size(); ++i)
      if (!g_.nodes[i].gone && g_.nodes[i].op == "Softmax") attention(static_cast<int>(i));
  }

 private:
  void connect() {
    readers_.assign(g_.values.size(), {});
    for (std::size_t i = 0; i < g_.nodes.size(); ++i)
      for (const int in : g_.nodes[i].in)
        if (in >= 0) readers_[in].push_back(static_cast<int>(i));
    for (const int out : g_.outputs) shown_.insert(out);
  }

  int producer(int value) const {
    if (value < 0) return -1;
    const int id = g_.values[value].producer;
    return id >= 0 && !g_.nodes[id].gone ? id : -1;
  }
  /// The node that makes `value`, through those that only rename it.
  int maker(int value,
            std::initializer_list<const char*> through = {"Cast", "Identity", "Dropout"}) const {
    int id = producer(value);
    for (int steps = 0; id >= 0 && steps < 16; ++steps) {
      const Node& node = g_.nodes[id];
      if (std::none_of(through.begin(), through.end(),
                       [&](const char* op) { return node.op == op; }))
        break;
      id = producer(node.in.empty() ? -1 : node.in[0]);
    }
    return id;
  }
  bool is(int id, const char* op) const { return id >= 0 && g_.nodes[id].op == op; }
  /// The only reader of a value that nobody else sees; -1 otherwise.
  int reader(int value) const {
    if (value < 0 || shown_.count(value) > 0) return -1;
    int only = -1;
    for (const int id : readers_[value]) {
      if (g_.nodes[id].gone) continue;
      if (only >= 0 && only != id) return -1;
      only = id;
    }
    return only;
  }
  /// The reader behind casts.
  int next(int id) const {
    int at = reader(g_.nodes[id].out[0]);
    while (is(at, "Cast") || is(at, "Identity")) at = reader(g_.nodes[at].out[0]);
    return at;
  }
  bool constant(int value) const { return value >= 0 && g_.values[value].fixed; }
  bool scalar(int value, double wanted) const {
    const Constant* c = value >= 0 ? g_.values[value].data.get() : nullptr;
    return c != nullptr && c->size() == 1 &&
           std::abs(c->at(0) - wanted) < 1e-3 * std::max(1.0, wanted);
  }
  /// The one input of a node that is no constant; -1 when there are two.
  int flowing(const Node& node) const {
    int found = -1;
    for (const int in : node.in) {
      if (in < 0 || constant(in)) continue;
      if (found >= 0 && found != in) return -1;
      found = in;
    }
    return found;
  }
  int fixedInput(const Node& node) const {
    for (const int in : node.in)
      if (in >= 0 && constant(in)) return in;
    return -1;
  }
  /// Nodes of the chain that nobody outside of it reads.
  void vanish(int last, const std::vector<int>& chain) {
    const std::set<int> inside(chain.begin(), chain.end());
    for (bool changed = true; changed;) {
      changed = false;
      for (const int id : inside) {
        Node& node = g_.nodes[id];
        if (id == last || node.gone) continue;
        bool free = true;
        for (const int out : node.out) {
          if (out < 0) continue;
          free = free && shown_.count(out) == 0;
          for (const int to : readers_[out]) free = free && (to == last || g_.nodes[to].gone);
        }
        node.gone = free;
        changed = changed || free;
      }
    }
  }

  /// `last` becomes one operator `op` of `in`; `chain` vanishes.
  void replace(int last, const char* op, std::vector<int> in, const std::vector<int>& chain) {
    vanish(last, chain);
    Node& node = g_.nodes[last];
    node.op = op;
    node.domain = "pattern";
    node.opset = 23;
    node.attributes.clear();
    node.in = std::move(in);
    for (const int id : node.in)
      if (id >= 0) readers_[id].push_back(last);
  }

  /// A trained vector behind a product or convolution is its bias.
  void bias(int id) {
    Node& add = g_.nodes[id];
    const int vector = fixedInput(add), stream = flowing(add);
    const int from = producer(stream);
    if (add.in.size() != 2 || vector < 0 || from < 0 || reader(stream) != id) return;
    Node& product = g_.nodes[from];
    const bool matrix = product.op == "MatMul" || product.op == "FusedMatMul";
    if (!matrix && product.op != "Conv" && product.op != "ConvTranspose") return;
    if (product.in.size() > 2 || product.times != add.times) return;
    const Value &y = g_.values[stream], &b = g_.values[vector];
    if (!y.known || !b.known || y.dims.empty() || !isFloat(b.type)) return;
    // Only a trained second operand has outputs of its own.
    if (!constant(product.in[1]) || (matrix && g_.values[product.in[1]].dims.size() != 2)) return;
    const std::int64_t outputs = matrix ? y.dims.back() : y.dims.size() > 1 ? y.dims[1] : 0;
    std::int64_t values = 1;
    for (const std::int64_t dim : b.dims) values *= dim > 0 && values < (1LL << 40) ? dim : 1;
    if (values != outputs || g_.values[add.out[0]].dims != y.dims) return;
    product.in.push_back(vector);
    take(product, add);
  }

  /// `to` makes what `from` made; `from` vanishes.
  void take(Node& to, Node& from) {
    to.out = from.out;
    for (const int out : to.out)
      if (out >= 0) g_.values[out].producer = static_cast<int>(&to - g_.nodes.data());
    from.gone = true;
  }

  /// Behind a convolution its scale and shift are part of weights and bias.
  void batchNorm(int id) {
    Node& node = g_.nodes[id];
    const int from = node.in.empty() ? -1 : producer(node.in[0]);
    if (from < 0 || reader(node.in[0]) != id || node.times != g_.nodes[from].times) return;
    Node& conv = g_.nodes[from];
    if ((conv.op != "Conv" && conv.op != "ConvTranspose") || conv.in.size() > 3) return;
    if (node.in.size() < 3 || !constant(node.in[2])) return;
    for (std::size_t i = 1; i < node.out.size(); ++i)
      if (node.out[i] >= 0 && !readers_[node.out[i]].empty()) return;
    conv.in.resize(3, node.in[2]);
    conv.in[2] = node.in[2];
    const std::vector<int> out = {node.out[0]};
    node.out = out;
    take(conv, node);
  }

  /// Sqrt of a mean of squares: a layer norm when the mean was subtracted first, else an RMS norm.
  void norm(int sqrt) {
    const int add = maker(g_.nodes[sqrt].in[0]);
    if (!is(add, "Add") || fixedInput(g_.nodes[add]) < 0) return;
    const int mean = maker(flowing(g_.nodes[add]));
    if (!is(mean, "ReduceMean")) return;
    const int square = maker(g_.nodes[mean].in[0]);
    if (square < 0) return;
    const Node& sq = g_.nodes[square];
    const bool powers = sq.op == "Pow" && scalar(sq.in[1], 2);
    const bool products = sq.op == "Mul" && sq.in.size() == 2 && sq.in[0] == sq.in[1];
    if (!powers && !products) return;
    std::vector<int> chain = {square, mean, add, sqrt};
    int x = sq.in[0];
    const int centre = maker(x);
    bool layer = false;
    if (is(centre, "Sub")) {
      const Node& sub = g_.nodes[centre];
      const int first = maker(sub.in[1]);
      if (is(first, "ReduceMean") && g_.nodes[first].in[0] == sub.in[0]) {
        layer = true;
        chain.push_back(first);
        chain.push_back(centre);
        x = sub.in[0];
      }
    } else if (is(producer(x), "Cast")) {
      x = g_.nodes[producer(x)].in[0];
    }
    // x / sqrt, or the reciprocal of it times x; then gain and offset.
    int last = next(sqrt);
    if (is(last, "Reciprocal")) {
      chain.push_back(last);
      last = next(last);
    }
    if (last < 0 || (g_.nodes[last].op != "Div" && g_.nodes[last].op != "Mul")) return;
    chain.push_back(last);
    if (const int one = last; is(one, "Div") && scalar(g_.nodes[one].in[0], 1)) {
      last = next(one);  // 1 / sqrt as a division
      if (!is(last, "Mul")) return;
      chain.push_back(last);
    }
    int gain = -1, offset = -1;
    if (const int mul = next(last); is(mul, "Mul") && fixedInput(g_.nodes[mul]) >= 0) {
      gain = fixedInput(g_.nodes[mul]);
      chain.push_back(last = mul);
      if (const int shift = next(mul);
          layer && is(shift, "Add") && fixedInput(g_.nodes[shift]) >= 0) {
        offset = fixedInput(g_.nodes[shift]);
        chain.push_back(last = shift);
      }
    }
    const std::int64_t axis = axisOfMean(g_.nodes[mean]);
    for (const int id : chain)
      if (g_.nodes[id].times != g_.nodes[last].times) return;
    std::vector<int> in = {x, gain};
    if (layer) in.push_back(offset);
    replace(last, layer ? "LayerNormalization" : "RMSNormalization", in, chain);
    g_.nodes[last].attributes["axis"].i = axis;
  }

  std::int64_t axisOfMean(const Node& mean) const {
    Sizes axes = mean.list("axes");
    if (const Value* given = g_.in(mean, 1); given != nullptr && given->data)
      axes = given->data->ints;
    return axes.empty() ? -1 : *std::min_element(axes.begin(), axes.end());
  }

  /// x Phi(x): Erf of x / sqrt 2, or Tanh of a cubic; times x / 2 in any order.
  void gelu(int function) {
    std::vector<int> chain = {function};
    int x = -1;
    if (is(function, "Erf")) {
      const int scaled = maker(g_.nodes[function].in[0]);
      if (scaled < 0 || !(is(scaled, "Div") || is(scaled, "Mul"))) return;
      const int by = fixedInput(g_.nodes[scaled]);
      if (!scalar(by, std::sqrt(2.0)) && !scalar(by, std::sqrt(0.5))) return;
      x = flowing(g_.nodes[scaled]);
      chain.push_back(scaled);
    } else {
      x = cubicOf(g_.nodes[function].in[0], chain);
    }
    const int plus = next(function);
    if (x < 0 || !is(plus, "Add") || !scalar(fixedInput(g_.nodes[plus]), 1)) return;
    chain.push_back(plus);
    int last = plus;
    bool multiplied = false;
    for (int step = 0; step < 2; ++step) {
      const int mul = next(last);
      if (!is(mul, "Mul")) break;
      const Node& node = g_.nodes[mul];
      const bool half = scalar(fixedInput(node), 0.5);
      const bool whole = std::find(node.in.begin(), node.in.end(), x) != node.in.end();
      const int other = node.in[0] == g_.nodes[last].out[0] ? node.in[1] : node.in[0];
      const int halved = producer(other);
      const bool both = is(halved, "Mul") && scalar(fixedInput(g_.nodes[halved]), 0.5) &&
                        flowing(g_.nodes[halved]) == x;
      if (!half && !whole && !both) break;
      if (both) chain.push_back(halved);
      multiplied = multiplied || whole || both;
      chain.push_back(last = mul);
    }
    if (multiplied) replace(last, "Gelu", {x}, chain);
  }

  /// 0.7979 (x + 0.0447 x^3): collects its nodes; the x, or -1.
  int cubicOf(int value, std::vector<int>& chain) const {
    const int scaled = maker(value);
    if (!is(scaled, "Mul") || !scalar(fixedInput(g_.nodes[scaled]), 0.7979)) return -1;
    const int sum = maker(flowing(g_.nodes[scaled]));
    if (!is(sum, "Add")) return -1;
    chain.push_back(scaled);
    chain.push_back(sum);
    for (const int side : {0, 1}) {
      const int x = g_.nodes[sum].in[side], cubic = producer(g_.nodes[sum].in[1 - side]);
      if (!is(cubic, "Mul") || !scalar(fixedInput(g_.nodes[cubic]), 0.0447)) continue;
      const int power = producer(flowing(g_.nodes[cubic]));
      if (power < 0) continue;
      chain.push_back(cubic);
      chain.push_back(power);
      if (is(power, "Mul"))
        for (const int in : g_.nodes[power].in)
          if (is(producer(in), "Mul")) chain.push_back(producer(in));
      return x;
    }
    return -1;
  }

  /// x sigmoid(x), and x hard_sigmoid(x).
  void swish(int function) {
    const Node& node = g_.nodes[function];
    const int mul = next(function), x = node.in[0];
    if (!is(mul, "Mul") || g_.nodes[mul].in.size() != 2) return;
    const auto& in = g_.nodes[mul].in;
    if (in[0] != x && in[1] != x) return;
    replace(mul, node.op == "Sigmoid" ? "Swish" : "HardSwish", {x}, {function, mul});
  }

  /// Halves that change places, one negated: x cos + rotated(x) sin.
  void rotary(int concat) {
    const Node& node = g_.nodes[concat];
    if (node.in.size() != 2) return;
    const int neg = maker(node.in[0]);
    if (!is(neg, "Neg")) return;
    const int first = producer(g_.nodes[neg].in[0]), second = producer(node.in[1]);
    if (first < 0 || second < 0) return;
    const int x = g_.nodes[first].in[0];
    if (g_.nodes[second].in[0] != x) return;
    const auto cuts = [&](int id) { return is(id, "Slice") || is(id, "Split"); };
    if (!cuts(first) || !cuts(second)) return;
    const int sine = next(concat);
    const int sum = is(sine, "Mul") ? next(sine) : -1;
    if (!is(sum, "Add")) return;
    const int other =
        g_.nodes[sum].in[0] == g_.nodes[sine].out[0] ? g_.nodes[sum].in[1] : g_.nodes[sum].in[0];
    const int cosine = producer(other);
    if (!is(cosine, "Mul") || g_.nodes[cosine].in.size() != 2) return;
    if (g_.nodes[cosine].in[0] != x && g_.nodes[cosine].in[1] != x) return;
    std::vector<int> chain = {first, second, neg, concat, sine, cosine, sum};
    replace(sum, "RotaryEmbedding", {x}, chain);
  }

  /// Value behind scaling, transposition and copies of heads; the extents of its heads in `heads`.
  int unscaled(int value, std::vector<int>& chain, bool keys, std::int64_t& heads) const {
    for (int steps = 0; steps < 16; ++steps) {
      const int id = producer(value);
      if (id < 0) return value;
      const Node& node = g_.nodes[id];
      const Value& v = g_.values[value];
      if (v.known && v.dims.size() == 4) heads = v.dims[1];
      const bool scales = (node.op == "Mul" || node.op == "Div") && fixedInput(node) >= 0 &&
                          g_.values[fixedInput(node)].known &&
                          product(g_.values[fixedInput(node)].dims) == 1;
      const bool swaps = keys && node.op == "Transpose";
      const bool copies = repeats(id);
      if (!(scales || swaps || copies || node.op == "Cast")) return value;
      if (reader(value) < 0 && !copies) return value;
      if (swaps && !lastTwo(node)) return value;
      chain.push_back(id);
      if (copies) {
        const int expand = node.op == "Reshape" ? producer(node.in[0]) : id;
        const int unsqueeze = producer(g_.nodes[expand].in[0]);
        chain.push_back(expand);
        chain.push_back(unsqueeze);
        value = g_.nodes[unsqueeze].in[0];
        if (g_.values[value].known && g_.values[value].dims.size() == 4)
          heads = g_.values[value].dims[1];
        return value;
      }
      value = flowing(node);
    }
    return value;
  }
  static bool lastTwo(const Node& node) {
    const Sizes order = node.list("perm");
    const std::size_t n = order.size();
    if (n < 2) return false;
    for (std::size_t i = 0; i + 2 < n; ++i)
      if (order[i] != static_cast<std::int64_t>(i)) return false;
    return order[n - 1] == static_cast<std::int64_t>(n) - 2;
  }
  /// Unsqueeze, Expand, Reshape: key heads that serve several query heads.
  bool repeats(int id) const {
    if (!is(id, "Reshape")) return false;
    const int expand = producer(g_.nodes[id].in[0]);
    return is(expand, "Expand") && is(producer(g_.nodes[expand].in[0]), "Unsqueeze");
  }

  /// Softmax between two products of activations.
  void attention(int softmax) {
    std::vector<int> chain = {softmax};
    std::int64_t added = 0;
    int scores = maker(g_.nodes[softmax].in[0]);
    for (int steps = 0; steps < 6 && scores >= 0 && !is(scores, "MatMul"); ++steps) {
      const Node& node = g_.nodes[scores];
      if (reader(node.out[0]) < 0) return;
      chain.push_back(scores);
      int on = flowing(node);
      if (node.op == "Add" || node.op == "Where" || node.op == "Sub") {
        ++added;
        on = -1;
        for (const int in : node.in)  // the scores, not the mask
          if (in >= 0 && !constant(in) && leadsToProduct(in)) on = in;
      } else if (node.op != "Mul" && node.op != "Div" && node.op != "Cast" && node.op != "Tanh") {
        return;
      }
      scores = maker(on);
    }
    if (!is(scores, "MatMul") || reader(g_.nodes[scores].out[0]) < 0) return;
    int product = next(softmax);
    while (is(product, "Where") || is(product, "Dropout")) {
      chain.push_back(product);
      product = next(product);
    }
    if (!is(product, "MatMul")) return;
    const int from = maker(g_.nodes[product].in[0], {"Cast", "Identity", "Dropout", "Where"});
    if (from != softmax) return;
    chain.push_back(scores);
    chain.push_back(product);
    std::int64_t queryHeads = 0, keyHeads = 0, valueHeads = 0;
    const int q = unscaled(g_.nodes[scores].in[0], chain, false, queryHeads);
    const int k = unscaled(g_.nodes[scores].in[1], chain, true, keyHeads);
    const int v = unscaled(g_.nodes[product].in[1], chain, false, valueHeads);
    if (constant(q) || constant(k) || constant(v)) return;
    // Extents as the products see them: [batch..., queries, width] x [batch..., width, keys].
    const Value &a = g_.values[g_.nodes[scores].in[0]], &b = g_.values[g_.nodes[scores].in[1]],
                &c = g_.values[g_.nodes[product].in[1]];
    if (!a.known || !b.known || !c.known || a.dims.size() < 3 || a.dims.size() > 4 ||
        b.dims.size() != a.dims.size() || c.dims.size() != a.dims.size())
      return;
    const std::size_t n = a.dims.size();
    Node& last = g_.nodes[product];
    for (const int id : chain)
      if (g_.nodes[id].times != last.times) return;
    const std::int64_t heads = n == 4 ? a.dims[1] : a.dims[0];
    const std::int64_t own = n == 4 && keyHeads > 0 ? keyHeads : heads;
    replace(product, "FoundAttention", {q, k, v}, chain);
    const auto put = [&](const char* key, std::int64_t value) { last.attributes[key].i = value; };
    put("batch", n == 4 ? a.dims[0] : 1);
    put("heads", heads);
    put("kv_heads", heads % own == 0 ? own : heads);
    put("queries", a.dims[n - 2]);
    put("width", a.dims[n - 1]);
    put("keys", b.dims[n - 1]);
    put("value", c.dims[n - 1]);
    put("score_ops", added);
  }
  bool leadsToProduct(int value) const {
    int id = maker(value);
    for (int steps = 0; steps < 6 && id >= 0; ++steps) {
      if (is(id, "MatMul")) return true;
      id = maker(flowing(g_.nodes[id]));
    }
    return false;
  }

  ModelGraph& g_;
  std::vector<std::vector<int>> readers_;
  std::set<int> shown_;
};

}  // namespace

void recognisePatterns(ModelGraph& graph) {
  Patterns(graph).run();
}

}  // namespace wattlas::onnx_import
