// What a campaign is: a study, the points it asks for, and the build and configuration that answer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "explorer/explore.h"
#include "explorer/space.h"

namespace wattlas {

// Names an evaluation: which point, judged how, by which build.

/// Identifies the models of this executable: its linker build id, or a hash of its bytes. Two
/// builds never share journals or cached rows, because either could be the wrong one.
std::string buildFingerprint();

/// The point's id covers workload, design parameters and fixed settings. What else changes a row
/// goes in here: fidelity, kept metrics, constraints, whether the whole result is attached, and the
/// build.
class EvaluationKeys {
 public:
  EvaluationKeys(const Study& study, bool withDetail, const std::string& build);
  Hash128 of(const Hash128& pointId) const { return Hasher().add(context_).add(pointId).finish(); }

 private:
  Hash128 context_;
};

/// What the command line gives: this build, and how configurations are checked and identified.
struct CampaignServices {
  std::string build;  ///< buildFingerprint()
  /// Hash of the merged configuration of one experiment; throws InputError when there is none.
  std::function<std::string(const ExperimentSpec&)> configHash;
};

struct CampaignPlan {
  std::string folder;
  std::string id;  ///< hash of everything below
  std::string build;
  std::string configuration;  ///< hash of the files behind its platforms and workloads
  std::string pointsHash;     ///< of the ids, in order
  Study study;
  SearchMethod method = SearchMethod::exhaustive;
  /// Points depend on answers: the plan holds none. Generations are sub-plans that every shard
  /// works out from the journals.
  bool adaptive = false;
  bool withDetail = false;  ///< rows carry whole results, as `explore` would keep them
  std::vector<DesignPoint>
      points;                ///< in the order of the file, each design once; fixed plans only
  std::vector<Hash128> ids;  ///< of the points
  std::size_t planned = 0;   ///< evaluations wanted; an upper bound of an adaptive search

  std::string journals() const { return folder + "/journals"; }
  std::string studyFile() const { return folder + "/study.yaml"; }
  std::string planFile() const { return folder + "/plan.yaml"; }
  /// Content of planFile(): for people, and to recognise the plan again.
  std::string text() const;
};

/// Works out the plan of a study. Throws InputError.
CampaignPlan makePlan(const Study& study, const std::string& folder,
                      const CampaignServices& services);
/// Reads the plan in `folder` and makes it again: the same build with the same configuration files
/// gives the same id. Throws InputError when something else comes out, saying what differs.
CampaignPlan loadPlan(const std::string& folder, const CampaignServices& services);

}  // namespace wattlas
