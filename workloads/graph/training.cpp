// One step of training: the kinds say what their gradients are, this pass joins them to graphs.
#include "workloads/graph/training.h"

#include <algorithm>
#include <utility>

namespace wattlas {
namespace {

std::size_t index(OpId id) {
  return static_cast<std::size_t>(id);
}

/// Whether an entry of `frozen` or `bias_only` names an operator or the front of its name.
bool names(const std::string& entry, const std::string& name) {
  return name.starts_with(entry) && (name.size() == entry.size() || name[entry.size()] == '.');
}

/// Rows and width of what an operator makes.
Operator shapedLike(const Operator& op, const OpCost& cost, const char* suffix, OpKind kind) {
  Operator out = Derivative{op}.make(suffix, kind);
  const auto values = static_cast<std::int64_t>(cost.output.value / op.formats.activation.bits);
  const bool rows = specOf(op.kind).hasDim(Dim::N) && values % op.dims[Dim::N] == 0;
  out.dims[Dim::N] = rows ? op.dims[Dim::N] : values;
  out.dims[Dim::M] = values / out.dims[Dim::N];
  return out;
}

class TrainingStep {
 public:
  explicit TrainingStep(Workload& workload) : w_(workload), o_(workload.options.train) {}

  void run() {
    prepare(w_.phases.front());
    choose();
    if (o_.memoryLimit.value > 0) fit();
    t_.reach();
    requireDerivatives();
    Phase forward = std::move(w_.phases.front());
    w_.phases.clear();
    w_.training = memory();
    add(PhaseKind::forward, withLoss(), forward.tokens);
    if (t_.recompute) add(PhaseKind::recompute, Graph(t_.graph));
    if (!t_.local) add(PhaseKind::backwardData, backwardData());
    add(PhaseKind::backwardWeight, backwardWeight());
    if (o_.optimizer != "none") {
      add(PhaseKind::update, update());
      w_.phases.back().repeat = 1;
    }
    w_.options.batch *= o_.microBatches;
    note();
  }

 private:
  void add(PhaseKind kind, Graph graph, std::int64_t tokens = 0) {
    if (graph.size() == 0) return;
    Phase phase;
    phase.kind = kind;
    phase.graph = std::move(graph);
    phase.repeat = o_.microBatches;
    phase.tokens = tokens * o_.microBatches;
    phase.live = w_.training.activations;
    if (o_.optimizer == "none") phase.live += w_.training.gradients;  // else with the update
    w_.phases.push_back(std::move(phase));
  }

  /// The forward pass as training runs it: no cache of keys, norms on their own, statistics of
  /// batch norms computed.
  void prepare(Phase& phase) {
    if (phase.repeat > 1)
      throw InputError("workload '" + w_.id + "' runs its " + nameOf(phase.kind) + " phase " +
                           std::to_string(phase.repeat) + " times, which is no step of training",
                       "a first phase that runs once");
    const Graph& from = phase.graph;
    std::vector<OpId> now(from.size());
    for (const OpId id : from.order()) {
      Operator op = from.at(id);
      setFormats(op);
      op.cached = op.growsWithContext = false;
      if (op.kind == OpKind::attention) op.dims[Dim::newKeys] = -1;
      const bool folded = std::exchange(op.foldedNorm, false);
      if (folded) op.hasBias = false;
      const OpCost cost = costOf(op);
      const bool batchNorm = op.kind == OpKind::norm && op.variant == OpVariant::batch;
      Operator norm = shapedLike(op, cost, folded ? ".norm" : "", OpKind::norm);
      const std::vector<OpId> producers = from.producers(id);
      OpId stats = -1;
      if (batchNorm && !producers.empty()) stats = statistics(op, now[index(producers.front())]);
      const OpId mine = t_.graph.add(std::move(op));
      for (const OpId p : producers) t_.graph.connect(now[index(p)], mine);
      if (stats >= 0) t_.graph.connect(stats, mine);
      now[index(id)] = mine;
      if (!folded) continue;
      norm.formats.activation = t_.graph.at(mine).formats.activation;
      norm.variant = OpVariant::batch;
      norm.hasWeights = true;
      norm.dims[Dim::M] = Exact(norm.dims[Dim::M]) * norm.dims[Dim::N];
      norm.dims[Dim::N] =
          t_.graph.at(mine).dims[t_.graph.at(mine).kind == OpKind::gemm ? Dim::N : Dim::cout];
      norm.dims[Dim::M] /= norm.dims[Dim::N];
      stats = statistics(norm, mine);
      now[index(id)] = t_.graph.addAfter(mine, std::move(norm));
      t_.graph.connect(stats, now[index(id)]);
    }
    t_.order = t_.graph.order();
    t_.recompute = o_.recompute == "full";
    t_.local = o_.rule == "local";
    t_.trained.assign(t_.graph.size(), Trained::nothing);
    t_.inside.assign(t_.graph.size(), 0);
    for (OpId id = 0; id < static_cast<OpId>(t_.graph.size()); ++id) {
      const Operator& op = t_.graph.at(id);
      t_.costs.push_back(costOf(op));
      t_.inside[index(id)] = statistics_.count(id) > 0 ? 1 : 0;
      Derivative derivative{op};
      if (const auto derive = specOf(op.kind).derive; derive != nullptr) derive(derivative);
      // The mask beside the values is no part of the tensor that flows on.
      if (op.variant == OpVariant::dropout)
        t_.costs.back().output = t_.costs.back().output - derivative.extra;
      t_.derivatives.push_back(std::move(derivative));
    }
  }

