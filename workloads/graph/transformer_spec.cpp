#include "workloads/graph/transformer_spec.h"

#include <algorithm>

#include "workloads/graph/description.h"

namespace wattlas {

void TransformerSpec::bind(Binder& b) {
  b.choice("architecture", architecture, {"decoder", "encoder", "encoder_decoder"},
           {.fallback = "decoder"},
           "decoder: causal, with prefill and decode; encoder: one inference over the prompt; "
           "encoder_decoder: the prompt is encoded, the decoder attends to it");
  b.integer("hidden", hidden, atLeast(1), "Width of the residual stream");
  b.integer("layers", layers, atLeast(1), "Number of layers");
  b.integer("decoder_layers", decoderLayers, atLeast(0, "0"),
            "Layers of the decoder of an encoder_decoder; 0 = as many as layers");
  b.integer("heads", heads, atLeast(1), "Query heads");
  b.integer("kv_heads", kvHeads, atLeast(0, "0"), "Key-value heads; 0 = as many as heads");
  b.integer("head_dim", headDim, atLeast(0, "0"), "Width of a head; 0 = hidden / heads");
  b.integer("ffn", ffn, atLeast(0), "Inner width of the feed-forward network; 0 = none");
  b.integer("vocabulary", vocabulary, atLeast(0, "0"), "Rows of the word table");
  b.choice("input", input, {"words", "patches", "frames"}, {.fallback = "words"},
           "What enters: words of a table, an image cut into patches, or frames of sound through "
           "two convolutions, the second of stride 2");
  b.integer("image_size", imageSize, atLeast(0, "0"), "patches: rows and columns of the image");
  b.integer("patch_size", patchSize, atLeast(0, "0"), "patches: rows and columns of a patch");
  b.integer("input_channels", inputChannels, atLeast(0, "0"), "patches, frames: channels");
  b.integer("extra_tokens", extraTokens, atLeast(0, "0"), "patches: trained tokens before them");
  b.integer("frames", frames, atLeast(0, "0"), "frames: how many");
  b.choice("head", head, {"default", "words", "classes", "none"}, {.fallback = "default"},
           "What comes out: a score for each word (default of decoders), for each class, or the "
           "last layer (default of encoders)");
  b.integer("classes", classes, atLeast(0, "0"), "Classes of the head");
  b.flag("head_dense", headDense, {.fallback = "false"},
         "A dense layer before the head; before words also an activation and a norm");
  b.flag("head_each", headEach, {.fallback = "false"}, "Classes of every token, not of a sequence");
  b.choice("activation", activation, {"silu", "gelu", "relu"}, {.fallback = "silu"},
           "Non-linear function of the feed-forward network");
  b.flag("gated", gated, {.fallback = "true"},
         "Gated feed-forward: up and gate projections, multiplied");
  b.choice("norm", norm, {"rms", "layer"}, {.fallback = "rms"}, "Kind of the norms");
  b.choice("norm_place", normPlace, {"before", "after"}, {.fallback = "before"},
           "Norm before each sub-layer, or after its residual addition");
  b.flag("post_norms", postNorms, {.fallback = "false"},
         "Norms behind each sub-layer too, before its residual addition (four a layer)");
  b.choice("parallel", parallel, {"none", "one_norm", "two_norms"}, {.fallback = "none"},
           "Attention and feed-forward read the same input, through one norm or one each");
  b.flag("qk_norm", queryKeyNorm, {.fallback = "false"}, "Norms of each query and key head");
  b.flag("final_norm", finalNorm, {.fallback = "true"}, "Norm after the last layer");
  b.flag("sub_norms", subNorms, {.fallback = "false"},
         "Norms before the output projection and before the down projection (BitNet)");
  b.flag("embedding_norm", embeddingNorm, {.fallback = "false"}, "Norm after the embeddings");
  b.choice("positions", positions, {"rope", "learned", "alibi", "relative", "none"},
           {.fallback = "rope"}, "Position encoding");
  b.integer("rotary_dim", rotaryDim, atLeast(0, "0"), "Rotated part of a head; 0 = all of it");
  b.integer("position_rows", positionRows, atLeast(0, "0"), "Rows of the learned position table");
  b.integer("position_offset", positionOffset, atLeast(0, "0"), "Rows of it that stay unused");
  b.integer("relative_buckets", relativeBuckets, atLeast(1, "32"),
            "Distances that the table of relative positions tells apart");
  b.integer("token_type_rows", typeRows, atLeast(0, "0"), "Rows of a token-type table; 0 = none");
  b.integer("context", context, atLeast(0, "0"),
            "Longest trained context; beyond it a note; 0 = any");
  b.flag("bias", bias, {.fallback = "false"}, "Biases in attention and feed-forward projections");
  const auto own = [&](const char* key, std::string& target, const char* doc) {
    b.choice(key, target, {"as_bias", "true", "false"}, {.fallback = "as_bias"}, doc);
  };
  own("qkv_bias", qkvBias, "Biases of the query, key and value projections");
  own("key_bias", keyBias, "Bias of the key projection when not that of the others");
  own("out_bias", outBias, "Bias of the output projection of attention");
  own("ffn_bias", ffnBias, "Biases of the feed-forward projections");
  b.flag("head_bias", headBias, {.fallback = "false"}, "Bias of the vocabulary projection");
  b.flag("tied", tied, {.fallback = "false"}, "The vocabulary projection reads the word table");
  b.integer("word_width", wordWidth, atLeast(0, "0"),
            "Width of the word table when not hidden; projections join it to the layers");
  b.integer("window", window, atLeast(0, "0"), "Sliding attention window; 0 = all keys");
  b.integer("global_every", globalEvery, atLeast(0, "0"),
            "Every so manieth layer has no window; 0 = none");
  b.integer("global_first", globalFirst, atLeast(0, "0"), "First layers that have no window");
  b.integer("kv_shared_by", kvSharedBy, atLeast(0, "0"),
            "Neighbouring layers that use one set of keys and values; 0 = each its own");
  b.integer("kv_rank", kvRank, atLeast(0, "0"),
            "Latent attention: width of the vector that stands for keys and values; 0 = none");
  b.integer("kv_rope", kvRope, atLeast(0, "0"),
            "Latent attention: rotated width beside it, common to all heads");
  b.integer("query_rank", queryRank, atLeast(0, "0"),
            "Latent attention: inner width of the query projection; 0 = one projection");
  b.integer("value_dim", valueDim, atLeast(0, "0"), "Latent attention: value width; 0 = head_dim");
  b.flag("score_cap", scoreCap, {.fallback = "false"}, "Soft-capping of the attention scores");
  b.choice("dropout", dropout, {"none", "hidden", "all"}, {.fallback = "none"},
           "Training drops values behind embeddings and sub-layers; all: of the scores, too");
  b.choice("logits", logits, {"last", "all"}, {.fallback = "last"},
           "Positions of a prefill whose next word is asked for; a step of training needs all");
  b.flag("logit_cap", logitCap, {.fallback = "false"}, "Soft-capping of the logits");
  b.integer("experts", experts, atLeast(0, "0"), "Experts of a mixture; 0 = one dense network");
  b.integer("experts_active", expertsActive, atLeast(0, "0"), "Experts that each token uses");
  b.integer("expert_ffn", expertFfn, atLeast(0, "0"), "Inner width of an expert; 0 = ffn");
  b.integer("shared_experts", sharedExperts, atLeast(0, "0"), "Experts that every token uses");
  b.integer("dense_layers", denseLayers, atLeast(0, "0"), "First layers without a mixture");
  b.integer("moe_every", moeEvery, atLeast(1, "1"), "Every so manieth layer has the mixture");
  b.flag("router_bias", routerBias, {.fallback = "false"},
         "A trained value for each expert, added for the choice only");
  b.choice("mixer", mixer, {"attention", "mamba"}, {.fallback = "attention"},
           "What joins the tokens: attention, or a state space (mamba)");
  b.integer("attention_every", attentionEvery, atLeast(0, "0"),
            "Of a mamba stack: every so manieth layer is attention; 0 = none");
  b.integer("state_size", stateSize, atLeast(1, "16"), "Mamba: states of a channel");
  b.integer("inner_width", innerWidth, atLeast(0, "0"), "Mamba: channels; 0 = 2 hidden");
  b.integer("conv_kernel", convKernel, atLeast(1, "4"), "Mamba: length of its convolution");
  b.integer("step_rank", stepRank, atLeast(0, "0"), "Mamba: rank of the steps; 0 = hidden / 16");
  b.flag("pooler", pooler, {.fallback = "false"}, "Dense layer with tanh on the first token");
  b.integer("prefill_chunk", chunk, atLeast(0, "0"),
            "Tokens of a sequence that one prefill pass reads; 0 = the whole prompt");
  textOr(
      b, "gguf", gguf, "none",
      "Formats of the tensors as in a GGUF file of this type, such as Q4_K_M; none = by formats");
  if (!b.reading()) return;

  if (kvHeads == 0) kvHeads = heads;
  if (heads > 0 && headDim == 0) {
    if (hidden % heads != 0)
      b.problem("heads",
                std::to_string(heads) + " heads do not divide hidden " + std::to_string(hidden),
                "a divisor of hidden, or a head_dim");
    headDim = hidden / heads;
  }
  if (decoderLayers == 0) decoderLayers = layers;
  if (head == "default") head = encoder() ? "none" : "words";
  if (rotaryDim == 0) rotaryDim = headDim;
  if (valueDim == 0) valueDim = headDim;
  if (expertFfn == 0) expertFfn = ffn;
  if (innerWidth == 0) innerWidth = 2 * hidden;
  if (stepRank == 0) stepRank = (hidden + 15) / 16;
  check(b);
  checkGguf(*this, b);
}

std::int64_t TransformerSpec::inputTokens() const {
  if (input == "frames") return (frames + 1) / 2;
  if (input != "patches" || patchSize == 0) return 0;
  const std::int64_t along = imageSize / patchSize;
  return Exact(along) * along + extraTokens;
}

void TransformerSpec::checkEnds(Binder& b) const {
  const auto needs = [&](const char* key, bool given, bool met, const char* what) {
    if (given && !met) b.problem(key, "has no meaning here", what);
  };
  const bool patches = input == "patches", frame = input == "frames";
  const bool words = input == "words" || head == "words" || both();
  if (words && vocabulary < 1) b.problem("vocabulary", "words without a table", "at least 1");
  needs("vocabulary", vocabulary > 0, words, "input or head: words");
  needs("image_size", imageSize > 0, patches, "input: patches");
  needs("patch_size", patchSize > 0, patches, "input: patches");
  needs("extra_tokens", extraTokens > 0, patches, "input: patches");
  needs("frames", frames > 0, frame, "input: frames");
  needs("input_channels", inputChannels > 0, patches || frame, "input: patches or frames");
  if (patches && (patchSize < 1 || imageSize < patchSize || inputChannels < 1))
    b.problem("patch_size", "an image without patches",
              "input_channels, image_size and a patch_size of at most that");
  if (frame && (frames < 2 || inputChannels < 1))
    b.problem("frames", "no sound", "input_channels and at least 2 frames");
  needs("input", patches && !encoder(), false, "architecture: encoder");
  needs("input", frame && architecture == "decoder", false, "an encoder");
  needs("input", (patches || frame) && (wordWidth > 0 || typeRows > 0), false,
        "no word_width and no token_type_rows");
  needs("classes", classes > 0, head == "classes", "head: classes");
  if (head == "classes" && classes < 1)
    b.problem("classes", "a head without classes", "at least 1");
  needs("head", head == "words" && input == "patches", false, "classes or none");
  needs("head_each", headEach, head == "classes", "head: classes");
  needs("head_dense", headDense, encoder() && head != "none", "an encoder with a head");
  needs("tied", tied, head == "words" && (input == "words" || both()), "head: words");
  needs("head_bias", headBias, head != "none", "a head");
  needs("logit_cap", logitCap, head == "words", "head: words");
}

void TransformerSpec::check(Binder& b) const {
  checkEnds(b);
  const auto needs = [&](const char* key, bool given, bool met, const char* what) {
    if (given && !met) b.problem(key, "has no meaning here", what);
  };
  if (kvHeads > 0 && heads % kvHeads != 0)
    b.problem("kv_heads",
              std::to_string(kvHeads) + " key-value heads do not divide " + std::to_string(heads) +
                  " heads",
              "a divisor of heads");
  if (positions == "learned" && positionRows <= positionOffset)
    b.problem("position_rows", "learned positions without rows", "more rows than position_offset");
  if (experts > 0 && (expertsActive < 1 || expertsActive > experts))
    b.problem("experts_active",
              std::to_string(expertsActive) + " of " + std::to_string(experts) + " experts",
              "1 to experts");
  if (experts == 0 && expertsActive > 0)
    b.problem("experts_active", "active experts without experts", "experts: N as well");
  needs("decoder_layers", decoderLayers != layers, both(), "architecture: encoder_decoder");
  needs("expert_ffn", expertFfn != ffn, experts > 0, "experts: N as well");
  needs("shared_experts", sharedExperts > 0, experts > 0, "experts: N as well");
  needs("dense_layers", denseLayers > 0, experts > 0, "experts: N as well");
  needs("moe_every", moeEvery > 1, experts > 0, "experts: N as well");
  needs("router_bias", routerBias, experts > 0, "experts: N as well");
  needs("global_every", globalEvery > 0, window > 0, "window: N as well");
  needs("global_first", globalFirst > 0, window > 0, "window: N as well");
  needs("position_rows", positionRows > 0, positions == "learned", "positions: learned");
  needs("position_offset", positionOffset > 0, positions == "learned", "positions: learned");
  needs("rotary_dim", rotaryDim != headDim, positions == "rope", "positions: rope");
  needs("kv_rope", kvRope > 0, kvRank > 0, "kv_rank: N as well");
  needs("query_rank", queryRank > 0, kvRank > 0, "kv_rank: N as well");
  needs("value_dim", valueDim != headDim, kvRank > 0, "kv_rank: N as well");
  needs("kv_heads", kvRank > 0 && kvHeads != heads, false,
        "no kv_heads: a latent vector serves all heads");
  needs("key_bias", keyBias != "as_bias", kvRank == 0, "no kv_rank");
  needs("qk_norm", queryKeyNorm, kvRank == 0, "no kv_rank");
  needs("kv_shared_by", kvSharedBy > 1, kvRank == 0 && !both() && !encoder(),
        "a decoder without kv_rank");
  needs("attention_every", attentionEvery > 0, mixer == "mamba", "mixer: mamba");
  needs("mixer", mixer == "mamba", architecture == "decoder", "architecture: decoder");
  needs("parallel", parallel != "none", normPlace == "before" && ffn > 0,
        "norm_place: before, and an ffn");
  needs("post_norms", postNorms, normPlace == "before", "norm_place: before");
  needs("prefill_chunk", chunk > 0, architecture == "decoder", "architecture: decoder");
  needs("pooler", pooler, encoder(), "architecture: encoder");
  if (layersDiffer() && std::max(layers, decoderLayers) > 100000)
    b.problem("layers", "more than 100000 layers of several kinds", "fewer layers");
  if (ffn == 0 && experts > 0 && expertFfn == 0)
    b.problem("expert_ffn", "experts without a width", "expert_ffn or ffn of at least 1");
  if (ffn == 0 && mixer == "attention" && experts == 0)
    b.problem("ffn", "attention alone", "an ffn of at least 1");
}

std::vector<LayerGroup> groupsOf(const TransformerSpec& spec, std::int64_t first,
                                 std::int64_t last) {
  const auto kindOf = [&](std::int64_t layer) {
    LayerGroup g;
    g.scans = spec.mixer == "mamba" &&
              (spec.attentionEvery == 0 || (layer + 1) % spec.attentionEvery != 0);
    g.windowed = spec.window > 0 && !g.scans && layer >= spec.globalFirst &&
                 (spec.globalEvery == 0 || (layer + 1) % spec.globalEvery != 0);
    g.mixture = spec.experts > 0 && layer >= spec.denseLayers && (layer + 1) % spec.moeEvery == 0;
    g.ownsKeys = spec.kvSharedBy < 2 || layer % spec.kvSharedBy == 0;
    return g;
  };
  const auto same = [](const LayerGroup& a, const LayerGroup& b) {
    return a.windowed == b.windowed && a.mixture == b.mixture && a.scans == b.scans &&
           a.ownsKeys == b.ownsKeys;
  };
  std::vector<LayerGroup> groups;
  if (!spec.layersDiffer()) {
    groups.push_back(kindOf(first));
    groups.front().count = last - first + 1;
    return groups;
  }
  for (std::int64_t layer = first; layer <= last; ++layer) {
    const LayerGroup g = kindOf(layer);
    auto at = std::find_if(groups.begin(), groups.end(),
                           [&](const LayerGroup& known) { return same(known, g); });
    if (at == groups.end()) at = groups.insert(groups.end(), g);
    ++at->count;
  }
  const auto differs = [&](bool LayerGroup::*field) {
    return std::any_of(groups.begin(), groups.end(),
                       [&](const LayerGroup& g) { return g.*field != groups.front().*field; });
  };
  const auto name = [&](bool LayerGroup::*field, const char* yes, const char* no) {
    if (!differs(field)) return;
    for (LayerGroup& g : groups)
      g.name += (g.name.empty() ? "" : "_") + std::string(g.*field ? yes : no);
  };
  name(&LayerGroup::scans, "mamba", "attention");
  name(&LayerGroup::windowed, "local", "global");
  name(&LayerGroup::mixture, "moe", "dense");
  name(&LayerGroup::ownsKeys, "own_kv", "shared_kv");
  return groups;
}

}  // namespace wattlas
