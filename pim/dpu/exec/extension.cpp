#include "pim/dpu/exec/extension.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "models/base/config.h"
#include "models/base/data_path.h"
#include "pim/dpu/isa/isa_report.h"

namespace wattlas::dpu {

namespace {

const std::vector<std::string_view> kModelKeys = {"semantics", "issueSlots", "latency", "occupancy",
                                                  "energy",    "area",       "clock",   "notes"};

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

class IsaExtension::Reader {
 public:
  explicit Reader(IsaExtension& extension) : x_(extension) {}

  void read(const ConfigNode& tree) {
    if (const ConfigNode* kernels = tree.find("kernels"); kernels != nullptr) {
      if (kernels->isScalar())
        x_.macros_ += kernels->scalar() + "\n";
      else
        problems_.add({kernels->place(), "kernels", "not a text", "assembly macros", {}});
    }
    addForms(tree, x_.set_, kModelKeys);
    if (const ConfigNode* forms = tree.find("forms"); forms != nullptr)
      for (const auto& entry : forms->items()) form(entry);
    if (const ConfigNode* changes = tree.find("changes"); changes != nullptr) {
      if (!changes->isList())
        problems_.add({changes->place(), "changes", "not a list", "a list of instructions", {}});
      for (const auto& entry : changes->items()) change(entry);
    }
    problems_.finish();
  }

 private:
  InstructionModel modelFrom(const ConfigNode& entry) {
    InstructionModel model;
    ConfigNode costs = ConfigNode::ofMap(entry.place());
    for (const char* key : {"issueSlots", "latency", "occupancy", "energy", "area", "clock"})
      if (const ConfigNode* node = entry.find(key); node != nullptr) costs.put(key, *node);
    bindConfig(costs, "", problems_, [&](Binder& b) {
      b.integer("issueSlots", model.issueSlots, {1, 64, "1"}, "issue cycles that it takes");
      b.integer("latency", model.latency, {0, 4096, "0"}, "cycles to the tasklet's next issue");
      b.integer("occupancy", model.occupancy, {0, 4096, "0"}, "cycles that its unit is taken");
      b.quantity("energy", model.energy, {0, 1e-8, "0 pJ"}, "energy of one execution");
      b.quantity("area", model.area, {0, 100, "0 mm2"}, "area added to a DPU");
      b.quantity("clock", model.clockFactor, {0.1, 2, "1"}, "factor on the DPU's clock");
    });
    model.unit = static_cast<int>(x_.models_.size());
    return model;
  }

  void semantics(const ConfigNode& entry, const std::string& text, const Form& form,
                 InstructionModel& model) {
    try {
      model.semantics = Semantics::parse(text, form);
    } catch (const InputError& error) {
      for (auto found : error.problems()) {
        found.place = entry.place();
        found.key = "semantics";
        problems_.add(std::move(found));
      }
    }
  }

  void keep(const Form* decoded, Form executed, const InstructionModel* model) {
    auto copy = std::make_unique<Form>(std::move(executed));
    x_.executedAs_[decoded] = copy.get();
    if (model != nullptr) x_.modelOfForm_[copy.get()] = model;
    x_.executable_.push_back(std::move(copy));
  }

  void form(const ConfigNode& entry) {
    const std::string text = textOf(entry, "semantics"), mnemonic = textOf(entry, "mnemonic");
    const bool expression = text.find_first_of("=(") != std::string::npos;
    for (const Form* form : x_.set_.formsOf(mnemonic)) {
      if (form->operation != Operation::custom || x_.executedAs_.contains(form)) continue;
      InstructionModel made = modelFrom(entry);
      Form executed = *form;
      if (expression) {
        semantics(entry, text, *form, made);
        if (!made.semantics) continue;
        executed.issue = made.semantics->multiplies() ? IssueClass::multiply : IssueClass::alu;
      } else {
        const Form* model = formOf(text);
        if (model == nullptr) {
          problems_.add(
              {entry.place(), "semantics",
               text.empty() ? "form without semantics" : "unknown operation '" + text + "'",
               "an assignment such as rc = rc + sum(s8(ra) * s8(rb)), or the name of a "
               "built-in operation",
               didYouMean(text, operationNames())});
          continue;
        }
        executed.operation = model->operation;
        executed.issue = model->issue;
        executed.accessBytes = model->accessBytes;
        executed.stores = model->stores;
      }
      InstructionModel& kept = x_.models_[mnemonic] = std::move(made);
      keep(form, std::move(executed), &kept);
    }
  }

