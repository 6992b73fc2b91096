// Do the DPU tools of the command work together: source, ELF, disassembly, run, memory?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/paths.h"
#include "tests/system/command.h"

namespace wattlas::system {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// Every tasklet counts down from COUNT and stores its number.
const char* const counting = R"(; counts
.text
start:  move r0, COUNT
loop:   sub r0, r0, 1, nz, loop
        stop true, end
end:
)";

json runJson(const std::vector<std::string>& words) {
  const Output o = wattlas(words);
  EXPECT_EQ(o.exitCode, 0) << o.err;
  const json value = json::parse(o.out, nullptr, false);
  EXPECT_FALSE(value.is_discarded()) << o.out;
  return value;
}

TEST(Dpu, SourceAndElfRunAlike) {
  Folder folder;
  const std::string source = folder.write("count.s", counting), elf = folder / "count.elf";
  ASSERT_EQ(wattlas({"dpu", "asm", source, "-o", elf, "-D", "COUNT=50"}).exitCode, 0);
  const json a = runJson({"dpu", "run", source, "-D", "COUNT=50", "--tasklets", "3", "--json"});
  const json b = runJson({"dpu", "run", elf, "--tasklets", "3", "--json"});
  EXPECT_EQ(a["cycles"], b["cycles"]);
  EXPECT_EQ(a["instructions"], 3 * (1 + 50 + 1));
  EXPECT_EQ(b["instructions"], a["instructions"]);
  for (const char* key : {"ipc", "time_s", "energy_j", "energy_breakdown_j", "tasklets", "dma",
                          "stalls", "instruction_mix", "mips", "host"})
    EXPECT_TRUE(a.contains(key)) << key;
  EXPECT_EQ(a["tasklets"].size(), 3u);
}

TEST(Dpu, OneTaskletIssuesEveryEleventhCycle) {
  Folder folder;
  const json r = runJson({"dpu", "run", folder.write("count.s", counting), "-D", "COUNT=1000",
                          "--tasklets", "1", "--json"});
  EXPECT_NEAR(r["ipc"].get<double>(), 1.0 / 11, 0.001);
}

TEST(Dpu, LockstepEqualsDecoupled) {
  Folder folder;
  const std::string source = folder.write("count.s", counting);
  json a = runJson({"dpu", "run", source, "-D", "COUNT=99", "--tasklets", "13", "--json"});
  json b = runJson(
      {"dpu", "run", source, "-D", "COUNT=99", "--tasklets", "13", "--mode", "lockstep", "--json"});
  for (const char* key : {"cycles", "instructions", "energy_j", "tasklets", "instruction_mix"})
    EXPECT_EQ(a[key], b[key]) << key;
}

TEST(Dpu, DisassemblyAssemblesAgain) {
  Folder folder;
  const std::string source = folder.write("count.s", counting), elf = folder / "count.elf";
  ASSERT_EQ(wattlas({"dpu", "asm", source, "-o", elf, "-D", "COUNT=50"}).exitCode, 0);
  const Output o = wattlas({"dpu", "objdump", elf});
  EXPECT_EQ(o.exitCode, 0);
  EXPECT_THAT(o.out, HasSubstr("sub"));
  EXPECT_THAT(o.out, HasSubstr("stop"));
}

TEST(Dpu, MistakesInSourceNameFileAndLine) {
  Folder folder;
  const Output o = wattlas(
      {"dpu", "run", folder.write("bad.s", "move r0, 1\nfrobnicate r1\n"), "--tasklets", "1"});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("bad.s:2"));
  EXPECT_THAT(o.err, HasSubstr("frobnicate"));
}

TEST(Dpu, EndlessProgramsEndAtTheLimit) {
  Folder folder;
  const Output o = wattlas({"dpu", "run", folder.write("loop.s", "here: jump here\n"), "--tasklets",
                            "2", "--max-cycles", "10000"});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("10000"));
}

TEST(Dpu, BrokenElfFilesAreRefused) {
  Folder folder;
  const std::string source = folder.write("count.s", counting), elf = folder / "count.elf";
  ASSERT_EQ(wattlas({"dpu", "asm", source, "-o", elf, "-D", "COUNT=5"}).exitCode, 0);
  const std::string whole = read(elf);
  for (const std::size_t size : {4u, 20u, 60u, 100u}) {
    const Output o =
        wattlas({"dpu", "run", folder.write("cut.elf", whole.substr(0, size)), "--tasklets", "1"});
    EXPECT_EQ(o.exitCode, 2) << size << " bytes, signal " << o.signal;
  }
}

TEST(Dpu, MemoryIsWrittenAndReadFromAnOffsetIntoASymbol) {
  Folder folder;
  const std::string source = folder.write(
      "sum.s",
      "lw r0, zero, cells + 4\nlw r1, zero, cells + 8\nadd r0, r0, r1\nsw zero, cells + 12, r0\n"
      "end: stop true, end\n.data\ncells: .word 0, 0, 0, 0\n");
  const std::string two = folder.write("two.bin", std::string("\x05\0\0\0\x07\0\0\0", 8));
  const std::string out = folder / "out.bin";
  const Output o = wattlas({"dpu", "run", source, "--tasklets", "1", "--write", "cells+4=" + two,
                            "--dump", "cells+0xc:4=" + out});
  ASSERT_EQ(o.exitCode, 0) << o.err;
  EXPECT_EQ(read(out), std::string("\x0c\0\0\0", 4));
  for (const char* bad : {"cells+:4", "cells+x:4", "cells+65536:4", "+4:4"}) {
    EXPECT_EQ(wattlas({"dpu", "run", source, "--tasklets", "1", "--dump", bad}).exitCode, 2) << bad;
  }
}

