#include <tuple>

#include "models/experiment.h"
#include "pim/dpu/kernels/microbenchmarks.h"
#include "pim/dpu/kernels/mix.h"
#include "pim/dpu/kernels/prim.h"
#include "pim/upmem/device.h"
#include "pim/upmem/parameters.h"
#include "validation/probes/probes.h"

namespace wattlas {
namespace {

/// Parameters of the DPUs that `wattlas run -p PLATFORM` uses.
const pim::UpmemParams& paramsOf(const Platform& platform) {
  const auto* device = dynamic_cast<const pim::UpmemDevice*>(platform.device.device.get());
  if (device == nullptr) throw InputError("'" + platform.id + "' has no DPUs", "a UPMEM platform");
  return device->params();
}

class PrimRuns {
 public:
  PrimRuns(const pim::UpmemParams& params, dpu::KernelLibrary& library)
      : params_(params), library_(library) {
    options_.timing = pim::timingOf(params);
  }

  Answer ask(const Settings& question) {
    dpu::PrimShare share;
    std::string benchmark = question.get("benchmark");
    if (const auto dash = benchmark.find("GEMV-"); dash == 0) {  // columns of a row
      share.columns = std::stoul(benchmark.substr(5));
      benchmark = "GEMV";
    }
    share.benchmark = dpu::primBenchmark(benchmark);
    if (share.benchmark == dpu::PrimBenchmark::va) {
      const bool apart = question.find("build") != nullptr && question.get("build") == "apart";
      share.build = apart ? dpu::KernelBuild::apart : dpu::KernelBuild::measured;
    }
    share.dpus = static_cast<unsigned>(question.number("dpus"));
    share.parameter = static_cast<std::uint64_t>(question.number("parameter"));
    if (question.find("tasklets") != nullptr)
      share.tasklets = static_cast<unsigned>(question.number("tasklets"));
    const double cycles = static_cast<double>(slowest(share));
    // The host copies between the launches of MLP.
    const double time = pim::launchModelOf(params_).time(cycles / options_.timing.clockHz,
                                                         dpu::launchesOf(share.benchmark), true,
                                                         (share.dpus + 63) / 64);
    return {{{"cycles", cycles}, {"time_s", time}}, {}};
  }

 private:
  /// The DPUs of a launch are folded into one: equal work on data of equal statistics. Queries of
  /// BS differ from DPU to DPU: its first and last are run and the slower one counts.
  std::uint64_t slowest(dpu::PrimShare share) {
    // Where the parameter also sets the problem itself (columns, keys), it belongs to the key.
    const bool sized =
        share.benchmark == dpu::PrimBenchmark::mlp || share.benchmark == dpu::PrimBenchmark::bs;
    std::uint64_t& cycles = known_[{share.benchmark, dpu::elementsOf(share),
                                    sized ? share.parameter : 0, share.tasklets, share.columns}];
    if (cycles != 0) return cycles;
    cycles = run(share);
    if (share.benchmark == dpu::PrimBenchmark::bs && share.dpus > 1) {
      share.dpu = share.dpus - 1;
      cycles = std::max(cycles, run(share));
    }
    return cycles;
  }

  std::uint64_t run(const dpu::PrimShare& share) {
    const dpu::PrimRun run = dpu::runPrim(share, library_, options_);
    if (!run.problem.empty()) throw InputError("kernel failed: " + run.problem);
    return run.result.cycles;
  }

  using Key = std::tuple<dpu::PrimBenchmark, std::uint64_t, std::uint64_t, unsigned, std::uint64_t>;
  const pim::UpmemParams& params_;
  dpu::KernelLibrary& library_;
  dpu::DpuRunOptions options_;
  std::map<Key, std::uint64_t> known_;
};

}  // namespace

Probe makePrimProbe(const ProbeContext& context) {
  return [context](const std::vector<Settings>& questions) {
    std::vector<Answer> answers;
    const auto platform = platformOf(questions.front(), context);
    dpu::KernelLibrary library(context.path);
    PrimRuns runs(paramsOf(*platform), library);
    for (const Settings& question : questions) {
      if (question.get("platform") != questions.front().get("platform"))
        throw InputError("the prim probe takes one platform a set");
      answers.push_back(runs.ask(question));
    }
    return answers;
  };
}

Probe makeDpuFigureProbe(const ProbeContext& context) {
  return [context](const std::vector<Settings>& questions) {
    std::vector<Answer> answers;
    const auto platform = platformOf(questions.front(), context);
    dpu::KernelLibrary library(context.path);
    for (const Settings& question : questions) {
      const std::string name = question.get("figure");
      // The library counts in MOPS and MB/s.
      const bool million =
          name.starts_with("throughput-") || name.starts_with("mram-") || name.starts_with("wram-");
      const double value = dpu::figureOf(name, library, pim::timingOf(paramsOf(*platform)));
      answers.push_back({{{"value", value * (million ? 1e6 : 1)}}, {}});
    }
    return answers;
  };
}

Probe makeDpuMixProbe(const ProbeContext& context) {
  return [context](const std::vector<Settings>& questions) {
    std::vector<Answer> answers;
    dpu::KernelLibrary library(context.path);
    for (const Settings& question : questions) {
      const auto mix = dpu::compiledMix(dpu::primBenchmark(question.get("benchmark")), library);
      answers.push_back({{{"instructions", mix.total()}}, {}});
    }
    return answers;
  };
}

}  // namespace wattlas
