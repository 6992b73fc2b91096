// Reads the statements of hf_types.yaml; what no statement can say is a function here.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <sstream>

#include "workloads/import/hf_config.h"

namespace wattlas::hf {
namespace {

using Words = std::vector<std::string>;

Words wordsOf(const std::string& text, char separator = ' ') {
  Words out;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, separator);)
    if (!word.empty()) out.push_back(word);
  return out;
}

class Table {
 public:
  Table(HfConfig& c, const Task& task, Description& out) : c_(c), task_(task), out_(out) {}

  void run(const std::string& part) {
    const ConfigNode* list = typesTable().find(part);
    if (list == nullptr) throw std::logic_error("no part '" + part + "' in hf_types.yaml");
    for (const ConfigNode& item : list->items()) statement(wordsOf(item.scalar()));
  }

 private:
  void statement(const Words& w) {
    if (w[0] == "like") return run(w[1]);
    if (w[0] == "call") return call(w);
    if (w[0] == "if") return conditional(w);
    if (w[0] == "expect") return expect(w);
    if (w[0] == "let") {
      for (std::size_t i = 1; i + 1 < w.size(); i += 2) variables_.emplace(w[i], w[i + 1]);
    } else if (w[0] == "read") {
      variables_[w[1]] = std::to_string(
          c_.number(wordsOf(w[2], '|'), value(w[3]), option(w, "least").value_or(1)));
    } else if (w[1] == "=") {
      out_.text(w[0], w[2]);
    } else if (w[1] == "flag") {
      out_.flagIf(w[0], c_.flag(wordsOf(w[2], '|'), w[3] == "true"));
    } else if (w[1] == "activation") {
      out_.text(w[0], activationOf(c_, wordsOf(w[2], '|'), w[3]));
    } else if (w[1] == "none") {
      out_.numberIf(w[0], c_.numberOrNone(w[2].c_str(), value(w[3])));
    } else {
      const bool given = w[1] == "value";
      std::int64_t n =
          given ? value(w[2])
                : c_.number(wordsOf(w[2], '|'), value(w[3]), option(w, "least").value_or(1));
      n = std::min(n, option(w, "most").value_or(n)) + option(w, "plus").value_or(0);
      for (std::size_t i = 2; i + 1 < w.size(); ++i)
        if (w[i] == "unless" && value(w[i + 1]) == n) return;
      out_.number(w[0], n);
    }
  }

  std::optional<std::int64_t> option(const Words& w, const char* name) const {
    for (std::size_t i = 3; i + 1 < w.size(); ++i)
      if (w[i] == name) return value(w[i + 1]);
    return std::nullopt;
  }

  /// Numbers, $KEY and @VARIABLE, joined by * and / from the left.
  std::int64_t value(const std::string& text) const {
    return static_cast<std::int64_t>(realValue(text));
  }
  double realValue(const std::string& text) const {
    const std::size_t at = text.find_last_of("*/");
    if (at != std::string::npos) {
      const double left = realValue(text.substr(0, at)), right = realValue(text.substr(at + 1));
      return text[at] == '*' ? left * right : right != 0 ? left / right : 0;
    }
    if (text[0] == '@') {
      const double v = realValue(variables_.at(text.substr(1)));
      return std::floor(v);
    }
    if (text[0] != '$') return std::stod(text);
    const ConfigNode* node = out_.node.find(text.substr(1));
    return node != nullptr ? std::stod(node->scalar()) : 0;
  }
  std::int64_t written(const char* key) const { return value(std::string("$") + key); }

  void conditional(const Words& w) {
    std::size_t at = 1;
    const bool wanted = w[at] != "not";
    if (!wanted) ++at;
    const auto then = std::find(w.begin(), w.end(), "then");
    if (holds(Words(w.begin() + static_cast<std::ptrdiff_t>(at), then)) == wanted)
      statement(Words(then + 1, w.end()));
  }

