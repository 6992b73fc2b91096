// Probes of the families: each asks the device that a platform file describes.
#pragma once

#include "models/experiment.h"
#include "validation/group_file.h"

namespace wattlas {

/// All probes by name:
/// `run`, `predict` (validation/probe.h);
/// `copy`: `platform`, `pattern` (scatter, gather, broadcast), `bytes` in all, keys with a dot as
/// in
///   `run`. Figures: `time_s`, `bandwidth` (bytes/s).
/// `prim`: a PrIM kernel of configs/kernels/dpu on the DPUs of `platform`: `benchmark`, `dpus`,
///   `parameter`, optional `tasklets`. Figures: `time_s` (all launches, with launch overhead and
///   clock derating of the device), `cycles` (one launch).
/// `dpu-figure`: `platform`, `figure` (pim/dpu/kernels/microbenchmarks.h). Figure: `value`.
/// `dpu-mix`: `benchmark`. Figure: `instructions` an element.
/// `dram`: `spec`, `pattern` (stream, random, mixstream, mixrandom, pieces, idle, onebank),
/// `refresh`
///   (all-bank, none). Figures: `time_s`, `read_latency_s`.
/// `fpga-design`, `fpga-unit`, `fpga-rtl`, `fpga-synthesis`: see fpga.cpp.
/// `network`: `workload` and its options. Figures: `parameters`, `macs`, `macs_decode`,
///   `weights_bytes`, `kv_bytes_per_token`, `kv_peak_bytes`.
/// `onnx-examples`: `folder` of libonnx-testdata. Figures: `imported`, `exact` (shares).
/// `search`: `problem` or `study`, see search.cpp.
Probes allProbes(const ProbeContext& context);

Probe makeCopyProbe(const ProbeContext& context);
Probe makePrimProbe(const ProbeContext& context);
Probe makeDpuFigureProbe(const ProbeContext& context);
Probe makeDpuMixProbe(const ProbeContext& context);
Probe makeDramProbe(const ProbeContext& context);
void addFpgaProbes(const ProbeContext& context, Probes& probes);
Probe makeSearchProbe(const ProbeContext& context);
Probe makeNetworkProbe(const ProbeContext& context);
Probe makeOnnxExamplesProbe();

/// The platform of `settings` with its keys of `--set`, as `wattlas run` builds it.
std::shared_ptr<const Platform> platformOf(const Settings& settings, const ProbeContext& context);

}  // namespace wattlas
