// Matrix-vector kernels. Arguments in WRAM (`args`, words): 0 chunks of a row, 1 weight bytes of a
// chunk, 2 vector bytes of a chunk, 3 vectors, 4 bytes of one vector, 5 MRAM address of the
// vectors, 6 bytes of all vectors, 7 sum that belongs to binary weights (below). `jobs`: four words
// a tasklet: MRAM address of its weights, MRAM address of its outputs, rows, WRAM address of its
// frame (1,024 bytes of weights, 64 of sums, then its outputs). `scales`: 16-bit multiplier.
#include <array>

#include "pim/upmem/kernels/code.h"

namespace wattlas::pim {

namespace {

constexpr std::array<const char*, 8> names = {"1-bit x 1-bit", "1-bit x int8", "2-bit x int8",
                                              "int4 x int8",   "int8 x int8",  "int16 x int16",
                                              "int32 x int32", "fp32 x fp32"};

std::string number(int v) {
  return std::to_string(v);
}
std::string reg(int r) {
  return "r" + std::to_string(r);
}
std::string line(const std::string& text) {
  return "        " + text + "\n";
}

/// r4 += four signed bytes of register w times those of x; both are consumed.
std::string bytes4(int w, int x) {
  const std::string wx = reg(w) + ", " + reg(x);
  const std::string two = line("mul_sl_sl r5, " + wx) + line("add r4, r4, r5") +
                          line("mul_sh_sh r5, " + wx) + line("add r4, r4, r5");
  return two + line("lsr " + reg(w) + ", " + reg(w) + ", 16") +
         line("lsr " + reg(x) + ", " + reg(x) + ", 16") + two;
}

/// r4 += weights of `bits` bits in r0 times int8 at r2 + x. The weights lie by bytes: bits
/// [k * bits, (k + 1) * bits) of byte i are weight 4 k + i; each is used as a byte times a power of
/// two, which costs one shift and one mask for four weights.
std::string packed(int bits, int x) {
  const std::string mask = bits == 4 ? "0xF0F0F0F0" : bits == 2 ? "0xC0C0C0C0" : "0x80808080";
  std::string text;
  for (int k = 0; k < 8 / bits; ++k) {
    if (k % 2 == 0) text += line("ld d10, r2, " + number(x + 4 * k));
    const int shift = 8 - bits * (k + 1);
    if (shift > 0) text += line("lsl r8, r0, " + number(shift));
    text += line(std::string("and r8, ") + (shift > 0 ? "r8" : "r0") + ", " + mask);
    text += bytes4(8, k % 2 == 0 ? 11 : 10);
  }
  return text;
}

std::string halves(int w, int x) {
  const std::string wx = reg(w) + ", " + reg(x), xw = reg(x) + ", " + reg(w);
  return line("mul_ul_ul r5, " + wx) + line("add r4, r4, r5") + line("mul_sh_ul r5, " + wx) +
         line("mul_sh_ul r0, " + xw) + line("add r5, r5, r0") + line("lsl_add r4, r4, r5, 8") +
         line("mul_sh_sh r5, " + wx) + line("lsl_add r4, r4, r5, 16");
}

std::string words() {
  std::string text = line("lsr r9, r8, 16") + line("lsr r11, r10, 16");
  const std::array<const char*, 10> product = {"mul_ul_ul r5, r8, r10", "mul_ul_uh r5, r8, r10",
                                               "mul_uh_ul r5, r8, r10", "mul_uh_uh r5, r8, r10",
                                               "mul_ul_ul r5, r8, r11", "mul_ul_ul r5, r9, r10",
                                               "mul_ul_uh r5, r8, r11", "mul_uh_ul r5, r8, r11",
                                               "mul_ul_uh r5, r9, r10", "mul_uh_ul r5, r9, r10"};
  const std::array<int, 10> shift = {0, 8, 8, 16, 16, 16, 24, 24, 24, 24};
  for (std::size_t i = 0; i < product.size(); ++i)
    text += line(product[i]) + line("lsl_add r4, r4, r5, " + number(shift[i]));
  return text;
}

/// One body: weights at r1 + w, vector at r2 + x.
std::string body(MacKernel kernel, int w, int x) {
  const std::string atW = ", r1, " + number(w), atX = ", r2, " + number(x);
  switch (kernel) {
    case MacKernel::binary: {
      std::string text = line("ld d8" + atW) + line("ld d10" + atX);
      for (const auto& [a, b] : {std::pair{8, 10}, std::pair{9, 11}})
        text += line("xor " + reg(a) + ", " + reg(a) + ", " + reg(b)) + line("cao r5, " + reg(a)) +
                line("add r4, r4, r5");
      return text;
    }
    case MacKernel::binaryByte:
      return line("lw r0" + atW) + packed(1, x);
    case MacKernel::twoBit:
      return line("lw r0" + atW) + packed(2, x);
    case MacKernel::fourBit:
      return line("lw r0" + atW) + packed(4, x);
    case MacKernel::byte:
      return line("ld d8" + atW) + line("ld d10" + atX) + bytes4(9, 11) + bytes4(8, 10);
    case MacKernel::halfWord:
      return line("lw r8" + atW) + line("lw r10" + atX) + halves(8, 10) + line("lsr r8, r8, 16") +
             line("lsr r10, r10, 16") + halves(8, 10);
    case MacKernel::word:
      return line("lw r8" + atW) + line("lw r10" + atX) + words();
    case MacKernel::singleFloat:
      return line("lw r8" + atW) + line("lw r10" + atX) + floatMultiplyCode("_m") +
             floatAddCode("_m");
  }
  return {};
}

/// The sum in r4 becomes an int8: a power of two, a 16-bit multiplier, saturation.
std::string requantise(MacKernel kernel) {
  std::string text;
  if (kernel == MacKernel::binary)  // equal less unequal bits
    text += line("lw r5, zero, args+28") + line("lsl_sub r4, r5, r4, 1");
  if (kernel == MacKernel::binaryByte)  // sum of x, less twice the x of weight -1
    text += line("lw r5, zero, args+28") + line("asr r4, r4, 6") + line("add r4, r4, r5");
  const int shift = kernel == MacKernel::binaryByte ? 0 : formatOf(kernel).scaleShift;
  if (shift > 0) text += line("asr r4, r4, " + number(shift));
  text += line("asr r4, r4, " + number(formatOf(kernel).narrow));
  return text + R"(
        lw    r6, zero, scales
        mul_ul_ul r5, r4, r6
        mul_sh_ul r7, r4, r6
        lsl_add r5, r5, r7, 8
        mul_ul_uh r7, r4, r6
        lsl_add r5, r5, r7, 8
        mul_sh_uh r7, r4, r6
        lsl_add r5, r5, r7, 16
        asr   r4, r5, 16
        jgts  r4, 127, high
        jges  r4, -128, fits
        move  r4, -128
        jump  fits
high:   move  r4, 127
fits:   sb    r15, 0, r4
        add   r15, r15, 1
)";
}

}  // namespace

