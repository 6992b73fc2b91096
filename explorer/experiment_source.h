// Experiments of a study's points. Platform, workload and run options are each built once for the
// design parameters that decide them: most points of a sweep find all three, and no text is
// touched.
#pragma once

#include <array>
#include <unordered_map>

#include "explorer/space.h"

namespace wattlas {

class ExperimentSource {
 public:
  /// Keeps references to both.
  ExperimentSource(const Study& study, ExperimentMaker& maker);
  /// Reads the files of all platforms and workloads that points of the study can name.
  void prepare();
  /// Same as maker.make(specOf(study, point)). Throws InputError with all problems.
  Experiment at(const DesignPoint& point);

 private:
  static constexpr std::size_t mostKept = 8192;

  /// What decides a section: coordinates of design parameters, and derived values that are set.
  struct Inputs {
    std::vector<std::size_t> parameters;
    std::vector<std::size_t> derived;
  };
  void decides(Section section, const std::string& key, std::vector<std::size_t> Inputs::*list,
               std::size_t index);
  Hash128 keyOf(Section section, const DesignPoint& point) const;

  const Study& study_;
  ExperimentMaker& maker_;
  std::array<Inputs, 3> inputs_;  ///< by Section
  std::size_t mostWorkloads_ = mostKept;
  std::unordered_map<Hash128, BuiltPlatform, Hash128Hasher> platforms_;
  std::unordered_map<Hash128, BuiltWorkload, Hash128Hasher> workloads_;
  std::unordered_map<Hash128, BuiltRun, Hash128Hasher> runs_;
};

}  // namespace wattlas
