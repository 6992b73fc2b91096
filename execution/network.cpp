#include "execution/network.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "models/base/error.h"
#include "workloads/graph/kind.h"

namespace wattlas {
namespace {

constexpr std::int64_t mostValues = std::int64_t{1} << 28;  ///< of one tensor of one sample

/// Why an operator cannot be executed; thrown and collected.
struct Refusal {
  std::string what;
};

class NetworkMaker {
 public:
  explicit NetworkMaker(const Workload& workload)
      : graph_(workload.phases.front().graph),
        encoder_(workload.phases.front().kind == PhaseKind::inference && workload.family == "llm") {
    network_.name = workload.title.empty() ? workload.id : workload.title;
  }

  ExecutableNetwork make() {
    const std::vector<OpId> order = graph_.order();
    for (std::size_t i = 0; i < order.size() && problems_.empty();) {
      const Operator& op = graph_.at(order[i]);
      std::size_t end = i + 1;
      if (!op.block.empty() && op.count > 1)
        while (end < order.size() && graph_.at(order[end]).block == op.block) ++end;
      const std::int64_t times = op.block.empty() ? 1 : op.count;
      if (op.block.empty() && op.count > 1) refuse(op, "runs several times outside of a block");
      repeat({order.begin() + static_cast<std::ptrdiff_t>(i),
              order.begin() + static_cast<std::ptrdiff_t>(end)},
             times);
      i = end;
    }
    for (const Step& s : network_.steps)
      if (s.op.kind == OpKind::rope && s.heads == 0)
        refuse(s.op, "turns positions of no attention that follows");
    problems_.finish();
    absorbClamps();
    return std::move(network_);
  }

 private:
  void refuse(const Operator& op, const std::string& why) {
    problems_.add({}, "operator '" + op.name + "' (" + nameOf(op.kind) + ")", why,
                  "a network of conv, dense, pools, add, multiply, concat, softmax, norms, "
                  "activations, attention, embedding, rotary positions, lstm, gru, upsample");
  }

  /// Operators of a block, `times` one after the other; each repetition reads the one before.
  void repeat(const std::vector<OpId>& ops, std::int64_t times) {
    const std::set<OpId> inside(ops.begin(), ops.end());
    std::int64_t entry = -1;  // what a later repetition reads instead of the block's own input
    for (std::int64_t t = 0; t < times; ++t) {
      for (const OpId id : ops) {
        const Operator& op = graph_.at(id);
        std::vector<std::size_t> inputs;
        for (const OpId from : graph_.producers(id))
          inputs.push_back(inside.count(from) == 0 && entry >= 0 ? static_cast<std::size_t>(entry)
                                                                 : valueOf_.at(from));
        try {
          step(op, std::move(inputs), entry, times > 1 ? nameIn(op, t) : op.name);
        } catch (const Refusal& refusal) {
          refuse(op, refusal.what);
          return;
        }
        valueOf_[id] = network_.steps.size();
      }
      entry = static_cast<std::int64_t>(network_.steps.size());
    }
  }

  /// BLOCK.2.NAME; names of layers begin with their block, those of transformers do not.
  static std::string nameIn(const Operator& op, std::int64_t repetition) {
    const std::string front = op.block + ".";
    return front + std::to_string(repetition) + "." +
           (op.name.starts_with(front) ? op.name.substr(front.size()) : op.name);
  }

  void step(const Operator& op, std::vector<std::size_t> inputs, std::int64_t entry,
            const std::string& name) {
    const bool joins =
        op.kind == OpKind::add || op.kind == OpKind::multiply || op.kind == OpKind::elementwise;
    const auto wanted =
        static_cast<std::size_t>(joins ? op.dims[Dim::inputs] + op.dims[Dim::smallInputs] : 1);
    const std::size_t first = entry >= 0 ? static_cast<std::size_t>(entry) : 0;
    // Edges come from operators only: an input that is missing is that of the network or block.
    while (inputs.size() < wanted) inputs.push_back(first);
    Step s;
    s.name = name;
    s.op = op;
    s.inputs = std::move(inputs);
    if (s.inputs.size() > wanted && op.kind != OpKind::concat && op.kind != OpKind::attention)
      throw Refusal{"reads " + std::to_string(s.inputs.size()) + " operators"};
    const bool reads = std::find(s.inputs.begin(), s.inputs.end(), 0u) != s.inputs.end();
    if (reads) takeInput(op);
    shape(s);
    if (s.out.values() > mostValues) throw Refusal{"has more than 2^28 outputs"};
    network_.steps.push_back(std::move(s));
  }

