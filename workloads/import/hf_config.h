// A config.json as the readers of model types see it, and these readers. Inside the module.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/base/config.h"
#include "workloads/import/import.h"

namespace wattlas::hf {

/// Keys of one model, under every spelling that released files use. Problems are collected.
class HfConfig {
 public:
  using Names = const std::vector<std::string>&;
  /// Parses JSON text; throws InputError when it is none.
  HfConfig(const std::string& text, std::string file);
  ~HfConfig();
  HfConfig(HfConfig&&) noexcept;

  bool has(const char* name) const;  ///< present and not null
  bool says(const char* name, const char* word) const;
  /// Number under the first of `names` that is present; `fallback` is the default of the published
  /// configuration class.
  std::int64_t number(Names names, std::int64_t fallback, std::int64_t least = 1);
  /// As number, where null is a choice of its own: 0.
  std::int64_t numberOrNone(const char* name, std::int64_t fallback);
  double real(Names names, double fallback);
  bool flag(Names names, bool fallback);
  std::string text(Names names, const std::string& fallback);
  std::vector<std::int64_t> numbers(const char* name, std::vector<std::int64_t> fallback);
  std::vector<std::string> texts(const char* name);
  /// Entries of a map or list; 0 when absent.
  std::size_t count(const char* name) const;
  /// A nested section, or nothing.
  std::optional<HfConfig> section(const char* name) const;

  void problem(const std::string& key, std::string what, std::string expected = {},
               std::string hint = {});
  void note(const std::string& text);
  /// Throws all problems.
  void finish() const { problems_->finish(); }
  const std::string& file() const { return file_; }
  std::vector<std::string>& notes() { return notes_; }

 private:
  struct Impl;
  HfConfig(std::unique_ptr<Impl> impl, std::string file, std::shared_ptr<Problems> problems);
  std::unique_ptr<Impl> impl_;
  std::string file_, prefix_;
  std::shared_ptr<Problems> problems_;  ///< shared with sections
  std::vector<std::string> notes_;
};

/// A description that is being written.
class Description {
 public:
  explicit Description(const std::string& generator) { text("generator", generator); }
  void text(const std::string& key, const std::string& value) {
    node.put(key, ConfigNode::ofScalar(value));
  }
  void number(const std::string& key, std::int64_t value) { text(key, std::to_string(value)); }
  /// Written only when it says something.
  void numberIf(const std::string& key, std::int64_t value, std::int64_t standard = 0) {
    if (value != standard) number(key, value);
  }
  void flag(const std::string& key, bool value) { text(key, value ? "true" : "false"); }
  void flagIf(const std::string& key, bool value) {
    if (value) flag(key, true);
  }
  ConfigNode node = ConfigNode::ofMap();
};

/// What the class named in `architectures` adds to the stack.
struct Task {
  std::string architecture;  ///< as named; empty = none
  enum Head { words, classes, tokens, answers, pretraining, none, unnamed } head = unnamed;
};
Task taskOf(HfConfig& config);
/// num_labels: entries of id2label, or the key itself, or 2.
std::int64_t labelsOf(HfConfig& config);
/// silu, gelu or relu; a problem for others.
std::string activationOf(HfConfig& config, HfConfig::Names names, const std::string& fallback);

/// hf_types.yaml, a part of the program.
extern const char* const typesText;
/// Statements by model type; names with + in front are parts of others.
const ConfigNode& typesTable();
/// Readers fill `out`: of a transformer by the table, of image networks by functions.
void readTransformer(const std::string& type, HfConfig& config, const Task& task, Description& out);
struct ImageType {
  const char* name;
  const char* generator;
  void (*read)(HfConfig& config, const Task& task, Description& out);
};
const std::vector<ImageType>& imageTypes();

/// Description of the model that the JSON text configures; `name` is its title.
ImportedModel importConfig(const std::string& text, const std::string& file,
                           const std::string& name);

/// Formats of the linear layers as quantization_config says.
void quantise(HfConfig& config, Description& out, const std::string& base);

}  // namespace wattlas::hf
