// Host transfers and the rank's TLM socket.
#include <cstring>

#include "pim/upmem/device.h"
#include "pim/upmem/sim/host_link.h"
#include "pim/upmem/sim/rank_module.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

const pim::UpmemParams& paramsOf(const Device& device) {
  return dynamic_cast<const pim::UpmemDevice&>(device).params();
}

/// One rank behind a host link.
struct System : sc_core::sc_module {
  System(const sc_core::sc_module_name& name, const pim::UpmemParams& params)
      : sc_core::sc_module(name), rank("rank", params, false), link("link", params) {
    link.connect(rank);
  }
  pim::RankModule rank;
  pim::HostLinkModule link;
};

TEST(HostTransfer, GrowsWithSizeAndPopulation) {
  const auto device = deviceOf("upmem-server");
  const pim::HostTransfers& law = paramsOf(*device).host;
  double last = 0;
  for (std::int64_t size = 8; size < (1 << 28); size *= 3) {
    const double now = law.copy(CopyPattern::scatter, true, 64, size).value;
    EXPECT_GE(now, last);
    last = now;
  }
  for (const std::int64_t dpus : {1, 8, 32, 64, 100, 640, 2560, 5120})
    EXPECT_LE(law.copy(CopyPattern::scatter, true, dpus, 1 << 20).value,
              law.copy(CopyPattern::scatter, true, dpus * 2, 1 << 20).value * 1.0000001)
        << dpus;
}

TEST(HostTransfer, MeetsItsTableAtTheKnots) {
  const auto device = deviceOf("upmem-server");
  const pim::HostTransfers& law = paramsOf(*device).host;
  const auto micros = [&](bool to, std::int64_t dpus, std::int64_t size) {
    return 1e6 * law.copy(to ? CopyPattern::scatter : CopyPattern::gather, to, dpus, size).value;
  };
  EXPECT_NEAR(micros(true, 256, 32768), 1000, 1e-6);
  EXPECT_NEAR(micros(true, 2560, 33554432), 1717900, 1e-3);
  EXPECT_NEAR(micros(false, 64, 1048576), 20051, 1e-6);
  EXPECT_NEAR(micros(false, 2560, 1024), 949, 1e-6);
}

TEST(HostTransfer, OneDpuMovesItsPartAtItsOwnRate) {
  const auto device = deviceOf("upmem-dpu");
  const pim::HostTransfers& law = paramsOf(*device).host;
  // 32 MB at 0.33 GB/s (PrIM, one DPU), far below the time of a whole rank.
  EXPECT_NEAR(law.copy(CopyPattern::scatter, true, 1, 33554432).value, 33554432 / 0.33e9, 1e-3);
  EXPECT_LT(law.copy(CopyPattern::gather, false, 1, 33554432),
            law.copy(CopyPattern::gather, false, 64, 33554432));
}

TEST(HostTransfer, BroadcastBeatsEqualParts) {
  const auto device = deviceOf("upmem-dimm");
  const pim::HostTransfers& law = paramsOf(*device).host;
  EXPECT_LT(law.copy(CopyPattern::broadcast, true, 128, 1 << 20),
            law.copy(CopyPattern::scatter, true, 128, 1 << 20));
}

TEST(Rank, HostWindowKeepsWhatWasWrittenAndAnnotatesTime) {
  const auto device = deviceOf("upmem-dimm");
  pim::RankModule rank("rank", paramsOf(*device), false);
  unsigned char out[16], in[16];
  for (int i = 0; i < 16; ++i) out[i] = static_cast<unsigned char>(i * 7);
  tlm::tlm_generic_payload t;
  t.set_address(5 * pim::RankModule::window + 4090);
  t.set_data_length(16);
  t.set_streaming_width(16);
  t.set_data_ptr(out);
  t.set_write();
  sc_core::sc_time delay;
  rank.b_transport(t, delay);
  EXPECT_TRUE(t.is_response_ok());
  EXPECT_GT(delay, sc_core::SC_ZERO_TIME);
  t.set_data_ptr(in);
  t.set_read();
  t.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  rank.b_transport(t, delay);
  EXPECT_EQ(std::memcmp(in, out, 16), 0);
  t.set_address(64 * pim::RankModule::window);
  rank.b_transport(t, delay);
  EXPECT_EQ(t.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(Rank, MramIsClosedToTheHostWhileDpusRun) {
  const auto device = deviceOf("upmem-dimm");
  System system("system", paramsOf(*device));
  pim::RankModule& rank = system.rank;
  pim::HostLinkModule& link = system.link;
  pim::TileLoop loop;
  loop.tiles = 16;
  loop.tile.instructions = 100;
  pim::Kernel kernel;
  kernel.classes.push_back({64, {{loop}, false, {}}});
  ASSERT_TRUE(link.launch(0, kernel, std::vector<int>(64, 0)));
  EXPECT_TRUE(rank.running());
  EXPECT_FALSE(link.launch(0, kernel, std::vector<int>(64, 0)));
  unsigned char byte = 0;
  tlm::tlm_generic_payload t;
  t.set_address(0);
  t.set_data_length(1);
  t.set_streaming_width(1);
  t.set_data_ptr(&byte);
  t.set_read();
  sc_core::sc_time delay;
  rank.b_transport(t, delay);
  EXPECT_EQ(t.get_response_status(), tlm::TLM_COMMAND_ERROR_RESPONSE);
  sc_core::sc_start();
  EXPECT_FALSE(rank.running());
  rank.b_transport(t, delay);
  EXPECT_TRUE(t.is_response_ok());
}

TEST(Patterns, DifferentRanksAreNeverFolded) {
  const auto device = deviceOf("upmem-server");
  pim::Kernel kernel;
  kernel.classes = {{100, {}}, {2000, {}}};
  const auto folded = pim::patternsOf(kernel, paramsOf(*device), true);
  // one whole rank of the first class, a mixed one, whole ones of the second, a partly idle one
  ASSERT_EQ(folded.size(), 4u);
  EXPECT_EQ(folded[0].ranks, 1);
  EXPECT_EQ(folded[2].ranks, 30);
  std::int64_t ranks = 0;
  for (const auto& p : folded) ranks += p.ranks;
  EXPECT_EQ(ranks,
            static_cast<std::int64_t>(pim::patternsOf(kernel, paramsOf(*device), false).size()));
}

}  // namespace
}  // namespace wattlas::pim_test
