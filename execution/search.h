// Similarity search: the nearest of many stored vectors, exactly or by product-quantised codes.
// Vectors are integers of 8 bits; distances are exact integers.
#pragma once

#include "execution/integer_product.h"
#include "workloads/graph/operator.h"

namespace wattlas {

struct NearestOptions {
  OpVariant metric = OpVariant::l2;  ///< l2, dot, cosine; none = Hamming distance of signs
  std::int64_t nearest = 10;         ///< how many are found
  std::int64_t parts = 0;            ///< of a vector that have a code each; 0 = exact
  std::int64_t centroids = 256;      ///< that a code tells apart
};

class SearchIndex {
 public:
  /// Learns codebooks from up to 4096 of the vectors (four rounds of k-means), then encodes all of
  /// them. Throws InputError.
  SearchIndex(std::vector<Code> vectors, std::int64_t width, const NearestOptions& options);
  /// Numbers of the nearest vectors of each query, best first.
  std::vector<std::int64_t> find(const std::vector<Code>& queries) const;
  /// Bytes of the stored vectors or codes and codebooks.
  double storedBytes() const;

 private:
  struct Part {
    std::int64_t first = 0, width = 0;
    std::vector<Code> centroids;
  };
  void learn(Part& part) const;
  void encode(const Part& part, std::int64_t at);
  /// Smaller is nearer.
  std::vector<double> exactDistances(const Code* query) const;
  std::vector<double> codedDistances(const Code* query) const;

  NearestOptions options_;
  std::vector<Code> vectors_;
  std::int64_t width_ = 0, count_ = 0;
  IntegerMatrix matrix_;
  std::vector<double> squares_;  ///< of each vector's length
  std::vector<Part> parts_;
  std::vector<std::uint16_t> codes_;  ///< vectors x parts
};

/// Share of the truly nearest that were found: both lists have `nearest` numbers a query.
double recallOf(const std::vector<std::int64_t>& found, const std::vector<std::int64_t>& exact,
                std::int64_t nearest);

}  // namespace wattlas
