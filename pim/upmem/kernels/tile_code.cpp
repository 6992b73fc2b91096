// Layer norm, rotary embedding, average, gated activation and re-layout on one tile. The input
// starts at r22 and ends at r16, second operands at r22 + 512, the output at r22 + 1024; r4..r15
// are free.
#include <algorithm>

#include "pim/upmem/kernels/code.h"

namespace wattlas::pim {

namespace {

std::string n(int v) {
  return std::to_string(v);
}
std::string line(const std::string& text) {
  return "        " + text + "\n";
}

std::string start() {
  return line("move r1, r22") + line("add r2, r22, 512") + line("add r3, r22, 1024");
}
std::string loop(const std::string& label, const std::string& bodies, int in, int second, int out) {
  std::string text = start() + label + ":\n" + bodies + line("add r1, r1, " + n(in));
  if (second > 0) text += line("add r2, r2, " + n(second));
  if (out > 0) text += line("add r3, r3, " + n(out));
  return text + line("jltu r1, r16, " + label);
}

/// `to` = unsigned 16-bit product of `a` and `b`; r6 and r7 change.
std::string product16(const std::string& to, const std::string& a, const std::string& b) {
  return line("mul_ul_uh r6, " + a + ", " + b) + line("mul_ul_uh r7, " + b + ", " + a) +
         line("add r6, r6, r7") + line("mul_uh_uh r7, " + a + ", " + b) +
         line("mul_ul_ul " + to + ", " + a + ", " + b) +
         line("lsl_add " + to + ", " + to + ", r6, 8") +
         line("lsl_add " + to + ", " + to + ", r7, 16");
}

/// Sum and sum of squares; mean in sixteenths; variance in 256ths; root; reciprocal; then every
/// deviation (13 bits) times the reciprocal (16 bits), gain and bias.
std::string layerNormTile(int unroll) {
  std::string sums, scale;
  for (int k = 0; k < unroll; ++k) {
    sums += line("lbs r4, r1, " + n(k)) + line("add r14, r14, r4") + line("mul_sl_sl r4, r4, r4") +
            line("add r15, r15, r4");
    scale += line("lbs r4, r1, " + n(k)) + line("lsl r4, r4, 4") + line("sub r4, r4, r8") +
             line("mul_sh_ul r6, r4, r13") + line("mul_ul_uh r7, r4, r13") +
             line("add r6, r6, r7") + line("mul_sh_uh r7, r4, r13") +
             line("mul_ul_ul r5, r4, r13") + line("lsl_add r5, r5, r6, 8") +
             line("lsl_add r5, r5, r7, 16") + line("asr r5, r5, 8") +
             line("lbs r6, r2, " + n(2 * k)) + line("mul_sl_ul r4, r6, r5") +
             line("mul_sl_sh r7, r6, r5") + line("lsl_add r4, r4, r7, 8") + line("asr r4, r4, 10") +
             line("lbs r5, r2, " + n(2 * k + 1)) + line("add r4, r4, r5") +
             saturateCode("r4", "_" + n(k)) + line("sb r3, " + n(k) + ", r4");
  }
  return line("move r14, 0") + line("move r15, 0") + loop("sums", sums, unroll, 0, 0) +
         line("lw r6, zero, args+12") + line("lsl r8, r14, 4") + line("asr r8, r8, r6") +
         line("lsl r15, r15, 8") + line("lsr r15, r15, r6") +
         // r15 -= mean^2, not below zero
         line("move r4, r8") + line("jges r4, 0, plus") + line("neg r4, r4") + "plus:\n" +
         product16("r5", "r4", "r4") + line("jgeu r15, r5, above") + line("move r5, r15") +
         "above:\n" + line("sub r15, r15, r5") + rootCode() + line("add r14, r14, 1") +
         divideCode("0x8000", "r14", 16) + loop("scale", scale, unroll, 2 * unroll, unroll);
}

/// Pairs (x, y) by (cos, sin) in 128ths.
std::string ropeTile(int unroll) {
  std::string bodies;
  unroll = std::max(2, unroll);
  for (int k = 0; k < unroll; k += 2) {
    const std::string even = n(k), odd = n(k + 1);
    bodies += line("lbs r4, r1, " + even) + line("lbs r5, r1, " + odd) +
              line("lbs r6, r2, " + even) + line("lbs r7, r2, " + odd) +
              line("mul_sl_sl r8, r4, r6") + line("mul_sl_sl r9, r5, r7") + line("sub r8, r8, r9") +
              line("asr r8, r8, 7") + saturateCode("r8", "_" + even) +
              line("sb r3, " + even + ", r8") + line("mul_sl_sl r8, r4, r7") +
              line("mul_sl_sl r9, r5, r6") + line("add r8, r8, r9") + line("asr r8, r8, 7") +
              saturateCode("r8", "_" + odd) + line("sb r3, " + odd + ", r8");
  }
  return loop("item", bodies, unroll, unroll, unroll);
}

/// Sum of the tile, times a reciprocal in 2^-16, rounded half away from zero.
std::string averageTile(int unroll) {
  std::string bodies;
  for (int k = 0; k < unroll; ++k) bodies += line("lbs r4, r1, " + n(k)) + line("add r15, r15, r4");
  return line("move r15, 0") + loop("item", bodies, unroll, 0, 0) + line("lw r13, zero, args+12") +
         line("move r4, r15") + line("jges r4, 0, plus") + line("neg r4, r4") + "plus:\n" +
         product16("r5", "r4", "r13") + line("add r5, r5, 0x8000") + line("lsr r5, r5, 16") +
         line("jges r15, 0, store") + line("neg r5, r5") + "store:\n" + saturateCode("r5", "_a") +
         line("sb r22, 1024, r5");
}

std::string gateTile(int unroll) {
  std::string bodies;
  for (int k = 0; k < unroll; ++k)
    bodies += line("lbu r4, r1, " + n(k)) + line("lbs r4, r4, table") +
              line("lbs r5, r2, " + n(k)) + line("mul_sl_sl r4, r4, r5") + line("asr r4, r4, 7") +
              saturateCode("r4", "_" + n(k)) + line("sb r3, " + n(k) + ", r4");
  return loop("item", bodies, unroll, unroll, unroll);
}

/// Element i goes to run i mod 8, place i / 8: what keys and values need so that the units read
/// inputs of one output side by side.
std::string packTile() {
  std::string bodies = line("move r5, r3");
  for (int k = 0; k < 8; ++k)
    bodies +=
        line("lbu r4, r1, " + n(k)) + line("sb r5, 0, r4") + (k < 7 ? line("add r5, r5, r13") : "");
  return line("lsr r13, r21, 3") + loop("item", bodies, 8, 0, 1);
}

}  // namespace

std::string saturateCode(const std::string& r, const std::string& id) {
  return line("jgts " + r + ", 127, high" + id) + line("jges " + r + ", -128, fits" + id) +
         line("add " + r + ", zero, -128, true, fits" + id) + "high" + id + ":\n" +
         line("move " + r + ", 127") + "fits" + id + ":\n";
}

std::string rootCode() {  // two bits a step
  return line("move r14, 0") + line("move r6, 0x40000000") + "root:\n" + line("add r5, r14, r6") +
         line("lsr r14, r14, 1") + line("jltu r15, r5, small") + line("sub r15, r15, r5") +
         line("add r14, r14, r6") + "small:\n" + line("lsr r6, r6, 2, nz, root");
}

std::string divideCode(const std::string& numerator, const std::string& divisor, int bits) {
  return line("move r4, " + numerator) + line("move r5, 0") + line("move r13, 0") +
         line("move r6, " + n(bits)) + line("lsl r4, r4, " + n(32 - bits)) + "divide:\n" +
         line("lsl r5, r5, 1") + line("lsl r13, r13, 1") + line("lsl r4, r4, 1, spl, bit0") +
         line("add r5, r5, 1") + "bit0:\n" + line("jltu r5, " + divisor + ", bit1") +
         line("sub r5, r5, " + divisor) + line("add r13, r13, 1") + "bit1:\n" +
         line("sub r6, r6, 1, nz, divide");
}

std::string tileCode(ElementKernel kernel, int unroll) {
  switch (kernel) {
    case ElementKernel::layerNorm:
      return layerNormTile(unroll);
    case ElementKernel::rope:
      return ropeTile(unroll);
    case ElementKernel::averagePool:
      return averageTile(unroll);
    case ElementKernel::gate:
      return gateTile(unroll);
    case ElementKernel::pack:
      return packTile();
    default:
      return {};
  }
}

}  // namespace wattlas::pim
