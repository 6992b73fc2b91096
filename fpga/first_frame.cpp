#include <algorithm>
#include <numeric>

#include "fpga/design.h"
#include "fpga/recurrence.h"
#include "models/base/error.h"

namespace wattlas::fpga {
namespace {

/// Times of so many tokens are remembered (64 MB); then starting over is cheap enough.
constexpr std::int64_t mostTokens = 8'000'000;

std::size_t index(std::int32_t i) {
  return static_cast<std::size_t>(i);
}

[[noreturn]] void stuck() {
  throw InputError("the units of a layer wait for each other: its buffers are too small",
                   "a layer whose windows fit its line buffer");
}

/// Everything about an actor that decides when it fires.
void hashInto(Hasher& h, const Actor& a) {
  h.integer(static_cast<int>(a.pattern)).integer(a.service).integer(a.latency);
  if (a.pattern == Pattern::stream) {
    h.integer(a.tokens).integer(a.paceNum).integer(a.paceDen);
    return;
  }
  const Window& w = a.window;
  h.integer(static_cast<int>(a.emit)).integer(a.work).integer(w.wholeRows ? 1 : 0);
  for (const std::int64_t v :
       {w.height, w.width, w.top, w.bottom, w.left, w.right, w.kernelHeight, w.kernelWidth,
        w.strideHeight, w.strideWidth, w.spreadHeight, w.spreadWidth})
    h.integer(v);
}

/// For pipelines whose segments feed each other in a circle: all of it as one.
std::vector<std::int64_t> wholeFrame(const Pipeline& pipeline, std::int64_t& end) {
  auto trace = evaluatePart(pipeline, {pipeline.channels.size(), nullptr});
  if (!trace) stuck();
  end = trace->end;
  return std::move(trace->occupancy);
}

}  // namespace

struct FirstFrames::Segment {
  std::vector<std::int32_t> actors;
  std::vector<std::int32_t> entering, inside, leaving;  ///< channels
};

std::vector<FirstFrames::Segment> FirstFrames::segmentsOf(const Pipeline& pipeline) {
  // Actors that a bounded channel joins are one segment.
  std::vector<std::int32_t> first(pipeline.actors.size());
  std::iota(first.begin(), first.end(), 0);
  const auto root = [&](std::int32_t a) {
    while (first[index(a)] != a) a = first[index(a)];
    return a;
  };
  for (const Channel& c : pipeline.channels) {
    if (c.sizable) continue;
    const std::int32_t a = root(c.from), b = root(c.to);
    first[index(std::max(a, b))] = std::min(a, b);
  }
  std::vector<std::int32_t> segmentOf(pipeline.actors.size(), -1);
  std::vector<Segment> segments;
  for (std::size_t a = 0; a < pipeline.actors.size(); ++a) {
    std::int32_t& mine = segmentOf[index(root(static_cast<std::int32_t>(a)))];
    if (mine < 0) {
      mine = static_cast<std::int32_t>(segments.size());
      segments.emplace_back();
    }
    segmentOf[a] = mine;
    segments[index(mine)].actors.push_back(static_cast<std::int32_t>(a));
  }
  for (Segment& segment : segments)
    for (const std::int32_t a : segment.actors) {
      const auto isInside = [&](std::int32_t other) {
        return segmentOf[index(other)] == segmentOf[index(a)];
      };
      for (const std::int32_t c : pipeline.actors[index(a)].inputs)
        (isInside(pipeline.channels[index(c)].from) ? segment.inside : segment.entering)
            .push_back(c);
      for (const std::int32_t c : pipeline.actors[index(a)].outputs)
        if (!isInside(pipeline.channels[index(c)].to)) segment.leaving.push_back(c);
    }
  return segments;
}

std::shared_ptr<const FirstFrames::Past> FirstFrames::evaluated(
    const Pipeline& pipeline, const Segment& segment,
    const std::vector<const std::vector<std::int64_t>*>& given) {
  Pipeline part;
  std::vector<std::int32_t> newIndex(pipeline.actors.size(), -1);
  for (const std::int32_t a : segment.actors) {
    newIndex[index(a)] = static_cast<std::int32_t>(part.actors.size());
    part.actors.push_back(pipeline.actors[index(a)]);
    part.actors.back().inputs.clear();
    part.actors.back().outputs.clear();
    steps_ += part.actors.back().firings();
  }
  std::vector<const std::vector<std::int64_t>*> arrivals;
  const auto take = [&](const std::vector<std::int32_t>& channels) {
    for (const std::int32_t c : channels) {
      Channel channel = pipeline.channels[index(c)];
      channel.from = newIndex[index(channel.from)];
      channel.to = newIndex[index(channel.to)];
      const auto id = static_cast<std::int32_t>(part.channels.size());
      if (channel.from >= 0) part.actors[index(channel.from)].outputs.push_back(id);
      if (channel.to >= 0) part.actors[index(channel.to)].inputs.push_back(id);
      arrivals.push_back(channel.from < 0 ? given[index(c)] : nullptr);
      part.channels.push_back(std::move(channel));
    }
  };
  take(segment.entering);
  take(segment.inside);
  take(segment.leaving);
  auto trace = evaluatePart(part, arrivals);
  if (!trace) stuck();
  const auto ending = segment.entering.size() + segment.inside.size();
  auto past = std::make_shared<Past>();
  past->end = trace->end;
  past->occupancy.assign(trace->occupancy.begin(),
                         trace->occupancy.begin() + static_cast<std::ptrdiff_t>(ending));
  for (std::size_t c = ending; c < part.channels.size(); ++c) {
    keptTokens_ += static_cast<std::int64_t>(trace->sent[c].size());
    past->sent.push_back(std::move(trace->sent[c]));
  }
  return past;
}

std::vector<std::int64_t> FirstFrames::occupancy(const Pipeline& pipeline, std::int64_t* end) {
  std::int64_t last = 0;
  if (keptTokens_ > mostTokens) {
    known_.clear();
    keptTokens_ = 0;
  }
  std::vector<std::int64_t> peaks(pipeline.channels.size(), 0);
  std::vector<const std::vector<std::int64_t>*> sent(pipeline.channels.size(), nullptr);
  std::vector<Hash128> history(pipeline.channels.size());  // of what each channel carries
  std::vector<std::shared_ptr<const Past>> alive;
  for (const Segment& segment : segmentsOf(pipeline)) {
    Hasher hasher;
    for (const std::int32_t a : segment.actors) {
      const Actor& actor = pipeline.actors[index(a)];
      hashInto(hasher, actor);
      hasher.integer(static_cast<std::int64_t>(actor.inputs.size()));
      for (const std::int32_t id : actor.inputs) {
        const Channel& c = pipeline.channels[index(id)];
        hasher.integer(c.tokensPerFrame).integer(c.delay);
        hasher.integer((c.releaseAtEnd ? 1 : 0) + (c.held ? 2 : 0));
        hasher.integer(c.sizable ? 0 : c.capacity);
        const auto from = std::find(segment.actors.begin(), segment.actors.end(), c.from);
        if (from != segment.actors.end())
          hasher.integer(from - segment.actors.begin());
        else if (sent[index(id)] != nullptr)
          hasher.integer(-1).add(history[index(id)]);
        else
          return wholeFrame(pipeline, end != nullptr ? *end : last);
      }
      hasher.integer(static_cast<std::int64_t>(actor.outputs.size()));
      for (const std::int32_t id : actor.outputs)
        hasher.integer(pipeline.channels[index(id)].tokensPerFrame);
    }
    const Hash128 key = hasher.finish();
    std::shared_ptr<const Past>& past = known_[key];
    if (!past) past = evaluated(pipeline, segment, sent);
    alive.push_back(past);
    last = std::max(last, past->end);
    std::size_t i = 0;
    for (const auto* channels : {&segment.entering, &segment.inside})
      for (const std::int32_t c : *channels) peaks[index(c)] = past->occupancy[i++];
    for (std::size_t k = 0; k < segment.leaving.size(); ++k) {
      const std::size_t c = index(segment.leaving[k]);
      sent[c] = &past->sent[k];
      history[c] = Hasher().add(key).integer(static_cast<std::int64_t>(k)).finish();
    }
  }
  if (end != nullptr) *end = last;
  return peaks;
}

}  // namespace wattlas::fpga
