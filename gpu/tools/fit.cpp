// gpu_fit DEVICE.yaml DEVICE STACK: fits the constants of one (device, software stack) to the rows
// marked `fit` of configs/validation/gpu-kernels.csv and prints them with the errors on the rows
// marked `test`. Run from the root of the source tree.
#include <cstdio>
#include <exception>

#include "gpu/calibration.h"

using namespace wattlas;
using namespace wattlas::gpu;

namespace {

std::vector<MeasuredKernel> select(const std::vector<MeasuredKernel>& all,
                                   const std::string& device, const std::string& stack,
                                   const std::vector<std::string>& kinds, bool test) {
  std::vector<MeasuredKernel> out;
  for (const MeasuredKernel& row : all)
    for (const std::string& kind : kinds)
      if (row.device == device && row.stack == stack && row.kind == kind && row.test == test)
        out.push_back(row);
  return out;
}

void report(const char* what, const Parameters& p, const std::vector<MeasuredKernel>& fit,
            const std::vector<MeasuredKernel>& test) {
  std::vector<double> measured, ours, event, roof;
  const Roofline line = fitRoofline(fit);
  for (const MeasuredKernel& row : test) {
    measured.push_back(row.microseconds);
    ours.push_back(closedFormMicroseconds(p, row));
    event.push_back(eventMicroseconds(p, row));
    roof.push_back(line.microseconds(row));
  }
  std::vector<double> longOurs, longMeasured;
  for (std::size_t i = 0; i < test.size(); ++i)
    if (measured[i] >= 10) {
      longOurs.push_back(ours[i]);
      longMeasured.push_back(measured[i]);
    }
  const ErrorFigures l = errorsOf(longOurs, longMeasured);
  const ErrorFigures a = errorsOf(ours, measured), e = errorsOf(event, measured),
                     r = errorsOf(roof, measured);
  std::printf(
      "  %-16s n=%-4lld analytic %.1f%% (med %.1f p90 %.1f bias %+.1f)  event %.1f%% (bias "
      "%+.1f)  roofline %.1f%%  >=10us: %.1f%% n=%lld\n",
      what, static_cast<long long>(a.rows), 100 * a.mape, 100 * a.median, 100 * a.p90, 100 * a.bias,
      100 * e.mape, 100 * e.bias, 100 * r.mape, 100 * l.mape, static_cast<long long>(l.rows));
}

/// Fits `values` (in the units of the file) through `set`.
void fitClass(const char* what, Parameters& p, const std::vector<MeasuredKernel>& fit,
              const std::vector<MeasuredKernel>& test, std::vector<double> start,
              const std::function<bool(Parameters&, const std::vector<double>&)>& set) {
  if (fit.size() < 4) return;
  std::vector<double> measured, predicted(fit.size());
  for (const MeasuredKernel& row : fit) measured.push_back(row.microseconds);
  const auto cost = [&](const std::vector<double>& x) {
    if (!set(p, x)) return 1e3;
    for (std::size_t i = 0; i < fit.size(); ++i) predicted[i] = closedFormMicroseconds(p, fit[i]);
    return logError(predicted, measured);
  };
  std::vector<double> best = minimise(cost, std::move(start), 250);
  best = minimise(cost, best, 250);
  set(p, best);
  std::printf("  %-16s fit n=%zu error %.1f%%:", what, fit.size(), 100 * cost(best));
  for (const double v : best) std::printf(" %.4g", v);
  std::printf("\n");
  report(what, p, fit, test);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fprintf(stderr, "usage: gpu_fit configs/devices/gpu-a40.yaml A40 vidur\n");
    return 2;
  }
  ConfigNode tree = loadConfig(argv[1], SearchPath({"."}));
  tree.erase("kind");
  Problems problems;
  Parameters p;
  bindConfig(tree, "device", problems, [&](Binder& b) { p.bind(b); });
  problems.finish();
  const std::string device = argv[2], stack = argv[3];
  if (const Calibration* known = p.findFit(stack); known != nullptr) p.fit = *known;
  p.fit.attention.causalSkip = stack != "vidur";
  const auto all = readMeasured("configs/validation/gpu-kernels.csv");
  const auto rows = [&](const std::vector<std::string>& kinds, bool test) {
    return select(all, device, stack, kinds, test);
  };
  const auto run = [&](const char* what, const std::vector<std::string>& kinds,
                       std::vector<double> start, auto set) {
    fitClass(what, p, rows(kinds, false), rows(kinds, true), std::move(start), set);
  };
  const MatrixFit& g = p.fit.gemm;
  run("gemm", {"gemm"},
      {g.start.value.value * 1e6, g.efficiency.value.value, g.dramEfficiency.value.value,
       g.latency.value.value * 1e6, g.tilePenalty.value.value, g.overlapLoss.value.value},
      [](Parameters& q, const std::vector<double>& x) {
        if (x[1] > 1 || x[2] > 1 || x[5] > 1 || x[4] > 20) return false;
        MatrixFit& f = q.fit.gemm;
        f.start.value = Seconds(x[0] * 1e-6);
        f.efficiency.value = Ratio(x[1]);
        f.dramEfficiency.value = Ratio(x[2]);
        f.latency.value = Seconds(x[3] * 1e-6);
        f.tilePenalty.value = Ratio(x[4]);
        f.overlapLoss.value = Ratio(x[5]);
        return true;
      });
  run("prefill", {"attn_prefill"}, {12, 0.6, 1.0}, [](Parameters& q, const std::vector<double>& x) {
    if (x[1] > 1) return false;
    q.fit.attention.prefillStart.value = Seconds(x[0] * 1e-6);
    q.fit.attention.prefillEfficiency.value = Ratio(x[1]);
    q.fit.attention.blockTime.value = Seconds(x[2] * 1e-6);
    return true;
  });
  run("decode", {"attn_decode"}, {15, 0.85, 60, 3},
      [](Parameters& q, const std::vector<double>& x) {
        if (x[1] > 1) return false;
        q.fit.attention.decodeStart.value = Seconds(x[0] * 1e-6);
        q.fit.attention.decodeEfficiency.value = Ratio(x[1]);
        q.fit.attention.ctaBandwidth.value = BitRate(x[2] * 8e9);
        q.fit.attention.combine.value = Seconds(x[3] * 1e-6);
        return true;
      });
  const auto stream = [&](const char* what, const std::vector<std::string>& kinds,
                          StreamFit StreamFits::*member) {
    // Below 5 us the sources' timer resolution of 1 us would dominate the fit.
    std::vector<MeasuredKernel> longer;
    for (const MeasuredKernel& row : rows(kinds, false))
      if (row.microseconds >= 5) longer.push_back(row);
    fitClass(what, p, longer, rows(kinds, true), {3, 0.7, 2},
             [member](Parameters& q, const std::vector<double>& x) {
               if (x[1] > 1) return false;
               StreamFit& f = q.fit.stream.*member;
               f.start.value = Seconds(x[0] * 1e-6);
               f.efficiency.value = Ratio(x[1]);
               f.rowTime.value = Seconds(x[2] * 1e-6);
               return true;
             });
  };
  stream("add", {"add"}, &StreamFits::add);
  stream("gated", {"silu_mul"}, &StreamFits::gated);
  stream("activation", {"gelu"}, &StreamFits::activation);
  stream("norm", {"rmsnorm"}, &StreamFits::norm);
  stream("rope", {"rope"}, &StreamFits::rope);
  run("collective", {"allreduce", "all_gather", "reduce_scatter"}, {5, 1.5, 8, 300},
      [](Parameters& q, const std::vector<double>& x) {
        CollectiveFit& f = q.fit.collective;
        f.start.value = Seconds(x[0] * 1e-6);
        f.perDevice.value = Seconds(x[1] * 1e-6);
        f.rootPerMegabyte.value = Seconds(x[2] * 1e-6);
        f.bandwidth.value = BitRate(x[3] * 8e9);
        return true;
      });
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
