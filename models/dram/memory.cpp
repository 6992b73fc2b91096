#include "models/dram/memory.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <functional>

#include "models/base/error.h"
#include "models/base/multiples.h"
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

namespace {

const std::vector<std::string> partNames = {"row",       "rank",   "bank",
                                            "bankgroup", "column", "channel"};

int log2Of(std::int64_t n) {
  return std::countr_zero(static_cast<std::uint64_t>(n));
}

[[noreturn]] void refuse(std::string what, std::string hint = {}) {
  throw InputError(Problem{{},
                           "mapping",
                           std::move(what),
                           "parts from high to low such as row:rank:bank:column:bankgroup:channel",
                           std::move(hint)});
}

}  // namespace

AddressMap::AddressMap(const Organisation& o, const std::string& mapping, bool bankXor)
    : xor_(bankXor) {
  bits_[row] = log2Of(o.rows);
  bits_[rank] = log2Of(o.ranks);
  bits_[bank] = log2Of(o.banksPerGroup);
  bits_[group] = log2Of(o.bankGroups);
  bits_[column] = log2Of(o.accessesPerRow());
  bits_[channel] = log2Of(o.allChannels());
  offsetBits_ = log2Of(o.accessBytes());
  if (std::int64_t{1} << offsetBits_ != o.accessBytes())
    refuse("an access of " + std::to_string(o.accessBytes()) + " bytes has no whole address bits");
  int left[parts];
  std::copy(std::begin(bits_), std::end(bits_), left);
  // Read from the low end; a part without a count takes what is left of it.
  std::string text = mapping;
  if (text.size() > 400) refuse("the mapping is longer than 400 characters");
  while (!text.empty()) {
    const std::size_t colon = text.rfind(':');
    std::string word = colon == std::string::npos ? text : text.substr(colon + 1);
    text = colon == std::string::npos ? std::string() : text.substr(0, colon);
    std::size_t digits = word.size();
    while (digits > 0 && std::isdigit(static_cast<unsigned char>(word[digits - 1])) != 0) --digits;
    const std::string name = word.substr(0, digits);
    const auto found = std::find(partNames.begin(), partNames.end(), name);
    if (found == partNames.end())
      refuse("'" + word.substr(0, 40) + "' is no part of an address", didYouMean(name, partNames));
    const auto part = static_cast<Part>(found - partNames.begin());
    int count = left[part];
    if (digits < word.size()) {
      if (word.size() - digits > 2) refuse("'" + word.substr(0, 40) + "' has too many bits");
      count = std::stoi(word.substr(digits));
      if (count > left[part])
        refuse("'" + word + "' takes more bits than the " + std::to_string(left[part]) + " left");
    }
    if (count > 0) slices_.push_back({part, count, bits_[part] - left[part]});
    left[part] -= count;
  }
  for (int p = 0; p < parts; ++p)
    if (left[p] > 0)
      refuse("'" + partNames[static_cast<std::size_t>(p)] + "' lacks " + std::to_string(left[p]) +
             " bits");
  totalBits_ = offsetBits_;
  for (const int b : bits_) totalBits_ += b;
}

std::uint64_t AddressMap::scramble(std::uint64_t bankBits, std::uint64_t rowValue) const {
  const int bits = bits_[bank] + bits_[group];
  return xor_ ? bankBits ^ (rowValue & ((std::uint64_t{1} << bits) - 1)) : bankBits;
}

Location AddressMap::at(std::uint64_t address) const {
  std::uint64_t value[parts] = {};
  address >>= offsetBits_;
  for (const Slice& s : slices_) {
    value[s.part] |= (address & ((std::uint64_t{1} << s.bits) - 1)) << s.shift;
    address >>= s.bits;
  }
  // Group bits are the lowest of what XOR changes, so that neighbouring rows change groups.
  const std::uint64_t both = scramble(value[bank] << bits_[group] | value[group], value[row]);
  const std::uint64_t g = both & ((std::uint64_t{1} << bits_[group]) - 1);
  const std::uint64_t b = both >> bits_[group];
  const std::uint64_t flat = ((value[rank] << bits_[group] | g) << bits_[bank]) | b;
  return {static_cast<int>(value[channel]), static_cast<int>(flat),
          static_cast<std::int64_t>(value[row]), static_cast<std::int64_t>(value[column])};
}

std::uint64_t AddressMap::addressOf(const Location& l) const {
  std::uint64_t value[parts] = {};
  const auto flat = static_cast<std::uint64_t>(l.bank);
  const std::uint64_t b = flat & ((std::uint64_t{1} << bits_[bank]) - 1);
  const std::uint64_t g = flat >> bits_[bank] & ((std::uint64_t{1} << bits_[group]) - 1);
  value[row] = static_cast<std::uint64_t>(l.row);
  const std::uint64_t both = scramble(b << bits_[group] | g, value[row]);
  value[group] = both & ((std::uint64_t{1} << bits_[group]) - 1);
  value[bank] = both >> bits_[group];
  value[rank] = flat >> (bits_[bank] + bits_[group]);
  value[column] = static_cast<std::uint64_t>(l.column);
  value[channel] = static_cast<std::uint64_t>(l.channel);
  std::uint64_t address = 0;
  int shift = offsetBits_;
  for (const Slice& s : slices_) {
    address |= (value[s.part] >> s.shift & ((std::uint64_t{1} << s.bits) - 1)) << shift;
    shift += s.bits;
  }
  return address;
}

