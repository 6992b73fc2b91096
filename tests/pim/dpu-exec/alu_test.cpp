// Every arithmetic form against the second formulation of reference_alu, and the rest of the
// functional core (steps, loads, stores, pairs, calls) against what they are for.
#include "pim/dpu/exec/alu.h"

#include <gtest/gtest.h>

#include <random>

#include "builder.h"
#include "pim/dpu/exec/core.h"
#include "reference_alu.h"

namespace wattlas::dpu::test {
namespace {

using Rng = std::mt19937_64;

/// Values near the edges, or any.
std::uint32_t interesting(Rng& rng) {
  static constexpr std::uint32_t edges[] = {0,          1,      0xFFFFFFFF, 0x80000000, 0x7FFFFFFF,
                                            0x80000001, 0xFF,   0x100,      0x7F,       0x80,
                                            0xFFFF,     0x8000, 31,         32,         33};
  const auto choice = rng() % 4;
  if (choice == 0) return edges[rng() % std::size(edges)];
  if (choice == 1) return static_cast<std::uint32_t>(rng() % 256);
  return static_cast<std::uint32_t>(rng());
}

struct Machine {
  Core core;
  static constexpr std::uint32_t kAt = 100;
  unsigned t = 5;
  Tasklet& tasklet() { return core.tasklets[t]; }

