// Does bad input end with exit code 2 and a message that says what, where and what to do?
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

using ::testing::HasSubstr;

void expectRefused(const Output& o, const std::vector<std::string>& words) {
  EXPECT_EQ(o.exitCode, 2) << "signal " << o.signal << "\n" << o.err;
  for (const std::string& word : words) EXPECT_THAT(o.err, HasSubstr(word));
  EXPECT_EQ(o.out, "") << "nothing half-finished on stdout";
}

Output run(std::vector<std::string> more, const std::string& platform = "upmem-dimm") {
  std::vector<std::string> all = {"run", "-p", platform, "-w", "gemv:64x64"};
  all.insert(all.end(), more.begin(), more.end());
  return wattlas(all);
}

Output runFile(const Folder& folder, const std::string& content) {
  return run({}, folder.write("platform.yaml", content));
}

TEST(BadInput, UnknownPlatformNamesTheNearest) {
  expectRefused(run({}, "upmem-dim"), {"'upmem-dim' is unknown", "did you mean 'upmem-dimm'?"});
}

TEST(BadInput, ReservedPlatformIsNotAvailableYet) {
  expectRefused(run({}, "asic-econt-65nm"), {"'asic-econt-65nm' is not available yet"});
}

TEST(BadInput, UnknownWorkloadNamesTheNearest) {
  expectRefused(wattlas({"run", "-p", "upmem-dimm", "-w", "llama2-7x"}),
                {"llama2-7x", "did you mean 'llama2-7b'?"});
}

TEST(BadInput, MicroWorkloadNeedsItsDimensions) {
  for (const char* text : {"gemv:4", "gemv:0x4", "gemv:-1x4", "gemm:1x2", "conv1d:1x2x3",
                           "attn:1x1", "gemv:4x4x4", "gemv:1.5x2", "gemv:"})
    expectRefused(wattlas({"run", "-p", "upmem-dimm", "-w", text}), {text});
}

TEST(BadInput, WorkBeyondTheCountersIsRefused) {
  expectRefused(wattlas({"run", "-p", "upmem-dimm", "-w", "gemv:99999999999x999999999999"}),
                {"2^62"});
}

TEST(BadInput, MissingWorkloadIsNamed) {
  expectRefused(wattlas({"run", "-p", "upmem-dimm"}), {"--workload", "missing"});
}

TEST(BadInput, UnknownKeyNamesTheNearest) {
  expectRefused(run({"--set", "dpu.clok=300MHz"}),
                {"device.dpu.clok", "unknown key", "did you mean 'clock'?"});
}

TEST(BadInput, UnknownWorkloadKeyIsAnError) {
  expectRefused(run({"--set", "workload.promt=3"}), {"workload.promt", "did you mean 'prompt'?"});
}

TEST(BadInput, WrongUnitNamesTheDimension) {
  expectRefused(run({"--set", "dpu.clock=3 GB"}),
                {"device.dpu.clock", "unknown unit 'GB'", "a frequency such as '350 MHz'"});
}

TEST(BadInput, MissingUnitIsNotGuessed) {
  expectRefused(run({"--set", "dpu.clock=350"}), {"device.dpu.clock", "frequency"});
}

TEST(BadInput, OutOfRangeNamesTheLimits) {
  expectRefused(run({"--set", "dpu.tasklets=25"}), {"device.dpu.tasklets", "out of range", "24"});
}

TEST(BadInput, NumbersThatAreNoneAreRefused) {
  for (const char* value : {"nan MHz", "inf MHz", "-1 MHz", "0x10 MHz", "1e999 MHz", "350,0 MHz"})
    expectRefused(run({"--set", std::string("dpu.clock=") + value}), {"device.dpu.clock"});
}

TEST(BadInput, AssignmentNeedsAValue) {
  expectRefused(run({"--set", "dpu.clock"}), {"'dpu.clock'", "KEY=VALUE"});
}

