// Devices from their files and operators for the tests of the GPU family.
#pragma once

#include <gtest/gtest.h>

#include "gpu/device.h"
#include "gpu/sim/register.h"
#include "models/host/host.h"
#include "tests/paths.h"

namespace wattlas::testing {

inline const SearchPath dataPath({wattlas::test::sourceRoot()});

inline std::unique_ptr<Device> makeDevice(
    const std::string& id, const std::vector<std::pair<std::string, std::string>>& sets = {}) {
  Registry registry;
  registerGpu(registry);
  registerHost(registry);
  ConfigNode tree = loadConfig(*dataPath.find("devices", id), dataPath);
  for (const auto& [key, value] : sets) tree.set(key, ConfigNode::ofScalar(value));
  return registry.make(tree, "device");
}

inline const gpu::Gpu& asGpu(const Device& device) {
  return dynamic_cast<const gpu::Gpu&>(device);
}

inline Operator gemm(std::int64_t m, std::int64_t n, std::int64_t k,
                     const std::string& format = "fp16") {
  Operator op;
  op.name = "gemm";
  op.dims[Dim::M] = m;
  op.dims[Dim::N] = n;
  op.dims[Dim::K] = k;
  op.formats = parseTensorFormats(format);
  return op;
}

inline Operator attention(std::int64_t batch, std::int64_t heads, std::int64_t kvHeads,
                          std::int64_t queries, std::int64_t keys,
                          const std::string& format = "fp16") {
  Operator op;
  op.name = "attention";
  op.kind = OpKind::attention;
  op.hasWeights = false;
  op.dims[Dim::batch] = batch;
  op.dims[Dim::heads] = heads;
  op.dims[Dim::kvHeads] = kvHeads;
  op.dims[Dim::headDim] = 128;
  op.dims[Dim::queries] = queries;
  op.dims[Dim::keys] = keys;
  op.causal = queries > 1;
  op.formats = parseTensorFormats(format);
  return op;
}

inline Operator rows(OpKind kind, OpVariant variant, std::int64_t m, std::int64_t n,
                     const std::string& format = "fp16") {
  Operator op = gemm(m, n, 1, format);
  op.name = nameOf(kind);
  op.kind = kind;
  op.variant = variant;
  op.hasWeights = kind == OpKind::norm;
  return op;
}

inline Operator convolution(std::int64_t channels, std::int64_t outputs, std::int64_t groups,
                            const std::string& format = "fp16") {
  Operator op = gemm(1, 1, 1, format);
  op.name = "convolution";
  op.kind = OpKind::conv2d;
  op.dims[Dim::cin] = channels;
  op.dims[Dim::cout] = outputs;
  op.dims[Dim::groups] = groups;
  op.dims[Dim::height] = op.dims[Dim::width] = 56;
  op.dims[Dim::kernelHeight] = op.dims[Dim::kernelWidth] = 3;
  op.dims[Dim::pad] = 1;
  return op;
}

/// A spread of operators: decode and prefill, large and small, every kind of kernel.
inline std::vector<Operator> sample(const std::string& format = "fp16") {
  return {gemm(1, 4096, 4096, format),
          gemm(16, 11008, 4096, format),
          gemm(128, 4096, 11008, format),
          gemm(1000, 5000, 3000, format),
          gemm(4096, 8192, 8192, format),
          gemm(7, 33, 129, format),
          attention(1, 32, 32, 1, 1000, format),
          attention(64, 32, 8, 1, 4096, format),
          attention(2, 32, 8, 1024, 1024, format),
          attention(1, 16, 16, 4096, 8192, format),
          rows(OpKind::norm, OpVariant::rms, 128, 4096, format),
          rows(OpKind::activation, OpVariant::siluMul, 4096, 11008, format),
          rows(OpKind::add, OpVariant::none, 3, 100, format),
          rows(OpKind::softmax, OpVariant::none, 4096, 2048, format),
          convolution(64, 128, 1, format),
          convolution(96, 96, 96, format)};
}

/// What the backward passes and the update of two small networks run.
inline std::vector<Operator> gradients(const std::string& format = "fp16") {
  std::vector<Operator> out;
  for (const char* network :
       {R"({generator: layers, input: {channels: 32, height: 28, width: 28}, layers: [
           {name: plain, kind: conv, cout: 64, kernel: 3, padding: 1, norm: folded, activation: relu},
           {name: strided, kind: conv, cout: 96, kernel: 3, stride: 2, padding: 1, bias: true},
           {name: pool, kind: max_pool, kernel: 2},
           {name: depthwise, kind: depthwise, kernel: 3, padding: 1},
           {name: dense, kind: dense, cout: 100, bias: true}]})",
        R"({generator: transformer, hidden: 256, layers: 2, heads: 4, ffn: 512, vocabulary: 1000,
           dropout: all})"}) {
    ConfigNode options = parseYaml("{batch: 8, train: {step: true}}", "test");
    options.put("format", ConfigNode::ofScalar(format));
    const Workload w = buildWorkload("test", parseYaml(network, "test"), options);
    for (const Phase& phase : w.phases)
      for (OpId id = 0; phase.kind != PhaseKind::forward && id < OpId(phase.graph.size()); ++id)
        out.push_back(phase.graph.at(id));
  }
  return out;
}

inline std::shared_ptr<const Program> lower(const Device& device, const Operator& op,
                                            Bits loop = Bits(0)) {
  Graph graph;
  const OpId id = graph.add(op);
  WorkItem item{.graph = graph, .region = {id}};
  item.loopWorkingSet = loop;
  const auto lowered = device.lower(item);
  if (!lowered) {
    ADD_FAILURE() << lowered.error().what;
    return nullptr;
  }
  return *lowered;
}

inline double analyticSeconds(const Device& device, const Operator& op, Bits loop = Bits(0)) {
  return toSeconds(device.estimate(*lower(device, op, loop)).alone()).value;
}

}  // namespace wattlas::testing
