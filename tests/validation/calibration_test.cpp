// How rows become fits: classes, stacks, and which shapes are held out.
#include "validation/calibration.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace wattlas {
namespace {

const CalibrationFamily family{
    "gpu",
    {{"lanes", {"gemm"}, {"fp32"}, {"lanes.start"}}, {"matrix", {"gemm"}, {}, {"gemm.start"}}},
    "calibration."};

/// Tasks of a CSV with two rows for each of `shapes` products.
std::vector<CalibrationTask> tasksOf(int shapes, const std::string& dtype) {
  const std::string file =
      (std::filesystem::temp_directory_path() / ("wattlas-calibration-" + dtype + ".csv")).string();
  {
    std::ofstream out(file);
    out << "platform,op,dtype,M,N,K,measured_us\n";
    for (const int m : {16, 64})
      for (int i = 1; i <= shapes; ++i)
        out << "gpu-a100-sxm,gemm," << dtype << "," << m << "," << 64 * i << ",1024,10\n";
  }
  std::vector<CalibrationTask> tasks = calibrationTasks(family, file, {});
  std::filesystem::remove(file);
  return tasks;
}

TEST(Calibration, AHeldOutShapeIsNeverFitted) {
  const auto tasks = tasksOf(10, "fp16");
  ASSERT_EQ(tasks.size(), 1u);
  std::set<std::string> fitted, held;
  for (const Measurement& row : tasks[0].data.rows)
    (row.test ? held : fitted).insert(row.settings.get("N"));
  EXPECT_EQ(held.size(), 2u);
  for (const std::string& n : held) EXPECT_EQ(fitted.count(n), 0u) << n;
}

TEST(Calibration, TheElementTypeChoosesTheClass) {
  EXPECT_EQ(tasksOf(2, "fp16").front().name, "matrix");
  EXPECT_EQ(tasksOf(2, "fp32").front().name, "lanes");
}

TEST(Calibration, AFitAtItsBoundIsAFailure) {
  CalibrationFit fit;
  fit.parameters.resize(1);
  fit.parameters[0].record.low = 1;
  fit.parameters[0].record.high = 4;
  fit.parameters[0].value = 2;
  EXPECT_FALSE(fit.hitsBound());
  fit.parameters[0].value = 4;
  EXPECT_TRUE(fit.hitsBound());
}

}  // namespace
}  // namespace wattlas
