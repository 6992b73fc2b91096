// A campaign in a temporary folder, and the file that one undisturbed process writes.
#pragma once

#include <gtest/gtest.h>

#include "tests/system/command.h"

namespace wattlas::system {

/// 36 points of three families.
inline const char* const smallStudy = R"(name: small
workloads: [ecg-dscnn1d, "gemv:512x512"]
genes:
  platform: {categorical: [upmem-dimm, upmem-samac-col256, pim-ai-1chip, gpu-h100-sxm, fpga-zcu104]}
  format: {categorical: [fp16, int8, ternary]}
  dpu.clock: {categorical: [350 MHz, 450 MHz], when: "platform == 'upmem-dimm'"}
objectives: [{minimise: time_s}, {minimise: energy_j}]
search: {method: exhaustive, budget: 0, seed: 1}
)";

/// 144 points: long enough for a signal in the middle.
inline const char* const longStudy = R"(name: long
workloads: [opt-125m]
genes:
  platform: {categorical: [upmem-dimm, upmem-server]}
  format: {categorical: [fp16, int8, ternary]}
  workload.prompt: {categorical: [64, 128, 192, 256]}
  workload.generate: {categorical: [4, 16]}
  dpu.clock: {categorical: [250 MHz, 350 MHz, 450 MHz]}
objectives: [{minimise: time_s}, {minimise: energy_j}]
search: {method: exhaustive, budget: 0, seed: 1}
uncertainty: none
)";

/// Ten generations of 20.
inline const char* const searchStudy = R"(name: search
workloads: [opt-125m]
genes:
  platform: {categorical: [upmem-dimm, upmem-server, pim-ai-4chip]}
  format: {categorical: [fp16, int8, ternary]}
  workload.prompt: {integer: {min: 16, max: 256, step: 8}}
  dpu.clock: {integer: {min: 200 MHz, max: 500 MHz, step: 10}, when: "platform != 'pim-ai-4chip'"}
set: {workload.generate: 4}
objectives: [{minimise: time_s}, {minimise: energy_j}]
search: {method: nsga2, budget: 200, population: 20, seed: 5}
uncertainty: none
)";

/// Bytes of `explore -o` on a study.
inline std::string explored(const Folder& folder, const std::string& study) {
  const Output o =
      wattlas({"explore", folder.write("reference.yaml", study), "-o", folder / "reference.h5"});
  EXPECT_EQ(o.exitCode, 0) << o.err;
  const std::string bytes = read(folder / "reference.h5");
  EXPECT_GT(bytes.size(), 1000u);
  return bytes;
}

class Campaign {
 public:
  Campaign(const Folder& folder, const std::string& study, const std::string& name = "sweep")
      : folder_(folder / name), output_(folder / (name + ".h5")) {
    const Output o =
        wattlas({"campaign", "plan", folder.write(name + ".yaml", study), "-o", folder_});
    EXPECT_EQ(o.exitCode, 0) << o.err;
  }
  const std::string& folder() const { return folder_; }
  std::vector<std::string> command(int i, int n, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {
        "campaign", "run", folder_,      "--shard", std::to_string(i) + "/" + std::to_string(n),
        "-j",       "2",   "--patience", "0.2"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Output run(int i, int n, const std::vector<std::string>& more = {}) const {
    return wattlas(command(i, n, more));
  }
  /// Bytes of the merged file; empty when there is none.
  std::string merged(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"campaign", "merge", folder_, "-o", output_};
    words.insert(words.end(), more.begin(), more.end());
    const Output o = wattlas(words);
    EXPECT_EQ(o.exitCode, 0) << o.err;
    return exists(output_) ? read(output_) : "";
  }

 private:
  std::string folder_, output_;
};

}  // namespace wattlas::system
