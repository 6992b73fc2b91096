#include "execution/data_set.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "execution/npy.h"
#include "models/base/error.h"

namespace wattlas {
namespace {

TEST(DataSet, GeneratedSamplesDependOnTheirNumberAlone) {
  for (const char* const name : {"generated-rhythm", "generated-keywords", "generated-signals-4"}) {
    const DataSet all = generateData(name, 0, 20, 5), some = generateData(name, 7, 3, 5);
    EXPECT_EQ(all.part(7, 3).inputs, some.inputs) << name;
    EXPECT_EQ(all.part(7, 3).labels, some.labels) << name;
    EXPECT_NE(generateData(name, 0, 20, 6).inputs, all.inputs) << name;
  }
}

TEST(DataSet, SplitsShareNoSample) {
  const DataSet train = loadData("generated-signals-3", Split::train);
  const DataSet held = loadData("generated-signals-3", Split::validation);
  const DataSet test = loadData("generated-signals-3", Split::test);
  EXPECT_EQ(train.size(), 5000);
  EXPECT_EQ(held.size(), 1000);
  EXPECT_EQ(test.size(), 1000);
  EXPECT_NE(train.part(0, 1).inputs, test.part(0, 1).inputs);
  EXPECT_NE(held.part(0, 1).inputs, test.part(0, 1).inputs);
}

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("wattlas-data-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  std::filesystem::path folder_;
};

TEST_F(Folder, ArraysWithADescriptionAreRead) {
  write("x.npy", npyBytes(NumpyArray::of(std::vector<float>{0, 255, 51, 102}, {2, 1, 2})));
  write("y.npy", npyBytes(NumpyArray::of(std::vector<std::int64_t>{1, 0}, {2})));
  write("data.yaml", "inputs: x.npy\nlabels: y.npy\nscale: 255\nsource: mine\n");
  const DataSet d = loadData(folder_.string(), Split::test);
  EXPECT_EQ(d.size(), 2);
  EXPECT_EQ(d.classes, 2);
  EXPECT_EQ(d.shape, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(d.inputs[1], 1.0f);
}

TEST_F(Folder, LabelsThatDoNotFitAreRefused) {
  write("x.npy", npyBytes(NumpyArray::of(std::vector<float>{1, 2, 3}, {3, 1})));
  write("y.npy", npyBytes(NumpyArray::of(std::vector<std::int64_t>{1, 0}, {2})));
  write("data.yaml", "inputs: x.npy\nlabels: y.npy\n");
  EXPECT_THROW(loadData(folder_.string(), Split::test), InputError);
}

TEST_F(Folder, UnknownKeysAreRefused) {
  write("data.yaml", "input: x.npy\n");
  EXPECT_THROW(loadData(folder_.string(), Split::test), InputError);
}

TEST(DataSet, UnknownNamesAreRefused) {
  EXPECT_THROW(loadData("mnist", Split::test), InputError);
  EXPECT_THROW(loadData("generated-signals-1", Split::test), InputError);
}

TEST(DataSet, FashionMnistHasTenClasses) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  const DataSet d = loadData("fashion-mnist", Split::test);
  EXPECT_EQ(d.size(), 10000);
  EXPECT_EQ(d.classes, 10);
  EXPECT_EQ(d.shape, (std::vector<std::int64_t>{28, 28}));
  EXPECT_EQ(loadData("fmnist", Split::validation).size(), 10000);
}

}  // namespace
}  // namespace wattlas
