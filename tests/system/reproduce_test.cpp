// Can a result be reproduced from what it stores, wherever and however often?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

using nlohmann::json;

json withoutHost(const Output& o) {
  EXPECT_EQ(o.exitCode, 0) << o.err;
  json value = json::parse(o.out, nullptr, false);
  EXPECT_FALSE(value.is_discarded());
  value.erase("host");
  return value;
}

const std::vector<std::string> options = {"-w", "ecg-dscnn1d", "--format", "int8",   "--batch",
                                          "3",  "--scope",     "device",   "--seed", "7"};

std::vector<std::string> run(const std::string& platform, std::vector<std::string> more) {
  std::vector<std::string> words = {"run", "-p", platform};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> with(std::vector<std::string> words, std::vector<std::string> more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

class Reproduce : public ::testing::TestWithParam<const char*> {};

TEST_P(Reproduce, FromTheMergedConfiguration) {
  Folder folder;
  const Output config = wattlas(run(GetParam(), with(options, {"--print-config"})));
  ASSERT_EQ(config.exitCode, 0) << config.err;
  const std::string file = folder.write("merged.yaml", config.out);
  const json first = withoutHost(wattlas(run(GetParam(), with(options, {"--json"}))));
  json again = withoutHost(wattlas({"run", "-p", file, "--json"}));
  EXPECT_EQ(again["config_hash"], first["config_hash"]);
  again["platform"] = first["platform"];  // named after its file
  EXPECT_EQ(again, first);
  EXPECT_EQ(wattlas({"run", "-p", file, "--print-config"}).out, config.out);
}

TEST_P(Reproduce, TheSameFileTwice) {
  Folder folder;
  const std::string a = folder / "a.h5", b = folder / "b.h5";
  ASSERT_EQ(wattlas(run(GetParam(), with(options, {"-o", a}))).exitCode, 0);
  ASSERT_EQ(wattlas(run(GetParam(), with(options, {"-o", b}))).exitCode, 0);
  EXPECT_GT(read(a).size(), 1000u);
  EXPECT_TRUE(read(a) == read(b)) << "HDF5 files of equal runs differ";
}

TEST_P(Reproduce, FromAnotherFolder) {
  Folder folder;
  const json here = withoutHost(wattlas(run(GetParam(), with(options, {"--json"}))));
  const json there =
      withoutHost(wattlas(run(GetParam(), with(options, {"--json"})), {folder.path(), ""}));
  EXPECT_EQ(here, there);
  EXPECT_TRUE(filesIn(folder.path()).empty()) << "a run left files in the current folder";
}

INSTANTIATE_TEST_SUITE_P(Families, Reproduce,
                         ::testing::Values("upmem-dimm", "upmem-samac-col256", "pim-ai-4chip",
                                           "gpu-h100-sxm", "fpga-zcu104", "cpu-xeon"));

TEST(Overlay, AddsPlatformsAndCoversOthers) {
  Folder folder;
  folder.write("configs/platforms/my-board.yaml",
               "title: Mine\ndevice: {from: devices/upmem-dimm.yaml}\n"
               "host: {from: devices/cpu-xeon.yaml}\n"
               "link: {rate: 10 GB/s, energyPerBit: 5 pJ/bit}\n");
  const std::vector<std::string> words = {"run", "-p", "my-board", "-w", "gemv:64x64", "--json"};
  EXPECT_EQ(wattlas(words).exitCode, 2);
  const json r = withoutHost(wattlas(words, {"", folder.path()}));
  EXPECT_EQ(r["platform"], "my-board");
  EXPECT_THAT(wattlas({"platforms"}, {"", folder.path()}).out, ::testing::HasSubstr("my-board"));
}

TEST(Overlay, AFileInTheCurrentFolderIsNoPlatform) {
  Folder folder;
  folder.write("configs/platforms/my-board.yaml", "title: Mine\n");
  folder.write("my-board", "title: Mine\n");
  EXPECT_EQ(wattlas({"run", "-p", "my-board", "-w", "gemv:64x64"}, {folder.path(), ""}).exitCode,
            2);
}

TEST(Reproducibility, TracesAreTheSameTwice) {
  Folder folder;
  for (const char* name : {"a.json", "b.json"})
    ASSERT_EQ(wattlas({"run", "-p", "upmem-dimm", "-w", "ecg-dscnn1d", "--format", "int8",
                       "--trace", folder / name})
                  .exitCode,
              0);
  EXPECT_EQ(read(folder / "a.json"), read(folder / "b.json"));
  EXPECT_FALSE(json::parse(read(folder / "a.json"), nullptr, false).is_discarded());
}

}  // namespace
}  // namespace wattlas::system
