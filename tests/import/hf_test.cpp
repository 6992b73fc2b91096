// Hugging Face configurations against the published sizes of their models.
#include <gmock/gmock.h>

#include "models/base/error.h"
#include "tests/paths.h"
#include "workloads/graph/workload.h"
#include "workloads/import/hf_config.h"

namespace wattlas {
namespace {

Workload built(const std::string& json) {
  const ImportedModel model = hf::importConfig(json, "config.json", "model");
  return buildWorkload("model", model.description, ConfigNode::ofMap());
}

std::string errorOf(const std::string& json) {
  try {
    built(json);
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

struct Model {
  const char* name;
  const char* json;
  std::int64_t parameters;
};

class PublishedModels : public ::testing::TestWithParam<Model> {};

TEST_P(PublishedModels, HaveTheirParameters) {
  EXPECT_EQ(built(GetParam().json).totals().parameters, GetParam().parameters);
}

TEST_P(PublishedModels, CostWhatTheLibraryFilesCost) {
  static const std::map<std::string, std::string> library = {
      {"llama31_8b", "llama3.1-8b"},  {"mixtral", "mixtral-8x7b"},
      {"qwen25_72b", "qwen2.5-72b"},  {"qwen3_4b", "qwen3-4b"},
      {"qwen3_30b", "qwen3-30b-a3b"}, {"gemma3_27b", "gemma3-27b"},
      {"dsv3", "deepseek-v3"},        {"gpt2", "gpt2"},
      {"opt350", "opt-350m"},         {"mamba", "mamba-2.8b"},
      {"bertlarge", "bert-large"},    {"t5base", "t5-base"},
      {"whisper", "whisper-small"},   {"vit", "vit-b16"},
      {"resnet50", "resnet50"}};
  const auto known = library.find(GetParam().name);
  if (known == library.end()) return;
  ConfigNode options = ConfigNode::ofMap();
  options.put("format", ConfigNode::ofScalar("fp16"));
  const ImportedModel model = hf::importConfig(GetParam().json, "config.json", "model");
  const WorkloadTotals mine = buildWorkload("model", model.description, options).totals();
  const WorkloadTotals file =
      makeWorkload(known->second, options, SearchPath({wattlas::test::sourceRoot()})).totals();
  EXPECT_EQ(mine.macsPrefill, file.macsPrefill);
  EXPECT_EQ(mine.macsDecodeFirst, file.macsDecodeFirst);
  EXPECT_EQ(mine.weights, file.weights);
  EXPECT_EQ(mine.kvPeak, file.kvPeak);
}

// Sums of all tensors of the published checkpoints.
INSTANTIATE_TEST_SUITE_P(
    HuggingFace, PublishedModels,
    ::testing::Values(
        Model{"llama31_8b",
              R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": )"
              R"(4096, "num_hidden_layers": 32, "num_attention_heads": 32, )"
              R"("num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256, )"
              R"("torch_dtype": "bfloat16", "hidden_act": "silu", "tie_word_embeddings": )"
              R"(false, "rope_scaling": {"factor": 8.0}})",
              8030261248},
        Model{"mixtral",
              R"({"model_type": "mixtral", "hidden_size": 4096, "num_hidden_layers": 32, )"
              R"("num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": )"
              R"(14336, "vocab_size": 32000, "torch_dtype": "bfloat16", "sliding_window": null})",
              46702792704},
        Model{"qwen25_72b",
              R"({"model_type": "qwen2", "hidden_size": 8192, "num_hidden_layers": 80, )"
              R"("num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": )"
              R"(29568, "vocab_size": 152064, "torch_dtype": "bfloat16"})",
              72706203648},
        Model{"qwen3_4b",
              R"({"model_type": "qwen3", "hidden_size": 2560, "num_hidden_layers": 36, )"
              R"("num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": )"
              R"(9728, "vocab_size": 151936, "torch_dtype": "bfloat16", "head_dim": 128, )"
              R"("tie_word_embeddings": true})",
              4022468096},
        Model{"qwen3_30b",
              R"({"model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 48, )"
              R"("num_attention_heads": 32, "num_key_value_heads": 4, "moe_intermediate_size": )"
              R"(768, "vocab_size": 151936, "torch_dtype": "bfloat16", "head_dim": 128, )"
              R"("tie_word_embeddings": false})",
              30532122624},
        Model{"gemma3_27b",
              R"({"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", )"
              R"("torch_dtype": "bfloat16", "text_config": {"model_type": "gemma3_text", )"
              R"("hidden_size": 5376, "num_hidden_layers": 62, "num_attention_heads": 32, )"
              R"("num_key_value_heads": 16, "head_dim": 128, "intermediate_size": 21504, )"
              R"("sliding_window": 1024, "query_pre_attn_scalar": 168}, "vision_config": {}})",
              27009346304},
        Model{"dsv3",
              R"({"model_type": "deepseek_v3", "hidden_size": 7168, "num_hidden_layers": 61, )"
              R"("num_attention_heads": 128, "intermediate_size": 18432, )"
              R"("moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": )"
              R"(1, "num_experts_per_tok": 8, "first_k_dense_replace": 3, "vocab_size": )"
              R"(129280, "q_lora_rank": 1536, "kv_lora_rank": 512, "torch_dtype": "bfloat16", )"
              R"("quantization_config": {"quant_method": "fp8", "fmt": "e4m3", )"
              R"("weight_block_size": [128, 128]}})",
              671026419200},
        Model{"phi3",
              R"({"model_type": "phi3", "hidden_size": 3072, "num_hidden_layers": 32, )"
              R"("num_attention_heads": 32, "intermediate_size": 8192, "vocab_size": 32064, )"
              R"("torch_dtype": "bfloat16"})",
              3821079552},
        Model{"phi2",
              R"({"model_type": "phi", "hidden_size": 2560, "num_hidden_layers": 32, )"
              R"("num_attention_heads": 32, "intermediate_size": 10240, "vocab_size": 51200, )"
              R"("partial_rotary_factor": 0.4, "torch_dtype": "float16"})",
              2779683840},
        Model{"gpt2", R"({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]})", 124439808},
        Model{"gptj",
              R"({"model_type": "gptj", "n_embd": 4096, "n_head": 16, "n_layer": 28, )"
              R"("rotary_dim": 64, "vocab_size": 50400})",
              6050882784},
        Model{"neox",
              R"({"model_type": "gpt_neox", "hidden_size": 6144, "num_hidden_layers": 44, )"
              R"("num_attention_heads": 64, "intermediate_size": 24576, "vocab_size": 50432, )"
              R"("torch_dtype": "float16"})",
              20554567680},
        Model{"falcon7b",
              R"({"model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 32, )"
              R"("num_attention_heads": 71, "vocab_size": 65024, "multi_query": true, )"
              R"("parallel_attn": true, "new_decoder_architecture": false, "bias": false})",
              6921720704},
        Model{"opt350",
              R"({"model_type": "opt", "hidden_size": 1024, "num_hidden_layers": 24, )"
              R"("num_attention_heads": 16, "ffn_dim": 4096, "vocab_size": 50272, )"
              R"("do_layer_norm_before": false, "word_embed_proj_dim": 512})",
              331196416},
        Model{"bloom",
              R"({"model_type": "bloom", "n_embed": 1024, "n_layer": 24, "n_head": 16, )"
              R"("vocab_size": 250880})",
              559214592},
        Model{"mamba",
              R"({"model_type": "mamba", "hidden_size": 2560, "num_hidden_layers": 64, )"
              R"("time_step_rank": 160, "intermediate_size": 5120})",
              2768345600},
        Model{"bertlarge",
              R"({"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 1024, )"
              R"("num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096})",
              335141888},
        Model{"bertmlm", R"({"model_type": "bert", "architectures": ["BertForMaskedLM"]})",
              109514298},
        Model{"roberta",
              R"({"model_type": "roberta", "architectures": ["RobertaForMaskedLM"], )"
              R"("max_position_embeddings": 514, "type_vocab_size": 1})",
              124697433},
        Model{"distil",
              R"({"model_type": "distilbert", "architectures": ["DistilBertForMaskedLM"]})",
              66985530},
        Model{"t5base",
              R"({"model_type": "t5", "d_model": 768, "num_layers": 12, "num_heads": 12, )"
              R"("d_ff": 3072})",
              222903552},
        Model{"whisper",
              R"({"model_type": "whisper", "d_model": 768, "encoder_layers": 12, )"
              R"("decoder_layers": 12, "encoder_attention_heads": 12, )"
              R"("decoder_attention_heads": 12, "encoder_ffn_dim": 3072, "decoder_ffn_dim": )"
              R"(3072})",
              241734912},
        Model{"vit", R"({"model_type": "vit", "num_labels": 1000})", 86567656},
        Model{"swin", R"({"model_type": "swin", "num_labels": 1000})", 28288354},
        Model{"resnet50", R"({"model_type": "resnet", "num_labels": 1000})", 25557032},
        Model{"convnext", R"({"model_type": "convnext", "num_labels": 1000})", 28589128}),
    [](const auto& model) { return std::string(model.param.name); });

