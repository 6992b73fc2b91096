// Random pipelines for tests that compare two ways to evaluate them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "fpga/pipeline.h"
#include "models/base/random.h"

namespace wattlas::fpga::test {

/// A random small pipeline: windows with padding and strides, line buffers, residual additions,
/// streams from one place to many, latencies, early words.
class RandomPipeline {
 public:
  explicit RandomPipeline(std::uint64_t seed) : r_(seed) {}

  Pipeline make() {
    Window image;
    image.height = r_.between(1, 6);
    image.width = r_.between(3, 9);
    Actor source;
    source.kind = ActorKind::source;
    source.tokens = image.pixels();
    source.service = r_.between(1, 4);
    if (r_.below(3) == 0) source.paceNum = r_.between(1, 40), source.paceDen = r_.between(1, 9);
    std::int32_t last = p_.add(source);
    std::int64_t height = image.height, width = image.width;
    for (std::int64_t layers = r_.between(1, 5); layers > 0; --layers)
      last = layer(last, height, width);
    Actor sink;
    sink.kind = ActorKind::sink;
    sink.tokens = height * width;
    sink.service = r_.between(1, 5);
    join(last, p_.add(sink), height * width);
    return p_;
  }

 private:
  Window window(std::int64_t height, std::int64_t width) {
    Window w;
    w.height = height;
    w.width = width;
    w.top = height > 1 ? r_.between(0, 1) : 0;
    w.bottom = height > 1 ? r_.between(0, 1) : 0;
    w.left = r_.between(0, 1);
    w.right = r_.between(0, 2);
    w.kernelHeight = r_.between(1, std::min<std::int64_t>(w.paddedHeight(), 3));
    w.kernelWidth = r_.between(1, std::min<std::int64_t>(w.paddedWidth(), 3));
    w.strideHeight = height > 1 ? r_.between(1, 3) : 1;
    w.strideWidth = r_.between(1, 3);
    return w;
  }
  std::int32_t join(std::int32_t from, std::int32_t to, std::int64_t tokens) {
    const Actor& a = p_.actors[static_cast<std::size_t>(from)];
    Channel c;
    c.name = "c" + std::to_string(p_.channels.size());
    c.tokensPerFrame = tokens;
    c.capacity = r_.between(1, 4);
    c.sizable = p_.channels.size() % 4 != 3;
    const std::int64_t least = 1 - std::min<std::int64_t>(a.service + a.latency, 5);
    c.delay = r_.between(std::min<std::int64_t>(least, 0), 2);
    return p_.connect(from, to, c);
  }

  std::int32_t layer(std::int32_t from, std::int64_t& height, std::int64_t& width) {
    switch (r_.below(4)) {
      case 0:
        return scan(from, height, width);
      case 1:
        return slide(from, height, width);
      case 2:
        return residual(from, height, width);
      default:
        return plain(from, height * width);
    }
  }
  std::int32_t plain(std::int32_t from, std::int64_t tokens) {
    Actor a;
    a.tokens = tokens;
    a.service = r_.between(1, 9);
    a.latency = r_.between(0, 8);
    const std::int32_t id = p_.add(a);
    join(from, id, tokens);
    return id;
  }
  std::int32_t scan(std::int32_t from, std::int64_t& height, std::int64_t& width) {
    Actor a;
    a.pattern = Pattern::scan;
    a.emit = Emit::completeWindow;
    a.window = window(height, width);
    a.service = r_.between(1, 3);
    a.work = r_.between(0, 12);
    a.latency = r_.between(0, 3);
    const std::int32_t id = p_.add(a);
    join(from, id, height * width);
    height = a.window.outHeight();
    width = a.window.outWidth();
    return id;
  }
  std::int32_t slide(std::int32_t from, std::int64_t& height, std::int64_t& width) {
    Actor writer;
    writer.pattern = Pattern::scan;
    writer.window = window(height, width);
    writer.service = r_.between(1, 3);
    const std::int32_t w = p_.add(writer);
    join(from, w, height * width);
    Actor reader = writer;
    reader.pattern = Pattern::slide;
    reader.window.wholeRows = r_.below(2) == 0;
    reader.service = r_.between(1, 9);
    const std::int32_t id = p_.add(reader);
    Channel lines;
    lines.name = "lines";
    lines.tokensPerFrame = writer.window.paddedPixels();
    lines.capacity = writer.window.paddedPixels() + r_.between(0, 3);
    lines.releaseAtEnd = true;
    p_.connect(w, id, lines);
    height = writer.window.outHeight();
    width = writer.window.outWidth();
    return id;
  }
  /// The detour looks ahead by a pixel, so a bypass with one place cannot work.
  std::int32_t residual(std::int32_t from, std::int64_t height, std::int64_t width) {
    const std::int64_t tokens = height * width;
    Actor window;
    window.pattern = Pattern::scan;
    window.emit = Emit::completeWindow;
    window.window = {height, width, 0, 0, 1, 1, 1, 3, 1, 1};
    window.work = r_.between(0, 9);
    const std::int32_t body = p_.add(window);
    join(from, body, tokens);
    Actor add;
    add.tokens = tokens;
    add.service = r_.between(1, 4);
    const std::int32_t id = p_.add(add);
    join(body, id, tokens);
    const std::int32_t bypass = join(from, id, tokens);
    p_.channels[static_cast<std::size_t>(bypass)].capacity = r_.between(1, 12);
    return id;
  }

  Random r_;
  Pipeline p_;
};

}  // namespace wattlas::fpga::test
