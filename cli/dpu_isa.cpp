// wattlas dpu isa-report | isa-export: what instructions bring on workloads, which are missing, and
// what RTL work needs of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/context.h"
#include "models/base/data_path.h"
#include "pim/dpu/exec/extension.h"
#include "pim/dpu/exec/isa_export.h"
#include "pim/dpu/isa/isa_report.h"
#include "pim/upmem/kernels/executed_kernels.h"
#include "pim/upmem/parameters.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* isaHelp =
    "Instructions to add or change: an id of configs/isa or a YAML file "
    "(docs/new-instruction.md); may be given several times";

/// A set of instruction files and what it brings.
struct Candidate {
  std::vector<std::string> ids;
  double area = 0, clock = 1;          ///< mm2 of a DPU, factor
  std::vector<double> timeS, energyJ;  ///< by workload
  double gain = 1;                     ///< mean of energy x delay, stock over this
  bool front = false;                  ///< nothing smaller gains as much
  std::string name() const { return fmt::format("{}", fmt::join(ids, "+")); }
};

class IsaReport {
 public:
  std::vector<std::string> workloads, isa;
  std::string platform = "upmem-server";
  CommonOptions common;
  int sets = 1;
  bool discover = false, json = false;

  void run(const Context& context) {
    if (workloads.empty() && !discover) {
      if (json) throw InputError("--json needs a workload or --discover", "-w W, or --discover");
      const auto extra = dpu::loadIsa(isa);
      dpu::isaReport(extra ? extra->set() : dpu::InstructionSet::builtin(), std::cout);
      return;
    }
    Json out = Json::object();
    if (discover) propose(context, out);
    if (!workloads.empty()) rank(context, out);
    if (json) fmt::print("{}\n", out.dump(2));
  }

 private:
  std::optional<Candidate> evaluated(std::vector<std::string> ids, const Context& context) const {
    Candidate c;
    c.ids = std::move(ids);
    std::shared_ptr<const dpu::IsaExtension> extension;
    try {
      extension = dpu::loadIsa(c.ids);
    } catch (const InputError&) {
      if (c.ids.size() < 2) throw;
      return std::nullopt;  // two files that take the same place
    }
    if (extension) {
      c.area = extension->area().value;
      c.clock = extension->clockFactor();
    }
    for (const std::string& workload : workloads) {
      ExperimentSpec spec = common.spec(platform, workload);
      if (common.fidelity.empty())
        spec.sets.emplace_back("run.fidelity", ConfigNode::ofScalar("analytic"));
      std::vector<ConfigNode> list;
      for (const std::string& id : c.ids) list.push_back(ConfigNode::ofScalar(id));
      spec.sets.emplace_back("device.dpu.isa", ConfigNode::ofList(std::move(list)));
      const RunResult result = evaluateHere(spec, context);
      c.timeS.push_back(result.timeS);
      c.energyJ.push_back(result.energyJ);
    }
    return c;
  }

  std::vector<std::string> candidates(const Context& context) const {
    std::vector<std::string> ids;
    for (const auto& [id, file] : context.path.list("isa")) ids.push_back(id);
    for (const std::string& id : isa)
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    return ids;
  }

  /// Every set of up to `sets` candidates.
  static void combine(const std::vector<std::string>& ids, std::size_t from, int left,
                      std::vector<std::string>& chosen,
                      std::vector<std::vector<std::string>>& all) {
    if (!chosen.empty()) all.push_back(chosen);
    if (left == 0) return;
    for (std::size_t i = from; i < ids.size(); ++i) {
      chosen.push_back(ids[i]);
      combine(ids, i + 1, left - 1, chosen, all);
      chosen.pop_back();
    }
  }

