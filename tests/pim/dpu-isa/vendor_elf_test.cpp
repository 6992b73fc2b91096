// Executables in the shapes that vendor tool chains of several versions give: many sections, with
// program headers or without, empty and large MRAM sections, weak, hidden and absolute symbols.
#include <cstring>

#include "tests/pim/dpu-isa/isa_fixture.h"

namespace wattlas::dpu {
namespace {

using namespace test;

struct Section {
  std::string name;
  std::uint32_t type, flags, address;
  std::vector<std::uint8_t> bytes;
  std::uint32_t size = 0;  ///< when there are no bytes
};
struct ElfSymbol {
  std::string name;
  std::uint32_t value, size;
  unsigned info;
  unsigned section;
  unsigned other = 0;
};

constexpr std::uint32_t kProgbits = 1, kNobits = 8, kAllocated = 2;
constexpr unsigned kLocal = 0, kGlobal = 1 << 4, kWeak = 2 << 4, kObjectType = 1, kFunctionType = 2;
constexpr unsigned kAbs = 0xFFF1;

void put(std::vector<std::uint8_t>& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// An executable whose sections start at odd file offsets, as packed as possible.
std::vector<std::uint8_t> executable(const std::vector<Section>& sections,
                                     const std::vector<ElfSymbol>& symbols, bool headers) {
  std::string names(1, '\0'), strings(1, '\0');
  std::vector<std::uint8_t> body, table(16), rows(40), segments;
  const auto start = static_cast<std::uint32_t>(52 + (headers ? 32 * (sections.size() + 1) : 0));
  put(body, 0xAA, 1);
  for (const auto& s : sections) {
    const auto offset = static_cast<std::uint32_t>(start + body.size());
    const auto size = s.bytes.empty() ? s.size : static_cast<std::uint32_t>(s.bytes.size());
    for (const std::uint32_t v : {static_cast<std::uint32_t>(names.size()), s.type, s.flags,
                                  s.address, offset, size, 0U, 0U, 1U, 0U}) {
      put(rows, v, 4);
    }
    if ((s.flags & kAllocated) != 0) {
      // The physical address is another one, as for overlays.
      const std::uint32_t file = s.type == kNobits ? 0 : size;
      for (const std::uint32_t v : {1U, offset, s.address, 0x08300000U, file, size, 7U, 1U}) {
        put(segments, v, 4);
      }
    }
    names += s.name + '\0';
    body.insert(body.end(), s.bytes.begin(), s.bytes.end());
  }
  const auto loads = segments.size() / 32;
  put(segments, 0x6474E551, 4);  // the stack note of linkers
  segments.resize(32 * (sections.size() + 1));
  for (const auto& s : symbols) {
    put(table, strings.size(), 4);
    put(table, s.value, 4);
    put(table, s.size, 4);
    put(table, s.info, 1);
    put(table, s.other, 1);
    put(table, s.section, 2);
    strings += s.name + '\0';
  }
  const auto count = static_cast<std::uint32_t>(sections.size());
  const auto extra = [&](const std::string& name, std::uint32_t type, const auto& bytes,
                         std::uint32_t link, std::uint32_t entry) {
    const auto offset = static_cast<std::uint32_t>(start + body.size());
    for (const std::uint32_t v : {static_cast<std::uint32_t>(names.size()), type, 0U, 0U, offset,
                                  static_cast<std::uint32_t>(bytes.size()), link, 1U, 1U, entry}) {
      put(rows, v, 4);
    }
    names += name + '\0';
    body.insert(body.end(), bytes.begin(), bytes.end());
  };
  extra(".symtab", 2, table, count + 2, 16);
  extra(".strtab", 3, strings, 0, 0);
  names += ".shstrtab";
  names += '\0';
  const auto namesAt = static_cast<std::uint32_t>(start + body.size());
  for (const std::uint32_t v : {static_cast<std::uint32_t>(names.size() - 10), 3U, 0U, 0U, namesAt,
                                static_cast<std::uint32_t>(names.size()), 0U, 0U, 1U, 0U}) {
    put(rows, v, 4);
  }
  body.insert(body.end(), names.begin(), names.end());
  std::vector<std::uint8_t> out = {0x7F, 'E', 'L', 'F', 1, 1, 1};
  out.resize(16);
  put(out, 2, 2);
  put(out, 245, 2);
  put(out, 1, 4);
  put(out, 0x80000000, 4);
  put(out, headers ? 52 : 0, 4);
  put(out, start + body.size(), 4);
  put(out, 0x2800000, 4);
  put(out, 52, 2);
  put(out, headers ? 32 : 0, 2);
  put(out, headers ? loads + 1 : 0, 2);
  put(out, 40, 2);
  put(out, count + 4, 2);
  put(out, count + 3, 2);
  if (headers) out.insert(out.end(), segments.begin(), segments.end());
  out.insert(out.end(), body.begin(), body.end());
  out.insert(out.end(), rows.begin(), rows.end());
  return out;
}

std::vector<std::uint8_t> code(const std::string& source) {
  std::vector<std::uint8_t> bytes;
  for (const auto word : assembled(source).text) put(bytes, word, 8);
  return bytes;
}

std::vector<Section> vendorSections() {
  return {{".text.__bootstrap", kProgbits, 6, 0x80000000, code("jnz id, 2\nboot id, 1\n")},
          {".text.main", kProgbits, 6, 0x80000010, code("stop true, 2\n")},
          {".atomic", kNobits, 3, 0xF0000000, {}, 203},
          {".data.__sys_host", kProgbits, 3, 0, {1, 2, 3, 4}},
          {".data.odd", kProgbits, 3, 0x13, {5, 6, 7, 8, 9}},
          {".some.vendor.thing", kProgbits, 3, 0x40, {10, 11}},
          {".rodata.str1.1", kProgbits, 2, 0x50, {'h', 'i', 0}},
          {".bss.counters", kNobits, 3, 0x60, {}, 64},
          {".data.stacks", kNobits, 3, 0x1000, {}, 24 * 1024},
          {".mram", kProgbits, 3, 0x08000000, {20, 21, 22}},
          {".mram.noinit", kNobits, 3, 0x08000400, {}, 60 << 20},
          {".debug_info", kProgbits, 0, 0, {99, 99, 99}},
          {".comment", kProgbits, 0x30, 0, {'c', 0}}};
}

std::vector<ElfSymbol> vendorSymbols() {
  return {{"local_value", 0x40, 2, kLocal | kObjectType, 6},
          {"main", 0x80000010, 8, kGlobal | kFunctionType, 2},
          {"__bootstrap", 0x80000000, 16, kWeak | kFunctionType, 1},
          {"DPU_INPUT_ARGUMENTS", 0x60, 16, kWeak | kObjectType, 8},
          {"hidden_one", 0x14, 4, kGlobal | kObjectType, 5, 2},
          {"buffer", 0x08000400, 60 << 20, kGlobal | kObjectType, 11},
          {"__sys_used_mram_end", 0x08000400 + (60U << 20), 0, kGlobal, kAbs},
          {"NR_TASKLETS", 16, 0, kGlobal, kAbs},
          {"mutex", 0xF0000004, 1, kGlobal | kObjectType, 3}};
}

class VendorElf : public ::testing::TestWithParam<bool> {
 protected:
  Program load() {
    return loadElf(executable(vendorSections(), vendorSymbols(), GetParam()), "vendor.elf");
  }
};

TEST_P(VendorElf, EverySectionGetsToItsPlace) {
  const auto program = load();
  EXPECT_EQ(program.text, assembled("jnz id, 2\nboot id, 1\nstop true, 2\n").text);
  EXPECT_EQ(program.entry, 0U);
  EXPECT_TRUE(program.boots());
  ASSERT_GE(program.wram.size(), 0x53U);
  EXPECT_EQ(program.wram[0], 1);
  EXPECT_EQ(program.wram[0x13], 5);
  EXPECT_EQ(program.wram[0x17], 9);
  EXPECT_EQ(program.wram[0x41], 11);
  EXPECT_EQ(program.wram[0x50], 'h');
  EXPECT_EQ(program.wramUsed, 0x1000U + 24 * 1024);
  ASSERT_EQ(program.mram.size(), 1U);
  EXPECT_EQ(program.mram[0].bytes, (std::vector<std::uint8_t>{20, 21, 22}));
  EXPECT_EQ(program.mramUsed, 0x400U + (60U << 20));
  EXPECT_EQ(program.atomicBits, 203U);
}

TEST_P(VendorElf, SymbolsOfEveryBindingAreFound) {
  const auto program = load();
  for (const auto& expected : vendorSymbols()) {
    const auto* symbol = program.symbol(expected.name);
    ASSERT_NE(symbol, nullptr) << expected.name;
    EXPECT_EQ(symbol->address, expected.value) << expected.name;
  }
  EXPECT_EQ(program.symbol("DPU_INPUT_ARGUMENTS")->memory, Memory::wram);
  EXPECT_EQ(program.symbol("buffer")->memory, Memory::mram);
  EXPECT_EQ(program.symbol("mutex")->memory, Memory::atomic);
  EXPECT_EQ(program.where(2), "main");
}

TEST_P(VendorElf, TheEndOfTheUsedMramIsAnAddressOfMramThoughAbsolute) {
  const auto program = load();
  EXPECT_EQ(program.symbol("__sys_used_mram_end")->memory, Memory::mram);
  EXPECT_EQ(program.symbol("NR_TASKLETS")->memory, Memory::absolute);
}

TEST_P(VendorElf, LeftoversOfOtherToolsAreSkipped) {
  auto sections = vendorSections();
  sections.push_back({".debug_str", kProgbits, 0x30, 0, std::vector<std::uint8_t>(3 << 20, 'x')});
  sections.push_back({".rela.text.main", 4, 0x40, 0, std::vector<std::uint8_t>(24, 1)});
  sections.push_back({".stack_sizes", kProgbits, 0x80, 0, {1, 2, 3}});
  sections.push_back({".llvm_addrsig", 0x6FFF4C03, 0x80000000, 0, {1}});
  const auto program = loadElf(executable(sections, vendorSymbols(), GetParam()), "vendor.elf");
  EXPECT_EQ(program.text, load().text);
  EXPECT_EQ(program.wram, load().wram);
  EXPECT_TRUE(program.vendorRuntime);
}

TEST_P(VendorElf, ASymbolWithoutSizeIsStillAnAddress) {
  auto symbols = vendorSymbols();
  for (auto& s : symbols) s.size = 0;
  const auto program = loadElf(executable(vendorSections(), symbols, GetParam()), "vendor.elf");
  EXPECT_EQ(program.symbol("buffer")->memory, Memory::mram);
  EXPECT_EQ(program.symbol("DPU_INPUT_ARGUMENTS")->memory, Memory::wram);
  EXPECT_EQ(program.where(2), "main");
}

TEST_P(VendorElf, AnMramSectionThatIsTooLargeIsRefused) {
  auto sections = vendorSections();
  for (auto& s : sections) {
    if (s.name == ".mram.noinit") s.size = 64 << 20;
  }
  const auto error =
      errorOf([&] { loadElf(executable(sections, vendorSymbols(), GetParam()), "vendor.elf"); });
  EXPECT_NE(error.find("does not fit into mram"), std::string::npos) << error;
}
INSTANTIATE_TEST_SUITE_P(Headers, VendorElf, ::testing::Bool());

}  // namespace
}  // namespace wattlas::dpu
