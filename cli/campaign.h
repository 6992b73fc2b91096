// wattlas campaign: what its five commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/context.h"
#include "explorer/campaign/campaign_plan.h"
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
OpenCampaign openCampaign(const std::string& folder, const Context& context);

/// Runs `body`; a full or broken disk and disagreeing journals become a message and exit code 1.
void reportingTrouble(Context& context, const std::function<void()>& body);

}  // namespace wattlas