  void rank(const Context& context, Json& out) const {
    const Candidate stock = *evaluated({}, context);
    std::vector<std::vector<std::string>> choices;
    std::vector<std::string> chosen;
    combine(candidates(context), 0, sets, chosen, choices);
    std::vector<Candidate> all;
    for (auto& ids : choices) {
      auto c = evaluated(std::move(ids), context);
      if (!c) continue;
      double log = 0;
      for (std::size_t w = 0; w < workloads.size(); ++w)
        log += std::log(stock.timeS[w] / c->timeS[w] * stock.energyJ[w] / c->energyJ[w]);
      c->gain = std::exp(log / static_cast<double>(workloads.size()));
      all.push_back(std::move(*c));
    }
    for (Candidate& c : all)
      c.front =
          c.gain > 1 && std::none_of(all.begin(), all.end(), [&](const Candidate& o) {
            return o.area <= c.area && o.gain >= c.gain && (o.area < c.area || o.gain > c.gain);
          });
    std::stable_sort(all.begin(), all.end(),
                     [](const Candidate& a, const Candidate& b) { return a.gain > b.gain; });
    if (json)
      writeJson(stock, all, out);
    else
      print(stock, all);
  }

  void print(const Candidate& stock, const std::vector<Candidate>& all) const {
    for (std::size_t w = 0; w < workloads.size(); ++w)
      fmt::print("{} on {}, stock: {}, {}\n", workloads[w], platform,
                 format(Seconds(stock.timeS[w])), format(Joules(stock.energyJ[w])));
    fmt::print("\n{:<34} {:>10} {:>8} {:>11}", "Instructions", "mm2 a DPU", "gain", "gain a mm2");
    for (const std::string& w : workloads) fmt::print(" {:>22}", w.substr(0, 22));
    fmt::print("\n{:<34} {:>10} {:>8} {:>11}", "", "", "E x t", "");
    for (std::size_t w = 0; w < workloads.size(); ++w) fmt::print(" {:>22}", "time, energy saved");
    fmt::print("\n");
    std::size_t shown = 0;
    for (const Candidate& c : all) {
      if (sets > 1 && !c.front && ++shown > 12) continue;
      fmt::print("{:<34} {:>10.4f} {:>7.3f}x {:>11.4g}", (c.front ? "* " : "  ") + c.name(), c.area,
                 c.gain, c.area > 0 ? (c.gain - 1) / c.area : 0.0);
      for (std::size_t w = 0; w < workloads.size(); ++w)
        fmt::print(" {:>11.1f} % {:>6.1f} %", 100 * (1 - c.timeS[w] / stock.timeS[w]),
                   100 * (1 - c.energyJ[w] / stock.energyJ[w]));
      fmt::print("\n");
    }
    fmt::print(
        "\n* no set of less area gains as much. Area: of one DPU, as the files assume it.\n");
  }

  void writeJson(const Candidate& stock, const std::vector<Candidate>& all, Json& out) const {
    out["platform"] = platform;
    out["workloads"] = Json::array();
    for (std::size_t w = 0; w < workloads.size(); ++w)
      out["workloads"].push_back(
          {{"name", workloads[w]}, {"time_s", stock.timeS[w]}, {"energy_j", stock.energyJ[w]}});
    out["candidates"] = Json::array();
    for (const Candidate& c : all)
      out["candidates"].push_back({{"isa", c.ids},
                                   {"area_mm2", c.area},
                                   {"clock_factor", c.clock},
                                   {"gain_edp", c.gain},
                                   {"gain_per_mm2", c.area > 0 ? (c.gain - 1) / c.area : 0.0},
                                   {"pareto", c.front},
                                   {"time_s", c.timeS},
                                   {"energy_j", c.energyJ}});
  }

