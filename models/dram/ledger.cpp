#include <cmath>
#include <functional>

#include "models/base/multiples.h"
#include "models/dram/memory.h"
#include "models/dram/spec.h"

namespace wattlas::dram {

namespace {

/// A value computed from independent inputs: its range is the root of the summed squares of what
/// each input's range moves.
class Derived {
 public:
  using Inputs = std::vector<const Sourced<Ratio>*>;
  Derived(Inputs inputs, std::function<double(const std::vector<double>&)> formula)
      : inputs_(std::move(inputs)), formula_(std::move(formula)) {}

  Sourced<Joules> joules(double scale, const std::string& source) const {
    std::vector<double> at;
    for (const auto* input : inputs_) at.push_back(input->value.value);
    const double value = std::max(0.0, formula_(at));
    double down = 0, up = 0;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const double nominal = at[i];
      for (const double end : {inputs_[i]->low.value, inputs_[i]->high.value}) {
        at[i] = end;
        const double change = formula_(at) - value;
        (change < 0 ? down : up) += change * change;
      }
      at[i] = nominal;
    }
    Sourced<Joules> out;
    out.value = Joules(scale * value);
    out.low = Joules(scale * std::max(0.0, value - std::sqrt(down)));
    out.high = Joules(scale * (value + std::sqrt(up)));
    out.basis = Basis::derived;
    out.source = source;
    return out;
  }

 private:
  Inputs inputs_;
  std::function<double(const std::vector<double>&)> formula_;
};

constexpr double milli = 1e-3, pico = 1e-12;

}  // namespace

DramEnergy::DramEnergy(const DramSpec& spec) {
  const EnergySpec& e = spec.energy;
  const Currents& i = e.currents;
  const auto devices = static_cast<double>(spec.organisation.devicesPerRank());
  accessBits = spec.organisation.accessBytes() * 8;
  const Timing c = timingOf(spec);
  const double clock = 1.0 / spec.timing.clock.value.value;
  const auto seconds = [&](Clock n) { return static_cast<double>(n) * clock; };
  const double tRC = seconds(c.rc), tRAS = seconds(c.ras), burst = seconds(c.burst);
  const double share =  // of a refresh of all banks that one bank-wise command does
      c.refreshUnits > 0 ? 1.0 / static_cast<double>(c.refreshUnits) : 0.0;

  Sourced<Joules> act, rd, wr, ref, refb, open, closed;
  if (e.method == "currents") {
    using Values = const std::vector<double>&;
    act = Derived({&i.vdd, &i.idd0, &i.idd3n, &i.idd2n, &i.vpp, &i.ipp0}, [=](Values v) {
            return v[0] * (v[1] * tRC - v[2] * tRAS - v[3] * (tRC - tRAS)) + v[4] * v[5] * tRC;
          }).joules(devices * milli, "VDD (IDD0 tRC - IDD3N tRAS - IDD2N tRP) + VPP IPP0 tRC");
    rd = Derived({&i.vdd, &i.idd4r, &i.idd3n}, [=](Values v) {
           return v[0] * (v[1] - v[2]) * burst;
         }).joules(devices * milli, "VDD (IDD4R - IDD3N) burst");
    wr = Derived({&i.vdd, &i.idd4w, &i.idd3n}, [=](Values v) {
           return v[0] * (v[1] - v[2]) * burst;
         }).joules(devices * milli, "VDD (IDD4W - IDD3N) burst");
    ref = Derived({&i.vdd, &i.idd5b, &i.idd2n}, [=, t = seconds(c.rfc)](Values v) {
            return v[0] * (v[1] - v[2]) * t;
          }).joules(devices * milli, "VDD (IDD5B - IDD2N) tRFC");
    refb = scaled<Joules>(ref, share);
    refb.source = "energy of a refresh of all banks, by its share of banks";
    const auto standby = [&](const Sourced<Ratio>& idd) {
      return Derived({&i.vdd, &idd}, [](Values v) { return v[0] * v[1]; })
          .joules(devices * milli * pico, "VDD IDD");
    };
    open = standby(i.idd3n);
    closed = standby(i.idd2n);
  } else {
    const auto bits = static_cast<double>(accessBits);
    act = scaled<Joules>(e.activation, devices);
    rd = scaled<Joules>(e.readCore, bits);
    wr = scaled<Joules>(e.writeCore, bits);
    ref = scaled<Joules>(e.refresh, devices);
    refb = scaled<Joules>(e.refreshBank, devices);
    open = scaled<Joules>(e.standbyOpen, devices * pico);
    closed = scaled<Joules>(e.standbyClosed, devices * pico);
  }
  const auto add = [&](const char* id, EnergyPart part, const char* unit, Sourced<Joules> each) {
    all.push_back({id, part, unit, std::move(each)});
    return all.size() - 1;
  };
  activation = add("dram.activation", EnergyPart::activation, "activation", act);
  readCore = add("dram.read", EnergyPart::column, "access", rd);
  writeCore = add("dram.write", EnergyPart::column, "access", wr);
  refresh = add("dram.refresh", EnergyPart::refresh, "refresh", ref);
  refreshBank = add("dram.refreshBank", EnergyPart::refresh, "bank-wise refresh", refb);
  standbyOpen = add("dram.standbyOpen", EnergyPart::standby, "ps", open);
  standbyClosed = add("dram.standbyClosed", EnergyPart::standby, "ps", closed);
  readIo = add("dram.readIo", EnergyPart::io, "bit", scaled<Joules>(e.readIo, 1));
  writeIo = add("dram.writeIo", EnergyPart::io, "bit", scaled<Joules>(e.writeIo, 1));
  termination = add("dram.termination", EnergyPart::io, "bit", scaled<Joules>(e.termination, 1));
}

