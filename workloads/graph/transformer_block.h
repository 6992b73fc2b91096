// Inside the room: layers of a transformer -> operators of one pass. Not for other rooms.
#pragma once

#include "workloads/graph/description.h"
#include "workloads/graph/transformer_spec.h"

namespace wattlas {

/// What one phase processes.
struct Pass {
  std::int64_t tokens = 0;   ///< rows of all matrices: batch x queries
  std::int64_t queries = 0;  ///< of one sequence
  std::int64_t keys = 0;     ///< of one sequence, own tokens included
  std::int64_t last = 0;     ///< rows of the vocabulary projection: one a sequence
  bool grows = false;
  bool decode = false;
  std::int64_t source = 0;  ///< keys of the encoder, for one sequence; 0 = no cross attention
};

enum class Stack { only, encoder, decoder };

/// Adds the operators of one stack to `graph`.
void buildPass(const TransformerSpec& spec, const Draft& draft, Graph& graph, const Pass& pass,
               Stack stack);

/// Refuses a file type that is not known, or that says nothing of this network.
void checkGguf(const TransformerSpec& spec, Binder& binder);
/// Adds the formats of the file type `spec.gguf`.
void applyGguf(const TransformerSpec& spec, FormatPlan& plan);

}  // namespace wattlas
