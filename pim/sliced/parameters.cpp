#include "pim/sliced/parameters.h"

#include <algorithm>
#include <stdexcept>

#include "models/base/error.h"
#include "models/base/multiples.h"

namespace wattlas::pim {

void Arithmetic::bindRates(Binder& b) {
  const FieldRule ops{1e6, 1e18, {}};
  b.quantity("fp32", fp32, ops, "single precision");
  b.quantity("fp16", fp16, ops, "half precision and bfloat16");
  b.quantity("int8", int8, ops, "8-bit integers");
  b.quantity("int4", int4, ops, "4-bit integers");
  b.quantity("efficiency", efficiency, {0.01, 1, "1"}, "share of the peak that is reached");
}

void Arithmetic::bindElements(Binder& b) {
  const FieldRule each{0, 1e-3, {}};
  b.quantity("softmax", softmax, each, "softmax, per element");
  b.quantity("silu", silu, each, "activation functions, per element");
  b.quantity("norm", norm, each, "normalisation, per element");
  b.quantity("other", other, each, "additions, rotations, copies, per element");
}

void Arithmetic::bindEnergy(Binder& b) {
  const FieldRule joules{0, 1e-6, {}};
  b.quantity("flop", flop, joules, "one floating-point operation");
  b.quantity("int8Op", int8Op, joules, "one 8-bit operation");
  b.quantity("int4Op", int4Op, joules, "one 4-bit operation");
  b.quantity("vectorFlops", vectorFlops, {0, 1e6, {}}, "FLOPs of energy per non-linear element");
}

Datapath datapathOf(const NumberFormat& weight, const NumberFormat& activation,
                    const Arithmetic& unit) {
  const auto at = [&](const Sourced<OpRate>& rate) {
    return OpRate(rate.value.value * unit.efficiency.value.value);
  };
  if (weight.isFloat() || activation.isFloat()) {
    const bool wide = std::max(weight.isFloat() ? weight.bits : 0,
                               activation.isFloat() ? activation.bits : 0) > 16;
    Datapath path{at(wide ? unit.fp32 : unit.fp16), 0, true, "floating-point units"};
    if (weight.bits < 16 || activation.bits < 16) {
      path.native = false;
      path.how = "expanded to fp16 beside the multiplier, at the fp16 rate";
    }
    return path;
  }
  const int bits = std::max(weight.bits, activation.bits);
  if (bits > 16) return {at(unit.fp32), 0, false, "32-bit integers on the fp32 units"};
  if (bits > 8) {
    Datapath path{at(unit.int8), 1, false, "four 8-bit products for each 16-bit product"};
    path.rate = OpRate(path.rate.value / 4);
    return path;
  }
  if (bits > 4) return {at(unit.int8), 1, weight.bits == activation.bits, "8-bit integer units"};
  if (bits == 4) return {at(unit.int4), 2, weight.bits == activation.bits, "4-bit integer units"};
  return {at(unit.int4), 2, false, "expanded to 4 bit, at the 4-bit rate"};
}

ElementWork elementWork(const Operator& op, const Arithmetic& unit) {
  ElementWork work;
  const auto add = [&](std::int64_t n, const Sourced<Seconds>& each, bool vector) {
    work.time += each.value * static_cast<double>(n);
    (vector ? work.vector : work.other) += n;
  };
  const std::int64_t values = op.dims[Dim::M] * op.dims[Dim::N];
  switch (op.kind) {
    case OpKind::attention:
      add(op.dims[Dim::batch] * op.dims[Dim::heads] * attentionPairs(op), unit.softmax, true);
      break;
    case OpKind::softmax:
      add(values, unit.softmax, true);
      break;
    case OpKind::norm:
      add(values, unit.norm, true);
      break;
    case OpKind::activation:
      if (op.variant == OpVariant::relu)
        add(values, unit.other, false);
      else
        add(values, unit.silu, true);
      break;
    case OpKind::pool:
      add(costOf(op).elementOps, unit.other, false);
      break;
    case OpKind::add:
      add(values * (op.dims[Dim::inputs] - 1), unit.other, false);
      break;
    case OpKind::rope:
    case OpKind::embedding:
      add(values, unit.other, false);
      break;
    case OpKind::gemm:
    case OpKind::conv1d:
    case OpKind::conv2d:
    case OpKind::hamming:
    case OpKind::collective:
      break;
    default:
      throw std::logic_error(std::string("no element work of ") + nameOf(op.kind));
  }
  return work;
}

namespace {
const FieldRule rate{1e6, 1e17, {}}, joules{0, 1e-6, {}};
}

void DramChannels::bind(Binder& m) {
  m.integer("channels", channels, {1, 1024, {}}, "channels of a chip");
  m.integer("banks", banks, {1, 1024, {}}, "banks of a channel");
  m.integer("bankGroups", bankGroups, {1, 64, "1"}, "groups of banks whose accesses take turns");
  m.integer("banksPerRefresh", banksPerRefresh, {1, 1024, "1"},
            "banks of one refresh where `refresh` is perBank");
  m.quantity("channelRate", rate, {1e6, 1e16, {}}, "peak rate of a channel");
  m.quantity("access", access, {8, 1e5, "256 bit"}, "one column access of a channel");
  m.choice("refresh", refreshMode, {"perBank", "allBank"}, {.fallback = "perBank"},
           "one bank at a time, or the whole channel");
  m.quantity("tRFCpb", bank.tRFCpb, {1e-9, 1e-3, {}}, "refresh of one bank");
  m.quantity("tRTW", tRTW, {0, 1e-3, "0 ns"}, "end of read data to write data; 0 = unknown");
  m.quantity("tWTR", tWTR, {0, 1e-3, "0 ns"}, "end of write data to read; 0 = unknown");
  m.quantity("tWR", tWR, {0, 1e-3, "0 ns"}, "end of write data to precharge; 0 = unknown");
  m.section("bank", "timing of a bank", [this](Binder& s) { bank.bind(s); });
  if (!m.reading()) return;
  if (banks % bankGroups != 0)
    m.problem("bankGroups", "does not divide the banks", "a divisor of " + std::to_string(banks));
  if (banks % banksPerRefresh != 0)
    m.problem("banksPerRefresh", "does not divide the banks",
              "a divisor of " + std::to_string(banks));
  if (bank.rowBits.value < access.value)
    m.problem("access", "a row is shorter than an access", "at most `bank.row`");
  if (refreshMode == "perBank" && bank.tRFCpb.value > 0.9 * bank.tREFI.value)
    m.problem("tRFCpb", "refresh takes more than nine tenths of a bank's time",
              "tRFCpb up to 0.9 x tREFI");
  if (rate.value.value <= 0 || access.value.value <= 0) return;  // missing: said already
  try {
    const dram::StreamSetup s = stream();
    if (bank.tREFI.value.value > 0) dram::checkRefresh(s.controller, s.timing);
  } catch (const InputError& error) {
    for (const Problem& p : error.problems()) m.problem("refresh", p.what, p.expected);
  }
}

dram::StreamSetup DramChannels::stream() const {
  const auto ps = [](const Sourced<Seconds>& s) { return nearestTicks(s.value).ps; };
  dram::StreamSetup setup;
  dram::Timing& t = setup.timing;  // in picoseconds
  t.groups = static_cast<int>(bankGroups);
  t.banksPerGroup = static_cast<int>(std::max<std::int64_t>(1, banks / bankGroups));
  t.burst = t.ccdS = t.ccdL = std::max<dram::Clock>(1, toTicks(access.value / rate.value).ps);
  t.clock = Hertz(1e12);
  t.rcdRead = t.rcdWrite = ps(bank.tRCD);
  t.rp = t.rpAll = ps(bank.tRP);
  t.ras = ps(bank.tRAS);
  t.rc = t.ras + t.rp;
  t.rtp = ps(bank.tRTP);
  t.ccdLWrite = t.ccdL;
  t.readToWrite = t.burst + ps(tRTW);
  t.writeToReadS = t.writeToReadL = t.burst + ps(tWTR);
  t.writeToPrecharge = t.burst + ps(tWR);
  t.rrdS = t.rrdL = ps(bank.tRRD);
  t.faw = ps(bank.tFAW);
  t.rfc = ps(bank.tRFC);
  t.rfcBank = ps(bank.tRFCpb);
  t.refi = ps(bank.tREFI);
  t.refreshUnits = std::max<std::int64_t>(1, banks / banksPerRefresh);
  t.bankRefreshToActivate = t.bankRefreshToRefresh = 1;
  setup.controller.refresh = refreshMode == "allBank" ? "all" : "bank";
  setup.accessesPerRow =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(bank.rowBits.value / access.value));
  return setup;
}

