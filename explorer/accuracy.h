// What a study says about the accuracy of its networks, and who answers for it. The oracles
// themselves live in accuracy/: this room knows no data and no weights.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/base/parameter.h"
#include "models/experiment.h"
#include "workloads/graph/format.h"

namespace wattlas {

/// Where an accuracy comes from, in the order in which a point's oracles are asked.
enum class AccuracyKind { measured, command, table, proxy };
inline constexpr std::array accuracyKindNames = {"measured", "command", "table", "proxy"};

/// Section `accuracy` of a study.
struct AccuracyOptions {
  std::vector<AccuracyKind> kinds;   ///< of the sections that are there; empty = nobody is asked
  bool mixed = false;                ///< kinds may share a front
  std::string data, weights, split;  ///< measured
  std::int64_t samples = 0, calibrate = 256, trainSamples = 10000;
  std::uint64_t seed = 1;
  std::string table;
  std::vector<std::string> command;
  double timeoutS = 600;
  std::string cache;   ///< folder with answers of the command; empty = none
  ConfigNode request;  ///< further keys of each request to the command
  std::map<std::string, std::string> weightFiles;  ///< by id of the workload
  std::vector<std::string> notes;                  ///< what every report must say of these weights
  /// Hash of this section and of the files that it names: a changed weight is another study.
  std::string inputs;

  bool on() const { return !kinds.empty(); }
  /// Longest wait for the command; 0 without one.
  double commandSeconds() const { return command.empty() ? 0 : timeoutS; }
  void bind(Binder& binder);
  /// After binding: which sections are there, and `inputs`. Problems are collected.
  void finish(const ConfigNode& tree, const std::vector<std::string>& workloads,
              Problems& problems);

 private:
  void addRanking(const std::string& weightFile, Problems& problems);
};

/// Archive of weights for a workload: `given`, a file or a variant that is shipped (`supernet`);
/// else the file beside the workload's own, or what is shipped for its id. Nothing when there is
/// none.
std::optional<std::string> weightFileOf(const std::string& given, const std::string& workload,
                                        const SearchPath& path);

class AccuracyOracle {
 public:
  virtual ~AccuracyOracle() = default;
  /// Kind `none` with the reason as source when it is not known. Throws std::runtime_error when an
  /// answer was to be had and none came: the point has failed.
  virtual AccuracyResult of(const Experiment& experiment) = 0;
};

// The noise that quantisation adds: a proxy for accuracy while none is measured.

/// Noise over signal of a value in `format`, for a Gaussian signal and the best uniform quantiser
/// of that many levels (J. Max, "Quantizing for Minimum Distortion", 1960); floats by their
/// mantissa. An int8 weight has 8.7e-5 or so, a ternary one 0.19.
double quantisationNoise(const NumberFormat& format);
/// Of one operator: weights and activations, which are independent. Throws InputError for a text
/// that is no format.
double quantisationNoise(const std::string& formats);

}  // namespace wattlas