const char* nameOf(MacKernel kernel) {
  return names[static_cast<std::size_t>(kernel)];
}

MacFormat formatOf(MacKernel kernel) {
  switch (kernel) {
    case MacKernel::binary:
      return {1, 1, 64, 1, 0, 0};
    case MacKernel::binaryByte:
      return {1, 8, 32, 1, 7, 2};
    case MacKernel::twoBit:
      return {2, 8, 16, 1, 6, 2};
    case MacKernel::fourBit:
      return {4, 8, 8, 1, 4, 4};
    case MacKernel::byte:
      return {8, 8, 8, 1, 0, 4};
    case MacKernel::halfWord:
      return {16, 16, 2, 4, 0, 0};
    default:
      return {32, 32, 1, 4, 0, 0};
  }
}

std::string gemvSource(MacKernel kernel, int unroll) {
  const MacFormat f = formatOf(kernel);
  if (kernel == MacKernel::singleFloat) unroll = 1;
  const int w = f.group * f.weightBits / 8, x = f.group * f.activationBits / 8;
  std::string bodies;
  for (int i = 0; i < unroll; ++i) bodies += body(kernel, i * w, i * x);
  std::string text = R"(; y = W x, generated
main:   lsl   r0, id, 8
        lw    r1, zero, args+24
load:   jgeu  r0, r1, loaded            ; vectors: blocks of 256 bytes, dealt out to the tasklets
        lw    r3, zero, args+20
        add   r3, r3, r0
        add   r2, r0, vectors + (31 << 24)
        ldma  r2, r3, 0
        add   r0, r0, NTASKLETS << 8
        jump  load
loaded: call  r23, barrier
        move  r0, jobs
        lsl_add r0, r0, id, 4
        lw    r19, r0, 0
        lw    r14, r0, 4
        lw    r16, r0, 8
        lw    r22, r0, 12
        jz    r16, done
        add   r15, r22, 1088            ; outputs
row:    lw    r17, zero, args
        move  r20, vectors
        lw    r18, zero, args+12
        add   r13, r22, 1024
clear:  sw    r13, 0, 0
        add   r13, r13, 4
        sub   r18, r18, 1, nz, clear
chunk:  lw    r21, zero, args+4         ; one tile: weights by DMA, then every vector
        lsl   r5, r21, 21               ; size in units of 8 bytes, less one, in the top byte
        add   r5, r5, -0x1000000
        add   r5, r5, r22
        ldma  r5, r19, 0
        add   r19, r19, r21
        add   r3, r22, r21
        move  r2, r20
        lw    r18, zero, args+12
        add   r13, r22, 1024
pass:   lw    r4, r13, 0                ; one vector: its sum so far, the loop, back
        move  r1, r22
        move  r21, r2
mac:
)";
  text += bodies;
  text += line("add r1, r1, " + number(unroll * w)) + line("add r2, r2, " + number(unroll * x)) +
          line("jltu r1, r3, mac");
  text += R"(        sw    r13, 0, r4
        lw    r2, zero, args+16
        add   r2, r2, r21
        add   r13, r13, 4
        sub   r18, r18, 1, nz, pass
        lw    r5, zero, args+8
        add   r20, r20, r5
        sub   r17, r17, 1, nz, chunk
        lw    r18, zero, args+12
        add   r13, r22, 1024
out:    lw    r4, r13, 0                ; one output
)";
  text += f.outputBytes == 1 ? requantise(kernel) : line("sw r15, 0, r4") + line("add r15, r15, 4");
  text += R"(        add   r13, r13, 4
        sub   r18, r18, 1, nz, out
        sub   r16, r16, 1, nz, row
        add   r0, r22, 1088
        sub   r1, r15, r0
        lsl   r1, r1, 21
        add   r1, r1, -0x1000000
        add   r1, r1, r0
        sdma  r1, r14, 0
done:   stop  true, done
)" + barrierCode() +
          R"(
        .data
        .balign 8
args:   .space 32
scales: .word 0
arrived: .word 0
jobs:   .space 16*24
vectors: .space 8
)";
  return text;
}

}  // namespace wattlas::pim
