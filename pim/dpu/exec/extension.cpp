#include "pim/dpu/exec/extension.h"

#include "models/base/config.h"
#include "pim/dpu/isa/isa_yaml.h"

namespace wattlas::dpu {

namespace {

/// A built-in form of the operation, or null.
const Form* formOf(const std::string& operation) {
  for (const auto& form : InstructionSet::builtin().forms()) {
    if (!form->alias && form->operationText == operation) return form.get();
  }
  return nullptr;
}

std::vector<std::string> operationNames() {
  std::vector<std::string> names;
  for (const auto& form : InstructionSet::builtin().forms()) {
    if (!form->alias && (names.empty() || names.back() != form->operationText)) {
      names.push_back(form->operationText);
    }
  }
  return names;
}

std::string textOf(const ConfigNode& entry, const char* key) {
  const ConfigNode* node = entry.find(key);
  return node != nullptr && node->isScalar() ? node->scalar() : std::string();
}

}  // namespace

std::shared_ptr<const IsaExtension> IsaExtension::read(const ConfigNode& tree) {
  auto extension = std::make_shared<IsaExtension>();
  addForms(tree, extension->set_, {"semantics"});
  Problems problems;
  const ConfigNode* forms = tree.find("forms");
  for (const auto& entry : forms != nullptr ? forms->items() : std::vector<ConfigNode>{}) {
    const std::string semantics = textOf(entry, "semantics");
    const std::string shape = textOf(entry, "shape");
    for (const Form* form : extension->set_.formsOf(textOf(entry, "mnemonic"))) {
      if (form->shape != shape || form->operation != Operation::custom) continue;
      const Form* model = formOf(semantics);
      if (model == nullptr) {
        problems.add(
            {entry.place(), "semantics",
             semantics.empty() ? "form without semantics" : "unknown operation '" + semantics + "'",
             "the name of a built-in operation", didYouMean(semantics, operationNames())});
        continue;
      }
      auto copy = std::make_unique<Form>(*form);
      copy->operation = model->operation;
      copy->issue = model->issue;
      extension->executedAs_[form] = copy.get();
      extension->executable_.push_back(std::move(copy));
    }
  }
  problems.finish();
  return extension;
}

Expected<Instruction, DecodeError> IsaExtension::decode(std::uint64_t word) const {
  auto decoded = set_.decode(word);
  if (!decoded) return decoded;
  const auto found = executedAs_.find(decoded->form);
  if (found != executedAs_.end()) decoded->form = found->second;
  return decoded;
}

}  // namespace wattlas::dpu
