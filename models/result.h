// What one simulation says: the record behind `run --json`, files and tables. Plain data.
// Keys and meaning: docs/contract.md, 2. Numbers are rounded to 12 significant digits on output.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/energy.h"
#include "models/program.h"

namespace wattlas {

inline constexpr int resultSchema = 1;

/// How much a simulation says. `totals`: the headline numbers, energy by category, phases, tiers
/// and what time was attributed to, without operators, ledger, assumptions, folds and
/// configuration: what a sweep of many points keeps. The numbers are the same.
enum class Detail { totals, full };

/// What time is attributed to: the bounds of operators, copies, and waiting.
enum class BottleneckCategory {
  compute,
  memory,
  link,
  latency,
  control,
  host,
  transfer,
  idle,
  unknown
};
inline constexpr int bottleneckCategoryCount = 9;
const char* nameOf(BottleneckCategory cause);  ///< "" when unknown
BottleneckCategory bottleneckCategoryOf(Bottleneck bottleneck);

/// What is inside the numbers.
struct Includes {
  bool weightLoad = false, inputCopy = true, outputCopy = true, launch = true, host = true,
       idleDevices = true, refresh = true, psu = false;
};

struct PhaseResult {
  std::string name;  ///< prefill, decode, inference, ...
  double timeS = 0, energyJ = 0, tokens = 0, tokensPerS = 0, energyPerTokenJ = 0;
};

struct OperatorResult {
  std::string name, kind, phase, device;
  std::int64_t region = 0;  ///< number of the fused or pipelined region it ran in
  std::int64_t count = 1;   ///< instances in this phase (layers x steps)
  double startS = 0, endS = 0, attributedS = 0, energyJ = 0, utilisation = 0;
  std::string bound;
  double macs = 0, bytes = 0;  ///< all instances
  OperatorDesign design;       ///< empty on hardware that was not built for it
};

/// Operators by their bound, other rows by what they are.
BottleneckCategory bottleneckCategoryOf(const OperatorResult& row);

/// What a component of the platform did in the run.
struct ComponentStatistics {
  std::string component;
  double busyS = 0, utilisation = 0;  ///< utilisation: share of the run's time
  double waitS = 0;                   ///< of all that waited for it
  std::int64_t served = 0, queueMax = 0;
  double bytes = 0;  ///< moved; links only
};

/// Some work of a component in the run.
struct TraceSlice {
  std::string track, name;
  double startS = 0, durationS = 0;
  std::int64_t task = 0;
  std::vector<std::int64_t> after;  ///< tasks that it waited for
};

struct TierResult {
  std::string name;
  double residentBytes = 0, peakBytes = 0, capacityBytes = 0;
};

/// One ledger cell: joules = count x perCount, in exactly one cell.
struct LedgerCell {
  std::string component;  ///< "device", "host", "link"
  Category category = Category::compute;
  std::string coefficient;  ///< such as "mram.read"
  double count = 0;
  double perCountJ = 0, lowJ = 0, highJ = 0;
  Basis basis = Basis::assumption;
  std::string source;
};

struct AccuracyResult {
  std::optional<double> value, se;
  std::string kind = "none", source;
};

/// Quantiles over the common scenarios (docs/uncertainty.md).
struct UncertaintyResult {
  bool present = false;
  double timeP5 = 0, timeP50 = 0, timeP95 = 0, energyP5 = 0, energyP50 = 0, energyP95 = 0;
};

struct HostCost {
  double wallS = 0;
  std::int64_t events = 0, rssBytes = 0;
  std::string cpu;
};

struct RunResult {
  std::string configHash, platform, workload, format;
  std::int64_t batch = 1;
  std::uint64_t seed = 1;
  std::string fidelity, coupling = "replayed", scope, energyMode = "activity", mapping = "auto";
  Includes includes;
  std::map<std::string, std::string> fidelityUsed;  ///< component -> level

  bool feasible = true;
  std::vector<std::string> reasons;
  /// Valid only when feasible.
  double timeS = 0, boundS = 0, energyJ = 0, powerAvgW = 0, powerPeakW = 0, powerWindowS = 0;
  double areaMm2 = 0;  ///< 0 = unknown
  std::array<double, categoryCount> breakdownJ{};
  std::array<double, bottleneckCategoryCount> attributedS{};  ///< by Cause; adds up to timeS
  double hostS = 0;  ///< of timeS: operators that the host ran in place of the device
  std::vector<PhaseResult> phases;
  std::vector<OperatorResult> operators;
  std::vector<TierResult> tiers;
  double weightsBytes = 0, peakBytes = 0, capacityBytes = 0;
  std::vector<Replication> replications;
  std::vector<Assumption> assumptions;
  std::vector<LedgerCell> ledger;
  std::vector<ComponentStatistics> statistics;
  std::vector<TraceSlice> trace;   ///< of the run; not part of the JSON object
  std::vector<std::string> notes;  ///< for people, on stderr
  UncertaintyResult uncertainty;
  DesignReport design;  ///< hardware built for this workload, without its operators
  AccuracyResult accuracy;
  HostCost host;
  std::string config;  ///< merged configuration (YAML) that reproduces this result

  const PhaseResult* phase(const std::string& name) const;
};

/// The JSON object of the contract. `withHost` = false leaves out what differs between machines.
std::string toJson(const RunResult& result, bool withHost = true, int indent = 2);
/// Reads what toJson wrote (all keys, ledger and config included); throws std::runtime_error.
RunResult resultFromJson(const std::string& text);

}  // namespace wattlas
