// Platform files -> Platform: devices through the registry, link, supply.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "models/base/multiples.h"
#include "models/catalogue.h"
#include "models/experiment.h"

namespace wattlas {
namespace {

struct PlatformFields {
  ConfigNode device, host, link, groups, links, domains, mapping, hostThreads;
  Sourced<Ratio> hostShare;

  void bind(Binder& b, Platform& p) {
    b.text("id", p.id, {.fallback = p.id.empty() ? "platform" : p.id}, "Name in results");
    b.text("title", p.title, {.fallback = p.id.empty() ? "platform" : p.id}, "One line for lists");
    b.any("device", device, "The accelerator: a device file (`from:`) or its keys with `kind`");
    b.any("host", host, "The host processor; absent when the device is itself the host");
    b.any("groups", groups, "Instead of `device`: named groups, each with `device` and `count`");
    b.any("links", links,
          "Instead of `link`: named links with `joins`, `topology` and the keys of `link`");
    b.any("hostThreads", hostThreads, "Tasks that the host runs at the same time; 1");
    b.any("mapping", mapping, "What runs where and how work is split");
    b.any("powerDomains", domains,
          "Named power limits, each with `members` (groups, host) and `cap`");
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
        if (!kindNamed(kind))
          b.problem(key, "'" + kind + "' is not an operator kind",
                    "kinds such as gemm, conv1d, attention, softmax, norm, activation");
  }
};

/// A link of `links`.
void bindLink(Binder& b, PlatformLink& link) {
  link.config.bind(b);
  b.texts("joins", link.joins, "Groups that it joins, and `host`");
  b.choice("topology", link.topology, {"bus", "point-to-point", "switch", "ring", "mesh", "tree"},
           {.fallback = "bus"}, "bus: all share both directions; the others have sections");
  b.integer("columns", link.columns, {.min = 0, .fallback = "0"}, "mesh: members of a row");
  b.integer("radix", link.radix, {.min = 2, .max = 1024, .fallback = "2"},
            "tree: branches of a switch");
}

Coefficient bitOf(const LinkConfig& link, const std::string& id) {
  return {id, Category::link, Scope::node, "bit", perBit(link.energyPerBit)};
}

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

/// Power that the members of a domain draw when nothing runs.
double idleWatts(const PowerDomain& domain, const Platform& platform) {
  double watts = 0;
  const auto add = [&](const Device& device, std::int64_t count) {
    for (const CoefficientId id : device.energy().powers())
      if (device.energy().at(id).scope <= Scope::node)
        watts += device.energy().at(id).perCount.value.value * 1e12 * static_cast<double>(count);
  };
  for (const std::string& name : domain.members) {
    if (name == "host" && platform.host.device != nullptr) add(*platform.host.device, 1);
    for (const DeviceGroup& group : platform.groups)
      if (group.device.name == name && group.device.device) add(*group.device.device, group.count);
  }
  return watts;
}

/// Places of a mapping are groups, the host, or `best`.
void checkPlaces(const Platform& platform, const ConfigNode& mapping, Problems& problems) {
  std::vector<std::string> names{"best"};
  if (platform.host.device != nullptr) names.push_back(platform.host.name);
  for (const DeviceGroup& group : platform.groups) names.push_back(group.device.name);
  for (const auto& [what, where] : platform.mapping.place) {
    if (where == "device" || std::find(names.begin(), names.end(), where) != names.end()) continue;
    const ConfigNode* places = mapping.find("place");
    const ConfigNode* entry = places != nullptr ? places->find(what) : nullptr;
    problems.add(entry != nullptr ? entry->place() : mapping.place(), "mapping.place." + what,
                 "'" + where + "' is neither a group nor the host",
                 fmt::format("{}", fmt::join(names, ", ")), didYouMean(where, names));
  }
}

void checkDomain(PowerDomain& domain, const Platform& platform, const Place& place,
                 Problems& problems) {
  const std::string key = "powerDomains." + domain.name;
  std::vector<std::string> names;
  if (platform.host.device != nullptr) names.push_back("host");
  for (const DeviceGroup& group : platform.groups) names.push_back(group.device.name);
  for (const std::string& name : domain.members)
    if (std::find(names.begin(), names.end(), name) == names.end())
      problems.add(place, key + ".members", "'" + name + "' is neither a group nor the host",
                   fmt::format("{}", fmt::join(names, ", ")), didYouMean(name, names));
  domain.idle = Watts(idleWatts(domain, platform));
  if (domain.members.empty())
    problems.add(place, key + ".members", "the limit is nobody's", "`members: [GROUP]`");
  else if (domain.cap.value <= domain.idle)
    problems.add(place, key + ".cap",
                 fmt::format("its members draw {} when idle", format(domain.idle)),
                 "a limit above that");
}

/// `ID-x8` of a GPU or DIMM that has a file: eight of them beside its host, sharing networks. The
/// host's link becomes a switch with a port for each.
std::optional<ConfigNode> severalOf(const std::string& reference, const SearchPath& path) {
  const std::size_t at = reference.rfind("-x");
  if (at == std::string::npos) return std::nullopt;
  const std::string one = reference.substr(0, at), count = reference.substr(at + 2);
  const std::vector<std::string> known = multiplesOf(one);
  const auto file = path.find("platforms", one);
  if (!file || std::find(known.begin(), known.end(), reference) == known.end()) return std::nullopt;
  ConfigNode tree = loadConfig(*file, path);
  const ConfigNode *device = tree.find("device"), *link = tree.find("link");
  if (device == nullptr || link == nullptr) return std::nullopt;
  const auto text = [](const std::string& t) { return ConfigNode::ofScalar(t); };
  ConfigNode group = ConfigNode::ofMap(), groups = ConfigNode::ofMap(), links = ConfigNode::ofMap(),
             host = *link;
  group.put("device", *device);
  group.put("count", text(count));
  const char* name = one.starts_with("gpu-") ? "gpu" : "dimm";
  groups.put(name, group);
  host.put("joins", ConfigNode::ofList({text("host"), text(name)}));
  host.put("topology", text("switch"));
  const ConfigNode* title = link->find("name");
  host.erase("name");
  links.put(title != nullptr && title->isScalar() ? title->scalar() : "host link", host);
  tree.erase("device");
  tree.erase("link");
  if (const ConfigNode* what = tree.find("title"); what != nullptr)
    tree.put("title", text(count + " x " + what->scalar()));
  tree.put("groups", groups);
  tree.put("links", links);
  // DIMMs that cannot pass each other anything take parts of the batch.
  tree.set(one.starts_with("upmem-") ? "mapping.shard.data" : "mapping.shard.tensor", text(count));
  return tree;
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
  if (auto several = severalOf(reference, path)) return {reference, std::move(*several)};
  const auto known = path.list("platforms");
  std::vector<std::string> names;
  for (const auto& [name, where] : known) names.push_back(name);
  if (isCataloguePlatform(reference))
    throw InputError({}, "platform", "'" + reference + "' is not available yet",
                     "an id that `wattlas platforms` lists");
  throw InputError({}, "platform", "'" + reference.substr(0, 80) + "' is unknown",
                   "an id that `wattlas platforms` lists, or a .yaml file",
                   didYouMean(reference, names));
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
    throw InputError(tree.place(), "platform", "is not a platform description",
                     "keys such as device, host, link");
  if (overrides.isMap()) tree.merge(overrides);

  Problems problems;
  PlatformFields fields;
  platform.config = bindConfig(tree, {}, problems, [&](Binder& b) { fields.bind(b, platform); });
  platform.hostShare = fields.hostShare.value.value;
  const auto build = [&](const ConfigNode& node, const std::string& name, Component& component,
                         const std::string& path) {
    if (!node.isMap()) {
      problems.add(tree.place(), path, "missing or not a section",
                   "`" + name + ": {from: devices/...yaml}`");
      return;
    }
    try {
      component = {name, registry.make(node, path), {}};
      component.hash = component.device->hash();
      ConfigNode complete = ConfigNode::ofMap(node.place());
      complete.put("kind", *node.find("kind"));
      complete.merge(component.device->config().complete);
      platform.config.complete.put(name, complete);
      prefixed(platform.config.parameters, component.device->config(), path);
    } catch (const InputError& error) {
      addProblems(problems, error);
    }
  };
  if (fields.groups.isMap()) {
    ConfigNode groups = ConfigNode::ofMap(fields.groups.place());
    for (const auto& [name, section] : fields.groups.entries()) {
      DeviceGroup group;
      ConfigNode device;
      ResolvedConfig bound = bindConfig(section, "groups." + name, problems, [&](Binder& b) {
        b.any("device", device, "The device of each member");
        b.integer("count", group.count, {.min = 1, .max = 1 << 20, .fallback = "1"}, "Members");
        b.flag("fold", group.fold, {.fallback = "true"},
               "Members that do the same at the same time are simulated once");
      });
      if (name == "host")
        problems.add(section.place(), "groups.host", "is the name of the host", "another name");
      build(device, name, group.device, "groups." + name + ".device");
      if (const ConfigNode* built = platform.config.complete.find(name)) {
        bound.complete.put("device", *built);
        platform.config.complete.erase(name);
      }
      groups.put(name, bound.complete);
      platform.groups.push_back(std::move(group));
    }
    platform.config.complete.put("groups", groups);
    if (platform.groups.empty())
      problems.add(tree.place(), "groups", "has no group", "`NAME: {device: ...}`");
    else
      platform.device = platform.groups.front().device;
    if (!fields.device.isNull())
      problems.add(tree.place(), "device", "stands beside `groups`", "one of the two");
  } else {
    build(fields.device, "device", platform.device, "device");
    platform.groups.push_back({platform.device, 1});
  }
  if (!fields.host.isNull()) build(fields.host, "host", platform.host, "host");
  if (fields.hostThreads.isScalar())
    platform.hostThreads = static_cast<std::int64_t>(
        std::max(1.0, parseQuantity(fields.hostThreads.scalar(), Dimension::count)));
  if (fields.mapping.isMap()) {
    const ResolvedConfig bound = bindConfig(fields.mapping, "mapping", problems,
                                            [&](Binder& b) { platform.mapping.bind(b); });
    platform.config.complete.put("mapping", bound.complete);
    checkPlaces(platform, fields.mapping, problems);
  }
  /// Sections under free names below `key`: fields(name, binder), then done(name, section).
  const auto eachNamed = [&](const char* key, const ConfigNode& node, auto&& fieldsOf,
                             auto&& done) {
    ConfigNode complete = ConfigNode::ofMap(node.place());
    for (const auto& [name, section] : node.entries()) {
      const std::string path = std::string(key) + "." + name;
      const ResolvedConfig bound = bindConfig(section, path, problems, fieldsOf);
      prefixed(platform.config.parameters, bound, path);
      complete.put(name, bound.complete);
      done(name, section);
    }
    platform.config.complete.put(key, complete);
  };
  if (fields.domains.isMap()) {
    PowerDomain domain;
    eachNamed(
        "powerDomains", fields.domains,
        [&](Binder& b) {
          domain = {};
          b.texts("members", domain.members, "Groups, and `host`");
          b.quantity("cap", domain.cap, {.min = 1e-3, .max = 1e9},
                     "Power that they draw at most, idle power included");
        },
        [&](const std::string& name, const ConfigNode& section) {
          domain.name = name;
          checkDomain(domain, platform, section.place(), problems);
          platform.domains.push_back(domain);
        });
  }
  if (fields.links.isMap()) {
    eachNamed(
        "links", fields.links, [&](Binder& b) { bindLink(b, platform.links.emplace_back()); },
        [&](const std::string& name, const ConfigNode&) {
          platform.links.back().config.name = name;
        });
    if (fields.link.isMap())
      problems.add(tree.place(), "link", "stands beside `links`", "one of the two");
    // The link that copies of the first group take.
    for (const PlatformLink& link : platform.links) {
      const auto joins = [&](const std::string& name) {
        return std::find(link.joins.begin(), link.joins.end(), name) != link.joins.end();
      };
      if (joins("host") && !platform.groups.empty() && joins(platform.groups[0].device.name)) {
        platform.link = link.config;
        platform.linkBit = static_cast<CoefficientId>(&link - platform.links.data());
        break;
      }
    }
  }
  if (fields.link.isMap()) {
    const ResolvedConfig link =
        bindConfig(fields.link, "link", problems, [&](Binder& b) { platform.link.bind(b); });
    platform.config.complete.put("link", link.complete);
    prefixed(platform.config.parameters, link, "link");
  } else if (!fields.host.isNull() && !fields.links.isMap()) {
    problems.add(tree.place(), "link", "missing or not a section",
                 "`link: {rate: 64 GB/s, latency: 1 us, energyPerBit: 5 pJ/bit}`");
  }
  problems.finish();
  if (!fields.links.isMap()) {
    platform.links.clear();
    if (platform.host.device != nullptr)
      platform.links.push_back({platform.link, "bus", {"host", platform.device.name}});
    platform.linkEnergy.add(bitOf(platform.link, "link.bit"));
  }
  for (const PlatformLink& link : platform.links)
    if (fields.links.isMap())
      platform.linkEnergy.add(bitOf(link.config, link.config.name + ".bit"));
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