  void randomise(Rng& rng) {
    for (unsigned i = 0; i < kRegisters; ++i) tasklet().r[i] = interesting(rng);
    if (rng() % 3 == 0) tasklet().r[rng() % kRegisters] = tasklet().r[rng() % kRegisters];
    tasklet().z = rng() % 2 != 0 ? 0 : 7;
    tasklet().c = static_cast<std::uint32_t>(rng() % 2);
    tasklet().pc = kAt;
  }
  void put(std::uint64_t word) { core.setCode(kAt, &word, 1); }
};

/// A random word of this form, if one is found.
std::optional<Instruction> randomInstruction(const Form& form, Rng& rng) {
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t word = ((rng() & 0xFFFFFFFFFFFFULL) & ~form.mask) | form.base;
    const auto in = InstructionSet::builtin().decode(word);
    if (in && in->form->key == form.key) return *in;
  }
  return std::nullopt;
}

std::uint32_t operand(const Instruction& in, Source s, const Tasklet& t) {
  if (s == Source::ra) return t.r[in.ra];
  if (s == Source::rb) return t.r[in.rb];
  return s == Source::immediate ? static_cast<std::uint32_t>(in.imm) : 0;
}

struct Expectation {
  Tasklet after;
  bool taken = false;
};

Expectation expectation(const Instruction& in, const Tasklet& before) {
  const Form& form = *in.form;
  const std::uint32_t a = operand(in, form.first, before), b = operand(in, form.second, before);
  const auto r = referenceAlu(form.operation, a, b, operand(in, form.third, before), before.c != 0);
  const Facts facts{form.operation, a, b, before.r[in.ra], before.c != 0, before.z == 0, *r};
  const bool met = referenceHolds(in.condition, facts);
  Expectation e{before, form.branches && met};
  std::uint32_t value = r->value;
  bool negative = (value >> 31) != 0 && form.pair == PairMode::signExtend;
  if (form.write == WriteMode::setOnCondition) {
    value = met ? 1 : 0;
    negative = false;
  }
  if (form.destination == Destination::rc) e.after.r[in.rc] = value;
  if (form.destination == Destination::pair) {
    e.after.r[in.rc] = negative ? 0xFFFFFFFF : 0;
    e.after.r[in.rc + 1] = value;
  }
  e.after.c = r->carry ? 1 : 0;
  e.after.z = r->zero ? 0 : 1;
  e.after.pc = e.taken ? in.target : Machine::kAt + 1;
  return e;
}

void expectSame(const Expectation& e, const Tasklet& got, const std::string& what) {
  for (unsigned i = 0; i < kDiscard; ++i) {
    ASSERT_EQ(e.after.r[i], got.r[i]) << what << ": register " << i;
  }
  ASSERT_EQ(e.after.c, got.c) << what << ": carry";
  ASSERT_EQ(e.after.z == 0, got.z == 0) << what << ": zero flag";
  ASSERT_EQ(e.after.pc, got.pc) << what << ": program counter";
}

class AluForms : public ::testing::TestWithParam<int> {};

TEST_P(AluForms, AgreeWithTheDefinitions) {
  Machine m;
  Rng rng(1000 + static_cast<unsigned>(GetParam()));
  const auto& forms = InstructionSet::builtin().forms();
  int checked = 0;
  for (std::size_t f = static_cast<std::size_t>(GetParam()); f < forms.size(); f += 8) {
    const Form& form = *forms[f];
    if (form.alias || form.safe || !isAlu(form.operation)) continue;
    int samples = 0;
    for (int i = 0; i < 60; ++i) {
      const auto in = randomInstruction(form, rng);
      if (!in) continue;
      m.randomise(rng);
      const Tasklet before = m.tasklet();
      const Expectation e = expectation(*in, before);
      if (e.taken && in->target >= kIramWords) continue;
      m.put(in->word);
      ASSERT_TRUE(m.core.step(m.t)) << form.key;
      expectSame(e, m.tasklet(), disassemble(*in));
      // The same through the run-ahead operation; the empty next word blocks it.
      m.tasklet() = before;
      m.core.runAhead(m.t, 1);
      expectSame(e, m.tasklet(), "ahead: " + disassemble(*in));
      ++samples;
    }
    EXPECT_GT(samples, 10) << form.key;
    ++checked;
  }
  EXPECT_GT(checked, 80);
}
INSTANTIATE_TEST_SUITE_P(Parts, AluForms, ::testing::Range(0, 8));

TEST(Alu, TheGeneralPathAgreesWithTheFastHandlers) {
  Machine m;
  Rng rng(7);
  for (const auto& form : InstructionSet::builtin().forms()) {
    if (form->alias || form->safe || !isAlu(form->operation)) continue;
    const auto in = randomInstruction(*form, rng);
    if (!in || in->target >= kIramWords) continue;
    m.randomise(rng);
    m.put(in->word);
    Tasklet general = m.tasklet();
    m.core.exitZ = general.z;
    m.core.exitC = general.c;
    const auto exit = executeGeneral(m.core, *in, general.r.data(), Machine::kAt);
    const std::uint32_t z = m.core.exitZ, c = m.core.exitC;
    ASSERT_TRUE(m.core.step(m.t));
    for (unsigned i = 0; i < kDiscard; ++i) ASSERT_EQ(general.r[i], m.tasklet().r[i]) << form->key;
    EXPECT_EQ(z == 0, m.tasklet().z == 0) << form->key;
    EXPECT_EQ(c, m.tasklet().c) << form->key;
    const auto next = exit == GeneralExit::branch ? in->target : Machine::kAt + 1;
    EXPECT_EQ(m.tasklet().pc, next) << form->key;
  }
}

TEST(Alu, UnreadFlagsOfStraightCodeMayBeLeftOutButNeverThoseThatAreRead) {
  Machine m;
  Rng rng(11);
  std::vector<const Form*> straight;
  for (const auto& form : InstructionSet::builtin().forms()) {
    if (!form->alias && !form->safe && isAlu(form->operation) && !form->branches) {
      straight.push_back(form.get());
    }
  }
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint64_t> words;
    while (words.size() < 12) {
      if (const auto in = randomInstruction(*straight[rng() % straight.size()], rng)) {
        words.push_back(in->word);
      }
    }
    words.push_back(0);
    m.core.setCode(Machine::kAt, words.data(), words.size());
    m.randomise(rng);
    const Tasklet before = m.tasklet();
    m.core.runAhead(m.t, 100);
    const Tasklet ahead = m.tasklet();
    m.tasklet() = before;
    for (int i = 0; i < 12; ++i) ASSERT_TRUE(m.core.step(m.t));
    for (unsigned i = 0; i < kDiscard; ++i) ASSERT_EQ(ahead.r[i], m.tasklet().r[i]);
    ASSERT_EQ(ahead.c, m.tasklet().c);
    ASSERT_EQ(ahead.z == 0, m.tasklet().z == 0);
    ASSERT_EQ(ahead.pc, m.tasklet().pc);
  }
}

Instruction made(const std::string& key, const Ops& ops) {
  Builder b;
  b.add(key, ops);
  return *decode(b.build().text[0]);
}

