// Configuration trees: YAML with places, part files (`from:`), overrides and search paths.
// yaml-cpp stays inside config_yaml.cpp. A tree is plain data: it can be merged, hashed, printed
// and read again to the same tree. Copies are cheap and independent of each other.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/base/error.h"
#include "models/base/hash.h"

namespace wattlas {

class ConfigNode {
 public:
  enum class Kind { null, scalar, list, map };
  using Entry = std::pair<std::string, ConfigNode>;

  ConfigNode() = default;
  static ConfigNode ofScalar(std::string text, Place place = {});
  static ConfigNode ofMap(Place place = {});
  static ConfigNode ofList(std::vector<ConfigNode> items, Place place = {});

  Kind kind() const { return data_ ? data_->kind : Kind::null; }
  bool isNull() const { return kind() == Kind::null; }
  bool isScalar() const { return kind() == Kind::scalar; }
  bool isList() const { return kind() == Kind::list; }
  bool isMap() const { return kind() == Kind::map; }
  const std::string& scalar() const { return data().scalar; }
  const std::vector<ConfigNode>& items() const { return data().items; }
  const std::vector<Entry>& entries() const { return data().entries; }
  const Place& place() const { return data().place; }

  /// Child of a map, or null when absent. A pointer to change a child by is for at once: copies and
  /// hashes of this tree that are made before the change do not see it.
  const ConfigNode* find(std::string_view key) const;
  ConfigNode* find(std::string_view key);
  /// Node at a dotted path ("dpu.clock"), or null.
  const ConfigNode* at(std::string_view dottedPath) const;
  /// Sets a child of a map (appends or replaces).
  void put(std::string key, ConfigNode value);
  void erase(std::string_view key);
  /// Sets the node at a dotted path, making maps on the way.
  void set(std::string_view dottedPath, ConfigNode value);
  /// Overlays `over`: maps merge key by key, everything else replaces. A scalar or a
  /// sourced parameter {value, low, high, ...} laid over one replaces it whole.
  void merge(const ConfigNode& over);
  void append(ConfigNode item);

  /// Canonical YAML: keys in order of first appearance, no places; reads back to the same tree.
  std::string toYaml() const;
  /// Hash of the content, independent of key order and places. Remembered until a change, also by
  /// copies, so that of many similar trees only what differs is hashed.
  Hash128 hash() const;
  /// Dotted paths of all leaves below this node.
  std::vector<std::string> leafPaths() const;

 private:
  /// A hash once it is known; not copied with the content, which is about to change.
  class KnownHash {
   public:
    KnownHash() = default;
    KnownHash(const KnownHash&) {}
    KnownHash& operator=(const KnownHash&) = delete;
    std::optional<Hash128> get() const {
      const std::uint64_t high = high_.load(std::memory_order_acquire);
      if (high == 0) return std::nullopt;
      return Hash128{high, low_.load(std::memory_order_relaxed)};
    }
    /// Several threads may set it: always to the same value.
    void set(const Hash128& hash) {
      low_.store(hash.low, std::memory_order_relaxed);
      high_.store(hash.high, std::memory_order_release);
    }
    void forget() { high_.store(0, std::memory_order_relaxed); }

   private:
    std::atomic<std::uint64_t> high_{0}, low_{0};
  };
  struct Data {
    Kind kind = Kind::null;
    std::string scalar;
    std::vector<ConfigNode> items;
    std::vector<Entry> entries;
    Place place;
    mutable KnownHash hash;
  };
  static const Data& empty();
  const Data& data() const { return data_ ? *data_ : empty(); }
  Data& own();  ///< for a change: a copy of its own when others share the content

  std::shared_ptr<Data> data_;  ///< shared by copies until one changes; null = a null node
};

/// Parses YAML text. Throws InputError with file and line on syntax errors, duplicate keys, or
/// input beyond 16 MB or 200,000 nodes.
ConfigNode parseYaml(std::string_view text, const std::string& fileName);

/// Where ids are looked up: the entries of WATTLAS_PATH in order, then the data root. Each root
/// holds `configs/<folder>/` or `<folder>/` (workloads: `workloads/library/` or `workloads/`).
class SearchPath {
 public:
  SearchPath() = default;
  explicit SearchPath(std::vector<std::string> roots) : roots_(std::move(roots)) {}
  /// Roots from the environment variable WATTLAS_PATH (colon separated), then `dataRoot`.
  static SearchPath standard(const std::string& dataRoot);

  /// File of `<folder>/<id>.yaml`, or nothing.
  std::optional<std::string> find(const std::string& folder, const std::string& id) const;
  /// All ids of a folder with their file; a root earlier in the path hides a later one.
  std::map<std::string, std::string> list(const std::string& folder) const;
  /// File of a relative part name such as "memories/ddr4-2400.yaml" below any root.
  std::optional<std::string> findPart(const std::string& name) const;
  const std::vector<std::string>& roots() const { return roots_; }

 private:
  std::vector<std::string> roots_;
};

/// Reads a file and resolves `from: part.yaml` keys at every level: the named part is the base,
/// the keys beside `from` override it. Parts are looked up beside the file first, then on the
/// search path. Throws InputError (missing file, cycle, syntax).
ConfigNode loadConfig(const std::string& file, const SearchPath& path);
/// Same for text already in memory (`fileName` is for messages and relative parts).
ConfigNode loadConfigText(std::string_view text, const std::string& fileName,
                          const SearchPath& path);
/// Whole file as text; throws InputError naming the file. `limitBytes` guards against huge input.
std::string readTextFile(const std::string& file, std::size_t limitBytes = 16u << 20);

/// One `KEY=VALUE` of `--set`: VALUE is parsed as YAML. Throws InputError on a missing '='.
std::pair<std::string, ConfigNode> parseAssignment(const std::string& text);

}  // namespace wattlas
