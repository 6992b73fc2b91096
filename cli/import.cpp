// wattlas import: a network in the file of another program, as a workload file.
#include "workloads/import/import.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "models/base/atomic_file.h"
#include "models/base/plain_text.h"
#include "workloads/graph/foreign.h"
#include "workloads/graph/workload.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

struct ImportCommand {
  std::vector<std::string> words, bindings;
  std::string as, output;
  bool allowUnknown = false, json = false;

  /// `import onnx F` and `import hf DIR` name the kind in front.
  std::string path(ImportOptions& options) const {
    options.as = as;
    options.allowUnknown = allowUnknown;
    if (words.size() < 2) return words.front();
    if (words.front() != "onnx" && words.front() != "hf")
      throw InputError("two paths: '" + words[0] + "' and '" + words[1] + "'", "one path");
    options.as = words.front();
    return words[1];
  }

  static void bind(const std::string& text, ImportOptions& options) {
    const std::size_t equals = text.find_last_of('=');
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const char* const from = text.data() + (equals == std::string::npos ? 0 : equals + 1);
    const auto [at, error] = std::from_chars(from, end, value);
    if (equals == std::string::npos || equals == 0 || error != std::errc() || at != end ||
        value < 0 || value > 1'000'000'000'000)
      throw InputError("--bind '" + plainText(text, 80) + "' is no dimension with a value",
                       "DIM=NUMBER such as batch=1");
    options.bind[text.substr(0, equals)] = value;
  }

  static void addTotals(const Workload& workload, Json& out) {
    Json rows = Json::array();
    const Graph none, &graph = workload.phases.empty() ? none : workload.phases.front().graph;
    for (const OpId id : graph.order()) {
      const Operator& op = graph.at(id);
      const OpCost cost = costOf(op);
      Json row;
      row["name"] = op.name;
      row["kind"] = nameOf(op.kind);
      row["count"] = op.count;
      row["macs"] = cost.macs * op.count;
      row["weights_bytes"] =
          op.sharesWeightsOf.empty()
              ? rounded(toBytes(cost.weights) * static_cast<double>(op.weightCopies()))
              : 0.0;
      rows.push_back(std::move(row));
    }
    const WorkloadTotals totals = workload.totals();
    out["operators"] = std::move(rows);
    out["macs"] = totals.macsPrefill;
    out["parameters"] = totals.parameters;
    out["weights_bytes"] = rounded(toBytes(totals.weights));
  }

  void run(Context& context) const {
    ImportOptions options;
    for (const std::string& text : bindings) bind(text, options);
    const std::string from = path(options);
    // With --json unknown operators are listed before they are refused.
    options.allowUnknown = allowUnknown || json;
    const ImportedModel model = importModel(from, options);
    const bool refused = !allowUnknown && !model.unknown.empty();
    const std::string name = workloadName(from);
    Json out;
    out["schema"] = 1;
    out["name"] = name;
    out["source"] = from;
    const ConfigNode* operators = model.description.find("operators");
    const bool empty = refused && operators != nullptr && operators->items().empty();
    const Workload workload =
        empty ? Workload{} : buildWorkload(name, model.description, ConfigNode::ofMap());
    addTotals(workload, out);
    out["unknown"] = Json::array();
    for (const UnknownOperator& u : model.unknown)
      out["unknown"].push_back({{"op", u.op}, {"count", u.count}});
    out["notes"] = empty ? model.notes : workload.notes;
    if (!output.empty() && !refused) writeFileAtomically(output, model.description.toYaml());
    if (json)
      fmt::print("{}\n", out.dump(2, ' ', false, Json::error_handler_t::replace));
    else
      show(out, workload);
    if (!output.empty() && !json) fmt::print("written to {}\n", output);
    if (!refused) return;
    fmt::print(stderr, "error: unknown operators (expected --allow-unknown to leave them out)\n");
    context.exitCode = exitBadInput;
  }

  void show(const Json& out, const Workload& workload) const {
    fmt::print(
        "{}: {} operators, {:.4g} M parameters, {:.4g} M MACs in one {}, {} of weights ({})\n",
        workload.title, out["operators"].size(), out["parameters"].get<double>() * 1e-6,
        out["macs"].get<double>() * 1e-6, nameOf(workload.phases.front().kind),
        format(workload.totals().weights), workload.formats.name);
    fmt::print("{:<40} {:<12} {:>7} {:>16} {:>14}\n", "operator", "kind", "count", "MACs",
               "weight bytes");
    for (const Json& row : out["operators"])
      fmt::print("{:<40} {:<12} {:>7} {:>16} {:>14.0f}\n",
                 plainText(row["name"].get<std::string>(), 60), row["kind"].get<std::string>(),
                 row["count"].get<std::int64_t>(), row["macs"].get<std::int64_t>(),
                 row["weights_bytes"].get<double>());
    for (const std::string& note : workload.notes) fmt::print("note: {}\n", plainText(note, 400));
  }
};

}  // namespace

void addImport(CLI::App& app, Context& context) {
  auto command = std::make_shared<ImportCommand>();
  CLI::App* sub =
      app.add_subcommand("import", "Read an ONNX model or a Hugging Face configuration");
  sub->footer(
      "Examples:\n"
      "  wattlas import model.onnx --bind batch=1 -o model.yaml\n"
      "  wattlas import Qwen3-4B/config.json --json\n"
      "  wattlas run -p gpu-h100-sxm -w Qwen3-4B/config.json");
  sub->add_option("path", command->words, "An ONNX file, a config.json, or a folder that holds one")
      ->required()
      ->expected(1, 2);
  sub->add_option("--as", command->as, "What the file is, when its content does not say so")
      ->check(CLI::IsMember({"onnx", "hf"}));
  repeated(
      sub->add_option("--bind", command->bindings,
                      "DIM=VALUE: a named dimension, or the value of a scalar input; repeatable"));
  sub->add_flag("--allow-unknown", command->allowUnknown,
                "Leave out operators that are not known, with a note");
  sub->add_option("-o,--output", command->output, "Write the workload file M.yaml");
  sub->add_flag("--json", command->json, "Print one JSON object");
  sub->callback([&context, command] { command->run(context); });
}

}  // namespace wattlas
