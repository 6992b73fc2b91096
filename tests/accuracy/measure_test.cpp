// What is done to weights before accuracy is measured?
#include "accuracy/measure.h"

#include <gtest/gtest.h>

#include <set>

#include "models/base/error.h"
#include "tests/accuracy/nearest_mean.h"

namespace wattlas {
namespace {

ExecutableNetwork network(const std::vector<std::string>& sets = {}) {
  return makeExecutable(*test::experimentOf("fmnist-cnn", sets).workload);
}

std::string shipped() {
  return *dataPath().findPart("weights/fmnist-cnn.npz");
}

TEST(Supernet, APartHasTheFirstChannelsOfEachLayer) {
  const test::Folder folder;
  NumpyArchive archive = readNpz(shipped());
  const std::vector<float> whole = archive["conv2.weight"].reals();  // 16 x 8 x 3 x 3
  ExecutableNetwork part = network({"layers.conv1.cout=4", "layers.conv2.cout=8"});
  EXPECT_THROW(loadNetworkWeights(part, shipped()), InputError) << "a network of its own";
  archive["supernet"] = NumpyArray::of(std::vector<std::int64_t>{1}, {1});
  const std::string file = folder.write("s.npz", npzBytes(archive));
  loadNetworkWeights(part, file);
  const std::vector<float>& w = part.steps[part.steps[0].clampedBy ? 2 : 1].weights.weight;
  ASSERT_EQ(w.size(), 8u * 4 * 9);
  for (std::size_t out = 0; out < 8; ++out)
    for (std::size_t k = 0; k < 4 * 9; ++k) EXPECT_EQ(w[out * 36 + k], whole[out * 72 + k]);
  ExecutableNetwork wider = network({"layers.conv1.cout=9"});
  EXPECT_THROW(loadNetworkWeights(wider, file), InputError);
}

TEST(Formats, OfLayersMayDifferInTheirWeights) {
  const ExecutionFormat f = executionFormatOf(network({"format=w8a8", "formats.conv2=w4a8"}));
  EXPECT_EQ(f.weightOf("conv2").bits, 4);
  EXPECT_EQ(f.weightOf("dense1").bits, 8);
  EXPECT_THROW(executionFormatOf(network({"format=w8a8", "formats.conv2=w4a4"})), InputError);
  EXPECT_THROW(executionFormatOf(network({"format=w8a8", "formats.conv2=fp16"})), InputError);
}

std::int64_t nonZeros(const std::vector<float>& w) {
  return std::count_if(w.begin(), w.end(), [](float x) { return x != 0; });
}

TEST(Pruning, KeepsTheLargest) {
  for (const auto& [pattern, share] : std::vector<std::pair<std::string, double>>{
           {"{pattern: unstructured, density: 0.25}", 0.25}, {"{pattern: nm, n: 2, m: 4}", 0.5}}) {
    ExecutableNetwork pruned = network({"sparsity=" + pattern});
    loadNetworkWeights(pruned, shipped());
    const ExecutableNetwork before = pruned;
    pruneWeights(pruned);
    for (std::size_t i = 0; i < pruned.steps.size(); ++i) {
      const auto &w = pruned.steps[i].weights.weight, &whole = before.steps[i].weights.weight;
      if (w.empty()) continue;
      EXPECT_EQ(nonZeros(w), std::llround(share * static_cast<double>(w.size()))) << pattern;
      if (pattern.find("density") == std::string::npos) continue;
      float least = 1e9f, lost = 0;
      for (std::size_t k = 0; k < w.size(); ++k)
        w[k] != 0 ? least = std::min(least, std::abs(w[k]))
                  : lost = std::max(lost, std::abs(whole[k]));
      EXPECT_LE(lost, least);
    }
  }
}

TEST(Clusters, AreSharedValues) {
  ExecutableNetwork n = network();
  loadNetworkWeights(n, shipped());
  clusterWeights(n, 4);
  for (const Step& step : n.steps)
    EXPECT_LE(std::set<float>(step.weights.weight.begin(), step.weights.weight.end()).size(), 4u);
}

TEST(Mixed, IsTheBestSumWithinTheBytes) {
  // Two layers would be searched by hand; one layer takes the finest format that fits.
  ExecutableNetwork n = makeExecutable(
      *test::experimentOf(test::Folder().write("m.yaml", test::description)).workload);
  loadWeights(n, test::meanWeights(), "means");
  const DataSet some = loadData(test::data, Split::train, 200, 1);
  const double limit = weightBits(n, parseTensorFormats("w4a8"));
  const MixedFormats best = mixedFormats(n, {"w2a8", "w4a8", "w8a8"}, limit, some, {});
  EXPECT_EQ(best.format.weightOf("out").bits, 4);
  EXPECT_LE(best.bits, limit);
  EXPECT_THROW(mixedFormats(n, {"w2a8", "w4a8"}, 8, some, {}), InputError);
  EXPECT_THROW(mixedFormats(n, {"w2a8", "w4a4"}, limit, some, {}), InputError);
}

TEST(McNemar, CountsSamplesThatOneAloneHasRight) {
  EXPECT_EQ(mcNemar(5, 5), 1);
  EXPECT_NEAR(mcNemar(0, 10), 2.0 / 1024, 1e-12);
  EXPECT_LT(mcNemar(100, 200), 1e-8);
}

}  // namespace
}  // namespace wattlas
