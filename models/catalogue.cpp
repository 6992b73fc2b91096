#include "models/catalogue.h"

#include <algorithm>

namespace wattlas {
namespace {

std::vector<std::string> makeList() {
  std::vector<std::string> ids = {"upmem-dpu",
                                  "upmem-dimm",
                                  "upmem-server",
                                  "upmem-e19",
                                  "pim-ai-1chip",
                                  "pim-ai-4chip",
                                  "pim-ai-dimm",
                                  "hbm-pim",
                                  "gddr6-aim",
                                  "attacc-bank",
                                  "attacc-bg",
                                  "attacc-buffer",
                                  "neupims",
                                  "simdram-ddr4",
                                  "cent-x8",
                                  "fpga-zcu104-dpu-b4096x2",
                                  "fpga-zcu102-dpu-b4096x3",
                                  "fpga-kv260-dpu-b3136",
                                  "fpga-kv260-tellme",
                                  "fpga-kv260-llm",
                                  "asic-econt-65nm",
                                  "cpu-xeon",
                                  "hetero-cpu-upmem",
                                  "hetero-cpu-samac",
                                  "hetero-h100-pim-ai",
                                  "hetero-h100-attacc",
                                  "hetero-a100-neupims",
                                  "hetero-zynq",
                                  "hetero-phone-pim-ai"};
  for (const char* width : {"col64", "col256", "col512", "row"}) {
    ids.push_back(std::string("upmem-samac-") + width);
    ids.push_back(std::string("upmem-samac-") + width + "-server");
  }
  for (const int dimms : {2, 4, 6, 8, 10, 12, 16, 24})
    ids.push_back("pim-ai-" + std::to_string(dimms) + "dimm");
  for (const char* board : {"pynq-z2", "zcu104", "zcu102", "ultra96", "kv260", "arty-a7", "u250",
                            "vu9p", "vu13p", "basys3"})
    ids.push_back(std::string("fpga-") + board);
  for (const char* gpu :
       {"v100-sxm2", "v100-pcie",    "t4",    "p4",       "p100",       "a100-sxm",   "a100-40-sxm",
        "a100-pcie", "a100-40-pcie", "a40",   "a6000",    "l4",         "l40s",       "h100-sxm",
        "h100-pcie", "h200-sxm",     "gh200", "b200-sxm", "rtx3090",    "rtx4090",    "rtxpro6000",
        "mi100",     "mi210",        "mi250", "mi300x",   "jetson-tx2", "jetson-orin"}) {
    ids.push_back(std::string("gpu-") + gpu);
    const auto several = multiplesOf(ids.back());
    ids.insert(ids.end(), several.begin(), several.end());
  }
  for (const char* profile :
       {"dgx100",        "v100",          "h100_x4",       "h100_x5",       "h100_x8",
        "h100_x3",       "h100_x2",       "a800",          "h20",           "h200",
        "h100",          "a6000",         "a17pro",        "dimensity9300", "snapdragon8gen3",
        "sam_lpddr5pim", "pim_ai_1chip",  "pim_ai_4chip",  "pim_ai_1dimm",  "pim_ai_2dimm",
        "pim_ai_4dimm",  "pim_ai_16dimm", "pim_ai_8dimm",  "pim_ai_10dimm", "pim_ai_6dimm",
        "cxl_pim_bc",    "cxl_pim_nbc",   "pim_ai_12dimm", "pim_ai_24dimm"}) {
    std::string id = std::string("roofline-") + profile;
    std::replace(id.begin(), id.end(), '_', '-');
    ids.push_back(std::move(id));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

const std::vector<std::string>& cataloguePlatforms() {
  static const std::vector<std::string> ids = makeList();
  return ids;
}

std::vector<std::string> multiplesOf(const std::string& id) {
  std::vector<std::string> ids;
  if (!id.starts_with("gpu-") && id != "pim-ai-dimm" && id != "upmem-dimm") return ids;
  for (const char* count : {"2", "4", "8", "16"}) ids.push_back(id + "-x" + count);
  if (id == "upmem-dimm") ids.push_back(id + "-x20");  // a whole server
  return ids;
}

bool isCataloguePlatform(const std::string& id) {
  const auto& ids = cataloguePlatforms();
  return std::binary_search(ids.begin(), ids.end(), id);
}

}  // namespace wattlas
