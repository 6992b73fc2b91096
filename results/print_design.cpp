// The hardware that was built for a workload: fabric, and how each layer is laid out.
#include <algorithm>

#include "results/print_parts.h"
#include "results/table.h"

namespace wattlas {
namespace {

double numberOf(const OperatorDesign& design, const std::string& key) {
  for (const auto& [name, value] : design.numbers)
    if (name == key) return value;
  return std::nan("");
}

std::string cell(const OperatorDesign& design, const char* key) {
  const double value = numberOf(design, key);
  return std::isfinite(value) ? plainNumber(value) : "";
}

std::string foldingOf(const OperatorDesign& design) {
  if (const double reuse = numberOf(design, "reuse"); std::isfinite(reuse))
    return "reuse " + plainNumber(reuse);
  const double pe = numberOf(design, "pe"), simd = numberOf(design, "simd");
  if (!std::isfinite(pe)) return "";
  return std::isfinite(simd) ? plainNumber(pe) + " x " + plainNumber(simd) : plainNumber(pe);
}

std::string fabricTable(const DesignReport& design, const TextOptions& options) {
  TextTable table({{"fabric"},
                   {"used", true},
                   {"layers", true},
                   {"shell", true},
                   {"of board", true},
                   {"usable", true},
                   {"board", true},
                   {"", false, 20}});
  for (const FabricUse& f : design.fabric) {
    if (f.total <= 0) continue;
    const double share = f.used / f.total;
    table.add({f.name,
               plainNumber(f.used),
               plainNumber(f.used - f.shell),
               plainNumber(f.shell),
               {percent(share), f.used > f.usable ? Style::warn : Style::plain},
               plainNumber(f.usable),
               plainNumber(f.total),
               bar(std::min(share, 1.0), 20)});
  }
  return table.text(options);
}

std::string layerTable(const RunResult& r, const TextOptions& options) {
  TextTable table({{"layer", false, 24},
                   {"PE x SIMD", false, 12},
                   {"because", false, 22},
                   {"II", true},
                   {"FIFO", true},
                   {"LUT", true},
                   {"FF", true},
                   {"DSP", true},
                   {"BRAM18", true},
                   {"URAM", true}});
  for (const OperatorResult& o : r.operators) {
    if (o.design.numbers.empty()) continue;
    table.add({o.name, foldingOf(o.design), o.design.why, cell(o.design, "ii_cycles"),
               cell(o.design, "fifo_depth"), cell(o.design, "lut"), cell(o.design, "ff"),
               cell(o.design, "dsp"), cell(o.design, "bram18"), cell(o.design, "uram")});
  }
  return table.empty() ? "" : table.text(options);
}

}  // namespace

std::string printStreams(const RunResult& r, const TextOptions& options) {
  TextTable table({{"stream", false, 48},
                   {"depth", true},
                   {"filled", true},
                   {"token bits", true},
                   {"word bits", true}});
  for (const StreamDesign& s : r.design.streams)
    table.add({s.name, plainNumber(s.depth), plainNumber(s.peak), plainNumber(s.tokenBits),
               plainNumber(s.wordBits)});
  return heading("Streams", options) + table.text(options);
}

std::string printDesign(const RunResult& r, const TextOptions& options) {
  const DesignReport& d = r.design;
  if (d.empty()) return {};
  std::string out = heading("Design", options);
  out += fmt::format(
      "  interval {} cycles (set by {}), latency {} cycles, {} inferences/s in steady state\n",
      plainNumber(d.iiCycles), d.bottleneck, plainNumber(d.latencyCycles),
      plainNumber(d.throughputPerS));
  return out + fabricTable(d, options) + layerTable(r, options);
}

}  // namespace wattlas