const std::string llama =
    R"("model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
       "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
       "vocab_size": 128256, "torch_dtype": "float16")";

TEST(HuggingFace, ImageNetworksHaveTheirMacs) {
  const auto macs = [](const char* type) {
    return built(std::string(R"({"num_labels": 1000, "model_type": ")") + type + "\"}")
        .totals()
        .macsPrefill;
  };
  EXPECT_EQ(macs("vit"), 17563828224);
  EXPECT_EQ(macs("swin"), 4490566656);
  EXPECT_EQ(macs("convnext"), 4455531264);
  EXPECT_EQ(macs("resnet"), 4089184256);
}

TEST(HuggingFace, QuantisedLinearLayersKeepHeadAndTable) {
  const Workload w = built("{" + llama +
                           R"(, "quantization_config": {"quant_method": "awq", "bits": 4,
                               "group_size": 128}})");
  std::map<std::string, int> bits;
  const Graph& graph = w.phases[0].graph;
  for (std::size_t v = 0; v < graph.size(); ++v)
    bits[graph.at(static_cast<OpId>(v)).name] = graph.at(static_cast<OpId>(v)).formats.weight.bits;
  EXPECT_EQ(bits.at("attn.qkv"), 4);
  EXPECT_EQ(bits.at("mlp.down"), 4);
  EXPECT_EQ(bits.at("lm_head"), 16);
  EXPECT_EQ(bits.at("embed.word"), 16);
}

