// wattlas folding, wattlas fifo: the hardware of a layered accelerator before anybody synthesises
// it.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <utility>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/context.h"
#include "models/base/units.h"
#include "results/table.h"

namespace wattlas {
namespace {

/// A design of the platform for the workload at a target interval (cycles; 0 = as short as fits).
class Designer {
 public:
  Designer(ExperimentSpec spec, const Context& context)
      : spec_(std::move(spec)), context_(context) {
    // A design does not depend on how its run is simulated.
    spec_.sets.emplace_back("run.fidelity", ConfigNode::ofScalar("analytic"));
  }
  RunResult at(double cycles) const {
    return cycles > 0 ? with("folding.targetCycles", fmt::format("{:.0f}", cycles))
                      : evaluateHere(spec_, context_);
  }
  /// Nothing may run elsewhere: says why the hardware refuses what it does not take.
  RunResult alone() const { return with("run.scope", "device"); }

 private:
  RunResult with(const char* key, const std::string& value) const {
    ExperimentSpec spec = spec_;
    spec.sets.emplace_back(key, ConfigNode::ofScalar(value));
    return evaluateHere(spec, context_);
  }

  ExperimentSpec spec_;
  const Context& context_;
};

struct FoldingCommand {
  std::string platform, workload, fps, latency;
  double lut = 0;
  CommonOptions common;
  bool json = false, streams = false;

  static double clockOf(const RunResult& r) { return r.design.throughputPerS * r.design.iiCycles; }
  static double latencyOf(const RunResult& r) { return r.design.latencyCycles / clockOf(r); }

  /// Neighbouring designs, from fast to slow, between which `holds` changes: the last one before
  /// and the first one after the change. Equal when it never changes.
  template <class Holds>
  static std::pair<RunResult, RunResult> change(const Designer& designer, const RunResult& fastest,
                                                const Holds& holds) {
    const bool before = holds(fastest);
    RunResult last = fastest, first = fastest;
    double low = fastest.design.iiCycles, high = low;
    do {
      low = high;
      last = first;
      high *= 2;
      first = designer.at(high);
      // Folded as far as possible: more cycles change nothing.
      if (!first.feasible || first.design.iiCycles == last.design.iiCycles) return {last, last};
    } while (holds(first) == before);
    while (high - low > std::max(1.0, low * 1e-3)) {
      const double middle = std::floor((low + high) / 2);
      RunResult r = designer.at(middle);
      const bool same = holds(r) == before;
      (same ? low : high) = middle;
      (same ? last : first) = std::move(r);
    }
    return {last, first};
  }

  static std::string missed(const RunResult& r, const std::string& wanted,
                            const std::string& reached) {
    std::string full;
    for (const FabricUse& f : r.design.fabric)
      if (f.total > 0 && f.used > 0.6 * f.usable)
        full += fmt::format("{}{} {:.0f} % used", full.empty() ? "" : ", ", f.name,
                            100 * f.used / f.total);
    return fmt::format("not reached: {} wanted, {} is the best that fits ('{}' sets the pace{})\n",
                       wanted, reached, r.design.bottleneck, full.empty() ? "" : "; " + full);
  }

  void run(Context& context) const {
    const Designer designer(common.spec(platform, workload), context);
    RunResult design = designer.at(0);
    std::string verdict;
    if (design.feasible && design.design.empty()) design = designer.alone();
    if (design.feasible && design.design.empty())
      throw InputError("'" + platform + "' is no hardware that is built for a workload",
                       "a platform of kind fpga-dataflow, such as fpga-zcu104");
    if (design.feasible && !fps.empty()) {
      const double rate = std::stod(fps);
      if (design.design.throughputPerS < rate)
        verdict = missed(design, fmt::format("{:g}/s", rate),
                         fmt::format("{:.6g}/s", design.design.throughputPerS));
      else
        design = designer.at(std::floor(clockOf(design) / rate * (1 + 1e-12)));
    } else if (design.feasible && !latency.empty()) {
      const double limit = parseQuantity(latency, Dimension::time);
      if (latencyOf(design) > limit)
        verdict = missed(design, latency, formatQuantity(latencyOf(design), Dimension::time));
      else
        design = change(designer, design, [&](const RunResult& r) {
                   return latencyOf(r) <= limit;
                 }).first;
    } else if (design.feasible && lut > 0) {
      const auto within = [&](const RunResult& r) { return r.design.used("lut") <= lut; };
      if (!within(design)) design = change(designer, design, within).second;
      if (!within(design))
        verdict = missed(design, fmt::format("{:g} LUTs", lut),
                         fmt::format("{:.0f} LUTs", design.design.used("lut")));
    }
    printNotes(design);
    if (json)
      fmt::print("{}\n", toJson(design));
    else if (!design.feasible)
      fmt::print("{}", printRun(design, {.colour = context.colour}));
    else
      fmt::print("{} for {}{}{}", design.platform, design.workload,
                 streams ? printStreams(design, {.colour = context.colour})
                         : printDesign(design, {.colour = context.colour}),
                 verdict);
    if (json && !verdict.empty()) fmt::print(stderr, "{}", verdict);
    if (!design.feasible || !verdict.empty()) context.exitCode = exitInfeasible;
  }
};

void addOne(CLI::App& app, Context& context, bool streams) {
  auto command = std::make_shared<FoldingCommand>();
  command->streams = streams;
  CLI::App* sub =
      streams ? app.add_subcommand("fifo", "Depths of the streams of a layered accelerator")
              : app.add_subcommand("folding", "Parallelism and fabric of a layered accelerator");
  sub->footer(streams ? "Example:\n  wattlas fifo -p fpga-pynq-z2 -w rn07"
                      : "Example:\n  wattlas folding -p fpga-zcu104 -w ecg-dscnn1d --fps 20000");
  sub->add_option("-p,--platform", command->platform, "Platform id or file")->required();
  sub->add_option("-w,--workload", command->workload, "Workload id or file")->required();
  auto* fps = sub->add_option("--fps", command->fps, "Least fabric for so many inferences a second")
                  ->check(CLI::Range(1e-9, 1e12));
  auto* latency =
      sub->add_option("--latency", command->latency, "Least fabric for a latency such as 200us");
  auto* lut = sub->add_option("--lut", command->lut, "Fastest design of at most so many LUTs")
                  ->check(CLI::Range(1e-9, 1e12));
  fps->excludes(latency)->excludes(lut);
  latency->excludes(lut);
  sub->add_flag("--json", command->json, "Print one JSON object");
  command->common.addTo(*sub);
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace

void addFolding(CLI::App& app, Context& context) {
  addOne(app, context, false);
  addOne(app, context, true);
}

}  // namespace wattlas
