// Do configuration trees keep places, merge, splice parts and refuse bad files?
#include "models/base/config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace wattlas {
namespace {
namespace fs = std::filesystem;

class ConfigFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::path(::testing::TempDir()) / ("wattlas_config_" + std::string(info->name()));
    fs::remove_all(root_);
    fs::create_directories(root_ / "configs" / "devices");
  }
  void TearDown() override { fs::remove_all(root_); }
  std::string write(const std::string& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
    return (root_ / name).string();
  }
  SearchPath path() const { return SearchPath({root_.string()}); }
  fs::path root_;
};

std::string complaint(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Yaml, KeepsLines) {
  const ConfigNode tree = parseYaml("a: 1\nb:\n  c: 2\n", "f.yaml");
  EXPECT_EQ(tree.at("b.c")->place().line, 3);
  EXPECT_EQ(tree.at("b.c")->scalar(), "2");
}

TEST(Yaml, NamesFileAndLineOfASyntaxError) {
  EXPECT_NE(complaint([] { parseYaml("a: 1\nb: [1, 2\n", "f.yaml"); }).find("f.yaml:"),
            std::string::npos);
}

TEST(Yaml, RefusesDuplicateKeys) {
  EXPECT_EQ(complaint([] { parseYaml("a: 1\na: 2\n", "f.yaml"); }),
            "f.yaml:2: a: the key appears twice (expected each key once; remove one of them)");
}

TEST(Yaml, RefusesSeveralDocuments) {
  EXPECT_NE(complaint([] { parseYaml("a: 1\n---\nb: 2\n", "f.yaml"); }).find("several"),
            std::string::npos);
}

TEST(Yaml, RefusesExplodingAliases) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_NE(complaint([&] { parseYaml(bomb, "bomb.yaml"); }).find("more than 200000 values"),
            std::string::npos);
}

TEST(Yaml, RefusesDeepNesting) {
  EXPECT_NE(complaint([] { parseYaml(std::string(100000, '['), "deep.yaml"); }), "accepted");
}

TEST(Yaml, RefusesBinaryFiles) {
  EXPECT_NE(complaint([] { parseYaml(std::string("\0\1\2", 3), "x.yaml"); }).find("not a text"),
            std::string::npos);
}

TEST(ConfigNode, PrintsWhatItReads) {
  const ConfigNode tree =
      parseYaml("a: 1\nlist: [x, {k: 'v: w'}]\nm: {}\nempty: ''\nn: ~\n", "f.yaml");
  const ConfigNode again = parseYaml(tree.toYaml(), "g.yaml");
  EXPECT_EQ(tree.hash(), again.hash());
  EXPECT_EQ(tree.toYaml(), again.toYaml());
}

TEST(ConfigNode, HashIgnoresKeyOrder) {
  EXPECT_EQ(parseYaml("a: 1\nb: 2\n", "f").hash(), parseYaml("b: 2\na: 1\n", "f").hash());
  EXPECT_NE(parseYaml("a: 1\n", "f").hash(), parseYaml("a: 2\n", "f").hash());
}

TEST(ConfigNode, ARememberedHashFollowsEveryKindOfChange) {
  const auto fresh = [](const ConfigNode& node) { return parseYaml(node.toYaml(), "f").hash(); };
  ConfigNode tree = parseYaml("a: {b: 1, c: [1, {d: 2}]}\ne: 3\n", "f");
  const Hash128 before = tree.hash();
  const ConfigNode copy = tree;
  tree.set("a.b", ConfigNode::ofScalar("2"));
  EXPECT_EQ(tree.hash(), fresh(tree));
  EXPECT_NE(tree.hash(), before);
  EXPECT_EQ(copy.hash(), before) << "a copy keeps its content";
  tree.find("a")->put("x", ConfigNode::ofScalar("9"));
  EXPECT_EQ(tree.hash(), fresh(tree));
  tree.erase("e");
  EXPECT_EQ(tree.hash(), fresh(tree));
  tree.merge(parseYaml("a: {b: 7}\nnew: [1]\n", "g"));
  EXPECT_EQ(tree.hash(), fresh(tree));
  ConfigNode list = ConfigNode::ofList({});
  const Hash128 empty = list.hash();
  list.append(tree);
  EXPECT_NE(list.hash(), empty);
  EXPECT_EQ(list.hash(), fresh(list));
}

TEST(ConfigNode, MergesMapsAndReplacesTheRest) {
  ConfigNode base = parseYaml("a: {x: 1, y: 2}\nl: [1, 2]\n", "f");
  base.merge(parseYaml("a: {y: 3}\nl: [9]\n", "g"));
  EXPECT_EQ(base.at("a.x")->scalar(), "1");
  EXPECT_EQ(base.at("a.y")->scalar(), "3");
  EXPECT_EQ(base.find("l")->items().size(), 1u);
}

