#include "fpga/overlay/parameters.h"

namespace wattlas::fpga {

void OverlayParameters::bind(Binder& binder) {
  constexpr double many = 1e9;
  binder.text("title", title, {.fallback = title}, "name for people");
  binder.text("part", part, {.fallback = part}, "vendor's name of the chip");
  binder.section("array", "units that compute", [&](Binder& b) {
    b.quantity("clock", clock, {1e6, 2e9, {}}, "clock of the array");
    b.integer("cores", cores, {1, 64, "1"}, "arrays, each on an inference of its own");
    b.integer("pixels", pixels, {1, 4096, {}}, "output pixels or rows at once");
    b.integer("inputs", inputs, {1, 4096, {}}, "input channels at once");
    b.integer("outputs", outputs, {1, 4096, {}}, "output channels at once");
    b.flag("channelAugmentation", augmented, {.fallback = "false"},
           "with few input channels, neighbours in a row of the kernel fill the input lanes");
    b.integer("rowPixels", rowPixels, {0, 4096, "0"},
              "rows that a pass over weights takes at least (how fast weights enter)");
    b.integer("depthwisePixels", depthwisePixels, {1, 4096, "1"}, "depthwise unit: pixels");
    b.integer("depthwiseChannels", depthwiseChannels, {0, 4096, "0"},
              "depthwise unit: channels, 0 = there is none");
    b.integer("lanes", lanes, {1, many, "16"}, "element-wise results or pooled inputs a cycle");
    b.integer("mostBits", mostBits, {1, 32, "8"}, "of weights and activations");
    b.flag("ternaryOnly", ternaryOnly, {.fallback = "false"}, "weights of three values only");
    b.flag("sequences", sequences, {.fallback = "false"},
           "attention, norms, rotary embeddings and tables have logic of their own");
    b.quantity("layerTime", layerTime, {0, 1, {}}, "start of a layer: instructions, fill");
    b.quantity("featureBuffer", featureBuffer, {0, 1e12, {}}, "feature maps kept by a core");
  });
  binder.section("memory", "memory of the board", [&](Binder& b) {
    b.quantity("bandwidth", bandwidth, {1e3, 1e14, {}}, "peak, all cores");
    b.quantity("port", port, {1e3, 1e14, {}}, "peak of a core's ports");
    b.quantity("efficiency", efficiency, {0.01, 1, "80 %"}, "share of the peaks that bursts reach");
    b.quantity("capacity", capacity, {8e3, 1e14, {}}, "size");
    b.quantity("energy", memoryEnergy, {0, 1e-9, {}}, "energy of a transferred bit");
  });
  binder.section("host", "what a call costs", [&](Binder& b) {
    b.quantity("callOverhead", callTime, {0, 1, {}}, "run-time library and interrupt of one call");
  });
  binder.section("energy", "dynamic energy", [&](Binder& b) {
    b.quantity("product", product, {0, 1e-9, {}}, "one product with buffers and control");
  });
  binder.section("power", "power that flows all the time", [&](Binder& b) {
    b.quantity("board", standing, {0, 1000, {}}, "board, processing system, clocked overlay");
  });
  const auto supply = [&](const char* key, std::int64_t& used, std::int64_t& total) {
    binder.section(key, "fabric", [&](Binder& b) {
      b.integer("used", used, {0, many, "0"}, "by the overlay");
      b.integer("total", total, {0, many, "0"}, "on the device");
    });
  };
  supply("lut", lut, boardLut);
  supply("ff", ff, boardFf);
  supply("dsp", dsp, boardDsp);
  supply("bram18", bram18, boardBram18);
  supply("uram", uram, boardUram);
}

}  // namespace wattlas::fpga
