#include "cli/validation_groups.h"

#include <fmt/format.h>

#include "cli/evaluate.h"
#include "cli/explorer_rows.h"
#include "cli/validation_llm.h"
#include "fpga/validation.h"
#include "gpu/validation.h"
#include "pim/dpu/validation.h"
#include "pim/dram/validation.h"
#include "pim/upmem/device_file.h"
#include "pim/validation.h"

namespace wattlas {
namespace {

ValidationRows only(ValidationRows rows, const std::string& group) {
  std::erase_if(rows, [&](const ValidationRow& row) { return row.group != group; });
  return rows;
}

/// One platform and workload at both levels; the ratio says what the closed form leaves out.
struct LevelPair {
  const char* platform;
  const char* workload;
  const char* format;
  double gate;  ///< largest explained difference of time
  const char* why;
};

constexpr LevelPair levelPairs[] = {
    {"upmem-dimm", "gemv:4096x4096", "int8", 0.10, "overlap of DMA and compute among tasklets"},
    {"upmem-samac-col256", "gemv:4096x4096", "int8", 0.10, "refresh and contention in the bank"},
    {"pim-ai-4chip", "llama2-7b", "fp16", 0.10, "row activations, refresh, gathering chips"},
    {"fpga-zcu104", "ecg-dscnn1d", "int8", 0.35, "back-pressure and fill of the pipeline"},
    {"gpu-a100-sxm", "llama2-7b", "fp16", 0.15, "waves that share DRAM and L2, ramp and tail"},
    {"gpu-h100-sxm", "llama2-7b", "fp16", 0.15, "waves that share DRAM and L2, ramp and tail"},
};

/// One headline row per family out of its own group.
void addHeadlines(const Context& context, ValidationRows& rows) {
  ValidationRows all = fpga::validationRows(context.path);
  for (ValidationRow& row : pim::validateBanks(context.path)) all.push_back(std::move(row));
  for (ValidationRow& row : gpuValidationRows(context.path)) all.push_back(std::move(row));
  for (ValidationRow& row : all) {
    const bool board = row.id == "rn07-latency" || row.id == "cnv-w1a1-latency";
    const bool peak = row.id.starts_with("samac-") && row.id.ends_with("-int8");
    const bool product = row.id.find("vidur gemm event") != std::string::npos;
    if (!board && !peak && !product) continue;
    row.group = "platforms";
    rows.push_back(std::move(row));
  }
}

ValidationRows platformRows(const Context& context) {
  ValidationRows rows;
  addHeadlines(context, rows);
  for (const LevelPair& pair : levelPairs) {
    std::vector<ExperimentSpec> specs;
    for (const char* level : {"event", "analytic"})
      specs.push_back({pair.platform,
                       pair.workload,
                       {{"workload.format", ConfigNode::ofScalar(pair.format)},
                        {"run.fidelity", ConfigNode::ofScalar(level)}}});
    const auto results = evaluateEach(specs, context);
    ValidationRow row;
    row.group = "platforms";
    row.id = fmt::format("{} {}", pair.platform, pair.workload);
    row.kind = "identity";
    row.quantity = "time, event against closed form";
    row.unit = "s";
    row.ours = results[0].timeS;
    row.reference = results[1].timeS;
    row.gate = pair.gate;
    row.source = fmt::format("own closed form; it leaves out: {}", pair.why);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

std::vector<ValidationGroup> validationGroups() {
  const auto none = [](const Context&) { return ValidationRows{}; };
  return {
      {"upmem", "UPMEM DPU against hardware and peers",
       [](const Context& c) {
         ValidationRows rows = dpu::upmemValidationRows(
             c.path, pim::launchModelOf(pim::loadUpmem(c.path, "upmem-server")));
         for (ValidationRow& row : pim::validateUpmem(c.path)) rows.push_back(std::move(row));
         return rows;
       }},
      {"banks", "compute in the DRAM bank",
       [](const Context& c) {
         ValidationRows rows = pim::validateBanks(c.path);
         for (ValidationRow& row : dram::dramValidationRows(c.path)) rows.push_back(std::move(row));
         for (ValidationRow& row : llmValidationRows(c)) rows.push_back(std::move(row));
         return rows;
       }},
      {"gpu", "GPU kernels against published measurements",
       [](const Context& c) { return only(gpuValidationRows(c.path), "gpu"); }},
      {"fpga", "dataflow accelerators against boards and syntheses",
       [](const Context& c) { return only(fpga::validationRows(c.path), "fpga"); }},
      {"networks", "accuracy of quantised networks", none},
      {"explorer", "search and Pareto sets", explorerRows},
      {"platforms", "event models against the closed forms, explained", platformRows},
  };
}

}  // namespace wattlas
