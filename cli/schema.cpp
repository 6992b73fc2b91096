// wattlas schema KIND
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "explorer/study.h"
#include "models/dram/spec.h"
#include "models/experiment.h"
#include "workloads/graph/workload.h"

namespace wattlas {

void addSchema(CLI::App& app, Context& context) {
  auto kind = std::make_shared<std::string>();
  CLI::App* sub = app.add_subcommand("schema", "Print the JSON Schema of a configuration file");
  sub->footer("Example:\n  wattlas schema platform > platform.schema.json");
  sub->add_option("kind", *kind, "platform, workload, run, study, dram, or a device kind")
      ->required();
  sub->callback([kind, &context] {
    std::vector<std::string> known = {"platform", "workload", "run", "study", "dram"};
    for (const std::string& name : context.registry.names()) known.push_back(name);
    if (*kind == "platform") {
      fmt::print("{}", platformSchema());
    } else if (*kind == "workload") {
      fmt::print("{}", workloadSchema());
    } else if (*kind == "study") {
      fmt::print("{}", studySchema());
    } else if (*kind == "dram") {
      fmt::print("{}", dram::dramSchema());
    } else if (*kind == "run") {
      fmt::print("{}", schemaOf("Wattlas run options", [](Binder& b) { RunOptions().bind(b); }));
    } else if (const DeviceKind* device = context.registry.find(*kind)) {
      fmt::print("{}", device->schema());
    } else {
      std::string list;
      for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
      throw InputError("'" + kind->substr(0, 40) + "' has no schema", "one of " + list,
                       didYouMean(*kind, known));
    }
  });
}

}  // namespace wattlas
