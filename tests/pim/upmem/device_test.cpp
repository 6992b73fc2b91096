// UPMEM memory as a device: bounds, folds, ledger, determinism, refusals.
#include "tests/pim/agreement.h"

namespace wattlas::pim_test {
namespace {

std::vector<Operator> zoo() {
  std::vector<Operator> ops;
  for (const char* f : {"int8", "fp16", "w4a8", "ternary", "binary"})
    ops.push_back(gemm(1, 1000, 700, f));
  ops.push_back(gemm(16, 300, 512, "int8"));
  ops.push_back(attention(32, 200, "int8"));
  Operator norm = gemm(4, 512, 1, "int8");
  norm.kind = OpKind::norm;
  norm.variant = OpVariant::rms;
  ops.push_back(norm);
  Operator act = norm;
  act.kind = OpKind::activation;
  act.variant = OpVariant::gelu;
  ops.push_back(act);
  Operator conv;
  conv.name = "conv";
  conv.kind = OpKind::conv1d;
  conv.dims[Dim::cin] = 8;
  conv.dims[Dim::cout] = 16;
  conv.dims[Dim::width] = 936;
  conv.dims[Dim::kernelWidth] = 5;
  conv.formats = parseTensorFormats("int8");
  ops.push_back(conv);
  return ops;
}

TEST(Upmem, EventAndClosedFormRespectTheBoundAndAgree) {
  const auto all = devicesOf({"upmem-dimm", "upmem-samac-col64", "upmem-samac-row"});
  for (const auto& device : all) {
    const std::string& id = device->info().title;
    for (const Operator& op : zoo()) {
      const auto program = lower(*device, op);
      const Profile a = device->estimate(*program), e = device->simulate(*program, Fidelity::event);
      EXPECT_GE(a.alone(), program->lowerBound()) << id << " " << nameOf(op.kind);
      EXPECT_GE(e.alone(), program->lowerBound()) << id << " " << nameOf(op.kind);
      EXPECT_NEAR(toSeconds(e.alone()).value / toSeconds(a.alone()).value, 1.0, 0.15)
          << id << " " << nameOf(op.kind) << " " << op.formats.name;
      EXPECT_GT(e.events, 0);
    }
  }
}

TEST(Upmem, SegmentsAndSharesHoldTheSameEnergyAndTime) {
  const auto device = deviceOf("upmem-dimm");
  for (const Operator& op : zoo()) {
    const Profile p = device->estimate(*lower(*device, op));
    EnergyCounts segments, shares;
    Ticks attributed;
    for (const Segment& s : p.segments) segments.add(s.energy, s.repeat);
    for (const OperatorShare& s : p.shares) {
      shares.add(s.energy);
      attributed += s.attributed;
    }
    EXPECT_EQ(segments, shares);
    EXPECT_EQ(attributed, p.alone());
  }
}

TEST(Upmem, FoldedRanksEqualUnfoldedOnes) {
  const auto folded = deviceOf("upmem-dimm", {{"ranks", "3"}});
  const auto all = deviceOf("upmem-dimm", {{"ranks", "3"}, {"fold", "off"}});
  for (const Operator& op : {gemm(1, 500, 600, "int8"), gemm(2, 150, 300, "w4a8")}) {
    const Profile x = folded->simulate(*lower(*folded, op), Fidelity::event),
                  y = all->simulate(*lower(*all, op), Fidelity::event);
    EXPECT_NEAR(toSeconds(x.alone()).value / toSeconds(y.alone()).value, 1.0, 1e-3);
    EXPECT_LT(x.events, y.events);
    EXPECT_EQ(x.shares[0].energy, y.shares[0].energy);
  }
}

TEST(Upmem, ABAGivesEqualResults) {
  const auto device = deviceOf("upmem-dimm");
  expectRepeatable(*device, gemm(1, 900, 900, "int8"), attention(16, 100, "int8"));
}

TEST(Upmem, MoreDpusAreFasterOnLargeProducts) {
  const Operator op = gemm(1, 32000, 4096, "int8");
  EXPECT_LT(analyticSeconds(*deviceOf("upmem-server"), op),
            analyticSeconds(*deviceOf("upmem-e19"), op));
  EXPECT_LT(analyticSeconds(*deviceOf("upmem-e19"), op),
            analyticSeconds(*deviceOf("upmem-dimm"), op));
}

TEST(Upmem, FloatsCostTheirSoftwareEmulation) {
  const auto device = deviceOf("upmem-dimm");
  const Operator op = gemm(1, 4096, 4096, "fp16");
  EXPECT_EQ(device->support(op).level, Support::Level::emulated);
  EXPECT_GT(analyticSeconds(*device, op),
            20 * analyticSeconds(*device, gemm(1, 4096, 4096, "int8")));
  const Profile p = device->estimate(*lower(*device, op));
  ASSERT_FALSE(p.assumptions.empty());
  EXPECT_EQ(p.assumptions[0].key, "dpu.emulation");
}

TEST(Upmem, WhatDoesNotFitADpuIsRefusedWithAReason) {
  const auto device = deviceOf("upmem-dpu");
  Graph graph;
  const OpId id = graph.add(gemm(1, 32000, 4096, "int8"));
  const auto refused = device->lower({graph, {id}, PhaseKind::inference});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Refusal::Code::capacity);
  // In units for people, with the shortfall.
  EXPECT_NE(refused.error().what.find("MB on each DPU"), std::string::npos) << refused.error().what;
  EXPECT_NE(refused.error().what.find("are missing"), std::string::npos) << refused.error().what;
  EXPECT_NE(refused.error().what.find("MRAM"), std::string::npos);
}

TEST(Upmem, ABusyDimmTakesItsPublishedPower) {
  const auto device = deviceOf("upmem-dimm");
  const Profile p = device->estimate(*lower(*device, gemm(64, 8192, 4096, "int8")));
  const double watts =
      dynamicJoules(*device, p) / toSeconds(p.alone()).value + standingWatts(*device);
  EXPECT_GT(watts, 18.0);
  EXPECT_LT(watts, 23.5);
}

TEST(Upmem, GemvStaysWithinItsEventBudget) {
  const auto all = devicesOf({"upmem-dpu", "upmem-dimm", "upmem-server"});
  for (const auto& device : all)
    EXPECT_LE(
        device->simulate(*lower(*device, gemm(1, 4096, 4096, "int8")), Fidelity::event).events,
        10000)
        << device->info().title;
}

TEST(Upmem, ManyVectorsOnOneDpuFoldToo) {
  const auto folded = deviceOf("upmem-dpu"), all = deviceOf("upmem-dpu", {{"fold", "off"}});
  for (const Operator& op : {gemm(128, 4096, 4096, "int8"), gemm(128, 512, 2048, "int8")}) {
    const Profile x = folded->simulate(*lower(*folded, op), Fidelity::event),
                  y = all->simulate(*lower(*all, op), Fidelity::event);
    EXPECT_LT(x.events, 10000);
    EXPECT_NEAR(toSeconds(x.alone()).value / toSeconds(y.alone()).value, 1.0, 1e-3);
    EXPECT_EQ(x.shares[0].energy, y.shares[0].energy);
  }
}

TEST(Upmem, BadConfigurationsNameTheKey) {
  try {
    deviceOf("upmem-dimm", {{"dpu.tasklets", "40"}, {"dpu.clok", "350 MHz"}});
    FAIL();
  } catch (const InputError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("device.dpu.tasklets"), std::string::npos) << text;
    EXPECT_NE(text.find("device.dpu.clok"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace wattlas::pim_test
