// Runs on the platform's clock: memories that are simulated with it, idle time, commands of banks.
#include <algorithm>

#include "models/live_run.h"
#include "models/sim/platform_model.h"
#include "tests/pim/llm.h"

namespace wattlas::pim_test {
namespace {

RunResult play(const char* coupling, Sets more = {}) {
  Sets sets = {{"run.fidelity", "event"},
               {"workload.prompt", "32"},
               {"workload.generate", "4"},
               {"workload.format", "fp16"},
               {"run.coupling", coupling}};
  sets.insert(sets.end(), more.begin(), more.end());
  ProfileCache cache;
  return simulate(llmExperiment("pim-ai-4chip", "opt-125m", sets), cache, platformSimulator);
}

const ComponentStatistics& statisticsOf(const RunResult& r, const std::string& component) {
  const auto at = std::find_if(r.statistics.begin(), r.statistics.end(),
                               [&](const auto& s) { return s.component == component; });
  if (at == r.statistics.end()) throw std::runtime_error("no statistics of " + component);
  return *at;
}

TEST(LiveMemory, AloneIsCloseToThePlayedProfile) {
  const RunResult played = play("replayed"), live = play("live");
  ASSERT_TRUE(live.feasible);
  // Profiles cut an operator into tiles and stop the memory between operators.
  EXPECT_NEAR(live.timeS, played.timeS, 0.03 * played.timeS);
  const ComponentStatistics& memory = statisticsOf(live, "device memory");
  EXPECT_EQ(memory.waitS, 0);
  // Weights of 163 M parameters in fp16 for four steps and the prompt: 5 x 250 MB, without caches.
  EXPECT_NEAR(memory.bytes, 5 * 250e6, 0.05 * 5 * 250e6);
}

TEST(LiveMemory, StreamedWeightsSlowProgramsDownInTheirMemory) {
  const Sets busy = {{"mapping.schedule", "overlapped"},
                     {"residency", "streamed"},
                     {"link.rate", "400 GB/s"},
                     {"device.link.chip", "100 GB/s"},
                     {"device.link.broadcast", "100 GB/s"}};
  const RunResult played = play("replayed", busy), live = play("live", busy);
  ASSERT_TRUE(live.feasible);
  // A played profile knows nothing of what copies write beside it: that is what it can be wrong by.
  EXPECT_GT(live.timeS, 1.02 * played.timeS);
  EXPECT_LT(live.timeS, 1.10 * played.timeS);
  EXPECT_GT(statisticsOf(live, "device").busyS, 1.05 * statisticsOf(played, "device").busyS);
  EXPECT_GT(statisticsOf(live, "device memory").waitS, 0);
  EXPECT_EQ(toJson(live, false), toJson(play("live", busy), false));
}

TEST(LiveMemory, IsRefusedWhereNoneIsSimulated) {
  EXPECT_THROW(play("live", {{"run.fidelity", "analytic"}}), InputError);
  ProfileCache cache;
  EXPECT_THROW(simulate(llmExperiment("gddr6-aim", "gemv:1024x1024",
                                      {{"run.fidelity", "event"}, {"run.coupling", "live"}}),
                        cache, platformSimulator),
               InputError);
}

TEST(LiveMemory, MoreRequestsThanTheBudgetAreAnAnswer) {
  const RunResult r = play("live", {{"run.eventBudget", "100000"}});
  ASSERT_FALSE(r.feasible);
  EXPECT_NE(r.reasons.front().find("budget: "), std::string::npos) << r.reasons.front();
}

TEST(IdleTime, IsWhatStatisticsLeaveOfTheRun) {
  const RunResult r = play("replayed");
  const auto secondsOf = [&](const std::string& component, const std::string& coefficient) {
    for (const LedgerCell& cell : r.ledger)
      if (cell.component == component && cell.coefficient == coefficient) return cell.count * 1e-12;
    throw std::runtime_error("no cell " + coefficient);
  };
  const double busy = statisticsOf(r, "device").busyS;
  EXPECT_NEAR(secondsOf("device", "chip.static"), busy, 1e-12);
  EXPECT_NEAR(secondsOf("device", "chip.static, idle"), r.timeS - busy, 1e-12);
  EXPECT_NEAR(secondsOf("device", "dram.refresh, idle"), r.timeS - busy, 1e-12);
  EXPECT_NEAR(secondsOf("host", "idle, idle"), r.timeS, 1e-12);
}

TEST(BankCommands, LieInsideTheProgramOfTheRun) {
  ProfileCache cache;
  for (const char* fidelity : {"event", "detailed", "analytic"}) {
    dram::CommandLog log;
    const RunResult r =
        simulate(llmExperiment("gddr6-aim", "gemv:4096x4096", {{"run.fidelity", fidelity}}), cache,
                 platformSimulator, log);
    const auto program = std::find_if(r.trace.begin(), r.trace.end(),
                                      [](const TraceSlice& s) { return s.track == "device"; });
    ASSERT_NE(program, r.trace.end());
    EXPECT_EQ(log.records().empty(), std::string(fidelity) == "analytic");
    for (const dram::CommandRecord& c : log.records()) {
      EXPECT_GE(toSeconds(c.time).value, program->startS);
      EXPECT_LE(toSeconds(c.time).value, program->startS + program->durationS);
    }
  }
}

}  // namespace
}  // namespace wattlas::pim_test
