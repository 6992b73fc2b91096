// The programs behind the peers' published cycle counts, and other fixed programs.
#pragma once

#include "builder.h"

namespace wattlas::dpu::test {

using enum Condition;

/// Tasklets 0..n-1 boot each other in turn, then go to `main`.
inline void bootChain(Builder& b, unsigned tasklets) {
  b.add("SUBzrici", {.ra = kId, .imm = tasklets - 1, .cc = eq, .to = "main"});
  b.add("BOOTri", {.ra = kId, .imm = 1});
  b.label("main");
}

inline void move(Builder& b, int rc, std::int64_t value) {
  b.add("ORrri", {.rc = rc, .ra = kZero, .imm = value});
}

inline void finish(Builder& b) {
  b.label("end");
  b.add("STOPci", {.cc = true_, .to = "end"});
}

/// `count` times 8 adds and a subtract-and-branch on every tasklet.
inline Program aluLoop(unsigned tasklets, std::uint32_t count, bool sameBank = false) {
  Builder b;
  bootChain(b, tasklets);
  move(b, 0, count);
  b.label("loop");
  for (int i = 0; i < 8; ++i) {
    if (sameBank) {
      b.add("ADDrrr", {.rc = 3, .ra = 2, .rb = 4});
    } else {
      b.add("ADDrri", {.rc = 2 + i % 4, .ra = 2 + i % 4, .imm = 3});
    }
  }
  b.add("SUBrrici", {.rc = 0, .ra = 0, .imm = 1, .cc = nz, .to = "loop"});
  finish(b);
  return b.build();
}

/// `blocks` blocks of two 1,024-byte reads and 1,024 multiply-accumulates of 7 instructions.
inline Program gemvInt8(unsigned tasklets, std::uint32_t blocks) {
  Builder b;
  bootChain(b, tasklets);
  move(b, 0, blocks);
  b.add("LSLrri", {.rc = 1, .ra = kId, .imm = 11});
  b.add("ADDrri", {.rc = 1, .ra = 1, .imm = 4096});
  b.add("LSLrri", {.rc = 2, .ra = kId, .imm = 20});
  b.add("ADDrri", {.rc = 2, .ra = 2, .imm = 524288});
  b.add("ADDrri", {.rc = 6, .ra = 1, .imm = 1024});
  b.label("blk");
  b.add("LDMArri", {.ra = 1, .rb = 2, .imm = 127});
  b.add("ADDrri", {.rc = 2, .ra = 2, .imm = 1024});
  b.add("LDMArri", {.ra = 6, .rb = 2, .imm = 127});
  b.add("ADDrri", {.rc = 2, .ra = 2, .imm = 1024});
  b.add("ORrri", {.rc = 3, .ra = 1});
  b.add("ORrri", {.rc = 4, .ra = 6});
  move(b, 5, 1024);
  b.label("mac");
  b.add("LBSerri", {.rc = 8, .ra = 3});
  b.add("LBSerri", {.rc = 9, .ra = 4});
  b.add("MUL_SL_SLrrr", {.rc = 10, .ra = 8, .rb = 9});
  b.add("ADDrrr", {.rc = 7, .ra = 7, .rb = 10});
  b.add("ADDrri", {.rc = 3, .ra = 3, .imm = 1});
  b.add("ADDrri", {.rc = 4, .ra = 4, .imm = 1});
  b.add("SUBrrici", {.rc = 5, .ra = 5, .imm = 1, .cc = nz, .to = "mac"});
  b.add("SUBrrici", {.rc = 0, .ra = 0, .imm = 1, .cc = nz, .to = "blk"});
  finish(b);
  return b.build();
}

/// `count` reads (or writes) of `bytes` bytes by every tasklet, three instructions a loop.
inline Program dmaLoop(unsigned tasklets, std::uint32_t count, std::uint32_t bytes,
                       bool write = false) {
  Builder b;
  bootChain(b, tasklets);
  move(b, 0, count);
  b.add("LSLrri", {.rc = 1, .ra = kId, .imm = 11});
  b.add("ADDrri", {.rc = 1, .ra = 1, .imm = 4096});
  b.add("LSLrri", {.rc = 2, .ra = kId, .imm = 20});
  b.add("ADDrri", {.rc = 2, .ra = 2, .imm = 524288});
  b.label("loop");
  b.add(write ? "SDMArri" : "LDMArri", {.ra = 1, .rb = 2, .imm = bytes / 8 - 1});
  b.add("ADDrri", {.rc = 2, .ra = 2, .imm = bytes});
  b.add("SUBrrici", {.rc = 0, .ra = 0, .imm = 1, .cc = nz, .to = "loop"});
  finish(b);
  return b.build();
}

}  // namespace wattlas::dpu::test
