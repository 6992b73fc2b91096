#include "workloads/graph/transformer_spec.h"

#include "workloads/graph/description.h"

namespace wattlas {

void TransformerSpec::bind(Binder& b) {
  b.choice("architecture", architecture, {"decoder", "encoder"}, {.fallback = "decoder"},
           "decoder: causal, with prefill and decode; encoder: one inference over the prompt");
  b.integer("hidden", hidden, atLeast(1), "Width of the residual stream");
  b.integer("layers", layers, atLeast(1), "Number of layers");
  b.integer("heads", heads, atLeast(1), "Query heads");
  b.integer("kv_heads", kvHeads, atLeast(0, "0"), "Key-value heads; 0 = as many as heads");
  b.integer("head_dim", headDim, atLeast(0, "0"), "Width of a head; 0 = hidden / heads");
  b.integer("ffn", ffn, atLeast(1), "Inner width of the feed-forward network");
  b.integer("vocabulary", vocabulary, atLeast(1), "Rows of the word table");
  b.choice("activation", activation, {"silu", "gelu", "relu"}, {.fallback = "silu"},
           "Non-linear function of the feed-forward network");
  b.flag("gated", gated, {.fallback = "true"},
         "Gated feed-forward: up and gate projections, multiplied (silu only)");
  b.choice("norm", norm, {"rms", "layer"}, {.fallback = "rms"}, "Kind of the norms");
  b.choice("norm_place", normPlace, {"before", "after"}, {.fallback = "before"},
           "Norm before each sub-layer, or after its residual addition");
  b.flag("final_norm", finalNorm, {.fallback = "true"}, "Norm after the last layer");
  b.flag("sub_norms", subNorms, {.fallback = "false"},
         "Norms before the output projection and before the down projection (BitNet)");
  b.flag("embedding_norm", embeddingNorm, {.fallback = "false"}, "Norm after the embeddings");
  b.choice("positions", positions, {"rope", "learned"}, {.fallback = "rope"}, "Position encoding");
  b.integer("position_rows", positionRows, atLeast(0, "0"), "Rows of the learned position table");
  b.integer("position_offset", positionOffset, atLeast(0, "0"), "Rows of it that stay unused");
  b.integer("token_type_rows", typeRows, atLeast(0, "0"), "Rows of a token-type table; 0 = none");
  b.integer("context", context, atLeast(0, "0"),
            "Longest trained context; beyond it a note; 0 = any");
  b.flag("bias", bias, {.fallback = "false"}, "Biases in attention and feed-forward projections");
  b.flag("tied", tied, {.fallback = "false"}, "The vocabulary projection reads the word table");
  b.integer("word_width", wordWidth, atLeast(0, "0"),
            "Width of the word table when not hidden; projections join it to the layers");
  b.integer("window", window, atLeast(0, "0"), "Sliding attention window; 0 = all keys");
  b.integer("experts", experts, atLeast(0, "0"), "Experts of a mixture; 0 = one dense network");
  b.integer("experts_active", expertsActive, atLeast(0, "0"), "Experts that each token uses");
  b.flag("pooler", pooler, {.fallback = "false"}, "Dense layer with tanh on the first token");
  if (!b.reading()) return;

  if (kvHeads == 0) kvHeads = heads;
  if (heads > 0 && headDim == 0) {
    if (hidden % heads != 0)
      b.problem("heads",
                std::to_string(heads) + " heads do not divide hidden " + std::to_string(hidden),
                "a divisor of hidden, or a head_dim");
    headDim = hidden / heads;
  }
  if (kvHeads > 0 && heads % kvHeads != 0)
    b.problem("kv_heads",
              std::to_string(kvHeads) + " key-value heads do not divide " + std::to_string(heads) +
                  " heads",
              "a divisor of heads");
  if (gated && activation != "silu")
    b.problem("gated", "a gated network with " + activation, "gated: false, or activation: silu");
  if (positions == "learned" && positionRows <= positionOffset)
    b.problem("position_rows", "learned positions without rows", "more rows than position_offset");
  if (experts > 0 && (expertsActive < 1 || expertsActive > experts))
    b.problem("experts_active",
              std::to_string(expertsActive) + " of " + std::to_string(experts) + " experts",
              "1 to experts");
  if (experts == 0 && expertsActive > 0)
    b.problem("experts_active", "active experts without experts", "experts: N as well");
}

}  // namespace wattlas
