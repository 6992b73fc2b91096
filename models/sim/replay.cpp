#include "models/sim/replay.h"

#include <algorithm>
#include <stdexcept>

namespace wattlas {

ReplayModule::ReplayModule(const sc_core::sc_module_name& name, LinkModule& link, std::size_t ports)
    : sc_module(name), link_(link) {
  for (std::size_t i = 0; i < ports; ++i)
    ports_.push_back(std::make_unique<LinkPort>(("port" + std::to_string(i)).c_str(), link));
  SC_HAS_PROCESS(ReplayModule);
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

void ReplayModule::play(const Profile& profile, std::int64_t grain, Done done) {
  profile_ = &profile;
  done_ = std::move(done);
  grain_ = std::max<std::int64_t>(1, grain);
  segment_ = 0;
  partsLeft_ = 0;
  outstanding_ = 1;  // a token that step() returns
  wake_.notify(sc_core::SC_ZERO_TIME);
}

void ReplayModule::step() {
  ++events_;
  partOver();
}

void ReplayModule::partOver() {
  if (--outstanding_ > 0) return;
  while (partsLeft_ == 0) {
    if (segment_ == profile_->segments.size()) {
      Done done = std::move(done_);
      done();
      return;
    }
    repeatsLeft_ = profile_->segments[segment_].repeat;
    partsLeft_ = std::min(grain_, repeatsLeft_);
    ++segment_;
  }
  beginPart();
}

void ReplayModule::beginPart() {
  const Segment& segment = profile_->segments[segment_ - 1];
  const std::int64_t repeats = repeatsLeft_ / partsLeft_;
  repeatsLeft_ -= repeats;
  --partsLeft_;
  if (segment.demands.size() > ports_.size())
    throw std::logic_error("a segment has more demands than its replay has ports");
  // Repetitions of max(local, demand) last repeats x max: with one part, the slower side decides
  // every repetition alike.
  outstanding_ = 1 + static_cast<int>(segment.demands.size());
  for (std::size_t i = 0; i < segment.demands.size(); ++i) {
    Demand all = segment.demands[i];
    const BitRate rate(std::min(all.peak.value, link_.rate().value));
    const Ticks alone = times(toTicks(all.amount / rate), repeats);
    all.amount *= static_cast<double>(repeats);
    ports_[i]->request(all, alone, [this] { partOver(); });
  }
  wake_.notify(toScTime(times(segment.local, repeats)));
}

}  // namespace wattlas
