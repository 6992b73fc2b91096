#include "pim/roofline/parameters.h"

namespace wattlas::pim {

void ToolProfile::bind(Binder& b) {
  const FieldRule rate{1e6, 1e17, {}}, joules{0, 1e-6, {}};
  b.quantity("hostToDevice", hostToDevice, rate, "host_to_device_bw_GBs");
  b.quantity("hostToDeviceEnergy", hostToDeviceEnergy, joules, "host_to_device_pj_per_bit");
  b.quantity("deviceToHost", deviceToHost, rate, "device_to_host_bw_GBs");
  b.quantity("deviceToHostEnergy", deviceToHostEnergy, joules, "device_to_host_pj_per_bit");
  b.quantity("memory", memory, rate, "mem_bw_GBs");
  b.quantity("memoryEnergy", memoryEnergy, joules, "mem_pj_per_bit");
  b.quantity("flops", flops, {1e6, 1e18, {}}, "tflops, used for every type but int4");
  b.quantity("int4Flops", int4Flops, {0, 1e18, "0 FLOPS"}, "tflops_int4; 0 = absent");
  b.quantity("flopEnergy", flopEnergy, joules, "pj_per_tflop by 1e12");
  // What the tool falls back to without saying so: its single PIM chip.
  b.quantity("softmax", softmax, {0, 1e-3, "0.4 ns"}, "softmax_ns_per_element");
  b.quantity("silu", silu, {0, 1e-3, "0.6 ns"}, "SiLU_ns_per_element");
  b.quantity("norm", norm, {0, 1e-3, "1.1 ns"}, "RMSNorm_ns_per_element");
  b.integer("kvHeads", kvHeads, {0, 1e6, "0"}, "option num_key_value_heads; 0 = not given");
  b.integer("slidingWindow", slidingWindow, {0, 1e9, "0"}, "option sliding_window; 0 = not given");
  b.texts("transferPoints", transferPoints, "layers whose input goes to the host and back (`t`)");
}

void RooflineParams::bind(Binder& b) {
  const FieldRule rate{1e6, 1e17, {}}, joules{0, 1e-6, {}};
  b.choice("compat", compat, {"none", "upmem-llm-framework"}, {.fallback = "none"},
           "equations of the published tool, with their defects, instead of the corrected ones");
  b.integer("units", units, {1, 100000, "1"}, "equal units (chips, GPUs) that share every tensor");
  b.section("memory", "the memory of one unit", [&](Binder& m) {
    m.quantity("capacity", capacity, {8e6, 1e15, {}}, "memory of one unit");
    m.quantity("rate", memoryRate, rate, "peak rate of one unit");
    m.quantity("efficiency", memoryEfficiency, {0.01, 1, "1"}, "share that long streams reach");
    m.quantity("latency", memoryLatency, {0, 1e-3, "0 s"}, "time to the first bit of a stream");
  });
  b.section("compute", "the arithmetic of one unit", [&](Binder& c) {
    bindRates(c);
    c.quantity("tileBuffer", tileBuffer, {4096, 1e12, {}}, "operands in flight, two halves");
    c.quantity("sram", sram, {8, 1e13, {}}, "activations kept beside the arithmetic");
    bindElements(c);
  });
  b.section("link", "between host and units", [&](Binder& l) {
    l.quantity("toDevice", toDevice, rate, "one payload to all units");
    l.quantity("toHost", toHost, rate, "parts from all units together");
  });
  b.section("exchange", "activations among the units", [&](Binder& e) {
    e.choice("pattern", pattern, {"host", "peer"}, {.fallback = "host"},
             "collected and broadcast by the host, or passed round a ring of own links");
    e.quantity("rate", peerRate, rate, "ring: link of one unit, each direction");
    e.quantity("latency", exchangeLatency, {0, 1, {}}, "one exchange, or one step of the ring");
    e.quantity("energy", exchangeEnergy, joules, "one bit over one link");
  });
  b.integer("keyBlock", keyBlock, {1, 1 << 20, "256"},
            "keys of a head that a unit takes before a spare unit takes the next");
  b.section("energy", "energy of one unit", [&](Binder& e) {
    e.quantity("access", memoryEnergy, joules, "one bit between memory and arithmetic");
    bindEnergy(e);
  });
  b.section("power", "standing power", [&](Binder& p) {
    p.quantity("idle", idle, {0, 1e4, {}}, "of one unit with its memory");
    p.quantity("host", hostPower, {0, 1e5, {}}, "of the host that feeds all units");
  });
  b.quantity("area", area, {0, 1e6, "0 mm2"}, "of one unit; 0 = unknown");
  b.section("tool", "the profile in upmem_llm_framework, units added up; only `compat` reads it",
            [&](Binder& t) { tool.bind(t); });
}

}  // namespace wattlas::pim
