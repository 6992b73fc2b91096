// The only file that knows yaml-cpp: text -> ConfigNode, part files and the search path.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "models/base/config.h"

namespace wattlas {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t maximumNodes = 200000;
constexpr std::size_t maximumKeys = 2000;
constexpr std::size_t maximumPartDepth = 16;
constexpr std::size_t maximumNesting = 100;

InputError tooManyValues(const Place& place, const char* where) {
  return InputError(place, {}, std::string("more than 200000 values") + where, "a smaller file");
}

/// Builds the tree while the text is read, so that what is too much ends the reading there.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string file, Problems& problems) : file_(std::move(file)), problems_(problems) {}
  const std::optional<ConfigNode>& root() const { return root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add({}, false, anchor, placeOf(mark), 1);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = anchors_.find(anchor);
    if (named == anchors_.end())
      throw InputError(placeOf(mark), {}, "an alias stands inside its own anchor",
                       "a tree without an end inside itself");
    add(named->second.node, named->second.isScalar, 0, placeOf(mark), named->second.values);
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    for (const char c : value)
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
        problems_.add(placeOf(mark), {}, "a text holds a control character", "plain text");
        break;
      }
    add(ConfigNode::ofScalar(value, placeOf(mark)), true, anchor, placeOf(mark), 1);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, false);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, true);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Anchored {
    ConfigNode node;
    bool isScalar = false;
    std::size_t values = 0;
  };
  struct Level {
    Place place;
    YAML::anchor_t anchor = 0;
    bool isMap = false;
    std::size_t before = 0;  ///< values when it was opened
    std::vector<ConfigNode> items;
    ConfigNode map;
    std::unordered_set<std::string> keys;
    std::optional<std::string> key;  ///< of the value that comes next
    bool wantsKey = true;
  };

  Place placeOf(const YAML::Mark& mark) const {
    return {file_, mark.is_null() ? 0 : mark.line + 1};
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, bool isMap) {
    const Place place = placeOf(mark);
    if (levels_.size() >= maximumNesting)
      throw InputError(place, {}, "nested more than 100 levels deep", "a flatter file");
    Level level;
    level.place = place;
    level.anchor = anchor;
    level.isMap = isMap;
    level.before = values_;
    level.map = ConfigNode::ofMap(place);
    levels_.push_back(std::move(level));
  }
  void close() {
    Level done = std::move(levels_.back());
    levels_.pop_back();
    ConfigNode node =
        done.isMap ? std::move(done.map) : ConfigNode::ofList(std::move(done.items), done.place);
    const std::size_t values = values_ - done.before + 1;
    values_ = done.before;
    add(std::move(node), false, done.anchor, done.place, values);
  }

  /// A finished value: of a list, of a map in turn a key and what it stands for, or the root.
  /// Aliases are copies, so a small text can describe a huge tree ("billion laughs").
  void add(ConfigNode node, bool isScalar, YAML::anchor_t anchor, const Place& place,
           std::size_t values) {
    values_ += values;
    if (values_ > maximumNodes) throw tooManyValues(place, "");
    if (anchor != 0) anchors_[anchor] = {node, isScalar, values};
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (!level.isMap) {
      level.items.push_back(std::move(node));
    } else if (level.wantsKey) {
      takeKey(level, node, isScalar, place);
      level.wantsKey = false;
    } else {
      if (level.key) level.map.put(std::move(*level.key), std::move(node));
      level.key.reset();
      level.wantsKey = true;
    }
  }
  void takeKey(Level& level, const ConfigNode& node, bool isScalar, const Place& place) {
    if (!isScalar) {
      problems_.add(place, {}, "a key is not a plain name", "'name: value'");
      return;
    }
    level.key = node.scalar();
    if (!level.keys.insert(*level.key).second)
      problems_.add(place, *level.key, "the key appears twice", "each key once",
                    "remove one of them");
    if (level.keys.size() > maximumKeys)
      throw InputError(place, {}, "more than 2000 keys in one section", "a smaller section");
  }

  std::string file_;
  Problems& problems_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::optional<ConfigNode> root_;
  std::size_t values_ = 0;
};

