#include "models/programmable.h"

namespace wattlas {

const KindSet& programmableKinds() {
  using enum OpKind;
  static const KindSet known = KindSet{gemm,          conv1d,
                                       conv2d,        conv3d,
                                       convTranspose, attention,
                                       hamming,       search,
                                       spmm,          softmax,
                                       norm,          pool,
                                       reduce,        argReduce,
                                       topK,          sort,
                                       lstm,          gru,
                                       rnn,           scan,
                                       embedding,     embeddingBag,
                                       lookup,        gather,
                                       scatter,       concat,
                                       split,         slice,
                                       transpose,     padding,
                                       upsample,      collective,
                                       convGradient,  attentionGradient,
                                       normGradient,  softmaxGradient,
                                       poolGradient}
                                   .withElementwise()
                                   .withEveryForm();
  return known;
}

}  // namespace wattlas
