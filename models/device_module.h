// SystemC half of a device: executes Programs event by event.
#pragma once

#include <functional>
#include <systemc>

#include "models/device.h"

namespace wattlas {

class LinkPort;

/// Rules (DESIGN of the project, docs/architecture.md): one SC_METHOD and one event per module; it
/// computes its own next useful time and wakes only for what it shares; no event per clock cycle;
/// no immediate notification between modules; simulated time is measured relative to `start`.
class DeviceModule : public sc_core::sc_module {
 public:
  using Done = std::function<void()>;
  explicit DeviceModule(const sc_core::sc_module_name& name) : sc_core::sc_module(name) {}

  /// Back to the state after elaboration (A-B-A runs give equal results).
  virtual void reset() = 0;
  /// Begins to execute; `done` is called in the evaluation phase in which the program ends.
  virtual void start(const Program& program, Done done) = 0;
  /// What the finished program cost. Valid once after `done`.
  virtual Profile take() = 0;

  /// Gives the module its way to a shared link (before elaboration ends). With `setLive(true)` its
  /// demands go there while it runs; otherwise they are only recorded in the profile.
  virtual void connect(PortId port, LinkPort& link) { (void)port, (void)link; }
  virtual bool canRunLive() const { return false; }
  virtual void setLive(bool live) { (void)live; }
};

/// sc_time of integer picoseconds.
inline sc_core::sc_time toScTime(Ticks t) {
  return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(t.ps));
}
/// Integer picoseconds of an sc_time (the resolution stays SystemC's default, 1 ps).
inline Ticks fromScTime(const sc_core::sc_time& t) {
  return Ticks(static_cast<std::int64_t>(t.value()));
}

/// Runs one program alone on a module (sc_start until it is done) and returns its profile.
/// For tests and for the profile cache; must not be called from inside a SystemC process.
Profile runAlone(DeviceModule& module, const Program& program);

}  // namespace wattlas
