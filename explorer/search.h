// How a study's space is walked, without evaluating anything itself: rows in, points wanted out.
//
// A search is a pure function of the study and the rows so far. Whoever has the rows of all points
// that were wanted computes the same next points: one process step by step, or any shard of a
// campaign from its journals. Rows beyond those wanted never change the answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "explorer/outcome.h"

namespace wattlas {

/// Points that need a row at `fidelity`; empty = the search has ended.
struct SearchRequest {
  std::string fidelity;
  std::vector<DesignPoint> points;
};

/// Row of a design at a fidelity, or null while it has none.
using RowLookup =
    std::function<const ExploredPoint*(const std::string& fidelity, const Hash128& id)>;

/// The designs that one repetition looked at, in order: what curves over evaluations are made of.
struct SearchTrace {
  std::uint64_t seed = 0;
  std::int32_t workload = 0;
  std::vector<Hash128> ids;  ///< each once; designs known from another repetition count here too
};

class Search {
 public:
  virtual ~Search() = default;
  /// The next points, in their order; each has no row yet. While some of the points of the last
  /// call lack a row, those are returned again.
  virtual SearchRequest next(const RowLookup& rows) = 0;
  virtual std::vector<SearchTrace> traces() const { return {}; }
};

/// Whether later points depend on earlier rows (NSGA-II, multi-fidelity screening).
bool adapts(const Study& study, SearchMethod method);

/// The study's search; `methodUsed` says what `auto` became. Throws InputError for a space that is
/// too large (more than `limit` points), with advice. Keeps a reference to the study.
std::unique_ptr<Search> makeSearch(const Study& study, std::uint64_t limit,
                                   SearchMethod& methodUsed);

/// The same study at another fidelity (its tree too, as workers read that).
Study studyAt(const Study& study, const std::string& fidelity);

/// NSGA-II with neighbourhood refinement on one workload (search_nsga2.cpp) until `budget`
/// different designs were looked at or nothing new is found.
std::unique_ptr<Search> makeNsga2Search(const Study& study, std::int32_t workload,
                                        std::size_t budget, std::uint64_t seed);

/// `plan` at `analytic`, and what could be on a front at the study's fidelity (multi-fidelity
/// screening.h).
std::unique_ptr<Search> makeScreeningSearch(const Study& study, std::vector<DesignPoint> plan);

}  // namespace wattlas
