#include <algorithm>

#include "models/base/error.h"
#include "results/print_parts.h"
#include "results/table.h"

namespace wattlas {
namespace {

using Block = std::vector<const RunResult*>;

std::vector<Block> blocksOf(const std::vector<RunResult>& results) {
  std::vector<Block> blocks;
  for (const RunResult& r : results) {
    const auto found = std::find_if(blocks.begin(), blocks.end(), [&](const Block& b) {
      return b.front()->workload == r.workload;
    });
    if (found == blocks.end())
      blocks.push_back({&r});
    else
      found->push_back(&r);
  }
  return blocks;
}

/// The first result that has numbers: what ratios refer to.
const RunResult* referenceOf(const Block& block) {
  for (const RunResult* r : block)
    if (r->feasible) return r;
  return nullptr;
}

Cell ratioCell(double value, double reference, bool isReference) {
  if (isReference) return {"1x", Style::dim};
  const double ratio = value / reference;
  return {ratioText(ratio), ratio < 0.995   ? Style::good
                            : ratio > 1.005 ? Style::bad
                                            : Style::plain};
}

std::string leadingShares(const std::vector<Share>& shares) {
  return shares.empty() ? "-" : shares.front().name;
}

/// The level of all feasible results, or nothing when they differ.
std::string commonFidelity(const Block& block) {
  std::string common;
  for (const RunResult* r : block) {
    if (!r->feasible) continue;
    const std::string own = markedFidelity(*r);
    if (!common.empty() && common != own) return {};
    common = own;
  }
  return common;
}

std::string nameWithFormat(const RunResult& r) {
  return platformText(r) + " " + r.format;
}

std::string overview(const Block& block, const TextOptions& options) {
  TextTable table({{"platform", false, 30, 23},
                   {"format", false, 14},
                   {"time", true},
                   {"ratio", true},
                   {"energy", true},
                   {"ratio", true},
                   {"average", true},
                   {"peak", true},
                   {"time is"},
                   {"energy is"},
                   {"fidelity"}});
  const RunResult* reference = referenceOf(block);
  const bool oneLevel = !commonFidelity(block).empty();
  for (const RunResult* r : block) {
    if (!r->feasible) {
      table.add({r->platform, r->format, {"infeasible", Style::bad}});
      continue;
    }
    table.add({{platformText(*r), r->hostS > 0.999 * r->timeS ? Style::warn : Style::bold},
               r->format,
               timeText(r->timeS),
               ratioCell(r->timeS, reference->timeS, r == reference),
               energyText(r->energyJ),
               ratioCell(r->energyJ, reference->energyJ, r == reference),
               powerText(r->powerAvgW),
               powerText(r->powerPeakW),
               leadingShares(timeByBound(*r)),
               leadingShares(energyByCategory(*r)),
               oneLevel ? "" : markedFidelity(*r)});
  }
  std::string out = table.text(options);
  for (const RunResult* r : block)
    if (!r->feasible)
      out += "  " + r->platform + ": " +
             wrapped(r->reasons.empty() ? "no reason was recorded" : r->reasons.front(),
                     options.width - 4 - displayWidth(r->platform), 4) +
             '\n';
  if (std::any_of(block.begin(), block.end(),
                  [](const RunResult* r) { return !belowRequested(*r).empty(); }))
    out += styled(
               "  * some component has no model of the level asked for; a closed form stands in "
               "(see run)",
               Style::warn, options) +
           '\n';
  return out;
}

std::string phaseTable(const Block& block, const TextOptions& options) {
  TextTable table({{"phase"},
                   {"platform", false, 30, 23},
                   {"format", false, 14},
                   {"time", true},
                   {"ratio", true},
                   {"energy", true},
                   {"ratio", true},
                   {"tokens/s", true},
                   {"per token", true}});
  const RunResult* reference = referenceOf(block);
  if (reference == nullptr || reference->phases.size() < 2) return {};
  for (const PhaseResult& first : reference->phases)
    for (const RunResult* r : block) {
      const PhaseResult* p = r->feasible ? r->phase(first.name) : nullptr;
      if (p == nullptr) continue;
      table.add({p->name, r->platform, r->format, timeText(p->timeS),
                 ratioCell(p->timeS, first.timeS, r == reference), energyText(p->energyJ),
                 ratioCell(p->energyJ, first.energyJ, r == reference),
                 p->tokens > 0 ? plainNumber(p->tokensPerS) : "",
                 p->tokens > 0 ? energyText(p->energyPerTokenJ) : ""});
    }
  return '\n' + table.text(options);
}

std::string energyTable(const Block& block, const TextOptions& options) {
  std::vector<Column> columns = {{"energy shares", false, 26, 20}, {"format", false, 14}};
  for (int i = 0; i < categoryCount; ++i)
    columns.push_back({nameOf(static_cast<Category>(i)), true});
  TextTable table(std::move(columns));
  for (const RunResult* r : block) {
    if (!r->feasible || r->energyJ <= 0) continue;
    std::vector<Cell> row = {r->platform, r->format};
    for (const double joules : r->breakdownJ)
      row.emplace_back(joules > 0 ? fmt::format("{:.1f}", 100 * joules / r->energyJ) : "");
    table.add(std::move(row));
  }
  return table.empty() ? "" : '\n' + table.text(options);
}

struct Contest {
  const char* title;
  const char* better;
  double RunResult::*member;
};

/// "least energy  X: 2.1x less than Y (the next), 6.4x less than Z (the first)".
std::string verdict(const Block& block, const Contest& q, const TextOptions& options,
                    const std::vector<RunResult>& all, const std::vector<WinnerRow>& winners) {
  std::vector<const RunResult*> order;
  for (const RunResult* r : block)
    if (r->feasible) order.push_back(r);
  if (order.size() < 2) return {};
  std::stable_sort(order.begin(), order.end(), [&](const RunResult* a, const RunResult* b) {
    return rounded(a->*q.member) < rounded(b->*q.member);
  });
  const RunResult &best = *order[0], &next = *order[1], &first = *referenceOf(block);
  const auto factor = [&](const RunResult& other) { return other.*q.member / best.*q.member; };
  std::string text;
  if (rounded(best.*q.member) == rounded(next.*q.member))
    text = fmt::format("{} and {} are equal", nameWithFormat(best), nameWithFormat(next));
  else
    text = fmt::format("{}: {} {} than {}, the next", nameWithFormat(best), ratioText(factor(next)),
                       q.better, nameWithFormat(next));
  if (&first != &best && &first != &next)
    text +=
        fmt::format(", {} {} than {}", ratioText(factor(first)), q.better, nameWithFormat(first));
  const auto shares = q.member == &RunResult::timeS ? timeByBound(best) : energyByCategory(best);
  if (!shares.empty())
    text += fmt::format("; {} of its {} {} {}", percent(shares[0].share),
                        q.member == &RunResult::timeS ? "time" : "energy",
                        q.member == &RunResult::timeS ? "is bound by" : "is", shares[0].name);
  const char* metric = q.member == &RunResult::timeS ? "time_s" : "energy_j";
  for (const WinnerRow& w : winners)
    if (w.workload == best.workload && w.metric == metric)
      text += "; " + chanceText(w, w.rival.empty() ? "" : nameWithFormat(all[std::stoul(w.rival)]));
  return "  " + styled(fmt::format("{:<14}", q.title), Style::good, options) +
         wrapped(text, options.width - 16, 16) + '\n';
}

}  // namespace

void refuseMixed(const std::vector<RunResult>& results) {
  for (const RunResult& r : results) {
    const RunResult& first = results.front();
    const auto refuse = [&](const char* what, const std::string& a, const std::string& b) {
      throw InputError(fmt::format("cannot compare {} ({} {}) with {} ({} {})", first.platform,
                                   what, a, r.platform, what, b),
                       fmt::format("one {} for all results", what),
                       "numbers of different meaning have no ratio; run them all alike");
    };
    if (r.scope != first.scope) refuse("scope", first.scope, r.scope);
    if (r.energyMode != first.energyMode) refuse("energy mode", first.energyMode, r.energyMode);
  }
}

std::string printCompare(const std::vector<RunResult>& results, const TextOptions& options,
                         const std::vector<WinnerRow>& winners) {
  refuseMixed(results);
  std::string out;
  for (const Block& block : blocksOf(results)) {
    const RunResult& first = *block.front();
    const std::string level = commonFidelity(block);
    out += (out.empty() ? "" : "\n") + styled(first.workload, Style::title, options) +
           styled(fmt::format("   scope {}, energy by {}, {}batch {}, ratios to {}", first.scope,
                              first.energyMode, level.empty() ? "" : "fidelity " + level + ", ",
                              first.batch,
                              referenceOf(block) ? nameWithFormat(*referenceOf(block)) : "none"),
                  Style::dim, options) +
           '\n';
    out += overview(block, options) + phaseTable(block, options) + energyTable(block, options);
    const std::string verdicts =
        verdict(block, {"fastest", "faster", &RunResult::timeS}, options, results, winners) +
        verdict(block, {"least energy", "less", &RunResult::energyJ}, options, results, winners);
    if (!verdicts.empty()) out += '\n' + verdicts;
  }
  return out;
}

}  // namespace wattlas
