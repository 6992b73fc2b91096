#include "engines.h"

#include <gtest/gtest.h>

#include "reference_engine.h"

namespace wattlas::dpu::test {

DpuRunResult expectSameInBothEngines(const Program& program, DpuRunOptions options,
                                     const std::string& what, bool mayFail) {
  DpuMachine fast(program), exact(program);
  options.mode = EngineMode::decoupled;
  const DpuRunResult a = fast.run(options);
  options.mode = EngineMode::lockstep;
  const DpuRunResult b = exact.run(options);
  EXPECT_EQ(a.mode, "decoupled") << what;
  EXPECT_EQ(b.mode, "lockstep") << what;
  if (!mayFail) {
    EXPECT_FALSE(a.error) << what << ": " << a.error->text();
    EXPECT_FALSE(b.error) << what << ": " << b.error->text();
  }
  EXPECT_EQ(a.cycles, b.cycles) << what;
  EXPECT_EQ(a.instructions, b.instructions) << what;
  EXPECT_EQ(a.instructionMix, b.instructionMix) << what;
  EXPECT_EQ(a.stalls.revolver, b.stalls.revolver) << what;
  EXPECT_EQ(a.stalls.dma, b.stalls.dma) << what;
  EXPECT_EQ(a.stalls.registerFile, b.stalls.registerFile) << what;
  EXPECT_EQ(a.stalls.drain, b.stalls.drain) << what;
  EXPECT_EQ(a.dma.waitCycles, b.dma.waitCycles) << what;
  EXPECT_EQ(a.dma.busyCycles, b.dma.busyCycles) << what;
  EXPECT_EQ(a.dma.rowActivations, b.dma.rowActivations) << what;
  EXPECT_EQ(a.dma.bytes(), b.dma.bytes()) << what;
  EXPECT_EQ(a.energyJ.value, b.energyJ.value) << what;
  EXPECT_EQ(a.tasklets.size(), b.tasklets.size()) << what;
  for (std::size_t i = 0; i < std::min(a.tasklets.size(), b.tasklets.size()); ++i) {
    const auto &x = a.tasklets[i], &y = b.tasklets[i];
    EXPECT_EQ(x.instructions, y.instructions) << what << " tasklet " << x.id;
    EXPECT_EQ(x.startCycle, y.startCycle) << what << " tasklet " << x.id;
    EXPECT_EQ(x.stopCycle, y.stopCycle) << what << " tasklet " << x.id;
    EXPECT_EQ(x.dmaWaitCycles, y.dmaWaitCycles) << what << " tasklet " << x.id;
    EXPECT_EQ(x.syncRetries, y.syncRetries) << what << " tasklet " << x.id;
    for (unsigned r = 0; r < kRegisters; ++r) {
      EXPECT_EQ(fast.registerValue(x.id, r), exact.registerValue(x.id, r))
          << what << " tasklet " << x.id << " r" << r;
    }
  }
  EXPECT_TRUE(fast.sameMemories(exact)) << what;
  const ReferenceRun c = runReference(program, options);
  EXPECT_EQ(a.error.has_value(), c.error.has_value()) << what;
  EXPECT_EQ(a.cycles, c.outcome.cycles) << what;
  EXPECT_EQ(a.instructions, c.outcome.instructions) << what;
  EXPECT_EQ(a.stalls.revolver, c.stalls.revolver) << what;
  EXPECT_EQ(a.stalls.dma, c.stalls.dma) << what;
  EXPECT_EQ(a.stalls.registerFile, c.stalls.registerFile) << what;
  EXPECT_EQ(a.stalls.drain, c.stalls.drain) << what;
  EXPECT_EQ(a.dma.waitCycles, c.dma.waitCycles) << what;
  for (const TaskletStats& x : a.tasklets) {
    const TaskletStats& y = c.tasklets[x.id];
    EXPECT_EQ(x.instructions, y.instructions) << what << " tasklet " << x.id;
    EXPECT_EQ(x.startCycle, y.startCycle) << what << " tasklet " << x.id;
    EXPECT_EQ(x.stopCycle, y.stopCycle) << what << " tasklet " << x.id;
    EXPECT_EQ(x.syncRetries, y.syncRetries) << what << " tasklet " << x.id;
  }
  return a;
}

}  // namespace wattlas::dpu::test
