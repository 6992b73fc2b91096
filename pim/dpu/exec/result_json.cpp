#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "pim/dpu/exec/result.h"

namespace wattlas::dpu {

namespace {

using Json = nlohmann::ordered_json;

/// Rounded to 12 significant digits (contract, section 6).
double rounded(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.12g", value);
  return std::strtod(text, nullptr);
}

Json cell(const EnergyCell& c) {
  return {{"value", rounded(c.value)}, {"low", rounded(c.low)}, {"high", rounded(c.high)}};
}

Json errorJson(const RunError& e) {
  return {{"kind", nameOf(e.kind)}, {"pc", e.pc},     {"symbol", e.symbol}, {"tasklet", e.tasklet},
          {"cycle", e.cycle},       {"word", e.word}, {"reason", e.reason}, {"text", e.text()}};
}

Json raceJson(const Race& r) {
  const auto side = [](std::uint32_t pc, const std::string& symbol, unsigned tasklet, bool writes) {
    return Json{{"pc", pc}, {"symbol", symbol}, {"tasklet", tasklet}, {"writes", writes}};
  };
  return {{"first", side(r.firstPc, r.firstSymbol, r.firstTasklet, r.firstWrites)},
          {"second", side(r.secondPc, r.secondSymbol, r.secondTasklet, r.secondWrites)},
          {"address", r.address},
          {"count", r.count}};
}

}  // namespace

std::string toJson(const DpuRunResult& result) {
  Json j;
  j["cycles"] = result.cycles;
  j["instructions"] = result.instructions;
  j["ipc"] = rounded(result.ipc);
  j["time_s"] = rounded(result.timeS);
  if (result.kernelTimeS > 0) j["kernel_time_s"] = rounded(result.kernelTimeS);
  if (!result.printed.empty()) j["printed"] = result.printed;
  j["exit_value"] = result.exitValue;
  j["energy_j"] = rounded(result.energyJ.value);
  j["energy_low_j"] = rounded(result.energyJ.low);
  j["energy_high_j"] = rounded(result.energyJ.high);
  j["energy_breakdown_j"] = Json::object();
  j["energy_intervals_j"] = Json::object();
  for (const auto& [name, c] : result.energyBreakdownJ) {
    j["energy_breakdown_j"][name] = rounded(c.value);
    j["energy_intervals_j"][name] = cell(c);
  }
  j["tasklets"] = Json::array();
  for (const auto& t : result.tasklets) {
    j["tasklets"].push_back({{"id", t.id},
                             {"instructions", t.instructions},
                             {"dma_transfers", t.dmaTransfers},
                             {"dma_wait_cycles", t.dmaWaitCycles},
                             {"sync_retries", t.syncRetries},
                             {"start_cycle", t.startCycle},
                             {"stop_cycle", t.stopCycle}});
  }
  j["dma"] = {{"reads", result.dma.reads},
              {"writes", result.dma.writes},
              {"bytes", result.dma.bytes()},
              {"read_bytes", result.dma.readBytes},
              {"write_bytes", result.dma.writeBytes},
              {"wait_cycles", result.dma.waitCycles},
              {"busy_cycles", rounded(result.dma.busyCycles)},
              {"row_activations", result.dma.rowActivations},
              {"row_hits", result.dma.rowHits},
              {"refresh_wait_cycles", rounded(result.dma.refreshWaitCycles)}};
  j["stalls"] = {{"revolver", result.stalls.revolver},
                 {"dma", result.stalls.dma},
                 {"register_file", result.stalls.registerFile},
                 {"drain", result.stalls.drain}};
  j["instruction_mix"] = Json::object();
  for (const auto& [name, n] : result.instructionMix) j["instruction_mix"][name] = n;
  if (!result.races.empty()) {
    j["races"] = Json::array();
    for (const auto& race : result.races) j["races"].push_back(raceJson(race));
  }
  if (result.error) j["error"] = errorJson(*result.error);
  if (!result.notes.empty()) j["notes"] = result.notes;
  j["mode"] = result.mode;
  j["mips"] = rounded(result.mips);
  j["host"] = {{"wall_s", rounded(result.wallS)}};
  return j.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace wattlas::dpu
