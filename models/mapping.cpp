#include "models/mapping.h"

namespace wattlas {

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
