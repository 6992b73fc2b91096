// Timelines of channels, activation functions from tables, interleaved halves of a batch.
#include <algorithm>
#include <map>

#include "pim/nearbank/channel.h"
#include "pim/nearbank/timeline.h"
#include "tests/pim/llm.h"

namespace wattlas::pim_test {
namespace {

using namespace pim::nearbank;  // NOLINT: a test file

TEST(NearBankTimeline, ShowsTheCommandsOfTheDetailedModel) {
  const auto device = deviceOf("hbm-pim");
  const auto program = lower(*device, gemm(1, 4096, 4096, "fp16"));
  dram::CommandLog log = channelTimeline(*device, *program, 1'000'000);
  std::map<dram::CommandKind, std::int64_t> counts;
  Ticks end;
  for (const dram::CommandRecord& c : log.sorted()) {
    ++counts[c.kind];
    end = std::max(end, c.time);
  }
  // 32 tiles of the input: 64 multiplies and eight register writes each.
  EXPECT_EQ(counts[dram::CommandKind::MAC], 32 * 64);
  EXPECT_GE(counts[dram::CommandKind::WR], 32 * 8);
  EXPECT_EQ(counts[dram::CommandKind::REF], 3);
  EXPECT_GE(counts[dram::CommandKind::ACT], counts[dram::CommandKind::PRE]);
  const auto& p = dynamic_cast<const NearBankDevice&>(*device).params();
  const auto& op = dynamic_cast<const NearBankProgram&>(*program).operators().front();
  EXPECT_LE(end, pim::nearbank::Channel(p, pim::nearbank::Channel::Level::commands, false, op.alone)
                     .run(op.sequence)
                     .time);
}

TEST(NearBankTimeline, CommandsToAllBanksHaveNoBank) {
  const auto device = deviceOf("gddr6-aim");
  dram::CommandLog log =
      channelTimeline(*device, *lower(*device, gemm(1, 4096, 4096, "fp16")), 100000);
  std::int64_t macs = 0;
  for (const dram::CommandRecord& c : log.records()) {
    EXPECT_EQ(c.bank, -1);
    macs += c.kind == dram::CommandKind::MAC;
  }
  EXPECT_EQ(macs, 32 * 64);  // eight rows a bank, four chunks of the input
}

TEST(NearBankTimeline, KeepsTheFirstCommandsOnly) {
  const auto device = deviceOf("gddr6-aim");
  const auto program = lower(*device, gemm(1, 4096, 4096, "fp16"));
  const dram::CommandLog all = channelTimeline(*device, *program, 100000),
                         few = channelTimeline(*device, *program, 50);
  ASSERT_EQ(few.records().size(), 50u);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(few.records()[i].time, all.records()[i].time) << i;
  EXPECT_TRUE(channelTimeline(*deviceOf("upmem-dimm"), *program, 50).records().empty());
}

Operator activation(OpVariant variant, std::int64_t width) {
  Operator op = gemm(1, width, 1, "bf16");
  op.kind = OpKind::activation;
  op.variant = variant;
  op.hasWeights = false;
  return op;
}

TEST(LookUpTables, OneRowServesAllValues) {
  const auto device = deviceOf("gddr6-aim");
  const auto program = lower(*device, activation(OpVariant::gelu, 11008));
  const auto& p = dynamic_cast<const NearBankDevice&>(*device).params();
  const auto& op = dynamic_cast<const NearBankProgram&>(*program).operators().front();
  // 32 channels of 16 banks: 22 groups of 16 values.
  const Tally t = tallyOf(op.sequence, p);
  EXPECT_EQ(t.lookups, 22);
  EXPECT_EQ(t.bufferWrites, 22);
  EXPECT_EQ(t.registerReads, 22);
  EXPECT_EQ(t.macRows, 1);
  std::int64_t activates = 0, opened = 0, looked = 0;
  dram::CommandLog log;
  pim::nearbank::Channel(p, pim::nearbank::Channel::Level::commands, false, true)
      .run(op.sequence, &log);
  for (const dram::CommandRecord& c : log.records()) {
    activates += c.kind == dram::CommandKind::ACT;
    if (c.kind == dram::CommandKind::ACT) opened = c.time.ps;
    if (c.kind == dram::CommandKind::AF && looked == 0) looked = c.time.ps;
  }
  EXPECT_EQ(activates, 1);
  EXPECT_EQ(looked - opened, 43000);
}

TEST(LookUpTables, ReplaceTheHostForFunctionsOfOneValue) {
  const auto with = deviceOf("gddr6-aim"),
             without = deviceOf("gddr6-aim", {{"unit.lookupTables", "false"}});
  for (const OpVariant v :
       {OpVariant::relu, OpVariant::gelu, OpVariant::sigmoid, OpVariant::tanh}) {
    EXPECT_EQ(with->support(activation(v, 64)).level, Support::Level::native);
    EXPECT_EQ(without->support(activation(v, 64)).level, Support::Level::refused);
  }
  EXPECT_EQ(with->support(activation(OpVariant::siluMul, 64)).level, Support::Level::refused);
  EXPECT_THROW(deviceOf("gddr6-aim", {{"timing.tRCDAF", "0 ns"}}), InputError);
}

TEST(LookUpTables, LevelsAgree) {
  const auto device = deviceOf("gddr6-aim");
  const auto& p = dynamic_cast<const NearBankDevice&>(*device).params();
  for (const std::int64_t n : {1, 513, 4096, 100000}) {
    const auto program = lower(*device, activation(OpVariant::gelu, n));
    const Sequence& s = dynamic_cast<const NearBankProgram&>(*program).operators().front().sequence;
    const double detail =
        toSeconds(pim::nearbank::Channel(p, pim::nearbank::Channel::Level::commands, false, true)
                      .run(s)
                      .time)
            .value;
    EXPECT_NEAR(
        toSeconds(pim::nearbank::Channel(p, pim::nearbank::Channel::Level::groups, true, true)
                      .run(s)
                      .time)
            .value,
        detail, 0.01 * detail)
        << n;
    EXPECT_NEAR(toSeconds(phaseTable(s, p, true).time()).value, detail, 0.02 * detail) << n;
  }
}

double tokens(const Sets& sets) {
  return phaseOf(llmRun("neupims", "llama2-7b", sets), "decode").tokensPerS;
}

TEST(Interleaving, HidesAttentionOfLargeBatches) {
  const Sets large = {{"workload.batch", "128"},
                      {"workload.prompt", "2000"},
                      {"workload.generate", "2"},
                      {"device.bank.capacity", "400 GB"}};
  Sets off = large, naive = large;
  off.emplace_back("device.outside.interleave", "false");
  naive.emplace_back("device.outside.interleave", "false");
  naive.emplace_back("device.outside.dualRowBuffer", "false");
  Sets on = large;
  EXPECT_GT(tokens(on), 1.02 * tokens(off));
  EXPECT_GE(tokens(off), tokens(naive));
}

TEST(Interleaving, OneSequenceIsNotSplit) {
  const Sets one = {{"workload.prompt", "500"}, {"workload.generate", "2"}};
  Sets off = one;
  off.emplace_back("device.outside.interleave", "false");
  EXPECT_EQ(tokens(one), tokens(off));
}

TEST(Interleaving, IsNeverSlowerThanOneByOne) {
  for (const char* batch : {"2", "3", "8", "17", "64"})
    for (const char* prompt : {"16", "300", "1500"}) {
      const Sets sets = {{"workload.batch", batch},
                         {"workload.prompt", prompt},
                         {"workload.generate", "2"},
                         {"device.bank.capacity", "400 GB"}};
      Sets off = sets;
      off.emplace_back("device.outside.interleave", "false");
      EXPECT_GE(tokens(sets), 0.999 * tokens(off)) << batch << " " << prompt;
    }
}

TEST(Interleaving, WorkAndAttributionAddUp) {
  const Sets sets = {{"workload.batch", "129"},
                     {"workload.prompt", "1000"},
                     {"workload.generate", "1"},
                     {"device.bank.capacity", "400 GB"}};
  const Experiment e = llmExperiment("neupims", "llama2-7b", sets);
  const auto& device = dynamic_cast<const NearBankDevice&>(*e.platform->device.device);
  for (const Phase& phase : e.workload->phases) {
    if (phase.kind != PhaseKind::decode) continue;
    std::vector<OpId> mine;
    for (const OpId id : phase.graph.order())
      if (device.support(phase.graph.at(id)).level != Support::Level::refused) mine.push_back(id);
    bool found = false;
    for (const auto& region : device.partition(phase.graph, mine)) {
      if (region.size() < 2) continue;
      found = true;
      const auto program = *device.lower({phase.graph, region, phase.kind});
      const Profile profile = device.estimate(*program);
      Ticks attributed;
      EnergyCounts energy;
      for (const OperatorShare& share : profile.shares) {
        attributed += share.attributed;
        energy.add(share.energy);
      }
      EXPECT_EQ(profile.shares.size(), region.size());
      EXPECT_EQ(attributed, profile.alone());
      EXPECT_GE(profile.alone(), program->lowerBound());
      EXPECT_NEAR(joules(device, energy), dynamicJoules(device, profile), 1e-12);
      std::int64_t macs = 0, expected = 0;
      for (const NearBankOp& stage : dynamic_cast<const NearBankProgram&>(*program).operators())
        macs += stage.macs;
      for (const OpId id : region) expected += costOf(phase.graph.at(id)).macs;
      EXPECT_EQ(macs, expected);
    }
    EXPECT_TRUE(found);
  }
}

}  // namespace
}  // namespace wattlas::pim_test
