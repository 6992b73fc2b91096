#include "explorer/search.h"

#include "explorer/explore.h"

namespace wattlas {
namespace {

/// Points known from the start: exhaustive, random, Sobol.
class FixedSearch final : public Search {
 public:
  FixedSearch(const Study& study, std::vector<DesignPoint> points)
      : study_(study), points_(std::move(points)) {}

  SearchRequest next(const RowLookup& rows) override {
    SearchRequest request{study_.fidelity, {}};
    for (const DesignPoint& point : points_)
      if (rows(study_.fidelity, idOf(study_, point)) == nullptr) request.points.push_back(point);
    return request;
  }

 private:
  const Study& study_;
  std::vector<DesignPoint> points_;
};

/// Searches side by side: one a workload (their fronts need not lie in the same place) and seed.
/// Their wishes go out together, so that many workers find work.
class SideBySide final : public Search {
 public:
  explicit SideBySide(std::vector<std::unique_ptr<Search>> parts) : parts_(std::move(parts)) {}

  SearchRequest next(const RowLookup& rows) override {
    SearchRequest all;
    for (const auto& part : parts_) {
      SearchRequest request = part->next(rows);
      all.fidelity = request.fidelity;
      for (DesignPoint& point : request.points) all.points.push_back(std::move(point));
    }
    return all;
  }

  std::vector<SearchTrace> traces() const override {
    std::vector<SearchTrace> out;
    for (const auto& part : parts_)
      for (SearchTrace& trace : part->traces()) out.push_back(std::move(trace));
    return out;
  }

 private:
  std::vector<std::unique_ptr<Search>> parts_;
};

}  // namespace

bool adapts(const Study& study, SearchMethod method) {
  return method == SearchMethod::nsga2 || study.search.screening.on;
}

std::unique_ptr<Search> makeSearch(const Study& study, std::uint64_t limit,
                                   SearchMethod& methodUsed) {
  std::vector<DesignPoint> plan = planPoints(study, limit, methodUsed);
  if (study.search.screening.on) return makeScreeningSearch(study, std::move(plan));
  if (methodUsed != SearchMethod::nsga2)
    return std::make_unique<FixedSearch>(study, std::move(plan));
  const auto budget = static_cast<std::size_t>(study.search.budget);
  const std::size_t each = std::max<std::size_t>(1, budget / study.workloads.size());
  std::vector<std::unique_ptr<Search>> parts;
  for (std::int64_t s = 0; s < study.search.seeds; ++s)
    for (std::size_t w = 0; w < study.workloads.size(); ++w)
      parts.push_back(makeNsga2Search(study, static_cast<std::int32_t>(w), each,
                                      study.search.seed + static_cast<std::uint64_t>(s)));
  return std::make_unique<SideBySide>(std::move(parts));
}

Study studyAt(const Study& study, const std::string& fidelity) {
  Study out = study;
  out.fidelity = fidelity;
  out.tree.put("fidelity", ConfigNode::ofScalar(fidelity));
  // Rows do not depend on the search, and a multi-fidelity screening makes no sense on its own
  // first step.
  out.tree.erase("search");
  return out;
}

}  // namespace wattlas
