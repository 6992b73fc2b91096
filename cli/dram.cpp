// wattlas dram run | list
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "models/base/atomic_file.h"
#include "models/dram/command_log.h"
#include "models/dram/memory.h"
#include "models/energy.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

const char* const energyScope =
    "device: core (activation, column access, refresh, standby), input/output and termination of "
    "all DRAM devices; without controller, PHY logic and voltage regulators";

struct DramOptions {
  std::string spec, traceIn, fidelity = "event", commands, trace, footprint;
  std::vector<std::string> sets;
  dram::Traffic traffic;
  std::size_t limit = 5'000'000, keep = 2'000'000;
  bool json = false;

  dram::DramSpec loadSpec(const Context& context) const {
    std::vector<std::pair<std::string, ConfigNode>> over;
    for (const std::string& text : sets) {
      auto [key, value] = parseAssignment(text);
      if (!key.starts_with("controller.")) over.emplace_back(std::move(key), std::move(value));
    }
    return dram::loadDramSpec(context.path, spec, over);
  }

  dram::ControllerParams controller() const {
    ConfigNode tree = ConfigNode::ofMap();
    for (const std::string& text : sets) {
      const auto [key, value] = parseAssignment(text);
      if (key.starts_with("controller.")) tree.set(key.substr(11), value);
    }
    dram::ControllerParams params;
    Problems problems;
    bindConfig(tree, "controller", problems, [&](Binder& b) { params.bind(b); });
    problems.finish();
    return params;
  }

  std::vector<dram::Access> requests(const dram::DramMemory& memory) const {
    if (!traceIn.empty()) {
      auto list = dram::readRequests(traceIn, memory.clocks().clock, limit);
      std::size_t beyond = 0;
      for (const dram::Access& a : list) beyond += a.address >= memory.map().bytes();
      if (beyond > 0)
        spdlog::warn("{} of {} addresses lie beyond the memory of {} and wrap around", beyond,
                     list.size(), format(bytes(static_cast<double>(memory.map().bytes()))));
      return list;
    }
    dram::Traffic t = traffic;
    if (!footprint.empty()) {
      const double size = parseQuantity(footprint, Dimension::information) / 8;
      if (!(size >= 1 && size < 1e18))
        throw errorAt("--footprint", "impossible size", "1 B to 1 EB");
      t.bytes = static_cast<std::uint64_t>(size);
    }
    return dram::makeTraffic(t, memory.map());
  }

  void run(Context& context) const;
};

Json commandCounts(const dram::MemoryResult& r) {
  const dram::ChannelStats& t = r.total;
  return {{"ACT", t.activates},
          {"RD", t.reads},
          {"WR", t.writes},
          {"PRE", t.precharges},
          {"auto_precharge", t.autoPrecharges},
          {"REF", t.refreshes},
          {"REFb", t.bankRefreshes}};
}

/// Under the names that all results use; a DRAM has no other parts.
Joules energyOf(const dram::DramLedger& ledger, Category category) {
  using dram::EnergyPart;
  static const std::map<Category, EnergyPart> parts = {
      {Category::activation, EnergyPart::activation},
      {Category::array, EnergyPart::column},
      {Category::refresh, EnergyPart::refresh},
      {Category::link, EnergyPart::io},
      {Category::leakage, EnergyPart::standby}};
  const auto part = parts.find(category);
  return part == parts.end() ? Joules(0) : ledger.of(part->second);
}

Json breakdown(const dram::DramLedger& ledger) {
  Json out = Json::object();
  for (int c = 0; c < categoryCount; ++c) {
    const auto category = static_cast<Category>(c);
    out[nameOf(category)] = rounded(energyOf(ledger, category).value);
  }
  return out;
}

Json ledgerRows(const dram::DramLedger& ledger) {
  Json cells = Json::array();
  for (const dram::LedgerCell& cell : ledger.cells()) {
    const dram::EnergyCoefficient& c = ledger.energy().all[cell.coefficient];
    Json row = {{"channel", cell.channel}};
    row["rank"] = cell.rank < 0 ? Json(nullptr) : Json(cell.rank);
    row["coefficient"] = c.id;
    row["count"] = cell.count;
    row["energy_j"] = rounded(ledger.of(cell).value);
    cells.push_back(std::move(row));
  }
  return cells;
}

