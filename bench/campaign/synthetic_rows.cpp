// Fills the journals of a planned campaign with made-up rows, as if its shards had run.
// Usage: bench_campaign_rows FOLDER SHARDS
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

#include "explorer/campaign/campaign_plan.h"
#include "explorer/campaign/shard.h"
#include "models/base/random.h"
#include "models/metric.h"

namespace {

using namespace wattlas;

std::string fileText(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// As long and as varied as real rows.
PointOutcome madeUpRow(const Study& study, const Hash128& id, Random& random) {
  PointOutcome row;
  row.fidelity = "event";
  row.format = "int8";
  row.configHash = id.hex();
  if (random.uniform() < 0.02) {
    row.status = PointStatus::infeasible;
    row.reason = fmt::format("tensor 'weights' needs {:.1f} MB more than DRAM holds",
                             100 * random.uniform());
    return row;
  }
  row.status = PointStatus::done;
  for (std::size_t m = 0; m < study.metrics.size(); ++m)
    row.metrics.push_back(rounded(std::exp(-8 + 6 * random.uniform())));
  row.topBound = random.uniform() < 0.5 ? "compute" : "memory";
  row.topBoundShare = rounded(random.uniform());
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: bench_campaign_rows FOLDER SHARDS\n");
    return 2;
  }
  CampaignPlan plan;
  plan.folder = argv[1];
  const auto shards = static_cast<std::uint32_t>(std::atoi(argv[2]));
  plan.study = compileStudy(parseYaml(fileText(plan.studyFile()), "study.yaml"), "study.yaml");
  // The rows stand for those of the build that made the plan.
  const ConfigNode written = parseYaml(fileText(plan.planFile()), "plan.yaml");
  plan.id = written.find("plan")->scalar();
  plan.build = written.find("build")->scalar();
  const ExploreOptions defaults;
  const std::vector<DesignPoint> points = planPoints(plan.study, defaults.limit, plan.method);
  const EvaluationKeys keys(plan.study, points.size() <= defaults.detailLimit, plan.build);

  std::vector<std::unique_ptr<AttemptJournal>> journals;
  for (std::uint32_t i = 0; i < shards; ++i)
    journals.push_back(
        std::make_unique<AttemptJournal>(plan, Shard{i, shards}, std::nullopt, 3600.0));
  Random random(1);
  std::size_t rows = 0;
  for (const DesignPoint& point : points) {
    const Hash128 id = idOf(plan.study, point), key = keys.of(id);
    AttemptJournal& journal = *journals[key.high % shards];
    journal.append(RecordKind::row, key, madeUpRow(plan.study, id, random));
    if (++rows % 1000 == 0) journal.flush();
  }
  for (const auto& journal : journals) journal->end("complete");
  fmt::print("{} rows in {} journals\n", points.size(), shards);
}