void DramLedger::add(int channel, const ChannelEngine& engine, const Timing& c, Clock end) {
  const ChannelStats& s = engine.stats();
  const auto cell = [&](int rank, std::size_t id, std::int64_t count) {
    if (count > 0) cells_.push_back({channel, rank, id, count});
  };
  cell(-1, energy_.activation, s.activates);
  cell(-1, energy_.readCore, s.reads);
  cell(-1, energy_.writeCore, s.writes);
  cell(-1, energy_.refresh, s.refreshes);
  cell(-1, energy_.refreshBank, s.bankRefreshes);
  cell(-1, energy_.readIo, s.reads * energy_.accessBits);
  cell(-1, energy_.writeIo, s.writes * energy_.accessBits);
  cell(-1, energy_.termination, (s.reads + s.writes) * energy_.accessBits);
  for (int r = 0; r < c.ranks; ++r) {
    const Ticks all = cyclesToTicks(end, c.clock);
    const Ticks open = cyclesToTicks(engine.standby(r).openUntil(end), c.clock);
    cell(r, energy_.standbyOpen, open.ps);
    cell(r, energy_.standbyClosed, all.ps - open.ps);
  }
}

Joules DramLedger::of(const LedgerCell& cell) const {
  return energy_.all[cell.coefficient].each.value * static_cast<double>(cell.count);
}

Joules DramLedger::of(EnergyPart part) const {
  Joules sum;
  for (const LedgerCell& cell : cells_)
    if (energy_.all[cell.coefficient].part == part) sum += of(cell);
  return sum;
}

Joules DramLedger::total() const {
  Joules sum;
  for (const LedgerCell& cell : cells_) sum += of(cell);
  return sum;
}

Joules DramLedger::totalBound(bool high) const {
  Joules sum;
  for (const LedgerCell& cell : cells_) {
    const Sourced<Joules>& each = energy_.all[cell.coefficient].each;
    sum += (high ? each.high : each.low) * static_cast<double>(cell.count);
  }
  return sum;
}

}  // namespace wattlas::dram