  OpId statistics(const Operator& norm, OpId from) {
    Operator op = Derivative{norm}.sum(".stats", norm.dims[Dim::N], norm.dims[Dim::M]);
    op.formats.activation = norm.formats.activation;
    op.variant = OpVariant::mean;
    const OpId id = t_.graph.addAfter(from, std::move(op));
    statistics_.insert(id);
    return id;
  }

  void setFormats(Operator& op) const {
    if (o_.gradient != "own") op.formats.gradient = parseNumberFormat(o_.gradient);
    op.formats.optimizer = o_.state == "own" ? op.formats.weight : parseNumberFormat(o_.state);
  }

  void choose() {
    std::vector<std::string> all;
    std::set<std::string> used;
    bool any = false;
    for (const OpId id : t_.order) {
      const Operator& op = t_.graph.at(id);
      all.push_back(op.name);
      Trained& trained = t_.trained[index(id)];
      if (t_.costs[index(id)].parameters == 0) continue;
      trained = Trained::all;
      for (const std::string& entry : o_.biasOnly)
        if (names(entry, op.name)) {
          trained = op.hasBias ? Trained::bias : Trained::nothing;
          used.insert(entry);
        }
      for (const std::string& entry : o_.frozen)
        if (names(entry, op.name) ||
            (!op.sharesWeightsOf.empty() && names(entry, op.sharesWeightsOf))) {
          trained = Trained::nothing;
          used.insert(entry);
        }
      any = any || trained != Trained::nothing;
    }
    for (const auto* list : {&o_.frozen, &o_.biasOnly})
      for (const std::string& entry : *list)
        if (used.count(entry) == 0)
          throw InputError("train: no operator with weights is named '" + entry + "'",
                           "an operator or the front of its name", didYouMean(entry, all));
    if (!any)
      throw InputError("workload '" + w_.id + "' has nothing to train",
                       "weights that are not frozen");
  }

  /// Sparse update: from the last layer on, first the weights and then, further back, the biases of
  /// as many layers as the memory holds.
  void fit() {
    const std::vector<Trained> allowed = t_.trained;
    std::fill(t_.trained.begin(), t_.trained.end(), Trained::nothing);
    bool any = false;
    for (const Trained level : {Trained::all, Trained::bias})
      for (auto at = t_.order.rbegin(); at != t_.order.rend(); ++at) {
        const std::size_t i = index(*at);
        if (allowed[i] < level || t_.trained[i] >= level ||
            !t_.graph.at(*at).sharesWeightsOf.empty() ||
            (level == Trained::bias && !t_.graph.at(*at).hasBias))
          continue;
        const Trained before = std::exchange(t_.trained[i], level);
        t_.reach();
        if (trainable() && memory().total().value <= o_.memoryLimit.value)
          any = true;
        else
          t_.trained[i] = before;
      }
    if (!any)
      throw InputError("train: nothing can be trained within " + format(o_.memoryLimit),
                       "a higher train.memory_limit, or a smaller batch");
  }

  /// Every operator that a gradient has to go through has a derivative.
  bool trainable() const {
    return std::all_of(t_.order.begin(), t_.order.end(),
                       [&](OpId id) { return differentiable(id); });
  }
  bool differentiable(OpId id) const {
    const bool asked = t_.local ? t_.trained[index(id)] != Trained::nothing
                                : t_.reached[index(id)] != 0 && t_.inside[index(id)] == 0;
    return !asked ||
           (specOf(t_.graph.at(id).kind).derive != nullptr && !t_.derivatives[index(id)].none);
  }
  void requireDerivatives() const {
    for (const OpId id : t_.order) {
      const Operator& op = t_.graph.at(id);
      if (!differentiable(id))
        throw InputError("operator '" + op.name + "' (" + nameOf(op.kind) +
                             ") has no derivative here, and a gradient has to go through it",
                         "operators that can be trained through",
                         "train.frozen for it and everything before it");
    }
  }