TEST(BadInput, AllProblemsAreToldAtOnce) {
  expectRefused(run({"--set", "dpu.clok=1", "--set", "dpu.tasklets=99", "--format", "int9x"}),
                {"dpu.clok", "dpu.tasklets", "int9x"});
}

TEST(BadInput, ChoicesAreListed) {
  expectRefused(run({"--scope", "planet"}), {"--scope", "'planet'", "chip, device, node, wall"});
  expectRefused(run({"--fidelity", "fast"}), {"--fidelity", "analytic, event, detailed"});
  expectRefused(run({"--energy", "some"}), {"--energy", "activity, tdp"});
  expectRefused(run({"--format", "int9x"}), {"--format", "'int9x'", "w<bits>[g<group>]a<bits>"});
}

TEST(BadInput, NumbersOfTheWorkloadHaveLimits) {
  expectRefused(run({"--batch", "0"}), {"--batch", "out of range"});
  expectRefused(run({"--prompt", "-5"}), {"--prompt", "out of range"});
  expectRefused(run({"--rate", "abc"}), {"--rate", "'abc'"});
  expectRefused(run({"--batch", "1e30"}), {"--batch"});
}

TEST(BadInput, AFidelityThatDoesNotExistIsRefused) {
  expectRefused(run({"--fidelity", "event"}, "cpu-xeon"),
                {"cpu-xeon", "no 'event' model", "--fidelity analytic"});
  expectRefused(run({"--fidelity", "detailed"}), {"upmem-dimm", "no 'detailed' model"});
}

TEST(BadInput, MalformedYamlNamesFileAndLine) {
  Folder folder;
  expectRefused(runFile(folder, "title: x\ndevice: [1, 2\nhost: {"),
                {folder / "platform.yaml:3", "not valid YAML"});
}

TEST(BadInput, UnknownKeyInAFileNamesItsLine) {
  Folder folder;
  expectRefused(runFile(folder,
                        "title: x\ndevice: {from: devices/upmem-dimm.yaml}\n"
                        "host: {from: devices/cpu-xeon.yaml}\nlinc: {}\n"),
                {folder / "platform.yaml:4", "linc", "did you mean 'link'?"});
}

TEST(BadInput, DuplicateKeysAreRefused) {
  Folder folder;
  expectRefused(runFile(folder, "title: a\ntitle: b\n"), {"platform.yaml:2", "appears twice"});
}

TEST(BadInput, EmptyFileMissesItsSections) {
  Folder folder;
  expectRefused(runFile(folder, ""), {"device", "missing"});
}

TEST(BadInput, OtherKindsOfDocumentAreRefused) {
  Folder folder;
  expectRefused(runFile(folder, "- 1\n- 2\n"), {"is not a platform description"});
  expectRefused(runFile(folder, "just text\n"), {"is not a platform description"});
}

TEST(BadInput, UnknownDeviceKindIsNamed) {
  Folder folder;
  expectRefused(runFile(folder, "device: {kind: upmen}\n"), {"upmen", "did you mean 'upmem'?"});
}

TEST(BadInput, MissingPartIsNamed) {
  Folder folder;
  expectRefused(runFile(folder, "device: {from: devices/none.yaml}\n"),
                {"platform.yaml:1", "devices/none.yaml", "not found"});
}

TEST(BadInput, PartsWithoutEndAreRefused) {
  Folder folder;
  expectRefused(runFile(folder, "from: platform.yaml\n"), {"includes itself"});
}

TEST(BadInput, AliasInsideItsAnchorIsRefused) {
  Folder folder;
  expectRefused(runFile(folder, "a: &x [*x]\n"), {"platform.yaml:1", "inside its own anchor"});
}

TEST(BadInput, AliasesThatMultiplyAreRefused) {
  Folder folder;
  std::string text = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int k = 0; k < 9; ++k) text += "," + last;
    text += "]\n";
  }
  expectRefused(runFile(folder, text), {"more than 200000 values"});
}

