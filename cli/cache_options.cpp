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

OptionalCache::OptionalCache(const CacheFlags& flags, const Context& context, Evaluator& inner)
    : inner_(inner) {
  if (flags.folder.empty()) return;
  const CampaignServices services = campaignServices(context);
  cache_ = std::make_unique<EvaluationCache>(
      CacheOptions{flags.folder, flags.base, services.build, services.configHash});
  cached_ = std::make_unique<CachedEvaluator>(inner, *cache_);
}

void OptionalCache::printSummary() const {
  if (!cache_) return;
  if (!cache_->trouble().empty())
    spdlog::warn("rows were no longer added to the cache: {}", cache_->trouble());
  fmt::print("{} of {} points from the cache\n", cache_->hits(), cache_->hits() + cache_->misses());
}

}  // namespace wattlas
