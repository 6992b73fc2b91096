#include "results/plot.h"

#include "models/base/atomic_file.h"
#include "models/base/error.h"

namespace wattlas {

const Family& familyOf(const std::string& platform) {
  struct Rule {
    const char* start;
    Family family;
  };
  // The first rule that fits wins, so longer beginnings stand first.
  static const std::vector<Rule> rules = {
      {"upmem-samac", {"UPMEM + sense-amplifier MAC", Shape::diamond, 5}},
      {"upmem", {"UPMEM", Shape::circle, 0}},
      {"pim-ai", {"PIM-AI", Shape::square, 3}},
      {"hbm-pim", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"gddr6", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"attacc", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"neupims", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"simdram", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"cent", {"other in-bank DRAM", Shape::hexagon, 6}},
      {"roofline", {"roofline", Shape::plus, 8}},
      {"fpga", {"FPGA", Shape::triangleUp, 1}},
      {"asic", {"ASIC", Shape::plus, 7}},
      {"gpu", {"GPU", Shape::triangleDown, 2}},
      {"cpu", {"CPU", Shape::cross, 8}},
      {"hetero", {"mixed", Shape::star, 4}}};
  static const Family other = {"other", Shape::plus, 9};
  // A platform file given by path counts by its file name.
  const std::string name = platform.substr(platform.find_last_of('/') + 1);
  for (const Rule& rule : rules)
    if (name.starts_with(rule.start)) return rule.family;
  return other;
}

const Family& hostFamily() {
  static const Family host = {"run on the host", familyOf("cpu").shape, familyOf("cpu").colour};
  return host;
}

const Family& familyOf(const PointRow& row) {
  return row.device == "host" ? hostFamily() : familyOf(row.platform);
}

std::string nameOf(const PointRow& row) {
  return row.platform + hostNote(row[metricHostShare]) +
         (row.format.empty() ? "" : " " + row.format);
}

std::string doubtsOf(const PointRow& row, const std::vector<WinnerRow>& winners) {
  std::string text;
  for (const WinnerRow& w : winners)
    if (w.point == row.id && w.workload == row.workload && w.restsOnUnknown())
      text += (text.empty() ? "" : ", ") + labelOf(w.metric) + " " + chancePercent(w.probability);
  return text;
}

void writePlot(const std::string& path, const Plot& plot) {
  const bool pdf = path.ends_with(".pdf");
  if (!pdf && !path.ends_with(".svg"))
    throw InputError(Problem{{path, 0},
                             "",
                             "is not the name of a picture",
                             "a name ending in .svg or .pdf",
                             "the numbers are written beside it as .csv"});
  writeFileAtomically(path.substr(0, path.size() - 4) + ".csv", plot.csv);
  writeFileAtomically(path, pdf ? plot.drawing.pdf(plot.label) : plot.svg);
}

}  // namespace wattlas
