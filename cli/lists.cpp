// wattlas devices | platforms | workloads | formats
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "models/catalogue.h"
#include "models/experiment.h"
#include "models/metric.h"
#include "results/text_table.h"
#include "workloads/graph/workload.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

std::string fidelityList(const Device& device) {
  std::string out;
  for (const Fidelity f : device.fidelities())
    out += (out.empty() ? "" : " ") + std::string(nameOf(f));
  return out;
}

/// Prints `rows` (all with the same keys) as JSON or as a table.
void show(const Context& context, bool json, const char* key, const std::vector<Json>& rows,
          const std::vector<std::pair<std::string, std::string>>& columns) {
  if (json) {
    Json out;
    out["schema"] = 1;
    out[key] = rows;
    fmt::print("{}\n", out.dump(2));
    return;
  }
  std::vector<std::size_t> width(columns.size());
  const auto cell = [](const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  for (std::size_t i = 0; i < columns.size(); ++i) {
    width[i] = columns[i].second.size();
    for (const Json& row : rows) width[i] = std::max(width[i], cell(row[columns[i].first]).size());
  }
  const auto line = [&](auto&& text, bool bold) {
    std::string out;
    for (std::size_t i = 0; i < columns.size(); ++i)
      out += i + 1 < columns.size() ? fmt::format("{:<{}}  ", text(i), width[i]) : text(i);
    fmt::print("{}{}{}\n", bold && context.colour ? "\x1b[1m" : "", out,
               bold && context.colour ? "\x1b[0m" : "");
  };
  line([&](std::size_t i) { return columns[i].second; }, true);
  for (const Json& row : rows)
    line([&](std::size_t i) { return cell(row[columns[i].first]); }, false);
}

void listPlatforms(const Context& context, bool json) {
  std::vector<Json> rows;
  std::vector<std::string> ids;
  for (const auto& [id, file] : context.path.list("platforms")) {
    ids.push_back(id);
    const auto several = multiplesOf(id);
    ids.insert(ids.end(), several.begin(), several.end());
  }
  for (const std::string& id : ids) {
    const Platform p = makePlatform(id, {}, context.registry, context.path);
    const Device& device = *p.device.device;
    Json row;
    row["id"] = id;
    std::vector<std::string> kinds;
    Bits memory;
    for (const DeviceGroup& group : p.groups) {
      const DeviceInfo& info = group.device.device->info();
      kinds.push_back(info.kind);
      if (!info.tiers.empty())
        memory += info.tiers.front().capacity * static_cast<double>(group.count);
    }
    row["kind"] = fmt::format("{}", fmt::join(kinds, " + "));
    row["fidelity"] = fidelityList(device);
    row["memory"] = memory.value > 0 ? format(memory) : "-";
    row["memory_bytes"] = toBytes(memory);
    row["title"] = p.title;
    rows.push_back(std::move(row));
  }
  show(context, json, "platforms", rows,
       {{"id", "platform"},
        {"kind", "device kind"},
        {"fidelity", "fidelity"},
        {"memory", "memory"},
        {"title", "what it is"}});
}

void listDevices(const Context& context, bool json) {
  std::vector<Json> rows;
  for (const auto& [id, file] : context.path.list("devices")) {
    const ConfigNode tree = loadConfig(file, context.path);
    if (tree.find("kind") == nullptr) continue;  // a part, not a device
    const auto device = context.registry.make(tree, id);
    int assumptions = 0;
    for (const ParameterRecord& p : device->config().parameters)
      assumptions += p.basis == Basis::assumption ? 1 : 0;
    Json row;
    row["id"] = id;
    row["kind"] = device->info().kind;
    row["parameters"] = device->config().parameters.size();
    row["assumptions"] = assumptions;
    row["title"] = device->info().title;
    rows.push_back(std::move(row));
  }
  show(context, json, "devices", rows,
       {{"id", "device"},
        {"kind", "kind"},
        {"parameters", "parameters"},
        {"assumptions", "of them assumed"},
        {"title", "what it is"}});
}

void listWorkloads(const Context& context, bool json) {
  std::vector<Json> rows;
  for (const std::string& id : libraryWorkloads(context.path)) {
    const Workload w = makeWorkload(id, ConfigNode::ofMap(), context.path);
    const WorkloadTotals t = w.totals();
    Json row;
    row["id"] = id;
    row["family"] = w.family;
    row["format"] = w.formats.name;
    row["macs"] = t.macsPrefill;
    row["macs_decode_step"] = t.macsDecodeFirst;
    row["parameters"] = t.parameters;
    row["weights_bytes"] = rounded(toBytes(t.weights));
    row["kv_bytes_per_token"] = rounded(toBytes(t.kvPerToken));
    row["title"] = w.title;
    if (!json) {
      row["macs"] = fmt::format("{:.4g} M", static_cast<double>(t.macsPrefill) * 1e-6);
      row["macs_decode_step"] =
          w.hasDecode() ? fmt::format("{:.4g} M", static_cast<double>(t.macsDecodeFirst) * 1e-6)
                        : "-";
      row["parameters"] = fmt::format("{:.4g} M", static_cast<double>(t.parameters) * 1e-6);
      row["weights_bytes"] = format(t.weights);
    }
    rows.push_back(std::move(row));
  }
  show(context, json, "workloads", rows,
       {{"id", "workload"},
        {"macs", "MACs (prefill)"},
        {"macs_decode_step", "per decode step"},
        {"parameters", "parameters"},
        {"weights_bytes", "weights"},
        {"format", "format"},
        {"title", "what it is"}});
}

void listMetrics(const Context& context, bool json) {
  std::vector<Json> rows;
  for (const Metric& metric : allMetrics()) {
    Json row;
    row["name"] = metric.name;
    row["unit"] = metric.unit;
    row["better"] = nameOf(metric.better);
    row["meaning"] = metric.meaning;
    row["defined_for"] = metric.when;
    row["every_point"] = rows.size() < coreMetricCount;
    rows.push_back(std::move(row));
  }
  show(context, json, "metrics", rows,
       {{"name", "metric"},
        {"unit", "unit"},
        {"better", "better"},
        {"meaning", "what it is"},
        {"defined_for", "defined for"}});
  if (!json)
    fmt::print(
        "\nAll are objectives and constraints of a study; those of one phase become columns when "
        "a study names them.\n");
}

void listFormats(const Context& context, bool json) {
  std::vector<Json> rows;
  for (const NumberFormat& f : namedFormats()) {
    Json row;
    row["name"] = f.name;
    row["bits"] = f.bits;
    row["group"] = f.group;
    row["stored_bits"] =
        rounded(f.bits + (f.group > 0 ? f.groupBits / static_cast<double>(f.group) : 0));
    row["information_bits"] = f.nominalBits;
    row["exponent_bits"] = f.exponentBits;
    row["mantissa_bits"] = f.mantissaBits;
    row["kind"] = f.kind == NumberKind::floating  ? "floating"
                  : f.kind == NumberKind::integer ? "integer"
                  : f.kind == NumberKind::ternary ? "ternary"
                                                  : "binary";
    rows.push_back(std::move(row));
  }
  show(context, json, "formats", rows,
       {{"name", "format"},
        {"kind", "kind"},
        {"bits", "bits"},
        {"stored_bits", "stored, with scales"},
        {"group", "in groups of"},
        {"information_bits", "information bits"},
        {"exponent_bits", "exponent"},
        {"mantissa_bits", "mantissa"}});
  if (!json)
    fmt::print(
        "\nPer tensor: w<bits>[g<group>]a<bits>[kv<bits>][acc<bits>], e.g. w4a8kv8, w4g128a16, "
        "w1.58a8.\n");
}

}  // namespace

void addLists(CLI::App& app, Context& context) {
  const auto add = [&](const char* name, const char* what, auto function) {
    auto json = std::make_shared<bool>(false);
    CLI::App* sub = app.add_subcommand(name, what);
    sub->footer(fmt::format("Example:\n  wattlas {} --json", name));
    sub->add_flag("--json", *json, "Print one JSON object");
    sub->callback([&context, json, function] { function(context, *json); });
  };
  add("platforms", "List the platforms that can be simulated", listPlatforms);
  add("devices", "List the device files", listDevices);
  add("workloads", "List the workload library with MACs, parameters, bytes", listWorkloads);
  add("metrics", "List the metrics of results: unit, meaning, what is better", listMetrics);
  add("formats", "List the number formats", listFormats);
}

}  // namespace wattlas
