#include "random_programs.h"

#include <random>

#include "programs.h"

namespace wattlas::dpu::test {

namespace {

// r0..r9 scratch, r10 private WRAM base, r11 private MRAM base, r12 checksum, r13.. loop counters.
constexpr int kBase = 10, kMram = 11, kSum = 12, kCounter = 13;
constexpr std::uint32_t kShared = 40960;  ///< guarded by locks

class Writer {
 public:
  Writer(Builder& b, std::uint64_t seed, const RandomShape& shape) : b_(b), rng_(seed), s_(shape) {}

  void segment() {
    switch (rng_() % 7) {
      case 0:
        return loop();
      case 1:
        return s_.locks ? critical() : loop();
      case 2:
        return s_.transfers ? transfer() : loop();
      case 3:
        return s_.barriers ? meet() : loop();
      case 4:
        return uneven();
      case 5:
        return s_.clock ? clock() : loop();
      default:
        return straight(static_cast<int>(rng_() % 20) + 1);
    }
  }

 private:
  std::string fresh(const char* what) { return what + std::to_string(next_++); }
  int any() { return static_cast<int>(rng_() % 10); }

  void straight(int count) {
    static const char* const three[] = {"ADDrrr",  "SUBrrr",       "XORrrr", "ANDrrr", "ADDCrrr",
                                        "RSUBrrr", "MUL_UL_ULrrr", "LSLrrr", "ASRrrr", "CMPB4rrr"};
    for (int i = 0; i < count; ++i) {
      switch (rng_() % 5) {
        case 0:
          b_.add("SWerir",
                 {.ra = kBase, .rb = any(), .off = static_cast<std::int64_t>(rng_() % 64) * 4});
          break;
        case 1:
          b_.add("LWerri",
                 {.rc = any(), .ra = kBase, .off = static_cast<std::int64_t>(rng_() % 64) * 4});
          break;
        case 2:
          b_.add("ADDrri",
                 {.rc = any(), .ra = any(), .imm = static_cast<std::int64_t>(rng_() % 1000)});
          break;
        default:
          b_.add(three[rng_() % std::size(three)], {.rc = any(), .ra = any(), .rb = any()});
      }
    }
    b_.add("ADDrrr", {.rc = kSum, .ra = kSum, .rb = any()});
  }

  void loop() {
    const std::string label = fresh("loop");
    move(b_, kCounter, static_cast<std::int64_t>(rng_() % 30) + 1);
    b_.label(label);
    straight(static_cast<int>(rng_() % 6) + 1);
    b_.add("SUBrrici", {.rc = kCounter, .ra = kCounter, .imm = 1, .cc = nz, .to = label});
  }

  /// Work that depends on the tasklet number, so that tasklets drift apart.
  void uneven() {
    const std::string label = fresh("uneven");
    b_.add("MUL_UL_ULrrr", {.rc = kCounter, .ra = kId, .rb = 14});
    b_.add("ADDrri", {.rc = kCounter, .ra = kCounter, .imm = 1});
    b_.label(label);
    b_.add("ADDrri", {.rc = kSum, .ra = kSum, .imm = 7});
    b_.add("SUBrrici", {.rc = kCounter, .ra = kCounter, .imm = 1, .cc = nz, .to = label});
  }

  void critical() {
    const std::string spin = fresh("spin"), out = fresh("out");
    const std::int64_t lock = static_cast<std::int64_t>(rng_() % 3);
    const std::int64_t cell = kShared + 64 * lock;
    b_.label(spin);
    b_.add("ACQUIRErici", {.ra = kZero, .imm = lock, .cc = nz, .to = spin});
    b_.add("LWerri", {.rc = 0, .ra = kZero, .off = cell});
    straight(static_cast<int>(rng_() % 4));
    b_.add("ADDrri", {.rc = 0, .ra = 0, .imm = 3});
    b_.add("SWerir", {.ra = kZero, .rb = 0, .off = cell});
    b_.add("RELEASErici", {.ra = kZero, .imm = lock, .cc = nz, .to = out});
    b_.label(out);
  }

  void transfer() {
    const std::int64_t field = static_cast<std::int64_t>(rng_() % 32);
    if (rng_() % 2 != 0) b_.add("SDMArri", {.ra = kBase, .rb = kMram, .imm = field});
    b_.add("LDMArri", {.ra = kBase, .rb = kMram, .imm = field});
    b_.add("ADDrri", {.rc = kMram, .ra = kMram, .imm = 264});
  }

  void meet() {
    const auto n = next_++;
    barrier(b_, ("b" + std::to_string(n)).c_str(), s_.tasklets, 100,
            kShared + 1024 + 64 * static_cast<std::uint32_t>(n));
  }

  void clock() {
    b_.add("TIMEr", {.rc = 1});
    b_.add("ADDrrr", {.rc = kSum, .ra = kSum, .rb = 1});
  }

  Builder& b_;
  std::mt19937_64 rng_;
  const RandomShape& s_;
  int next_ = 0;
};

}  // namespace

void barrier(Builder& b, const char* name, unsigned tasklets, int lock, std::uint32_t counter) {
  const std::string n(name);
  b.label(n + "spin");
  b.add("ACQUIRErici", {.ra = kZero, .imm = lock, .cc = nz, .to = n + "spin"});
  b.add("LWerri", {.rc = 20, .ra = kZero, .off = counter});
  b.add("ADDrri", {.rc = 20, .ra = 20, .imm = 1});
  b.add("SWerir", {.ra = kZero, .rb = 20, .off = counter});
  b.add("SUBzrici", {.ra = 20, .imm = tasklets, .cc = eq, .to = n + "last"});
  // The lock opens before the stop: the last one may find this tasklet still running.
  b.add("RELEASErici", {.ra = kZero, .imm = lock, .cc = nz, .to = n + "sleep"});
  b.label(n + "sleep");
  b.add("STOPci", {.cc = true_, .to = n + "out"});
  b.label(n + "last");
  b.add("RELEASErici", {.ra = kZero, .imm = lock, .cc = nz, .to = n + "wake"});
  b.label(n + "wake");
  move(b, 21, 0);
  b.label(n + "next");
  b.add("SUBzrrci", {.ra = kId, .rb = 21, .cc = eq, .to = n + "skip"});
  b.label(n + "retry");
  b.add("RESUMErici", {.ra = 21, .imm = 0, .cc = nz, .to = n + "retry"});
  b.label(n + "skip");
  b.add("ADDrri", {.rc = 21, .ra = 21, .imm = 1});
  b.add("SUBzrici", {.ra = 21, .imm = tasklets, .cc = neq, .to = n + "next"});
  b.label(n + "out");
}

Program randomProgram(std::uint64_t seed, const RandomShape& shape) {
  Builder b;
  if (shape.boots) {
    bootChain(b, shape.tasklets);
  }
  b.add("LSLrri", {.rc = kBase, .ra = kId, .imm = 10});
  b.add("LSLrri", {.rc = kMram, .ra = kId, .imm = 20});
  move(b, 14, static_cast<std::int64_t>(seed % 23));
  Writer writer(b, seed, shape);
  for (int i = 0; i < shape.segments; ++i) writer.segment();
  b.add("SWerir", {.ra = kBase, .rb = kSum});
  finish(b);
  return b.build();
}

}  // namespace wattlas::dpu::test
