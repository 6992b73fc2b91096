// Platform files -> Platform: devices through the registry, link, supply.
#include <algorithm>
#include <filesystem>

#include "models/catalogue.h"
#include "models/experiment.h"

namespace wattlas {
namespace {

bool isOperatorKind(const std::string& name) {
  for (int k = 0; k <= static_cast<int>(OpKind::collective); ++k)
    if (name == nameOf(static_cast<OpKind>(k))) return true;
  return false;
}

struct PlatformFields {
  ConfigNode device, host, link;
  Sourced<Ratio> hostShare;

  void bind(Binder& b, Platform& p) {
    b.text("id", p.id, {.fallback = p.id.empty() ? "platform" : p.id}, "Name in results");
    b.text("title", p.title, {.fallback = p.id.empty() ? "platform" : p.id}, "One line for lists");
    b.any("device", device, "The accelerator: a device file (`from:`) or its keys with `kind`");
    b.any("host", host, "The host processor; absent when the device is itself the host");
    b.quantity("hostShare", hostShare, {.min = 0, .max = 1, .fallback = "1"},
               "Share of the host's power that this node is charged with");
    // Needed only between a host and a device: read after both are known.
    if (b.reading())
      b.any("link", link, "Link between host and device");
    else
      b.section("link", "Link between host and device", [&](Binder& s) { p.link.bind(s); });
    b.choice("residency", p.residency, {"resident", "streamed"}, {.fallback = "resident"},
             "Weights stay in the device's memory, or come over the link for every use");
    b.flag("weightLoad", p.weightLoad, {.fallback = "false"}, "Charge loading the weights once");
    b.quantity("powerWindow", p.powerWindow, {.min = 1e-9, .max = 10, .fallback = "1 ms"},
               "Window over which peak power is averaged");
    b.quantity("supplyEfficiency", p.supplyEfficiency, {.min = 0.1, .max = 1, .fallback = "0.92"},
               "Power supply efficiency (scope wall)");
    b.quantity("pue", p.pue, {.min = 1, .max = 5, .fallback = "1.3"},
               "Power usage effectiveness of the building (scope wall)");
    b.texts("hostOps", p.hostOps, "Operator kinds that always run on the host");
    b.texts("deviceOps", p.deviceOps,
            "Operator kinds that run on the device or not at all (no fallback to the host)");
    if (!b.reading()) return;
    for (const auto& [key, list] : {std::pair{"hostOps", &p.hostOps}, {"deviceOps", &p.deviceOps}})
      for (const std::string& kind : *list)
        if (!isOperatorKind(kind))
          b.problem(key, "'" + kind + "' is not an operator kind",
                    "kinds such as gemm, conv1d, attention, softmax, norm, activation");
  }
};

void addProblems(Problems& all, const InputError& error) {
  for (const Problem& problem : error.problems()) all.add(problem);
}

void prefixed(std::vector<ParameterRecord>& out, const ResolvedConfig& from,
              const std::string& prefix) {
  for (ParameterRecord record : from.parameters) {
    record.path = prefix + "." + record.path;
    out.push_back(std::move(record));
  }
}

}  // namespace

PlatformDescription loadPlatform(const std::string& reference, const SearchPath& path) {
  const bool looksLikeFile = reference.find('/') != std::string::npos ||
                             reference.ends_with(".yaml") || reference.ends_with(".yml");
  if (looksLikeFile) {
    ConfigNode tree = loadConfig(reference, path);
    const std::string id = std::filesystem::path(reference).stem().string();
    // A merged configuration holds the platform as one of its sections.
    if (const ConfigNode* inner = tree.find("platform"); inner != nullptr && inner->isMap())
      return {id, *inner};
    return {id, tree};
  }
  const auto file = path.find("platforms", reference);
  if (file) return {reference, loadConfig(*file, path)};
  const auto known = path.list("platforms");
  std::vector<std::string> names;
  for (const auto& [name, where] : known) names.push_back(name);
  if (isCataloguePlatform(reference))
    throw InputError(Problem{{},
                             "platform",
                             "'" + reference + "' is not available yet",
                             "an id that `wattlas platforms` lists",
                             {}});
  throw InputError(Problem{{},
                           "platform",
                           "'" + reference.substr(0, 80) + "' is unknown",
                           "an id that `wattlas platforms` lists, or a .yaml file",
                           didYouMean(reference, names)});
}

Platform makePlatform(const std::string& reference, const ConfigNode& overrides,
                      const Registry& registry, const SearchPath& path) {
  return buildPlatform(loadPlatform(reference, path), overrides, registry);
}

Platform buildPlatform(const PlatformDescription& description, const ConfigNode& overrides,
                       const Registry& registry) {
  Platform platform;
  platform.id = description.id;
  ConfigNode tree = description.tree;
  if (!tree.isMap())
    throw InputError(Problem{tree.place(),
                             "platform",
                             "is not a platform description",
                             "keys such as device, host, link",
                             {}});
  if (overrides.isMap()) tree.merge(overrides);

  Problems problems;
  PlatformFields fields;
  platform.config = bindConfig(tree, {}, problems, [&](Binder& b) { fields.bind(b, platform); });
  platform.hostShare = fields.hostShare.value.value;
  const auto build = [&](const ConfigNode& node, const std::string& name, Component& component) {
    if (!node.isMap()) {
      problems.add({tree.place(),
                    name,
                    "missing or not a section",
                    "`" + name + ": {from: devices/...yaml}`",
                    {}});
      return;
    }
    try {
      component = {name, registry.make(node, name), {}};
      component.hash = component.device->hash();
      ConfigNode complete = ConfigNode::ofMap(node.place());
      complete.put("kind", *node.find("kind"));
      complete.merge(component.device->config().complete);
      platform.config.complete.put(name, complete);
      prefixed(platform.config.parameters, component.device->config(), name);
    } catch (const InputError& error) {
      addProblems(problems, error);
    }
  };
  build(fields.device, "device", platform.device);
  if (!fields.host.isNull()) build(fields.host, "host", platform.host);
  if (fields.link.isMap()) {
    const ResolvedConfig link =
        bindConfig(fields.link, "link", problems, [&](Binder& b) { platform.link.bind(b); });
    platform.config.complete.put("link", link.complete);
    prefixed(platform.config.parameters, link, "link");
  } else if (!fields.host.isNull()) {
    problems.add({tree.place(),
                  "link",
                  "missing or not a section",
                  "`link: {rate: 64 GB/s, latency: 1 us, energyPerBit: 5 pJ/bit}`",
                  {}});
  }
  problems.finish();
  const auto& e = platform.link.energyPerBit;
  Coefficient bit{"link.bit", Category::link, Scope::node, "bit", {}};
  bit.perCount.value = Joules(e.value.value);
  bit.perCount.low = Joules(e.low.value);
  bit.perCount.high = Joules(e.high.value);
  bit.perCount.basis = e.basis;
  bit.perCount.source = e.source;
  platform.linkEnergy.add(bit);
  platform.linkHash = Hasher()
                          .real(platform.link.rate.value.value)
                          .real(platform.link.latency.value.value)
                          .text(platform.link.sharing)
                          .finish();
  platform.hash = platform.config.complete.hash();
  return platform;
}

std::string platformSchema() {
  return schemaOf("Wattlas platform", [](Binder& b) {
    Platform platform;
    PlatformFields fields;
    fields.bind(b, platform);
  });
}

}  // namespace wattlas
