#include "pim/upmem/device_file.h"

namespace wattlas::pim {

UpmemParams loadUpmem(const SearchPath& path, const std::string& id,
                      const std::vector<std::pair<std::string, std::string>>& sets) {
  const auto file = path.find("devices", id);
  if (!file) {
    std::vector<std::string> ids;
    for (const auto& [name, place] : path.list("devices"))
      if (name.starts_with("upmem")) ids.push_back(name);
    throw InputError("device file '" + id.substr(0, 60) + "' not found", "a device of kind upmem",
                     didYouMean(id, ids));
  }
  ConfigNode config = loadConfig(*file, path);
  const ConfigNode* kind = config.find("kind");
  if (kind == nullptr || !kind->isScalar() || kind->scalar() != "upmem")
    throw InputError("device '" + id.substr(0, 60) + "' has no DPUs", "a device of kind upmem");
  config.erase("kind");
  config.erase("title");
  for (const auto& [key, value] : sets) config.set(key, ConfigNode::ofScalar(value));
  UpmemParams params;
  Problems problems;
  bindConfig(config, "device", problems, [&](Binder& b) { params.bind(b); });
  problems.finish();
  return params;
}

dpu::DpuTiming timingOf(const UpmemParams& p) {
  dpu::DpuTiming t;
  t.clockHz = p.dpu.clock.value.value;
  t.revolver = static_cast<int>(p.dpu.revolver);
  t.dmaReadLatency = p.dpu.dma.readLatency.value.value;
  t.dmaWriteLatency = p.dpu.dma.writeLatency.value.value;
  t.dmaLatencyPerByte = p.dpu.dma.perByte.value.value;
  t.dmaReadOccupancy = p.dpu.dma.readOccupancy.value.value;
  t.dmaWriteOccupancy = p.dpu.dma.writeOccupancy.value.value;
  t.dmaOccupancyPerByte = p.dpu.dma.occupancyPerByte.value.value;
  t.mramRowBytes = static_cast<int>(p.dpu.dma.rowBytes);
  t.bankDetail = p.dpu.dma.bankDetail;
  if (t.bankDetail) t.bank = p.dpu.dma.rows;
  return t;
}

dpu::LaunchModel launchModelOf(const UpmemParams& p) {
  return {p.host.launchRank.value.value, p.host.launchAgain.value.value,
          p.host.launchMore.value.value, p.dpu.clockDerating.value.value};
}

}  // namespace wattlas::pim
