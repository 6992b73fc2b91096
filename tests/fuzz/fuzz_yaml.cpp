// Any bytes are a configuration or an InputError; one that is read survives being written.
#include <cstddef>
#include <cstdint>

#include "models/base/config.h"
#include "models/base/parameter.h"

using namespace wattlas;

namespace {

/// As a device reads its file: quantities, sections, lists, maps of free names.
void bind(const ConfigNode& tree) {
  Problems problems;
  Sourced<Hertz> clock;
  Sourced<Seconds> latency;
  std::int64_t count = 0;
  std::string name;
  std::vector<std::string> texts;
  const auto fields = [&](Binder& b) {
    b.quantity("clock", clock, {1, 1e12, "1 GHz"}, "clock");
    b.section("memory", "memory", [&](Binder& memory) {
      memory.quantity("latency", latency, {.fallback = "1 ns"}, "latency");
      memory.integer("banks", count, {1, 64, "4"}, "banks");
    });
    b.text("name", name, {.fallback = "-"}, "name");
    b.texts("tags", texts, "tags");
    b.list("tiers", "tiers", [&](Binder& tier, std::size_t) {
      tier.integer("size", count, {.fallback = "1"}, "size");
    });
    b.named("links", "links", [&](Binder& link, const std::string&) {
      link.quantity("latency", latency, {.fallback = "1 ns"}, "latency");
    });
  };
  const ResolvedConfig first = bindConfig(tree, "device", problems, fields);
  if (!problems.list().empty()) return;
  // What was filled in reads back to the same.
  const ResolvedConfig again = bindConfig(first.complete, "device", problems, fields);
  if (again.complete.hash() != first.complete.hash() || !problems.list().empty()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const ConfigNode tree = loadConfigText(text, "/nowhere/fuzz.yaml", SearchPath());
    if (parseYaml(tree.toYaml(), "again").hash() != tree.hash()) __builtin_trap();
    if (tree.isMap()) bind(tree);
    for (const std::string& path : tree.leafPaths()) static_cast<void>(tree.at(path));
  } catch (const InputError&) {
  }
  try {
    static_cast<void>(parseAssignment(std::string(text)));
  } catch (const InputError&) {
  }
  return 0;
}
