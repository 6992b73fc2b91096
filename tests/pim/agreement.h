// Levels of a device held against each other, and the operators to do it with.
#pragma once

#include <cmath>

#include "tests/pim/support.h"

namespace wattlas::pim_test {

/// Softmax, norm, activation and addition of some rows: work of vector units.
inline std::vector<Operator> vectorWork() {
  std::vector<Operator> ops;
  for (const auto& [kind, variant] :
       {std::pair(OpKind::softmax, OpVariant::none), std::pair(OpKind::norm, OpVariant::rms),
        std::pair(OpKind::activation, OpVariant::silu), std::pair(OpKind::add, OpVariant::none)}) {
    Operator op = gemm(128, 4096, 1, "fp16");
    op.kind = kind;
    op.variant = variant;
    ops.push_back(op);
  }
  return ops;
}

inline Operator convolution(std::int64_t in, std::int64_t out, std::int64_t size,
                            std::int64_t kernel, const std::string& format) {
  Operator op;
  op.name = "convolution";
  op.kind = OpKind::conv2d;
  op.dims[Dim::cin] = in;
  op.dims[Dim::cout] = out;
  op.dims[Dim::height] = op.dims[Dim::width] = size;
  op.dims[Dim::kernelHeight] = op.dims[Dim::kernelWidth] = kernel;
  op.dims[Dim::pad] = kernel / 2;
  op.formats = parseTensorFormats(format);
  return op;
}

/// Odd, tall and flat products of 1 to 64 vectors, attention, convolutions and vector work in four
/// formats.
inline std::vector<Operator> awkwardShapes() {
  std::vector<Operator> ops = vectorWork();
  for (const char* format : {"fp16", "int8", "int4", "w4a8kv8"}) {
    for (const std::int64_t m : {1, 2, 3, 5, 8, 16, 33, 64})
      for (const auto& [n, k] : {std::pair(4096, 4096), std::pair(1000, 1000), std::pair(64, 64),
                                 std::pair(8192, 128), std::pair(128, 8192), std::pair(333, 777),
                                 std::pair(11008, 4096), std::pair(1, 999), std::pair(1777, 3)})
        ops.push_back(gemm(m, n, k, format));
    for (const std::int64_t keys : {1, 97, 500, 2047})
      for (const std::int64_t heads : {1, 8, 32}) {
        ops.push_back(attention(heads, keys, format));
        ops.back().dims[Dim::batch] = 1 + keys % 7;
      }
    ops.push_back(convolution(3, 64, 61, 7, format));
    ops.push_back(convolution(64, 64, 28, 3, format));
    ops.push_back(convolution(117, 78, 35, 1, format));
    ops.push_back(convolution(256, 19, 7, 3, format));
  }
  return ops;
}

struct Agreement {
  std::size_t compared = 0, beyond = 0;  ///< operators; those that differ by more than asked
  double worst = 0;
  std::string at;  ///< the worst
};

/// Closed form against the simulation: neither beats the bound, energy is the same.
inline Agreement agreementOf(const Device& device, const std::vector<Operator>& ops,
                             double within) {
  Agreement result;
  for (const Operator& op : ops) {
    if (device.support(op).level == Support::Level::refused) continue;
    Graph graph;
    const OpId id = graph.add(op);
    const auto program = device.lower({graph, {id}, PhaseKind::inference});
    if (!program) continue;  // such as too large
    const Profile a = device.estimate(**program), e = device.simulate(**program, Fidelity::event);
    const std::string name =
        std::string(nameOf(op.kind)) + " " + std::to_string(op.dims[Dim::M]) + " x " +
        std::to_string(op.dims[Dim::N]) + " x " + std::to_string(op.dims[Dim::K]) + ", " +
        std::to_string(op.dims[Dim::keys]) + " keys, " + op.formats.weight.name;
    EXPECT_GE(a.alone(), (*program)->lowerBound()) << name;
    EXPECT_GE(e.alone(), (*program)->lowerBound()) << name;
    EXPECT_NEAR(dynamicJoules(device, a), dynamicJoules(device, e), 1e-9 * dynamicJoules(device, e))
        << name;
    const double off = std::abs(toSeconds(a.alone()).value / toSeconds(e.alone()).value - 1.0);
    ++result.compared;
    result.beyond += off > within ? 1 : 0;
    if (off > result.worst) result.worst = off, result.at = name;
  }
  return result;
}

/// A, B, A: the second A is the first.
inline void expectRepeatable(const Device& device, const Operator& a, const Operator& b) {
  const auto first = lower(device, a), second = lower(device, b);
  const Profile before = device.simulate(*first, Fidelity::event);
  (void)device.simulate(*second, Fidelity::event);
  const Profile after = device.simulate(*first, Fidelity::event);
  EXPECT_EQ(before.alone(), after.alone());
  EXPECT_EQ(before.events, after.events);
  EXPECT_EQ(before.statistics, after.statistics);
}

}  // namespace wattlas::pim_test
