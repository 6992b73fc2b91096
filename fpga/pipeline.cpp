#include "fpga/pipeline.h"

#include <algorithm>

namespace wattlas::fpga {

const char* nameOf(ActorKind kind) {
  static constexpr const char* names[] = {
      "source",         "sink",        "buffer writer",  "window reader",
      "operand buffer", "matrix unit", "depthwise unit", "recurrent unit",
      "pooling",        "elementwise", "addition",       "concatenation",
      "softmax",        "row norm",    "gather",         "padding"};
  return names[static_cast<std::size_t>(kind)];
}

std::int64_t Actor::firings() const {
  switch (pattern) {
    case Pattern::stream:
      return tokens;
    case Pattern::scan:
      return window.paddedPixels();
    case Pattern::slide:
      break;
  }
  return window.outPixels() + 1;
}

std::int32_t Pipeline::add(Actor actor) {
  actors.push_back(std::move(actor));
  return static_cast<std::int32_t>(actors.size()) - 1;
}

std::int32_t Pipeline::connect(std::int32_t from, std::int32_t to, Channel channel) {
  const auto id = static_cast<std::int32_t>(channels.size());
  channel.from = from;
  channel.to = to;
  actors[static_cast<std::size_t>(from)].outputs.push_back(id);
  actors[static_cast<std::size_t>(to)].inputs.push_back(id);
  channels.push_back(std::move(channel));
  return id;
}

std::int64_t busyCycles(const Actor& actor) {
  switch (actor.pattern) {
    case Pattern::stream: {
      if (actor.paceNum <= actor.service * actor.paceDen && actor.paceNum % actor.paceDen == 0)
        return actor.tokens * actor.service;
      // Where the memory's pace never falls below the service, whole parts add up to it.
      if (actor.paceNum >= actor.service * actor.paceDen)
        return actor.tokens * actor.paceNum / actor.paceDen;
      std::int64_t total = 0;
      for (std::int64_t i = 0; i < actor.tokens; ++i)
        total += std::max(actor.service, (i + 1) * actor.paceNum / actor.paceDen -
                                             i * actor.paceNum / actor.paceDen);
      return total;
    }
    case Pattern::scan:
      return actor.window.paddedPixels() * actor.service + actor.window.outPixels() * actor.work;
    case Pattern::slide:
      break;
  }
  return actor.window.outPixels() * actor.service;
}

}  // namespace wattlas::fpga
