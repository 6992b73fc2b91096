#include <algorithm>

#include "models/records.h"
#include "results/print_parts.h"
#include "results/table.h"

namespace wattlas {
namespace {

constexpr std::size_t operatorsShown = 12;  // per phase
constexpr double smallestShare = 0.0005;    // of time and energy: rows below are summed up
constexpr std::size_t weakSpotsShown = 8;
constexpr std::size_t foldsShown = 5;

std::string fact(const char* name, const std::string& value) {
  return fmt::format("  {:<9}{}\n", name, value);
}

std::string headline(const RunResult& r, const TextOptions& options) {
  std::string out = styled(r.platform, Style::bold, options) + " runs " +
                    styled(r.workload, Style::bold, options) + " in " +
                    styled(r.format, Style::bold, options) + fmt::format(", batch {}\n", r.batch);
  out += styled(fmt::format("scope {}, energy by {}, fidelity {}, mapping {}, seed {}", r.scope,
                            r.energyMode, r.fidelity, r.mapping, r.seed),
                Style::dim, options) +
         '\n';
  if (const std::string note = hostNote(r.timeS > 0 ? r.hostS / r.timeS : 0); !note.empty())
    out += styled(fmt::format("! the host runs what the device refuses: {} of the time",
                              percent(r.hostS / r.timeS)),
                  Style::warn, options) +
           '\n';
  if (const std::string below = belowRequested(r); !below.empty()) {
    std::string levels;
    for (const auto& [component, level] : r.fidelityUsed)
      levels += (levels.empty() ? "" : ", ") + component + " " + level;
    out += styled(wrapped("* no " + r.fidelity + " model yet for " + below + " (" + levels +
                              "): times marked * are closed forms",
                          options.width, 2),
                  Style::warn, options) +
           '\n';
  }
  return out;
}

std::string infeasible(const RunResult& r, const TextOptions& options) {
  std::string out = '\n' + styled("INFEASIBLE", Style::bad, options) + '\n';
  for (const std::string& reason : r.reasons)
    out += "  - " + wrapped(reason, options.width - 4, 4) + '\n';
  if (r.reasons.empty()) out += "  - no reason was recorded\n";
  return out;
}

std::string totals(const RunResult& r, const TextOptions& options) {
  std::string time = styled(timeText(r.timeS), Style::bold, options);
  if (r.boundS > 0 && r.timeS < 1.005 * r.boundS)
    time += "   (at its physical bound)";
  else if (r.boundS > 0)
    time += fmt::format("   ({} its physical bound of {})", ratioText(r.timeS / r.boundS),
                        timeText(r.boundS));
  std::string out = '\n' + fact("time", time);
  out += fact("energy", styled(energyText(r.energyJ), Style::bold, options));
  out += fact("power", fmt::format("{} average, {} peak over {}", powerText(r.powerAvgW),
                                   powerText(r.powerPeakW), timeText(r.powerWindowS)));
  for (const PhaseResult& p : r.phases) {
    if (p.tokens <= 0 || p.tokensPerS <= 0) continue;
    // Networks without tokens count inferences.
    const bool whole = p.name == "inference" && p.tokens == static_cast<double>(r.batch);
    out += fact(whole ? "rate" : p.name.c_str(),
                fmt::format("{} {}s/s, {} each", plainNumber(p.tokensPerS),
                            whole ? "inference" : "token", energyText(p.energyPerTokenJ)));
  }
  if (r.areaMm2 > 0) out += fact("area", plainNumber(r.areaMm2) + " mm2");
  const auto time0 = timeByBound(r);
  const auto energy0 = energyByCategory(r);
  if (!time0.empty() && !energy0.empty())
    out += fact("decided", fmt::format("{} of the time is bound by {}, {} of the energy is {}",
                                       percent(time0[0].share), time0[0].name,
                                       percent(energy0[0].share), energy0[0].name));
  if (r.uncertainty.present) {
    const UncertaintyResult& u = r.uncertainty;
    out += fact("range",
                fmt::format("time {} .. {}, energy {} .. {} (5 % .. 95 %)", timeText(u.timeP5),
                            timeText(u.timeP95), energyText(u.energyP5), energyText(u.energyP95)));
  }
  if (r.accuracy.value)
    out += fact("accuracy", fmt::format("{} ({}; {})", percent(*r.accuracy.value), r.accuracy.kind,
                                        r.accuracy.source));
  return out;
}

std::string phases(const RunResult& r, const TextOptions& options) {
  if (r.phases.size() < 2) return {};  // the totals say it all
  TextTable table({{"phase"},
                   {"time", true},
                   {"share", true},
                   {"energy", true},
                   {"share", true},
                   {"tokens", true},
                   {"tokens/s", true},
                   {"per token", true}});
  for (const PhaseResult& p : r.phases) {
    const bool tokens = p.tokens > 0;
    table.add({p.name, timeText(p.timeS), percent(p.timeS / r.timeS), energyText(p.energyJ),
               percent(p.energyJ / r.energyJ), tokens ? plainNumber(p.tokens) : "",
               tokens ? plainNumber(p.tokensPerS) : "",
               tokens ? energyText(p.energyPerTokenJ) : ""});
  }
  return heading("Phases", options) + table.text(options);
}

std::string operators(const RunResult& r, const TextOptions& options) {
  if (r.operators.empty()) return {};
  TextTable table({{"operator", false, 30},
                   {"phase", false, 14},
                   {"device", false, 12},
                   {"times", true},
                   {"time", true},
                   {"share", true},
                   {"", false, 8},
                   {"energy", true},
                   {"share", true},
                   {"bound by"},
                   {"util.", true}});
  std::vector<std::string> order;
  for (const OperatorResult& o : r.operators)
    if (std::find(order.begin(), order.end(), o.phase) == order.end()) order.push_back(o.phase);
  for (const std::string& phase : order) {
    std::vector<const OperatorResult*> rows;
    for (const OperatorResult& o : r.operators)
      if (o.phase == phase) rows.push_back(&o);
    std::stable_sort(rows.begin(), rows.end(),
                     [](auto* a, auto* b) { return a->attributedS > b->attributedS; });
    double restTime = 0, restEnergy = 0;
    std::size_t rest = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const OperatorResult& o = *rows[i];
      const bool small = o.attributedS < smallestShare * r.timeS &&
                         o.energyJ < smallestShare * r.energyJ && rows.size() > 6;
      if (i >= operatorsShown || small) {
        ++rest;
        restTime += o.attributedS;
        restEnergy += o.energyJ;
        continue;
      }
      const bool waits = o.kind == "idle" || o.kind == "transfer";
      const bool marked = belowRequested(r, o.device);
      table.add({{o.name, waits ? Style::dim : Style::plain},
                 o.phase,
                 {o.device + (marked ? "*" : ""), marked ? Style::warn : Style::plain},
                 plainNumber(static_cast<double>(o.count)),
                 timeText(o.attributedS),
                 percent(o.attributedS / r.timeS),
                 bar(o.attributedS / r.timeS, 8),
                 energyText(o.energyJ),
                 percent(o.energyJ / r.energyJ),
                 o.bound,
                 o.macs > 0 ? percent(o.utilisation) : ""});
    }
    if (rest > 0)
      table.add({{fmt::format("{} more", rest), Style::dim},
                 phase,
                 "",
                 "",
                 timeText(restTime),
                 percent(restTime / r.timeS),
                 bar(restTime / r.timeS, 8),
                 energyText(restEnergy),
                 percent(restEnergy / r.energyJ)});
  }
  return heading("Operators", options) + table.text(options);
}

std::string energy(const RunResult& r, const TextOptions& options) {
  TextTable table({{"energy"}, {"", true}, {"share", true}, {"", false, 30}});
  for (const Share& s : energyByCategory(r))
    table.add({s.name, energyText(s.value), percent(s.share), bar(s.share, 30)});
  return table.empty() ? "" : heading("Where the energy goes", options) + table.text(options);
}

std::string memory(const RunResult& r, const TextOptions& options) {
  TextTable table({{"tier"},
                   {"resident", true},
                   {"peak", true},
                   {"capacity", true},
                   {"used", true},
                   {"", false, 16}});
  for (const TierResult& t : r.tiers) {
    const double used = t.capacityBytes > 0 ? t.peakBytes / t.capacityBytes : 0;
    table.add({t.name,
               bytesText(t.residentBytes),
               bytesText(t.peakBytes),
               t.capacityBytes > 0 ? bytesText(t.capacityBytes) : "",
               {t.capacityBytes > 0 ? percent(used) : "", used > 1 ? Style::bad : Style::plain},
               bar(used, 16)});
  }
  return table.empty() ? "" : heading("Memory", options) + table.text(options);
}

std::string assumptions(const RunResult& r, const TextOptions& options) {
  const std::vector<WeakSpot> spots = weakSpots(r);
  if (spots.empty()) return {};
  TextTable table({{"of energy", true},
                   {"assumption", false, 34},
                   {"value", false, 16},
                   {"range", false, 24},
                   {"source", false, 60}});
  for (std::size_t i = 0; i < std::min(spots.size(), weakSpotsShown); ++i) {
    const WeakSpot& s = spots[i];
    table.add({s.energyShare > 0 ? percent(s.energyShare) : "", s.key, s.value, s.range, s.source});
  }
  std::string out = heading("Assumptions that matter", options) + table.text(options);
  if (spots.size() > weakSpotsShown)
    out += styled(fmt::format("  and {} more; --json lists all", spots.size() - weakSpotsShown),
                  Style::dim, options) +
           '\n';
  return out;
}

std::string replications(const RunResult& r, const TextOptions& options) {
  if (r.replications.empty()) return {};
  TextTable table({{"times", true}, {"fold"}, {"what", false, 44}, {"allowed because", false, 60}});
  std::vector<const Replication*> order;
  for (const Replication& f : r.replications) order.push_back(&f);
  std::stable_sort(order.begin(), order.end(), [](const Replication* a, const Replication* b) {
    return a->factor > b->factor;
  });
  for (std::size_t i = 0; i < std::min(order.size(), foldsShown); ++i)
    table.add({plainNumber(static_cast<double>(order[i]->factor)), nameOf(order[i]->kind),
               order[i]->what, order[i]->guard});
  std::string out = heading("Simulated once for many", options) + table.text(options);
  if (order.size() > foldsShown)
    out += styled(fmt::format("  and {} more; --json lists all", order.size() - foldsShown),
                  Style::dim, options) +
           '\n';
  return out;
}

double numberOf(const OperatorDesign& design, const std::string& key) {
  for (const auto& [name, value] : design.numbers)
    if (name == key) return value;
  return std::nan("");
}

std::string cell(const OperatorDesign& design, const char* key) {
  const double value = numberOf(design, key);
  return std::isfinite(value) ? plainNumber(value) : "";
}

std::string foldingOf(const OperatorDesign& design) {
  if (const double reuse = numberOf(design, "reuse"); std::isfinite(reuse))
    return "reuse " + plainNumber(reuse);
  const double pe = numberOf(design, "pe"), simd = numberOf(design, "simd");
  if (!std::isfinite(pe)) return "";
  return std::isfinite(simd) ? plainNumber(pe) + " x " + plainNumber(simd) : plainNumber(pe);
}

std::string fabricTable(const DesignReport& design, const TextOptions& options) {
  TextTable table({{"fabric"},
                   {"used", true},
                   {"layers", true},
                   {"shell", true},
                   {"of board", true},
                   {"usable", true},
                   {"board", true},
                   {"", false, 20}});
  for (const FabricUse& f : design.fabric) {
    if (f.total <= 0) continue;
    const double share = f.used / f.total;
    table.add({f.name,
               plainNumber(f.used),
               plainNumber(f.used - f.shell),
               plainNumber(f.shell),
               {percent(share), f.used > f.usable ? Style::warn : Style::plain},
               plainNumber(f.usable),
               plainNumber(f.total),
               bar(std::min(share, 1.0), 20)});
  }
  return table.text(options);
}

std::string layerTable(const RunResult& r, const TextOptions& options) {
  TextTable table({{"layer", false, 24},
                   {"PE x SIMD", false, 12},
                   {"because", false, 22},
                   {"II", true},
                   {"FIFO", true},
                   {"LUT", true},
                   {"FF", true},
                   {"DSP", true},
                   {"BRAM18", true},
                   {"URAM", true}});
  for (const OperatorResult& o : r.operators) {
    if (o.design.numbers.empty()) continue;
    table.add({o.name, foldingOf(o.design), o.design.why, cell(o.design, "ii_cycles"),
               cell(o.design, "fifo_depth"), cell(o.design, "lut"), cell(o.design, "ff"),
               cell(o.design, "dsp"), cell(o.design, "bram18"), cell(o.design, "uram")});
  }
  return table.empty() ? "" : table.text(options);
}

}  // namespace