Json coefficientRows(const dram::DramLedger& ledger) {
  Json out = Json::array();
  for (const dram::EnergyCoefficient& c : ledger.energy().all)
    out.push_back({{"id", c.id},
                   {"unit", c.unit},
                   {"joules", rounded(c.each.value.value)},
                   {"low", rounded(c.each.low.value)},
                   {"high", rounded(c.each.high.value)},
                   {"basis", nameOf(c.each.basis)},
                   {"source", c.each.source}});
  return out;
}

void DramOptions::run(Context& context) const {
  const dram::DramSpec dramSpec = loadSpec(context);
  dram::DramMemory memory(dramSpec, controller(), dram::parseLevel(fidelity));
  const std::vector<dram::Access> list = requests(memory);
  dram::CommandLog log(keep);
  const bool logging = !commands.empty() || !trace.empty();
  if (logging) memory.traceTo(&log);
  const auto begin = std::chrono::steady_clock::now();
  const dram::MemoryResult r = memory.run(list);
  const double wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (log.dropped() > 0)
    spdlog::warn("the first {} commands are kept, {} more are not (--keep)", keep, log.dropped());
  if (!commands.empty()) writeFileAtomically(commands, log.csv());
  if (!trace.empty()) writeFileAtomically(trace, log.perfetto(dramSpec.title));

  const double columns = static_cast<double>(r.total.reads + r.total.writes);
  const double hitRate = columns > 0 ? static_cast<double>(r.total.rowHits) / columns : 0;
  const double peak = dramSpec.peak().value / 8;
  const double seconds = toSeconds(r.time).value;
  if (json) {
    const Json out = {
        {"spec", spec},
        {"standard", dramSpec.standard},
        {"fidelity", fidelity},
        {"requests", {{"reads", r.total.reads}, {"writes", r.total.writes}}},
        {"bytes", r.bytes},
        {"time_s", rounded(seconds)},
        {"clocks", r.clocks},
        {"bandwidth_bytes_per_s", rounded(r.bytesPerS)},
        {"peak_bytes_per_s", rounded(peak)},
        {"read_latency_s",
         {{"mean", rounded(r.readLatencyMeanS)}, {"max", rounded(r.readLatencyMaxS)}}},
        {"row_hit_rate", rounded(hitRate)},
        {"turnarounds", r.turnarounds},
        {"refresh_share", rounded(r.refreshShare)},
        {"commands", commandCounts(r)},
        {"energy_scope", energyScope},
        {"energy_j", rounded(r.ledger.total().value)},
        {"energy_low_j", rounded(r.ledger.totalBound(false).value)},
        {"energy_high_j", rounded(r.ledger.totalBound(true).value)},
        {"power_avg_w", rounded(seconds > 0 ? r.ledger.total().value / seconds : 0)},
        {"energy_breakdown_j", breakdown(r.ledger)},
        {"ledger", ledgerRows(r.ledger)},
        {"coefficients", coefficientRows(r.ledger)},
        {"host",
         {{"wall_s", wall},
          {"events", r.total.steps},
          {"requests_per_s", wall > 0 ? columns / wall : 0}}}};
    fmt::print("{}\n", out.dump(1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  fmt::print("{} ({}), {}\n", dramSpec.title, dramSpec.standard, fidelity);
  fmt::print("{} reads, {} writes in {}: {} of {} ({:.1f} %)\n", r.total.reads, r.total.writes,
             format(Seconds(seconds)), format(BitRate(8 * r.bytesPerS)), format(BitRate(8 * peak)),
             100 * r.bytesPerS / peak);
  fmt::print("read latency {} mean, {} longest; row hits {:.1f} %, {} turnarounds\n",
             format(Seconds(r.readLatencyMeanS)), format(Seconds(r.readLatencyMaxS)), 100 * hitRate,
             r.turnarounds);
  fmt::print("{} ACT, {} PRE, {} automatic, {} REF, {} bank-wise: {:.2f} % of time in refresh\n",
             r.total.activates, r.total.precharges, r.total.autoPrecharges, r.total.refreshes,
             r.total.bankRefreshes, 100 * r.refreshShare);
  fmt::print("energy {} ({} to {}), {:.3g} pJ/bit\n", format(r.ledger.total()),
             format(r.ledger.totalBound(false)), format(r.ledger.totalBound(true)),
             r.bytes > 0 ? r.ledger.total().value / r.bytes / 8 * 1e12 : 0);
  for (int c = 0; c < categoryCount; ++c) {
    const auto category = static_cast<Category>(c);
    const Joules part = energyOf(r.ledger, category);
    if (part.value > 0)
      fmt::print("  {:<11} {:>10}  {:4.1f} %\n", nameOf(category), format(part),
                 100 * (part / r.ledger.total()));
  }
  fmt::print("scope {}\n", energyScope);
  fmt::print("{} decisions, {:.2f} million requests per second of host time\n", r.total.steps,
             wall > 0 ? columns / wall * 1e-6 : 0);
}

void list(const Context& context) {
  fmt::print("{:<14} {:>10} {:>12} {:>9}  {}\n", "spec", "channels", "peak", "size", "title");
  for (const std::string& id : dram::dramSpecIds(context.path)) {
    const dram::DramSpec s = dram::loadDramSpec(context.path, id);
    fmt::print("{:<14} {:>10} {:>12} {:>9}  {}\n", id, s.organisation.allChannels(),
               format(s.peak()), format(bytes(static_cast<double>(s.organisation.bytes()))),
               s.title);
  }
}

}  // namespace

void addDram(CLI::App& app, Context& context) {
  CLI::App* sub = app.add_subcommand("dram", "Run requests on a DRAM with its controller");
  sub->require_subcommand(1);
  sub->footer("Example:\n  wattlas dram run --spec ddr4-3200 --pattern random --writes 0.3");
  auto o = std::make_shared<DramOptions>();

  CLI::App* run = sub->add_subcommand("run", "Run a pattern or a request file");
  run->footer(
      "Example:\n  wattlas dram run --spec ddr5-6400 --pattern random --requests 20000 "
      "--set controller.page=closed --commands commands.csv --trace banks.json");
  run->add_option("--spec", o->spec, "Specification: an id of 'wattlas dram list' or a YAML file")
      ->required();
  auto* in = run->add_option("--trace-in", o->traceIn,
                             "Requests: CSV with time,command,address (clocks or '12 ns', R or W)");
  run->add_option("--pattern", o->traffic.pattern, "stream, random, strided, rows or mixed")
      ->excludes(in);
  run->add_option("--requests", o->traffic.requests, "Number of requests of the pattern");
  run->add_option("--writes", o->traffic.writeShare, "Share of writes, 0 to 1");
  run->add_option("--stride", o->traffic.stride, "Bytes between requests (strided)");
  run->add_option("--interval", o->traffic.interval,
                  "Timing between requests; 0 = as fast as the queues take them");
  run->add_option("--footprint", o->footprint, "Part of the memory that is used, such as 64MiB");
  run->add_option("--seed", o->traffic.seed, "Seed of random patterns");
  run->add_option("--fidelity", o->fidelity, "event (groups) or detailed (every command)");
  repeated(run->add_option("--set", o->sets,
                           "KEY=VALUE of the specification (timing.tRCD='14 ns') or the controller "
                           "(controller.page=closed)"));
  run->add_option("--commands", o->commands, "Write every command as CSV");
  run->add_option("--trace", o->trace, "Write a timeline of the banks for ui.perfetto.dev");
  run->add_option("--keep", o->keep, "Commands kept for --commands and --trace");
  run->add_option("--max-requests", o->limit, "Largest request file that is read");
  run->add_flag("--json", o->json, "Print one JSON object");
  run->callback([o, &context] { o->run(context); });

  CLI::App* all = sub->add_subcommand("list", "Specifications that can be run");
  all->footer("Example:\n  wattlas dram list");
  all->callback([&context] { list(context); });
}

}  // namespace wattlas