TEST(Steps, MultiplyStepsGiveTheProduct) {
  Machine m;
  Rng rng(3);
  for (int i = 0; i < 500; ++i) {
    const std::uint32_t a = interesting(rng), b = interesting(rng);
    m.tasklet().r[0] = a;  // multiplier in the even register, sum in the odd one
    m.tasklet().r[1] = 0;
    m.tasklet().r[2] = b;
    unsigned steps = 0;
    for (int s = 0; s < 32; ++s) {
      const auto in =
          made("MUL_STEPrrrici", {.rc = 0, .ra = 2, .rb = 0, .imm = s, .cc = Condition::z});
      m.put(in.word);
      m.tasklet().pc = Machine::kAt;
      ASSERT_TRUE(m.core.step(m.t));
      ++steps;
      if (m.tasklet().pc == 0) break;  // target of the exhausted multiplier
    }
    EXPECT_EQ(m.tasklet().r[1], a * b);
    EXPECT_EQ(steps, std::max(1, 32 - std::countl_zero(a)));
  }
}

TEST(Steps, DivideStepsGiveQuotientAndRemainder) {
  Machine m;
  Rng rng(4);
  for (int i = 0; i < 500; ++i) {
    const std::uint32_t a = interesting(rng), b = interesting(rng) | 1U;
    m.tasklet().r[0] = 0;
    m.tasklet().r[1] = a;
    m.tasklet().r[2] = b;
    for (int s = 31; s >= 0; --s) {
      m.put(made("DIV_STEPrrri", {.rc = 0, .ra = 2, .rb = 0, .imm = s}).word);
      m.tasklet().pc = Machine::kAt;
      ASSERT_TRUE(m.core.step(m.t));
    }
    EXPECT_EQ(m.tasklet().r[0], a / b);
    EXPECT_EQ(m.tasklet().r[1], a % b);
  }
}

TEST(Compare, SubThenSubcComparesSixtyFourBits) {
  Machine m;
  Rng rng(5);
  using enum Condition;
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t a = std::uint64_t{interesting(rng)} << 32 | interesting(rng);
    const std::uint64_t b =
        rng() % 4 == 0 ? a : std::uint64_t{interesting(rng)} << 32 | interesting(rng);
    const auto sa = static_cast<std::int64_t>(a), sb = static_cast<std::int64_t>(b);
    const std::pair<Condition, bool> cases[] = {
        {xleu, a <= b}, {xgtu, a > b}, {xles, sa <= sb}, {xgts, sa > sb}, {xz, a == b},
        {xnz, a != b},  {ltu, a < b},  {geu, a >= b},    {lts, sa < sb},  {ges, sa >= sb}};
    const auto& [condition, expected] = cases[i % 10];
    auto& r = m.tasklet().r;
    r[0] = static_cast<std::uint32_t>(a >> 32), r[1] = static_cast<std::uint32_t>(a);
    r[2] = static_cast<std::uint32_t>(b >> 32), r[3] = static_cast<std::uint32_t>(b);
    const std::uint64_t words[] = {made("SUBzrr", {.ra = 1, .rb = 3}).word,
                                   made("SUBCzrrci", {.ra = 0, .rb = 2, .cc = condition}).word};
    m.core.setCode(Machine::kAt, words, 2);
    m.tasklet().pc = Machine::kAt;
    m.core.runAhead(m.t, 2);
    EXPECT_EQ(m.tasklet().pc == 0, expected) << name(condition) << " " << a << " " << b;
  }
}

