// Between sc_time and integer picoseconds. The resolution stays SystemC's default, 1 ps.
#pragma once

#include <systemc>

#include "models/base/units.h"

namespace wattlas {

inline sc_core::sc_time toScTime(Ticks t) {
  return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(t.ps));
}
inline Ticks fromScTime(const sc_core::sc_time& t) {
  return Ticks(static_cast<std::int64_t>(t.value()));
}
inline Ticks scNow() {
  return fromScTime(sc_core::sc_time_stamp());
}

}  // namespace wattlas