TEST(BadInput, DeepNestingIsRefused) {
  Folder folder;
  expectRefused(runFile(folder, "a: " + std::string(100000, '[')), {"platform.yaml:"});
  std::string blocks;
  for (std::size_t i = 0; i < 3000; ++i) blocks += std::string(i, ' ') + "a:\n";
  expectRefused(runFile(folder, blocks), {"platform.yaml:"});
  expectRefused(runFile(folder, "a: " + std::string(150, '[') + std::string(150, ']')),
                {"nested more than 100 levels"});
}

TEST(BadInput, BinaryFileIsNoText) {
  Folder folder;
  std::string bytes;
  for (int i = 0; i < 4096; ++i) bytes += static_cast<char>((i * 193 + 7) % 256);
  expectRefused(runFile(folder, bytes), {"is not a text file"});
}

TEST(BadInput, HugeFileIsRefused) {
  Folder folder;
  expectRefused(runFile(folder, "a: " + std::string(17u << 20, 'x')), {"larger than 16 MiB"});
}

TEST(BadInput, MappingFileIsRead) {
  expectRefused(run({"--mapping", "./no-such-mapping.yaml"}), {"no-such-mapping.yaml"});
  Folder folder;
  expectRefused(run({"--mapping", folder.write("map.yaml", "host: [gem]\n")}), {"map.yaml", "gem"});
}

TEST(BadInput, MissingFileAndFolderAreNamed) {
  expectRefused(run({}, "./no-such-file.yaml"), {"./no-such-file.yaml", "cannot be read"});
  expectRefused(run({}, "/tmp"), {"/tmp", "is a folder"});
}

TEST(BadInput, PlaceThatCannotBeWrittenIsNamed) {
  const Output o = run({"-o", "/nonexistent-folder/x.h5"});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("/nonexistent-folder"));
}

/// A pipe of the test's own: if it were replaced, nothing but the test would suffer.
TEST(BadInput, ADeviceOrPipeIsNotReplaced) {
  Folder folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const Output o = run({"-o", pipe});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("is a device or pipe"));
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST(BadInput, UnknownCommandsAndOptionsAreRefused) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"bogus"},
                                                {"run", "--bogus"},
                                                {"run"},
                                                {"dpu"},
                                                {"dpu", "bogus"},
                                                {"schema"},
                                                {"schema", "bogus"},
                                                {"validate", "bogus"},
                                                {"explore"},
                                                {"explore", "none.yaml"},
                                                {"explore", "none.yaml", "-j", "0"}}) {
    const Output o = wattlas(words);
    EXPECT_EQ(o.exitCode, 2) << (words.empty() ? "" : words.back());
    EXPECT_NE(o.err, "");
  }
}

TEST(BadInput, StudyProblemsNameFileAndLine) {
  Folder folder;
  const std::string file = folder.write(
      "study.yaml",
      "name: s\nworkloads: [gemv:8x8]\ngenes:\n  platform: {categorical: [upmem-dim]}\n"
      "objectives: [{minimise: time}]\nsearch: {method: exhaustive}\n");
  const Output o = wattlas({"explore", file});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("study.yaml:5"));
  EXPECT_THAT(o.err, HasSubstr("unknown name 'time'"));
}

TEST(BadInput, UnknownPlatformInAStudyIsRefused) {
  Folder folder;
  const std::string file = folder.write(
      "study.yaml",
      "name: s\nworkloads: [gemv:8x8]\ngenes:\n  platform: {categorical: [upmem-dim]}\n"
      "objectives: [{minimise: time_s}]\nsearch: {method: exhaustive}\n");
  const Output o = wattlas({"explore", file, "-j", "1"});
  EXPECT_EQ(o.exitCode, 2) << o.out;
  EXPECT_THAT(o.err, HasSubstr("upmem-dimm"));
}

}  // namespace
}  // namespace wattlas::system
