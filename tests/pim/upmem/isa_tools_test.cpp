// Reports about instructions: what could be one, what RTL work gets, what slow ones cost.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "models/base/config.h"
#include "pim/dpu/exec/extension.h"
#include "pim/dpu/exec/isa_export.h"
#include "pim/upmem/kernels/executed_kernels.h"

namespace wattlas::pim {
namespace {

std::vector<std::string> proposals(const std::vector<std::string>& isa) {
  KernelSetting setting;
  setting.isa = dpu::loadIsa(isa);
  std::vector<std::string> names;
  const auto& set = setting.isa ? setting.isa->set() : dpu::InstructionSet::builtin();
  for (const auto& f : dpu::fusionsOf(executedPrograms(nullptr, setting), set))
    names.push_back(f.what);
  return names;
}

bool among(const std::vector<std::string>& names, const std::string& name, std::size_t first) {
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(first, names.size()));
  return std::find(names.begin(), end, name) != end;
}

TEST(Discovery, FindsFastMultiplyAndVectorLoadWhenTheyAreMissing) {
  const auto stock = proposals({});
  EXPECT_TRUE(among(stock, "fast multiply", 5));
  EXPECT_TRUE(among(stock, "vector load with increment", 5));
  EXPECT_TRUE(among(stock, "dot product", 5));
}

TEST(Discovery, NamesPairsOrTriplesWithWhatTheySave) {
  for (const auto& f : dpu::fusionsOf(executedPrograms(nullptr, KernelSetting{}))) {
    EXPECT_GE(f.instructions, 2);
    EXPECT_LE(f.inputs, 3);
    EXPECT_GT(f.saved, 0);
    EXPECT_GE(f.saved, f.savedByGroup);
    EXPECT_FALSE(f.in.empty());
  }
}

TEST(Discovery, FollowsTheInstructionSet) {
  const auto saved = [](const std::vector<std::string>& isa) {
    KernelSetting setting;
    setting.isa = dpu::loadIsa(isa);
    const auto& set = setting.isa ? setting.isa->set() : dpu::InstructionSet::builtin();
    for (const auto& f : dpu::fusionsOf(executedPrograms(nullptr, setting), set))
      if (f.what == "dot product") return f.saved;
    return 0.0;
  };
  EXPECT_LT(saved({"dot4x8"}), 0.5 * saved({}));
}

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("wattlas-isa-" + std::to_string(::getpid()));
  ~Folder() { std::filesystem::remove_all(path); }
};

std::string textOf(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(IsaExport, VectorsAreWhatTheDefinitionComputes) {
  const auto dot = dpu::loadIsa({"dot4x8"});
  for (const auto& v : dpu::vectorsOf(dot, "dot4x8")) {
    std::int32_t sum = 0;
    for (int i = 0; i < 4; ++i)
      sum += static_cast<std::int8_t>(v.ra >> 8 * i) * static_cast<std::int8_t>(v.rb >> 8 * i);
    EXPECT_EQ(v.result, v.rc + static_cast<std::uint32_t>(sum));
  }
  const auto load = dpu::loadIsa({"vload-inc"});
  for (const auto& v : dpu::vectorsOf(load, "lwinc")) {
    EXPECT_EQ(v.raAfter, v.ra + 4);
    EXPECT_EQ(v.result & 255, (37 * v.ra + 11) & 255);
  }
  EXPECT_THROW(dpu::vectorsOf(dpu::loadIsa({"zero-loop"}), "repeat"), InputError);
}

TEST(IsaExport, WritesTableIntrinsicsAndTestbench) {
  Folder folder;
  const auto files = dpu::exportIsa(dpu::loadIsa({"dot4x8", "zero-loop"}), folder.path);
  EXPECT_GE(files.size(), 6u);
  EXPECT_NE(textOf(folder.path / "intrinsics.h").find("dpu_dot4x8(uint32_t c"), std::string::npos);
  EXPECT_NE(textOf(folder.path / "dot4x8_tb.v").find("module dot4x8_tb"), std::string::npos);
  EXPECT_NE(textOf(folder.path / "decode.csv").find("repeat"), std::string::npos);
  std::istringstream hex(textOf(folder.path / "dot4x8_vectors.hex"));
  std::string line;
  int lines = 0;
  while (std::getline(hex, line)) {
    EXPECT_EQ(line.size(), 104u);  // 416 bits, as the testbench reads them
    ++lines;
  }
  EXPECT_EQ(lines, 256);
}

TEST(SlowInstructions, CostTheirSlotsOrTheirLatencyInTheKernels) {
  const auto with = [](const std::string& change) {
    KernelSetting s;
    s.isa = dpu::IsaExtension::read(parseYaml("changes:\n  - {" + change + "}\n", "isa.yaml"));
    return measure(MacKernel::byte, s).mac;
  };
  const double stock = measure(MacKernel::byte, KernelSetting{}).mac;
  // Two of four products of a word are by mul_sl_sl.
  EXPECT_NEAR(with("mnemonic: mul_sl_sl, issueSlots: 3"), stock + 0.5 * 2, 0.02);
  EXPECT_NEAR(with("mnemonic: mul_sl_sl, latency: 12"), stock, 0.02);  // hidden by 16 tasklets
  EXPECT_GT(with("mnemonic: mul_sl_sl, latency: 64"), stock + 0.5);
}

}  // namespace
}  // namespace wattlas::pim
