// wattlas dpu kernels: which kernel there is in which format, executed now.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "models/base/units.h"
#include "pim/dpu/exec/extension.h"
#include "pim/upmem/dpu_set.h"
#include "pim/upmem/kernels/library.h"
#include "pim/upmem/parameters.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

struct KernelTable {
  std::vector<std::string> isa;
  std::string device = "upmem-dpu";
  int tasklets = 0;
  bool json = false;

  void run(const Context& context) const {
    pim::KernelSetting setting = pim::settingOf(pim::loadUpmem(context.path, device));
    if (const auto extra = dpu::loadIsa(isa)) setting.isa = extra;
    if (tasklets > 0) setting.tasklets = tasklets;
    Json out = Json::array();
    std::vector<std::string> reasons;
    if (!json) {
      fmt::print("{:<18}", "");
      for (int f = 0; f < pim::storedFormatCount; ++f)
        fmt::print(" {:>12}", pim::nameOf(static_cast<pim::StoredFormat>(f)));
      fmt::print("\n");
    }
    for (int k = 0; k < pim::libraryKernelCount; ++k) {
      const auto kernel = static_cast<pim::LibraryKernel>(k);
      if (!json) fmt::print("{:<18}", pim::nameOf(kernel));
      for (int f = 0; f < pim::storedFormatCount; ++f) {
        const auto format = static_cast<pim::StoredFormat>(f);
        Json row{{"kernel", pim::nameOf(kernel)}, {"format", pim::nameOf(format)}};
        if (const char* reason = pim::absence(kernel, format)) {
          row["absent"] = reason;
          reasons.push_back(
              fmt::format("{}, {}: {}", pim::nameOf(kernel), pim::nameOf(format), reason));
          if (!json) fmt::print(" {:>12}", fmt::format("[{}]", reasons.size()));
        } else {
          const pim::CellRun run = pim::runCell(kernel, format, setting);
          row["shape"] = run.shape;
          row["work"] = run.work;
          row["instructions"] = run.instructions;
          row["cycles"] = run.cycles;
          row["per_unit"] = run.perUnit();
          if (!json) fmt::print(" {:>12.2f}", run.perUnit());
        }
        out.push_back(std::move(row));
      }
      if (!json) fmt::print("\n");
    }
    Json loops = Json::array();
    if (!json)
      fmt::print(
          "\nIssued instructions for each multiply-accumulate (products) or value, on small odd "
          "shapes,\nset-up included; every output was compared with its definition.\n\n"
          "In long loops, for each multiply-accumulate:\n");
    for (int k = 0; k < pim::macKernelCount; ++k) {
      const auto kernel = static_cast<pim::MacKernel>(k);
      const pim::MacMeasurement m = pim::measure(kernel, setting);
      loops.push_back({{"loop", pim::nameOf(kernel)},
                       {"instructions_per_mac", m.mac},
                       {"cycles_per_mac", m.cyclesPerMac},
                       {"instructions_per_output", m.perOutput}});
      if (!json)
        fmt::print("  {:<24} {:>7.3f} instructions, {:>7.3f} cycles with {} tasklets\n",
                   pim::nameOf(kernel), m.mac, m.cyclesPerMac, setting.tasklets);
    }
    if (json) {
      fmt::print("{}\n", Json{{"cells", out}, {"loops", loops}}.dump(2));
      return;
    }
    fmt::print("\n");
    for (std::size_t i = 0; i < reasons.size(); ++i) fmt::print("[{}] {}\n", i + 1, reasons[i]);
  }
};

using pim::DpuSetEvent;
using pim::DpuSetResult;
using pim::DpuSetSpec;