  /// The first operators say what a sample is.
  void takeInput(const Operator& op) {
    PlaneShape in;
    const Dims& d = op.dims;
    if (isConvolution(op.kind) || op.kind == OpKind::pool || op.kind == OpKind::upsample)
      in = {d[Dim::cin], d[Dim::depth], d[Dim::height], d[Dim::width]};
    else if (op.kind == OpKind::gemm)
      in = {d[Dim::K], 1, 1, d[Dim::M]};
    else if (isRecurrent(op.kind))
      in = {d[Dim::K], 1, 1, d[Dim::steps]};
    else if (op.kind == OpKind::embedding)
      in = {1, 1, 1, d[Dim::M]};
    else if (op.kind == OpKind::activation || op.kind == OpKind::norm ||
             op.kind == OpKind::softmax || op.kind == OpKind::add || op.kind == OpKind::multiply)
      in = {d[Dim::N] * (isGated(op.variant) ? 2 : 1), 1, 1, d[Dim::M]};
    else
      throw Refusal{"cannot be the first one"};
    const bool tokens = op.kind == OpKind::embedding;
    if (tokens && known_)
      throw Refusal{"reads rows that the workload does not describe (a second table)"};
    if (known_ && in.values() != network_.input.values()) throw Refusal{"reads another input"};
    if (!known_ || (in.places() > network_.input.places() && in.channels > 1)) network_.input = in;
    network_.tokens = tokens || network_.tokens;
    known_ = true;
  }

  void shape(Step& s) {
    const PlaneShape in = network_.shapeOf(s.inputs.front());
    const Dims& d = s.op.dims;
    s.out = in;
    switch (s.op.kind) {
      case OpKind::conv1d:
      case OpKind::conv2d:
      case OpKind::conv3d:
      case OpKind::convTranspose:
      case OpKind::pool:
        return window(s, in);
      case OpKind::gemm:
        return dense(s, in);
      case OpKind::activation:
        if (s.op.variant == OpVariant::clip) throw Refusal{"has no bounds to clip at"};
        if (isGated(s.op.variant)) s.out.channels /= 2;
        return expect(s.out.channels, d[Dim::N]);
      case OpKind::norm:
      case OpKind::softmax:
        return expect(std::max(in.channels, d[Dim::N]), d[Dim::N]);
      case OpKind::add:
      case OpKind::multiply:
      case OpKind::elementwise:
        return combination(s);
      case OpKind::concat:
        s.out.channels = 0;
        for (const std::size_t value : s.inputs) s.out.channels += network_.shapeOf(value).channels;
        if (s.out.channels != d[Dim::N])
          throw Refusal{"joins the network's input at a place that the graph does not give"};
        return;
      case OpKind::upsample:
        if (s.op.variant != OpVariant::none) throw Refusal{"interpolates; nearest is executed"};
        s.out = {in.channels, d[Dim::outDepth], d[Dim::outHeight], d[Dim::outWidth]};
        return;
      case OpKind::embedding:
        s.out = {d[Dim::N], 1, 1, d[Dim::M]};
        return;
      case OpKind::attention:
        return attention(s, in);
      case OpKind::lstm:
      case OpKind::gru:
        if (d[Dim::M] != 1 || in.height > 1 || in.depth > 1)
          throw Refusal{"is executed over one sequence of rows"};
        expect(in.channels, d[Dim::K]);
        expect(in.places(), d[Dim::steps]);
        s.out = {d[Dim::N] * d[Dim::directions], 1, 1, d[Dim::steps]};
        s.weights.directions.resize(static_cast<std::size_t>(d[Dim::directions]));
        return;
      case OpKind::slice:
        if (d[Dim::N] != in.channels || d[Dim::M] >= in.places() || !isRecurrent(before(s)))
          throw Refusal{"takes a part that the graph does not describe"};
        s.firstPlace = in.places() - d[Dim::M];  // the last steps
        s.out = {in.channels, 1, 1, d[Dim::M]};
        return;
      case OpKind::rope:
        return expect(in.places(), d[Dim::M]);
      default:
        throw Refusal{"is not executed"};
    }
  }

