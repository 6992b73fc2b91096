#include "models/experiment.h"

namespace wattlas {

void RunOptions::bind(Binder& b) {
  std::string fidelityName = nameOf(fidelity), scopeName = nameOf(scope), energyName, couplingName;
  b.choice("fidelity", fidelityName, {"analytic", "event", "detailed"}, {.fallback = "event"},
           "How closely the hardware is simulated");
  b.flag("fidelityForced", fidelityForced, {.fallback = "false"},
         "Refuse components that lack the fidelity instead of using a lower one");
  b.choice("coupling", couplingName, {"replayed", "live"}, {.fallback = "replayed"},
           "Whether programs run on the shared links or their profiles are replayed there");
  b.choice("energy", energyName, {"activity", "tdp"}, {.fallback = "activity"},
           "Energy from counted events, or as rated power x time");
  b.choice("scope", scopeName, {"chip", "device", "node", "wall"}, {.fallback = "node"},
           "What the energy and time include");
  b.text("mapping", mapping, {.fallback = "auto"}, "'auto' or a mapping file");
  b.flag("uncertainty", uncertainty, {.fallback = "false"}, "Quantiles over common scenarios");
  std::int64_t seedValue = static_cast<std::int64_t>(seed);
  b.integer("seed", seedValue, {.min = 0, .fallback = "1"}, "Seed of everything random");
  b.integer("eventBudget", eventBudget, {.min = 1, .fallback = "500000000"},
            "Simulated events after which a point is given up as infeasible");
  if (!b.reading()) return;
  seed = static_cast<std::uint64_t>(seedValue);
  // A wrong word was already reported by choice().
  const auto known = [](const std::string& word, std::initializer_list<const char*> list) {
    for (const char* option : list)
      if (word == option) return true;
    return false;
  };
  if (known(fidelityName, {"analytic", "event", "detailed"}))
    fidelity = parseFidelity(fidelityName);
  if (known(scopeName, {"chip", "device", "node", "wall"})) scope = parseScope(scopeName);
  energyMode = energyName == "tdp" ? EnergyMode::tdp : EnergyMode::activity;
  coupling = couplingName == "live" ? Coupling::live : Coupling::replayed;
}

void LinkConfig::bind(Binder& b) {
  b.text("name", name, {.fallback = "host link"}, "Name for people");
  b.quantity("rate", rate, {.min = 1}, "Bandwidth per direction");
  b.quantity("latency", latency, {.min = 0, .max = 1, .fallback = "0 s"},
             "Time before the first bit of a copy arrives");
  b.choice("sharing", sharing, {"fair", "fifo", "priority", "exclusive", "dedicated"},
           {.fallback = "fair"}, "How simultaneous users share the bandwidth");
  b.quantity("energyPerBit", energyPerBit, {.min = 0}, "Energy to move one bit");
}

void Mapping::bind(Binder& b) {
  b.section("shard", "How members of the first group share one network", [this](Binder& s) {
    s.integer("tensor", tensor, {.min = 1, .max = 65536, .fallback = "1"},
              "Members that hold a slice of every layer");
    s.integer("pipeline", pipeline, {.min = 1, .max = 65536, .fallback = "1"},
              "Members that hold layers one behind the other");
    s.integer("data", data, {.min = 1, .max = 65536, .fallback = "1"},
              "Members that hold the whole network for a part of the batch");
    s.integer("expert", expert, {.min = 1, .max = 65536, .fallback = "1"},
              "Members that hold different experts");
  });
  b.integer("microBatches", microBatches, {.min = 1, .max = 65536, .fallback = "1"},
            "Parts of a batch that follow each other through a pipeline");
  std::string schedule = overlapped ? "overlapped" : "sequential";
  b.choice("schedule", schedule, {"sequential", "overlapped"}, {.fallback = "sequential"},
           "One after the other, or as soon as inputs and device are there");
  overlapped = schedule == "overlapped";
  ConfigNode places;
  b.any("place", places, "Operator kind or name -> group, host or best");
  if (!b.reading() || places.isNull()) return;
  if (!places.isMap()) {
    b.problem("place", "is not a map", "`attention: pim`");
    return;
  }
  for (const auto& [what, where] : places.entries())
    if (where.isScalar())
      place.emplace_back(what, where.scalar());
    else
      b.problem("place." + what, "is not a name", "a group, host or best");
}

}  // namespace wattlas