  bool holds(const Words& w) {
    if (w[0] == "flag") return c_.flag(wordsOf(w[1], '|'), w[2] == "true");
    if (w[0] == "real") return c_.real(wordsOf(w[1], '|'), std::stod(w[2])) > 0;
    if (w[0] == "number") return c_.number(wordsOf(w[1], '|'), value(w[2])) == value(w[3]);
    if (w[0] == "value") return value(w[1]) != 0;
    if (w[0] == "has") return c_.has(w[1].c_str());
    if (w[0] == "says") return c_.says(w[1].c_str(), w[2].c_str());
    if (w[0] == "class") return task_.architecture.ends_with(w[1]);
    if (w[1] == "words") return task_.head == Task::words || task_.head == Task::unnamed;
    return task_.head == (w[1] == "none" ? Task::none : Task::classes);
  }

  void expect(const Words& w) {
    std::string wanted = w[3], what;
    wanted.pop_back();  // the comma
    for (std::size_t i = 4; i < w.size(); ++i) what += (what.empty() ? "" : " ") + w[i];
    const bool met = w[1] == "flag"   ? c_.flag({w[2]}, wanted == "true") == (wanted == "true")
                     : w[1] == "text" ? c_.text({w[2]}, wanted) == wanted
                                      : c_.number({w[2]}, value(wanted)) == value(wanted);
    if (!met) c_.problem(w[2], what, w[1] == "number" ? std::to_string(value(wanted)) : wanted);
  }

  void call(const Words& w) {
    const auto at = [&](std::size_t i) { return value(w[i]); };
    if (w[1] == "decoder_head") return decoderHead();
    if (w[1] == "tied") return tied(at(2) != 0);
    if (w[1] == "head_dim") return headDim(at(2));
    if (w[1] == "rotary") return rotary(realValue(w[2]));
    if (w[1] == "windows") return windows(c_.numberOrNone("sliding_window", at(2)), at(3), 0);
    if (w[1] == "late_windows")
      return windows(c_.numberOrNone("sliding_window", at(2)), 0,
                     c_.number({"max_window_layers"}, at(3), 0));
    if (w[1] == "leading_dense") return leadingDense();
    if (w[1] == "text_config") return textConfig();
    if (w[1] == "encoder_head") return encoderHead(at(2) != 0, at(3) != 0);
    if (w[1] == "feed_forward") return feedForward();
    if (w[1] == "words_only") {
      if (!holds({"head", "words"})) noKnownHead("T5ForConditionalGeneration");
      return;
    }
    if (task_.head != Task::classes && task_.head != Task::unnamed)  // image_head
      noKnownHead("ViTForImageClassification or ViTModel");
    classes();
  }

  void noKnownHead(const char* expected) {
    c_.problem("architectures", "'" + task_.architecture.substr(0, 60) + "' has no known head",
               expected);
  }

  void classes() {
    out_.text("head", "classes");
    out_.number("classes", labelsOf(c_));
    out_.flag("head_bias", true);
  }

  void decoderHead() {
    if (task_.head == Task::none) {
      out_.text("head", "none");
    } else if (task_.head == Task::classes || task_.head == Task::tokens) {
      out_.text("head", "classes");
      out_.number("classes", labelsOf(c_));
      out_.flagIf("head_bias", task_.head == Task::tokens);
    } else if (!holds({"head", "words"})) {
      noKnownHead("a causal language model or a classifier");
    }
  }

  void tied(bool standard) {
    const bool on = c_.flag({"tie_word_embeddings"}, standard);
    if (holds({"head", "words"})) out_.flagIf("tied", on);
  }

  void headDim(std::int64_t standard) {
    const std::int64_t hidden = written("hidden"), heads = written("heads");
    const std::int64_t plain = heads > 0 ? hidden / heads : 0;
    const std::int64_t width = c_.number({"head_dim"}, standard > 0 ? standard : plain);
    if (width != plain || hidden % heads != 0) out_.number("head_dim", width);
  }

  /// Share of a head that is rotated.
  void rotary(double standard) {
    double share = c_.real({"partial_rotary_factor", "rotary_pct"}, standard);
    if (auto rope = c_.section("rope_parameters"))
      share = rope->real({"partial_rotary_factor"}, share);
    const std::int64_t own = written("head_dim"),
                       width = own > 0 ? own : written("hidden") / written("heads");
    const auto rotated = static_cast<std::int64_t>(share * static_cast<double>(width));
    if (share <= 0 || share > 1 || rotated < 1)
      c_.problem("partial_rotary_factor", "rotates nothing", "more than 0, at most 1");
    else
      out_.numberIf("rotary_dim", rotated, width);
  }

