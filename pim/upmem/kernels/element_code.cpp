// Element-wise and row kernels. Arguments in WRAM (`args`, words): 0 elements of a tile, 1 input
// bytes, 2 output bytes, 3 row constant (norms: elements of a row as a power of two; average: 2^16
// over the elements). `jobs`: four
// words a tasklet: MRAM address of its inputs, of its outputs, tiles, WRAM address of its frame
// (512 bytes of input, 512 of second input, 512 of output). Second operands follow the first in
// MRAM, tile by tile.
#include <array>

#include "pim/upmem/kernels/code.h"

namespace wattlas::pim {

namespace {

constexpr std::array<const char*, elementKernelCount> names = {"copy",
                                                               "add",
                                                               "relu",
                                                               "activation by table",
                                                               "scale and shift",
                                                               "maximum",
                                                               "softmax",
                                                               "RMS norm",
                                                               "fp32 add",
                                                               "fp32 multiply",
                                                               "int8 to fp32",
                                                               "fp16 to fp32",
                                                               "bf16 to fp32",
                                                               "fp8 to fp32",
                                                               "fp4 to fp32",
                                                               "layer norm",
                                                               "rotary embedding",
                                                               "average",
                                                               "gated activation",
                                                               "pack"};

std::string n(int v) {
  return std::to_string(v);
}
std::string line(const std::string& text) {
  return "        " + text + "\n";
}

/// Element k of one body: input at r1, second at r2, output at r3; r4..r12 are free, r13.. keep.
std::string element(ElementKernel kernel, int k) {
  const std::string id = "_" + n(k), in = ", r1, " + n(k), second = ", r2, " + n(k),
                    out = "sb r3, " + n(k) + ", r4";
  const std::string in4 = ", r1, " + n(4 * k), second4 = ", r2, " + n(4 * k),
                    in2 = ", r1, " + n(2 * k);
  const std::string out4 = "sw r3, " + n(4 * k) + ", ";
  switch (kernel) {
    case ElementKernel::copy:
      return line("lbu r4" + in) + line(out);
    case ElementKernel::add:
      return line("lbs r4" + in) + line("lbs r5" + second) + line("add r4, r4, r5") +
             saturateCode("r4", id) + line(out);
    case ElementKernel::relu:
      return line("lbs r4" + in) + line("jges r4, 0, keep" + id) + line("move r4, 0") + "keep" +
             id + ":\n" + line(out);
    case ElementKernel::lookUp:
      return line("lbu r4" + in) + line("lbu r4, r4, table") + line(out);
    case ElementKernel::scaleShift:  // x * r13 / 256 + r14, saturated
      return line("lbs r4" + in) + line("mul_sl_sl r4, r4, r13") + line("asr r4, r4, 6") +
             line("add r4, r4, r14") + saturateCode("r4", id) + line(out);
    case ElementKernel::maxPool:  // r15 collects
      return line("lbs r4" + in) + line("jles r4, r15, less" + id) + line("move r15, r4") + "less" +
             id + ":\n";
    case ElementKernel::floatAdd:
      return line("lw r4" + in4) + line("lw r8" + second4) + floatAddCode(id) + line(out4 + "r4");
    case ElementKernel::floatMultiply:
      return line("lw r8" + in4) + line("lw r10" + second4) + floatMultiplyCode(id) +
             line(out4 + "r8");
    case ElementKernel::fromInt8:  // count leading zeros, shift, pack; the scale is the output's
      return line("lbs r4" + in) + line("jz r4, zero" + id) + line("and r5, r4, 0x80000000") +
             line("jges r4, 0, plus" + id) + line("neg r4, r4") + "plus" + id + ":\n" +
             line("clz r6, r4") + line("lsl r4, r4, r6") + line("lsr r4, r4, 8") +
             line("rsub r6, r6, r13") + line("lsl_add r4, r4, r6, 23") + line("or r4, r4, r5") +
             "zero" + id + ":\n" + line(out4 + "r4");
    case ElementKernel::fromFp16:
      return line("lhs r4" + in2) + line("and r5, r4, 0x7fff") + line("jz r5, zero" + id) +
             line("and r4, r4, 0x80000000") + line("add r5, r5, 0x1c000") +
             line("lsl_add r5, r4, r5, 13") + "zero" + id + ":\n" + line(out4 + "r5");
    case ElementKernel::fromBf16:
      return line("lhu r4" + in2) + line("lsl r4, r4, 16") + line(out4 + "r4");
    case ElementKernel::fromFp8:
      return line("lbu r4" + in) + line("lsl r4, r4, 2") + line("lw r4, r4, table") +
             line(out4 + "r4");
    case ElementKernel::fromFp4:  // two in a byte
      return (k % 2 == 0 ? line("lbu r5, r1, " + n(k / 2)) + line("and r4, r5, 15")
                         : line("lsr r4, r5, 4")) +
             line("lsl r4, r4, 2") + line("lw r4, r4, table") + line(out4 + "r4");
    default:
      return {};
  }
}

/// A loop over the tile: `bodies`, then the pointers; r1 runs to r16.
std::string loop(const std::string& label, const std::string& bodies, int inStep, int outStep,
                 bool second) {
  std::string text = line("move r1, r22") + line("add r2, r22, 512") + line("add r3, r22, 1024") +
                     label + ":\n" + bodies + line("add r1, r1, " + n(inStep));
  if (second) text += line("add r2, r2, " + n(inStep));
  if (outStep > 0) text += line("add r3, r3, " + n(outStep));
  return text + line("jltu r1, r16, " + label);
}

/// Rows of softmax: maximum, table of exponentials with sum, one division, scale.
std::string softmaxTile(int unroll) {
  std::string maximum, exponential, scale;
  for (int k = 0; k < unroll; ++k) {
    maximum += element(ElementKernel::maxPool, k);
    exponential += line("lbs r4, r1, " + n(k)) + line("sub r4, r15, r4") +
                   line("lbu r4, r4, table") + line("add r14, r14, r4") +
                   line("sb r3, " + n(k) + ", r4");
    scale += line("lbu r4, r3, " + n(k)) + line("mul_ul_ul r5, r4, r13") +
             line("mul_ul_uh r6, r4, r13") + line("lsl_add r5, r5, r6, 8") +
             line("lsr r5, r5, 16") + line("sb r3, " + n(k) + ", r5");
  }
  return line("move r15, -128") + loop("maximum", maximum, unroll, 0, false) + line("move r14, 0") +
         loop("exponential", exponential, unroll, unroll, false) +
         divideCode("65535*255", "r14", 24) + loop("scale", scale, unroll, unroll, false);
}

/// Rows of an RMS norm: sum of squares, integer root, one division, two products an element.
std::string normTile(int unroll) {
  std::string squares, scale;
  for (int k = 0; k < unroll; ++k) {
    const std::string id = "_" + n(k);
    squares +=
        line("lbs r4, r1, " + n(k)) + line("mul_sl_sl r4, r4, r4") + line("add r15, r15, r4");
    scale += line("lbs r4, r1, " + n(k)) + line("mul_sl_ul r5, r4, r13") +
             line("mul_sl_uh r6, r4, r13") + line("lsl_add r5, r5, r6, 8") + line("asr r5, r5, 4") +
             line("lbs r6, r2, " + n(k)) + line("mul_sl_ul r4, r6, r5") +
             line("mul_sl_sh r7, r6, r5") + line("lsl_add r4, r4, r7, 8") + line("asr r4, r4, 10") +
             saturateCode("r4", id) + line("sb r3, " + n(k) + ", r4");
  }
  return line("move r15, 0") + loop("squares", squares, unroll, 0, false) +
         line("lw r6, zero, args+12") + line("lsr r15, r15, r6") + line("lsl r15, r15, 8") +
         rootCode() + line("add r14, r14, 1") + divideCode("0x8000", "r14", 16) +
         loop("scale", scale, unroll, unroll, true);
}

}  // namespace

const char* nameOf(ElementKernel kernel) {
  return names[static_cast<std::size_t>(kernel)];
}

ElementFormat formatOf(ElementKernel kernel) {
  switch (kernel) {
    case ElementKernel::add:
    case ElementKernel::rmsNorm:
    case ElementKernel::rope:
      return {8, 8, true, false, false};
    case ElementKernel::layerNorm:
      return {8, 8, true, true, false};
    case ElementKernel::gate:
      return {8, 8, true, false, true};
    case ElementKernel::lookUp:
    case ElementKernel::softmax:
      return {8, 8, false, false, true};
    case ElementKernel::floatAdd:
    case ElementKernel::floatMultiply:
      return {32, 32, true, false, false};
    case ElementKernel::fromInt8:
      return {8, 32, false, false, false};
    case ElementKernel::fromFp16:
    case ElementKernel::fromBf16:
      return {16, 32, false, false, false};
    case ElementKernel::fromFp8:
      return {8, 32, false, false, true};
    case ElementKernel::fromFp4:
      return {4, 32, false, false, true};
    default:
      return {};
  }
}

std::string elementSource(ElementKernel kernel, int unroll) {
  const ElementFormat f = formatOf(kernel);
  if (kernel == ElementKernel::floatAdd || kernel == ElementKernel::floatMultiply) unroll = 1;
  if (kernel == ElementKernel::fromFp4 && unroll < 2) unroll = 2;
  std::string text = R"(; element-wise, generated
main:   move  r0, jobs
        lsl_add r0, r0, id, 4
        lw    r19, r0, 0
        lw    r18, r0, 4
        lw    r17, r0, 8
        lw    r22, r0, 12
        jz    r17, done
tile:   lw    r21, zero, args+4
        lsl   r5, r21, 21
        add   r5, r5, -0x1000000
        add   r5, r5, r22
        ldma  r5, r19, 0
        add   r19, r19, r21
        add   r16, r22, r21
)";
  if (f.pairs) text += line("lsl r4, r21, 21") + line("add r5, r5, r4");  // twice the bytes
  if (f.second)
    text += line("add r5, r5, 512") + line("ldma r5, r19, 0") + line("add r19, r19, r21");
  if (f.pairs) text += line("add r19, r19, r21");
  if (kernel == ElementKernel::softmax) {
    text += softmaxTile(unroll);
  } else if (kernel == ElementKernel::rmsNorm) {
    text += normTile(unroll);
  } else if (kernel >= ElementKernel::layerNorm) {
    text += tileCode(kernel, unroll);
  } else {
    std::string bodies;
    for (int k = 0; k < unroll; ++k) bodies += element(kernel, k);
    if (kernel == ElementKernel::scaleShift) text += line("move r13, 83") + line("move r14, -3");
    if (kernel == ElementKernel::maxPool) text += line("move r15, -128");
    if (kernel == ElementKernel::fromInt8) text += line("move r13, 157");
    const bool keeps = kernel == ElementKernel::maxPool;
    text += loop("item", bodies, unroll * f.inputBits / 8, keeps ? 0 : unroll * f.outputBits / 8,
                 f.second);
    if (keeps) text += line("sb r22, 1024, r15");
  }
  text += R"(        lw    r20, zero, args+8
        lsl   r5, r20, 21
        add   r5, r5, -0x1000000
        add   r5, r5, r22
        add   r5, r5, 1024
        sdma  r5, r18, 0
        add   r18, r18, r20
        sub   r17, r17, 1, nz, tile
done:   stop  true, done
        .data
        .balign 8
args:   .space 16
jobs:   .space 16*24
table:  .space 1024
)";
  return text;
}

}  // namespace wattlas::pim