void SlicedParams::bindChips(Binder& b) {
  names = {"pim-ai",     "stacked DRAM",  "dram.access", "logic.flop",    "logic.int8",
           "logic.int4", "link.exchange", "chip.static", "pimAi.datapath"};
  b.text("title", title, {.fallback = "PIM-AI chips"}, "one line for people");
  DramChannels& d = dram.emplace();
  Sourced<BitRate> chipLink;
  b.integer("chips", units, {1, 100000, {}}, "chips of the device");
  b.section("memory", "the DRAM stack of a chip", [&](Binder& m) {
    m.quantity("capacity", capacity, {8e6, 1e15, {}}, "memory of one chip");
    d.bind(m);
  });
  b.section("compute", "the logic die of a chip", [&](Binder& c) {
    bindRates(c);
    c.quantity("tileBuffer", tileBuffer, {4096, 1e12, {}}, "weights in flight, two halves");
    c.quantity("sram", sram, {0, 1e12, {}}, "activations kept on the die");
    bindElements(c);
  });
  b.section("link", "how chips exchange activations", [&](Binder& l) {
    l.quantity("chip", chipLink, rate, "host link of one chip");
    l.quantity("broadcast", toDevice, rate, "one payload to all chips");
    l.quantity("latency", exchangeLatency, {0, 1, {}}, "one exchange among the chips");
    l.quantity("energy", exchangeEnergy, {0, 1e-6, {}}, "one bit over one link");
    l.integer("broadcastLinks", broadcastLinks, {0, 100000, "0"},
              "links that a broadcast drives: one a chip (0) or one a DIMM");
    l.quantity("launch", launchTime, {0, 1, {}}, "start of a program by the host");
  });
  b.section("energy", "energy and power of a chip", [&](Binder& e) {
    d.energy.bind(e);
    bindEnergy(e);
    e.quantity("chipStatic", idle, {0, 1000, {}}, "standing power of a chip");
  });
  b.integer("keyBlock", keyBlock, {1, 1 << 20, "256"},
            "keys of a head that a chip takes before a spare chip takes the next");
  b.quantity("chipArea", area, {0, 1e5, {}}, "area of a chip");
  b.choice("fold", fold, {"auto", "off"}, {.fallback = "auto"},
           "simulate equal chips and channels once, or each of them");
  if (!b.reading()) return;
  toHost = scaled<BitRate>(chipLink, static_cast<double>(units));
  memoryRate = scaled<BitRate>(d.rate, static_cast<double>(d.channels));
  memoryEnergy = d.energy.access;
}

