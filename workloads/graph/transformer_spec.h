// Shape of a transformer, the keys of `generator: transformer`, and its layers as the operators of
// one pass. Inside the room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/base/parameter.h"
#include "workloads/graph/description.h"

namespace wattlas {

struct TransformerSpec {
  std::int64_t hidden = 0, layers = 0, heads = 0, kvHeads = 0, headDim = 0, ffn = 0, vocabulary = 0;
  std::int64_t decoderLayers = 0;  ///< of an encoder-decoder
  std::int64_t positionRows = 0, positionOffset = 0, typeRows = 0, relativeBuckets = 0;
  std::int64_t rotaryDim = 0;  ///< rotated part of a head
  std::int64_t wordWidth = 0, window = 0, globalEvery = 0, globalFirst = 0, context = 0;
  std::int64_t kvSharedBy = 0;  ///< layers that use one set of keys and values
  std::int64_t queryRank = 0, kvRank = 0, kvRope = 0, valueDim = 0;  ///< latent attention
  std::int64_t experts = 0, expertsActive = 0, expertFfn = 0, sharedExperts = 0;
  std::int64_t denseLayers = 0, moeEvery = 1;
  std::int64_t stateSize = 0, innerWidth = 0, convKernel = 0, stepRank = 0, attentionEvery = 0;
  std::int64_t chunk = 0;  ///< tokens of a sequence that one prefill pass reads
  std::int64_t imageSize = 0, patchSize = 0, inputChannels = 0, extraTokens = 0, frames = 0;
  std::int64_t classes = 0;
  std::string input, head;
  std::string activation, norm, normPlace, positions, architecture, parallel, mixer;
  std::string qkvBias, keyBias, outBias, ffnBias;
  std::string gguf;  ///< file type whose formats the tensors have; none = those of `formats`
  bool gated = false, bias = false, tied = false, finalNorm = false, embeddingNorm = false;
  bool subNorms = false, pooler = false, postNorms = false, queryKeyNorm = false;
  bool scoreCap = false, logitCap = false, headBias = false, routerBias = false;
  bool headDense = false, headEach = false;
  std::string dropout;      ///< none, hidden, or all: weights of the scores, too
  bool dropsOut = false;    ///< in a step of training
  std::string logits;       ///< of the last position or of all of them
  bool everyLogit = false;  ///< all: asked for, or needed by a loss

  void bind(Binder& binder);
  bool encoder() const { return architecture == "encoder"; }
  bool both() const { return architecture == "encoder_decoder"; }
  /// Tokens of one image or sound; 0 when the input are words, of which the prompt says how many.
  std::int64_t inputTokens() const;
  /// Whether layers of one stack may have different operators.
  bool layersDiffer() const {
    return globalEvery > 0 || globalFirst > 0 || denseLayers > 0 || moeEvery > 1 ||
           attentionEvery > 0 || kvSharedBy > 1;
  }
  bool hasBias(const std::string& own) const { return own == "as_bias" ? bias : own == "true"; }

 private:
  void check(Binder& binder) const;
  void checkEnds(Binder& binder) const;
};

/// Layers of a stack that are alike, so that one set of operators stands for them.
struct LayerGroup {
  std::string name;  ///< empty when all layers are alike
  std::int64_t count = 0;
  bool windowed = false, mixture = false, scans = false, ownsKeys = true;
};
/// Kinds of layers among `first`..`last`, in order of their first one.
std::vector<LayerGroup> groupsOf(const TransformerSpec& spec, std::int64_t first,
                                 std::int64_t last);

/// What one phase processes.
struct Pass {
  std::int64_t tokens = 0;   ///< rows of all matrices: batch x queries
  std::int64_t queries = 0;  ///< of one sequence
  std::int64_t keys = 0;     ///< of one sequence, own tokens included
  std::int64_t last = 0;     ///< rows of the vocabulary projection: one a sequence
  bool grows = false;
  bool decode = false;
  std::int64_t source = 0;  ///< keys of the encoder, for one sequence; 0 = no cross attention
};

enum class Stack { only, encoder, decoder };

/// Adds the operators of one stack to `graph`.
void buildPass(const TransformerSpec& spec, const Draft& draft, Graph& graph, const Pass& pass,
               Stack stack);

/// Refuses a file type that is not known, or that says nothing of this network.
void checkGguf(const TransformerSpec& spec, Binder& binder);
/// Adds the formats of the file type `spec.gguf`.
void applyGguf(const TransformerSpec& spec, FormatPlan& plan);

}  // namespace wattlas