Level parseLevel(const std::string& text) {
  if (text == "event") return Level::event;
  if (text == "detailed") return Level::detailed;
  throw InputError("'" + text.substr(0, 40) + "' is not a fidelity of a DRAM", "event or detailed",
                   didYouMean(text, {"event", "detailed"}));
}

DramMemory::DramMemory(const DramSpec& spec, const ControllerParams& params, Level level)
    : spec_(spec),
      clocks_(timingOf(spec)),
      map_(spec.organisation, params.mapping, params.bankXor) {
  check(params, spec);
  const std::int64_t pseudo = spec.organisation.pseudoChannels;
  for (std::int64_t i = 0; i < spec.organisation.allChannels(); ++i) {
    channels_.push_back(std::make_unique<ChannelEngine>(clocks_, params, level));
    if (pseudo == 1) continue;
    if (i % pseudo == 0) buses_.push_back(std::make_unique<std::array<Clock, 2>>());
    channels_.back()->shareBuses(buses_.back().get());
  }
}

void DramMemory::traceTo(CommandTrace* trace) {
  for (int i = 0; i < channels(); ++i) channel(i).traceTo(trace, i);
}

void DramMemory::submit(const Access& access, std::int64_t id) {
  const Location l = map_.at(access.address);
  channel(l.channel).submit({id, access.at, l.bank, l.row, l.column, access.write});
}

void DramMemory::drain() {
  const auto pseudo = static_cast<std::size_t>(spec_.organisation.pseudoChannels);
  for (std::size_t first = 0; first < channels_.size(); first += pseudo) {
    // Pseudo channels take their decisions in order of time, because they share command buses.
    for (;;) {
      ChannelEngine* next = nullptr;
      Clock other = never;
      for (std::size_t i = first; i < first + pseudo; ++i) {
        ChannelEngine& engine = *channels_[i];
        if (engine.idle()) continue;
        if (next == nullptr || engine.next() < next->next()) {
          other = next == nullptr ? other : std::min(other, next->next());
          next = &engine;
        } else {
          other = std::min(other, engine.next());
        }
      }
      if (next == nullptr) break;
      if (other == never)
        next->drain();
      else
        next->advance(other + 1);
    }
  }
}

MemoryResult DramMemory::run(const std::vector<Access>& accesses) {
  MemoryResult result(spec_);
  for (std::size_t i = 0; i < accesses.size(); ++i)
    submit(accesses[i], static_cast<std::int64_t>(i));
  drain();
  for (auto& channel : channels_) {
    result.clocks = std::max(result.clocks, channel->stats().lastData);
  }
  ChannelStats& sum = result.total;
  double latency = 0;
  Clock longest = 0;
  int index = 0;
  for (auto& channel : channels_) {
    channel->finish(result.clocks);
    for (const Completion& done : channel->takeCompletions())
      if (!done.write) {
        latency += static_cast<double>(done.done - done.arrival);
        longest = std::max(longest, done.done - done.arrival);
      }
    const ChannelStats& s = channel->stats();
    using S = ChannelStats;
    for (const auto count :
         {&S::reads, &S::writes, &S::activates, &S::precharges, &S::autoPrecharges, &S::refreshes,
          &S::bankRefreshes, &S::rowHits, &S::steps, &S::refreshClocks})
      sum.*count += s.*count;
    result.turnarounds += channel->turnarounds();
    result.ledger.add(index++, *channel, clocks_, result.clocks);
  }
  sum.lastData = result.clocks;
  result.time = cyclesToTicks(result.clocks, clocks_.clock);
  result.bytes = static_cast<double>((sum.reads + sum.writes) * spec_.organisation.accessBytes());
  const double seconds = toSeconds(result.time).value;
  if (seconds > 0) {
    result.bytesPerS = result.bytes / seconds;
    const double rankClocks =
        static_cast<double>(result.clocks) * static_cast<double>(clocks_.ranks * channels());
    // A bank-wise refresh stops its share of the banks only.
    const double share = clocks_.refreshUnits > 0 && sum.bankRefreshes > 0
                             ? 1.0 / static_cast<double>(clocks_.refreshUnits)
                             : 1.0;
    result.refreshShare = static_cast<double>(sum.refreshClocks) * share / rankClocks;
  }
  if (sum.reads > 0) {
    const double clock = 1.0 / clocks_.clock.value;
    result.readLatencyMeanS = latency / static_cast<double>(sum.reads) * clock;
    result.readLatencyMaxS = static_cast<double>(longest) * clock;
  }
  return result;
}

}  // namespace wattlas::dram