TEST(Dpu, AProgramThatBootsItsTaskletsNeedsNoNumberOfThem) {
  Folder folder;
  const std::string source = folder.write(
      "boot.s", "jeq id, 4, main\nboot id, 1\nmain: stop true, end\nend: stop true, end\n");
  const Output quiet = wattlas({"dpu", "run", source, "--json"});
  EXPECT_EQ(json::parse(quiet.out)["tasklets"].size(), 5u);
  EXPECT_EQ(quiet.err.find("asked for"), std::string::npos) << quiet.err;
  EXPECT_THAT(wattlas({"dpu", "run", source, "--tasklets", "3", "--json"}).err,
              HasSubstr("5 ran, 3 were asked for"));
}

TEST(Dpu, LowBitsOfDmaAddressesAreAnErrorUnlessTheHardwareIsAskedFor) {
  Folder folder;
  const std::string source =
      folder.write("odd.s", "move r0, 4096\nmove r1, 13\nldma r0, r1, 0\nend: stop true, end\n");
  const Output strict = wattlas({"dpu", "run", source, "--tasklets", "1"});
  EXPECT_EQ(strict.exitCode, 2);
  EXPECT_THAT(strict.err, HasSubstr("multiples of 8"));
  EXPECT_EQ(wattlas({"dpu", "run", source, "--tasklets", "1", "--dma-align", "hardware"}).exitCode,
            0);
}

TEST(Dpu, OptionsOutsideTheirRangeAreRefused) {
  Folder folder;
  const std::string source = folder.write("count.s", counting);
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--tasklets", "25"},
                                               {"--tasklets", "0"},
                                               {"--tasklets", "1", "--mode", "fast"},
                                               {"--tasklets", "1", "--register-file", "wide"},
                                               {"--tasklets", "1", "--clock", "3 GB"},
                                               {"--tasklets", "1", "--dump", "nothing"},
                                               {"--tasklets", "1", "--mram", "none.bin"},
                                               {"--tasklets", "1", "-D", "=3"}}) {
    std::vector<std::string> words = {"dpu", "run", source, "-D", "COUNT=2"};
    words.insert(words.end(), more.begin(), more.end());
    const Output o = wattlas(words);
    EXPECT_EQ(o.exitCode, 2) << more.back() << "\n" << o.out;
  }
}

TEST(Dpu, KernelsAreExecutedInEveryFormatOrSayWhyNot) {
  const json table = runJson({"dpu", "kernels", "--json"});
  EXPECT_GE(table["cells"].size(), 170U);
  std::size_t absent = 0;
  for (const json& cell : table["cells"]) {
    const bool runs = !cell.contains("absent");
    absent += runs ? 0 : 1;
    EXPECT_EQ(cell.value("instructions", 0) > 0, runs) << cell;
  }
  EXPECT_LE(absent, table["cells"].size() / 5);
}

TEST(Dpu, InstructionsAreRankedByWhatTheyBring) {
  const json report = runJson({"dpu", "isa-report", "-w", "gemv:2048x2048", "--format", "int8",
                               "-p", "upmem-dimm", "--json"});
  ASSERT_GE(report["candidates"].size(), 7U);
  EXPECT_EQ(report["candidates"][0]["isa"][0], "dot4x8");
  EXPECT_GT(report["candidates"][0]["gain_edp"], 1.5);
  EXPECT_EQ(report["candidates"].back()["gain_edp"], 1.0);  // what int8 has no use for
  const json found = runJson({"dpu", "isa-report", "--discover", "--json"});
  EXPECT_GE(found["proposals"].size(), 5U);
}

TEST(Dpu, LayersShowWhatUnitsInTheBanksWaitFor) {
  const json report = runJson({"dpu", "layers", "-p", "upmem-samac-col256", "-w",
                               "gemm:64x1024x1024", "--format", "int8", "--json"});
  const json& layer = report["layers"][0];
  double sum = 0;
  for (const auto& [name, part] : layer["parts"].items()) sum += part["time_s"].get<double>();
  EXPECT_NEAR(sum, layer["time_s"], 1e-9);
  for (const char* part : {"to device", "refill", "MAC", "read-out", "requantise", "from device"})
    EXPECT_GT(layer["parts"][part]["time_s"], 0) << part;
  EXPECT_LE(layer["time_with_s"]["link x2"], layer["time_s"]);
}

TEST(Dpu, ALineOfATemplateChangesTheRun) {
  Folder folder;
  const std::string kernels = folder / "kernels";
  std::filesystem::copy(std::string(wattlas::test::sourceRoot()) + "/configs/kernels", kernels,
                        std::filesystem::copy_options::recursive);
  const std::string file = kernels + "/dpu/lib/mac.s";
  std::string text = read(file);
  const std::string macro = ".macro mac_int8 w, x            ; 8 products\n";
  const auto at = text.find(macro);
  ASSERT_NE(at, std::string::npos);
  text.insert(at + macro.size(), "        nop\n        nop\n");
  std::ofstream(file) << text;
  const std::vector<std::string> words = {"run",      "-p",   "upmem-dimm", "-w", "gemv:4096x4096",
                                          "--format", "int8", "--json"};
  const Output stock = wattlas(words), slower = wattlas(words, {"", folder.path()});
  ASSERT_EQ(slower.exitCode, 0) << slower.err;
  EXPECT_GT(json::parse(slower.out)["time_s"], json::parse(stock.out)["time_s"]);
}

}  // namespace
}  // namespace wattlas::system