void SlicedParams::bindProfile(Binder& b) {
  names = {"roofline",        "memory",          "memory.access",
           "arithmetic.flop", "arithmetic.int8", "arithmetic.int4",
           "exchange.bit",    "units.idle",      "roofline.datapath"};
  b.text("title", title, {.fallback = "roofline"}, "one line for people");
  b.integer("units", units, {1, 100000, "1"}, "equal units (chips, GPUs) that share every tensor");
  b.section("memory", "the memory of one unit", [&](Binder& m) {
    m.quantity("capacity", capacity, {8e6, 1e15, {}}, "memory of one unit");
    m.quantity("rate", memoryRate, rate, "peak rate of one unit");
    m.quantity("efficiency", memoryEfficiency, {0.01, 1, "1"}, "share that long streams reach");
    m.quantity("latency", memoryLatency, {0, 1e-3, "0 s"}, "time to the first bit of a stream");
  });
  b.section("compute", "the arithmetic of one unit", [&](Binder& c) {
    bindRates(c);
    c.quantity("tileBuffer", tileBuffer, {4096, 1e12, {}}, "operands in flight, two halves");
    c.quantity("sram", sram, {8, 1e13, {}}, "activations kept beside the arithmetic");
    bindElements(c);
  });
  b.section("link", "between host and units", [&](Binder& l) {
    l.quantity("toDevice", toDevice, rate, "one payload to all units");
    l.quantity("toHost", toHost, rate, "parts from all units together");
  });
  b.section("exchange", "activations among the units", [&](Binder& e) {
    e.choice("pattern", pattern, {"host", "peer"}, {.fallback = "host"},
             "collected and broadcast by the host, or passed round a ring of own links");
    e.quantity("rate", peerRate, rate, "ring: link of one unit, each direction");
    e.quantity("latency", exchangeLatency, {0, 1, {}}, "one exchange, or one step of the ring");
    e.quantity("energy", exchangeEnergy, joules, "one bit over one link");
  });
  b.integer("keyBlock", keyBlock, {1, 1 << 20, "256"},
            "keys of a head that a unit takes before a spare unit takes the next");
  b.section("energy", "energy of one unit", [&](Binder& e) {
    e.quantity("access", memoryEnergy, joules, "one bit between memory and arithmetic");
    bindEnergy(e);
  });
  b.section("power", "standing power", [&](Binder& p) {
    p.quantity("idle", idle, {0, 1e4, {}}, "of one unit with its memory");
    p.quantity("host", hostPower, {0, 1e5, {}}, "of the host that feeds all units");
  });
  b.quantity("area", area, {0, 1e6, "0 mm2"}, "of one unit; 0 = unknown");
}

MemoryPort::MemoryPort(const SlicedParams& p)
    : rate_(p.memoryRate.value), latency_(p.memoryLatency.value) {
  if (!p.dram) {
    rate_ = BitRate(rate_.value * p.memoryEfficiency.value.value);
    return;
  }
  channel_ = dram::StreamTime::of(p.dram->stream());
  rate_ = BitRate(rate_.value * channel_->efficiency());
  latency_ = Seconds(static_cast<double>(channel_->begin()) * 1e-12);
  accesses_ = 1.0 / (static_cast<double>(p.dram->channels) * p.dram->access.value.value);
}

Seconds MemoryPort::read(Bits amount) const {
  if (amount.value <= 0) return Seconds(0);
  if (channel_) return Seconds(channel_->after(amount.value * accesses_) * 1e-12) - latency_;
  return amount / rate_;
}

}  // namespace wattlas::pim
