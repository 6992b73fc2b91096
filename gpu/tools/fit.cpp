// gpu_fit DEVICE.yaml DEVICE STACK [CLASS [dev|final|rows]]: fits the constants of one (device,
// software stack) to configs/validation/gpu-kernels.csv. `dev` (default) fits three quarters of the
// rows marked `fit` and prints the errors on the last quarter: for choosing the form of the model.
// `final` fits all of them and prints the errors on the rows marked `test`: once, at the end.
// `rows` prints measured and modelled times of the fitted rows. Run from the root of the source.
#include <cstdio>
#include <exception>

#include "gpu/calibration.h"

using namespace wattlas;
using namespace wattlas::gpu;

namespace {

/// The rows marked `fit` once more in two: every fourth (`dev`) chooses between forms of the model.
enum class Part { fit, train, dev, test };

std::vector<MeasuredKernel> select(const std::vector<MeasuredKernel>& all,
                                   const std::string& device, const std::string& stack,
                                   const std::vector<std::string>& kinds, Part part) {
  std::vector<MeasuredKernel> out;
  std::int64_t index = 0;
  for (const MeasuredKernel& row : all)
    for (const std::string& kind : kinds) {
      if (row.device != device || row.stack != stack || row.kind != kind) continue;
      if (row.test != (part == Part::test)) continue;
      const bool dev = !row.test && ++index % 4 == 0;
      if (part == Part::test || part == Part::fit || dev == (part == Part::dev)) out.push_back(row);
    }
  return out;
}

bool printRows = false;

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
  std::vector<double> best = minimise(cost, std::move(start), 150);
  best = minimise(cost, best, 150);
  set(p, best);
  std::printf("  %-16s fit n=%zu error %.1f%%:", what, fit.size(), 100 * cost(best));
  for (const double v : best) std::printf(" %.4g", v);
  std::printf("\n");
  report(what, p, fit, test);
  for (const MeasuredKernel& row : fit) {
    if (!printRows) break;
    const double ours = closedFormMicroseconds(p, row);
    const auto dim = [&](Dim d) { return static_cast<long long>(row.op.dims[d]); };
    std::printf("    %+6.1f%% %9.1f %9.1f  M%lld N%lld K%lld b%lld h%lld/%lld q%lld k%lld\n",
                100 * (ours / row.microseconds - 1), row.microseconds, ours, dim(Dim::M),
                dim(Dim::N), dim(Dim::K), dim(Dim::batch), dim(Dim::heads), dim(Dim::kvHeads),
                dim(Dim::queries), dim(Dim::keys));
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4 || argc > 6) {
    std::fprintf(stderr, "usage: gpu_fit configs/devices/gpu-a40.yaml A40 vidur decode dev\n");
    return 2;
  }
  ConfigNode tree = loadConfig(argv[1], SearchPath({"."}));
  tree.erase("kind");
  Problems problems;
  Parameters p;
  bindConfig(tree, "device", problems, [&](Binder& b) { p.bind(b); });
  problems.finish();
  const std::string device = argv[2], stack = argv[3], wanted = argc > 4 ? argv[4] : "all",
                    mode = argc > 5 ? argv[5] : "dev";
  printRows = mode == "rows";
  if (const Calibration* known = p.findFit(stack); known != nullptr) p.fit = *known;
  const auto all = readMeasured("configs/validation/gpu-kernels.csv");
  const auto rows = [&](const std::vector<std::string>& kinds, bool scored) {
    const Part part =
        mode == "final" ? (scored ? Part::test : Part::fit) : (scored ? Part::dev : Part::train);
    return select(all, device, stack, kinds, part);
  };
  const auto run = [&](const char* what, const std::vector<std::string>& kinds,
                       std::vector<double> start, auto set) {
    if (wanted != "all" && wanted != what) return;
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
  const AttentionFit& a = p.fit.attention;
  const bool appends = a.appendBandwidth.value.value > 0, regroups = a.regroup.value.value > 0;
  run("decode", {"attn_decode"},
      {a.decodeStart.value.value * 1e6, a.decodeEfficiency.value.value,
       a.smBandwidth.value.value / 8e9, a.combine.value.value * 1e6,
       regroups ? a.regroup.value.value * 1e6 : 1, a.blockTime.value.value * 1e6},
      [&](Parameters& q, const std::vector<double>& x) {
        if (x[1] > 1) return false;
        AttentionFit& f = q.fit.attention;
        f.decodeStart.value = Seconds(x[0] * 1e-6);
        f.decodeEfficiency.value = Ratio(x[1]);
        f.smBandwidth.value = BitRate(x[2] * 8e9);
        if (regroups || f.splitRule == "work") f.combine.value = Seconds(x[3] * 1e-6);
        if (regroups) f.regroup.value = Seconds(x[4] * 1e-6);
        f.blockTime.value = Seconds(x[5] * 1e-6);
        return true;
      });
  run("prefill", {"attn_prefill"},
      {a.prefillStart.value.value * 1e6, a.prefillEfficiency.value.value,
       a.queryBlockTime.value.value * 1e6, appends ? a.appendBandwidth.value.value / 8e9 : 1},
      [&](Parameters& q, const std::vector<double>& x) {
        if (x[1] > 1) return false;
        AttentionFit& f = q.fit.attention;
        // With time per CTA for the copies, short rows cannot tell the two apart.
        if (!appends) f.prefillStart.value = Seconds(x[0] * 1e-6);
        f.prefillEfficiency.value = Ratio(x[1]);
        f.queryBlockTime.value = Seconds(x[2] * 1e-6);
        if (appends) f.appendBandwidth.value = BitRate(x[3] * 8e9);
        return true;
      });
  const auto stream = [&](const char* what, const std::vector<std::string>& kinds,
                          StreamFit StreamFits::*member) {
    // Below 5 us the sources' timer resolution of 1 us would dominate the fit.
    if (wanted != "all" && wanted != what) return;
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
