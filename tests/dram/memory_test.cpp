// Mapping, controller policies, energy ledger, refresh: what a user of one memory relies on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <set>

#include "models/base/random.h"
#include "models/dram/command_log.h"
#include "tests/dram/specs.h"

namespace wattlas::dram {
namespace {

using ::testing::HasSubstr;

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "not refused";
}

Traffic traffic(const char* pattern, std::int64_t requests, double writes = 0) {
  Traffic t;
  t.pattern = pattern;
  t.requests = requests;
  t.writeShare = writes;
  return t;
}

class EverySpec : public testing::TestWithParam<std::string> {};

TEST_P(EverySpec, AddressesMapOneToOne) {
  const DramSpec spec = specOf(GetParam());
  for (const bool scrambled : {false, true})
    for (const char* mapping :
         {"row:rank:bank:column:bankgroup:channel", "channel:rank:bankgroup:bank:row:column",
          "row:column:rank:bank:channel:bankgroup:column1"}) {
      const AddressMap map(spec.organisation, mapping, scrambled);
      EXPECT_EQ(map.bytes(), static_cast<std::uint64_t>(spec.organisation.bytes()));
      Random random(3);
      for (int i = 0; i < 200; ++i) {
        const std::uint64_t address = random.below(map.bytes()) /
                                      static_cast<std::uint64_t>(map.accessBytes()) *
                                      static_cast<std::uint64_t>(map.accessBytes());
        const Location l = map.at(address);
        EXPECT_EQ(map.addressOf(l), address) << mapping;
        EXPECT_LT(l.bank, spec.organisation.banks());
        EXPECT_LT(l.row, spec.organisation.rows);
      }
    }
}

TEST_P(EverySpec, EveryJouleSitsInOneCell) {
  const DramSpec spec = specOf(GetParam());
  ControllerParams params;
  CommandLog log;
  const MemoryResult r = runTraffic(spec, params, Level::event, traffic("mixed", 3000, 0.3), &log);
  Joules cells, categories;
  std::set<std::tuple<int, int, std::size_t>> names;
  for (const LedgerCell& cell : r.ledger.cells()) {
    cells += r.ledger.of(cell);
    EXPECT_TRUE(names.insert({cell.channel, cell.rank, cell.coefficient}).second) << "two cells";
  }
  for (int p = 0; p <= static_cast<int>(EnergyPart::io); ++p)
    categories += r.ledger.of(static_cast<EnergyPart>(p));
  EXPECT_NEAR(categories.value / cells.value, 1, 1e-12);
  EXPECT_DOUBLE_EQ(cells.value, r.ledger.total().value);
  EXPECT_LE(r.ledger.totalBound(false), r.ledger.total());
  EXPECT_GE(r.ledger.totalBound(true), r.ledger.total());
  // The same joules out of the command trace, counted independently.
  std::int64_t acts = 0, columns = 0, refreshes = 0;
  for (const CommandRecord& c : log.sorted()) {
    acts += c.kind == CommandKind::ACT;
    columns += isRead(c.kind) || isWrite(c.kind);
    refreshes += c.kind == CommandKind::REF;
  }
  const auto count = [&](std::size_t id) {
    std::int64_t n = 0;
    for (const LedgerCell& cell : r.ledger.cells()) n += cell.coefficient == id ? cell.count : 0;
    return n;
  };
  const DramEnergy& e = r.ledger.energy();
  EXPECT_EQ(acts, count(e.activation));
  EXPECT_EQ(columns, count(e.readCore) + count(e.writeCore));
  EXPECT_EQ(columns, 3000);
  EXPECT_EQ(refreshes, count(e.refresh));
  EXPECT_EQ(count(e.standbyOpen) + count(e.standbyClosed),
            r.time.ps * spec.organisation.ranks * spec.organisation.allChannels());
}

TEST_P(EverySpec, AStreamTakesThePinsLessRefreshAndOneReadItsLatency) {
  const DramSpec spec = oneChannel(GetParam());
  ControllerParams plain;
  plain.refresh = "none";
  const MemoryResult alone = runTraffic(spec, plain, Level::event, traffic("stream", 10000));
  EXPECT_NEAR(alone.bytesPerS / (spec.peak().value / 8), 1, 0.02);

  ControllerParams refreshed;
  refreshed.postpone = spec.refresh.postponeLimit;
  // Whole periods of postponed refreshes, or the last one would be counted in part.
  const Timing c = timingOf(spec);
  const Traffic periods = traffic("stream", 4 * (spec.refresh.postponeLimit + 1) * c.refi / c.ccdS);
  const double left = runTraffic(spec, refreshed, Level::event, periods).bytesPerS /
                      runTraffic(spec, plain, Level::event, periods).bytesPerS;
  EXPECT_NEAR(left, 1 - spec.timing.tRFC.value / spec.timing.tREFI.value, 0.02);

  const TimingSpec& t = spec.timing;
  const double clocks = (t.splitActivate ? 1 : 0) +
                        std::ceil(t.tRCD.value.value * t.clock.value.value - 0.01) +
                        t.cl.value.value +
                        static_cast<double>(spec.organisation.burstLength) /
                            static_cast<double>(spec.organisation.beatsPerClock);
  const MemoryResult one = runTraffic(spec, plain, Level::detailed, traffic("stream", 1));
  EXPECT_NEAR(one.readLatencyMeanS * t.clock.value.value / clocks, 1, 1e-4);
}

TEST_P(EverySpec, RefreshesComeOnAverageEveryInterval) {
  const DramSpec spec = oneChannel(GetParam());
  const Timing c = timingOf(spec);
  for (const char* mode : {"all", "bank"}) {
    ControllerParams params;
    params.refresh = mode;
    if (spec.refresh.banksPerCommand == 0 && params.refresh == "bank") continue;
    Traffic t = traffic("random", 800, 0.3);
    t.interval = 40 * c.refi / 800;
    const MemoryResult r = runTraffic(spec, params, Level::event, t);
    const double periods = static_cast<double>(r.clocks) / static_cast<double>(c.refi);
    const std::int64_t units = params.refresh == "bank" ? c.refreshUnits : 1;
    const auto done = static_cast<double>(r.total.refreshes + r.total.bankRefreshes);
    EXPECT_NEAR(done, periods * static_cast<double>(units), static_cast<double>(units) + 1) << mode;
  }
}

TEST_P(EverySpec, PostponedRefreshesAreMadeUp) {
  const DramSpec spec = oneChannel(GetParam());
  const Timing c = timingOf(spec);
  ControllerParams params;
  params.postpone = spec.refresh.postponeLimit;
  const std::int64_t requests = 3 * (params.postpone + 1) * c.refi / c.ccdS;
  CommandLog log(3'000'000);
  const MemoryResult r = runTraffic(spec, params, Level::event, traffic("stream", requests), &log);
  Ticks last, longest;
  for (const CommandRecord& x : log.sorted())
    if (x.kind == CommandKind::REF) {
      longest = std::max(longest, x.time - last);
      last = x.time;
    }
  const Ticks interval = cyclesToTicks(c.refi, c.clock);
  EXPECT_GT(longest, interval * params.postpone) << "they are postponed under load";
  EXPECT_LE(longest, interval * (params.postpone + 2)) << "but not longer than allowed";
  EXPECT_GE(r.total.refreshes, 2 * (params.postpone + 1));
}

TEST_P(EverySpec, SlowerPartsAreNeverFaster) {
  const DramSpec spec = oneChannel(GetParam());
  const Clock before = runTraffic(spec, {}, Level::event, traffic("rows", 1500, 0.3)).clocks;
  const std::vector<Sourced<Seconds> Distances::*> times = {
      &TimingSpec::tRCD, &TimingSpec::tRP, &TimingSpec::tRAS, &TimingSpec::tFAW, &TimingSpec::tWR};
  for (const auto member : times) {
    DramSpec slow = spec;
    (slow.timing.*member).value *= 1.5;
    // Scheduling may gain a little by accident, never much.
    EXPECT_GE(
        static_cast<double>(runTraffic(slow, {}, Level::event, traffic("rows", 1500, 0.3)).clocks),
        0.98 * static_cast<double>(before));
  }
}

INSTANTIATE_TEST_SUITE_P(Specs, EverySpec, testing::ValuesIn(allSpecs()),
                         [](const auto& i) { return testName(i.param); });

TEST(DramController, PolicyMovesTheResult) {
  const DramSpec spec = specOf("ddr4-3200");
  ControllerParams closed, shallow, noRefresh;
  closed.page = "closed";
  shallow.readQueue = 1;
  noRefresh.refresh = "none";
  const Traffic random = traffic("random", 3000), sparse = [] {
    Traffic t = traffic("random", 500);
    t.interval = 400;
    return t;
  }();
  const MemoryResult base = runTraffic(spec, {}, Level::event, random);
  EXPECT_GT(runTraffic(spec, shallow, Level::event, random).clocks, 2 * base.clocks)
      << "one request at a time leaves the banks idle";
  EXPECT_LT(runTraffic(spec, noRefresh, Level::event, random).clocks, base.clocks);
  EXPECT_LT(runTraffic(spec, closed, Level::event, sparse).readLatencyMeanS,
            runTraffic(spec, {}, Level::event, sparse).readLatencyMeanS)
      << "random rows are better closed early";
}

/// Rows that were opened for a request serve it, whatever the direction does meanwhile.
TEST(DramController, DirectionChangesDoNotWasteActivates) {
  for (const std::string& id : allSpecs()) {
    ControllerParams params;
    params.refresh = "none";
    const MemoryResult r =
        runTraffic(oneChannel(id), params, Level::event, traffic("random", 6000, 0.33));
    EXPECT_LE(r.total.activates, 6000) << id;
  }
}

TEST(DramController, PseudoChannelsShareTheirCommandBuses) {
  const auto clocks = [](const char* channels, const char* pseudo) {
    const DramSpec spec =
        specOf("hbm3", {{"organisation.channels", ConfigNode::ofScalar(channels)},
                        {"organisation.pseudoChannels", ConfigNode::ofScalar(pseudo)}});
    return runTraffic(spec, {}, Level::event, traffic("random", 6000)).clocks;
  };
  EXPECT_GT(clocks("1", "2"), clocks("2", "1"));
}

TEST(DramController, WritesAreDrainedInGroups) {
  const DramSpec spec = specOf("ddr4-3200");
  const MemoryResult r = runTraffic(spec, {}, Level::event, traffic("random", 6000, 0.5));
  // drainStart 24, drainStop 8: at least 16 writes between two turnarounds into writing.
  EXPECT_LT(r.turnarounds, 2 * r.total.writes / 12);
  EXPECT_GT(r.turnarounds, 20);
}

TEST(DramController, AnOldRequestIsNotStarved) {
  const DramSpec spec = specOf("ddr4-3200");
  const auto longest = [&](std::int64_t cap) {
    ControllerParams params;
    params.hitCap = cap;
    DramMemory memory(spec, params, Level::event);
    // A flood of hits to one row, and one request to another row of the bank near its front.
    std::vector<Access> list;
    for (int i = 0; i < 400; ++i) {
      Location l{0, 0, 1, i % spec.organisation.accessesPerRow()};
      if (i == 20) l.row = 2;
      list.push_back({0, memory.map().addressOf(l), false});
    }
    return memory.run(list);
  };
  const MemoryResult soon = longest(4), late = longest(1 << 20);
  EXPECT_GT(soon.total.activates, late.total.activates);
}

TEST(DramController, RefusesWhatTheStandardHasNot) {
  const DramSpec ddr4 = specOf("ddr4-3200");
  ControllerParams bank, much, odd;
  bank.refresh = "bank";
  much.postpone = 9;
  odd.mapping = "row:bonk:column:bankgroup:channel";
  EXPECT_THAT(refusal([&] { DramMemory(ddr4, bank, Level::event); }),
              HasSubstr("no bank-wise refresh"));
  EXPECT_THAT(refusal([&] { DramMemory(ddr4, much, Level::event); }), HasSubstr("at most 8"));
  EXPECT_THAT(refusal([&] { DramMemory(ddr4, odd, Level::event); }),
              HasSubstr("did you mean 'bank'"));
  odd.mapping = "row:bank:column:bankgroup3:channel";
  EXPECT_THAT(refusal([&] { DramMemory(ddr4, odd, Level::event); }), HasSubstr("bankgroup3"));
  odd.mapping = "row:column:bankgroup:channel";
  EXPECT_THAT(refusal([&] { DramMemory(ddr4, odd, Level::event); }), HasSubstr("'bank' lacks"));
  DramSpec hot = specOf("lpddr5-6400");
  hot.timing.tREFI = Seconds(300e-9);
  EXPECT_THAT(refusal([&] { DramMemory(hot, {}, Level::event); }), HasSubstr("no time"));
  hot.timing.tREFI = Seconds(600e-9);
  EXPECT_THAT(refusal([&] { DramMemory(hot, bank, Level::event); }), HasSubstr("keep up"));
  odd.mapping = "";
  EXPECT_THAT(refusal([&] { DramMemory(ddr4, odd, Level::event); }), HasSubstr("lacks"));
}

TEST(DramSpecification, ReportsEveryProblem) {
  const auto bad = [](const char* key, const char* value) {
    return refusal([&] { specOf("ddr4-3200", {{key, ConfigNode::ofScalar(value)}}); });
  };
  EXPECT_THAT(bad("organisation.rows", "1000"), HasSubstr("power of two"));
  EXPECT_THAT(bad("refresh.tRFC", "9 us"), HasSubstr("tRFC up to 0.9 x tREFI"));
  EXPECT_THAT(bad("timing.tRCD", "13 pJ"), HasSubstr("timing.tRCD"));
  EXPECT_THAT(bad("timing.tRCDX", "13 ns"), HasSubstr("unknown key"));
  EXPECT_THAT(refusal([] { specOf("ddr4-3201"); }), HasSubstr("did you mean 'ddr4-3200'"));
}

TEST(DramSpecification, EveryNumberHasASource) {
  for (const std::string& id : allSpecs()) {
    const ConfigNode tree = loadConfig(*dataPath().find("memories", "dram-" + id), dataPath());
    DramSpec spec;
    Problems problems;
    const ResolvedConfig bound = bindConfig(tree, {}, problems, [&](Binder& b) { spec.bind(b); });
    problems.finish();
    for (const ParameterRecord& p : bound.parameters)
      EXPECT_FALSE(p.source.empty()) << id << " " << p.path;
    // Where nothing is published, the range says so: no assumption about energy is exact.
    for (const ParameterRecord& p : bound.parameters)
      if (p.basis == Basis::assumption && p.dimension != Dimension::time &&
          p.path.starts_with("energy.") && p.source.find("default of the model") != 0) {
        EXPECT_LT(p.low, p.high) << id << " " << p.path;
      }
    EXPECT_TRUE(dramSchema().find("tRCD") != std::string::npos);
  }
}

TEST(DramRequests, MalformedFilesNameTheLine) {
  const std::string file = testing::TempDir() + "dram-requests.csv";
  const auto read = [&](const std::string& text, std::size_t limit = 100) {
    std::ofstream(file) << text;
    return refusal([&] { readRequests(file, Hertz(1.6e9), limit); });
  };
  const std::string head = "time,command,address\n";
  EXPECT_THAT(read(""), HasSubstr("no requests"));
  EXPECT_THAT(read("a,b,c\n1,R,0\n"), HasSubstr("time,command,address"));
  EXPECT_THAT(read(head + "1,R\n"), HasSubstr(":2"));
  EXPECT_THAT(read(head + "1,R,0x10\n1,X,0\n"), HasSubstr("'X' is not a command"));
  EXPECT_THAT(read(head + "1,R,-4\n"), HasSubstr("'-4' is not an address"));
  EXPECT_THAT(read(head + "1,R,99999999999999999999999\n"), HasSubstr("is not an address"));
  EXPECT_THAT(read(head + "5,R,0\n4,R,0\n"), HasSubstr("before that of the line above"));
  EXPECT_THAT(read(head + "soon,R,0\n"), HasSubstr("'soon' is not a time"));
  EXPECT_THAT(read(head + "1e300 s,R,0\n"), HasSubstr("too large"));
  EXPECT_THAT(read(head + "30000000000,R,0\n"), HasSubstr("too large"));
  EXPECT_THAT(read(head + "1,R,0\n2,R,0\n3,R,0\n", 2), HasSubstr("more than 2 requests"));
  EXPECT_EQ(read(head + "# comment\n1,R,0x40\n12.5 ns,W,128\n"), "not refused");
  const auto list = readRequests(file, Hertz(1.6e9));
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[1].at, 20);
  EXPECT_TRUE(list[1].write);
}

TEST(CommandLog, CsvAndTimelineShowEveryCommand) {
  const DramSpec spec = specOf("ddr5-6400");
  CommandLog log;
  ControllerParams params;
  params.refresh = "bank";
  Traffic t = traffic("mixed", 400, 0.3);
  t.interval = 40;
  const MemoryResult r = runTraffic(spec, params, Level::detailed, t, &log);
  const std::string csv = log.csv(), json = log.perfetto("a \"name\"");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), r.total.commands() + 1);
  EXPECT_TRUE(csv.starts_with("time_ps,channel,rank,bank_group,bank,command,row,column\n"));
  for (const char* name :
       {"\"ACT\"", "\"RD\"", "\"WR\"", "\"PRE\"", "\"REFb\"", "channel 1 rank 0"})
    EXPECT_THAT(json, HasSubstr(name));
  CommandLog small(10);
  for (int i = 0; i < 25; ++i) small.command({});
  EXPECT_EQ(small.dropped(), 15);
  EXPECT_EQ(small.sorted().size(), 10u);
}

}  // namespace
}  // namespace wattlas::dram
