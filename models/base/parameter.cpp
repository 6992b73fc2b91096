#include "models/base/parameter.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

namespace wattlas {
namespace {

const std::vector<std::string> basisNames = {"measured", "published", "derived", "assumption"};
const std::set<std::string> sectionNotes = {"source", "basis", "notes"};

std::string limitsText(const FieldRule& rule, Dimension dimension) {
  const auto show = [&](double v) { return exactQuantity(v, dimension); };
  if (std::isfinite(rule.min) && std::isfinite(rule.max))
    return show(rule.min) + " to " + show(rule.max);
  return std::isfinite(rule.min) ? "at least " + show(rule.min) : "at most " + show(rule.max);
}

ConfigNode defaultWithOrigin(const ParameterRecord& record, const std::string& text) {
  ConfigNode node = ConfigNode::ofMap();
  node.put("value", ConfigNode::ofScalar(text));
  node.put("source", ConfigNode::ofScalar(record.source));
  node.put("basis", ConfigNode::ofScalar(nameOf(record.basis)));
  return node;
}

class ConfigBinder final : public Binder {
 public:
  ConfigBinder(const ConfigNode& node, std::string prefix, std::string relative, Problems& problems,
               std::vector<ParameterRecord>& parameters, Basis basis, std::string source)
      : node_(node),
        prefix_(std::move(prefix)),
        relative_(std::move(relative)),
        problems_(problems),
        parameters_(parameters),
        basis_(basis),
        source_(std::move(source)),
        complete_(ConfigNode::ofMap(node.place())) {
    if (const ConfigNode* s = node.find("source"); s != nullptr && s->isScalar())
      source_ = s->scalar();
    if (const ConfigNode* b = node.find("basis"); b != nullptr && b->isScalar())
      basis_ = basisOf(*b, "basis");
    for (const auto& [key, value] : node.entries())
      if (sectionNotes.count(key) > 0) complete_.put(key, value);
  }

  bool reading() const override { return true; }

  ParameterRecord number(const std::string& key, Dimension dimension, const FieldRule& rule,
                         const std::string& doc) override {
    const ConfigNode* node = take(key, rule, [&] { return describe(dimension); });
    // Plain counts are no parameters of a model: they are many, and nobody lists them.
    const bool listed = dimension != Dimension::count || (node != nullptr && node->isMap());
    ParameterRecord record{{}, dimension, 0, 0, 0, basis_, {}, {}};
    if (listed) {
      record.path = path(key);
      record.source = source_;
      record.doc = doc;
    }
    ConfigNode fallback;
    if (node == nullptr) {
      if (rule.fallback.empty()) return record;
      fallback = ConfigNode::ofScalar(rule.fallback, node_.place());
      node = &fallback;
      if (listed) record.source = "default of the model: " + doc;
      record.basis = Basis::assumption;
    }
    const bool read = node->isMap() ? readSourced(*node, key, record)
                                    : parseInto(*node, key, dimension, record.value);
    if (read && !node->isMap()) record.low = record.high = record.value;
    if (read) check(*node, key, rule, record);
    if (node == &fallback && listed)
      // With its origin, or the section's would be taken for it when the merged tree is read.
      complete_.put(key, defaultWithOrigin(record, rule.fallback));
    else
      complete_.put(key, *node);
    if (listed) parameters_.push_back(record);
    return record;
  }

  void text(const std::string& key, std::string& target, const FieldRule& rule,
            const std::string&) override {
    if (const ConfigNode* node = scalarOr(key, rule, [] { return "a text"; }))
      target = oneLine(*node, key);
    else if (!rule.fallback.empty())
      target = rule.fallback;
    complete_.put(key, ConfigNode::ofScalar(target, node_.place()));
  }

