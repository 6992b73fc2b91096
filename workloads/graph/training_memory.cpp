// Activation memory of a training step: when each tensor is made and last used.
#include <algorithm>
#include <cmath>
#include <map>

#include "workloads/graph/training.h"

namespace wattlas {
namespace {

class Lives {
 public:
  explicit Lives(const Trainable& t) : t_(t), at_(t.graph.size()), change_(2 * t.size() + 1) {
    for (std::size_t i = 0; i < t.size(); ++i) at_[index(t.order[i])] = i;
    segments();
  }

  double peak() {
    for (const OpId id : t_.order) {
      inputs(id);
      output(id);
      if (!t_.local) gradient(id);
    }
    double now = 0, most = 0;
    for (const double change : change_) most = std::max(most, now += change);
    return most;
  }

 private:
  static std::size_t index(OpId id) { return static_cast<std::size_t>(id); }
  std::size_t forward(OpId id) const { return at_[index(id)]; }
  std::size_t backward(OpId id) const { return 2 * t_.size() - 1 - at_[index(id)]; }
  const Derivative& derivative(OpId id) const { return t_.derivatives[index(id)]; }

  void live(std::size_t from, std::size_t to, double bits) {
    if (to < from) return;
    change_[from] += bits;
    change_[to + 1] -= bits;
  }

  /// What is recomputed together: a run of a repeated block, else about the root of all operators.
  struct Segment {
    std::size_t first = 0, last = 0;
    std::int64_t runs = 1;
  };

  void segments() {
    const auto width =
        static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(t_.size()))));
    of_.resize(at_.size());
    const std::string* block = nullptr;
    for (std::size_t i = 0; i < t_.size(); ++i) {
      const Operator& op = t_.graph.at(t_.order[i]);
      const bool same = block != nullptr && *block == op.block;
      if (!same || (op.block.empty() && i - segments_.back().first >= width))
        segments_.push_back({i, i, op.count});
      block = &op.block;
      Segment& segment = segments_.back();
      segment.last = i;
      segment.runs = std::min(segment.runs, op.count);
      of_[index(t_.order[i])] = segments_.size() - 1;
    }
  }
  const Segment& segment(OpId id) const { return segments_[of_[index(id)]]; }

  /// Copies that one run of the operator's segment makes.
  double each(OpId id) const {
    const std::int64_t runs = segment(id).runs;
    return static_cast<double>((t_.graph.at(id).count + runs - 1) / runs);
  }

  /// When the backward pass last reads the output of an operator, if it does; its forward position
  /// otherwise.
  std::size_t kept(OpId id) const {
    std::size_t until = forward(id);
    if (t_.local) return until;
    if (t_.passesBack(id) && derivative(id).outputForData) until = backward(id);
    for (const OpId reader : t_.graph.consumers(id)) {
      if (t_.reached[index(reader)] == 0) continue;
      const bool read =
          (derivative(reader).inputForData && t_.passesBack(reader)) ||
          (derivative(reader).inputForWeight && t_.trained[index(reader)] == Trained::all);
      if (read) until = std::max(until, backward(reader));
    }
    return until;
  }

  /// A tensor that lives from `from` to `until`, the moment a gradient reads it last.
  void store(OpId id, std::size_t from, std::size_t used, std::size_t until, double bits) {
    const Segment& s = segment(id);
    const double run = bits * each(id), all = bits * static_cast<double>(t_.graph.at(id).count);
    const std::size_t again = 2 * t_.size() - 1 - s.last;
    if (until <= used) return live(from, used, run);
    // Read before its segment is left backwards: it can be made again.
    if (t_.recompute && used <= s.last) {
      live(from, used, run);
      return live(std::max(again, used + 1), until, run);
    }
    live(from, until, run);
    live(s.first, 2 * t_.size() - 1 - s.first, all - run);
  }

  bool inPlace(OpId id) const {
    return specOf(t_.graph.at(id).kind).opClass == OpClass::elementwise;
  }

  void output(OpId id) {
    const OpCost& cost = t_.costs[index(id)];
    std::size_t used = forward(id);
    bool overwritten = false;
    for (const OpId reader : t_.graph.consumers(id)) {
      if (forward(reader) > used)
        overwritten = inPlace(reader) && t_.costs[index(reader)].output.value == cost.output.value;
      used = std::max(used, forward(reader));
    }
    const std::size_t until = kept(id);
    // The last reader puts its result where it read.
    if (overwritten && until <= used && used > forward(id)) --used;
    // What leaves a repeated block enters its next run.
    const bool leaves = t_.graph.consumers(id).empty() && forward(id) == segment(id).last;
    if (leaves && segment(id).runs > 1) used = std::max(used, segment(id).last + 1);
    store(id, forward(id), std::min(used, 2 * t_.size() - 1), until, cost.output.value);
    if (!t_.local && t_.passesBack(id) && derivative(id).extra.value > 0)
      store(id, forward(id), forward(id), backward(id), derivative(id).extra.value);
  }

  /// Inputs of the network.
  void inputs(OpId id) {
    if (!t_.graph.producers(id).empty()) return;
    const bool read =
        !t_.local && derivative(id).inputForWeight && t_.trained[index(id)] == Trained::all;
    store(id, forward(id), forward(id), read ? backward(id) : forward(id),
          t_.costs[index(id)].input.value);
  }

  /// The gradient of an output lives from its last reader's gradients to its maker's.
  void gradient(OpId id) {
    if (t_.reached[index(id)] == 0) return;
    std::size_t first = backward(id);
    for (const OpId reader : t_.graph.consumers(id)) first = std::min(first, backward(reader));
    const Operator& op = t_.graph.at(id);
    const double bits =
        t_.costs[index(id)].output.value * op.formats.gradient.bits / op.formats.activation.bits;
    // Element-wise gradients go where they came from.
    const bool inside = inPlace(id) && t_.trained[index(id)] == Trained::nothing &&
                        t_.graph.producers(id).size() == 1 && first < backward(id);
    live(first, backward(id) - (inside ? 1 : 0), bits * each(id));
  }

  const Trainable& t_;
  std::vector<std::size_t> at_;
  std::vector<double> change_;
  std::vector<Segment> segments_;
  std::vector<std::size_t> of_;
};

}  // namespace

Bits activationPeak(const Trainable& t) {
  return Bits(Lives(t).peak());
}

}  // namespace wattlas
