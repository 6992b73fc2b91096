// wattlas predict: one operator a row, priced alone on a device.
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "models/base/atomic_file.h"
#include "results/csv.h"
#include "validation/probe.h"

namespace wattlas {
namespace {

constexpr std::size_t writtenAtOnce = 1U << 20;

struct PredictCommand {
  std::string platform, input, output, fidelity, stack;
  std::vector<std::string> sets;

  void run(Context& context) const {
    CommonOptions common;
    common.fidelity = fidelity;
    common.sets = sets;
    RowPredictor predictor(context.registry, context.path, platform, common.assignments(), stack);
    AtomicFile written(output);
    std::string out;
    std::size_t rows = 0, refused = 0;
    const auto begin = [&](const CsvFile& file) {
      out = file.rawHeader + ",predicted_us,predicted_j,bound,feasible,reason,stack" + file.lineEnd;
    };
    CsvFile::stream(input, "op", false, begin, [&](const CsvFile& file, CsvRecord&& record) {
      ++rows;
      const Prediction p = predictor.predict(file, record);
      // Rows shorter than the header keep their cells; the new columns stay in line.
      out +=
          record.raw +
          std::string(file.header.size() - std::min(file.header.size(), record.cells.size()), ',');
      if (p.feasible) {
        out += fmt::format(",{},{},{},1,", csvNumber(rounded(p.microseconds)),
                           csvNumber(rounded(p.joules)), p.bound);
      } else {
        ++refused;
        out += ",,,,0,";
        appendCsvCell(out, p.reason);
      }
      out += ',';
      appendCsvCell(out, p.stack);
      out += file.lineEnd;
      if (out.size() < writtenAtOnce) return;
      written.write(out);
      out.clear();
    });
    written.write(out);
    written.commit();
    fmt::print(stderr, "{}: {} rows, {} infeasible, fidelity {}\n", output, rows, refused,
               predictor.fidelityUsed());
  }
};

}  // namespace

void addPredict(CLI::App& app, Context& context) {
  auto command = std::make_shared<PredictCommand>();
  CLI::App* sub = app.add_subcommand("predict", "Price single operators from a CSV file");
  sub->footer("Example:\n  wattlas predict -p gpu-a100-sxm --ops shapes.csv -o priced.csv");
  sub->add_option("-p,--platform", command->platform, "Platform id or file")->required();
  sub->add_option("--ops", command->input, "CSV with a column 'op' and its dimensions")->required();
  sub->add_option("-o,--output", command->output, "CSV to write")->required();
  sub->add_option("--stack", command->stack,
                  "Software stack of rows without one (default: library kernels alone)");
  sub->add_option("--fidelity", command->fidelity, "analytic, event or detailed");
  repeated(sub->add_option("--set", command->sets, "KEY=VALUE: any parameter"));
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