  void choice(const std::string& key, std::string& target, const std::vector<std::string>& options,
              const FieldRule& rule, const std::string&) override {
    const auto expected = [&] { return fmt::format("one of {}", fmt::join(options, ", ")); };
    target = rule.fallback.empty() ? options.front() : rule.fallback;
    if (const ConfigNode* node = scalarOr(key, rule, expected)) {
      target = node->scalar();
      if (std::find(options.begin(), options.end(), target) == options.end())
        add(node->place(), key, "'" + target + "' is not known here", expected(),
            didYouMean(target, options));
    }
    complete_.put(key, ConfigNode::ofScalar(target, node_.place()));
  }

  void flag(const std::string& key, bool& target, const FieldRule& rule,
            const std::string&) override {
    std::string word = rule.fallback;
    const ConfigNode* node = scalarOr(key, rule, [] { return "true or false"; });
    if (node != nullptr) word = node->scalar();
    if (node != nullptr && word != "true" && word != "false")
      add(node->place(), key, "'" + word + "' is not a yes or no", "true or false", {});
    target = word == "true";
    complete_.put(key, ConfigNode::ofScalar(target ? "true" : "false", node_.place()));
  }

  void texts(const std::string& key, std::vector<std::string>& target,
             const std::string&) override {
    used_.push_back(key);
    const ConfigNode* node = node_.find(key);
    if (node == nullptr) return;
    if (!node->isList()) {
      add(node->place(), key, "is not a list", "a list such as [a, b]", {});
      return;
    }
    target.clear();
    for (const ConfigNode& item : node->items()) {
      if (!item.isScalar()) add(item.place(), key, "holds something that is no text", "texts", {});
      target.push_back(oneLine(item, key));
    }
    complete_.put(key, *node);
  }

  void section(const std::string& key, const std::string&,
               const std::function<void(Binder&)>& fields) override {
    used_.push_back(key);
    const ConfigNode* node = node_.find(key);
    if (node != nullptr && !node->isMap() && !node->isNull()) {
      add(node->place(), key, "is not a section", "nested keys below it", {});
      return;
    }
    const ConfigNode empty = ConfigNode::ofMap(node_.place());
    bindChild(node == nullptr || node->isNull() ? empty : *node, key, fields);
  }

  void list(const std::string& key, const std::string&,
            const std::function<void(Binder&, std::size_t)>& element) override {
    bindList(key, element, nullptr);
  }
  void sharedList(const std::string& key, const std::string&,
                  const std::function<void(Binder&, std::size_t)>& element,
                  ItemMemory& memory) override {
    bindList(key, element, &memory);
  }

  void named(const std::string& key, const std::string& doc,
             const std::function<void(Binder&, const std::string&)>& element) override {
    section(key, doc, [&](Binder& binder) {
      auto& self = static_cast<ConfigBinder&>(binder);
      for (const auto& [name, value] : self.node_.entries()) {
        if (sectionNotes.count(name) > 0) continue;
        self.section(name, doc, [&, n = name](Binder& b) { element(b, n); });
      }
    });
  }

  void any(const std::string& key, ConfigNode& target, const std::string&) override {
    used_.push_back(key);
    if (const ConfigNode* node = node_.find(key)) {
      target = *node;
      complete_.put(key, *node);
    }
  }

  void problem(const std::string& key, std::string what, std::string expected) override {
    const ConfigNode* node = node_.find(key);
    add(node != nullptr ? node->place() : node_.place(), key, std::move(what), std::move(expected),
        {});
  }

  /// Reports keys that nothing read, and returns the tree with defaults filled in.
  ConfigNode finish() {
    const std::set<std::string_view> used(used_.begin(), used_.end());
    for (const auto& [key, value] : node_.entries()) {
      if (used.count(key) > 0 || sectionNotes.count(key) > 0 || key.starts_with("x-")) continue;
      std::vector<std::string> known = used_;
      std::sort(known.begin(), known.end());
      known.erase(std::unique(known.begin(), known.end()), known.end());
      add(value.place().file.empty() ? node_.place() : value.place(), key, "unknown key",
          known.size() <= 14 ? fmt::format("one of {}", fmt::join(known, ", "))
                             : "a key of this section",
          didYouMean(key, known));
    }
    return std::move(complete_);
  }

