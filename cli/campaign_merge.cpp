// wattlas campaign merge
#include <fmt/format.h>
#include <sys/resource.h>

#include <optional>

#include "cli/campaign.h"
#include "cli/study_rows.h"
#include "explorer/campaign/merge.h"
#include "explorer/interrupt.h"
#include "explorer/summary.h"

namespace wattlas {
namespace {

constexpr std::size_t shownMissing = 20;

/// Rows come from all journals in turn: keep as many of them open as the system allows.
void allowOpenFiles() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65536);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void listMissing(const std::vector<Hash128>& missing, const std::string& folder) {
  for (std::size_t i = 0; i < std::min(missing.size(), shownMissing); ++i)
    fmt::print(stderr, "  {}\n", shortId(missing[i]));
  if (missing.size() > shownMissing)
    fmt::print(stderr, "  and {} more ('wattlas campaign status {} --missing' lists all)\n",
               missing.size() - shownMissing, folder);
}

class FileSink final : public MergeSink {
 public:
  void findings(const ExploreOutcome& outcome) override {
    rows_.emplace(outcome.study, true, false);
    rows_->addTables(outcome);
  }
  void row(const Study& study, const ExploredPoint& point) override { rows_->row(study, point); }
  void commit(const std::string& path) { rows_->commit(path); }

 private:
  std::optional<StudyRows> rows_;
};

void merge(const std::string& folder, const std::string& output, bool partial, Context& context) {
  allowOpenFiles();
  FileSink sink;
  MergeCounts merged;
  {
    OpenCampaign campaign = openCampaign(folder, context);
    merged = mergeCampaign(std::move(campaign.plan), campaign.journals, partial, sink);
  }
  if (!merged.missing.empty()) {
    fmt::print(stderr, "{}: {} points have no row yet:\n", partial ? "warning" : "error",
               merged.missing.size());
    listMissing(merged.missing, folder);
    if (!partial) {
      fmt::print(stderr,
                 "run the missing shards (wattlas campaign status {} names them), or merge what "
                 "there is with --partial\n",
                 folder);
      context.exitCode = exitInterrupted;
      return;
    }
  }
  sink.commit(output);
  fmt::print("{} rows: {} feasible, {} infeasible, {} failed; {} on a front\nwritten: {}\n",
             merged.rows, merged.feasible, merged.infeasible, merged.failed, merged.front, output);
}

}  // namespace

void addCampaignMerge(CLI::App& app, Context& context) {
  auto folder = std::make_shared<std::string>(), output = std::make_shared<std::string>();
  auto partial = std::make_shared<bool>(false);
  CLI::App* sub = app.add_subcommand("merge", "Make the results file from all journals");
  sub->footer("Example:\n  wattlas campaign merge sweep -o sweep.h5");
  sub->add_option("folder", *folder, "Folder made by campaign plan")->required();
  sub->add_option("-o,--output", *output, "HDF5 file to write")->required();
  sub->add_flag("--partial", *partial, "Write what there is, even if points are missing");
  sub->callback([folder, output, partial, &context] {
    reportingTrouble(context, [&] { merge(*folder, *output, *partial, context); });
  });
}

}  // namespace wattlas