  void change(const ConfigNode& entry) {
    const std::string mnemonic = textOf(entry, "mnemonic"), text = textOf(entry, "semantics");
    for (const auto& [key, value] : entry.entries())
      if (key != "mnemonic" &&
          std::find(kModelKeys.begin(), kModelKeys.end(), key) == kModelKeys.end())
        problems_.add({value.place(),
                       "changes." + key,
                       "unknown key",
                       "mnemonic, semantics, issueSlots, latency, occupancy, energy, area, clock",
                       {}});
    const auto& forms = x_.set_.formsOf(mnemonic);
    if (forms.empty()) {
      problems_.add(
          {entry.place(), "changes.mnemonic", "there is no instruction '" + mnemonic + "'",
           "a mnemonic of the instruction set", didYouMean(mnemonic, x_.set_.mnemonics())});
      return;
    }
    InstructionModel& model = x_.models_[mnemonic] = modelFrom(entry);
    std::size_t changed = 0;
    for (const Form* form : forms) {
      if (form->alias) continue;
      Form executed = *form;
      if (!text.empty()) {
        // Shapes without an operand that the semantics names keep what they do.
        try {
          model.semantics = Semantics::parse(text, *form);
        } catch (const InputError&) {
          continue;
        }
        executed.operation = Operation::custom;
      }
      ++changed;
      keep(form, std::move(executed), &model);
    }
    if (changed == 0) semantics(entry, text, *forms.front(), model);
  }

  IsaExtension& x_;
  Problems problems_;
};

std::shared_ptr<const IsaExtension> IsaExtension::read(const ConfigNode& tree) {
  return read(std::vector<ConfigNode>{tree});
}

std::shared_ptr<const IsaExtension> IsaExtension::read(const std::vector<ConfigNode>& trees) {
  auto extension = std::make_shared<IsaExtension>();
  Hasher hasher;
  for (const ConfigNode& tree : trees) {
    Reader(*extension).read(tree);
    hasher.add(tree.hash());
  }
  extension->hash_ = hasher.finish();
  return extension;
}

Expected<Instruction, DecodeError> IsaExtension::decode(std::uint64_t word) const {
  auto decoded = set_.decode(word);
  if (!decoded) return decoded;
  const auto found = executedAs_.find(decoded->form);
  if (found != executedAs_.end()) decoded->form = found->second;
  return decoded;
}

const InstructionModel* IsaExtension::modelOf(const Form* form) const {
  const auto found = modelOfForm_.find(form);
  return found == modelOfForm_.end() ? nullptr : found->second;
}

SquareMm IsaExtension::area() const {
  SquareMm sum;
  for (const auto& [name, model] : models_) sum += model.area.value;
  return sum;
}

double IsaExtension::clockFactor() const {
  double factor = 1;
  for (const auto& [name, model] : models_)
    factor = std::min(factor, model.clockFactor.value.value);
  return factor;
}

namespace {

std::string fileOf(const std::string& id) {
  if (id.find('/') != std::string::npos || id.ends_with(".yaml")) return id;
  if (const auto found = dataPath().find("isa", id)) return *found;
  std::vector<std::string> ids;
  for (const auto& [name, file] : dataPath().list("isa")) ids.push_back(name);
  throw InputError("there is no instruction file '" + id.substr(0, 60) + "'",
                   "an id of configs/isa or the path of a YAML file", didYouMean(id, ids));
}

}  // namespace

std::shared_ptr<const IsaExtension> loadIsa(const std::vector<std::string>& ids) {
  if (ids.empty()) return nullptr;
  static std::mutex mutex;
  static std::map<std::vector<std::string>, std::shared_ptr<const IsaExtension>> known;
  const std::lock_guard lock(mutex);
  auto& slot = known[ids];
  if (slot) return slot;
  std::vector<ConfigNode> trees;
  for (const std::string& id : ids) trees.push_back(loadConfig(fileOf(id), dataPath()));
  slot = IsaExtension::read(trees);
  return slot;
}

}  // namespace wattlas::dpu
