#include <charconv>

#include "validation/probe.h"

namespace wattlas {

void Settings::put(const std::string& name, const std::string& value) {
  for (Entry& entry : entries_)
    if (entry.first == name) {
      entry.second = value;
      return;
    }
  entries_.emplace_back(name, value);
}

const std::string* Settings::find(const std::string& name) const {
  for (const Entry& entry : entries_)
    if (entry.first == name) return &entry.second;
  return nullptr;
}

std::string Settings::get(const std::string& name, const std::string& fallback) const {
  const std::string* value = find(name);
  return value != nullptr && !value->empty() ? *value : fallback;
}

double Settings::number(const std::string& name) const {
  const std::string text = get(name);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw InputError("'" + name + "' is '" + text.substr(0, 40) + "'", "a number");
  return value;
}

}  // namespace wattlas
