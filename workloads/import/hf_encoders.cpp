// Encoders, encoder-decoders and image transformers.
#include "workloads/import/hf_config.h"

namespace wattlas::hf {
namespace {

/// Sizes of a stack under the names of BERT.
void bertSizes(HfConfig& c, Description& out) {
  out.text("architecture", "encoder");
  const std::int64_t hidden = c.number({"hidden_size", "dim"}, 768);
  out.number("hidden", hidden);
  out.number("layers", c.number({"num_hidden_layers", "n_layers"}, 12));
  out.number("heads", c.number({"num_attention_heads", "n_heads"}, 12));
  out.number("ffn", c.number({"intermediate_size", "hidden_dim"}, 4 * hidden));
  out.text("activation", activationOf(c, {"hidden_act", "activation"}, "gelu"));
  out.flag("gated", false);
  out.text("norm", "layer");
  out.flag("bias", true);
}

/// Head of a BERT-like encoder. `dense`: whether its classifiers have a dense layer of their own.
void bertHead(HfConfig& c, const Task& task, Description& out, bool dense, bool pools) {
  switch (task.head) {
    case Task::unnamed:
      break;
    case Task::none:
      out.flagIf("pooler", pools);
      break;
    case Task::words:
      out.text("head", "words");
      out.flag("head_dense", true);
      out.flag("head_bias", true);
      out.flagIf("tied", c.flag({"tie_word_embeddings"}, true));
      break;
    case Task::classes:
      out.text("head", "classes");
      out.number("classes", labelsOf(c));
      out.flag("head_bias", true);
      if (dense)
        out.flag("head_dense", true);
      else
        out.flag("pooler", true);
      break;
    case Task::tokens:
    case Task::answers:
      out.text("head", "classes");
      out.number("classes", task.head == Task::answers ? 2 : labelsOf(c));
      out.flag("head_bias", true);
      out.flag("head_each", true);
      break;
    case Task::pretraining:
      c.problem("architectures", "'" + task.architecture + "' has two heads",
                "a masked language model or a classifier");
  }
}

void bert(HfConfig& c, const Task& task, Description& out) {
  bertSizes(c, out);
  out.number("vocabulary", c.number({"vocab_size"}, 30522));
  out.text("norm_place", "after");
  out.flag("final_norm", false);
  out.flag("embedding_norm", true);
  if (c.text({"position_embedding_type"}, "absolute") != "absolute")
    c.problem("position_embedding_type", "relative positions are not known", "absolute");
  out.text("positions", "learned");
  out.number("position_rows", c.number({"max_position_embeddings"}, 512));
  out.number("token_type_rows", c.number({"type_vocab_size"}, 2));
  bertHead(c, task, out, false, true);
}

void roberta(HfConfig& c, const Task& task, Description& out) {
  bertSizes(c, out);
  out.number("vocabulary", c.number({"vocab_size"}, 50265));
  out.text("norm_place", "after");
  out.flag("final_norm", false);
  out.flag("embedding_norm", true);
  out.text("positions", "learned");
  out.number("position_rows", c.number({"max_position_embeddings"}, 512));
  out.number("position_offset", c.number({"pad_token_id"}, 1, 0) + 1);
  out.number("token_type_rows", c.number({"type_vocab_size"}, 2));
  bertHead(c, task, out, true, true);
}

void distilbert(HfConfig& c, const Task& task, Description& out) {
  out.text("architecture", "encoder");
  bertSizes(c, out);
  if (!c.has("n_layers") && !c.has("num_hidden_layers")) out.number("layers", 6);
  out.number("vocabulary", c.number({"vocab_size"}, 30522));
  out.text("norm_place", "after");
  out.flag("final_norm", false);
  out.flag("embedding_norm", true);
  out.text("positions", "learned");
  out.number("position_rows", c.number({"max_position_embeddings"}, 512));
  bertHead(c, task, out, true, false);
}

void t5(HfConfig& c, const Task& task, Description& out) {
  const bool encoderOnly = task.architecture.ends_with("EncoderModel");
  out.text("architecture", encoderOnly ? "encoder" : "encoder_decoder");
  out.number("hidden", c.number({"d_model", "hidden_size"}, 512));
  const std::int64_t layers = c.number({"num_layers", "num_hidden_layers"}, 6);
  out.number("layers", layers);
  if (!encoderOnly)
    out.numberIf("decoder_layers", c.number({"num_decoder_layers"}, layers), layers);
  out.number("heads", c.number({"num_heads", "num_attention_heads"}, 8));
  out.number("head_dim", c.number({"d_kv", "head_dim"}, 64));
  out.number("ffn", c.number({"d_ff"}, 2048));
  out.number("vocabulary", c.number({"vocab_size"}, 32128));
  const std::string form = c.text({"feed_forward_proj"}, "relu");
  const bool gated = form.starts_with("gated-");
  const std::string function = gated ? form.substr(6) : form;
  if (function != "relu" && !function.starts_with("gelu") && function != "silu")
    c.problem("feed_forward_proj", "'" + form.substr(0, 40) + "' is not known",
              "relu, gated-gelu or gated-silu");
  out.text("activation", function.starts_with("gelu") ? "gelu" : function);
  out.flag("gated", gated);
  out.text("positions", "relative");
  out.number("relative_buckets", c.number({"relative_attention_num_buckets"}, 32));
  if (task.head == Task::none || encoderOnly) {
    if (!encoderOnly) out.text("head", "none");
  } else if (task.head != Task::words && task.head != Task::unnamed) {
    c.problem("architectures", "'" + task.architecture.substr(0, 60) + "' has no known head",
              "T5ForConditionalGeneration");
  } else {
    out.flagIf("tied", c.flag({"tie_word_embeddings"}, true));
  }
}

void whisper(HfConfig& c, const Task& task, Description& out) {
  out.text("architecture", "encoder_decoder");
  out.text("input", "frames");
  const std::int64_t positions = c.number({"max_source_positions"}, 1500);
  out.number("frames", 2 * positions);
  out.number("input_channels", c.number({"num_mel_bins"}, 80));
  out.number("hidden", c.number({"d_model", "hidden_size"}, 384));
  const std::int64_t layers = c.number({"encoder_layers", "num_hidden_layers"}, 4);
  out.number("layers", layers);
  out.numberIf("decoder_layers", c.number({"decoder_layers"}, 4), layers);
  const std::int64_t heads = c.number({"encoder_attention_heads", "num_attention_heads"}, 6);
  out.number("heads", heads);
  if (c.number({"decoder_attention_heads"}, heads) != heads)
    c.problem("decoder_attention_heads", "differs from encoder_attention_heads", "the same");
  const std::int64_t ffn = c.number({"encoder_ffn_dim"}, 1536);
  out.number("ffn", ffn);
  if (c.number({"decoder_ffn_dim"}, ffn) != ffn)
    c.problem("decoder_ffn_dim", "differs from encoder_ffn_dim", "the same");
  out.number("vocabulary", c.number({"vocab_size"}, 51865));
  out.text("activation", activationOf(c, {"activation_function"}, "gelu"));
  out.flag("gated", false);
  out.text("norm", "layer");
  out.flag("bias", true);
  out.text("key_bias", "false");
  out.text("positions", "learned");
  out.number("position_rows", c.number({"max_target_positions"}, 448));
  if (task.head == Task::none)
    out.text("head", "none");
  else
    out.flag("tied", true);
  // A transcription starts from four tokens: start, language, task, no timestamps.
  out.number("prompt", 4);
}

void vit(HfConfig& c, const Task& task, Description& out) {
  bertSizes(c, out);
  out.text("family", "vision");
  out.text("input", "patches");
  out.number("image_size", c.number({"image_size"}, 224));
  out.number("patch_size", c.number({"patch_size"}, 16));
  out.number("input_channels", c.number({"num_channels"}, 3));
  out.number("extra_tokens", 1);
  if (!c.flag({"qkv_bias"}, true)) out.flag("qkv_bias", false);
  out.text("positions", "learned");
  const std::int64_t along = c.number({"image_size"}, 224) / c.number({"patch_size"}, 16);
  out.number("position_rows", along * along + 1);
  if (task.head == Task::none) {
    out.flag("pooler", true);
    return;
  }
  if (task.head != Task::classes && task.head != Task::unnamed)
    c.problem("architectures", "'" + task.architecture.substr(0, 60) + "' has no known head",
              "ViTForImageClassification or ViTModel");
  out.text("head", "classes");
  out.number("classes", labelsOf(c));
  out.flag("head_bias", true);
}

}  // namespace

const std::vector<ModelType>& encoderTypes() {
  static const std::vector<ModelType> types = {{"bert", "transformer", bert},
                                               {"roberta", "transformer", roberta},
                                               {"distilbert", "transformer", distilbert},
                                               {"t5", "transformer", t5},
                                               {"whisper", "transformer", whisper},
                                               {"vit", "transformer", vit}};
  return types;
}

}  // namespace wattlas::hf
