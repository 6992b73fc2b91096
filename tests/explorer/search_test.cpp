#include "explorer/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "explorer/front.h"
#include "explorer/search_encoding.h"
#include "explorer/search_quality.h"
#include "tests/explorer/fake_model.h"
#include "tests/explorer/in_process_evaluator.h"
#include "tests/explorer/study_text.h"

namespace wattlas {
namespace {

using test::study;
using testing::HasSubstr;

std::string text(const std::string& search, const std::string& rest = {}) {
  return "workloads: [net]\ngenes:\n  platform: {categorical: [alpha, beta, gamma]}\n"
         "  x: {integer: {min: 1, max: 60}}\n  y: {integer: {min: 1, max: 20}}\n"
         "  z: {categorical: [p, q], when: \"platform == 'gamma'\"}\n"
         "objectives: [{minimise: time_s}, {minimise: energy_j}]\nsearch: " +
         search + "\n" + rest;
}

/// Rows by fidelity and id, filled as a campaign would.
struct Rows {
  std::map<std::pair<std::string, Hash128>, ExploredPoint> all;
  RowLookup lookup() {
    return [this](const std::string& fidelity, const Hash128& id) -> const ExploredPoint* {
      const auto at = all.find({fidelity, id});
      return at == all.end() ? nullptr : &at->second;
    };
  }
  void add(const Study& s, const std::string& fidelity, const DesignPoint& p) {
    const Study level = studyAt(s, fidelity);
    const Hash128 id = idOf(s, p);
    all[{fidelity, id}] = {id, p, evaluatePoint(level, p, test::fakeRun, false), false};
  }
};

std::vector<Hash128> ids(const Study& s, const std::vector<DesignPoint>& points) {
  std::vector<Hash128> out;
  for (const DesignPoint& p : points) out.push_back(idOf(s, p));
  return out;
}

/// The points that are wanted next, replayed from the beginning: a pure function of its arguments.
SearchRequest nextGeneration(const Study& study, std::uint64_t limit, const RowLookup& rows) {
  SearchMethod used{};
  return makeSearch(study, limit, used)->next(rows);
}

class PureSearch : public testing::TestWithParam<const char*> {};

TEST_P(PureSearch, AnyShardComputesTheSameNextGenerationFromTheRows) {
  const Study s = study(text(GetParam()));
  SearchMethod used{};
  const auto stepped = makeSearch(s, 100000, used);
  Rows rows;
  for (int g = 0; g < 200; ++g) {
    const SearchRequest next = stepped->next(rows.lookup());
    const SearchRequest replayed = nextGeneration(s, 100000, rows.lookup());
    ASSERT_EQ(ids(s, next.points), ids(s, replayed.points)) << "generation " << g;
    ASSERT_EQ(next.fidelity, replayed.fidelity);
    if (next.points.empty()) return;
    for (const DesignPoint& p : next.points) rows.add(s, next.fidelity, p);
  }
  FAIL() << "does not end";
}

INSTANTIATE_TEST_SUITE_P(Each, PureSearch,
                         testing::Values("{method: nsga2, budget: 150, population: 12, seeds: 2}",
                                         "{method: sobol, budget: 40}", "{ladder: {pilot: 4}}"));

TEST(Search, AsksForWhatIsMissingUntilItIsThere) {
  const Study s = study(text("{method: nsga2, budget: 60, population: 12}"));
  SearchMethod used{};
  const auto search = makeSearch(s, 1000, used);
  Rows rows;
  const SearchRequest first = search->next(rows.lookup());
  ASSERT_GT(first.points.size(), 1u);
  rows.add(s, first.fidelity, first.points.front());
  const SearchRequest rest = search->next(rows.lookup());
  EXPECT_EQ(rest.points.size(), first.points.size() - 1);
}

TEST(Search, RowsNobodyAskedForChangeNothing) {
  const Study s = study(text("{method: nsga2, budget: 60, population: 12}"));
  Rows rows;
  const auto before = nextGeneration(s, 1000, rows.lookup());
  for (const DesignPoint& p : enumerate(s, 10000)) rows.add(s, "event", p);
  Rows asked;
  SearchMethod used{};
  const auto slow = makeSearch(s, 1000, used), fast = makeSearch(s, 1000, used);
  for (;;) {
    const SearchRequest next = slow->next(asked.lookup());
    if (next.points.empty()) break;
    for (const DesignPoint& p : next.points) asked.add(s, next.fidelity, p);
  }
  EXPECT_TRUE(fast->next(rows.lookup()).points.empty());
  EXPECT_EQ(slow->traces().front().ids, fast->traces().front().ids);
}

TEST(Search, EveryRepetitionKeepsItsOwnBudgetAndTheBandIsReported) {
  InProcessEvaluator evaluator(test::fakeRun);
  const ExploreOutcome outcome =
      explore(study(text("{method: nsga2, budget: 100, seeds: 3, seed: 5}")), {}, evaluator);
  ASSERT_EQ(outcome.traces.size(), 3u);
  for (const SearchTrace& trace : outcome.traces) {
    EXPECT_EQ(trace.ids.size(), 100u);
    EXPECT_EQ(std::set<Hash128>(trace.ids.begin(), trace.ids.end()).size(), 100u);
  }
  EXPECT_EQ(outcome.traces[2].seed, 7u);
  ASSERT_EQ(outcome.bands.size(), 1u);
  EXPECT_EQ(outcome.bands[0].seeds, 3u);
  EXPECT_LE(outcome.bands[0].worst, outcome.bands[0].median);
  EXPECT_LE(outcome.bands[0].median, outcome.bands[0].best);
  EXPECT_LE(outcome.bands[0].best, outcome.fronts[0].hypervolume);
  for (std::size_t i = 1; i < outcome.history.size(); ++i)
    if (outcome.history[i].seed == outcome.history[i - 1].seed) {
      EXPECT_GE(outcome.history[i].hypervolume, outcome.history[i - 1].hypervolume);
    }
}

TEST(Encoding, DecodesWhatItEncodes) {
  const Study s = study(text("{method: exhaustive}"));
  const Encoding encoding(s);
  for (const DesignPoint& p : enumerate(s, 10000))
    ASSERT_EQ(idOf(s, encoding.decode(0, encoding.encode(p))), idOf(s, p));
}

TEST(Neighbours, DifferInOneStepOrOneChoice) {
  const Study s = study(text("{method: exhaustive}"));
  DesignPoint p{0, {0, 10, 0, 0}};
  canonicalise(s, p);
  // two other platforms, x one down and one up, y one up (it stands at its end)
  EXPECT_EQ(neighboursOf(s, p).size(), 5u);
  std::set<Hash128> different;
  for (const DesignPoint& n : neighboursOf(s, p)) different.insert(idOf(s, n));
  EXPECT_EQ(different.size(), 5u);
  EXPECT_EQ(different.count(idOf(s, p)), 0u);
}

TEST(SearchQuality, NsgaBeatsSamplesOfTheSameSizeOnAKnownSpace) {
  Study s = study(text("{method: exhaustive}"));
  InProcessEvaluator evaluator(test::fakeRun);
  const ExploreOutcome whole = explore(s, {}, evaluator);
  double nsga = 1, sobol = 1;
  for (const SearchQuality& q : searchQuality(whole, 200, 3)) {
    EXPECT_LE(q.hypervolume, 1.0);
    EXPECT_LE(q.evaluations, 200u);
    if (q.method == "nsga2") nsga = std::min(nsga, q.hypervolume);
    if (q.method == "sobol") sobol = std::min(sobol, q.hypervolume);
  }
  EXPECT_GT(nsga, sobol);
  EXPECT_GE(nsga, 0.997);
}

TEST(Fronts, OfSomeObjectivesAndAgainstAStatedReference) {
  InProcessEvaluator evaluator(test::fakeRun);
  const ExploreOutcome outcome = explore(
      study("workloads: [net]\ngenes:\n  platform: {categorical: [alpha]}\n"
            "  x: {ordinal: [1, 2, 4]}\nobjectives:\n"
            "  - {minimise: time_s, reference: 20 s, ideal: 0 s}\n"
            "  - {minimise: energy_j, reference: 8 J, ideal: 0 J}\nfronts: {fast: [time_s]}\n"),
      {}, evaluator);
  // (10, 1), (5, 2), (2.5, 4) in the box from 0 to (20, 8)
  EXPECT_DOUBLE_EQ(outcome.fronts[0].hypervolume, (10 * 7 + 5 * 6 + 2.5 * 4) / 160.0);
  EXPECT_THAT(outcome.fronts[0].reference, testing::ElementsAre(20, 8));
  ASSERT_EQ(outcome.partFronts.size(), 1u);
  EXPECT_EQ(outcome.partFronts[0].members.size(), 1u);
  EXPECT_EQ(outcome.points[outcome.partFronts[0].members[0]].design.parameters[1], 2);
}

struct BadStudy {
  const char* search;
  const char* rest;
  const char* problem;
};
class SearchProblem : public testing::TestWithParam<BadStudy> {};

TEST_P(SearchProblem, IsExplained) {
  EXPECT_THAT(test::problemsOf(text(GetParam().search, GetParam().rest)),
              HasSubstr(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(
    Each, SearchProblem,
    testing::Values(BadStudy{"{seeds: 0}", "", "search.seeds"},
                    BadStudy{"{ladder: {pilot: 1}}", "", "search.ladder.pilot"},
                    BadStudy{"{ladder: {}}", "fidelity: analytic\n", "already"},
                    BadStudy{"{}", "fronts: {a: [tme_s]}\n", "time_s"},
                    BadStudy{"{}", "fronts: {a: [time_s, time_s]}\n", "twice"},
                    BadStudy{"{}", "uncertainty: some\n", "uncertainty"}));

}  // namespace
}  // namespace wattlas
