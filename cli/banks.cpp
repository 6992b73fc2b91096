// wattlas banks: what MACs in the banks of UPMEM memory give for their area and power.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "models/experiment.h"
#include "pim/upmem/figures.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

struct BanksCommand {
  std::vector<std::string> platforms, formats, sets;
  bool json = false;

  void run() const {
    Json out = {{"schema", 1}};
    if (!json)
      fmt::print(
          "One chip, all banks in a long matrix-vector product, weights resident; gains are over "
          "the DPUs alone\n\n{:<28} {:<7} {:>6} {:>9} {:>9} {:>9} {:>8} {:>7} {:>22} {:>9} {:>9}\n",
          "platform", "format", "units", "GOPS", "of peak", "GOPS/mm2", "GOPS/W", "W",
          "area of a bank", "iso-area", "iso-power");
    for (const std::string& name : platforms) print(name, out);
    if (json) fmt::print("{}\n", out.dump(2));
  }

  void print(const std::string& name, Json& out) const {
    ConfigNode overrides = ConfigNode::ofMap();
    for (const std::string& text : sets) {
      const auto [key, value] = parseAssignment(text);
      overrides.set(key.starts_with("device.") ? key : "device." + key, value);
    }
    const Platform platform = makePlatform(name, overrides, context->registry, context->path);
    const auto* device = dynamic_cast<const pim::UpmemDevice*>(platform.device.device.get());
    if (device == nullptr)
      throw InputError("'" + name + "' has no DPUs beside its banks",
                       "a platform such as upmem-dimm or upmem-samac-col256");
    const pim::OverheadRange area = pim::overheadOf(device->params());
    const double lost = device->params().macArea().capacityLost;
    for (const std::string& text : formats) {
      const NumberFormat f = parseNumberFormat(text);
      const pim::ChipFigures x = pim::figuresOf(*device, f, f);
      const pim::ChipFigures dpu = pim::figuresOfDpus(*device, f, f);
      const double isoArea = x.opsPerMm2() / dpu.opsPerMm2(),
                   isoPower = x.opsPerJoule() / dpu.opsPerJoule();
      if (json) {
        out["rows"].push_back({{"platform", name},
                               {"format", text},
                               {"on_bank", x.onBank},
                               {"ops_per_s", rounded(x.opsPerSecond)},
                               {"peak_ops_per_s", rounded(x.peakOpsPerSecond)},
                               {"power_w", rounded(x.power.value)},
                               {"area_mm2", rounded(x.area.value)},
                               {"ops_per_s_mm2", rounded(x.opsPerMm2())},
                               {"ops_per_j", rounded(x.opsPerJoule())},
                               {"iso_area_gain", rounded(isoArea)},
                               {"iso_power_gain", rounded(isoPower)},
                               {"bank_area_overhead",
                                {{"low", rounded(area.low)},
                                 {"nominal", rounded(area.nominal)},
                                 {"high", rounded(area.high)}}},
                               {"bank_area_mm2", rounded(device->params().macArea().total().value)},
                               {"capacity_lost", rounded(lost)}});
        continue;
      }
      fmt::print(
          "{:<28} {:<7} {:>6} {:>9.2f} {:>7.1f} % {:>9.3f} {:>8.2f} {:>7.2f} {:>22} {:>8.2f}x "
          "{:>8.2f}x\n",
          name, text, x.onBank ? "bank" : "DPU", x.opsPerSecond / 1e9,
          100 * x.opsPerSecond / x.peakOpsPerSecond, x.opsPerMm2() / 1e9, x.opsPerJoule() / 1e9,
          x.power.value,
          fmt::format("{:.1f} ({:.1f}..{:.1f}) %", 100 * area.nominal, 100 * area.low,
                      100 * area.high),
          isoArea, isoPower);
    }
  }

  Context* context = nullptr;
};

}  // namespace

void addBanks(CLI::App& app, Context& context) {
  auto command = std::make_shared<BanksCommand>();
  command->context = &context;
  command->platforms = {"upmem-dimm", "upmem-samac-col64", "upmem-samac-col256",
                        "upmem-samac-col512", "upmem-samac-row"};
  command->formats = {"int8", "int4", "int2", "binary"};
  CLI::App* sub =
      app.add_subcommand("banks", "Rate, area and power of compute in the banks of UPMEM memory");
  sub->footer(
      "Example:\n  wattlas banks -p upmem-samac-col256 --set saMac.ecc.placement=before_mac");
  repeated(sub->add_option("-p,--platform", command->platforms, "Platform id or file (repeat)"));
  repeated(sub->add_option("--format", command->formats,
                           "Number format of weights and activations (repeat)"));
  repeated(sub->add_option("--set", command->sets, "KEY=VALUE of the device"));
  sub->add_flag("--json", command->json, "Print one JSON object");
  sub->callback([command] { command->run(); });
}

}  // namespace wattlas
