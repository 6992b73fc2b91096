#include "models/profile_cache.h"

#include <algorithm>
#include <cstdlib>

#include "models/base/byte_stream.h"

namespace wattlas {

Hash128 ProfileCache::key(const Program& program, const Device& device, Fidelity fidelity) {
  return Hasher()
      .add(program.hash())
      .add(device.hash())
      .integer(static_cast<int>(fidelity))
      .finish();
}

namespace {

template <class Map>
auto* findIn(Map& map, const Hash128& key) {
  const auto at = map.find(key);
  return at == map.end() ? nullptr : &at->second;
}

}  // namespace

const Profile* ProfileCache::find(const Hash128& key) const {
  return findIn(profiles_, key);
}

const Profile& ProfileCache::put(const Hash128& key, Profile profile) {
  if (recording_) newProfiles_.push_back(key);
  return profiles_.insert_or_assign(key, std::move(profile)).first->second;
}

const ProfileCache::Placed* ProfileCache::placed(const Hash128& key) const {
  return findIn(placed_, key);
}

const ProfileCache::Placed& ProfileCache::putPlaced(const Hash128& key, Placed placed) {
  return placed_.insert_or_assign(key, std::move(placed)).first->second;
}

const ProfileCache::Lowered* ProfileCache::lowered(const Hash128& key) const {
  return findIn(lowered_, key);
}

const ProfileCache::Lowered& ProfileCache::putLowered(const Hash128& key, Lowered lowered) {
  return lowered_.insert_or_assign(key, std::move(lowered)).first->second;
}

std::optional<Ticks> ProfileCache::duration(const Hash128& key) const {
  const Ticks* known = findIn(durations_, key);
  return known == nullptr ? std::nullopt : std::optional<Ticks>(*known);
}

void ProfileCache::putDuration(const Hash128& key, Ticks duration) {
  if (recording_) newDurations_.push_back(key);
  durations_.insert_or_assign(key, duration);
}

const BookedOperator* ProfileCache::booked(const Hash128& key) const {
  return findIn(books_, key);
}

void ProfileCache::putBooked(const Hash128& key, BookedOperator book) {
  books_.insert_or_assign(key, std::move(book));
}

void ProfileCache::trim() {
  const std::size_t most = std::max(
      {profiles_.size(), placed_.size(), lowered_.size(), durations_.size(), books_.size()});
  if (most > mostKept) *this = ProfileCache();
}

void ProfileCache::startRecording() {
  recording_ = true;
  newProfiles_.clear();
  newDurations_.clear();
}

namespace {

void write(ByteWriter& out, const Hash128& hash) {
  out.u64(hash.high);
  out.u64(hash.low);
}
Hash128 readHash(ByteReader& in) {
  Hash128 hash;
  hash.high = in.u64();
  hash.low = in.u64();
  return hash;
}

void integer(ByteWriter& out, std::int64_t v) {
  out.u64(static_cast<std::uint64_t>(v));
}
std::int64_t integer(ByteReader& in) {
  return static_cast<std::int64_t>(in.u64());
}

void write(ByteWriter& out, const EnergyCounts& counts) {
  out.u32(static_cast<std::uint32_t>(counts.entries().size()));
  for (const EnergyCounts::Entry& entry : counts.entries()) {
    out.u32(static_cast<std::uint32_t>(entry.id));
    integer(out, entry.count);
  }
}
EnergyCounts readCounts(ByteReader& in) {
  EnergyCounts counts;
  for (std::uint32_t n = in.u32(); n > 0; --n) {
    const auto id = static_cast<CoefficientId>(in.u32());
    counts.add(id, integer(in));
  }
  return counts;
}

void write(ByteWriter& out, const Segment& s) {
  integer(out, s.local.ps);
  out.u32(static_cast<std::uint32_t>(s.demands.size()));
  for (const Demand& d : s.demands) {
    out.u32(static_cast<std::uint32_t>(d.port));
    out.real(d.amount.value);
    out.real(d.peak.value);
    out.u8(d.priority);
    out.u8(d.write ? 1 : 0);
  }
  write(out, s.energy);
  integer(out, s.repeat);
  out.u32(static_cast<std::uint32_t>(s.op));
  out.u8(static_cast<std::uint8_t>(s.bottleneck));
}
Segment readSegment(ByteReader& in) {
  Segment s;
  s.local = Ticks(integer(in));
  for (std::uint32_t n = in.u32(); n > 0; --n) {
    Demand d;
    d.port = static_cast<PortId>(in.u32());
    d.amount = Bits(in.real());
    d.peak = BitRate(in.real());
    d.priority = in.u8();
    d.write = in.u8() != 0;
    s.demands.push_back(d);
  }
  s.energy = readCounts(in);
  s.repeat = integer(in);
  s.op = static_cast<std::int32_t>(in.u32());
  s.bottleneck = static_cast<Bottleneck>(in.u8());
  return s;
}

void write(ByteWriter& out, const OperatorShare& s) {
  out.u32(static_cast<std::uint32_t>(s.op));
  for (const Ticks t : {s.start, s.end, s.busy, s.attributed}) integer(out, t.ps);
  write(out, s.energy);
  out.u8(static_cast<std::uint8_t>(s.bottleneck));
  out.real(s.utilisation);
}
OperatorShare readShare(ByteReader& in) {
  OperatorShare s;
  s.op = static_cast<std::int32_t>(in.u32());
  for (Ticks* t : {&s.start, &s.end, &s.busy, &s.attributed}) *t = Ticks(integer(in));
  s.energy = readCounts(in);
  s.bottleneck = static_cast<Bottleneck>(in.u8());
  s.utilisation = in.real();
  return s;
}

void write(ByteWriter& out, const Profile& p) {
  out.u32(static_cast<std::uint32_t>(p.segments.size()));
  for (const Segment& s : p.segments) write(out, s);
  out.u32(static_cast<std::uint32_t>(p.shares.size()));
  for (const OperatorShare& s : p.shares) write(out, s);
  out.u32(static_cast<std::uint32_t>(p.replications.size()));
  for (const Replication& f : p.replications) {
    out.u8(static_cast<std::uint8_t>(f.kind));
    integer(out, f.factor);
    out.text(f.what);
    out.text(f.guard);
  }
  out.u32(static_cast<std::uint32_t>(p.assumptions.size()));
  for (const Assumption& a : p.assumptions) {
    for (const std::string* text : {&a.key, &a.value, &a.low, &a.high, &a.source}) out.text(*text);
    out.u8(static_cast<std::uint8_t>(a.basis));
  }
  out.u64(p.exitState);
  integer(out, p.refreshDebt.ps);
  integer(out, p.events);
  out.u32(static_cast<std::uint32_t>(p.statistics.size()));
  for (const auto& [name, value] : p.statistics) {
    out.text(name);
    out.real(value);
  }
}
Profile readProfile(ByteReader& in) {
  Profile p;
  for (std::uint32_t n = in.u32(); n > 0; --n) p.segments.push_back(readSegment(in));
  for (std::uint32_t n = in.u32(); n > 0; --n) p.shares.push_back(readShare(in));
  for (std::uint32_t n = in.u32(); n > 0; --n) {
    Replication f;
    f.kind = static_cast<ReplicationKind>(in.u8());
    f.factor = integer(in);
    f.what = in.text();
    f.guard = in.text();
    p.replications.push_back(std::move(f));
  }
  for (std::uint32_t n = in.u32(); n > 0; --n) {
    Assumption a;
    for (std::string* text : {&a.key, &a.value, &a.low, &a.high, &a.source}) *text = in.text();
    a.basis = static_cast<Basis>(in.u8());
    p.assumptions.push_back(std::move(a));
  }
  p.exitState = in.u64();
  p.refreshDebt = Ticks(integer(in));
  p.events = integer(in);
  for (std::uint32_t n = in.u32(); n > 0; --n) {
    std::string name = in.text();
    p.statistics.emplace_back(std::move(name), in.real());
  }
  return p;
}

}  // namespace

std::string ProfileCache::recorded() const {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(newProfiles_.size()));
  for (const Hash128& key : newProfiles_) {
    write(out, key);
    write(out, profiles_.at(key));
  }
  out.u32(static_cast<std::uint32_t>(newDurations_.size()));
  for (const Hash128& key : newDurations_) {
    write(out, key);
    integer(out, durations_.at(key).ps);
  }
  return out.take();
}

void ProfileCache::absorb(const std::string& bytes) {
  ByteReader in(bytes);
  for (std::uint32_t n = in.u32(); n > 0; --n) {
    const Hash128 key = readHash(in);
    put(key, readProfile(in));
  }
  for (std::uint32_t n = in.u32(); n > 0; --n) {
    const Hash128 key = readHash(in);
    putDuration(key, Ticks(integer(in)));
  }
}

}  // namespace wattlas