 private:
  std::string path(const std::string& key) const {
    return relative_.empty() ? key : relative_ + "." + key;
  }
  std::string absolute(const std::string& key) const {
    return prefix_.empty() ? key : prefix_ + "." + key;
  }
  void add(const Place& place, const std::string& key, std::string what, std::string expected,
           std::string hint) {
    problems_.add(place, absolute(key), std::move(what), std::move(expected), std::move(hint));
  }

  Basis basisOf(const ConfigNode& node, const std::string& key) {
    const auto at = std::find(basisNames.begin(), basisNames.end(), node.scalar());
    if (at != basisNames.end()) return static_cast<Basis>(at - basisNames.begin());
    add(node.place(), key, "'" + node.scalar() + "' is not a basis",
        "measured, published, derived or assumption", didYouMean(node.scalar(), basisNames));
    return Basis::assumption;
  }

  /// `expected` makes the text of what is expected, which is rarely needed.
  template <class Expected>
  const ConfigNode* take(const std::string& key, const FieldRule& rule, const Expected& expected) {
    used_.push_back(key);
    const ConfigNode* node = node_.find(key);
    if (node == nullptr || node->isNull()) {
      if (rule.fallback.empty()) add(node_.place(), key, "missing", expected(), {});
      return nullptr;
    }
    return node;
  }

  template <class Expected>
  const ConfigNode* scalarOr(const std::string& key, const FieldRule& rule,
                             const Expected& expected) {
    const ConfigNode* node = take(key, rule, expected);
    if (node != nullptr && !node->isScalar()) {
      add(node->place(), key, "is not a single value", expected(), {});
      return nullptr;
    }
    return node;
  }

  /// Texts are names and file names: they stand in one cell of tables.
  const std::string& oneLine(const ConfigNode& node, const std::string& key) {
    if (node.scalar().find_first_of("\n\t") != std::string::npos)
      add(node.place(), key, "holds a line break or a tab", "one line of text", {});
    return node.scalar();
  }

  bool parseInto(const ConfigNode& node, const std::string& key, Dimension dimension,
                 double& value) {
    if (!node.isScalar()) {
      add(node.place(), key, "is not a single value", describe(dimension), {});
      return false;
    }
    try {
      value = parseQuantity(node.scalar(), dimension);
      return true;
    } catch (const InputError& error) {
      problems_.add(node.place(), absolute(key), error);
      return false;
    }
  }

  bool readSourced(const ConfigNode& node, const std::string& key, ParameterRecord& record) {
    static const std::vector<std::string> keys = {"value",  "low",   "high",
                                                  "source", "basis", "notes"};
    for (const auto& [name, value] : node.entries())
      if (std::find(keys.begin(), keys.end(), name) == keys.end())
        add(value.place(), key + "." + name, "unknown key",
            "one of value, low, high, source, basis, notes", didYouMean(name, keys));
    const ConfigNode* value = node.find("value");
    if (value == nullptr) {
      add(node.place(), key, "has no 'value'", describe(record.dimension), {});
      return false;
    }
    if (!parseInto(*value, key, record.dimension, record.value)) return false;
    record.low = record.high = record.value;
    bool read = true;
    if (const ConfigNode* low = node.find("low"))
      read &= parseInto(*low, key + ".low", record.dimension, record.low);
    if (const ConfigNode* high = node.find("high"))
      read &= parseInto(*high, key + ".high", record.dimension, record.high);
    if (const ConfigNode* source = node.find("source")) record.source = source->scalar();
    if (const ConfigNode* basis = node.find("basis"))
      record.basis = basisOf(*basis, key + ".basis");
    if (read && (record.low > record.value || record.high < record.value))
      add(node.place(), key, "the value lies outside its own low..high", "low <= value <= high",
          {});
    return read;
  }

