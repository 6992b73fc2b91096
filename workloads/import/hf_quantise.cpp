// quantization_config -> formats of single operators. Tables, head, norms and routers keep the
// format of the file.
#include "workloads/graph/format.h"
#include "workloads/import/hf_config.h"

namespace wattlas::hf {
namespace {

std::string valueOf(const Description& out, const char* key, const char* fallback) {
  const ConfigNode* node = out.node.find(key);
  return node != nullptr ? node->scalar() : fallback;
}

/// Names of the linear layers that the description leads to.
std::vector<std::string> linearLayers(const Description& out) {
  const auto has = [&](const char* key) { return valueOf(out, key, "0") != "0"; };
  std::vector<std::string> names;
  if (valueOf(out, "mixer", "attention") == "mamba")
    return {"mixer.in", "mixer.x", "mixer.step", "mixer.out"};
  if (has("kv_rank")) {
    if (has("query_rank"))
      names = {"attn.q_a", "attn.q_b"};
    else
      names = {"attn.query"};
    for (const char* name : {"attn.kv_a", "attn.kv_b_k", "attn.kv_b_v"}) names.emplace_back(name);
  } else {
    names = {"attn.qkv"};
  }
  names.emplace_back("attn.out");
  const bool mixture = has("experts");
  if (!mixture || has("dense_layers") || valueOf(out, "moe_every", "1") != "1") {
    names.emplace_back(valueOf(out, "gated", "true") == "true" ? "mlp.gate_up" : "mlp.up");
    names.emplace_back("mlp.down");
  }
  if (mixture) names.emplace_back("mlp.expert");
  if (has("shared_experts")) names.emplace_back("mlp.shared");
  return names;
}

/// Format with the scales of its groups where the number formats know groups.
std::string grouped(HfConfig& config, std::int64_t bits, std::int64_t group) {
  const std::string plain = "w" + std::to_string(bits) + "a16";
  if (group <= 0) return plain;
  const std::string text = "w" + std::to_string(bits) + "g" + std::to_string(group) + "a16";
  try {
    return parseTensorFormats(text).name;
  } catch (const InputError&) {
    config.note("the scales of groups of " + std::to_string(group) + " weights are not counted");
    return plain;
  }
}

std::string formatOf(HfConfig& q, const std::string& method) {
  if (method == "gptq" || method == "awq") {
    const std::int64_t bits = q.number({"bits", "w_bit"}, 4);
    return grouped(q, bits, q.number({"group_size", "q_group_size"}, 128, -1));
  }
  if (method == "bitsandbytes") {
    if (q.flag({"load_in_8bit", "_load_in_8bit"}, false)) return "int8";
    if (q.flag({"load_in_4bit", "_load_in_4bit"}, false)) return grouped(q, 4, 64);
    q.problem("load_in_4bit", "neither 4 nor 8 bits", "load_in_4bit or load_in_8bit: true");
    return {};
  }
  if (method == "fp8" || method == "fbgemm_fp8")
    return q.text({"fmt"}, "e4m3") == "e5m2" ? "fp8-e5m2" : "fp8-e4m3";
  const std::vector<std::string> known = {"gptq", "awq", "bitsandbytes", "fp8", "fbgemm_fp8"};
  q.problem("quant_method",
            method.empty() ? "missing" : "'" + method.substr(0, 40) + "' is not known",
            "gptq, awq, bitsandbytes or fp8", didYouMean(method, known));
  return {};
}

}  // namespace

void quantise(HfConfig& config, Description& out, const std::string& base) {
  auto q = config.section("quantization_config");
  if (!q) return;
  std::string method = q->text({"quant_method"}, "");
  if (method.empty() && (q->has("load_in_4bit") || q->has("load_in_8bit"))) method = "bitsandbytes";
  const std::string format = formatOf(*q, method);
  for (const std::string& note : q->notes()) config.note(note);
  if (format.empty()) return;
  if (valueOf(out, "generator", "") != "transformer") {
    config.problem("quantization_config", "is read for transformers only", "no such section");
    return;
  }
  ConfigNode formats = ConfigNode::ofMap();
  for (const std::string& name : linearLayers(out)) formats.put(name, ConfigNode::ofScalar(format));
  out.node.put("formats", std::move(formats));
  config.note("linear layers are " + format + " (" + method + "), everything else " + base);
}

}  // namespace wattlas::hf
