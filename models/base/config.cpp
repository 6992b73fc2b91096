#include "models/base/config.h"

#include <fmt/format.h>

#include <algorithm>

namespace wattlas {

const ConfigNode::Data& ConfigNode::empty() {
  static const Data none;
  return none;
}

ConfigNode::Data& ConfigNode::own() {
  if (!data_)
    data_ = std::make_shared<Data>();
  else if (data_.use_count() > 1)
    data_ = std::make_shared<Data>(*data_);
  data_->hash.forget();
  return *data_;
}

ConfigNode ConfigNode::ofScalar(std::string text, Place place) {
  ConfigNode node;
  Data& data = node.own();
  data.kind = Kind::scalar;
  data.scalar = std::move(text);
  data.place = std::move(place);
  return node;
}

ConfigNode ConfigNode::ofMap(Place place) {
  ConfigNode node;
  Data& data = node.own();
  data.kind = Kind::map;
  data.place = std::move(place);
  return node;
}

ConfigNode ConfigNode::ofList(std::vector<ConfigNode> items, Place place) {
  ConfigNode node;
  Data& data = node.own();
  data.kind = Kind::list;
  data.items = std::move(items);
  data.place = std::move(place);
  return node;
}

void ConfigNode::append(ConfigNode item) {
  own().items.push_back(std::move(item));
}

const ConfigNode* ConfigNode::find(std::string_view key) const {
  for (const Entry& entry : entries())
    if (entry.first == key) return &entry.second;
  return nullptr;
}

ConfigNode* ConfigNode::find(std::string_view key) {
  if (std::as_const(*this).find(key) == nullptr) return nullptr;
  own();
  return const_cast<ConfigNode*>(std::as_const(*this).find(key));
}

const ConfigNode* ConfigNode::at(std::string_view dottedPath) const {
  const ConfigNode* node = this;
  while (node != nullptr && !dottedPath.empty()) {
    const std::size_t dot = dottedPath.find('.');
    node = node->find(dottedPath.substr(0, dot));
    dottedPath = dot == std::string_view::npos ? std::string_view() : dottedPath.substr(dot + 1);
  }
  return node;
}

void ConfigNode::put(std::string key, ConfigNode value) {
  own().kind = Kind::map;
  if (ConfigNode* old = find(key))
    *old = std::move(value);
  else
    own().entries.emplace_back(std::move(key), std::move(value));
}

void ConfigNode::erase(std::string_view key) {
  if (std::as_const(*this).find(key) == nullptr) return;
  std::erase_if(own().entries, [&](const Entry& entry) { return entry.first == key; });
}

void ConfigNode::set(std::string_view dottedPath, ConfigNode value) {
  const std::size_t dot = dottedPath.find('.');
  const std::string head(dottedPath.substr(0, dot));
  if (dot == std::string_view::npos) {
    put(head, std::move(value));
    return;
  }
  ConfigNode* child = find(head);
  if (child == nullptr || !child->isMap()) {
    put(head, ofMap(value.place()));
    child = find(head);
  }
  child->set(dottedPath.substr(dot + 1), std::move(value));
}

void ConfigNode::merge(const ConfigNode& over) {
  if (!isMap() || !over.isMap() || over.find("value") != nullptr) {
    *this = over;
    return;
  }
  const ConfigNode kept = over;  // `over` may be a part of this tree
  for (const Entry& entry : kept.entries()) {
    if (ConfigNode* mine = find(entry.first))
      mine->merge(entry.second);
    else
      own().entries.push_back(entry);
  }
}

namespace {

bool plainScalar(const std::string& text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  if (text == "~" || text == "null" || text == "-" || text == "---") return false;
  static const std::string special = "#:{}[]&*!|>'\"%@`,?\n\t\\";
  if (text.front() == '-' && text.size() > 1 && text[1] == ' ') return false;
  return text.find_first_of(special) == std::string::npos;
}

std::string quotedScalar(const std::string& text) {
  if (plainScalar(text)) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out + '"';
}

void printYaml(const ConfigNode& node, int indent, std::string& out) {
  const std::string pad(static_cast<std::size_t>(indent), ' ');
  const auto child = [&](const ConfigNode& value) {
    const bool block =
        (value.isMap() && !value.entries().empty()) || (value.isList() && !value.items().empty());
    if (block) {
      out += '\n';
      printYaml(value, indent + 2, out);
    } else {
      out += ' ';
      printYaml(value, 0, out);
      out += '\n';
    }
  };
  switch (node.kind()) {
    case ConfigNode::Kind::null:
      out += "~";
      break;
    case ConfigNode::Kind::scalar:
      out += quotedScalar(node.scalar());
      break;
    case ConfigNode::Kind::list:
      if (node.items().empty()) out += "[]";
      for (const ConfigNode& item : node.items()) {
        out += pad + "-";
        child(item);
      }
      break;
    case ConfigNode::Kind::map:
      if (node.entries().empty()) out += "{}";
      for (const auto& [key, value] : node.entries()) {
        out += pad + quotedScalar(key) + ":";
        child(value);
      }
      break;
  }
}

void collectLeaves(const ConfigNode& node, const std::string& prefix,
                   std::vector<std::string>& out) {
  if (!node.isMap() || node.find("value") != nullptr) {
    out.push_back(prefix);
    return;
  }
  for (const auto& [key, value] : node.entries())
    collectLeaves(value, prefix.empty() ? key : prefix + "." + key, out);
}

}  // namespace

std::string ConfigNode::toYaml() const {
  std::string out;
  printYaml(*this, 0, out);
  if (!out.empty() && out.back() != '\n') out += '\n';
  return out;
}

Hash128 ConfigNode::hash() const {
  if (data_)
    if (const auto known = data_->hash.get()) return *known;
  Hasher hasher;
  hasher.integer(static_cast<int>(kind())).text(scalar());
  hasher.integer(static_cast<std::int64_t>(items().size()));
  for (const ConfigNode& item : items()) hasher.add(item.hash());
  std::vector<const Entry*> sorted;
  sorted.reserve(entries().size());
  for (const Entry& entry : entries()) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(),
            [](const Entry* a, const Entry* b) { return a->first < b->first; });
  for (const Entry* entry : sorted) hasher.text(entry->first).add(entry->second.hash());
  const Hash128 hash = hasher.finish();
  if (data_) data_->hash.set(hash);
  return hash;
}

std::vector<std::string> ConfigNode::leafPaths() const {
  std::vector<std::string> out;
  if (isMap())
    for (const auto& [key, value] : entries()) collectLeaves(value, key, out);
  return out;
}

}  // namespace wattlas
