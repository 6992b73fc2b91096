#include "validation/bounded_fit.h"

#include <algorithm>
#include <cmath>

namespace wattlas {

FitResult fitWithin(const std::vector<FitParameter>& start,
                    const std::function<double(const std::vector<double>&)>& cost,
                    int mostEvaluations) {
  FitResult out;
  const std::size_t n = start.size();
  std::vector<double> x, step;
  for (const FitParameter& p : start) {
    x.push_back(p.value);
    step.push_back(std::log(p.high / p.low) / 4);
  }
  const auto at = [&](const std::vector<double>& v) {
    ++out.evaluations;
    return cost(v);
  };
  const auto moved = [&](std::vector<double> v, std::size_t i, double by) {
    v[i] = std::clamp(v[i] * std::exp(by), start[i].low, start[i].high);
    return v;
  };
  double best = out.before = at(x);
  while (out.evaluations < mostEvaluations) {
    const std::vector<double> base = x;
    for (std::size_t i = 0; i < n; ++i)
      for (const double by : {step[i], -step[i]}) {
        const std::vector<double> next = moved(x, i, by);
        if (next == x) continue;
        const double c = at(next);
        if (c < best) {
          best = c;
          x = next;
          break;
        }
      }
    if (x == base) {
      double largest = 0;
      for (std::size_t i = 0; i < n; ++i) {
        step[i] /= 2;
        largest = std::max(largest, step[i]);
      }
      if (largest < 1e-5) break;
      continue;
    }
    // Once more in the direction that helped: valleys that run across the axes.
    std::vector<double> further = x;
    for (std::size_t i = 0; i < n; ++i)
      further[i] = std::clamp(x[i] * x[i] / base[i], start[i].low, start[i].high);
    if (const double c = at(further); c < best) {
      best = c;
      x = further;
    }
  }
  out.values = x;
  out.after = best;
  const double limit = best * 1.1 + 1e-4;
  for (std::size_t i = 0; i < n; ++i)
    for (const bool up : {false, true}) {
      const double end = up ? start[i].high : start[i].low;
      std::vector<double> v = x;
      v[i] = end;
      double good = x[i], bad = end;
      if (at(v) <= limit) {
        good = end;
      } else {
        for (int k = 0; k < 10; ++k) {
          v[i] = std::sqrt(good * bad);
          (at(v) <= limit ? good : bad) = v[i];
        }
      }
      (up ? out.high : out.low).push_back(good);
    }
  return out;
}

}  // namespace wattlas
