#include "cli/cache_options.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cli/campaign.h"

namespace wattlas {

void CacheFlags::addTo(CLI::App& app) {
  app.add_option("--cache", folder,
                 "Folder with rows of earlier runs; new ones are added (best on a local disk)");
  app.add_option("--cache-base", base, "Further folder with rows, read only")->needs("--cache");
}

std::unique_ptr<EvaluationCache> CacheFlags::open(const Context& context) const {
  const CampaignServices services = campaignServices(context);
  return std::make_unique<EvaluationCache>(
      CacheOptions{folder, base, services.build, services.configHash});
}

std::string cacheSummary(const EvaluationCache& cache) {
  if (!cache.trouble().empty())
    spdlog::warn("rows were no longer added to the cache: {}", cache.trouble());
  return fmt::format("{} of {} points from the cache", cache.hits(), cache.hits() + cache.misses());
}

}  // namespace wattlas
