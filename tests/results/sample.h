// A result with something in every field: two phases, a fold, an assumption, five ledger cells.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>

#include "models/result.h"
#include "results/point.h"

namespace wattlas::test {

inline RunResult sampleResult(const std::string& platform = "upmem-dimm", double scale = 1.0) {
  RunResult r;
  r.configHash = "00112233445566778899aabbccddeeff";
  r.platform = platform;
  r.workload = "llama2-7b";
  r.format = "w8a8kv8";
  r.batch = 2;
  r.seed = 18446744073709551615ULL;
  r.fidelity = "event";
  r.scope = "node";
  r.includes.psu = true;
  r.fidelityUsed = {{"device", "event"}, {"host", "analytic"}, {"link", "analytic"}};
  r.timeS = 1.25 * scale;
  r.boundS = 1.0 * scale;
  r.energyJ = 100.0 * scale;
  r.powerAvgW = 80;
  r.powerPeakW = 95.5;
  r.powerWindowS = 1e-3;
  r.areaMm2 = 330;
  r.breakdownJ = {10 * scale, 40 * scale, 5 * scale, 2 * scale, 3 * scale,
                  20 * scale, 10 * scale, 4 * scale, 6 * scale};
  r.phases = {{"prefill", 0.25 * scale, 40 * scale, 256, 1024 / scale, 0.15625 * scale},
              {"decode", 1.0 * scale, 60 * scale, 64, 64 / scale, 0.9375 * scale}};
  OperatorResult gemm;
  gemm.name = "layer.qkv";
  gemm.kind = "matmul";
  gemm.phase = "prefill";
  gemm.device = "device";
  gemm.count = 32;
  gemm.endS = 0.25 * scale;
  gemm.attributedS = 0.25 * scale;
  gemm.energyJ = 40 * scale;
  gemm.utilisation = 0.5;
  gemm.bound = "compute";
  gemm.macs = 1e12;
  gemm.bytes = 1e9;
  OperatorResult gemv = gemm;
  gemv.name = "layer.\"up\", µ";  // quotes, commas and UTF-8 must survive every format
  gemv.phase = "decode";
  gemv.region = 1;
  gemv.startS = 0.25 * scale;
  gemv.endS = 1.15 * scale;
  gemv.attributedS = 0.9 * scale;
  gemv.energyJ = 55 * scale;
  gemv.utilisation = 0.01;
  gemv.bound = "memory";
  gemv.macs = 1e10;
  gemv.bytes = 2e10;
  OperatorResult copy = gemv;
  copy.name = "copy";
  copy.kind = "transfer";
  copy.device = "link";
  copy.startS = 1.1 * scale;
  copy.endS = 1.25 * scale;
  copy.attributedS = 0.1 * scale;
  copy.energyJ = 5 * scale;
  copy.bound = "link";
  copy.macs = 0;
  r.operators = {gemm, gemv, copy};
  r.tiers = {{"MRAM", 7e9, 7.5e9, 8.589934592e9}};
  r.weightsBytes = 6.7e9;
  r.peakBytes = 7.5e9;
  r.capacityBytes = 8.589934592e9;
  r.replications = {
      {ReplicationKind::symmetry, 128, "128 identical DPUs", "same program, same entry state"}};
  r.assumptions = {
      {"device.energy.mram.read", "9.5e-13 J", "5.5e-13 J", "1.56e-12 J", "estimate, 14 nm",
       Basis::assumption},
      {"link.rate", "19.2 GB/s", "19.2 GB/s", "19.2 GB/s", "data sheet", Basis::published},
      {"fidelity.link", "analytic", "", "", "no event model", Basis::assumption}};
  r.ledger = {{"device", Category::array, "mram.read", 4e13 * scale, 1e-12, 5e-13, 2e-12,
               Basis::assumption, "estimate, 14 nm"},
              {"host", Category::host, "core.busy", 1e12 * scale, 1e-11, 1e-11, 1e-11,
               Basis::assumption, "guess"},
              {"link", Category::link, "ddr.bit", 2e12 * scale, 1e-11, 1e-11, 1e-11,
               Basis::published, "standard"}};
  r.notes = {"prompt was cut"};
  r.host = {0.5, 12345, 1 << 20, "some processor"};
  r.config = "platform: {id: upmem-dimm}\nrun:\n  fidelity: event\n";
  return r;
}

inline RunResult infeasibleResult() {
  RunResult r = sampleResult("gpu-h100-sxm");
  r.feasible = false;
  r.reasons = {"weights need 140 GB, the device has 80 GB", "no ternary units"};
  r.timeS = r.energyJ = r.powerAvgW = r.powerPeakW = std::nan("");
  r.phases.clear();
  r.operators.clear();
  r.ledger.clear();
  return r;
}

/// A fresh folder that disappears with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "wattlas-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace wattlas::test