/// What `from:` keys are resolved with. Parts are copies, so few files can describe a huge tree.
struct Resolver {
  const SearchPath& path;
  std::vector<std::string> chain;  ///< files that are being read
  std::size_t values = 0;
};

ConfigNode resolveParts(const ConfigNode& node, const std::string& file, Resolver& resolver);

/// Parts such as a memory or a processor are used by many files: text that was parsed before is not
/// parsed again.
ConfigNode parsedPart(const std::string& file) {
  static std::mutex mutex;
  static std::unordered_map<Hash128, ConfigNode, Hash128Hasher> known;
  constexpr std::size_t mostKept = 64;
  const std::string text = readTextFile(file);
  const Hash128 key = Hasher().text(file).add(hashText(text)).finish();
  const std::lock_guard lock(mutex);
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  if (known.size() >= mostKept) known.clear();
  return known.emplace(key, parseYaml(text, file)).first->second;
}

ConfigNode loadPart(const ConfigNode& reference, const std::string& file, Resolver& resolver) {
  std::vector<std::string>& chain = resolver.chain;
  if (!reference.isScalar())
    throw InputError(reference.place(), "from", "is not a file name",
                     "a YAML file such as 'memories/ddr4-2400.yaml'");
  const std::string& name = reference.scalar();
  std::optional<std::string> found;
  const fs::path beside = fs::path(file).parent_path() / name;
  std::error_code ignored;
  if (fs::is_regular_file(beside, ignored))
    found = beside.lexically_normal().string();
  else
    found = resolver.path.findPart(name);
  if (!found)
    throw InputError(reference.place(), "from", "part file '" + name + "' not found",
                     "a file beside this one or on WATTLAS_PATH");
  if (std::find(chain.begin(), chain.end(), *found) != chain.end() ||
      chain.size() > maximumPartDepth)
    throw InputError(reference.place(), "from", "part file '" + name + "' includes itself",
                     "parts without a cycle");
  chain.push_back(*found);
  const ConfigNode raw = parsedPart(*found);
  ConfigNode part = resolveParts(raw, *found, resolver);
  chain.pop_back();
  return part;
}

ConfigNode resolveParts(const ConfigNode& node, const std::string& file, Resolver& resolver) {
  if (++resolver.values > maximumNodes)
    throw tooManyValues(node.place(), " together with the parts that it is made from");
  if (node.isList()) {
    std::vector<ConfigNode> items;
    for (const ConfigNode& item : node.items()) items.push_back(resolveParts(item, file, resolver));
    return ConfigNode::ofList(std::move(items), node.place());
  }
  if (!node.isMap()) return node;
  ConfigNode own = ConfigNode::ofMap(node.place());
  for (const auto& [key, value] : node.entries())
    if (key != "from") own.put(key, resolveParts(value, file, resolver));
  const ConfigNode* reference = node.find("from");
  if (reference == nullptr) return own;
  ConfigNode base = loadPart(*reference, file, resolver);
  base.merge(own);
  return base;
}

std::vector<fs::path> foldersOf(const std::string& root, const std::string& folder) {
  if (folder == "workloads")
    return {fs::path(root) / "workloads" / "library", fs::path(root) / "workloads"};
  return {fs::path(root) / "configs" / folder, fs::path(root) / folder};
}

std::string sizeText(std::size_t bytes) {
  return bytes >> 20 > 0 ? std::to_string(bytes >> 20) + " MiB" : std::to_string(bytes) + " bytes";
}

}  // namespace

std::string readTextFile(const std::string& file, std::size_t limitBytes) {
  // A pipe or a device may never end, or wait for somebody.
  std::error_code ignored;
  const fs::file_type type = fs::status(file, ignored).type();
  if (type != fs::file_type::regular && type != fs::file_type::not_found)
    throw InputError({file, 0}, {},
                     type == fs::file_type::directory ? "is a folder" : "is a device or pipe",
                     "a file");
  std::ifstream in(file, std::ios::binary);
  if (!in) throw InputError({file, 0}, {}, "cannot be read", "an existing, readable file");
  std::string text;
  std::vector<char> buffer(1 << 16);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > limitBytes)
      throw InputError({file, 0}, {}, "is larger than " + sizeText(limitBytes), "a smaller file");
  }
  return text;
}