std::string toJson(const DpuSetResult& r, const DpuSetSpec& spec) {
  nlohmann::ordered_json j;
  j["dpus"] = spec.dpus;
  j["time_s"] = rounded(r.timeS);
  j["kernel_time_s"] = rounded(r.kernelS);
  j["transfer_time_s"] = rounded(r.transferS);
  j["energy_j"] = rounded(r.energyJ);
  j["instructions"] = r.instructions;
  j["timeline"] = nlohmann::ordered_json::array();
  for (const DpuSetEvent& e : r.events) {
    nlohmann::ordered_json event = {{"kind", e.kind},
                                    {"what", e.what},
                                    {"start_s", rounded(e.startS)},
                                    {"end_s", rounded(e.endS)}};
    if (e.kind == "launch")
      event["cycles"] = {{"min", e.least},
                         {"median", e.median},
                         {"mean", rounded(e.mean)},
                         {"max", e.most},
                         {"worst_dpu", e.worst}};
    else
      event["bytes"] = e.bytes;
    j["timeline"].push_back(std::move(event));
  }
  j["failed"] = r.failed;
  if (!r.problems.empty()) j["problems"] = r.problems;
  j["races"] = r.races;
  j["exit_value"] = r.exitValue;
  if (!r.printed.empty()) j["printed"] = r.printed;
  return j.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print(const DpuSetResult& r, const DpuSetSpec& spec) {
  fmt::print("{} DPUs: {} ({} in kernels, {} in transfers), {}, {} instructions\n", spec.dpus,
             format(Seconds(r.timeS)), format(Seconds(r.kernelS)), format(Seconds(r.transferS)),
             format(Joules(r.energyJ)), r.instructions);
  fmt::print("{:<8} {:<20} {:>14} {:>14}\n", "step", "what", "start", "time");
  for (const DpuSetEvent& e : r.events) {
    fmt::print("{:<8} {:<20} {:>14} {:>14}", e.kind, e.what, format(Seconds(e.startS)),
               format(Seconds(e.endS - e.startS)));
    if (e.kind == "launch")
      fmt::print("  cycles {} to {} (DPU {}), mean {:.0f}\n", e.least, e.most, e.worst, e.mean);
    else
      fmt::print("  {} bytes\n", e.bytes);
  }
  fmt::print("{}", r.printed);
  if (r.races > 0) fmt::print("{} races\n", r.races);
}

}  // namespace

void addDpuKernels(CLI::App& dpu, Context& context) {
  auto table = std::make_shared<KernelTable>();
  CLI::App* sub = dpu.add_subcommand(
      "kernels", "Run the kernel library: every kernel in every format, outputs compared");
  sub->footer("Example:\n  wattlas dpu kernels --isa dot4x8");
  repeated(sub->add_option("--isa", table->isa,
                           "Instructions to add or change: an id of configs/isa or a YAML file "
                           "(docs/new-instruction.md); may be given several times"));
  sub->add_option("--device", table->device, "Device file with timing and instructions");
  sub->add_option("--tasklets", table->tasklets, "Number of tasklets (default: the device's)")
      ->check(CLI::Range(1, 24));
  sub->add_flag("--json", table->json, "Print one JSON object");
  sub->callback([table, &context] { table->run(context); });
}

void addDpuLaunch(CLI::App& dpu, Context& context) {
  CLI::App* sub = dpu.add_subcommand("launch", "Run a set of DPUs: host transfers and launches");
  struct Options {
    std::string file;
    bool json = false;
  };
  auto o = std::make_shared<Options>();
  sub->add_option("spec", o->file, "Specification (docs/dpu.md)")->required();
  sub->add_flag("--json", o->json, "Print one JSON object");
  sub->footer("Example:\n  wattlas dpu launch set.yaml --json");
  sub->callback([o, &context] {
    const DpuSetSpec spec = DpuSetSpec::read(o->file);
    const DpuSetResult result = pim::runDpuSet(spec, pim::loadUpmem(context.path, spec.device));
    if (o->json)
      fmt::print("{}\n", toJson(result, spec));
    else
      print(result, spec);
    for (const std::string& problem : result.problems) fmt::print(stderr, "error: {}\n", problem);
    if (result.races > 0) context.exitCode = exitInternal;
    if (result.exitValue != 0) context.exitCode = static_cast<int>(result.exitValue & 255);
    if (result.failed > 0) context.exitCode = exitBadInput;
  });
}

}  // namespace wattlas