  void propose(const Context& context, Json& out) const {
    pim::KernelSetting setting;
    setting.isa = dpu::loadIsa(isa);
    std::vector<dpu::ExecutedProgram> programs;
    if (workloads.empty()) programs = pim::executedPrograms(nullptr, setting);
    for (const std::string& id : workloads) {
      const Experiment e =
          makeExperiment(common.spec(platform, id), context.registry, context.path);
      auto more = pim::executedPrograms(e.workload.get(), setting);
      double all = 0;
      for (const auto& p : more) all += p.weight;
      for (auto& p : more) {
        p.weight /= all;  // workloads count alike
        programs.push_back(std::move(p));
      }
    }
    const auto found =
        dpu::fusionsOf(programs, setting.isa ? setting.isa->set() : dpu::InstructionSet::builtin());
    if (json) {
      out["proposals"] = Json::array();
      for (const dpu::Fusion& f : found)
        out["proposals"].push_back({{"what", f.what},
                                    {"pattern", f.pattern},
                                    {"instructions", f.instructions},
                                    {"inputs", f.inputs},
                                    {"saved", f.saved},
                                    {"group", f.group},
                                    {"saved_by_group", f.savedByGroup},
                                    {"kernels", f.in}});
      return;
    }
    fmt::print("{:<4}{:<28} {:>7}  {:<40} {:>7}  {:<28} {}\n", "", "Proposal", "saves",
               "whole expression", "saves", "its best pair or triple", "most in");
    for (std::size_t i = 0; i < found.size(); ++i) {
      const dpu::Fusion& f = found[i];
      fmt::print("{:<4}{:<28} {:>5.1f} %  {:<40} {:>5.1f} %  {:<28} {}\n", i + 1, f.what,
                 100 * f.saved, f.pattern, 100 * f.savedByGroup, f.group,
                 f.in.empty() ? "" : f.in.front());
    }
    fmt::print("\nsaves: share of the issued instructions of {}.\n",
               workloads.empty() ? "all kernels, each counted alike"
                                 : "the kernels that the workloads use, by their instructions");
  }
};

struct IsaExport {
  std::vector<std::string> isa;
  std::string folder;
  void run() const {
    const auto extra = dpu::loadIsa(isa);
    if (folder.empty()) {
      dpu::isaExport(extra ? extra->set() : dpu::InstructionSet::builtin(), std::cout);
      return;
    }
    if (!extra)
      throw InputError("-o writes files of added instructions", "--isa ID, such as dot4x8");
    for (const std::string& file : dpu::exportIsa(extra, folder)) fmt::print("{}\n", file);
  }
};

}  // namespace

void addDpuIsa(CLI::App& dpu, Context& context) {
  auto report = std::make_shared<IsaReport>();
  CLI::App* sub = dpu.add_subcommand(
      "isa-report",
      "Rank instructions by what they bring on workloads, propose new ones, or count encodings");
  sub->footer(
      "Example:\n  wattlas dpu isa-report -w llama2-7b --format w4a8 --sets 3\n"
      "  wattlas dpu isa-report --discover");
  repeated(sub->add_option(
      "-w,--workload", report->workloads,
      "Rank the files of configs/isa on this workload; may be given several times"));
  sub->add_option("-p,--platform", report->platform, "Platform with DPUs (default upmem-server)");
  repeated(sub->add_option("--isa", report->isa, isaHelp));
  sub->add_option("--sets", report->sets, "Rank sets of up to this many files (default 1)")
      ->check(CLI::Range(1, 4));
  sub->add_flag("--discover", report->discover,
                "Propose pairs, triples and longer expressions of executed kernels that could be "
                "one instruction; --isa: those that are there already");
  sub->add_flag("--json", report->json, "Print one JSON object");
  report->common.addTo(*sub);
  sub->callback([report, &context] { report->run(context); });

  auto exported = std::make_shared<IsaExport>();
  sub = dpu.add_subcommand("isa-export",
                           "Print the instruction table as YAML, or write files for RTL work");
  sub->footer("Example:\n  wattlas dpu isa-export --isa dot4x8 -o rtl");
  repeated(sub->add_option("--isa", exported->isa, isaHelp));
  sub->add_option("-o,--output", exported->folder,
                  "Folder for table, decode table, C intrinsics, and of each instruction operand "
                  "and result vectors and a Verilog testbench");
  sub->callback([exported] { exported->run(); });
}

}  // namespace wattlas
