// Inside transformer_block: operators of one pass in the making, what enters and what comes out.
#pragma once

#include <string>
#include <utility>

#include "workloads/graph/transformer_block.h"

namespace wattlas {

class PassParts {
 protected:
  PassParts(const TransformerSpec& spec, const Draft& draft, Graph& graph, const Pass& pass,
            Stack stack)
      : spec_(spec), draft_(draft), graph_(graph), pass_(pass), stack_(stack) {
    root_ = stack == Stack::encoder ? "encoder" : stack == Stack::decoder ? "decoder" : "";
    prefix_ = root_;
  }

  /// Words, patches or sounds, and their positions.
  void embeddings();
  void classHead();
  /// A decoder asks for the next word, an encoder for the one at each place.
  void wordHead();

  void extend(const std::string& part) {
    if (!part.empty()) prefix_ += (prefix_.empty() ? "" : ".") + part;
  }
  Operator make(const std::string& name, OpKind kind) const {
    Operator op = draft_.make(name, kind, range_, prefix_);
    if (range_ != nullptr) {
      op.count = group_.count;
      op.block = prefix_.empty() ? "layer" : prefix_;
    }
    return op;
  }
  OpId put(Operator op) { return at_ = graph_.addAfter(at_, std::move(op)); }

  OpId gemm(const std::string& name, std::int64_t m, std::int64_t n, std::int64_t k, bool bias) {
    Operator op = make(name, OpKind::gemm);
    op.dims[Dim::M] = m;
    op.dims[Dim::N] = n;
    op.dims[Dim::K] = k;
    op.hasBias = bias;
    return put(std::move(op));
  }
  OpId elementwise(const std::string& name, OpKind kind, OpVariant variant, std::int64_t m,
                   std::int64_t n) {
    Operator op = make(name, kind);
    op.variant = variant;
    op.dims[Dim::M] = m;
    op.dims[Dim::N] = n;
    op.hasWeights = kind == OpKind::norm;
    return put(std::move(op));
  }
  OpId norm(const std::string& name, std::int64_t width) {
    return norm(name, pass_.tokens, width, normVariant());
  }
  OpVariant normVariant() const { return spec_.norm == "rms" ? OpVariant::rms : OpVariant::layer; }
  OpVariant functionOf(bool gated) const {
    using V = OpVariant;
    return spec_.activation == "relu"   ? (gated ? V::reluMul : V::relu)
           : spec_.activation == "gelu" ? (gated ? V::geluMul : V::gelu)
                                        : (gated ? V::siluMul : V::silu);
  }
  OpId norm(const std::string& name, std::int64_t rows, std::int64_t width, OpVariant variant) {
    return elementwise(name, OpKind::norm, variant, rows, width);
  }
  /// Adds what flowed in at `from` to what comes now.
  OpId add(const std::string& name, OpId from) {
    elementwise(name, OpKind::add, OpVariant::none, pass_.tokens, spec_.hidden);
    if (from >= 0) graph_.connect(from, at_);
    return at_;
  }
  OpId table(const std::string& name, std::int64_t rows, std::int64_t width) {
    Operator op = make(name, OpKind::embedding);
    op.dims[Dim::M] = pass_.tokens;
    op.dims[Dim::N] = width;
    op.dims[Dim::K] = rows;
    return graph_.add(std::move(op));
  }

  const TransformerSpec& spec_;
  const Draft& draft_;
  Graph& graph_;
  Pass pass_;
  Stack stack_;
  OpId at_ = -1, relative_ = -1;
  OpId normed_ = -1;  ///< what attention reads
  const LayerRange* range_ = nullptr;
  LayerGroup group_;
  std::string root_, prefix_;

 private:
  std::string prefixed(const std::string& name) const;
  void trained(const std::string& name, OpKind kind, std::int64_t rows, std::int64_t width);
  void patches();
  void sounds();
  void words();
};

}  // namespace wattlas