  /// Layers with and without a sliding window: as listed, or every `every`-th without.
  void windows(std::int64_t window, std::int64_t every, std::int64_t first) {
    const Words kinds = c_.texts("layer_types");
    const std::int64_t layers = written("layers");
    if (!kinds.empty()) {
      if (static_cast<std::int64_t>(kinds.size()) != layers)
        return c_.problem(
            "layer_types",
            std::to_string(kinds.size()) + " for " + std::to_string(layers) + " layers",
            "one for each layer");
      std::vector<bool> full;
      for (const std::string& kind : kinds) {
        if (kind != "full_attention" && kind != "sliding_attention")
          return c_.problem("layer_types", "'" + kind.substr(0, 40) + "' is not known",
                            "full_attention or sliding_attention");
        full.push_back(kind == "full_attention");
      }
      const auto sliding = std::find(full.begin(), full.end(), false);
      if (sliding == full.end()) return;
      const auto at = std::find(full.begin(), full.end(), true);
      first = sliding - full.begin();
      every = first > 0 || at == full.end() ? 0 : at - full.begin() + 1;
      for (std::int64_t i = 0; i < layers; ++i)
        if (full[static_cast<std::size_t>(i)] != (i < first || (every > 0 && (i + 1) % every == 0)))
          return c_.problem("layer_types", "layer " + std::to_string(i) + " breaks the pattern",
                            "leading full layers, or a full layer in regular distances");
    }
    if (window <= 0 || first >= layers) return;
    out_.number("window", window);
    out_.numberIf("global_every", every > layers ? 0 : every);
    out_.numberIf("global_first", first);
  }

  void leadingDense() {
    const std::vector<std::int64_t> dense = c_.numbers("mlp_only_layers", {});
    for (std::size_t i = 0; i < dense.size(); ++i)
      if (dense[i] != static_cast<std::int64_t>(i)) {
        c_.problem("mlp_only_layers", "dense layers in between", "the first layers");
        break;
      }
    out_.numberIf("dense_layers", static_cast<std::int64_t>(dense.size()));
  }

  void textConfig() {
    auto text = c_.section("text_config");
    if (!text) return run("gemma3_text");
    Table(*text, task_, out_).run("gemma3_text");
    for (const std::string& note : text->notes()) c_.note(note);
    c_.note("only the language model: the vision tower and its projector are left out");
  }

  /// Head of a BERT-like encoder. `dense`: whether its classifiers have a dense layer of their own.
  void encoderHead(bool dense, bool pools) {
    switch (task_.head) {
      case Task::unnamed:
        break;
      case Task::none:
        out_.flagIf("pooler", pools);
        break;
      case Task::words:
        out_.text("head", "words");
        out_.flag("head_dense", true);
        out_.flag("head_bias", true);
        out_.flagIf("tied", c_.flag({"tie_word_embeddings"}, true));
        break;
      case Task::classes:
        classes();
        out_.flag(dense ? "head_dense" : "pooler", true);
        break;
      case Task::tokens:
      case Task::answers:
        classes();
        if (task_.head == Task::answers) out_.number("classes", 2);
        out_.flag("head_each", true);
        break;
      case Task::pretraining:
        c_.problem("architectures", "'" + task_.architecture + "' has two heads",
                   "a masked language model or a classifier");
    }
  }

  void feedForward() {
    const std::string form = c_.text({"feed_forward_proj"}, "relu");
    const bool gated = form.starts_with("gated-");
    const std::string function = gated ? form.substr(6) : form;
    if (function != "relu" && !function.starts_with("gelu") && function != "silu")
      c_.problem("feed_forward_proj", "'" + form.substr(0, 40) + "' is not known",
                 "relu, gated-gelu or gated-silu");
    out_.text("activation", function.starts_with("gelu") ? "gelu" : function);
    out_.flag("gated", gated);
  }

  HfConfig& c_;
  const Task& task_;
  Description& out_;
  std::map<std::string, std::string> variables_;
};

}  // namespace

const ConfigNode& typesTable() {
  static const ConfigNode table = parseYaml(typesText, "hf_types.yaml");
  return table;
}

void readTransformer(const std::string& type, HfConfig& config, const Task& task,
                     Description& out) {
  Table(config, task, out).run(type);
}

}  // namespace wattlas::hf
