#include "models/energy.h"

#include <algorithm>
#include <stdexcept>

#include "models/base/multiples.h"

namespace wattlas {

const char* nameOf(Category category) {
  static constexpr const char* names[categoryCount] = {"compute", "array",      "activation",
                                                       "refresh", "scratchpad", "link",
                                                       "host",    "control",    "static"};
  return names[static_cast<std::size_t>(category)];
}

namespace {
const std::vector<std::string> scopeNames = {"chip", "device", "node", "wall"};
}

const char* nameOf(Scope scope) {
  return scopeNames[static_cast<std::size_t>(scope)].c_str();
}

Scope parseScope(const std::string& text) {
  for (std::size_t i = 0; i < scopeNames.size(); ++i)
    if (scopeNames[i] == text) return static_cast<Scope>(i);
  throw InputError("'" + text.substr(0, 40) + "' is not a scope", "chip, device, node or wall",
                   didYouMean(text, scopeNames));
}

CoefficientId EnergyTable::add(Coefficient coefficient) {
  for (const Coefficient& known : all_)
    if (known.id == coefficient.id)
      throw std::logic_error("energy coefficient '" + coefficient.id + "' added twice");
  all_.push_back(std::move(coefficient));
  return static_cast<CoefficientId>(all_.size()) - 1;
}

CoefficientId EnergyTable::addPower(std::string id, Category category, Scope scope,
                                    const Sourced<Watts>& power) {
  const CoefficientId newId =
      add({std::move(id), category, scope, "ps", scaled<Joules>(power, 1e-12)});
  powers_.push_back(newId);
  return newId;
}

void EnergyCounts::add(CoefficientId id, std::int64_t count) {
  if (count == 0) return;
  if (entries_.capacity() == 0) entries_.reserve(8);  // most devices count about so many events
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), id,
                                   [](const Entry& e, CoefficientId k) { return e.id < k; });
  if (at != entries_.end() && at->id == id)
    at->count += count;
  else
    entries_.insert(at, Entry{id, count});
}

void EnergyCounts::add(const EnergyCounts& other, std::int64_t times) {
  if (entries_.empty() && times == 1) {
    entries_ = other.entries_;
    return;
  }
  for (const Entry& entry : other.entries_) add(entry.id, entry.count * times);
}

std::int64_t EnergyCounts::of(CoefficientId id) const {
  for (const Entry& entry : entries_)
    if (entry.id == id) return entry.count;
  return 0;
}

Joules EnergyCounts::energy(const EnergyTable& table, Scope scope) const {
  Joules sum;
  for (const Entry& entry : entries_) {
    const Coefficient& c = table.at(entry.id);
    if (c.scope <= scope) sum += c.perCount.value * static_cast<double>(entry.count);
  }
  return sum;
}

}  // namespace wattlas
