// wattlas campaign status
#include "explorer/campaign/campaign_status.h"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/campaign.h"

namespace wattlas {
namespace {

nlohmann::ordered_json toJson(const CampaignPlan& plan, const CampaignStatus& s) {
  nlohmann::ordered_json out;
  out["study"] = plan.study.name;
  out["plan"] = plan.id;
  out["method"] = nameOf(plan.method);
  out["complete"] = s.complete;
  out["points"] = s.points;
  out["settled"] = s.settled;
  out["feasible"] = s.feasible;
  out["infeasible"] = s.infeasible;
  out["failed"] = s.failed;
  out["missing"] = s.missing.size();
  out["broken_once"] = s.waiting;
  out["duplicates"] = s.duplicates;
  out["active"] = s.active;
  out["points_per_s"] = s.pointsPerSecond;
  out["seconds_left"] = s.secondsLeft;
  out["reasons"] = nlohmann::ordered_json::array();
  for (const RefusedGroup& r : s.regions)
    out["reasons"].push_back(
        {{"reason", r.reason}, {"count", r.count}, {"failed", r.failed}, {"common", r.common}});
  out["journals"] = nlohmann::ordered_json::array();
  for (const JournalSummary& j : s.journals)
    out["journals"].push_back({{"name", j.name},
                               {"host", j.begin.host},
                               {"process", j.begin.process},
                               {"rows", j.rows},
                               {"retries", j.retries},
                               {"end", j.end},
                               {"killed", j.killed},
                               {"bytes", j.bytes},
                               {"damaged_records", j.damage.records},
                               {"torn_bytes", j.damage.tail}});
  out["shards"] = nlohmann::ordered_json::array();
  for (const ShardCoverage& c : s.shards)
    out["shards"].push_back({{"count", c.count}, {"incomplete", c.incomplete}});
  out["conflicts"] = nlohmann::ordered_json::array();
  for (const JournalConflict& c : s.conflicts) out["conflicts"].push_back(c.difference);
  return out;
}

}  // namespace

void addCampaignStatus(CLI::App& app, Context& context) {
  auto folder = std::make_shared<std::string>(), keyFile = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false), listMissing = std::make_shared<bool>(false);
  auto shards = std::make_shared<std::uint32_t>(0);
  CLI::App* sub = app.add_subcommand("status", "Show progress, failures and missing shards");
  sub->footer("Example:\n  wattlas campaign status sweep");
  sub->add_option("folder", *folder, "Folder made by campaign plan")->required();
  sub->add_option("--shards", *shards, "Also say which of so many shards are incomplete")
      ->check(CLI::Range(1, 100000));
  sub->add_flag("--missing", *listMissing, "List the ids of all missing points instead");
  sub->add_flag("--json", *json, "One JSON object on standard output");
  addKeyOption(*sub, *keyFile);
  sub->callback([folder, keyFile, json, listMissing, shards, &context] {
    reportingTrouble(context, [&] {
      const OpenCampaign campaign = openCampaign(*folder, context, *keyFile);
      const std::int64_t now = std::time(nullptr);
      const CampaignStatus status = statusOf(campaign.plan, campaign.journals, now, *shards);
      if (*listMissing)
        for (const Hash128& id : status.missing) fmt::print("{}\n", shortId(id));
      else if (*json)
        fmt::print("{}\n", toJson(campaign.plan, status)
                               .dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
      else
        fmt::print("{}", statusText(campaign.plan, status, now));
    });
  });
}

}  // namespace wattlas
