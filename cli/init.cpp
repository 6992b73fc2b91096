// wattlas init study | platform: a commented file to start from.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/starters.h"
#include "models/base/atomic_file.h"
#include "models/base/error.h"

namespace wattlas {
namespace {

constexpr const char* studyText =
    R"(# wattlas explore FILE --dry-run   counts its points and the time they take
# wattlas explore FILE -o out.h5 && wattlas report out.h5 -o out.html
name: my-study
workloads: [ecg-dscnn1d, llama2-7b]        # ids (wattlas workloads) or files
genes:                                     # ids: wattlas platforms; keys: as --set takes them
  platform: {categorical: [gpu-h100-sxm, pim-ai-4chip, upmem-samac-col256]}
  format: {categorical: [fp16, int8, int4]}
  power.tdp: {categorical: [350 W, 700 W], when: "platform == 'gpu-h100-sxm'"}
scope: node                                # chip, device, node or wall
constraints: ["power_peak_w < 1500"]
objectives: [{minimise: time_s}, {minimise: energy_j}]   # wattlas metrics lists what there is
fidelity: event                            # analytic is faster, event simulates step by step
search: {method: auto}
)";

constexpr const char* platformText = R"(# wattlas run -p FILE -w llama2-7b --format int8
# A variant of a shipped platform: the keys beside `from` override it, at any depth
# (docs/own-hardware.md). `wattlas run -p gpu-h100-sxm -w W --print-config` prints all of them.
from: platforms/gpu-h100-sxm.yaml
title: H100 with faster memory
device:
  memory:
    bandwidth: {value: 4800 GB/s, low: 4500 GB/s, high: 4900 GB/s, basis: assumption, source: "my guess"}
)";

}  // namespace

void addInit(CLI::App& app, Context&) {
  struct Command {
    std::string kind, output;
  };
  auto command = std::make_shared<Command>();
  CLI::App* sub = app.add_subcommand("init", "Write a commented study or platform to start from");
  sub->footer("Example:\n  wattlas init study -o my-study.yaml");
  sub->add_option("kind", command->kind, "study or platform")->required();
  sub->add_option("-o,--output", command->output, "File to write (default: print it)");
  sub->callback([command] {
    const bool study = command->kind == "study";
    if (!study && command->kind != "platform")
      throw InputError("there is no template for '" + command->kind.substr(0, 40) + "'",
                       "study or platform", didYouMean(command->kind, {"study", "platform"}));
    const char* text = study ? studyText : platformText;
    if (command->output.empty()) {
      fmt::print("{}", text);
      return;
    }
    std::error_code ignored;
    if (std::filesystem::exists(command->output, ignored))
      throw InputError(Problem{{"-o", 0}, {}, command->output + " exists", "a new name", {}});
    writeFileAtomically(command->output, text);
    fmt::print("written: {}\n", command->output);
  });
}

}  // namespace wattlas
