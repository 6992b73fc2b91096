// A dataflow pipeline: actors that fire and bounded channels between them. Plain data; what it
// means is defined once here and evaluated twice: recurrence.h (`event`) and stepped.h
// (`detailed`).
//
// Meaning. An actor makes `firings` firings a frame (one inference), one after the other. A firing
//   - starts when the previous one has ended, every input channel holds all tokens it needs (of a
//     channel that is `held` those of the whole frame), and every output channel has a free place
//     for the token it will produce;
//   - lasts `service` cycles, in which the next firing waits;
//   - frees the input tokens it releases, at its start or (channel.releaseAtEnd) at its end;
//   - makes its token visible `latency` cycles after its end, moved by channel.delay: a positive
//     delay is a converter on the way, a negative one lets a consumer that reads word by word start
//     before the last word (never before the producer started).
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace wattlas::fpga {

/// Extent of a sliding window over a padded image. A signal has height 1.
struct Window {
  std::int64_t height = 1, width = 1;                     ///< input pixels
  std::int64_t top = 0, bottom = 0, left = 0, right = 0;  ///< padding
  std::int64_t kernelHeight = 1, kernelWidth = 1;  ///< reach, gaps of a dilated kernel included
  std::int64_t strideHeight = 1, strideWidth = 1;
  /// Sliding windows wait for all rows that they touch and free whole rows (line buffers in
  /// blocks).
  bool wholeRows = false;
  std::int64_t dilationHeight = 1, dilationWidth = 1;  ///< distance of a kernel's values
  std::int64_t spreadHeight = 1, spreadWidth = 1;  ///< distance of input pixels, zeros in between

  std::int64_t paddedHeight() const { return (height - 1) * spreadHeight + 1 + top + bottom; }
  std::int64_t paddedWidth() const { return (width - 1) * spreadWidth + 1 + left + right; }
  /// Values of a kernel that are multiplied.
  std::int64_t taps() const {
    return ((kernelHeight - 1) / dilationHeight + 1) * ((kernelWidth - 1) / dilationWidth + 1);
  }
  std::int64_t paddedPixels() const { return paddedHeight() * paddedWidth(); }
  std::int64_t pixels() const { return height * width; }
  std::int64_t outHeight() const { return (paddedHeight() - kernelHeight) / strideHeight + 1; }
  std::int64_t outWidth() const { return (paddedWidth() - kernelWidth) / strideWidth + 1; }
  std::int64_t outPixels() const { return outHeight() * outWidth(); }
  bool isIdentity() const {
    return kernelHeight == 1 && kernelWidth == 1 && strideHeight == 1 && strideWidth == 1 &&
           paddedPixels() == pixels();
  }
};

/// How firings and tokens go together.
enum class Pattern {
  stream,  ///< each firing takes one token of every input and produces one
  scan,    ///< one firing a padded pixel, in raster order; takes a token on pixels inside the image
  slide,   ///< one firing a window; needs all padded pixels up to its last one, keeps shared ones;
           ///< one more firing at the end takes what no window needed
};
/// When a scan produces.
enum class Emit { everyPixel, completeWindow };

enum class ActorKind {
  source,        ///< DMA engine that reads the board's memory
  sink,          ///< DMA engine that writes it
  arranger,      ///< keeps, pads or gathers tokens for a unit
  windowReader,  ///< reads windows out of a line buffer
  unit,          ///< arithmetic of a layer
};

/// Amounts of the fabric's resources.
struct Resources {
  std::int64_t lut = 0, ff = 0, dsp = 0, bram18 = 0, uram = 0;
  Resources& operator+=(const Resources& o) {
    lut += o.lut, ff += o.ff, dsp += o.dsp, bram18 += o.bram18, uram += o.uram;
    return *this;
  }
  Resources& operator-=(const Resources& o) {
    lut -= o.lut, ff -= o.ff, dsp -= o.dsp, bram18 -= o.bram18, uram -= o.uram;
    return *this;
  }
  Resources times(std::int64_t n) const { return {lut * n, ff * n, dsp * n, bram18 * n, uram * n}; }
  bool operator==(const Resources&) const = default;
};

/// Each kind of resource with its name in results.
struct ResourceKind {
  const char* name;
  std::int64_t Resources::*count;
};
inline constexpr ResourceKind resourceKinds[] = {{"lut", &Resources::lut},
                                                 {"ff", &Resources::ff},
                                                 {"dsp", &Resources::dsp},
                                                 {"bram18", &Resources::bram18},
                                                 {"uram", &Resources::uram}};

struct Actor {
  std::string name;
  ActorKind kind = ActorKind::unit;
  std::int32_t op = -1;  ///< index into the region
  Pattern pattern = Pattern::stream;
  Emit emit = Emit::everyPixel;
  std::int64_t tokens = 1;   ///< stream: firings a frame
  Window window;             ///< scan and slide
  std::int64_t service = 1;  ///< cycles of a firing
  std::int64_t work = 0;     ///< scan: more cycles of a firing that completes a window
  std::int64_t latency = 0;  ///< cycles from the end of a firing until its token is visible
  /// Rational extra cycles of a stream, from a memory that is slower than the pipeline: firing i
  /// lasts max(service, floor((i+1)*num/den) - floor(i*num/den)). 0/1 = none.
  std::int64_t paceNum = 0, paceDen = 1;
  Resources cost;
  std::vector<std::int32_t> inputs, outputs;  ///< channels

  std::int64_t firings() const;
};

struct Channel {
  std::string name;
  std::int32_t from = -1, to = -1;  ///< actors
  std::int64_t capacity = 1;        ///< tokens, `registers` included
  /// Places that are the producer's own pipeline registers: they hold what is between the end of a
  /// firing and its visible token, and are no part of the FIFO.
  std::int64_t registers = 0;
  std::int64_t delay = 0;     ///< cycles, may be negative
  bool releaseAtEnd = false;  ///< places are freed at the end of a firing (line buffers)
  bool sizable = false;       ///< a FIFO between layers whose depth may be chosen
  /// Every firing of the reader (a stream) needs all tokens of the frame; the last one frees them.
  bool held = false;
  std::int64_t tokensPerFrame = 1;
  std::int64_t tokenBits = 8;  ///< information of one token
  std::int64_t wordBits = 8;   ///< width of the stream
};

struct Pipeline {
  std::vector<Actor> actors;  ///< in topological order
  std::vector<Channel> channels;
  /// Clock over bandwidth of the board memory (cycles a bit) up to which no stream waits for it.
  double unpacedUpTo = std::numeric_limits<double>::infinity();

  std::int32_t add(Actor actor);
  /// Connects two actors; returns the channel.
  std::int32_t connect(std::int32_t from, std::int32_t to, Channel channel);
};

/// What running a pipeline gave. Cycles count from the start of the first frame.
struct Trace {
  struct ActorTrace {
    std::int64_t firstStart = 0;
    std::int64_t end = 0;      ///< end of the last firing
    std::int64_t busy = 0;     ///< cycles in firings
    std::int64_t starved = 0;  ///< waited for inputs
    std::int64_t stalled = 0;  ///< waited for a place in an output
    bool operator==(const ActorTrace&) const = default;
  };
  std::vector<ActorTrace> actors;
  std::vector<std::int64_t> occupancy;  ///< largest number of visible tokens, per channel
  std::int64_t firstFrame = 0;          ///< end of the first frame
  std::int64_t cycles = 0;              ///< end of the last frame
  std::int64_t steps = 0;               ///< firings evaluated
  std::int64_t foldedFrames = 0;        ///< frames not evaluated because the state recurred
  std::string deadlock;                 ///< why it cannot run; empty = it ran
};

/// Total service cycles of one frame.
std::int64_t busyCycles(const Actor& actor);

}  // namespace wattlas::fpga
