// wattlas campaign merge
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "cli/campaign.h"
#include "cli/context.h"
#include "cli/study_rows.h"
#include "explorer/campaign/merge.h"
#include "explorer/interrupt.h"
#include "explorer/summary.h"
#include "models/base/plain_text.h"

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
  explicit FileSink(const Context& context) : context_(context) {}
  void findings(const ExploreOutcome& outcome) override {
    study_ = outcome.study;
    rows_.emplace(study_, true);
    rows_->finalise(outcome, context_);
    rows_->addTables(outcome);
  }
  void row(const ExploredPoint& point) override { rows_->add(point); }
  void commit(const std::string& path) { rows_->commit(path); }

 private:
  const Context& context_;
  Study study_;
  std::optional<StudyRows> rows_;
};

struct MergeCommand {
  std::string folder, output, keyFile, auditText = "0";
  bool partial = false;

  std::size_t auditSize() const {
    if (auditText == "all") return SIZE_MAX;
    std::size_t size = 0;
    const char* end = auditText.data() + auditText.size();
    if (const auto read = std::from_chars(auditText.data(), end, size);
        read.ec != std::errc() || read.ptr != end)
      throw errorAt("--audit", "'" + auditText + "' is no number of points", "a number, or 'all'");
    return size;
  }
  void run(Context& context) const;
};

/// Computes points again; false when an answer is not the one in the journals, or when interrupted.
bool passesAudit(const OpenCampaign& campaign, std::size_t size, std::string& verdict,
                 Context& context) {
  const InterruptGuard guard;
  WorkerPool pool(workersOf(context));
  const AuditReport report = audit(campaign.plan, campaign.journals, size, pool,
                                   [] { return !InterruptGuard::interrupted(); });
  if (!report.complete) {
    context.exitCode = exitInterrupted;
    return false;
  }
  verdict = fmt::format(
      "audit: {} of {} answered points computed again, {}\n", report.audited, report.answered,
      report.differences.empty() ? "all equal"
                                 : fmt::format("{} differ", report.differences.size()));
  if (report.differences.empty()) return true;
  fmt::print(stderr, "error: {}", verdict);
  for (std::size_t i = 0; i < std::min(report.differences.size(), shownMissing); ++i)
    fmt::print(stderr, "  {}\n", plainText(report.differences[i]));
  fmt::print(stderr,
             "no file was written: journals hold answers that this build does not give; move those "
             "that you do not trust out of the folder and run their shards again\n");
  context.exitCode = exitBadInput;
  return false;
}

void MergeCommand::run(Context& context) const {
  allowOpenFiles();
  FileSink sink(context);
  MergeCounts merged;
  std::string verdict;
  {
    OpenCampaign campaign = openCampaign(folder, context, keyFile);
    const std::size_t audited = auditSize();
    if (audited > 0) {
      campaign.journals.requireAgreement();
      if (!passesAudit(campaign, audited, verdict, context)) return;
    }
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
  fmt::print("{}", verdict);
}

}  // namespace

void addCampaignMerge(CLI::App& app, Context& context) {
  auto command = std::make_shared<MergeCommand>();
  CLI::App* sub = app.add_subcommand("merge", "Make the results file from all journals");
  sub->footer("Example:\n  wattlas campaign merge sweep -o sweep.h5");
  sub->add_option("folder", command->folder, "Folder made by campaign plan")->required();
  sub->add_option("-o,--output", command->output, "HDF5 file to write")->required();
  sub->add_flag("--partial", command->partial, "Write what there is, even if points are missing");
  sub->add_option("--audit", command->auditText,
                  "Compute so many points ('all') again and write nothing when one differs")
      ->capture_default_str();
  addKeyOption(*sub, command->keyFile);
  sub->callback([command, &context] { reportingTrouble(context, [&] { command->run(context); }); });
}

}  // namespace wattlas
