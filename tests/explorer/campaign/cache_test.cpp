// Does the cache give back exactly what was evaluated, and nothing else?
#include <gmock/gmock.h>

#include "explorer/campaign/evaluation_cache.h"
#include "tests/explorer/campaign/campaign_fixture.h"
#include "tests/explorer/in_process_evaluator.h"

namespace wattlas::test {
namespace {

class CacheTest : public CampaignTest {
 protected:
  CacheOptions options(const std::string& name = "cache") const {
    return {folder_.path() + "/" + name, {}, "build-one", services().configHash};
  }
  ExploreOutcome explore(const CacheOptions& with) {
    EvaluationCache cache(with);
    InProcessEvaluator inner([&](const ExperimentSpec& spec) {
      ++evaluations_;
      return fakeRun(spec);
    });
    CachedEvaluator cached(inner, cache);
    evaluations_ = 0;
    return wattlas::explore(study(fixedStudy()), {}, cached);
  }
};

TEST_F(CacheTest, TheSecondRunEvaluatesNothingAndIsEqual) {
  const ExploreOutcome first = explore(options());
  EXPECT_EQ(evaluations_, 46u);
  const ExploreOutcome second = explore(options());
  EXPECT_EQ(evaluations_, 0u);
  expectSame(first, second);
}

TEST_F(CacheTest, AnotherConfigurationOrBuildMisses) {
  explore(options());
  CacheOptions edited = options();
  edited.configHash = [](const ExperimentSpec& spec) { return "edited" + textOf(spec, "x"); };
  explore(edited);
  EXPECT_EQ(evaluations_, 46u);
  CacheOptions built = options();
  built.build = "build-two";
  explore(built);
  EXPECT_EQ(evaluations_, 46u);
}

TEST_F(CacheTest, InvalidCombinationsAreEvaluatedEachTime) {
  CacheOptions with = options();
  with.configHash = [](const ExperimentSpec& spec) -> std::string {
    if (spec.platform == "beta") throw InputError("no such platform");
    return "x";
  };
  explore(with);
  explore(with);
  EXPECT_EQ(evaluations_, 23u);
}

TEST_F(CacheTest, ABaseIsReadAndNeverWritten) {
  explore(options("base"));
  const auto countFiles = [&](const std::string& name) {
    std::size_t files = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_.path() + "/" + name))
      files += entry.is_regular_file() ? 1 : 0;
    return files;
  };
  CacheOptions both = options("local");
  both.base = folder_.path() + "/base";
  explore(both);
  EXPECT_EQ(evaluations_, 0u);
  EXPECT_EQ(countFiles("base"), 1u);
  EXPECT_EQ(countFiles("local"), 0u) << "what the base has is not copied";
}

TEST_F(CacheTest, ManyWritersAtOnceLoseNothing) {
  const Study s = study(fixedStudy());
  EvaluationCache a(options()), b(options());
  const auto key = [](std::int64_t i) { return Hasher().integer(i).finish(); };
  PointOutcome row;
  row.status = PointStatus::done;
  for (std::int64_t i = 0; i < 100; ++i) {
    (i % 2 == 0 ? a : b).keep(key(i), row);
    (i % 3 == 0 ? a : b).flush();
  }
  a.flush();
  b.flush();
  EvaluationCache reader(options());
  for (std::int64_t i = 0; i < 100; ++i) EXPECT_TRUE(reader.find(key(i))) << i;
}

TEST_F(CacheTest, FailuresAreNotKept) {
  const Hash128 key = Hasher().text("k").finish();
  {
    EvaluationCache cache(options());
    cache.keep(key, outcomeWithout(PointStatus::failed, "failed: crashed"));
  }
  EXPECT_FALSE(EvaluationCache(options()).find(key));
}

TEST_F(CacheTest, ADamagedRowIsEvaluatedAgain) {
  const ExploreOutcome first = explore(options());
  std::string file;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(options().folder))
    if (entry.is_regular_file()) file = entry.path().string();
  std::string bytes = readBytes(file);
  bytes[bytes.size() / 2] ^= 1;
  writeBytes(file, bytes);
  const ExploreOutcome second = explore(options());
  EXPECT_EQ(evaluations_, 1u);
  expectSame(first, second);
}

TEST_F(CacheTest, AFolderThatCannotBeUsedIsAnError) {
  writeBytes(folder_.path() + "/file", "x");
  EXPECT_THROW(EvaluationCache(options("file")), InputError);
}

}  // namespace
}  // namespace wattlas::test
