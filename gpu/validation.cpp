#include "gpu/validation.h"

#include "gpu/calibration.h"

namespace wattlas {
namespace {

using gpu::MeasuredKernel;

struct Class {
  const char* name;
  std::vector<std::string> kinds;
  double gate, target;
  int fitted;
  double least;  ///< microseconds: shorter kernels drown in the sources' timer resolution
};

const std::vector<Class>& classes() {
  static const std::vector<Class> all = {
      {"gemm", {"gemm"}, 0.08, 0.06, 6, 0},
      {"decode attention", {"attn_decode"}, 0.15, 0.10, 4, 0},
      {"prefill attention", {"attn_prefill"}, 0.20, 0.12, 3, 0},
      {"collectives", {"allreduce", "all_gather", "reduce_scatter"}, 0.10, 0.07, 4, 0},
      {"gated activation", {"silu_mul"}, 0.10, 0.07, 3, 10},
      {"add", {"add"}, 0.10, 0.07, 3, 10},
      {"norm", {"rmsnorm"}, 0.10, 0.07, 3, 10},
      {"rope", {"rope"}, 0.10, 0.07, 3, 10}};
  return all;
}

struct Stack {
  const char *deviceFile, *device, *stack;
};
constexpr Stack stacks[] = {{"gpu-a100-sxm", "A100", "vidur"},
                            {"gpu-a100-sxm", "A100", "aiconfigurator"},
                            {"gpu-h100-sxm", "H100", "vidur"},
                            {"gpu-h100-sxm", "H100", "aiconfigurator"},
                            {"gpu-a40", "A40", "vidur"}};

gpu::Parameters parametersOf(const SearchPath& path, const Stack& stack) {
  const auto file = path.find("devices", stack.deviceFile);
  if (!file) throw InputError(std::string("device file '") + stack.deviceFile + "' not found");
  ConfigNode tree = loadConfig(*file, path);
  tree.erase("kind");
  Problems problems;
  gpu::Parameters p;
  bindConfig(tree, "device", problems, [&](Binder& b) { p.bind(b); });
  problems.finish();
  const gpu::Calibration* fit = p.findFit(stack.stack);
  if (fit == nullptr)
    throw InputError(std::string(stack.deviceFile) + " has no constants for stack '" + stack.stack +
                     "'");
  p.fit = gpu::Calibration(*fit);
  return p;
}

void addFigures(ValidationRows& out, const Stack& stack, const Class& kind,
                const gpu::Parameters& p, const std::vector<MeasuredKernel>& all) {
  std::vector<MeasuredKernel> fit;
  std::vector<double> measured, analytic, event, line;
  std::vector<const MeasuredKernel*> test;
  for (const MeasuredKernel& row : all) {
    if (row.device != stack.device || row.stack != stack.stack) continue;
    bool wanted = false;
    for (const std::string& name : kind.kinds) wanted = wanted || row.kind == name;
    if (!wanted || row.microseconds < kind.least) continue;
    if (row.test)
      test.push_back(&row);
    else
      fit.push_back(row);
  }
  if (test.size() < 4 || fit.size() < 4) return;  // too few to say anything
  const gpu::Roofline roof = gpu::fitRoofline(fit);
  for (const MeasuredKernel* row : test) {
    measured.push_back(row->microseconds);
    analytic.push_back(gpu::closedFormMicroseconds(p, *row));
    event.push_back(gpu::eventMicroseconds(p, *row));
    line.push_back(roof.microseconds(*row));
  }
  const double baseline = gpu::errorsOf(line, measured).mape;
  const auto add = [&](const char* fidelity, const std::vector<double>& predicted) {
    ValidationRow row;
    row.group = "gpu";
    row.id = std::string(stack.device) + " " + stack.stack + " " + kind.name + " " + fidelity;
    row.kind = "blind";
    row.quantity = "mean error of " + std::to_string(test.size()) +
                   " kernel times; reference: fitted 3-parameter roofline";
    row.unit = "1";
    row.figure = true;
    row.ours = gpu::errorsOf(predicted, measured).mape;
    row.reference = baseline;
    row.gate = kind.gate;
    row.target = kind.target;
    row.fittedParameters = kind.fitted;
    row.source = std::string(stack.stack) == "vidur" ? "microsoft/vidur data/profiling"
                                                     : "ai-dynamo/aiconfigurator systems/data";
    out.push_back(std::move(row));
  };
  add("analytic", analytic);
  add("event", event);
}

}  // namespace

ValidationRows gpuValidationRows(const SearchPath& path) {
  const auto file = path.findPart("validation/gpu-kernels.csv");
  if (!file) throw InputError("validation/gpu-kernels.csv not found on the search path");
  const std::vector<MeasuredKernel> all = gpu::readMeasured(*file);
  ValidationRows rows;
  for (const Stack& stack : stacks) {
    const gpu::Parameters p = parametersOf(path, stack);
    for (const Class& kind : classes()) addFigures(rows, stack, kind, p, all);
  }
  return rows;
}

}  // namespace wattlas
