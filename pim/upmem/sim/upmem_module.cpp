#include "pim/upmem/sim/upmem_module.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace wattlas::pim {

namespace {
// Kernels have at most four classes of DPUs, so folded ranks have few patterns: each class whole,
// and a mixed rank at each border.
constexpr std::size_t foldedRanks = 10;
}  // namespace

std::vector<RankPattern> patternsOf(const Kernel& kernel, const UpmemParams& params, bool fold) {
  std::vector<RankPattern> patterns;
  const std::int64_t size = params.dpusPerRank();
  std::size_t index = 0;
  std::int64_t left = kernel.classes.empty() ? 0 : kernel.classes[0].dpus;
  for (std::int64_t rank = 0; rank < params.ranks && index < kernel.classes.size(); ++rank) {
    RankPattern pattern{{}, 1};
    pattern.classOf.reserve(static_cast<std::size_t>(size));
    for (std::int64_t d = 0; d < size; ++d) {
      while (left == 0 && index < kernel.classes.size())
        left = ++index < kernel.classes.size() ? kernel.classes[index].dpus : 0;
      pattern.classOf.push_back(index < kernel.classes.size() ? static_cast<int>(index) : -1);
      if (left > 0) --left;
    }
    if (std::all_of(pattern.classOf.begin(), pattern.classOf.end(), [](int c) { return c < 0; }))
      break;
    // Equal composition and nothing shared while DPUs run: one rank stands for all of them.
    if (fold && !patterns.empty() && patterns.back().classOf == pattern.classOf)
      ++patterns.back().ranks;
    else
      patterns.push_back(std::move(pattern));
  }
  return patterns;
}

UpmemModule::UpmemModule(const sc_core::sc_module_name& name, const UpmemDevice& device,
                         Fidelity fidelity)
    : DeviceModule(name), device_(device), link_("hostLink", device.params()) {
  const UpmemParams& p = device.params();
  const std::size_t count = p.fold == "auto"
                                ? std::min(foldedRanks, static_cast<std::size_t>(p.ranks))
                                : static_cast<std::size_t>(p.ranks);
  for (std::size_t i = 0; i < count; ++i) {
    ranks_.push_back(std::make_unique<RankModule>(("rank" + std::to_string(i)).c_str(), p,
                                                  fidelity == Fidelity::detailed));
    ranks_.back()->onStop([this] { rankStopped(); });
    link_.connect(*ranks_.back());
  }
  SC_HAS_PROCESS(UpmemModule);
  SC_METHOD(stageOver);
  sensitive << wake_;
  dont_initialize();
}

void UpmemModule::reset() {
  link_.reset();
  for (auto& rank : ranks_) rank->reset();
  program_ = nullptr;
  stages_.clear();
  outcomes_.clear();
  folds_.clear();
  stage_ = waiting_ = 0;
  events_ = 0;
  wake_.cancel();
}

void UpmemModule::start(const Program& program, Done done) {
  reset();
  program_ = &dynamic_cast<const UpmemProgram&>(program);
  done_ = std::move(done);
  for (const OpPlan& op : program_->operators())
    for (const Stage& stage : op.stages) stages_.push_back(&stage);
  next();
}

void UpmemModule::next() {
  begun_ = sc_core::sc_time_stamp();
  if (stage_ == stages_.size()) {
    // One delta later, so that `done` never runs inside start().
    wake_.notify(sc_core::SC_ZERO_TIME);
    return;
  }
  const UpmemParams& p = device_.params();
  const Stage& stage = *stages_[stage_];
  if (const auto* x = std::get_if<Exchange>(&stage.what)) {
    HostLinkModule::Parts parts;
    std::int64_t left = x->dpus;
    for (std::size_t i = 0; i < ranks_.size() && left > 0; ++i) {
      const std::int64_t here = std::min(left, p.dpusPerRank());
      parts.dpus.push_back(here);
      left -= here;
    }
    link_.transfer(*x, parts, [this] { wake_.notify(sc_core::SC_ZERO_TIME); });
    return;
  }
  if (std::holds_alternative<HostWork>(stage.what)) {
    wake_.notify(toScTime(closedForm(stage, p).time));
    return;
  }
  runKernel(std::get<Kernel>(stage.what));
}

void UpmemModule::runKernel(const Kernel& kernel) {
  const UpmemParams& p = device_.params();
  const std::vector<RankPattern> patterns = patternsOf(kernel, p, p.fold == "auto");
  if (patterns.size() > ranks_.size()) throw std::logic_error("more rank patterns than ranks");
  waiting_ = patterns.size();
  std::int64_t folded = 0;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    folded = std::max(folded, patterns[i].ranks);
    if (!link_.launch(i, kernel, patterns[i].classOf))
      throw std::logic_error("launch of a rank that still runs");
  }
  if (folded > 1 && (folds_.empty() || folds_.back().factor != folded))
    folds_.push_back({ReplicationKind::symmetry, folded,
                      std::to_string(folded) + " identical ranks",
                      "same work DPU by DPU, same entry state, nothing shared while DPUs run"});
  if (waiting_ == 0) wake_.notify(sc_core::SC_ZERO_TIME);
}

void UpmemModule::rankStopped() {
  if (--waiting_ == 0) wake_.notify(sc_core::SC_ZERO_TIME);
}

void UpmemModule::stageOver() {
  ++events_;
  if (stage_ == stages_.size()) {
    if (done_) done_();
    return;
  }
  StageOutcome outcome;
  outcome.time = fromScTime(sc_core::sc_time_stamp() - begun_);
  outcome.bottleneck = closedForm(*stages_[stage_], device_.params()).bottleneck;
  outcomes_.push_back(outcome);
  ++stage_;
  next();
}

Profile UpmemModule::take() {
  Profile profile = profileOf(*program_, outcomes_, device_);
  profile.replications = folds_;
  std::int64_t steps = 0, folded = 0, simulated = 0, dma = 0;
  for (const auto& rank : ranks_) {
    const RankModule::Counters& c = rank->counters();
    steps += c.steps;
    folded += c.folded;
    simulated += c.simulatedDpus;
    dma += c.dmaBusy;
    events_ += c.launches;
  }
  if (folded > 0)
    profile.replications.push_back(
        {ReplicationKind::periodicity, folded, "rounds of tiles, groups or passes",
         "the complete relative state of tasklets, engine and bank recurred"});
  profile.events = steps + events_ + link_.events();
  profile.statistics = {{"dpu.simulated", static_cast<double>(simulated)},
                        {"dma.busyCycles", static_cast<double>(dma)}};
  return profile;
}

}  // namespace wattlas::pim
