#include "execution/search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "models/base/error.h"
#include "models/base/multiples.h"

namespace wattlas {
namespace {

std::int64_t distance(const Code* a, const Code* b, std::int64_t width) {
  std::int64_t sum = 0;
  for (std::int64_t k = 0; k < width; ++k) sum += std::int64_t{a[k] - b[k]} * (a[k] - b[k]);
  return sum;
}

std::int64_t product(const Code* a, const Code* b, std::int64_t width) {
  std::int64_t sum = 0;
  for (std::int64_t k = 0; k < width; ++k) sum += std::int64_t{a[k]} * b[k];
  return sum;
}

}  // namespace

SearchIndex::SearchIndex(std::vector<Code> vectors, std::int64_t width,
                         const NearestOptions& options)
    : options_(options),
      vectors_(std::move(vectors)),
      width_(width),
      count_(static_cast<std::int64_t>(vectors_.size()) / std::max<std::int64_t>(width, 1)) {
  if (count_ < 1 || options.nearest < 1 || options.nearest > count_)
    throw InputError("a search for the nearest " + std::to_string(options.nearest) + " of " +
                         std::to_string(count_) + " vectors",
                     "1 to as many as are stored");
  if (options.parts == 0) {
    const bool bits = options.metric == OpVariant::none;
    if (bits)
      for (Code& v : vectors_) v = v > 0 ? 1 : -1;
    const std::vector<std::int32_t> wide(vectors_.begin(), vectors_.end());
    matrix_ = IntegerMatrix(wide.data(), count_, width, width,
                            {.kernel = bits ? ProductKernel::xnor : ProductKernel::multiply});
    for (std::int64_t i = 0; i < count_; ++i) {
      const Code* const v = vectors_.data() + i * width;
      squares_.push_back(static_cast<double>(product(v, v, width)));
    }
    return;
  }
  if (options.metric != OpVariant::l2 && options.metric != OpVariant::dot)
    throw InputError("product-quantised codes without a metric of sums", "l2 or dot");
  if (options.parts < 1 || options.parts > width || options.centroids < 2 ||
      options.centroids > std::min<std::int64_t>(65536, count_))
    throw InputError(std::to_string(options.parts) + " codes of " +
                         std::to_string(options.centroids) + " centroids",
                     "1 to as many codes as values, 2 to 65536 centroids and as many vectors");
  codes_.resize(count(count_ * options.parts));
  for (std::int64_t p = 0; p < options.parts; ++p) {
    Part part;
    part.first = p * width / options.parts;
    part.width = (p + 1) * width / options.parts - part.first;
    learn(part);
    encode(part, p);
    parts_.push_back(std::move(part));
  }
  vectors_.clear();
}

/// Nearest centroid of `v`.
static std::int64_t nearestOf(const std::vector<Code>& centroids, const Code* v,
                              std::int64_t width) {
  std::int64_t best = 0, least = std::numeric_limits<std::int64_t>::max();
  const auto n = static_cast<std::int64_t>(centroids.size()) / width;
  for (std::int64_t c = 0; c < n; ++c) {
    const std::int64_t d = distance(centroids.data() + c * width, v, width);
    if (d < least) least = d, best = c;
  }
  return best;
}

void SearchIndex::learn(Part& part) const {
  const std::int64_t samples = std::min<std::int64_t>(count_, 4096), n = options_.centroids;
  const auto sample = [&](std::int64_t i, std::int64_t of) {
    return vectors_.data() + i * count_ / of * width_ + part.first;
  };
  for (std::int64_t c = 0; c < n; ++c)
    part.centroids.insert(part.centroids.end(), sample(c, n), sample(c, n) + part.width);
  for (int round = 0; round < 4; ++round) {
    std::vector<std::int64_t> sums(part.centroids.size(), 0), members(count(n), 0);
    for (std::int64_t i = 0; i < samples; ++i) {
      const Code* const v = sample(i, samples);
      const std::int64_t c = nearestOf(part.centroids, v, part.width);
      ++members[count(c)];
      for (std::int64_t k = 0; k < part.width; ++k) sums[count(c * part.width + k)] += v[k];
    }
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const std::int64_t of = members[k / count(part.width)];
      if (of > 0)
        part.centroids[k] =
            static_cast<Code>(std::llround(static_cast<double>(sums[k]) / static_cast<double>(of)));
    }
  }
}

