#include "models/dram/stream.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace wattlas::dram {

namespace {

/// Accesses that are simulated: some refreshes of every bank, within limits.
std::int64_t sampleOf(const StreamSetup& s) {
  constexpr std::int64_t least = 1 << 14, most = 1 << 18, refreshes = 12;
  const std::int64_t interval = s.controller.refresh == "none" ? 0 : s.timing.refi;
  const std::int64_t accesses = refreshes * interval / std::max<Clock>(1, s.timing.ccdS);
  return std::clamp(std::max(accesses, 4 * s.timing.banks() * s.accessesPerRow), least, most);
}

}  // namespace

Request StreamSetup::at(std::int64_t i, bool write) const {
  const std::int64_t groups = timing.groups, banks = timing.banksPerGroup;
  const std::int64_t inGroup = i / groups, row = inGroup / accessesPerRow;
  return {0,
          0,
          static_cast<int>(i % groups * banks + row % banks),
          row / banks,
          inGroup % accessesPerRow,
          write};
}

StreamTime::StreamTime(const StreamSetup& s) : burst_(std::max<Clock>(1, s.timing.burst)) {
  checkRefresh(s.controller, s.timing);
  ChannelEngine engine(s.timing, s.controller, Level::event);
  const std::int64_t n = sampleOf(s);
  for (std::int64_t i = 0; i < n; ++i) {
    Request request = s.at(i, false);
    request.id = i;
    engine.submit(request);
  }
  engine.drain();
  ends_.reserve(static_cast<std::size_t>(n));
  Clock last = 0;
  for (const Completion& done : engine.takeCompletions())
    ends_.push_back(last = std::max(last, done.done));
  // Over the later half, in which whole intervals of refresh lie.
  const auto half = static_cast<std::size_t>(n / 2);
  slope_ = static_cast<double>(ends_.back() - ends_[half - 1]) /
           static_cast<double>(ends_.size() - half);
  // Refreshes too rare to be met in the sample cost their share.
  if (s.controller.refresh == "all" && s.timing.refi > ends_.back() / 4)
    slope_ /= 1.0 - static_cast<double>(s.timing.rfc) / static_cast<double>(s.timing.refi);
}

double StreamTime::after(double accesses) const {
  if (accesses <= 0) return 0;
  const auto whole = static_cast<std::size_t>(accesses);
  const double part = accesses - static_cast<double>(whole);
  if (whole >= ends_.size())
    return static_cast<double>(ends_.back()) +
           (accesses - static_cast<double>(ends_.size())) * slope_;
  const double from =
      whole == 0 ? static_cast<double>(ends_[0] - burst_) : static_cast<double>(ends_[whole - 1]);
  return from + part * (static_cast<double>(ends_[whole]) - from);
}

std::shared_ptr<const StreamTime> StreamTime::of(const StreamSetup& s) {
  static std::mutex lock;
  static std::map<StreamSetup, std::shared_ptr<const StreamTime>> known;
  const std::lock_guard<std::mutex> guard(lock);
  if (known.size() > 4096) known.clear();  // a sweep over timings keeps no more
  auto& entry = known[s];
  if (!entry) entry = std::make_shared<StreamTime>(s);
  return entry;
}

}  // namespace wattlas::dram
