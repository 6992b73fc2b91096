#include "workloads/graph/graph.h"

#include <gmock/gmock.h>

#include "tests/graph/graph_text.h"
#include "tests/graph/workload_fixture.h"

namespace wattlas {
namespace {

using ::testing::ElementsAre;
using testing::errorOf;
using ::testing::HasSubstr;

Operator named(const std::string& name) {
  Operator op;
  op.name = name;
  return op;
}

TEST(Graph, OrderFollowsDependenceThenId) {
  Graph g;
  const OpId a = g.add(named("a")), b = g.add(named("b")), c = g.add(named("c")),
             d = g.add(named("d"));
  g.connect(d, a);
  g.connect(a, c);
  EXPECT_THAT(g.order(), ElementsAre(b, d, a, c));
}

TEST(Graph, ProducersAndConsumers) {
  Graph g;
  const OpId a = g.addAfter(-1, named("a")), b = g.addAfter(a, named("b")),
             c = g.addAfter(b, named("c"));
  g.connect(a, c);
  EXPECT_THAT(g.producers(c), ElementsAre(b, a));
  EXPECT_THAT(g.consumers(a), ElementsAre(b, c));
  EXPECT_TRUE(g.producers(a).empty());
}

TEST(Graph, ChainMeansOneAfterTheOther) {
  Graph g;
  const OpId a = g.add(named("a")), b = g.addAfter(a, named("b"));
  EXPECT_TRUE(testing::isChain(g));
  const OpId c = g.addAfter(b, named("c"));
  EXPECT_TRUE(testing::isChain(g));
  g.connect(a, c);
  EXPECT_FALSE(testing::isChain(g));
  Graph apart;
  apart.add(named("a"));
  apart.add(named("b"));
  EXPECT_FALSE(testing::isChain(apart));
}

TEST(Graph, CyclesAndUnknownIdsAreRefused) {
  Graph g;
  const OpId a = g.add(named("first")), b = g.addAfter(a, named("second"));
  EXPECT_THAT(errorOf([&] { g.connect(b, a); }), HasSubstr("closes a cycle"));
  EXPECT_THAT(errorOf([&] { g.connect(a, a); }), HasSubstr("closes a cycle"));
  EXPECT_THAT(errorOf([&] { g.connect(a, 7); }), HasSubstr("not part of the graph"));
  EXPECT_THAT(errorOf([&] { g.addAfter(7, named("c")); }), HasSubstr("not part of the graph"));
  EXPECT_EQ(g.size(), 2u);
}

TEST(Graph, CopiesAreIndependent) {
  Graph g;
  g.add(named("a"));
  Graph copy = g;
  copy.at(0).name = "changed";
  copy.add(named("b"));
  EXPECT_EQ(g.at(0).name, "a");
  EXPECT_EQ(g.size(), 1u);
  g = copy;
  EXPECT_EQ(g.size(), 2u);
}

TEST(Graph, DotNamesOperatorsAndCounts) {
  Graph g;
  Operator op = named("mlp.up");
  op.count = 32;
  g.addAfter(g.add(named("embed")), op);
  EXPECT_THAT(testing::dotOf(g), HasSubstr("mlp.up\\ngemm x 32"));
  EXPECT_THAT(testing::dotOf(g), HasSubstr("0 -> 1"));
}

}  // namespace
}  // namespace wattlas
