// ELF files: made by us, made by hand in other ways, and broken ones.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <random>

#include "tests/pim/dpu-isa/isa_fixture.h"

namespace wattlas::dpu {
namespace {

using namespace test;

constexpr const char* kSource =
    ".data\na: .word 1, 2\n.bss\nz: .space 8\n.mram\nm: .quad 3\n.space 4096\nn: .quad 4\n.space "
    "64\n"
    ".atomic\nlock: .byte 0\n.text\n.globl main\nmain: nop\nl: jump l\n";

std::vector<std::uint8_t> sampleImage() {
  return elfImage(assembled(kSource));
}

void put(std::vector<std::uint8_t>& image, std::size_t at, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    image.at(at + static_cast<std::size_t>(i)) = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

std::uint32_t get32(const std::vector<std::uint8_t>& image, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, image.data() + at, 4);
  return value;
}

TEST(DpuElf, WhatIsWrittenLoadsAgain) {
  const auto program = assembled(kSource);
  const auto again = loadElf(elfImage(program), "x");
  EXPECT_EQ(again.text, program.text);
  EXPECT_EQ(again.entry, program.entry);
  EXPECT_EQ(again.wram, program.wram);
  EXPECT_EQ(again.wramUsed, program.wramUsed);
  EXPECT_EQ(again.mramUsed, program.mramUsed);
  EXPECT_EQ(again.atomicBits, program.atomicBits);
  ASSERT_EQ(again.mram.size(), 2u);
  EXPECT_EQ(again.mram[1].offset, program.mram[1].offset);
  EXPECT_EQ(again.mram[1].bytes, program.mram[1].bytes);
  ASSERT_EQ(again.symbols.size(), program.symbols.size());
  for (std::size_t i = 0; i < again.symbols.size(); ++i) {
    EXPECT_EQ(again.symbols[i].name, program.symbols[i].name);
    EXPECT_EQ(again.symbols[i].address, program.symbols[i].address);
    EXPECT_EQ(again.symbols[i].size, program.symbols[i].size);
    EXPECT_EQ(again.symbols[i].memory, program.symbols[i].memory);
    EXPECT_EQ(again.symbols[i].kind, program.symbols[i].kind);
    EXPECT_EQ(again.symbols[i].global, program.symbols[i].global);
  }
}

TEST(DpuElf, TheHeaderIsThatOfADpuExecutable) {
  const auto image = sampleImage();
  EXPECT_EQ(image[18] | (image[19] << 8), 245);
  EXPECT_EQ(get32(image, 36), 0x2800000u);
  EXPECT_EQ(get32(image, 24), 0x80000000u);
}

TEST(DpuElf, WithoutProgramHeadersTheSectionsAreLoaded) {
  auto image = sampleImage();
  put(image, 28, 0, 4);
  put(image, 44, 0, 2);
  const auto program = assembled(kSource);
  const auto loaded = loadElf(image, "x");
  EXPECT_EQ(loaded.text, program.text);
  EXPECT_EQ(loaded.wram, program.wram);
  EXPECT_EQ(loaded.mramUsed, program.mramUsed);
  EXPECT_EQ(loaded.symbols.size(), program.symbols.size());
}

TEST(DpuElf, WithoutSectionsTheSegmentsAreEnough) {
  auto image = sampleImage();
  put(image, 32, 0, 4);
  put(image, 48, 0, 2);
  const auto loaded = loadElf(image, "x");
  EXPECT_EQ(loaded.text, assembled(kSource).text);
  EXPECT_TRUE(loaded.symbols.empty());
}

TEST(DpuElf, SegmentsThatAreNotLoadedAndOddEntriesAreTolerated) {
  auto image = sampleImage();
  put(image, 52, 4, 4);  // the code segment becomes a note: its section is loaded instead
  put(image, 24, 0, 4);
  const auto loaded = loadElf(image, "x");
  EXPECT_EQ(loaded.text, assembled(kSource).text);
  EXPECT_EQ(loaded.entry, 0u);
}

TEST(DpuElf, ForeignSectionsBesideTheSegmentsAreLeftOut) {
  auto image = sampleImage();
  const auto sections = get32(image, 32), count = std::uint32_t{image[48]};
  // A further section header behind the last one: allocated, at an address of no memory.
  image.resize(sections + 40 * (count + 1));
  const auto at = sections + 40 * count;
  put(image, at + 4, 1, 4);
  put(image, at + 8, 2, 4);
  put(image, at + 12, 0x40000000, 4);
  put(image, at + 20, 64, 4);
  put(image, 48, count + 1, 2);
  EXPECT_EQ(loadElf(image, "x").text, assembled(kSource).text);
}

TEST(DpuElf, TheUpperTwoBytesOfAnInstructionDoNotReachIram) {
  auto image = sampleImage();
  const auto code = get32(image, 52 + 4);
  image[code + 6] = 0xAB;
  image[code + 7] = 0xCD;
  EXPECT_EQ(loadElf(image, "x").text, assembled(kSource).text);
}

struct Damage {
  const char* name;
  std::function<void(std::vector<std::uint8_t>&)> apply;
  const char* message;
};

const std::vector<Damage>& damages() {
  static const std::vector<Damage> all = {
      {"magic", [](auto& f) { f[1] = 'X'; }, "not an ELF file"},
      {"class", [](auto& f) { f[4] = 2; }, "ELF class 2"},
      {"byte order", [](auto& f) { f[5] = 2; }, "byte order 2"},
      {"machine", [](auto& f) { put(f, 18, 62, 2); }, "machine 62 is not a DPU"},
      {"object file", [](auto& f) { put(f, 16, 1, 2); }, "object file"},
      {"library", [](auto& f) { put(f, 16, 3, 2); }, "ELF type 3"},
      {"program headers outside", [](auto& f) { put(f, 28, 0xFFFFFF00, 4); }, "beyond the end"},
      {"small program headers", [](auto& f) { put(f, 42, 8, 2); }, "program header entries of 8"},
      {"section headers outside", [](auto& f) { put(f, 32, 0x7FFFFFFF, 4); }, "beyond the end"},
      {"small section headers", [](auto& f) { put(f, 46, 8, 2); }, "section header entries of 8"},
      {"contents outside", [](auto& f) { put(f, 52 + 4, 0x10000000, 4); }, "beyond the end"},
      {"address nowhere", [](auto& f) { put(f, 52 + 8, 0x40000000, 4); }, "lies in no memory"},
      {"more file than memory", [](auto& f) { put(f, 52 + 20, 8, 4); }, "more bytes in the file"},
      {"half instructions", [](auto& f) { put(f, 52 + 16, 12, 4); }, "whole instructions"},
      {"too much code", [](auto& f) { put(f, 52 + 20, 4097 * 8, 4); }, "does not fit into iram"},
      {"too much data", [](auto& f) { put(f, 84 + 20, 65537, 4); }, "does not fit into wram"},
      {"entry beside", [](auto& f) { put(f, 24, 0x80000004, 4); }, "entry 0x80000004"},
      {"entry beyond", [](auto& f) { put(f, 24, 0x80000100, 4); }, "entry 0x80000100"},
      {"no code",
       [](auto& f) {
         put(f, 52 + 8, 0x08100000, 4);
         put(f, 32, 0, 4);
       },
       "no code"},
  };
  return all;
}

TEST(DpuElf, EveryDamageIsRefusedWithItsOffsetAndReason) {
  for (const auto& damage : damages()) {
    auto image = sampleImage();
    damage.apply(image);
    const auto error = errorOf([&] { loadElf(image, "bad.elf"); });
    EXPECT_NE(error.find("bad.elf: ELF: at file offset 0x"), std::string::npos)
        << damage.name << ": " << error;
    EXPECT_NE(error.find(damage.message), std::string::npos) << damage.name << ": " << error;
  }
}

TEST(DpuElf, EveryTruncationIsRefusedOrLoadsLess) {
  const auto image = sampleImage();
  for (std::size_t size = 0; size < image.size(); ++size) {
    const std::vector<std::uint8_t> part(image.begin(),
                                         image.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(errorOf([&] { loadElf(part, "cut.elf"); }), "") << size;
  }
}

TEST(DpuElf, RandomDamageNeverCrashes) {
  std::mt19937 random(3);
  const auto image = sampleImage();
  int refused = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    auto broken = image;
    for (int k = 0; k < 3; ++k)
      broken[random() % broken.size()] = static_cast<std::uint8_t>(random());
    refused += errorOf([&] { loadElf(broken, "x"); }).empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 100);
}

TEST(DpuElf, FilesAreWrittenWholeAndRecognisedByTheirMagic) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("wattlas_elf_test_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto program = assembled(kSource);
  writeElf(program, folder / "a.elf");
  EXPECT_EQ(loadProgram(folder / "a.elf", {}).text, program.text);
  std::ofstream(folder / "a.s") << kSource;
  EXPECT_EQ(loadProgram(folder / "a.s", {}).text, program.text);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 2);
  EXPECT_NE(errorOf([&] { writeElf(program, folder / "missing" / "a.elf"); }), "");
  EXPECT_NE(errorOf([&] { loadProgram(folder / "b.elf", {}); }).find("no such file"),
            std::string::npos);
  EXPECT_NE(errorOf([&] { loadProgram(folder, {}); }).find("folder"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(DpuElf, FilesThatAreNeitherElfNorTextAreNamedAsSuch) {
  using namespace std::string_literals;
  const auto folder = std::filesystem::temp_directory_path() /
                      ("wattlas_no_elf_test_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto loading = [&](const std::string& bytes) {
    std::ofstream(folder / "file", std::ios::binary) << bytes;
    return errorOf([&] { loadProgram(folder / "file", {}); });
  };
  EXPECT_THAT(loading(""), testing::HasSubstr("the file is empty"));
  for (const auto& [bytes, kind] : {std::pair("a\0b"s, "a binary file"),
                                    {"\x1f\x8b\x08 text"s, "a gzip file"},
                                    {"PK\x03\x04"s, "a zip archive"},
                                    {"!<arch>\nmain.o/\0"s, "an archive"}}) {
    EXPECT_THAT(loading(bytes), testing::HasSubstr("neither an ELF file nor text"));
    EXPECT_THAT(loading(bytes), testing::HasSubstr(kind));
    EXPECT_THAT(loading(bytes), testing::HasSubstr("--mram FILE@ADDR"));
  }
  // Text stays text, whatever its comments are written in.
  EXPECT_EQ(loading("\t; caf\xe9, na\xc3\xafve\r\nstop\n"), "");
  // A host program by mistake.
  std::string host = "\x7f"s + "ELF\2\1\1"s + std::string(57, '\0');
  host[18] = 62;
  EXPECT_THAT(loading(host), testing::HasSubstr("64-bit program of x86-64"));
  std::filesystem::resize_file(folder / "file", std::uintmax_t{1} << 30);
  EXPECT_THAT(errorOf([&] { loadProgram(folder / "file", {}); }),
              testing::HasSubstr("at most 512 MiB"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace wattlas::dpu
