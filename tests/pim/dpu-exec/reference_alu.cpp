#include "reference_alu.h"

#include <algorithm>
#include <string>

namespace wattlas::dpu::test {

namespace {

__extension__ typedef __int128 Wide;

constexpr Wide kModulus = Wide{1} << 32;

/// 32 characters, most significant first.
std::string bitsOf(std::uint32_t v) {
  std::string s;
  for (int i = 31; i >= 0; --i) s += ((v / (1ULL << i)) % 2) != 0 ? '1' : '0';
  return s;
}
std::uint32_t ofBits(const std::string& s) {
  std::uint64_t v = 0;
  for (const char ch : s) v = 2 * v + (ch == '1' ? 1 : 0);
  return static_cast<std::uint32_t>(v);
}
Wide asSigned(std::uint32_t v) {
  return v >= 0x80000000U ? Wide{v} - kModulus : Wide{v};
}
Wide signedByte(std::uint32_t v, int index) {
  Wide byte = (v / (1ULL << (8 * index))) % 256;
  return byte >= 128 ? byte - 256 : byte;
}
Wide unsignedByte(std::uint32_t v, int index) {
  return (v / (1ULL << (8 * index))) % 256;
}
std::uint32_t reduce(Wide v) {
  return static_cast<std::uint32_t>(((v % kModulus) + kModulus) % kModulus);
}
bool fits(Wide v) {
  return v >= -(kModulus / 2) && v < kModulus / 2;
}

template <class F>
std::uint32_t bitwise(std::uint32_t a, std::uint32_t b, F f) {
  std::string x = bitsOf(a), y = bitsOf(b), r;
  for (std::size_t i = 0; i < 32; ++i) r += f(x[i] == '1', y[i] == '1') ? '1' : '0';
  return ofBits(r);
}

Reference plain(std::uint32_t value) {
  return {value, false, value == 0, false};
}

Reference sum(std::uint32_t a, std::uint32_t b, bool carryIn) {
  const Wide exact = Wide{a} + b + (carryIn ? 1 : 0);
  const Wide exactSigned = asSigned(a) + asSigned(b) + (carryIn ? 1 : 0);
  return {reduce(exact), exact >= kModulus, reduce(exact) == 0, !fits(exactSigned)};
}
Reference difference(std::uint32_t a, std::uint32_t b, bool borrowIn) {
  const Wide exact = Wide{a} - b - (borrowIn ? 1 : 0);
  const Wide exactSigned = asSigned(a) - asSigned(b) - (borrowIn ? 1 : 0);
  return {reduce(exact), exact < 0, reduce(exact) == 0, !fits(exactSigned)};
}

std::uint32_t shifted(Operation op, std::uint32_t a, std::uint32_t amount) {
  using enum Operation;
  const std::size_t s = amount % 32;
  const std::string x = bitsOf(a);
  const std::string zeros(s, '0'), ones(s, '1');
  switch (op) {
    case lsl:
      return ofBits(x.substr(s) + zeros);
    case lsl1:
      return ofBits(x.substr(s) + ones);
    case lsr:
      return ofBits(zeros + x.substr(0, 32 - s));
    case lsr1:
      return ofBits(ones + x.substr(0, 32 - s));
    case asr:
      return ofBits(std::string(s, x[0]) + x.substr(0, 32 - s));
    case rol:
      return ofBits(x.substr(s) + x.substr(0, s));
    case ror:
      return ofBits(x.substr(32 - s) + x.substr(0, 32 - s));
    // The extended shifts give the bits that the other ones lose.
    case lslx:
      return ofBits(std::string(32 - s, '0') + x.substr(0, s));
    case lsl1x:
      return ofBits(std::string(32 - s, '1') + x.substr(0, s));
    case lsrx:
      return ofBits(x.substr(32 - s) + std::string(32 - s, '0'));
    case lsr1x:
      return ofBits(x.substr(32 - s) + std::string(32 - s, '1'));
    default:
      return 0;
  }
}

std::uint32_t leading(const std::string& x, char wanted) {
  const auto other = x.find_first_not_of(wanted);
  return other == std::string::npos ? 32U : static_cast<std::uint32_t>(other);
}

std::uint32_t foldToByte(std::uint32_t v) {
  std::uint32_t r = 0;
  for (int i = 0; i < 4; ++i)
    r = bitwise(r, reduce(unsignedByte(v, i)), [](bool p, bool q) { return p != q; });
  return r;
}

bool isProduct(Operation op) {
  return op >= Operation::mulShSh && op <= Operation::mulUlUl && op != Operation::mulStep;
}

Reference product(Operation op, std::uint32_t a, std::uint32_t b) {
  const std::string name(wattlas::dpu::name(op));  // mul_<s|u><h|l>_<s|u><h|l>
  const auto factor = [&](std::uint32_t v, char sign, char half) {
    const int index = half == 'h' ? 1 : 0;
    return sign == 's' ? signedByte(v, index) : unsignedByte(v, index);
  };
  return plain(reduce(factor(a, name[4], name[5]) * factor(b, name[7], name[8])));
}

}  // namespace

std::optional<Reference> referenceAlu(Operation op, std::uint32_t a, std::uint32_t b,
                                      std::uint32_t third, bool carryIn) {
  using enum Operation;
  const std::string x = bitsOf(a);
  if (isProduct(op)) return product(op, a, b);
  switch (op) {
    case add:
      return sum(a, b, false);
    case addc:
      return sum(a, b, carryIn);
    case sub:
      return difference(a, b, false);
    case subc:
      return difference(a, b, carryIn);
    case rsub:
      return difference(b, a, false);
    case rsubc:
      return difference(b, a, carryIn);
    case and_:
      return plain(bitwise(a, b, [](bool p, bool q) { return p && q; }));
    case nand:
      return plain(bitwise(a, b, [](bool p, bool q) { return !(p && q); }));
    case andn:
      return plain(bitwise(a, b, [](bool p, bool q) { return !p && q; }));
    case or_:
      return plain(bitwise(a, b, [](bool p, bool q) { return p || q; }));
    case nor:
      return plain(bitwise(a, b, [](bool p, bool q) { return !(p || q); }));
    case orn:
      return plain(bitwise(a, b, [](bool p, bool q) { return !p || q; }));
    case xor_:
      return plain(bitwise(a, b, [](bool p, bool q) { return p != q; }));
    case nxor:
      return plain(bitwise(a, b, [](bool p, bool q) { return p == q; }));
    case lsl:
    case lsl1:
    case lsr:
    case lsr1:
    case asr:
    case rol:
    case ror:
    case lslx:
    case lsl1x:
    case lsrx:
    case lsr1x:
      return plain(shifted(op, a, b));
    case lslAdd:
      return sum(a, shifted(lsl, b, third), false);
    case lsrAdd:
      return sum(a, shifted(lsr, b, third), false);
    case rolAdd:
      return sum(a, shifted(rol, b, third), false);
    case lslSub:
      return difference(a, shifted(lsl, b, third), false);
    case clz:
      return plain(leading(x, '0'));
    case clo:
      return plain(leading(x, '1'));
    case cls:
      return plain(leading(x, x[0]));
    case cao:
      return plain(static_cast<std::uint32_t>(std::count(x.begin(), x.end(), '1')));
    case extub:
      return plain(reduce(unsignedByte(a, 0)));
    case extsb:
      return plain(reduce(signedByte(a, 0)));
    case extuh:
      return plain(reduce(Wide{a} % 65536));
    case extsh:
      return plain(reduce(Wide{a} % 65536 >= 32768 ? Wide{a} % 65536 - 65536 : Wide{a} % 65536));
    case sats:
      return plain(asSigned(a) < 0 ? 0x7FFFFFFFU : 0x80000000U);
    case cmpb4: {
      Wide r = 0;
      for (int i = 3; i >= 0; --i) r = 256 * r + (unsignedByte(a, i) == unsignedByte(b, i) ? 1 : 0);
      return plain(reduce(r));
    }
    case hash:
      return plain(foldToByte(bitwise(a, b, [](bool p, bool q) { return p != q; })));
    default:
      return std::nullopt;
  }
}

bool referenceHolds(Condition condition, const Facts& f) {
  using enum Condition;
  const bool reversed = f.op == Operation::rsub || f.op == Operation::rsubc;
  const bool subtracts = reversed || f.op == Operation::sub || f.op == Operation::subc;
  const std::uint32_t left = reversed ? f.b : f.a, right = reversed ? f.a : f.b;
  const bool chained = f.op == Operation::subc || f.op == Operation::rsubc;
  const Wide in = chained && f.carryIn ? 1 : 0;
  // Exact differences, unsigned and signed: their signs are the orderings.
  const Wide du = Wide{left} - right - in, ds = asSigned(left) - asSigned(right) - in;
  const Reference& r = f.result;
  const bool pairZero = r.zero && f.zeroBefore;
  switch (condition) {
    case false_:
      return false;
    case true_:
      return true;
    case z:
    case eq:
      return r.value == 0;
    case nz:
    case neq:
      return r.value != 0;
    case c:
      return subtracts ? !r.carry : r.carry;
    case nc:
      return subtracts ? r.carry : !r.carry;
    case ov:
      return r.overflow;
    case nov:
      return !r.overflow;
    case pl:
      return asSigned(r.value) >= 0;
    case mi:
      return asSigned(r.value) < 0;
    case xz:
      return pairZero;
    case xnz:
      return !pairZero;
    case ltu:
      return du < 0;
    case geu:
      return du >= 0;
    case leu:
      return du < 0 || r.zero;
    case gtu:
      return !(du < 0 || r.zero);
    case lts:
      return ds < 0;
    case ges:
      return ds >= 0;
    case les:
      return ds < 0 || r.zero;
    case gts:
      return !(ds < 0 || r.zero);
    case xleu:
      return du < 0 || pairZero;
    case xgtu:
      return !(du < 0 || pairZero);
    case xles:
      return ds < 0 || pairZero;
    case xgts:
      return !(ds < 0 || pairZero);
    case sz:
      return f.ra == 0;
    case snz:
      return f.ra != 0;
    case spl:
      return asSigned(f.ra) >= 0;
    case smi:
      return asSigned(f.ra) < 0;
    case so:
      return f.ra % 2 == 1;
    case se:
      return f.ra % 2 == 0;
    case o:
      return r.value % 2 == 1;
    case e:
      return r.value % 2 == 0;
    case sh32:
      return (f.b / 32) % 2 == 1;
    case nsh32:
      return (f.b / 32) % 2 == 0;
    case small:
      return (f.a % 65536) < 256 && (f.b % 65536) < 256;
    case large:
      return !((f.a % 65536) < 256 && (f.b % 65536) < 256);
    case max:
      return r.value == 32;
    case nmax:
      return r.value != 32;
    default: {
      // ncN: the sum of the low N bits stays below 2^N.
      const int n = static_cast<int>(condition) - static_cast<int>(nc5) + 5;
      const Wide limit = Wide{1} << n;
      const Wide carry = f.op == Operation::addc && f.carryIn ? 1 : 0;
      return Wide{f.a} % limit + Wide{f.b} % limit + carry < limit;
    }
  }
}

}  // namespace wattlas::dpu::test
