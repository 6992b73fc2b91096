#include "pim/compat/equations.h"

namespace wattlas::pim::compat {

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

}  // namespace wattlas::pim::compat