  void check(const ConfigNode& node, const std::string& key, const FieldRule& rule,
             const ParameterRecord& record) {
    for (const double v : {record.low, record.value, record.high}) {
      const bool allowed = v >= rule.min && v <= rule.max;
      const auto impossible =
          allowed ? impossibleMagnitude(v, record.dimension) : std::optional<std::string>();
      if (allowed && !impossible) continue;
      add(node.place(), key, exactQuantity(v, record.dimension) + " is out of range",
          allowed ? *impossible : limitsText(rule, record.dimension), {});
      return;
    }
  }

  /// Values, where they stand (messages name it), and what they inherit.
  Hash128 keyOf(const std::string& list, std::size_t index, const ConfigNode& item) const {
    Hasher hasher;
    hasher.text(absolute(list)).integer(static_cast<std::int64_t>(index)).add(item.hash());
    hasher.text(item.place().file).integer(item.place().line);
    hasher.integer(static_cast<int>(basis_)).text(source_);
    return hasher.finish();
  }

  void bindList(const std::string& key, const std::function<void(Binder&, std::size_t)>& element,
                ItemMemory* memory) {
    used_.push_back(key);
    const ConfigNode* node = node_.find(key);
    if (node == nullptr) return;
    if (!node->isList()) {
      add(node->place(), key, "is not a list", "a list of sections", {});
      return;
    }
    ConfigNode done = ConfigNode::ofList({}, node->place());
    for (std::size_t i = 0; i < node->items().size(); ++i) {
      const ConfigNode& item = node->items()[i];
      const Hash128 itemKey = memory != nullptr ? keyOf(key, i, item) : Hash128();
      if (memory != nullptr)
        if (const ResolvedConfig* known = memory->recall(itemKey, i)) {
          parameters_.insert(parameters_.end(), known->parameters.begin(), known->parameters.end());
          done.append(known->complete);
          continue;
        }
      const std::string name = fmt::format("{}[{}]", key, i);
      const std::size_t problems = problems_.list().size(), parameters = parameters_.size();
      ConfigBinder child(item, absolute(name), path(name), problems_, parameters_, basis_, source_);
      if (!item.isMap()) add(item.place(), name, "is not a section", "keys with values", {});
      element(child, i);
      ResolvedConfig bound;
      bound.complete = child.finish();
      done.append(bound.complete);
      if (memory == nullptr || problems_.list().size() > problems) continue;
      bound.parameters.assign(parameters_.begin() + static_cast<std::ptrdiff_t>(parameters),
                              parameters_.end());
      memory->keep(itemKey, i, std::move(bound));
    }
    complete_.put(key, done);
  }

  void bindChild(const ConfigNode& node, const std::string& key,
                 const std::function<void(Binder&)>& fields) {
    ConfigBinder child(node, absolute(key), path(key), problems_, parameters_, basis_, source_);
    fields(child);
    complete_.put(key, child.finish());
  }

  const ConfigNode& node_;
  std::string prefix_, relative_;
  Problems& problems_;
  std::vector<ParameterRecord>& parameters_;
  Basis basis_;
  std::string source_;
  ConfigNode complete_;
  std::vector<std::string> used_;
};

}  // namespace

const char* nameOf(Basis basis) {
  return basisNames[static_cast<std::size_t>(basis)].c_str();
}

ResolvedConfig bindConfig(const ConfigNode& tree, const std::string& prefix, Problems& problems,
                          const std::function<void(Binder&)>& fields) {
  ResolvedConfig bound;
  ConfigBinder binder(tree, prefix, {}, problems, bound.parameters, Basis::assumption, {});
  fields(binder);
  bound.complete = binder.finish();
  return bound;
}

}  // namespace wattlas
