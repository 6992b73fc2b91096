// Which tensor of a GGUF file has which format: the mixtures of its file types.
#include <algorithm>

#include "workloads/graph/description.h"
#include "workloads/graph/transformer_spec.h"

namespace wattlas {
namespace {

/// File type, format of the layers' matrices, and what differs: the first of a list that applies.
/// v, out, down: values and output of attention, down projection; qk: queries and keys; gate: gate
/// and up projections; embed: word table; head: vocabulary projection (q6_k elsewhere), which gives
/// its format to a table that it shares. Behind `@` the layers: more (the first and last eighth and
/// every third between), eighth, sixteenth, middle (between first and last eighth), two, four, gqa
/// (all, of models with four or more query heads for each key head). IQ1 to IQ3 with an importance
/// matrix, all others without. Checked against the published bits for each weight of Llama 3.1 8B.
constexpr const char* mixtures[] = {
    "F16 fp16 head=fp16",
    "Q8_0 q8_0 head=q8_0",
    "Q6_K q6_k",
    "Q5_K_M q5_k v=q6_k@more down=q6_k@more",
    "Q5_K_S q5_k",
    "Q5_0 q5_0",
    "Q4_K_M q4_k v=q6_k@more down=q6_k@more",
    "Q4_K_S q4_k v=q5_k@four down=q5_k@eighth",
    "Q4_0 q4_0",
    "IQ4_NL iq4_nl v=q5_k@gqa down=q5_k@eighth",
    "IQ4_XS iq4_xs v=q5_k@gqa down=q5_k@eighth",
    "NVFP4 nvfp4",
    "Q3_K_L q3_k v=q5_k down=q5_k out=q5_k",
    "Q3_K_M q3_k v=q5_k@two,q4_k down=q5_k@sixteenth,q4_k out=q4_k",
    "Q3_K_S q3_k",
    "IQ3_M iq3_s v=q4_k down=q4_k@eighth out=q4_k",
    "IQ3_S iq3_s v=q4_k@gqa",
    "IQ3_XS iq3_s v=q4_k@gqa qk=iq3_xxs gate=iq3_xxs@middle",
    "IQ3_XXS iq3_xxs v=q4_k@gqa out=iq3_s qk=iq2_s embed=iq3_s head=q5_k",
    "Q2_K q2_k v=q4_k@gqa,q3_k down=q3_k out=q3_k",
    "Q2_K_S q2_k v=q4_k@gqa down=q4_k@eighth",
    "IQ2_M iq2_s v=q4_k@gqa,iq3_s down=iq3_s@eighth out=iq3_s embed=iq3_s head=q5_k",
    "IQ2_S iq2_xs v=q4_k@gqa,iq3_s down=iq3_s@eighth out=iq3_s embed=iq3_s head=q5_k",
    "IQ2_XS iq2_xs v=q4_k@gqa,q2_k down=q2_k@eighth embed=q2_k head=q5_k",
    "IQ2_XXS iq2_xxs v=q4_k@gqa,q2_k down=q2_k@eighth embed=q2_k head=q5_k",
    "IQ1_M iq1_m v=q4_k@gqa,q2_k down=q2_k@eighth out=iq2_xxs embed=q2_k head=q5_k",
    "IQ1_S iq1_s v=q4_k@gqa,q2_k down=q2_k@eighth out=iq2_xxs embed=q2_k head=q5_k",
    "TQ1_0 tq1_0 embed=q4_k",
    "TQ2_0 tq2_0 embed=q4_k",
};

/// Words of `text` between `separator`s.
std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

class Mixture {
 public:
  Mixture(const std::string& line, const TransformerSpec& spec) : spec_(spec) {
    parts_ = split(line, ' ');
  }

  std::string formatOf(const std::string& tensor, std::int64_t layer) const {
    std::string format = tensor == "head" ? "q6_k" : parts_[1];
    for (const std::string& part : parts_)
      if (part.starts_with(tensor + "=")) {
        for (const std::string& choice : split(part.substr(tensor.size() + 1), ',')) {
          const std::vector<std::string> words = split(choice, '@');
          if (words.size() > 1 && !covers(words[1], layer)) continue;
          format = words[0];
          break;
        }
      }
    // The one model with 80 layers and eight query heads for each key head spares its few values.
    const bool seventy = spec_.layers == 80 && spec_.heads == 8 * spec_.kvHeads;
    return tensor == "v" && seventy && (format == "q3_k" || format == "q4_k") ? "q5_k" : format;
  }

 private:
  bool covers(const std::string& when, std::int64_t i) const {
    const std::int64_t n = spec_.layers, eighth = n / 8, late = 7 * n / 8;
    if (when == "more") return i < eighth || i >= late || (i - eighth) % 3 == 2;
    if (when == "middle") return i >= eighth && i < late;
    if (when == "gqa") return spec_.heads >= 4 * spec_.kvHeads;
    return i < (when == "eighth" ? eighth : when == "sixteenth" ? n / 16 : when == "two" ? 2 : 4);
  }

  const TransformerSpec& spec_;
  std::vector<std::string> parts_;
};

}  // namespace

void checkGguf(const TransformerSpec& spec, Binder& binder) {
  if (spec.gguf == "none") return;
  std::vector<std::string> names;
  std::string list;
  for (const std::string line : mixtures) {
    names.push_back(split(line, ' ').front());
    list += (list.empty() ? "" : ", ") + names.back();
  }
  if (std::find(names.begin(), names.end(), spec.gguf) == names.end())
    binder.problem("gguf", "'" + spec.gguf.substr(0, 40) + "' is no file type",
                   list + " (" + didYouMean(spec.gguf, names) + ")");
  if (spec.architecture != "decoder" || spec.experts > 0 || spec.kvRank > 0 ||
      spec.mixer != "attention" || spec.keyBias != "as_bias")
    binder.problem("gguf", "is known for plain decoders only",
                   "no mixture of experts, latent attention, state space or encoder");
}

void applyGguf(const TransformerSpec& spec, FormatPlan& plan) {
  const auto line = std::find_if(std::begin(mixtures), std::end(mixtures), [&](const char* text) {
    return split(text, ' ').front() == spec.gguf;
  });
  const Mixture mixture(*line, spec);
  plan.add("embed.word", nullptr, mixture.formatOf(spec.tied ? "head" : "embed", 0));
  plan.add("lm_head", nullptr, mixture.formatOf("head", 0));
  // Vectors are copied in 32 bits.
  for (const char* name : {"attn.norm", "attn.post_norm", "attn.q_norm", "attn.k_norm", "mlp.norm",
                           "mlp.post_norm", "final.norm", "embed.norm"})
    plan.add(name, nullptr, "w32a16");
  const std::string ffn = spec.gated ? "mlp.gate_up" : "mlp.up";
  const std::pair<const char*, std::string> tensors[] = {
      {"qk", "attn.query"}, {"qk", "attn.key"}, {"v", "attn.value"},
      {"out", "attn.out"},  {"gate", ffn},      {"down", "mlp.down"}};
  for (const auto& [tensor, name] : tensors)
    for (LayerRange range; range.first < spec.layers; range.first = range.last + 1) {
      const std::string format = mixture.formatOf(tensor, range.first);
      range.last = range.first;
      while (range.last + 1 < spec.layers && mixture.formatOf(tensor, range.last + 1) == format)
        ++range.last;
      plan.add(name, &range, format);
    }
}

}  // namespace wattlas
