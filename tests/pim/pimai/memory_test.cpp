// The DRAM behind a streaming product: PIM-AI reads as `wattlas dram run` does on the same
// requests, and every distance that binds moves the result, here and on designs that compute in the
// banks.
#include "models/dram/memory.h"

#include "tests/dram/specs.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

using dram::specOf;

double seconds(const std::string& id, const Sets& sets, const Operator& op) {
  const auto device = deviceOf(id, sets);
  return toSeconds(device->simulate(*lower(*device, op), Fidelity::event).alone()).value;
}

ConfigNode scalar(const std::string& text) {
  return ConfigNode::ofScalar(text);
}

/// One change of the memory as a PIM-AI device and as a DRAM specification say it.
struct Change {
  const char* what;
  Sets device;
  std::vector<std::pair<std::string, ConfigNode>> spec;
  bool binds;
  double equal = 0.015;  ///< rounding to clocks moves how refreshes meet the rows that are read
};

/// Seconds that the engine takes for `bits` of a channel in order of addresses.
double engineSeconds(const Change& change, double bits) {
  // A channel of a PIM-AI chip, whose command bus is taken to be wide enough.
  std::vector<std::pair<std::string, ConfigNode>> sets = {

      {"timing.splitActivate", scalar("false")}, {"timing.activateClocks", scalar("1")},
      {"timing.tRCD", scalar("18.75 ns")},       {"timing.tRP", scalar("18.75 ns")},
      {"timing.tRPab", scalar("18.75 ns")},      {"timing.tRAS", scalar("42.5 ns")},
      {"timing.tCCD_L", scalar("2.5 ns")},       {"timing.tRTP", scalar("7.5 ns")},
      {"refresh.tRFC", scalar("280 ns")},        {"refresh.tREFI", scalar("3906.25 ns")},
      {"refresh.tRREFD", scalar("1.25 ns")},     {"refresh.tPBR2PBR", scalar("1.25 ns")}};
  for (const auto& over : change.spec) sets.push_back(over);
  const dram::DramSpec spec = specOf("lpddr5-6400", sets);
  dram::ControllerParams controller;
  controller.refresh = "bank";
  dram::DramMemory memory(spec, controller, dram::Level::event);
  std::vector<dram::Access> list(static_cast<std::size_t>(bits / 256));
  for (std::size_t i = 0; i < list.size(); ++i) list[i].address = 32 * i;
  return toSeconds(memory.run(list).time).value;
}

TEST(StreamingMemory, PimAiReadsAsTheDramEngineDoes) {
  const Operator op = gemm(1, 1024, 4096, "int8");
  const double channel = 1024.0 * 4096 * 8 / 8;  // bits of one of eight channels
  const Change base = {"as it is", {}, {}, true};
  const double before = seconds("pim-ai-1chip", {}, op);
  const Change changes[] = {
      base,
      {"tRP",
       {{"memory.bank.tRP", "150 ns"}},
       {{"timing.tRP", scalar("150 ns")}, {"timing.tRPab", scalar("150 ns")}},
       true},
      {"tRAS and 4 banks",
       {{"memory.bank.tRAS", "900 ns"}, {"memory.banks", "4"}},
       {{"timing.tRAS", scalar("900 ns")}, {"organisation.banksPerGroup", scalar("1")}},
       true},
      {"tRFCpb", {{"memory.tRFCpb", "280 ns"}}, {{"refresh.tRFCpb", scalar("280 ns")}}, true},
      {"tREFI",
       {{"memory.bank.tREFI", "1950 ns"}},
       {{"refresh.tREFI", scalar("1950 ns")}},
       true,
       0.03},
      {"tFAW", {{"memory.bank.tFAW", "1000 ns"}}, {{"timing.tFAW", scalar("1000 ns")}}, true, 0.05},
      {"8 banks", {{"memory.banks", "8"}}, {{"organisation.banksPerGroup", scalar("2")}}, false}};
  for (const Change& change : changes) {
    const double device = seconds("pim-ai-1chip", change.device, op);
    EXPECT_NEAR(device / engineSeconds(change, channel), 1, change.equal) << change.what;
    if (change.binds && !change.device.empty()) {
      EXPECT_GT(device, 1.01 * before) << change.what;
    }
  }
}

TEST(StreamingMemory, DistancesThatBindMoveDesignsInTheBanks) {
  const struct {
    const char *device, *path, *slower;
  } cases[] = {{"hbm-pim", "timing.tRP", "28 ns"},     {"hbm-pim", "timing.tRFC", "700 ns"},
               {"hbm-pim", "timing.tREFI", "1950 ns"}, {"gddr6-aim", "timing.tRP", "32 ns"},
               {"gddr6-aim", "timing.tRAS", "200 ns"}, {"gddr6-aim", "timing.tREFI", "833 ns"}};
  const Operator op = gemm(1, 4096, 4096, "fp16");
  for (const auto& c : cases)
    EXPECT_GT(seconds(c.device, {{c.path, c.slower}, {"refresh.policy", "inProgram"}}, op),
              1.001 * seconds(c.device, {{"refresh.policy", "inProgram"}}, op))
        << c.device << " " << c.path;
}

}  // namespace
}  // namespace wattlas::pim_test
