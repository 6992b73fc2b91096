#include "explorer/nsga2.h"

#include <algorithm>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/batch_evaluators/default_bfe.hpp>
#include <pagmo/bfe.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#include <pagmo/utils/multi_objective.hpp>
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

std::size_t sizeFor(const Nsga2Options& options) {
  return std::max<std::size_t>(8, (options.population + 3) / 4 * 4);
}

}  // namespace

struct Nsga2::State {
  State(std::size_t dimensions, std::size_t objectives, const Nsga2Options& options)
      : context{dimensions, objectives, nullptr},
        size(sizeFor(options)),
        seed(options.seed),
        population(pagmo::problem(CubeProblem{&context}), 0, static_cast<unsigned>(options.seed)),
        // One generation a call: only then can a search be continued exactly where it stopped.
        algorithm(1, 0.95, 10.0, std::min(1.0, options.mutations / static_cast<double>(dimensions)),
                  50.0, static_cast<unsigned>(options.seed)) {
    algorithm.set_bfe(pagmo::bfe(CubeBatch{&context}));
  }

  void start() {
    ShiftedSobol sobol(context.dimensions, seed);
    std::vector<std::vector<double>> points;
    for (std::size_t i = 0; i < size; ++i) points.push_back(sobol.next());
    const auto values = context.evaluate(points);
    for (std::size_t i = 0; i < size; ++i) population.push_back(points[i], values[i]);
  }

  Context context;
  std::size_t size;
  std::uint64_t seed;
  pagmo::population population;
  pagmo::nsga2 algorithm;
};

Nsga2::Nsga2(std::size_t dimensions, std::size_t objectives, const Nsga2Options& options) {
  if (objectives < 2) throw std::invalid_argument("NSGA-II needs at least two objectives");
  state_ = std::make_unique<State>(dimensions, objectives, options);
}

Nsga2::~Nsga2() = default;

bool Nsga2::step(const BatchFitness& fitness) {
  State& s = *state_;
  s.context.fitness = &fitness;
  const pagmo::nsga2 before = s.algorithm;  // holds the state of its random numbers
  try {
    if (s.population.size() == 0)
      s.start();
    else
      s.population = s.algorithm.evolve(s.population);
    return true;
  } catch (const Stop&) {
    s.algorithm = before;
    return false;
  }
}

void Nsga2::inject(const std::vector<std::vector<double>>& points,
                   const std::vector<ObjectiveVector>& values) {
  State& s = *state_;
  auto xs = s.population.get_x();
  auto fs = s.population.get_f();
  xs.insert(xs.end(), points.begin(), points.end());
  fs.insert(fs.end(), values.begin(), values.end());
  const auto best = pagmo::select_best_N_mo(fs, s.size);
  for (std::size_t i = 0; i < s.size; ++i) s.population.set_xf(i, xs[best[i]], fs[best[i]]);
}

std::size_t Nsga2::size() const {
  return state_->size;
}

std::vector<ObjectiveVector> Nsga2::objectives() const {
  return state_->population.get_f();
}

std::vector<ObjectiveVector> runNsga2(std::size_t dimensions, std::size_t objectives,
                                      const Nsga2Options& options, const BatchFitness& fitness) {
  Nsga2 search(dimensions, objectives, options);
  for (std::size_t g = 0; g <= options.generations; ++g)
    if (!search.step(fitness)) break;
  return search.objectives();
}

}  // namespace wattlas