TEST(HuggingFace, TheArchitectureDecidesTheHead) {
  const auto parameters = [](const std::string& architecture) {
    return built("{" + llama + ", \"architectures\": [\"" + architecture + "\"]}")
        .totals()
        .parameters;
  };
  const std::int64_t table = 128256LL * 4096;
  EXPECT_EQ(parameters("LlamaForCausalLM") - parameters("LlamaModel"), table);
  EXPECT_EQ(parameters("LlamaForSequenceClassification") - parameters("LlamaModel"), 2 * 4096);
}

TEST(HuggingFace, UnknownTypesNameTheNearest) {
  EXPECT_THAT(errorOf(R"({"model_type": "lama"})"), ::testing::HasSubstr("did you mean 'llama'?"));
  EXPECT_THAT(errorOf("{}"), ::testing::HasSubstr("model_type"));
}

TEST(HuggingFace, ImpossibleValuesAreNamedTogether) {
  const std::string error = errorOf(
      R"({"model_type": "llama", "hidden_size": -4, "num_hidden_layers": "many",
          "attention_bias": 3})");
  for (const char* key : {"hidden_size", "num_hidden_layers", "attention_bias"})
    EXPECT_THAT(error, ::testing::HasSubstr(key));
}

TEST(HuggingFace, HostileTextsAreRefused) {
  EXPECT_THAT(errorOf("[1, 2]"), ::testing::HasSubstr("no JSON object"));
  EXPECT_THAT(errorOf(std::string(100000, '[')), ::testing::HasSubstr("nested deeper"));
  EXPECT_THAT(errorOf(R"({"model_type": "gpt2", "n_layer": 1e300})"),
              ::testing::HasSubstr("n_layer"));
  EXPECT_THAT(errorOf(R"({"model_type": "swin", "depths": [1000000000000]})"),
              ::testing::HasSubstr("depths"));
}

TEST(HuggingFace, NumbersThatPythonWritesAreRead) {
  EXPECT_EQ(errorOf("{" + llama + R"(, "time_step_limit": [0.0, Infinity], "x": NaN})"), "");
}

TEST(HuggingFace, WindowsFollowTheListedLayers) {
  const auto text = [](const char* layers) {
    return std::string(R"({"model_type": "gemma3_text", "num_hidden_layers": 3,
                           "layer_types": [)") +
           layers + "]}";
  };
  const Workload w = built(text(R"("sliding_attention", "sliding_attention", "full_attention")"));
  EXPECT_EQ(w.config.find("global_every")->scalar(), "3");
  EXPECT_THAT(errorOf(text(R"("full_attention", "sliding_attention", "full_attention")")),
              ::testing::HasSubstr("breaks the pattern"));
}

}  // namespace
}  // namespace wattlas
