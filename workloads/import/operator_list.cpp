#include "workloads/import/operator_list.h"

namespace wattlas {

ListedOperator::ListedOperator(std::string name, OpKind kind, OpVariant variant)
    : name_(std::move(name)),
      head_(ConfigNode::ofMap()),
      dims_(ConfigNode::ofMap()),
      rest_(ConfigNode::ofMap()),
      tensors_(ConfigNode::ofMap()) {
  head_.put("name", ConfigNode::ofScalar(name_));
  head_.put("kind", ConfigNode::ofScalar(nameOf(kind)));
  if (variant != OpVariant::none) head_.put("variant", ConfigNode::ofScalar(nameOf(variant)));
}

ListedOperator& ListedOperator::dim(Dim dim, std::int64_t value) {
  if (value != Dims::standardOf(dim))
    dims_.put(nameOf(dim), ConfigNode::ofScalar(std::to_string(value)));
  return *this;
}

ListedOperator& ListedOperator::inputs(const std::vector<std::string>& names) {
  std::vector<ConfigNode> items;
  for (const std::string& name : names) items.push_back(ConfigNode::ofScalar(name));
  rest_.put("inputs", ConfigNode::ofList(std::move(items)));
  return *this;
}

ListedOperator& ListedOperator::text(const char* key, const std::string& value) {
  rest_.put(key, ConfigNode::ofScalar(value));
  return *this;
}

ListedOperator& ListedOperator::number(const char* key, std::int64_t value) {
  return text(key, std::to_string(value));
}

ListedOperator& ListedOperator::flag(const char* key, bool value) {
  return text(key, value ? "true" : "false");
}

ListedOperator& ListedOperator::tensor(const char* name, const std::string& format) {
  tensors_.put(name, ConfigNode::ofScalar(format));
  return *this;
}

ConfigNode ListedOperator::node() const {
  ConfigNode node = head_;
  if (!dims_.entries().empty()) node.put("dims", dims_);
  for (const auto& [key, value] : rest_.entries()) node.put(key, value);
  if (!tensors_.entries().empty()) node.put("tensors", tensors_);
  return node;
}

}  // namespace wattlas
