// Speed budgets of the simulator, on one core: what is measured, its budget, and whether it holds.
// Usage: wattlas_bench. Exit code 0 always: seconds depend on the machine, so nothing fails on
// them. Counts of events are guarded by tests/system/counts_test.cpp.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>

#include "explorer/explore.h"
#include "explorer/point_evaluator.h"
#include "models/sim/platform_model.h"
#include "tests/contract/suite.h"

namespace {

using namespace wattlas;  // a program of one file
using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void report(const char* what, double value, const char* unit, double budget, bool atLeast) {
  const bool met = atLeast ? value >= budget : value <= budget;
  fmt::print("{:<58} {:>12.4g} {:<12} {} {:<10.4g} {}\n", what, value, unit,
             atLeast ? "at least" : "at most ", budget, met ? "met" : "MISSED");
  std::fflush(stdout);
}

/// SystemC elaborates once per process: each measurement has its own.
void alone(const std::function<void()>& measure) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    measure();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) fmt::print("a measurement ended with status {}\n", status);
}

void analyticOperators() {
  for (const char* platform : {"gpu-h100-sxm", "pim-ai-4chip", "upmem-server"}) {
    const Experiment x = suite::experiment(platform, {"llama2-7b", "int8"});
    const Device& device = *x.platform->device.device;
    const Graph& graph = x.workload->phases.front().graph;
    const auto regions = device.partition(graph, graph.order());
    std::int64_t operators = 0;
    const auto start = Clock::now();
    while (since(start) < 0.5)
      for (const auto& region : regions) {
        const auto program = device.lower({graph, region});
        if (!program) continue;
        (void)device.estimate(**program);
        operators += static_cast<std::int64_t>(region.size());
      }
    report(fmt::format("analytic, no memo: {}, llama2-7b prefill", platform).c_str(),
           static_cast<double>(operators) / since(start), "operators/s", 1e5, true);
  }
}

/// A whole space from nothing, as one worker goes through it. The budget is for two cores.
void ecgSpace(const char* name) {
  const auto start = Clock::now();
  const Study study = loadStudy(name, suite::path());
  SearchMethod method = SearchMethod::exhaustive;
  const std::vector<DesignPoint> points = planPoints(study, 1000000, method);
  std::vector<DesignPoint> ordered;
  for (const std::size_t i : affinityOrder(study, points).order) ordered.push_back(points[i]);
  SimulatingEvaluator evaluator(study, suite::registry(), suite::path(), platformSimulator);
  std::size_t feasible = 0;
  evaluator.evaluate(ordered, false, [&](const PointOutcome& row) {
    feasible += row.status == PointStatus::done ? 1 : 0;
  });
  report(fmt::format("analytic: {}, {} points, {} feasible", name, points.size(), feasible).c_str(),
         static_cast<double>(points.size()) / since(start), "points/s", 5e4, true);
}

/// Single points that share their network only: each has a platform of its own and its whole
/// result.
void ecgPoints(const char* platform, const char* key, const char* unit) {
  ExperimentMaker maker(suite::registry(), suite::path());
  ProfileCache cache;
  std::int64_t points = 0;
  const auto start = Clock::now();
  while (since(start) < 0.5) {
    ExperimentSpec spec{platform, "ecg-dscnn1d", {}};
    spec.sets.push_back(parseAssignment("workload.format=int8"));
    spec.sets.push_back(parseAssignment("run.fidelity=analytic"));
    spec.sets.push_back(
        parseAssignment(std::string(key) + "=" + std::to_string(200 + points % 150) + unit));
    (void)simulate(maker.make(spec), cache, {});
    ++points;
  }
  fmt::print("{:<58} {:>12.4g} points/s\n",
             fmt::format("analytic: single ECG points in full, {}", platform),
             static_cast<double>(points) / since(start));
}

void ecgEvent(const char* platform) {
  suite::Runner run;
  const Experiment x = suite::experiment(platform, {"ecg-dscnn1d", "int8"});
  std::int64_t events = run(x).host.events;
  constexpr int times = 20;
  const auto start = Clock::now();
  for (int i = 0; i < times; ++i) events = run(x).host.events;
  report(fmt::format("event ECG point, cold cache: {} ({} events)", platform, events).c_str(),
         since(start) / times * 1e3, "ms", 2, false);
}

/// Programs of `point` one by one: events and time of each.
void programs(const char* platform, const suite::Point& point, const suite::Sets& sets,
              const char* what, double mostEvents, double mostMicroseconds) {
  const Experiment x = suite::experiment(platform, point, sets);
  const auto all = suite::devicePrograms(x);
  std::int64_t most = 0;
  // The first run of each program: nothing about it is remembered.
  const auto start = Clock::now();
  for (const auto& program : all)
    most = std::max(most, x.platform->device.device->simulate(*program, Fidelity::event).events);
  const double each = since(start) / static_cast<double>(all.size()) * 1e6;
  report(fmt::format("{}: {}, events at most", what, platform).c_str(), static_cast<double>(most),
         "events", mostEvents, false);
  report(fmt::format("{}: {}, mean time", what, platform).c_str(), each, "us", mostMicroseconds,
         false);
}

void llama(const char* platform) {
  const Experiment x = suite::experiment(
      platform, {"llama2-7b", "int8"}, {{"workload.prompt", "128"}, {"workload.generate", "128"}});
  suite::Runner run;
  const auto start = Clock::now();
  const RunResult r = run(x);
  report(fmt::format("llama2-7b prefill + 128 decode: {} ({} events)", platform, r.host.events)
             .c_str(),
         since(start), "s", 0.2, false);
}

}  // namespace

int main() {
  alone(analyticOperators);
  alone([] { ecgSpace("ecg-space"); });
  alone([] { ecgSpace("ecg-pim"); });
  alone([] { ecgPoints("upmem-dimm", "dpu.clock", " MHz"); });
  alone([] { ecgPoints("fpga-zcu104", "fabric.clock", " MHz"); });
  for (const char* platform :
       {"upmem-dimm", "upmem-samac-col256", "pim-ai-1chip", "fpga-zcu104", "gpu-h100-sxm"})
    alone([platform] { ecgEvent(platform); });
  alone([] {
    programs("gpu-h100-sxm", {"llama2-7b", "fp16"}, {{"workload.generate", "4"}},
             "GPU operator of llama2-7b", 500, 100);
  });
  for (const char* platform : {"upmem-samac-col256", "upmem-samac-row", "pim-ai-4chip"})
    alone([platform] {
      programs(platform, {"gemv:4096x4096", "int8"}, {}, "in-bank GEMV 4096x4096", 10000, 5000);
    });
  for (const char* platform : {"pim-ai-4chip", "upmem-server", "upmem-samac-col256-server"})
    alone([platform] { llama(platform); });
  return 0;
}