ConfigNode parseYaml(std::string_view text, const std::string& fileName) {
  if (text.size() > (16u << 20))
    throw InputError({fileName, 0}, {}, "is larger than 16 MiB", "a smaller file");
  if (text.find('\0') != std::string_view::npos)
    throw InputError({fileName, 0}, {}, "is not a text file", "YAML");
  Problems problems;
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    TreeBuilder tree(fileName, problems);
    const bool any = parser.HandleNextDocument(tree);
    TreeBuilder further(fileName, problems);
    if (any && parser.HandleNextDocument(further))
      throw InputError({fileName, 0}, {}, "holds several YAML documents", "one document",
                       "remove the '---' lines");
    problems.finish();
    return any && tree.root() ? *tree.root() : ConfigNode::ofMap({fileName, 1});
  } catch (const YAML::Exception& error) {
    const int line = error.mark.is_null() ? 0 : error.mark.line + 1;
    throw InputError({fileName, line}, {}, "not valid YAML: " + error.msg,
                     "YAML such as 'key: value'");
  }
}

ConfigNode loadConfigText(std::string_view text, const std::string& fileName,
                          const SearchPath& path) {
  Resolver resolver{path, {fileName}};
  return resolveParts(parseYaml(text, fileName), fileName, resolver);
}

ConfigNode loadConfig(const std::string& file, const SearchPath& path) {
  return loadConfigText(readTextFile(file), file, path);
}

std::pair<std::string, ConfigNode> parseAssignment(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw InputError({"--set", 0}, {}, "'" + text.substr(0, 80) + "' is not an assignment",
                     "KEY=VALUE such as dpu.clock=400MHz");
  ConfigNode value = parseYaml(text.substr(equals + 1), "--set " + text.substr(0, equals));
  if (value.isMap() && value.entries().empty()) value = ConfigNode();
  return {text.substr(0, equals), std::move(value)};
}

SearchPath SearchPath::standard(const std::string& dataRoot) {
  std::vector<std::string> roots;
  if (const char* env = std::getenv("WATTLAS_PATH")) {
    std::istringstream in(env);
    for (std::string root; std::getline(in, root, ':');)
      if (!root.empty()) roots.push_back(root);
  }
  roots.push_back(dataRoot);
  return SearchPath(std::move(roots));
}

std::optional<std::string> SearchPath::find(const std::string& folder,
                                            const std::string& id) const {
  std::error_code ignored;
  if (id.empty() || id.find('/') != std::string::npos || id.size() > 200) return std::nullopt;
  for (const std::string& root : roots_)
    for (const fs::path& dir : foldersOf(root, folder)) {
      const fs::path file = dir / (id + ".yaml");
      if (fs::is_regular_file(file, ignored)) return file.string();
    }
  return std::nullopt;
}

std::map<std::string, std::string> SearchPath::list(const std::string& folder) const {
  std::map<std::string, std::string> out;
  std::error_code ignored;
  for (const std::string& root : roots_)
    for (const fs::path& dir : foldersOf(root, folder)) {
      if (!fs::is_directory(dir, ignored)) continue;
      for (const auto& entry : fs::directory_iterator(dir, ignored))
        if (entry.path().extension() == ".yaml")
          out.emplace(entry.path().stem().string(), entry.path().string());
    }
  return out;
}

std::optional<std::string> SearchPath::findPart(const std::string& name) const {
  std::error_code ignored;
  for (const std::string& root : roots_)
    for (const fs::path& file : {fs::path(root) / "configs" / name, fs::path(root) / name})
      if (fs::is_regular_file(file, ignored)) return file.string();
  return std::nullopt;
}

}  // namespace wattlas
