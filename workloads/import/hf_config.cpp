#include "workloads/import/hf_config.h"

#include <nlohmann/json.hpp>

namespace wattlas::hf {
namespace {

using Json = nlohmann::json;

/// Python writes Infinity and NaN, which are no JSON: null in their place. Nesting is limited so
/// that no parser runs out of stack.
std::string cleaned(const std::string& text, const std::string& file) {
  constexpr int deepest = 64;
  std::string out;
  out.reserve(text.size());
  bool quoted = false;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      out += c;
      if (c == '\\' && i + 1 < text.size()) out += text[++i];
      quoted = c != '"';
      continue;
    }
    quoted = c == '"';
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > deepest)
      throw InputError({file, 0}, {}, "nested deeper than 64 levels", "a config.json");
    bool replaced = false;
    for (const char* word : {"-Infinity", "Infinity", "NaN"})
      if (!replaced && text.compare(i, std::char_traits<char>::length(word), word) == 0) {
        out += "null";
        i += std::char_traits<char>::length(word) - 1;
        replaced = true;
      }
    if (!replaced) out += c;
  }
  return out;
}

}  // namespace

struct HfConfig::Impl {
  Json json;
  const Json* find(Names names, std::string* used = nullptr) const {
    for (const std::string& name : names) {
      const auto at = json.find(name);
      if (at == json.end() || at->is_null()) continue;
      if (used != nullptr) *used = name;
      return &*at;
    }
    return nullptr;
  }
};

HfConfig::HfConfig(const std::string& text, std::string file)
    : impl_(std::make_unique<Impl>()),
      file_(std::move(file)),
      problems_(std::make_shared<Problems>()) {
  impl_->json = Json::parse(cleaned(text, file_), nullptr, false);
  if (!impl_->json.is_object())
    throw InputError({file_, 0}, {}, "is no JSON object",
                     "the config.json of a model, with its model_type");
}
HfConfig::HfConfig(std::unique_ptr<Impl> impl, std::string file, std::shared_ptr<Problems> problems)
    : impl_(std::move(impl)), file_(std::move(file)), problems_(std::move(problems)) {}
HfConfig::~HfConfig() = default;
HfConfig::HfConfig(HfConfig&&) noexcept = default;

bool HfConfig::has(const char* name) const {
  return impl_->find({name}) != nullptr;
}

bool HfConfig::says(const char* name, const char* word) const {
  const Json* value = impl_->find({name});
  return value != nullptr && value->is_string() && value->get_ref<const std::string&>() == word;
}

void HfConfig::problem(const std::string& key, std::string what, std::string expected,
                       std::string hint) {
  problems_->add({file_, 0}, prefix_ + key, std::move(what), std::move(expected), std::move(hint));
}

void HfConfig::note(const std::string& text) {
  notes_.push_back(text);
}

std::int64_t HfConfig::number(Names names, std::int64_t fallback, std::int64_t least) {
  constexpr std::int64_t most = 1'000'000'000'000;
  std::string used = names.front();
  const Json* value = impl_->find(names, &used);
  if (value == nullptr) return fallback;
  double given = -1;
  if (value->is_number()) given = value->get<double>();
  if (!(given >= static_cast<double>(least)) || given > static_cast<double>(most) ||
      given != static_cast<double>(static_cast<std::int64_t>(given))) {
    problem(used, value->dump().substr(0, 60) + " is no size",
            "a whole number from " + std::to_string(least) + " to 1e12");
    return std::max<std::int64_t>(fallback, least);
  }
  return static_cast<std::int64_t>(given);
}

std::int64_t HfConfig::numberOrNone(const char* name, std::int64_t fallback) {
  const bool none = impl_->json.contains(name) && impl_->json[name].is_null();
  return none ? 0 : number({name}, fallback, 0);
}

double HfConfig::real(Names names, double fallback) {
  const Json* value = impl_->find(names);
  return value != nullptr && value->is_number() ? value->get<double>() : fallback;
}

bool HfConfig::flag(Names names, bool fallback) {
  std::string used = names.front();
  const Json* value = impl_->find(names, &used);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  problem(used, value->dump().substr(0, 60) + " is neither true nor false", "true or false");
  return fallback;
}

std::string HfConfig::text(Names names, const std::string& fallback) {
  std::string used = names.front();
  const Json* value = impl_->find(names, &used);
  if (value == nullptr) return fallback;
  if (value->is_string()) return value->get<std::string>();
  problem(used,
          value->dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60) + " is no text",
          "a text");
  return fallback;
}

std::vector<std::int64_t> HfConfig::numbers(const char* name, std::vector<std::int64_t> fallback) {
  const Json* value = impl_->find({name});
  if (value == nullptr) return fallback;
  std::vector<std::int64_t> out;
  if (value->is_array() && value->size() <= 10000)
    for (const Json& item : *value)
      if (item.is_number_integer() && item.get<std::int64_t>() >= 0 &&
          item.get<std::int64_t>() <= 1'000'000'000)
        out.push_back(item.get<std::int64_t>());
  if (value->is_array() && out.size() == value->size()) return out;
  problem(name, "is no list of sizes", "a list of whole numbers");
  return fallback;
}

std::vector<std::string> HfConfig::texts(const char* name) {
  std::vector<std::string> out;
  const Json* value = impl_->find({name});
  if (value == nullptr || !value->is_array() || value->size() > 10000) return out;
  for (const Json& item : *value)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

std::size_t HfConfig::count(const char* name) const {
  const Json* value = impl_->find({name});
  return value != nullptr && value->is_structured() ? value->size() : 0;
}

std::optional<HfConfig> HfConfig::section(const char* name) const {
  const Json* value = impl_->find({name});
  if (value == nullptr || !value->is_object()) return std::nullopt;
  auto impl = std::make_unique<Impl>();
  impl->json = *value;
  HfConfig inner(std::move(impl), file_, problems_);
  inner.prefix_ = prefix_ + name + ".";
  return inner;
}

}  // namespace wattlas::hf