  OpKind before(const Step& s) const {
    return s.inputs.front() == 0 ? OpKind::reshape : network_.steps[s.inputs.front() - 1].op.kind;
  }

  static void expect(std::int64_t has, std::int64_t needs) {
    if (has != needs)
      throw Refusal{"reads " + std::to_string(has) + " channels where it describes " +
                    std::to_string(needs)};
  }

  static void window(Step& s, const PlaneShape& in) {
    const Dims& d = s.op.dims;
    expect(in.channels, d[Dim::cin]);
    if (in.places() != d[Dim::depth] * d[Dim::height] * d[Dim::width])
      throw Refusal{"reads " + in.text()};
    const bool adaptive = s.op.variant == OpVariant::adaptive;
    s.out.channels = s.op.kind == OpKind::pool ? in.channels : d[Dim::cout];
    s.out.depth = adaptive ? d[Dim::outDepth] : outputDepth(s.op);
    s.out.height = adaptive ? d[Dim::outHeight] : outputHeight(s.op);
    s.out.width = adaptive ? d[Dim::outWidth] : outputWidth(s.op);
    if (isConvolution(s.op.kind))
      channelsLast(s, windowOf(s.op, in, s.out).kernelPlaces(), in.channels / d[Dim::groups]);
  }

  void dense(Step& s, const PlaneShape& in) {
    const Dims& d = s.op.dims;
    if (!s.op.hasWeights) throw Refusal{"multiplies two activations of unknown layout"};
    if (in.channels == d[Dim::K] && in.places() == d[Dim::M]) {
      s.out.channels = d[Dim::N];
      return;
    }
    // A head reads the last rows of what was understood so far, an encoder's the first.
    if (in.channels == d[Dim::K] && d[Dim::M] < in.places()) {
      s.firstPlace = encoder_ ? 0 : in.places() - d[Dim::M];
      s.out = {d[Dim::N], 1, 1, d[Dim::M]};
      return;
    }
    if (in.values() != d[Dim::K] || d[Dim::M] != 1)
      throw Refusal{"reads " + in.text() + " where it describes " + std::to_string(d[Dim::M]) +
                    " rows of " + std::to_string(d[Dim::K])};
    // Archives count channels first, values lie channels last.
    channelsLast(s, in.places(), in.channels);
    s.out = {d[Dim::N], 1, 1, 1};
  }

  static void channelsLast(Step& s, std::int64_t places, std::int64_t channels) {
    if (places < 2 || channels < 2) return;
    for (std::int64_t p = 0; p < places; ++p)
      for (std::int64_t c = 0; c < channels; ++c)
        s.order.push_back(static_cast<std::int32_t>(c * places + p));
  }

  void combination(Step& s) {
    using V = OpVariant;
    const V v = s.op.variant;
    if (s.op.kind == OpKind::elementwise &&
        ((v != V::subtract && v != V::maximum && v != V::minimum) || s.inputs.size() != 2))
      throw Refusal{std::string("variant ") + wattlas::nameOf(v) + " is not executed"};
    for (const std::size_t value : s.inputs)
      if (network_.shapeOf(value).values() > s.out.values()) s.out = network_.shapeOf(value);
    for (const std::size_t value : s.inputs) {
      const PlaneShape& in = network_.shapeOf(value);
      const auto fits = [](std::int64_t own, std::int64_t all) { return own == 1 || own == all; };
      if (!fits(in.channels, s.out.channels) || !fits(in.depth, s.out.depth) ||
          !fits(in.height, s.out.height) || !fits(in.width, s.out.width))
        throw Refusal{"joins " + s.out.text() + " and " + in.text()};
    }
  }

  void attention(Step& s, const PlaneShape& in) {
    const Dims& d = s.op.dims;
    const std::int64_t size = d[Dim::headDim];
    if (d[Dim::latent] > 0 || d[Dim::scoreOps] > 0 || d[Dim::queries] != d[Dim::keys] ||
        valueDim(s.op) != size || d[Dim::batch] != 1 || s.inputs.size() != 1)
      throw Refusal{
          "is executed over one projection to queries, keys and values of its own "
          "tokens only"};
    expect(in.channels, (d[Dim::heads] + 2 * d[Dim::kvHeads]) * size);
    expect(in.places(), d[Dim::queries]);
    s.out.channels = d[Dim::heads] * size;
    // Positions are turned before: only here is it known how wide a head is.
    if (s.inputs.front() == 0) return;
    Step& before = network_.steps[s.inputs.front() - 1];
    if (before.op.kind != OpKind::rope) return;
    before.heads = d[Dim::heads] + d[Dim::kvHeads];
    before.headDim = size;
    before.rotated = before.op.dims[Dim::N] / before.heads;
    if (before.rotated > size || before.rotated % 2 != 0 ||
        before.rotated * before.heads != before.op.dims[Dim::N])
      throw Refusal{"reads positions that turn no equal part of every head"};
  }