void SearchIndex::encode(const Part& part, std::int64_t at) {
  for (std::int64_t i = 0; i < count_; ++i)
    codes_[count(i * options_.parts + at)] = static_cast<std::uint16_t>(
        nearestOf(part.centroids, vectors_.data() + i * width_ + part.first, part.width));
}

std::vector<double> SearchIndex::exactDistances(const Code* query) const {
  std::vector<std::int64_t> sums(count(count_));
  matrix_.multiply(query, 1, width_, sums.data());
  std::vector<double> out(sums.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto sum = static_cast<double>(sums[i]);
    out[i] = options_.metric == OpVariant::l2       ? squares_[i] - 2 * sum
             : options_.metric == OpVariant::cosine ? -sum / std::sqrt(std::max(squares_[i], 1.0))
                                                    : -sum;
  }
  return out;
}

/// One sum of table entries for each vector: the tables are made once a query.
std::vector<double> SearchIndex::codedDistances(const Code* query) const {
  const std::int64_t n = options_.centroids, parts = options_.parts;
  std::vector<std::int64_t> tables;
  for (const Part& part : parts_)
    for (std::int64_t c = 0; c < n; ++c) {
      const Code *const at = part.centroids.data() + c * part.width, *const q = query + part.first;
      tables.push_back(options_.metric == OpVariant::l2 ? distance(at, q, part.width)
                                                        : -product(at, q, part.width));
    }
  std::vector<double> out(count(count_));
  for (std::int64_t i = 0; i < count_; ++i) {
    std::int64_t sum = 0;
    for (std::int64_t p = 0; p < parts; ++p)
      sum += tables[count(p * n + codes_[count(i * parts + p)])];
    out[count(i)] = static_cast<double>(sum);
  }
  return out;
}

std::vector<std::int64_t> SearchIndex::find(const std::vector<Code>& queries) const {
  std::vector<std::int64_t> out, order(count(count_));
  std::vector<Code> query(count(width_));
  for (auto from = queries.begin(); from != queries.end(); from += width_) {
    std::copy(from, from + width_, query.begin());
    if (options_.metric == OpVariant::none)
      for (Code& v : query) v = v > 0 ? 1 : -1;
    const std::vector<double> d =
        options_.parts > 0 ? codedDistances(query.data()) : exactDistances(query.data());
    std::iota(order.begin(), order.end(), 0);
    const auto nearer = [&](std::int64_t a, std::int64_t b) {
      return d[count(a)] != d[count(b)] ? d[count(a)] < d[count(b)] : a < b;
    };
    std::partial_sort(order.begin(), order.begin() + options_.nearest, order.end(), nearer);
    out.insert(out.end(), order.begin(), order.begin() + options_.nearest);
  }
  return out;
}

double SearchIndex::storedBytes() const {
  const auto n = static_cast<double>(count_);
  if (options_.parts == 0)
    return options_.metric == OpVariant::none ? n * static_cast<double>((width_ + 7) / 8)
                                              : n * static_cast<double>(width_);
  const double bits = std::ceil(std::log2(static_cast<double>(options_.centroids)));
  return std::ceil(n * static_cast<double>(options_.parts) * bits / 8) +
         static_cast<double>(options_.centroids * width_);
}

double recallOf(const std::vector<std::int64_t>& found, const std::vector<std::int64_t>& exact,
                std::int64_t nearest) {
  std::int64_t hits = 0;
  for (std::size_t q = 0; q < exact.size(); q += count(nearest)) {
    const auto begin = found.begin() + static_cast<std::ptrdiff_t>(q), end = begin + nearest;
    for (std::size_t k = 0; k < count(nearest); ++k)
      hits += std::find(begin, end, exact[q + k]) != end ? 1 : 0;
  }
  return static_cast<double>(hits) / static_cast<double>(std::max<std::size_t>(exact.size(), 1));
}

}  // namespace wattlas
