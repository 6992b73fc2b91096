// The device contract: description, partition, lowering, closed-form estimate, simulation of one
// program. Plain C++: the platform (models/sim/) plays what programs cost on one SystemC clock.
// A family is a folder that implements it and registers its kinds (registry.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/program.h"
#include "workloads/graph/kind.h"

namespace wattlas {

struct Tier {
  std::string name;  ///< "MRAM", "HBM"
  Bits capacity;
  /// Nobody outside has access while programs run: copies wait for them, and they for copies.
  bool closedWhileRunning = false;
};

struct Port {
  std::string name;  ///< "host"
  BitRate peak;
};

struct DeviceInfo {
  std::string kind;  ///< registered kind: "upmem", "gpu", ...
  std::string title;
  std::vector<Tier> tiers;  ///< tier 0 holds parameters, KV cache and activations
  std::vector<Port> ports;  ///< port 0 goes to the host
  Sourced<Watts> tdp;       ///< for `--energy tdp`; zero = unknown
  SquareMm area;            ///< zero = unknown
  OpRate peakMacs;          ///< MAC/s x 2 of the widest native format, for utilisation
  BitRate peakMemory;       ///< parameter memory
  /// True when every program fetches its inputs from the host and returns its outputs there (DPUs
  /// cannot talk to each other): the platform then adds no copies of activations.
  bool activationsOnHost = false;
};

/// How a device deals with an operator in its formats.
struct Support {
  enum class Level { native, emulated, refused };
  Level level = Level::refused;
  std::string how;  ///< emulated: at what real cost; refused: why
};
const char* nameOf(Support::Level level);

/// Copies between host and device.
enum class CopyPattern {
  broadcast,  ///< every unit of the device gets all of it
  scatter,    ///< each unit its own part
  gather,     ///< device to host, each unit its own part
};
struct CopyRequest {
  CopyPattern pattern = CopyPattern::scatter;
  bool toDevice = true;
  Bits amount;  ///< payload, counted once
};
/// Cost of a copy with the link to itself; the platform's link can only make it slower.
struct CopyCost {
  Ticks latency;  ///< fixed part: call, driver, set-up
  Bits wire;     ///< bits that cross the link (replicated for a broadcast without hardware support)
  BitRate peak;  ///< the device side takes no more
  EnergyCounts energy;  ///< in the device's table
};

/// Cost of starting programs from the host.
struct LaunchCost {
  Ticks perProgram;          ///< host time before each program that it starts
  bool perOperator = false;  ///< one launch for each operator (a kernel), not each region
  Ticks hostSync;            ///< extra time of a call that a host thread issues and waits for
};

class Device {
 public:
  virtual ~Device() = default;

  virtual const DeviceInfo& info() const = 0;
  virtual const EnergyTable& energy() const = 0;
  /// Complete configuration (defaults filled in) and all parameters, for assumptions and studies.
  virtual const ResolvedConfig& config() const = 0;
  /// Changes when a model of this family computes something else than before.
  virtual int modelVersion() const = 0;
  Hash128 hash() const;

  /// Operator kinds that the device has an answer for; it refuses all others by name.
  virtual const KindSet& kinds() const = 0;
  Support support(const Operator& op) const;
  /// Splits the operators mapped here (in topological order) into regions, each run as a program.
  virtual std::vector<std::vector<OpId>> partition(const Graph& graph,
                                                   const std::vector<OpId>& mine) const;
  /// Lowers a region. Must refuse (never throw, never guess) what it cannot run.
  virtual Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const = 0;
  /// True when the program of a one-operator region depends on nothing but this device, the
  /// operator (not its name), the phase, the step and the other plain fields of the work item:
  /// equal operators of other networks then share it.
  virtual bool lowersByOperator() const { return false; }
  /// Best closed form, microseconds of host time, no SystemC.
  virtual Profile estimate(const Program& program) const = 0;

  virtual std::vector<Fidelity> fidelities() const = 0;
  /// Runs a program alone, from a state at rest, at `event` or `detailed`. Depends on nothing that
  /// ran before. Never called at a fidelity that is not listed.
  virtual Profile simulate(const Program& program, Fidelity fidelity) const;

  virtual CopyCost copy(const CopyRequest& request) const = 0;
  virtual LaunchCost launch() const { return {}; }
  /// Bits that the tensors which outlive programs need: parameters of `op` (all `count` instances)
  /// and KV cache, with this device's padding and replication.
  virtual Bits residentBits(const Operator& op) const;

  /// Whether units or kernels apply scales of groups and decode what is no plain number (nf4, q4_k,
  /// powers of two); elsewhere such formats are refused.
  virtual bool decodes() const { return false; }

 protected:
  /// As `support`, for an operator of a kind in `kinds()`.
  virtual Support supportKnown(const Operator& op) const = 0;
};

}  // namespace wattlas
