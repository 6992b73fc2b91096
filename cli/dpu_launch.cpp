#include "cli/dpu_launch.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "models/base/units.h"
#include "pim/upmem/dpu_set.h"

namespace wattlas {
namespace {

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
