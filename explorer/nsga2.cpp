#include "explorer/nsga2.h"

#include <algorithm>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/batch_evaluators/default_bfe.hpp>
#include <pagmo/bfe.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#include <stdexcept>

#include "explorer/unit_samples.h"

namespace wattlas {
namespace {

struct Stop {};  // thrown through pagmo when the fitness asks to stop

/// What problem and batch evaluator share; pagmo copies them, so they only point here.
struct Context {
  std::size_t dimensions = 0, objectives = 0;
  const BatchFitness* fitness = nullptr;

  std::vector<ObjectiveVector> evaluate(const std::vector<std::vector<double>>& points) const {
    auto values = (*fitness)(points);
    if (!values) throw Stop();
    return std::move(*values);
  }
};

struct CubeProblem {
  const Context* context = nullptr;
  pagmo::vector_double fitness(const pagmo::vector_double& x) const {
    return context->evaluate({x}).front();
  }
  std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    const std::size_t n = context == nullptr ? 1 : context->dimensions;
    return {pagmo::vector_double(n, 0.0), pagmo::vector_double(n, 1.0)};
  }
  pagmo::vector_double::size_type get_nobj() const {
    return context == nullptr ? 2 : context->objectives;
  }
};

struct CubeBatch {
  const Context* context = nullptr;
  pagmo::vector_double operator()(const pagmo::problem&, const pagmo::vector_double& all) const {
    const std::size_t n = context->dimensions;
    std::vector<std::vector<double>> points;
    for (std::size_t at = 0; at < all.size(); at += n)
      points.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(at),
                          all.begin() + static_cast<std::ptrdiff_t>(at + n));
    pagmo::vector_double out;
    for (const ObjectiveVector& v : context->evaluate(points))
      out.insert(out.end(), v.begin(), v.end());
    return out;
  }
};

}  // namespace

std::vector<ObjectiveVector> runNsga2(std::size_t dimensions, std::size_t objectives,
                                      const Nsga2Options& options, const BatchFitness& fitness) {
  if (objectives < 2) throw std::invalid_argument("NSGA-II needs at least two objectives");
  const Context context{dimensions, objectives, &fitness};
  const std::size_t size = std::max<std::size_t>(8, (options.population + 3) / 4 * 4);
  pagmo::population population(pagmo::problem(CubeProblem{&context}), 0,
                               static_cast<unsigned>(options.seed));
  try {
    ShiftedSobol sobol(dimensions, options.seed);
    std::vector<std::vector<double>> start;
    for (std::size_t i = 0; i < size; ++i) start.push_back(sobol.next());
    const auto values = context.evaluate(start);
    for (std::size_t i = 0; i < size; ++i) population.push_back(start[i], values[i]);

    const double mutation = std::min(1.0, options.mutations / static_cast<double>(dimensions));
    pagmo::nsga2 step(1, 0.95, 10.0, mutation, 50.0, static_cast<unsigned>(options.seed));
    step.set_bfe(pagmo::bfe(CubeBatch{&context}));
    // One generation a call: only then can a search be continued exactly where it stopped.
    for (std::size_t g = 0; g < options.generations; ++g) population = step.evolve(population);
  } catch (const Stop&) {
    // The last complete population stands.
  }
  return population.get_f();
}

}  // namespace wattlas