TEST(ConfigNode, SetMakesSections) {
  ConfigNode tree = ConfigNode::ofMap();
  tree.set("a.b.c", ConfigNode::ofScalar("1"));
  EXPECT_EQ(tree.at("a.b.c")->scalar(), "1");
}

TEST(Assignment, NeedsAnEqualsSign) {
  EXPECT_EQ(complaint([] { parseAssignment("clock"); }),
            "--set: 'clock' is not an assignment (expected KEY=VALUE such as dpu.clock=400MHz)");
  EXPECT_EQ(parseAssignment("a.b=[1, 2]").second.items().size(), 2u);
}

TEST_F(ConfigFiles, PartsAreOverridden) {
  write("configs/memories/m.yaml", "rows: 4\nbanks: 2\n");
  const std::string file =
      write("configs/devices/d.yaml", "memory: {from: memories/m.yaml, banks: 8}\n");
  const ConfigNode tree = loadConfig(file, path());
  EXPECT_EQ(tree.at("memory.rows")->scalar(), "4");
  EXPECT_EQ(tree.at("memory.banks")->scalar(), "8");
  EXPECT_EQ(tree.at("memory.from"), nullptr);
}

TEST_F(ConfigFiles, MissingPartsAreNamed) {
  const std::string file = write("configs/devices/d.yaml", "a: 1\nmemory: {from: gone.yaml}\n");
  const std::string text = complaint([&] { loadConfig(file, path()); });
  EXPECT_NE(text.find("d.yaml:2: from: part file 'gone.yaml' not found"), std::string::npos);
}

TEST_F(ConfigFiles, PartsMustNotIncludeThemselves) {
  write("configs/a.yaml", "from: b.yaml\n");
  const std::string file = write("configs/b.yaml", "from: a.yaml\n");
  EXPECT_NE(complaint([&] { loadConfig(file, path()); }).find("includes itself"),
            std::string::npos);
}

TEST_F(ConfigFiles, EarlierRootsHideLaterOnes) {
  write("configs/devices/d.yaml", "v: 1\n");
  write("overlay/devices/d.yaml", "v: 2\n");
  const SearchPath both({(root_ / "overlay").string(), root_.string()});
  EXPECT_EQ(loadConfig(*both.find("devices", "d"), both).find("v")->scalar(), "2");
  EXPECT_EQ(both.list("devices").size(), 1u);
}

TEST_F(ConfigFiles, IdsAreNoPaths) {
  write("secret.yaml", "a: 1\n");
  EXPECT_FALSE(path().find("devices", "../../secret"));
}

TEST_F(ConfigFiles, HugeFilesAreRefused) {
  const std::string file = write("big.yaml", std::string(17 << 20, '#'));
  EXPECT_NE(complaint([&] { loadConfig(file, path()); }).find("larger than"), std::string::npos);
}

TEST_F(ConfigFiles, FoldersAreRefused) {
  EXPECT_NE(complaint([&] { readTextFile(root_.string()); }).find("is a folder"),
            std::string::npos);
}

TEST(Yaml, RefusesAnAliasInsideItsOwnAnchor) {
  EXPECT_NE(complaint([] { parseYaml("a: &x [1, *x]\n", "f.yaml"); }).find("own anchor"),
            std::string::npos);
}

TEST(Yaml, RefusesControlCharacters) {
  EXPECT_NE(complaint([] { parseYaml("a: \"\\x1b[2J\"\n", "f.yaml"); }).find("control character"),
            std::string::npos);
}

TEST(Yaml, RefusesSectionsOfManyThousandKeys) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  EXPECT_NE(complaint([&] { parseYaml(text, "f.yaml"); }).find("more than 2000 keys"),
            std::string::npos);
}

TEST(Yaml, AnAliasIsACopyOfWhatItNames) {
  EXPECT_EQ(parseYaml("a: &x {b: 1}\nc: *x\n", "f").toYaml(),
            parseYaml("a: {b: 1}\nc: {b: 1}\n", "f").toYaml());
}

TEST(Parts, ThatMultiplyAreRefused) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("wattlas-parts-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "p0.yaml") << "v: 1\n";
  for (int level = 1; level <= 8; ++level) {
    std::ofstream out(folder / ("p" + std::to_string(level) + ".yaml"));
    for (int i = 0; i < 10; ++i) out << "k" << i << ": {from: p" << level - 1 << ".yaml}\n";
  }
  EXPECT_NE(complaint([&] {
              loadConfig((folder / "p8.yaml").string(), SearchPath());
            }).find("more than 200000 values"),
            std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(TextFile, PipesAndDevicesAreRefusedAtOnce) {
  const std::string pipe = "/tmp/wattlas-pipe-" + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& file : {pipe, std::string("/dev/zero")})
    EXPECT_NE(complaint([&] { readTextFile(file); }).find("is a device or pipe"),
              std::string::npos);
  ::unlink(pipe.c_str());
}

}  // namespace
}  // namespace wattlas
