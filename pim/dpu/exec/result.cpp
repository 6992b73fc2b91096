#include "pim/dpu/exec/result.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "pim/dpu/exec/runtime.h"

namespace wattlas::dpu {

const char* nameOf(RunErrorKind kind) {
  constexpr std::array names = {"illegal_instruction", "pc_range",  "wram_range",
                                "dma_alignment",       "dma_range", "fault",
                                "thread_number",       "deadlock",  "max_cycles"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string hexText(std::uint64_t value, int digits) {
  static const char* const symbols = "0123456789abcdef";
  std::string text;
  for (int i = digits - 1; i >= 0; --i) text += symbols[value >> 4 * i & 15U];
  return text;
}

std::string RunError::text() const {
  std::string place = "pc " + std::to_string(pc);
  if (!symbol.empty()) place += " (" + symbol + ")";
  return place + ", tasklet " + std::to_string(tasklet) + ", cycle " + std::to_string(cycle) +
         ": " + nameOf(kind) + ": " + reason + " [word 0x" + hexText(word, 12) + "]";
}

namespace {

struct Activity {
  std::uint64_t issues = 0, multiplies = 0, wramAccesses = 0;
  EnergyCell extension;  ///< of instructions that configuration files add or change
};

Activity count(DpuRunResult& result, const Runtime& runtime,
               const std::vector<std::uint64_t>& before) {
  Activity activity;
  const std::vector<std::uint64_t> after = runtime.core.counts();
  for (std::uint32_t pc = 0; pc < runtime.core.codeEnd; ++pc) {
    // Words that the run itself loaded behind the program have no count from before.
    const std::uint64_t earlier = pc < before.size() ? before[pc] : 0;
    const std::uint64_t n = after[pc] - earlier + runtime.orderingCounts[pc];
    const Instruction& in = runtime.core.instructions[pc];
    if (n == 0 || in.form == nullptr) continue;
    result.instructionMix[in.form->mnemonicText] += n;
    activity.issues += n;
    if (in.form->issue == IssueClass::multiply) activity.multiplies += n;
    if (in.form->issue == IssueClass::loadStore) activity.wramAccesses += n;
    const InstructionModel* model = runtime.core.models[pc];
    if (model == nullptr) continue;
    const auto executions = static_cast<double>(n);
    activity.extension.value += executions * model->energy.value.value;
    activity.extension.low += executions * model->energy.low.value;
    activity.extension.high += executions * model->energy.high.value;
    if (model->semantics && (model->semantics->loads() || model->semantics->stores()))
      activity.wramAccesses += n;
  }
  return activity;
}

EnergyCell times(const EnergyCell& p, double n) {
  return {p.value * n, p.low * n, p.high * n};
}

EnergyCell sum(const EnergyCell& a, const EnergyCell& b) {
  return {a.value + b.value, a.low + b.low, a.high + b.high};
}

void fillEnergy(DpuRunResult& result, const DpuEnergy& e, const Activity& activity) {
  const auto issues = static_cast<double>(activity.issues);
  const auto dmaBytes = static_cast<double>(result.dma.bytes());
  auto& cells = result.energyBreakdownJ;
  cells["compute"] =
      sum(times(e.issueJ, issues), times(e.multiplyJ, static_cast<double>(activity.multiplies)));
  result.extensionJ = activity.extension;
  cells["compute"] = sum(cells["compute"], activity.extension);
  cells["instruction_fetch"] = times(e.iramFetchJ, issues);
  // A transfer also writes or reads WRAM, 8 bytes an access.
  cells["scratchpad"] =
      times(e.wramAccessJ, static_cast<double>(activity.wramAccesses) + dmaBytes / 8);
  cells["array"] = times(e.dmaByteJ, dmaBytes);
  cells["activation"] = times(e.activationJ, static_cast<double>(result.dma.rowActivations));
  cells["static"] = times(e.staticW, result.timeS);
  for (const auto& [name, cell] : cells) result.energyJ = sum(result.energyJ, cell);
}

}  // namespace

void fillResult(DpuRunResult& result, const Runtime& runtime,
                const std::vector<std::uint64_t>& before, const Program& program) {
  result.error = runtime.error;
  result.dma = runtime.dma;
  result.stalls = runtime.stalls;
  for (const auto& s : runtime.stats) {
    if (s.instructions > 0) result.tasklets.push_back(s);
  }
  const Activity activity = count(result, runtime, before);
  result.timeS = static_cast<double>(result.cycles) / runtime.options.timing.clockHz;
  result.ipc = result.cycles > 0
                   ? static_cast<double>(result.instructions) / static_cast<double>(result.cycles)
                   : 0;
  fillEnergy(result, runtime.options.energy, activity);
  result.mips =
      result.wallS > 0 ? static_cast<double>(result.instructions) / result.wallS / 1e6 : 0;
  if (runtime.races) {
    result.races = runtime.races->races();
    for (auto& race : result.races) {
      race.firstSymbol = program.where(race.firstPc);
      race.secondSymbol = program.where(race.secondPc);
    }
  }
}

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
