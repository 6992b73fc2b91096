// The only file that knows yaml-cpp: text -> ConfigNode, part files and the search path.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <unordered_map>

#include "models/base/config.h"

namespace wattlas {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t maximumNodes = 200000;
constexpr int maximumPartDepth = 16;
constexpr int maximumNesting = 100;

struct Converter {
  std::string file;
  std::size_t nodes = 0;
  Problems problems;
  int nesting = 0;

  Place placeOf(const YAML::Node& node) const {
    return {file, node.Mark().is_null() ? 0 : node.Mark().line + 1};
  }

  ConfigNode convert(const YAML::Node& node) {
    // An alias inside what it names is a tree without end.
    if (nesting >= maximumNesting)
      throw InputError(Problem{placeOf(node),
                               {},
                               "nested more than 100 levels deep",
                               "a flatter file without an alias inside its own anchor",
                               {}});
    ++nesting;
    ConfigNode done = convertNode(node);
    --nesting;
    return done;
  }

  ConfigNode convertNode(const YAML::Node& node) {
    // Aliases are expanded, so a small file can describe a huge tree ("billion laughs").
    if (++nodes > maximumNodes)
      throw InputError(Problem{placeOf(node), {}, "more than 200000 values", "a smaller file", {}});
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return ConfigNode::ofScalar(node.Scalar(), placeOf(node));
      case YAML::NodeType::Sequence: {
        std::vector<ConfigNode> items;
        for (const auto& item : node) items.push_back(convert(item));
        return ConfigNode::ofList(std::move(items), placeOf(node));
      }
      case YAML::NodeType::Map: {
        ConfigNode map = ConfigNode::ofMap(placeOf(node));
        for (const auto& entry : node) {
          if (!entry.first.IsScalar()) {
            problems.add(
                {placeOf(entry.first), {}, "a key is not a plain name", "'name: value'", {}});
            continue;
          }
          const std::string key = entry.first.Scalar();
          if (map.find(key) != nullptr)
            problems.add({placeOf(entry.first), key, "the key appears twice", "each key once",
                          "remove one of them"});
          map.put(key, convert(entry.second));
        }
        return map;
      }
      default: {
        return ConfigNode();
      }
    }
  }
};

ConfigNode resolveParts(const ConfigNode& node, const std::string& file, const SearchPath& path,
                        std::vector<std::string>& chain);

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

ConfigNode loadPart(const ConfigNode& reference, const std::string& file, const SearchPath& path,
                    std::vector<std::string>& chain) {
  if (!reference.isScalar())
    throw InputError(Problem{reference.place(),
                             "from",
                             "is not a file name",
                             "a YAML file such as 'memories/ddr4-2400.yaml'",
                             {}});
  const std::string& name = reference.scalar();
  std::optional<std::string> found;
  const fs::path beside = fs::path(file).parent_path() / name;
  std::error_code ignored;
  if (fs::is_regular_file(beside, ignored))
    found = beside.lexically_normal().string();
  else
    found = path.findPart(name);
  if (!found)
    throw InputError(Problem{reference.place(),
                             "from",
                             "part file '" + name + "' not found",
                             "a file beside this one or on WATTLAS_PATH",
                             {}});
  if (std::find(chain.begin(), chain.end(), *found) != chain.end() ||
      chain.size() > maximumPartDepth)
    throw InputError(Problem{reference.place(),
                             "from",
                             "part file '" + name + "' includes itself",
                             "parts without a cycle",
                             {}});
  chain.push_back(*found);
  const ConfigNode raw = parsedPart(*found);
  ConfigNode part = resolveParts(raw, *found, path, chain);
  chain.pop_back();
  return part;
}

ConfigNode resolveParts(const ConfigNode& node, const std::string& file, const SearchPath& path,
                        std::vector<std::string>& chain) {
  if (node.isList()) {
    std::vector<ConfigNode> items;
    for (const ConfigNode& item : node.items())
      items.push_back(resolveParts(item, file, path, chain));
    return ConfigNode::ofList(std::move(items), node.place());
  }
  if (!node.isMap()) return node;
  ConfigNode own = ConfigNode::ofMap(node.place());
  for (const auto& [key, value] : node.entries())
    if (key != "from") own.put(key, resolveParts(value, file, path, chain));
  const ConfigNode* reference = node.find("from");
  if (reference == nullptr) return own;
  ConfigNode base = loadPart(*reference, file, path, chain);
  base.merge(own);
  return base;
}

std::vector<fs::path> foldersOf(const std::string& root, const std::string& folder) {
  if (folder == "workloads")
    return {fs::path(root) / "workloads" / "library", fs::path(root) / "workloads"};
  return {fs::path(root) / "configs" / folder, fs::path(root) / folder};
}

}  // namespace

std::string readTextFile(const std::string& file, std::size_t limitBytes) {
  std::error_code status;
  if (fs::is_directory(file, status))
    throw InputError(Problem{{file, 0}, {}, "is a folder", "a file", {}});
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw InputError(Problem{{file, 0}, {}, "cannot be read", "an existing, readable file", {}});
  std::string text;
  std::vector<char> buffer(1 << 16);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > limitBytes)
      throw InputError(Problem{{file, 0},
                               {},
                               "is larger than " + std::to_string(limitBytes >> 20) + " MiB",
                               "a smaller file",
                               {}});
  }
  return text;
}

ConfigNode parseYaml(std::string_view text, const std::string& fileName) {
  if (text.size() > (16u << 20))
    throw InputError(Problem{{fileName, 0}, {}, "is larger than 16 MiB", "a smaller file", {}});
  if (text.find('\0') != std::string_view::npos)
    throw InputError(Problem{{fileName, 0}, {}, "is not a text file", "YAML", {}});
  Converter converter{fileName, 0, {}};
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1)
      throw InputError(Problem{{fileName, 0},
                               {},
                               "holds several YAML documents",
                               "one document",
                               "remove the '---' lines"});
    ConfigNode root =
        documents.empty() ? ConfigNode::ofMap({fileName, 1}) : converter.convert(documents[0]);
    converter.problems.finish();
    return root;
  } catch (const YAML::Exception& error) {
    const int line = error.mark.is_null() ? 0 : error.mark.line + 1;
    throw InputError(Problem{
        {fileName, line}, {}, "not valid YAML: " + error.msg, "YAML such as 'key: value'", {}});
  }
}

ConfigNode loadConfigText(std::string_view text, const std::string& fileName,
                          const SearchPath& path) {
  std::vector<std::string> chain{fileName};
  return resolveParts(parseYaml(text, fileName), fileName, path, chain);
}

ConfigNode loadConfig(const std::string& file, const SearchPath& path) {
  return loadConfigText(readTextFile(file), file, path);
}

std::pair<std::string, ConfigNode> parseAssignment(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw InputError(Problem{{"--set", 0},
                             {},
                             "'" + text.substr(0, 80) + "' is not an assignment",
                             "KEY=VALUE such as dpu.clock=400MHz",
                             {}});
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