  void absorbClamps() {
    std::vector<int> readers(network_.steps.size() + 1, 0);
    for (const Step& s : network_.steps)
      for (const std::size_t value : s.inputs) ++readers[value];
    for (std::size_t i = 0; i < network_.steps.size(); ++i) {
      const Step& s = network_.steps[i];
      if (s.op.kind != OpKind::activation || !isClamp(s.op.variant) || s.inputs.front() == 0)
        continue;
      Step& from = network_.steps[s.inputs.front() - 1];
      const bool sums = isConvolution(from.op.kind) || from.op.kind == OpKind::gemm ||
                        from.op.kind == OpKind::add || from.op.kind == OpKind::norm;
      if (sums && readers[s.inputs.front()] == 1) from.clampedBy = i;
    }
  }

  const Graph& graph_;
  const bool encoder_;
  ExecutableNetwork network_;
  Problems problems_;
  std::map<OpId, std::size_t> valueOf_;
  bool known_ = false;
};

}  // namespace

std::string PlaneShape::text() const {
  std::string text = std::to_string(channels) + " channels";
  if (depth > 1) text += " x " + std::to_string(depth);
  if (height > 1 || depth > 1) text += " x " + std::to_string(height);
  if (places() > 1) text += " x " + std::to_string(width);
  return text;
}

std::int64_t ExecutableNetwork::macs() const {
  std::int64_t sum = 0;
  for (const Step& s : steps) sum += costOf(s.op).macs;
  return sum;
}

ExecutableNetwork makeExecutable(const Workload& workload) {
  if (workload.phases.empty() || workload.phases.front().graph.size() == 0)
    throw InputError("workload '" + workload.id + "' has no operators");
  return NetworkMaker(workload).make();
}

WindowGeometry windowOf(const Operator& op, const PlaneShape& in, const PlaneShape& out) {
  return {{windowAxis(op, Axis::depth), windowAxis(op, Axis::height), windowAxis(op, Axis::width)},
          in,
          out,
          op.kind == OpKind::convTranspose};
}

bool isConvolution(OpKind kind) {
  return kind == OpKind::conv1d || kind == OpKind::conv2d || kind == OpKind::conv3d ||
         kind == OpKind::convTranspose;
}

bool isRecurrent(OpKind kind) {
  return kind == OpKind::lstm || kind == OpKind::gru;
}

bool isClamp(OpVariant variant) {
  return variant == OpVariant::relu || variant == OpVariant::relu6;
}

double valueOf(OpVariant variant, double x) {
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  using V = OpVariant;
  switch (variant) {
    case V::relu:
    case V::reluMul:
      return std::max(x, 0.0);
    case V::relu6:
      return std::clamp(x, 0.0, 6.0);
    case V::gelu:
    case V::geluMul:
      return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
    case V::silu:
    case V::siluMul:
      return x * sigmoid(x);
    case V::sigmoid:
    case V::glu:
      return sigmoid(x);
    case V::tanh:
      return std::tanh(x);
    case V::hardSigmoid:
      return std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case V::hardSwish:
      return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case V::leakyRelu:
      return x >= 0 ? x : 0.01 * x;
    case V::elu:
      return x >= 0 ? x : std::expm1(x);
    case V::softplus:
      return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0);
    case V::mish:
      return x * std::tanh(std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0));
    case V::exponential:
      return std::exp(x);
    case V::logarithm:
      return std::log(x);
    case V::squareRoot:
      return std::sqrt(x);
    case V::reciprocal:
      return 1 / x;
    case V::error:
      return std::erf(x);
    case V::sine:
      return std::sin(x);
    case V::absolute:
      return std::abs(x);
    case V::negative:
      return -x;
    case V::round:
      return std::nearbyint(x);
    default:
      throw std::logic_error("a variant that is no function of one value");
  }
}

}  // namespace wattlas
