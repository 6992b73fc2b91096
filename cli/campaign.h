// wattlas campaign: what its five commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/context.h"
#include "explorer/campaign/campaign_plan.h"
#include "explorer/campaign/evaluation_cache.h"
#include "explorer/campaign/journal_set.h"

namespace wattlas {

/// This build, and the hash of a configuration. Keeps references to the context.
CampaignServices campaignServices(const Context& context);

void addCampaignPlan(CLI::App& app, Context& context);
void addCampaignRun(CLI::App& app, Context& context);
void addCampaignStatus(CLI::App& app, Context& context);
void addCampaignMerge(CLI::App& app, Context& context);
void addCampaignSlurm(CLI::App& app, Context& context);

/// The plan of a folder with all its journals read.
struct OpenCampaign {
  CampaignPlan plan;
  JournalSet journals;
};
/// `keyFile`: what its journals are signed with; empty = they are believed.
OpenCampaign openCampaign(const std::string& folder, const Context& context,
                          const std::string& keyFile = {});
std::shared_ptr<const JournalKey> signingKey(const std::string& keyFile);  ///< null without a file
/// Adds --sign.
void addKeyOption(CLI::App& command, std::string& keyFile);

/// Runs `body`. A message and an exit code: 75 for a full or broken disk (the same command goes on
/// later), 2 for journals that cannot be read or disagree.
void reportingTrouble(Context& context, const std::function<void()>& body);

/// --cache and --cache-base: rows of earlier runs, for explore and campaign run.
struct CacheFlags {
  std::string folder, base;

  void addTo(CLI::App& app);
};

/// An evaluator with the cache in front of it, when that is wanted.
class OptionalCache {
 public:
  /// Throws InputError when the folders cannot be used.
  OptionalCache(const CacheFlags& flags, const Context& context, Evaluator& inner);
  Evaluator& evaluator() { return cached_ ? *cached_ : inner_; }
  /// "12 of 40 points from the cache" on standard output, trouble to the log.
  void printSummary() const;

 private:
  Evaluator& inner_;
  std::unique_ptr<EvaluationCache> cache_;
  std::unique_ptr<CachedEvaluator> cached_;
};

}  // namespace wattlas