std::string printRun(const RunResult& r, const TextOptions& options) {
  std::string out = headline(r, options);
  out += r.feasible ? totals(r, options) + phases(r, options) + operators(r, options) +
                          printDesign(r, options) + energy(r, options)
                    : infeasible(r, options);
  out += memory(r, options);
  if (r.feasible) out += assumptions(r, options) + replications(r, options);
  return out;
}

std::string printStreams(const RunResult& r, const TextOptions& options) {
  TextTable table({{"stream", false, 48},
                   {"depth", true},
                   {"filled", true},
                   {"token bits", true},
                   {"word bits", true}});
  for (const StreamDesign& s : r.design.streams)
    table.add({s.name, plainNumber(s.depth), plainNumber(s.peak), plainNumber(s.tokenBits),
               plainNumber(s.wordBits)});
  return heading("Streams", options) + table.text(options);
}

std::string printDesign(const RunResult& r, const TextOptions& options) {
  const DesignReport& d = r.design;
  if (d.empty()) return {};
  std::string out = heading("Design", options);
  out += fmt::format(
      "  interval {} cycles (set by {}), latency {} cycles, {} inferences/s in steady state\n",
      plainNumber(d.iiCycles), d.bottleneck, plainNumber(d.latencyCycles),
      plainNumber(d.throughputPerS));
  return out + fabricTable(d, options) + layerTable(r, options);
}

}  // namespace wattlas