TEST(Memory, LoadsExtendAndStoresKeepTheirBytes) {
  Machine m;
  auto& r = m.tasklet().r;
  const std::uint8_t bytes[] = {0x80, 0x91, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0xF7};
  std::copy(std::begin(bytes), std::end(bytes), m.core.wram.begin() + 64);
  const auto run = [&](const std::string& key, Ops ops) {
    m.put(made(key, ops).word);
    m.tasklet().pc = Machine::kAt;
    r[1] = 60;
    return m.core.step(m.t);
  };
  const auto load = [&](const std::string& key, bool big) {
    EXPECT_TRUE(run(key, {.rc = 4, .ra = 1, .off = 4, .big = big})) << key;
    return r[4];
  };
  EXPECT_EQ(load("LBUerri", false), 0x80U);
  EXPECT_EQ(load("LBSerri", false), 0xFFFFFF80U);
  EXPECT_EQ(load("LHUerri", false), 0x9180U);
  EXPECT_EQ(load("LHSerri", false), 0xFFFF9180U);
  EXPECT_EQ(load("LHUerri", true), 0x8091U);
  EXPECT_EQ(load("LWerri", false), 0xB3A29180U);
  EXPECT_EQ(load("LWerri", true), 0x8091A2B3U);
  EXPECT_EQ(load("LDerri", false), 0xF7E6D5C4U);  // even register: most significant word
  EXPECT_EQ(r[5], 0xB3A29180U);
  EXPECT_EQ(load("LDerri", true), 0x8091A2B3U);
  EXPECT_EQ(r[5], 0xC4D5E6F7U);
  EXPECT_EQ(load("LW_Serri", false), 0xFFFFFFFFU);
  EXPECT_EQ(r[5], 0xB3A29180U);

  r[6] = 0x01020304, r[7] = 0x05060708;
  ASSERT_TRUE(run("SDerir", {.ra = 1, .rb = 6, .off = 4}));
  EXPECT_EQ(m.core.wram[64], 0x08);
  EXPECT_EQ(m.core.wram[71], 0x01);
  ASSERT_TRUE(run("SWerir", {.ra = 1, .rb = 6, .off = 4, .big = true}));
  EXPECT_EQ(m.core.wram[64], 0x01);
  EXPECT_EQ(m.core.wram[68], 0x04);  // the other word is untouched
  ASSERT_TRUE(run("SBerii", {.ra = 1, .imm = -1, .off = 4}));
  EXPECT_EQ(m.core.wram[64], 0xFF);
  EXPECT_EQ(m.core.wram[65], 0x02);
  ASSERT_TRUE(run("SDerii", {.ra = 1, .imm = -2, .off = 4}));
  EXPECT_EQ(m.core.wram[64], 0xFE);
  EXPECT_EQ(m.core.wram[71], 0xFF);
  ASSERT_TRUE(run("SW_IDerii", {.ra = 1, .imm = 16, .off = 4}));
  EXPECT_EQ(m.core.wram[64], 16 | 5);
}

TEST(Memory, AddressesOutsideOrMisalignedDoNotExecute) {
  Machine m;
  m.put(made("LWerri", {.rc = 4, .ra = 1}).word);
  for (const std::uint32_t address : {65536U, 65533U, 2U, 0xFFFFFFFCU}) {
    m.tasklet().pc = Machine::kAt;
    m.tasklet().r[1] = address;
    EXPECT_FALSE(m.core.step(m.t)) << address;
    EXPECT_EQ(m.tasklet().pc, Machine::kAt);
  }
  m.tasklet().r[1] = 65532;
  EXPECT_TRUE(m.core.step(m.t));
}

TEST(Control, CallsLinkAndReachCodeAddressesOfBothKinds) {
  Machine m;
  m.put(made("CALLrri", {.rc = 23, .ra = kZero, .off = 7}).word);
  m.tasklet().pc = Machine::kAt;
  ASSERT_TRUE(m.core.step(m.t));
  EXPECT_EQ(m.tasklet().pc, 7U);
  EXPECT_EQ(m.tasklet().r[23], Machine::kAt + 1);
  m.put(made("CALLzri", {.ra = 3}).word);
  m.tasklet().pc = Machine::kAt;
  m.tasklet().r[3] = 0x80000000U + 8 * 55;  // a function pointer of an ELF file
  ASSERT_TRUE(m.core.step(m.t));
  EXPECT_EQ(m.tasklet().pc, 55U);
}

TEST(Control, PairMovesReadBeforeTheyWrite) {
  Machine m;
  m.tasklet().r[2] = 1, m.tasklet().r[3] = 2;
  m.put(made("SWAPDrrci", {.rc = 2, .rb = 2, .cc = Condition::false_}).word);
  m.tasklet().pc = Machine::kAt;
  ASSERT_TRUE(m.core.step(m.t));
  EXPECT_EQ(m.tasklet().r[2], 2U);
  EXPECT_EQ(m.tasklet().r[3], 1U);
}

TEST(Core, EveryFormThatDecodesIsExecutableOrOrdering) {
  for (const auto& form : InstructionSet::builtin().forms()) {
    if (form->alias) continue;
    Instruction in;
    in.form = form.get();
    EXPECT_NE(stepKind(in), StepKind::illegal) << form->key;
  }
}

}  // namespace
}  // namespace wattlas::dpu::test
