#include "models/host/parameters.h"

namespace wattlas::host {

void Parameters::bind(Binder& b) {
  const FieldRule share{0.001, 1};
  const FieldRule perClock{0.001, 4096};
  b.text("title", title, {.fallback = "host CPU"}, "name for tables");
  b.integer("sockets", sockets, {1, 64}, "sockets");
  b.integer("cores", cores, {1, 1024}, "cores per socket");
  b.quantity("clock", clock, {1e6, 1e10}, "clock with all cores busy");
  b.section("rates", "operations per core and clock, SIMD included", [&](Binder& s) {
    s.quantity("fp32", fp32, perClock, "fp32 MACs");
    s.quantity("fp16", fp16, perClock, "fp16 and bf16 MACs (conversion included where needed)");
    s.quantity("int16", int16, perClock, "int16 MACs");
    s.quantity("int8", int8, perClock, "int8 MACs");
    s.quantity("logic", logic, perClock, "bits of XOR with population count");
    s.quantity("elementOps", elementOps, perClock, "other arithmetic");
    s.quantity("unpackOps", unpackOps, {0, 64}, "operations to unpack one value below 8 bits");
  });
  b.section("memory", "memory and caches", [&](Binder& s) {
    s.quantity("capacity", capacity, {8e6, 8e15}, "main memory");
    s.quantity("bandwidth", bandwidth, {8e6, 8e14}, "DRAM peak of all sockets");
    s.quantity("cacheSize", cacheSize, {0, 8e11}, "last-level cache of all sockets");
    s.quantity("cacheBandwidth", cacheBandwidth, {8e6, 8e15}, "bandwidth of that cache");
  });
  b.section("law", "measured law", [&](Binder& s) {
    s.quantity("call", call, {0, 1}, "fork and join of the threads of one operator");
    s.quantity("gemm", gemmEfficiency, share, "share of the MAC peak: products");
    s.quantity("gemv", gemvEfficiency, share, "share of the MAC peak: products of one row");
    s.quantity("conv", convEfficiency, share, "share of the MAC peak: convolutions");
    s.quantity("attention", attentionEfficiency, share, "share of the MAC peak: attention");
    s.quantity("element", elementEfficiency, share, "share of the lanes: everything else");
    s.quantity("memory", memoryEfficiency, share, "share of the DRAM peak");
  });
  b.section("energy", "energy per event", [&](Binder& s) {
    s.quantity("mac", macEnergy, {0, 1e-9}, "an fp32 MAC, instruction included");
    s.quantity("op", opEnergy, {0, 1e-9}, "an element operation");
    s.quantity("dram", dramEnergy, {0, 1e-9}, "a bit of main memory");
    s.quantity("cache", cacheEnergy, {0, 1e-9}, "a bit of the last-level cache");
  });
  b.section("power", "power of all sockets", [&](Binder& s) {
    s.quantity("tdp", tdp, {0.1, 1e5}, "thermal design power");
    s.quantity("idle", idle, {0, 1e5}, "power that always flows");
    s.quantity("active", active, {0, 1e5}, "added while an operator runs");
  });
  b.quantity("area", area, {0, 1e5, "0 mm2"}, "die area; 0 = unknown");
}

}  // namespace wattlas::host
