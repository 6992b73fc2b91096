// Entries of lists in the making, as `generator: operators` and `generator: layers` read them.
// Inside the module.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/base/config.h"
#include "workloads/graph/kind.h"
#include "workloads/graph/operator.h"

namespace wattlas {

/// Keys of one entry, put down one after the other.
template <class Entry>
class ListEntry {
 public:
  Entry& text(const char* key, const std::string& value) {
    keys_.put(key, ConfigNode::ofScalar(value));
    return static_cast<Entry&>(*this);
  }
  Entry& number(const char* key, std::int64_t value) { return text(key, std::to_string(value)); }
  Entry& flag(const char* key, bool value) { return text(key, value ? "true" : "false"); }
  Entry& inputs(const std::vector<std::string>& names) {
    ConfigNode items = ConfigNode::ofList({});
    for (const std::string& name : names) items.append(ConfigNode::ofScalar(name));
    keys_.put("inputs", std::move(items));
    return static_cast<Entry&>(*this);
  }

 protected:
  ConfigNode keys_ = ConfigNode::ofMap();
};

/// One operator of the list. Unset parts take the generator's defaults.
class ListedOperator : public ListEntry<ListedOperator> {
 public:
  ListedOperator(const std::string& name, OpKind kind, OpVariant variant = OpVariant::none) {
    head_.put("name", ConfigNode::ofScalar(name));
    head_.put("kind", ConfigNode::ofScalar(nameOf(kind)));
    if (variant != OpVariant::none) head_.put("variant", ConfigNode::ofScalar(nameOf(variant)));
  }
  ListedOperator& dim(Dim dim, std::int64_t value) {
    if (value != Dims::standardOf(dim))
      dims_.put(nameOf(dim), ConfigNode::ofScalar(std::to_string(value)));
    return *this;
  }
  ListedOperator& tensor(const char* name, const std::string& format) {
    tensors_.put(name, ConfigNode::ofScalar(format));
    return *this;
  }
  const std::string& name() const { return head_.find("name")->scalar(); }
  ConfigNode node() const {
    ConfigNode node = head_;
    if (!dims_.entries().empty()) node.put("dims", dims_);
    for (const auto& [key, value] : keys_.entries()) node.put(key, value);
    if (!tensors_.entries().empty()) node.put("tensors", tensors_);
    return node;
  }

 private:
  ConfigNode head_ = ConfigNode::ofMap(), dims_ = ConfigNode::ofMap(),
             tensors_ = ConfigNode::ofMap();
};

}  // namespace wattlas