  TrainingMemory memory() const {
    TrainingMemory m;
    for (const OpId id : t_.order) {
      const Operator& op = t_.graph.at(id);
      const OpCost& cost = t_.costs[index(id)];
      if (cost.parameters == 0 || !op.sharesWeightsOf.empty()) continue;
      const auto copies = static_cast<double>(op.weightCopies());
      if (t_.trained[index(id)] == Trained::nothing) {
        m.frozenWeights += cost.weights * copies;
        continue;
      }
      const double values = static_cast<double>(trainedValues(id)) * copies;
      const double share = values / copies / static_cast<double>(cost.parameters);
      m.weights += cost.weights * (copies * share);
      m.frozenWeights += cost.weights * (copies * (1 - share));
      m.gradients += Bits(values * op.formats.gradient.bits);
      if (o_.optimizer != "none")
        m.optimizer +=
            costOf(stepOf(id)).weights * copies - Bits(values * op.formats.gradient.bits);
    }
    m.activations = activationPeak(t_);
    return m;
  }

  std::int64_t trainedValues(OpId id) const {
    if (t_.trained[index(id)] == Trained::all) return t_.costs[index(id)].parameters;
    Exact values = 0;
    for (const Operator& sum : t_.derivatives[index(id)].bias) values += sum.dims[Dim::M];
    return values;
  }

  Operator stepOf(OpId id) const {
    const Operator& op = t_.graph.at(id);
    Operator step = Derivative{op}.make(".update", OpKind::optimizerStep);
    step.variant = *variantNamed(o_.optimizer);
    step.dims[Dim::M] = trainedValues(id);
    step.dims[Dim::N] = 1;
    step.count = op.weightCopies();
    if (step.count != op.count) step.block.clear();
    return step;
  }

  Graph withLoss() const {
    Graph graph = t_.graph;
    if (o_.loss == "none" || t_.local) return graph;
    const bool entropy = o_.loss == "cross_entropy";
    for (const OpId id : t_.order) {
      const Operator& op = t_.graph.at(id);
      if (!t_.graph.consumers(id).empty() || (entropy && op.kind == OpKind::softmax)) continue;
      Operator loss = shapedLike(op, t_.costs[index(id)], ".loss",
                                 entropy ? OpKind::softmax : OpKind::elementwise);
      loss.formats.activation = op.formats.activation;
      if (!entropy) loss.variant = OpVariant::subtract;
      graph.addAfter(id, std::move(loss));
    }
    return graph;
  }

  Graph backwardData() const {
    Graph graph;
    std::vector<OpId> gives(t_.graph.size(), -1);  // what made the gradient of an operator's inputs
    for (auto at = t_.order.rbegin(); at != t_.order.rend(); ++at) {
      const OpId id = *at;
      if (t_.reached[index(id)] == 0 || t_.inside[index(id)] != 0) continue;
      bool answered = false;
      const OpId gradient = arriving(graph, id, gives, answered);
      gives[index(id)] = gradient;
      if (answered || !t_.passesBack(id)) continue;
      const Operator& forward = t_.graph.at(id);
      for (Operator op : t_.derivatives[index(id)].data) {
        if (op.hasWeights) {
          op.sharesWeightsOf =
              forward.sharesWeightsOf.empty() ? forward.name : forward.sharesWeightsOf;
          op.storedCount = forward.storedCount;
        }
        gives[index(id)] = graph.addAfter(gradient, std::move(op));
      }
    }
    return graph;
  }

