// Hand-computed costs of attention: prefill, cached prefix, decode, grouped heads, windows.
#include <gmock/gmock.h>

#include "tests/graph/workload_fixture.h"

namespace wattlas {
namespace {

using testing::errorOf;
using ::testing::HasSubstr;

Operator attention(std::int64_t queries, std::int64_t keys, bool causal) {
  Operator o;
  o.name = "sdpa";
  o.kind = OpKind::attention;
  o.formats = parseTensorFormats("w8a16kv8");
  o.dims[Dim::batch] = 2;
  o.dims[Dim::heads] = 8;
  o.dims[Dim::kvHeads] = 2;
  o.dims[Dim::headDim] = 64;
  o.dims[Dim::queries] = queries;
  o.dims[Dim::keys] = keys;
  o.causal = causal;
  return o;
}

/// Pairs by walking every query: what the closed form must equal.
std::int64_t countedPairs(const Operator& o) {
  const std::int64_t queries = o.dims[Dim::queries], keys = o.dims[Dim::keys];
  std::int64_t pairs = 0;
  for (std::int64_t i = 1; i <= queries; ++i) {
    const std::int64_t seen = o.causal ? keys - queries + i : keys;
    pairs += o.window > 0 ? std::min(o.window, seen) : seen;
  }
  return pairs;
}

TEST(AttentionCost, CausalPrefillSeesATriangle) {
  const OpCost c = costOf(attention(4, 4, true));
  EXPECT_EQ(attentionPairs(attention(4, 4, true)), 4 + 3 + 2 + 1);
  EXPECT_EQ(c.macs, 2 * (2 * 8 * 10) * 64);  // scores and weighted sum
  EXPECT_EQ(c.elementOps, 5 * 2 * 8 * 10);
}

TEST(AttentionCost, CachedPrefixIsSeenByAll) {
  // 3 new tokens behind 5 cached ones: 6 + 7 + 8 keys
  EXPECT_EQ(attentionPairs(attention(3, 8, true)), 21);
}

TEST(AttentionCost, DecodeReadsAllKeysAndWritesOneToken) {
  const OpCost c = costOf(attention(1, 100, true));
  EXPECT_EQ(c.macs, 2 * 2 * 8 * 100 * 64);
  EXPECT_EQ(c.kvRead, Bits(2.0 * 100 * 2 * 2 * 64 * 8));  // batch, keys, K and V, heads, width
  EXPECT_EQ(c.kvWrite, Bits(2.0 * 2 * 2 * 64 * 8));
  EXPECT_EQ(c.state, c.kvWrite);
  EXPECT_EQ(c.output, Bits(2.0 * 8 * 64 * 16));
  EXPECT_EQ(c.input, Bits(2.0 * (8 + 2 * 2) * 64 * 16));  // query, new key and value
  EXPECT_EQ(c.parameters, 0);
}

TEST(AttentionCost, GroupedHeadsShareTheCacheNotTheMacs) {
  Operator full = attention(1, 100, true);
  full.dims[Dim::kvHeads] = 8;
  EXPECT_EQ(costOf(full).macs, costOf(attention(1, 100, true)).macs);
  EXPECT_EQ(costOf(full).kvRead, costOf(attention(1, 100, true)).kvRead * 4);
}

TEST(AttentionCost, EncoderHasNoCache) {
  Operator o = attention(6, 6, false);
  o.cached = false;
  const OpCost c = costOf(o);
  EXPECT_EQ(c.macs, 2 * (2 * 8 * 36) * 64);
  EXPECT_EQ(c.kvRead + c.kvWrite + c.state, Bits(0));
  EXPECT_EQ(c.input, Bits(2.0 * 6 * (8 + 2 * 2) * 64 * 16));
}

TEST(AttentionCost, ClosedFormEqualsCountingForAllWindows) {
  for (std::int64_t keys = 1; keys <= 12; ++keys)
    for (std::int64_t queries = 1; queries <= keys; ++queries)
      for (std::int64_t window = 0; window <= 14; ++window) {
        Operator o = attention(queries, keys, true);
        o.window = window;
        ASSERT_EQ(attentionPairs(o), countedPairs(o)) << queries << ' ' << keys << ' ' << window;
      }
}

TEST(AttentionCost, WindowBoundsWhatIsReadAndKept) {
  Operator o = attention(1, 100, true);
  o.window = 10;
  EXPECT_EQ(visibleKeys(o), 10);
  EXPECT_EQ(costOf(o).kvRead, Bits(2.0 * 10 * 2 * 2 * 64 * 8));
  o = attention(4, 100, true);
  o.window = 10;
  EXPECT_EQ(visibleKeys(o), 13);  // each query has its own ten
  o = attention(40, 40, true);
  o.window = 10;
  EXPECT_EQ(costOf(o).state, Bits(2.0 * 10 * 2 * 2 * 64 * 8));
}

TEST(AttentionCost, StepsMoveTheKeysUpToTheWindow) {
  Operator o = attention(1, 8, true);
  EXPECT_EQ(atStep(o, 3).dims[Dim::keys], 8);  // does not grow
  o.growsWithContext = true;
  EXPECT_EQ(atStep(o, 3).dims[Dim::keys], 11);
  o.window = 10;
  EXPECT_EQ(atStep(o, 3).dims[Dim::keys], 10);
}

TEST(AttentionCost, ImpossibleShapesAreRefused) {
  EXPECT_THAT(errorOf([] { costOf(attention(5, 4, true)); }), HasSubstr("only 4 keys"));
  Operator o = attention(1, 4, true);
  o.dims[Dim::kvHeads] = 3;
  EXPECT_THAT(errorOf([&] { costOf(o); }), HasSubstr("do not divide 8 heads"));
}

}  // namespace
}  // namespace wattlas
