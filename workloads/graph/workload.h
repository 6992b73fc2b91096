// A workload: phases (prefill, decode, inference, training steps), each a graph that runs
// `repeat` times. Repeats are never unrolled: step i of a growing phase has keys + i.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/base/config.h"
#include "models/base/parameter.h"
#include "workloads/graph/graph.h"

namespace wattlas {

enum class PhaseKind {
  prefill,
  decode,
  inference,
  forward,
  backwardData,
  backwardWeight,
  update,
  recompute
};
const char* nameOf(PhaseKind kind);
inline bool ofTraining(PhaseKind kind) {
  return kind >= PhaseKind::forward;
}

struct Phase {
  PhaseKind kind = PhaseKind::inference;
  Graph graph;
  std::int64_t repeat = 1;  ///< decode: number of steps
  Bits live;                ///< activations that live at its fullest moment; 0 = as operators need
  std::int64_t tokens = 0;  ///< tokens this phase produces or reads in all (batch included)
};

/// One step of training (`workload.train.*`).
struct TrainOptions {
  bool step = false;
  std::string optimizer;          ///< sgd, momentum or adam
  std::int64_t microBatches = 1;  ///< parts of the batch whose gradients are summed
  std::int64_t replicas = 1;      ///< members that share their gradients
  std::string recompute;          ///< none or full
  std::string rule;               ///< backprop, or local: every layer has a loss of its own
  std::string loss;               ///< cross_entropy, squared or none
  std::string gradient, state;    ///< formats; "own" = as the activations, as the weights
  std::vector<std::string> frozen, biasOnly;
  Bits memoryLimit;  ///< sparse update: as many of the last layers as fit; 0 = no limit
  void bind(Binder& binder);
};

/// What a step of training keeps in memory, beside frozen weights, which it only reads.
struct TrainingMemory {
  Bits weights, frozenWeights;  ///< those that change, and those that do not
  Bits gradients, optimizer;    ///< of the former; state and master copies
  Bits activations;             ///< most that live at a time, gradients of activations included
  Bits total() const { return weights + gradients + optimizer + activations; }
};

/// The options every workload accepts (`workload.*` keys of a configuration).
struct WorkloadOptions {
  std::int64_t prompt = 128;   ///< tokens
  std::int64_t generate = 32;  ///< decode steps
  std::int64_t batch = 1;
  std::string format;  ///< empty = the workload's own format
  double rate = 0;     ///< arrivals per second; 0 = none
  TrainOptions train;
  void bind(Binder& binder);
};

/// Totals over the whole network, counted once however often a phase repeats.
struct WorkloadTotals {
  std::int64_t macsPrefill = 0;      ///< or of one inference
  std::int64_t macsDecodeFirst = 0;  ///< one decode step at the first context
  std::int64_t parameters = 0;
  Bits weights;         ///< stored bits of all parameters
  Bits kvPerToken;      ///< KV-cache bits one token adds (one sequence)
  Bits kvPeak;          ///< KV cache at the last step, whole batch
  Bits activationPeak;  ///< largest input + output of one operator
};

struct Workload {
  std::string id, title;
  std::string family;       ///< llm, vision, signal, micro
  WorkloadOptions options;  ///< as used
  TensorFormats formats;    ///< as used
  std::vector<Phase> phases;
  TrainingMemory training;         ///< of a step of training
  std::vector<std::string> notes;  ///< such as "prompt is ignored: no decode phase"
  ConfigNode config;               ///< merged description that rebuilds it
  bool hasDecode() const;
  WorkloadTotals totals() const;
};

/// Builds a workload from an id of the library, a path to a YAML description, or a micro workload
/// (`gemv:OUTxIN`, `gemm:MxNxK`, `conv1d:LxCINxCOUTxK`, `attn:BxHQxHKVxDxKV`).
/// `options` holds the `workload` section of the merged configuration (aliases already applied).
/// Throws InputError: unknown id (with the nearest one, or "not available yet" for ids of the
/// contract that are not built), impossible dimensions, overflow beyond 2^62 MACs or bits.
Workload makeWorkload(const std::string& reference, const ConfigNode& options,
                      const SearchPath& path);
/// The two halves of makeWorkload, for callers that build many variants of one description:
/// reading it (with its `from:` parts) and building it. `description` is the tree of a workload
/// file; `options` overrides any of its keys, also `layers[2].cout` or `layers.NAME.cout`.
ConfigNode loadWorkload(const std::string& reference, const SearchPath& path);
Workload buildWorkload(const std::string& id, const ConfigNode& description,
                       const ConfigNode& options);
/// What variants of one description have in common, so that it is read once.
class WorkloadMemory {
 public:
  WorkloadMemory();
  ~WorkloadMemory();
  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};
Workload buildWorkload(const std::string& id, const ConfigNode& description,
                       const ConfigNode& options, WorkloadMemory& memory);
/// Ids of the library that can be built, in the contract's order.
std::vector<std::string> libraryWorkloads(const SearchPath& path);
/// JSON Schema of a workload file.
std::string workloadSchema();

}  // namespace wattlas
