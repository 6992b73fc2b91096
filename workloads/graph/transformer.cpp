// Generator of transformers: decoders with prefill and decode phases, encoders with one inference,
// encoder-decoders whose prefill encodes the prompt and decodes the first token.
#include <algorithm>

#include "workloads/graph/transformer_spec.h"

namespace wattlas {
namespace {

/// Tokens of one prefill pass: the whole prompt, or a chunk that divides it when one does that is
/// not much smaller than asked for.
std::int64_t chunkOf(std::int64_t prompt, std::int64_t asked) {
  if (asked == 0 || asked >= prompt) return prompt;
  for (std::int64_t chunk = asked; chunk > asked / 2 && asked - chunk < 100000; --chunk)
    if (prompt % chunk == 0) return chunk;
  const std::int64_t passes = (prompt + asked - 1) / asked;
  return (prompt + passes - 1) / passes;
}

class TransformerGenerator final : public Generator {
 public:
  void bind(Binder& binder) override {
    common_.bind(binder, "transformer", "llm");
    spec_.bind(binder);
    spec_.dropsOut = spec_.dropout != "none" && common_.options.train.step;
    spec_.everyLogit = spec_.logits == "all" || common_.options.train.step;
    if (!binder.reading() || spec_.positions != "learned") return;
    const WorkloadOptions& o = common_.options;
    const std::int64_t given = spec_.inputTokens();
    const bool heard = spec_.input == "frames" && spec_.both();
    // A step of training generates nothing; its target is as long as the prompt or `generate` says.
    const std::int64_t after = o.train.step ? 0 : o.generate;
    const std::int64_t longest = spec_.encoder()          ? (given > 0 ? given : o.prompt)
                                 : heard || !spec_.both() ? o.prompt + after
                                                          : std::max(o.prompt, o.generate + 1);
    const std::int64_t rows = spec_.positionRows - spec_.positionOffset;
    if (longest <= rows || rows <= 0) return;
    if (spec_.encoder() && given > 0)
      binder.problem("position_rows",
                     std::to_string(rows) + " positions for " + std::to_string(given) + " tokens",
                     "at least " + std::to_string(given));
    else
      binder.problem("prompt",
                     std::to_string(longest) + " positions" +
                         (spec_.encoder() ? "" : " (prompt and generate)") +
                         ", but the network has learned " + std::to_string(rows),
                     "at most " + std::to_string(rows) + " (its table is position_rows)");
  }
  const CommonKeys& common() const override { return common_; }

  void build(Draft& draft) override {
    const WorkloadOptions& o = common_.options;
    std::vector<Phase>& phases = draft.workload.phases;
    if (spec_.gguf != "none") applyGguf(spec_, draft.formats);
    Phase first;
    first.kind = spec_.encoder() ? PhaseKind::inference : PhaseKind::prefill;
    const std::int64_t given = spec_.inputTokens();
    const std::int64_t source = given > 0 ? given : o.prompt;
    // The decoder starts from one token, or from a prompt beside a sound.
    const std::int64_t start = given > 0      ? o.prompt
                               : o.train.step ? std::max<std::int64_t>(o.generate, 1)
                                              : 1;
    first.tokens = Exact(o.batch) * (spec_.encoder() ? source : o.prompt);
    const std::int64_t chunk = chunkOf(source, o.train.step ? 0 : spec_.chunk);
    first.repeat = (source + chunk - 1) / chunk;
    const Pass whole{Exact(o.batch) * chunk, chunk, chunk, o.batch, first.repeat > 1, false, 0};
    if (spec_.both()) {
      buildPass(spec_, draft, first.graph, whole, Stack::encoder);
      buildPass(spec_, draft, first.graph,
                {Exact(o.batch) * start, start, start, o.batch, false, false, source},
                Stack::decoder);
    } else {
      buildPass(spec_, draft, first.graph, whole, Stack::only);
    }
    if (first.repeat > 1)
      draft.workload.notes.push_back("the prompt is read in " + std::to_string(first.repeat) +
                                     " passes of " + std::to_string(chunk) + " tokens");
    phases.push_back(std::move(first));
    if (!spec_.encoder() && o.generate > 0 && !o.train.step) {
      Phase decode;
      decode.kind = PhaseKind::decode;
      decode.repeat = o.generate;
      decode.tokens = Exact(o.batch) * o.generate;
      const Pass step{o.batch,
                      1,
                      (spec_.both() ? start : o.prompt) + 1,
                      o.batch,
                      true,
                      true,
                      spec_.both() ? source : 0};
      buildPass(spec_, draft, decode.graph, step, spec_.both() ? Stack::decoder : Stack::only);
      phases.push_back(std::move(decode));
    }
    if (spec_.context > 0 && o.prompt + o.generate > spec_.context)
      draft.workload.notes.push_back(
          "prompt and generate reach " + std::to_string(o.prompt + o.generate) +
          " tokens, beyond the trained context of " + std::to_string(spec_.context));
    if (spec_.experts > 0)
      draft.workload.notes.push_back(
          "experts are assumed to be chosen uniformly: the expected number of distinct experts is "
          "read in each pass");
  }

 private:
  CommonKeys common_;
  TransformerSpec spec_;
};

}  // namespace

std::unique_ptr<Generator> makeTransformerGenerator() {
  return std::make_unique<TransformerGenerator>();
}

}  // namespace wattlas
