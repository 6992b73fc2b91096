#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "explorer/search_encoding.h"
#include "explorer/search_propose.h"
#include "models/base/units.h"

namespace wattlas {
namespace {

constexpr std::array<double, 5> shareSteps = {0.01, 0.05, 0.2, 0.5, 0.9};
constexpr std::size_t firstStep = 2;
constexpr double nugget = 1e-4;        ///< of the variance: what no design parameter explains
constexpr std::size_t tunedOver = 96;  ///< designs that shares are chosen on
constexpr std::size_t mostRows = 64;   ///< choices that a table of factors is kept for

Eigen::Index at(std::size_t i) {
  return static_cast<Eigen::Index>(i);
}

double distance(const DesignParameter& parameter, double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  if (std::isnan(a) || std::isnan(b) || parameter.kind == DesignParameter::Kind::categorical)
    return 1;
  if (!parameter.continuous())
    return std::abs(a - b) / static_cast<double>(parameter.choices() - 1);
  return std::abs(unitOf(parameter, a) - unitOf(parameter, b));
}

/// Squared error of predicting each design by the others: `distances` holds one matrix a design
/// parameter.
double errorOf(const std::vector<Eigen::MatrixXd>& distances, const std::vector<double>& shares,
               const Eigen::VectorXd& y) {
  const Eigen::Index n = y.size();
  Eigen::MatrixXd k = Eigen::MatrixXd::Ones(n, n);
  for (std::size_t g = 0; g < shares.size(); ++g) k.array() *= 1 - shares[g] * distances[g].array();
  k.diagonal().array() += nugget;
  const Eigen::MatrixXd inverse = k.llt().solve(Eigen::MatrixXd::Identity(n, n));
  const Eigen::VectorXd weights = inverse * y;
  return rounded((weights.array() / inverse.diagonal().array()).square().sum());
}

/// One step up or down for each design parameter, where that lowers the error.
void improve(std::vector<double>& shares, const std::vector<Eigen::MatrixXd>& distances,
             const Eigen::VectorXd& y) {
  double best = errorOf(distances, shares, y);
  for (std::size_t g = 0; g < shares.size(); ++g) {
    const auto here = std::find(shareSteps.begin(), shareSteps.end(), shares[g]);
    double chosen = shares[g];
    const auto attempt = [&](double share) {
      shares[g] = share;
      const double error = errorOf(distances, shares, y);
      if (error >= best) return;
      best = error;
      chosen = share;
    };
    if (here != shareSteps.begin()) attempt(*(here - 1));
    if (here + 1 != shareSteps.end()) attempt(*(here + 1));
    shares[g] = chosen;
  }
}

}  // namespace

void Surrogate::tune(const std::vector<std::vector<double>>& centred) {
  // Evenly taken from all that is known, so that old and new count alike.
  const std::size_t n = std::min(known_.size(), tunedOver);
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < n; ++i) which.push_back(i * known_.size() / n);
  std::vector<Eigen::MatrixXd> distances;
  for (std::size_t g = 0; g < study_.parameters.size(); ++g) {
    distances.emplace_back(at(n), at(n));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        distances.back()(at(i), at(j)) = distance(
            study_.parameters[g], known_[which[i]].parameters[g], known_[which[j]].parameters[g]);
  }
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    Eigen::VectorXd y(at(n));
    for (std::size_t i = 0; i < n; ++i) y(at(i)) = centred[o][which[i]];
    improve(outputs_[o].shares, distances, y);
  }
}

void Surrogate::keepFactors(Output& output) const {
  const std::size_t n = known_.size();
  output.factors.assign(study_.parameters.size(), {});
  for (std::size_t g = 0; g < study_.parameters.size(); ++g) {
    const DesignParameter& parameter = study_.parameters[g];
    if (parameter.continuous() || parameter.choices() > mostRows) continue;
    std::vector<double>& table = output.factors[g].table;
    for (std::size_t c = 0; c <= parameter.choices(); ++c) {
      const double setting = c < parameter.choices() ? static_cast<double>(c) : inactive;
      for (std::size_t i = 0; i < n; ++i)
        table.push_back(1 -
                        output.shares[g] * distance(parameter, setting, known_[i].parameters[g]));
    }
  }
}

std::vector<double> Surrogate::correlations(const Output& output, const DesignPoint& design) const {
  const std::size_t n = known_.size();
  std::vector<double> out(n, 1.0);
  for (std::size_t g = 0; g < study_.parameters.size(); ++g) {
    const DesignParameter& parameter = study_.parameters[g];
    const double setting = design.parameters[g];
    const std::vector<double>& table = output.factors[g].table;
    if (table.empty()) {
      for (std::size_t i = 0; i < n; ++i)
        out[i] *= 1 - output.shares[g] * distance(parameter, setting, known_[i].parameters[g]);
      continue;
    }
    const std::size_t row =
        std::isnan(setting) ? parameter.choices() : static_cast<std::size_t>(setting);
    const double* factor = table.data() + row * n;
    for (std::size_t i = 0; i < n; ++i) out[i] *= factor[i];
  }
  return out;
}

void Surrogate::learn(std::vector<DesignPoint> designs,
                      const std::vector<std::vector<double>>& values) {
  known_ = std::move(designs);
  const std::size_t n = known_.size();
  outputs_.resize(values.front().size());
  std::vector<std::vector<double>> centred;
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    Output& output = outputs_[o];
    if (output.shares.empty())
      output.shares.assign(study_.parameters.size(), shareSteps[firstStep]);
    const double first = values.front()[o];
    const double sign = first > 0 ? 1 : first < 0 ? -1 : 0;
    const bool oneSign =
        std::all_of(values.begin(), values.end(), [&](const auto& v) { return v[o] * sign > 0; });
    output.sign = oneSign ? sign : 0;
    std::vector<double> y;
    for (const auto& v : values)
      y.push_back(oneSign ? sign * rounded(std::log2(sign * v[o])) : v[o]);
    output.mean = 0;
    for (const double v : y) output.mean += v / static_cast<double>(n);
    for (double& v : y) v -= output.mean;
    centred.push_back(std::move(y));
  }
  // Choosing shares is most of the work, and they settle.
  if (tuned_ == 0 || n >= tuned_ + tuned_ / 2) {
    tune(centred);
    tuned_ = n;
  }
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    Output& output = outputs_[o];
    keepFactors(output);
    Eigen::MatrixXd k(at(n), at(n));
    for (std::size_t i = 0; i < n; ++i) {
      const std::vector<double> row = correlations(output, known_[i]);
      k.row(at(i)) = Eigen::Map<const Eigen::RowVectorXd>(row.data(), at(n));
      k(at(i), at(i)) += nugget;
    }
    const Eigen::VectorXd weights =
        k.llt().solve(Eigen::Map<const Eigen::VectorXd>(centred[o].data(), at(n)));
    output.weights.assign(weights.data(), weights.data() + n);
  }
}

std::vector<double> Surrogate::expect(const DesignPoint& design) const {
  std::vector<double> out;
  for (const Output& output : outputs_) {
    const std::vector<double> near = correlations(output, design);
    double v = output.mean;
    for (std::size_t i = 0; i < near.size(); ++i) v += output.weights[i] * near[i];
    out.push_back(rounded(output.sign != 0 ? output.sign * std::exp2(output.sign * v) : v));
  }
  return out;
}

}  // namespace wattlas
