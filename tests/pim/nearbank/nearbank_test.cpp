// Devices whose banks multiply: published figures, bounds, monotony, formats, energy, reactions.
#include "pim/nearbank/device.h"
#include "tests/pim/perturbation.h"

namespace wattlas::pim_test {
namespace {

const char* const floats[] = {"hbm-pim",       "gddr6-aim", "attacc-bank", "attacc-bg",
                              "attacc-buffer", "neupims",   "cent-x8"};

double estimated(const Device& device, const Operator& op) {
  return toSeconds(device.estimate(*lower(device, op)).alone()).value;
}

double coefficient(const Device& device, const std::string& id) {
  for (const Coefficient& c : device.energy().all())
    if (c.id == id) return c.perCount.value.value;
  throw std::logic_error("no coefficient " + id);
}

TEST(NearBank, AWeightBitCostsWhatTheTableOfItsPlaceSays) {
  // Energy table of scale-snu/attacc_simulator, pJ/bit with its share of the activation.
  const std::pair<const char*, double> table[] = {
      {"attacc-bank", 0.55}, {"attacc-bg", 1.56}, {"attacc-buffer", 3.29}};
  for (const auto& [id, reference] : table) {
    const auto device = deviceOf(id);
    const auto& p = dynamic_cast<const pim::nearbank::NearBankDevice&>(*device).params();
    double joules = coefficient(*device, "dram.activation") / p.rowBits.value.value +
                    coefficient(*device, "dram.cell");
    if (p.place() != pim::nearbank::MacPlacement::bank)
      joules += coefficient(*device, "path.bankGroup");
    if (p.place() == pim::nearbank::MacPlacement::bufferDie)
      joules += coefficient(*device, "path.io") + coefficient(*device, "path.tsv");
    EXPECT_NEAR(joules * 1e12, reference, 1e-6) << id;
    EXPECT_NEAR(coefficient(*device, "unit.mac") * 1e12, 0.32, 1e-6) << id;
  }
  const auto neupims = deviceOf("neupims");
  EXPECT_NEAR(coefficient(*neupims, "dram.macCommand") /
                  dynamic_cast<const pim::nearbank::NearBankDevice&>(*neupims)
                      .params()
                      .energy.readBurst.value.value,
              4, 1e-6);  // COMP over a read burst in NewtonSim
}

TEST(NearBank, NoLevelBeatsTheBound) {
  for (const char* id : floats) {
    const auto device = deviceOf(id);
    for (const Operator& op : {gemm(1, 1, 1, "fp16"), gemm(1, 4096, 4096, "fp16"),
                               gemm(5, 1000, 700, "fp16"), attention(32, 500, "fp16")}) {
      const auto program = lower(*device, op);
      EXPECT_GE(device->estimate(*program).alone(), program->lowerBound());
      for (const Fidelity f : {Fidelity::event, Fidelity::detailed})
        EXPECT_GE(device->simulate(*program, f).alone(), program->lowerBound()) << id << nameOf(f);
    }
  }
}

TEST(NearBank, MoreOrFasterUnitsAreNeverSlower) {
  const Operator op = gemm(2, 5000, 3000, "fp16");
  const auto time = [&](const char* id, const Sets& sets) {
    return estimated(*deviceOf(id, sets), op);
  };
  for (const char* id : {"hbm-pim", "gddr6-aim", "attacc-bank"}) {
    const double base = time(id, {});
    EXPECT_LE(time(id, {{"bank.column", "512 bit"}}), base) << id;  // lanes and width
    EXPECT_GE(time(id, {{"bank.column", "128 bit"}}), base) << id;
    EXPECT_GE(time(id, {{"timing.tMAC", "8 ns"}}), base) << id;  // issue interval
    EXPECT_LE(time(id, {{"timing.tMAC", "0.9 ns"}}), base) << id;
  }
  EXPECT_GT(time("gddr6-aim", {{"bank.units", "8"}}), time("gddr6-aim", {}));
  EXPECT_GT(time("attacc-bg", {}), time("attacc-bank", {}));
  EXPECT_GT(time("attacc-buffer", {}), time("attacc-bg", {}));
}

TEST(NearBank, ASecondRowBufferLetsTheMatrixUnitReadMeanwhile) {
  const auto one = deviceOf("neupims", {{"outside.dualRowBuffer", "false"}}),
             two = deviceOf("neupims");
  bool gained = false;
  for (const std::int64_t m : {1, 2, 4, 8, 64}) {
    const Operator op = gemm(m, 12288, 4096, "fp16");
    const double single = estimated(*one, op), dual = estimated(*two, op);
    EXPECT_LE(dual, single * 1.0001) << m;
    gained = gained || dual < 0.95 * single;
  }
  EXPECT_TRUE(gained);
}

TEST(NearBank, FormatsAreTakenWidenedOrRefused) {
  const auto level = [](const char* id, const char* format) {
    return deviceOf(id)->support(gemm(1, 64, 64, format)).level;
  };
  EXPECT_EQ(level("hbm-pim", "fp16"), Support::Level::native);
  EXPECT_EQ(level("gddr6-aim", "bf16"), Support::Level::native);
  EXPECT_EQ(level("hbm-pim", "int8"), Support::Level::emulated);
  EXPECT_EQ(level("hbm-pim", "fp32"), Support::Level::refused);
  EXPECT_EQ(level("simdram-ddr4", "int8"), Support::Level::native);
  EXPECT_EQ(level("simdram-ddr4", "fp16"), Support::Level::refused);
  // A widened format costs what the unit's own costs.
  const auto hbm = deviceOf("hbm-pim");
  EXPECT_EQ(estimated(*hbm, gemm(1, 4096, 4096, "int8")),
            estimated(*hbm, gemm(1, 4096, 4096, "fp16")));
}

TEST(NearBank, BitSerialProductsGrowWithTheSquareOfTheBits) {
  const auto device = deviceOf("simdram-ddr4");
  const double four = estimated(*device, gemm(1, 4096, 4096, "int4")),
               eight = estimated(*device, gemm(1, 4096, 4096, "int8"));
  EXPECT_GT(eight, 2 * four);
  EXPECT_LT(eight, 6 * four);
}

TEST(NearBank, ProductsBesideTheBanksSaveEnergyOfThePath) {
  const Operator op = gemm(1, 4096, 4096, "fp16");
  double last = 0;
  for (const char* id : {"attacc-bank", "attacc-bg", "attacc-buffer"}) {
    const auto device = deviceOf(id);
    const double joules = dynamicJoules(*device, device->estimate(*lower(*device, op)));
    EXPECT_GT(joules, last) << id;
    last = joules;
  }
}

TEST(NearBank, PhasesOfASingleOperatorAreListed) {
  const auto device = deviceOf("hbm-pim");
  const Profile p = device->estimate(*lower(*device, gemm(1, 4096, 4096, "fp16")));
  const auto has = [&](const std::string& key) {
    for (const Assumption& a : p.assumptions)
      if (a.key == key) return true;
    return false;
  };
  for (const char* key :
       {"phase.park in", "phase.mode switch", "phase.program load", "phase.input to registers",
        "phase.multiply-accumulate", "phase.accumulators to bank", "phase.refresh"})
    EXPECT_TRUE(has(key)) << key;
}

TEST(NearBank, EveryParameterMattersSomewhere) {
  Operator norm = gemm(16, 4096, 1, "fp16");
  norm.kind = OpKind::norm;
  norm.variant = OpVariant::rms;
  norm.hasWeights = false;
  const std::vector<Operator> ops = {gemm(1, 4096, 4096, "fp16"), gemm(300, 4096, 4096, "fp16"),
                                     attention(32, 500, "fp16"), gemm(1, 8192, 16, "fp16"), norm};
  const auto device = deviceOf("neupims");
  for (const ParameterRecord& p : device->config().parameters) {
    if (p.dimension == Dimension::count || p.value == 0) continue;
    // Read commands of single columns and modes belong to other command sets.
    const bool other = p.path.starts_with("rows.") || p.path.ends_with("tWTP") ||
                       p.path.ends_with("tRCDWR") || p.path.ends_with("tRTW") ||
                       p.path.ends_with("tWTR") || p.path.ends_with("refresh.phase");
    if (other) continue;
    EXPECT_TRUE(react("neupims", {}, p, ops).any()) << p.path;
  }
}

}  // namespace
}  // namespace wattlas::pim_test