  /// The gradient of an operator's output: of the loss, or the sum of those of its readers.
  /// `answered`: it is already that of its input, since the loss goes through a softmax.
  OpId arriving(Graph& graph, OpId id, const std::vector<OpId>& gives, bool& answered) const {
    const Operator& op = t_.graph.at(id);
    std::vector<OpId> parts;
    std::int64_t readers = 0, runs = op.count;
    std::string block = op.block;
    for (const OpId reader : t_.graph.consumers(id)) {
      if (t_.inside[index(reader)] != 0) continue;
      ++readers;
      // The first of the runs of a block stands for all of them: each run's input has these
      // readers.
      if (t_.graph.at(reader).count > runs && block.empty()) {
        runs = t_.graph.at(reader).count;
        block = t_.graph.at(reader).block;
      }
      if (gives[index(reader)] >= 0) parts.push_back(gives[index(reader)]);
    }
    if (t_.graph.consumers(id).empty() && o_.loss != "none") {
      Operator difference = shapedLike(op, t_.costs[index(id)], ".dloss", OpKind::elementwise);
      difference.variant = OpVariant::subtract;
      answered = o_.loss == "cross_entropy" && op.kind == OpKind::softmax;
      return graph.add(std::move(difference));
    }
    // The parts of a split output lie beside each other; others are summed.
    if (readers < 2 || op.kind == OpKind::split) return parts.empty() ? -1 : parts.front();
    Operator sum = shapedLike(op, t_.costs[index(id)], ".dsum", OpKind::add);
    sum.dims[Dim::inputs] = readers;
    sum.count = runs;
    sum.block = block;
    const OpId made = graph.add(std::move(sum));
    for (const OpId part : parts) graph.connect(part, made);
    return made;
  }

  Graph backwardWeight() const {
    Graph graph;
    for (auto at = t_.order.rbegin(); at != t_.order.rend(); ++at) {
      const OpId id = *at;
      const Trained trained = t_.trained[index(id)];
      if (trained == Trained::nothing) continue;
      const Derivative& d = t_.derivatives[index(id)];
      if (t_.local) {
        Operator loss = shapedLike(d.op, t_.costs[index(id)], ".dloss", OpKind::elementwise);
        loss.variant = OpVariant::subtract;
        graph.add(std::move(loss));
      }
      if (trained == Trained::all)
        for (const Operator& op : d.weight) graph.add(op);
      for (const Operator& op : d.bias) graph.add(op);
      // Gradients of parts of a batch, and of weights that are used twice, add up.
      const bool again = !d.op.sharesWeightsOf.empty() && d.op.storedCount == 0;
      if (o_.microBatches == 1 && !again) continue;
      Operator sum = d.make(".accumulate", OpKind::add);
      sum.dims[Dim::M] = 1;
      sum.dims[Dim::N] = trainedValues(id);
      sum.count = d.op.weightCopies();
      if (sum.count != d.op.count) sum.block.clear();
      graph.add(std::move(sum));
    }
    return graph;
  }

  Graph update() const {
    Graph graph;
    for (const OpId id : t_.order) {
      if (t_.trained[index(id)] == Trained::nothing || !t_.graph.at(id).sharesWeightsOf.empty())
        continue;
      const Operator step = stepOf(id);
      OpId before = -1;
      if (o_.replicas > 1) {
        Operator sum = step;
        sum.name = t_.graph.at(id).name + ".all_reduce";
        sum.kind = OpKind::collective;
        sum.variant = OpVariant::allReduce;
        sum.dims[Dim::groups] = o_.replicas;
        before = graph.add(std::move(sum));
      }
      graph.addAfter(before, step);
    }
    return graph;
  }

  void note() {
    const TrainingMemory& m = w_.training;
    std::size_t layers = 0, full = 0, biases = 0;
    for (const OpId id : t_.order) {
      layers += t_.costs[index(id)].parameters > 0 ? 1 : 0;
      full += t_.trained[index(id)] == Trained::all ? 1 : 0;
      biases += t_.trained[index(id)] == Trained::bias ? 1 : 0;
    }
    w_.notes.push_back("training step: weights " + format(m.weights) + ", gradients " +
                       format(m.gradients) + ", optimizer " + format(m.optimizer) +
                       ", activations " + format(m.activations) + ", in all " + format(m.total()) +
                       "; frozen weights " + format(m.frozenWeights));
    if (full + biases < layers || biases > 0)
      w_.notes.push_back("trained are " + std::to_string(full) + " operators of " +
                         std::to_string(layers) + ", and the biases of " + std::to_string(biases) +
                         " more");
  }

  Workload& w_;
  const TrainOptions o_;
  Trainable t_;
  std::set<OpId> statistics_;
};

}  // namespace

bool Trainable::passesBack(OpId id) const {
  const std::vector<OpId> producers = graph.producers(id);
  return std::any_of(producers.begin(), producers.end(),
                     [this](OpId p) { return reached[index(p)] != 0; });
}

void Trainable::reach() {
  reached.assign(graph.size(), 0);
  for (const OpId id : order)
    reached[index(id)] = trained[index(id)] != Trained::nothing || passesBack(id) ? 1 : 0;
}

void toTrainingStep(Workload& workload) {
  TrainingStep(workload).run();
}

}  // namespace wattlas
