// Inside the room: one step of training as a pass over the operators of an inference.
#pragma once

#include <set>
#include <vector>

#include "workloads/graph/costing.h"
#include "workloads/graph/workload.h"

namespace wattlas {

/// How much of an operator's parameters is trained.
enum class Trained { nothing, bias, all };

/// The operators of the forward pass and what is known about their gradients; by OpId.
struct Trainable {
  Graph graph;
  std::vector<OpId> order;
  std::vector<OpCost> costs;
  std::vector<Derivative> derivatives;
  std::vector<Trained> trained;
  std::vector<char> reached;  ///< a gradient of its output is needed
  std::vector<char> inside;   ///< part of another operator's gradient (statistics of a norm)
  bool recompute = false, local = false;

  std::size_t size() const { return order.size(); }
  /// Gradients of its inputs are needed: something before it is trained.
  bool passesBack(OpId id) const;
  /// From what is trained to what must have a gradient.
  void reach();
};

/// Most activations, and gradients of them, that live at a moment of forward and backward pass,
/// when each operator's gradients are computed in the reverse order of the operators.
Bits activationPeak(const Trainable& t);

/// Turns the inference (or prefill) of a workload into the phases of a training step. Throws
/// InputError for operators that have no derivative, when a gradient has to go through them.
void toTrainingStep(Workload& workload);

}  // namespace wattlas
