// A list of operators in the making, as `generator: operators` reads it. Inside the module.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/base/config.h"
#include "workloads/graph/kind.h"
#include "workloads/graph/operator.h"

namespace wattlas {

/// One operator of the list. Unset parts take the generator's defaults.
class ListedOperator {
 public:
  ListedOperator(std::string name, OpKind kind, OpVariant variant = OpVariant::none);
  ListedOperator& dim(Dim dim, std::int64_t value);
  ListedOperator& inputs(const std::vector<std::string>& names);
  ListedOperator& text(const char* key, const std::string& value);
  ListedOperator& number(const char* key, std::int64_t value);
  ListedOperator& flag(const char* key, bool value);
  ListedOperator& tensor(const char* name, const std::string& format);
  ConfigNode node() const;
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  ConfigNode head_, dims_, rest_, tensors_;
};

class OperatorList {
 public:
  void add(const ListedOperator& op) { nodes_.push_back(op.node()); }
  std::size_t size() const { return nodes_.size(); }
  ConfigNode take() { return ConfigNode::ofList(std::move(nodes_)); }

 private:
  std::vector<ConfigNode> nodes_;
};

}  // namespace wattlas
