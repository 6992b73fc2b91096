// Decoder-only language models. Defaults are those of the published configuration classes.
#include <algorithm>

#include "workloads/import/hf_config.h"

namespace wattlas::hf {
namespace {

struct Sizes {
  std::int64_t hidden, ffn, layers, heads, vocabulary;
};

/// Sizes that every decoder has, and its head.
Sizes sizes(HfConfig& c, const Task& task, Description& out, Sizes standard) {
  Sizes s{};
  s.hidden = c.number({"hidden_size", "n_embd", "d_model", "n_embed"}, standard.hidden);
  s.layers = c.number({"num_hidden_layers", "n_layer", "num_layers"}, standard.layers);
  s.heads = c.number({"num_attention_heads", "n_head", "num_heads"}, standard.heads);
  s.ffn =
      standard.ffn > 0
          ? c.number({"intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size"}, standard.ffn)
          : c.number({"n_inner", "ffn_hidden_size"}, 4 * s.hidden);
  s.vocabulary = c.number({"vocab_size"}, standard.vocabulary);
  out.number("hidden", s.hidden);
  out.number("layers", s.layers);
  out.number("heads", s.heads);
  out.number("ffn", s.ffn);
  out.number("vocabulary", s.vocabulary);
  out.numberIf("context", c.number({"max_position_embeddings", "n_positions", "seq_length"}, 0, 0));
  if (task.head == Task::none) {
    out.text("head", "none");
  } else if (task.head == Task::classes || task.head == Task::tokens) {
    out.text("head", "classes");
    out.number("classes", labelsOf(c));
    out.flagIf("head_bias", task.head == Task::tokens);
  } else if (task.head != Task::words && task.head != Task::unnamed) {
    c.problem("architectures", "'" + task.architecture.substr(0, 60) + "' has no known head",
              "a causal language model or a classifier");
  }
  return s;
}

void tied(HfConfig& c, const Task& task, Description& out, bool standard) {
  const bool words = task.head == Task::words || task.head == Task::unnamed;
  const bool on = c.flag({"tie_word_embeddings"}, standard);
  if (words) out.flagIf("tied", on);
}

void keyValueHeads(HfConfig& c, Description& out, const Sizes& s, std::int64_t standard) {
  out.numberIf("kv_heads", c.number({"num_key_value_heads"}, standard > 0 ? standard : s.heads),
               s.heads);
}

void headDim(HfConfig& c, Description& out, const Sizes& s, std::int64_t standard) {
  const std::int64_t plain = s.heads > 0 ? s.hidden / s.heads : 0;
  const std::int64_t width = c.number({"head_dim"}, standard > 0 ? standard : plain);
  if (width != plain || s.hidden % s.heads != 0) out.number("head_dim", width);
}

/// Share of a head that is rotated.
void rotary(HfConfig& c, Description& out, const Sizes& s, double standard) {
  double share = c.real({"partial_rotary_factor", "rotary_pct"}, standard);
  if (auto rope = c.section("rope_parameters"))
    share = rope->real({"partial_rotary_factor"}, share);
  const ConfigNode* own = out.node.find("head_dim");
  const std::int64_t width = own != nullptr ? std::stoll(own->scalar()) : s.hidden / s.heads;
  const auto rotated = static_cast<std::int64_t>(share * static_cast<double>(width));
  if (share <= 0 || share > 1 || rotated < 1)
    c.problem("partial_rotary_factor", "rotates nothing", "more than 0, at most 1");
  else
    out.numberIf("rotary_dim", rotated, width);
}

/// Layers with and without a sliding window: as listed, or every `every`-th without.
void windows(HfConfig& c, Description& out, const Sizes& s, std::int64_t window, std::int64_t every,
             std::int64_t first) {
  const std::vector<std::string> kinds = c.texts("layer_types");
  if (!kinds.empty()) {
    if (static_cast<std::int64_t>(kinds.size()) != s.layers)
      return c.problem(
          "layer_types",
          std::to_string(kinds.size()) + " for " + std::to_string(s.layers) + " layers",
          "one for each layer");
    std::vector<bool> full;
    for (const std::string& kind : kinds) {
      if (kind != "full_attention" && kind != "sliding_attention")
        return c.problem("layer_types", "'" + kind.substr(0, 40) + "' is not known",
                         "full_attention or sliding_attention");
      full.push_back(kind == "full_attention");
    }
    if (std::find(full.begin(), full.end(), false) == full.end()) return;
    const auto at = std::find(full.begin(), full.end(), true);
    const std::int64_t leading = std::find(full.begin(), full.end(), false) - full.begin();
    every = leading > 0 ? 0 : at == full.end() ? 0 : at - full.begin() + 1;
    first = leading;
    for (std::int64_t i = 0; i < s.layers; ++i)
      if (full[i] != (i < first || (every > 0 && (i + 1) % every == 0)))
        return c.problem("layer_types", "layer " + std::to_string(i) + " breaks the pattern",
                         "leading full layers, or a full layer in regular distances");
  }
  if (window <= 0) return;
  if (first >= s.layers) return;
  out.number("window", window);
  out.numberIf("global_every", every > s.layers ? 0 : every);
  out.numberIf("global_first", first);
}

void llamaLike(HfConfig& c, const Task& task, Description& out, Sizes standard,
               std::int64_t kvHeads, std::int64_t width) {
  const Sizes s = sizes(c, task, out, standard);
  keyValueHeads(c, out, s, kvHeads);
  headDim(c, out, s, width);
  rotary(c, out, s, 1.0);
  out.text("activation", activationOf(c, {"hidden_activation", "hidden_act"}, "silu"));
  if (c.flag({"attention_bias"}, false)) {
    out.flag("qkv_bias", true);
    out.flag("out_bias", true);
  }
  out.flagIf("ffn_bias", c.flag({"mlp_bias"}, false));
}

void llama(HfConfig& c, const Task& task, Description& out) {
  llamaLike(c, task, out, {4096, 11008, 32, 32, 32000}, 0, 0);
  tied(c, task, out, false);
}

void mistral(HfConfig& c, const Task& task, Description& out) {
  llamaLike(c, task, out, {4096, 14336, 32, 32, 32000}, 8, 0);
  tied(c, task, out, false);
  out.numberIf("window", c.numberOrNone("sliding_window", 4096));
}

void mixtral(HfConfig& c, const Task& task, Description& out) {
  llamaLike(c, task, out, {4096, 14336, 32, 32, 32000}, 8, 0);
  tied(c, task, out, false);
  out.numberIf("window", c.numberOrNone("sliding_window", 0));
  out.number("experts", c.number({"num_local_experts", "num_experts"}, 8));
  out.number("experts_active", c.number({"num_experts_per_tok"}, 2));
}

/// Windows of Qwen: only when asked for, and only in the last layers.
void qwenWindows(HfConfig& c, Description& out, std::int64_t layers) {
  if (!c.flag({"use_sliding_window"}, false)) return;
  windows(c, out, {0, 0, layers, 0, 0}, c.numberOrNone("sliding_window", 4096), 0,
          c.number({"max_window_layers"}, 28, 0));
}

void qwen2(HfConfig& c, const Task& task, Description& out) {
  const Sizes standard{4096, 22016, 32, 32, 151936};
  llamaLike(c, task, out, standard, 0, 0);
  out.flag("qkv_bias", true);
  qwenWindows(c, out, c.number({"num_hidden_layers"}, standard.layers));
  tied(c, task, out, false);
}

void qwen3(HfConfig& c, const Task& task, Description& out) {
  const Sizes standard{4096, 22016, 32, 32, 151936};
  llamaLike(c, task, out, standard, 32, 128);
  out.flag("qk_norm", true);
  qwenWindows(c, out, c.number({"num_hidden_layers"}, standard.layers));
  tied(c, task, out, false);
}

void qwen3Moe(HfConfig& c, const Task& task, Description& out) {
  llamaLike(c, task, out, {2048, 6144, 24, 32, 151936}, 4, 0);
  out.flag("qk_norm", true);
  qwenWindows(c, out, c.number({"num_hidden_layers"}, 24));
  tied(c, task, out, false);
  out.number("experts", c.number({"num_experts", "num_local_experts"}, 128));
  out.number("experts_active", c.number({"num_experts_per_tok"}, 8));
  out.number("expert_ffn", c.number({"moe_intermediate_size"}, 768));
  out.numberIf("moe_every", c.number({"decoder_sparse_step"}, 1), 1);
  const std::vector<std::int64_t> dense = c.numbers("mlp_only_layers", {});
  for (std::size_t i = 0; i < dense.size(); ++i)
    if (dense[i] != static_cast<std::int64_t>(i)) {
      c.problem("mlp_only_layers", "dense layers in between", "the first layers");
      break;
    }
  out.numberIf("dense_layers", static_cast<std::int64_t>(dense.size()));
}

void gemma(HfConfig& c, const Task& task, Description& out) {
  llamaLike(c, task, out, {3072, 24576, 28, 16, 256000}, 16, 256);
  out.text("activation", activationOf(c, {"hidden_activation", "hidden_act"}, "gelu_pytorch_tanh"));
  tied(c, task, out, true);
}

Sizes gemmaLater(HfConfig& c, const Task& task, Description& out, std::int64_t vocabulary) {
  const Sizes standard{2304, 9216, 26, 8, vocabulary};
  llamaLike(c, task, out, standard, 4, 256);
  out.text("activation", activationOf(c, {"hidden_activation", "hidden_act"}, "gelu_pytorch_tanh"));
  out.flag("post_norms", true);
  tied(c, task, out, true);
  return {0, 0, c.number({"num_hidden_layers"}, standard.layers), 0, 0};
}

void gemma2(HfConfig& c, const Task& task, Description& out) {
  const Sizes s = gemmaLater(c, task, out, 256000);
  windows(c, out, s, c.numberOrNone("sliding_window", 4096), 2, 0);
  out.flagIf("score_cap", c.real({"attn_logit_softcapping"}, 50) > 0);
  out.flagIf("logit_cap", task.head != Task::none && task.head != Task::classes &&
                              c.real({"final_logit_softcapping"}, 30) > 0);
}

void gemma3Text(HfConfig& c, const Task& task, Description& out) {
  const Sizes s = gemmaLater(c, task, out, 262208);
  out.flag("qk_norm", true);
  windows(c, out, s, c.numberOrNone("sliding_window", 4096),
          c.number({"sliding_window_pattern", "_sliding_window_pattern"}, 6), 0);
  out.flagIf("score_cap", c.real({"attn_logit_softcapping"}, 0) > 0);
  out.flagIf("logit_cap", c.real({"final_logit_softcapping"}, 0) > 0);
}

void gemma3(HfConfig& c, const Task& task, Description& out) {
  auto text = c.section("text_config");
  if (!text) return gemma3Text(c, task, out);
  gemma3Text(*text, task, out);
  for (const std::string& note : text->notes()) c.note(note);
  c.note("only the language model: the vision tower and its projector are left out");
}

void phi(HfConfig& c, const Task& task, Description& out) {
  const Sizes s = sizes(c, task, out, {2048, 8192, 24, 32, 51200});
  keyValueHeads(c, out, s, 0);
  rotary(c, out, s, 0.5);
  out.text("activation", activationOf(c, {"hidden_act"}, "gelu_new"));
  out.flag("gated", false);
  out.text("norm", "layer");
  out.text("parallel", "one_norm");
  out.flag("bias", true);
  out.flagIf("head_bias", task.head == Task::words || task.head == Task::unnamed);
  out.flagIf("qk_norm", c.flag({"qk_layernorm"}, false));
  tied(c, task, out, false);
}

void phi3(HfConfig& c, const Task& task, Description& out) {
  llamaLike(c, task, out, {3072, 8192, 32, 32, 32064}, 0, 0);
  out.numberIf("window", c.numberOrNone("sliding_window", 0));
  tied(c, task, out, false);
}

/// The plain block of GPT-2 and its kin: layer norms, no gate, biases.
void plain(HfConfig& c, Description& out, HfConfig::Names activation, const char* standard) {
  out.text("activation", activationOf(c, activation, standard));
  out.flag("gated", false);
  out.text("norm", "layer");
}

void gpt2(HfConfig& c, const Task& task, Description& out) {
  sizes(c, task, out, {768, 0, 12, 12, 50257});
  plain(c, out, {"activation_function"}, "gelu_new");
  out.text("positions", "learned");
  out.number("position_rows", c.number({"n_positions", "max_position_embeddings"}, 1024));
  out.flag("bias", true);
  tied(c, task, out, true);
}

void gptj(HfConfig& c, const Task& task, Description& out) {
  const Sizes s = sizes(c, task, out, {4096, 0, 28, 16, 50400});
  plain(c, out, {"activation_function"}, "gelu_new");
  out.text("parallel", "one_norm");
  out.flag("ffn_bias", true);
  out.flagIf("head_bias", task.head == Task::words || task.head == Task::unnamed);
  const std::int64_t rotated = c.number({"rotary_dim"}, 64, 0), width = s.hidden / s.heads;
  if (rotated > 0) out.numberIf("rotary_dim", std::min(rotated, width), width);
  tied(c, task, out, false);
}

void gptNeox(HfConfig& c, const Task& task, Description& out) {
  const Sizes s = sizes(c, task, out, {6144, 24576, 44, 64, 50432});
  plain(c, out, {"hidden_act"}, "gelu");
  if (c.flag({"use_parallel_residual"}, true)) out.text("parallel", "two_norms");
  rotary(c, out, s, 0.25);
  out.flag("ffn_bias", true);
  if (c.flag({"attention_bias"}, true)) {
    out.flag("qkv_bias", true);
    out.flag("out_bias", true);
  }
  tied(c, task, out, false);
}

void falcon(HfConfig& c, const Task& task, Description& out) {
  const Sizes s = sizes(c, task, out, {4544, 0, 32, 71, 65024});
  plain(c, out, {"activation"}, "gelu");
  const bool modern = c.flag({"new_decoder_architecture"}, false);
  const bool parallel = c.flag({"parallel_attn"}, true);
  out.numberIf("kv_heads",
               modern                          ? c.number({"num_kv_heads", "n_head_kv"}, s.heads)
               : c.flag({"multi_query"}, true) ? 1
                                               : s.heads,
               s.heads);
  if (modern)
    out.text("parallel", c.number({"num_ln_in_parallel_attn"}, 2) == 1 ? "one_norm" : "two_norms");
  else if (parallel)
    out.text("parallel", "one_norm");
  if (c.flag({"alibi"}, false)) out.text("positions", "alibi");
  out.flagIf("bias", c.flag({"bias"}, false));
  tied(c, task, out, true);
}

void opt(HfConfig& c, const Task& task, Description& out) {
  const Sizes s = sizes(c, task, out, {768, 3072, 12, 12, 50272});
  plain(c, out, {"activation_function"}, "relu");
  const bool before = c.flag({"do_layer_norm_before"}, true);
  out.text("norm_place", before ? "before" : "after");
  if (!before || c.flag({"_remove_final_layer_norm"}, false)) out.flag("final_norm", false);
  out.text("positions", "learned");
  out.number("position_rows", c.number({"max_position_embeddings"}, 2048) + 2);
  out.number("position_offset", 2);
  out.flagIf("bias", c.flag({"enable_bias"}, true));
  out.numberIf("word_width", c.number({"word_embed_proj_dim"}, s.hidden), s.hidden);
  tied(c, task, out, true);
}

void bloom(HfConfig& c, const Task& task, Description& out) {
  const Sizes s = sizes(c, task, out, {64, 0, 2, 8, 250880});
  out.number("ffn", 4 * s.hidden);
  out.text("activation", "gelu");
  out.flag("gated", false);
  out.text("norm", "layer");
  out.text("positions", "alibi");
  out.flag("embedding_norm", true);
  out.flag("bias", true);
  tied(c, task, out, true);
}

void deepseek(HfConfig& c, const Task& task, Description& out, Sizes standard, bool third) {
  sizes(c, task, out, standard);
  out.text("activation", activationOf(c, {"hidden_act"}, "silu"));
  out.number("head_dim", c.number({"qk_nope_head_dim"}, 128));
  out.number("kv_rope", c.number({"qk_rope_head_dim"}, 64));
  out.number("kv_rank", c.number({"kv_lora_rank"}, 512));
  out.number("value_dim", c.number({"v_head_dim"}, 128));
  out.numberIf("query_rank", c.numberOrNone("q_lora_rank", 1536));
  if (c.flag({"attention_bias"}, false)) {
    out.flag("qkv_bias", true);
    out.flag("out_bias", true);
  }
  out.flagIf("ffn_bias", c.flag({"mlp_bias"}, false));
  const std::int64_t experts =
      c.number({"n_routed_experts", "num_experts", "num_local_experts"}, third ? 256 : 64, 0);
  if (experts > 0) {
    out.number("experts", experts);
    out.number("experts_active", c.number({"num_experts_per_tok"}, 8));
    out.number("expert_ffn", c.number({"moe_intermediate_size"}, third ? 2048 : 1407));
    out.numberIf("shared_experts", c.number({"n_shared_experts"}, third ? 1 : 2, 0));
    out.numberIf("dense_layers", c.number({"first_k_dense_replace"}, third ? 3 : 0, 0));
    if (c.number({"moe_layer_freq"}, 1) != 1)
      c.problem("moe_layer_freq", "mixtures in only some layers", "1");
    out.flagIf("router_bias", third);
  }
  tied(c, task, out, false);
}

void deepseekV2(HfConfig& c, const Task& task, Description& out) {
  deepseek(c, task, out, {4096, 11008, 32, 32, 32000}, false);
}

void deepseekV3(HfConfig& c, const Task& task, Description& out) {
  deepseek(c, task, out, {7168, 18432, 61, 128, 129280}, true);
}

void mamba(HfConfig& c, const Task& task, Description& out) {
  const std::int64_t hidden = c.number({"hidden_size", "d_model"}, 768);
  out.number("hidden", hidden);
  out.number("layers", c.number({"num_hidden_layers", "n_layer"}, 32));
  out.number("heads", 1);
  out.number("ffn", 0);
  out.number("vocabulary", c.number({"vocab_size"}, 50280));
  out.text("mixer", "mamba");
  out.number("state_size", c.number({"state_size"}, 16));
  out.number("inner_width", c.number({"intermediate_size"}, c.number({"expand"}, 2) * hidden));
  out.number("conv_kernel", c.number({"conv_kernel"}, 4));
  if (!c.says("time_step_rank", "auto"))
    out.number("step_rank", c.number({"time_step_rank"}, (hidden + 15) / 16));
  out.text("positions", "none");
  out.flagIf("bias", c.flag({"use_bias"}, false));
  if (!c.flag({"use_conv_bias"}, true))
    c.problem("use_conv_bias", "a convolution without bias is not known", "true");
  if (task.head == Task::none) out.text("head", "none");
  tied(c, task, out, true);
}

}  // namespace

const std::vector<ModelType>& decoderTypes() {
  static const std::vector<ModelType> types = {{"llama", "transformer", llama},
                                               {"mistral", "transformer", mistral},
                                               {"mixtral", "transformer", mixtral},
                                               {"qwen2", "transformer", qwen2},
                                               {"qwen3", "transformer", qwen3},
                                               {"qwen3_moe", "transformer", qwen3Moe},
                                               {"gemma", "transformer", gemma},
                                               {"gemma2", "transformer", gemma2},
                                               {"gemma3", "transformer", gemma3},
                                               {"gemma3_text", "transformer", gemma3Text},
                                               {"phi", "transformer", phi},
                                               {"phi3", "transformer", phi3},
                                               {"gpt2", "transformer", gpt2},
                                               {"gptj", "transformer", gptj},
                                               {"gpt_neox", "transformer", gptNeox},
                                               {"falcon", "transformer", falcon},
                                               {"opt", "transformer", opt},
                                               {"bloom", "transformer", bloom},
                                               {"deepseek_v2", "transformer", deepseekV2},
                                               {"deepseek_v3", "transformer", deepseekV3},
                                               {"mamba", "transformer", mamba}};
  return types;
}

}  // namespace wattlas::hf
