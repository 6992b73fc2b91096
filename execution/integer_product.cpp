#include "execution/integer_product.h"

#include <emmintrin.h>

#include <Eigen/Core>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace wattlas {
namespace {

constexpr std::int64_t panel = 8;  ///< outputs that are computed together

/// Four rows times eight outputs: pairs of 16-bit products summed in 32 bits (SSE2, which every
/// x86-64 processor has; the sums wrap and do not depend on their order).
template <int rows>
void block(const Code* a, std::int64_t stride, const Code* w, std::int64_t pairs, bool odd,
           std::int32_t out[rows][panel]) {
  __m128i sum[rows][2];
  for (int r = 0; r < rows; ++r) sum[r][0] = sum[r][1] = _mm_setzero_si128();
  const auto step = [&](std::int64_t p, bool half) {
    const __m128i left = _mm_loadu_si128(reinterpret_cast<const __m128i*>(w + p * 2 * panel));
    const __m128i right =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(w + p * 2 * panel + panel));
    for (int r = 0; r < rows; ++r) {
      std::uint32_t pair = 0;
      std::memcpy(&pair, a + r * stride + 2 * p, half ? 2 : 4);
      const __m128i both = _mm_set1_epi32(static_cast<int>(pair));
      sum[r][0] = _mm_add_epi32(sum[r][0], _mm_madd_epi16(both, left));
      sum[r][1] = _mm_add_epi32(sum[r][1], _mm_madd_epi16(both, right));
    }
  };
  for (std::int64_t p = 0; p < pairs; ++p) step(p, false);
  if (odd) step(pairs, true);
  for (int r = 0; r < rows; ++r) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out[r]), sum[r][0]);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out[r] + 4), sum[r][1]);
  }
}

}  // namespace

IntegerMatrix::IntegerMatrix(const std::int32_t* weights, std::int64_t outputs, std::int64_t inputs,
                             std::int64_t stride, const ProductOptions& options)
    : outputs_(outputs), inputs_(inputs), options_(options) {
  for (std::int64_t o = 0; o < outputs; ++o)
    weights_.insert(weights_.end(), weights + o * stride, weights + o * stride + inputs);
  const double products = static_cast<double>(outputs) * static_cast<double>(inputs);
  switch (options.kernel) {
    case ProductKernel::multiply:
      pack();
      break;
    case ProductKernel::wide:
      wide_.assign(weights_.begin(), weights_.end());
      break;
    case ProductKernel::ternary:
    case ProductKernel::shifts:
      listTerms();
      return;
    case ProductKernel::xnor: {
      const std::int64_t words = (inputs + 63) / 64;
      signs_.resize(static_cast<std::size_t>(outputs * words));
      for (std::int64_t o = 0; o < outputs; ++o)
        for (std::int64_t k = 0; k < inputs; ++k)
          if (weights_[static_cast<std::size_t>(o * inputs + k)] > 0)
            signs_[static_cast<std::size_t>(o * words + k / 64)] |= std::uint64_t{1} << (k % 64);
      work_.populationCounts = static_cast<double>(outputs * words);
      return;
    }
    case ProductKernel::sliced: {
      const ProductOptions plain{};
      const int digit = options.weightDigit;
      std::vector<std::int32_t> part(weights_.size());
      for (int at = 0; at < options.weightBits; at += digit) {
        const bool top = at + digit >= options.weightBits;
        for (std::size_t i = 0; i < part.size(); ++i)
          part[i] = top ? weights_[i] >> at : (weights_[i] >> at) & ((1 << digit) - 1);
        digits_.emplace_back(part.data(), outputs, inputs, inputs, plain);
      }
      const int slices =
          static_cast<int>(digits_.size()) *
          ((options.activationBits + options.activationDigit - 1) / options.activationDigit);
      work_ = {products * slices, products * slices, static_cast<double>(outputs * slices), 0};
      return;
    }
    case ProductKernel::fixed:
      break;
  }
  work_.multiplications = work_.additions = products;
}

void IntegerMatrix::pack() {
  const std::int64_t panels = (outputs_ + panel - 1) / panel, pairs = (inputs_ + 1) / 2;
  packed_.assign(static_cast<std::size_t>(panels * pairs * 2 * panel), 0);
  for (std::int64_t o = 0; o < outputs_; ++o)
    for (std::int64_t k = 0; k < inputs_; ++k) {
      const std::int64_t at = ((o / panel) * pairs + k / 2) * 2 * panel + (o % panel) * 2 + k % 2;
      packed_[static_cast<std::size_t>(at)] =
          static_cast<Code>(weights_[static_cast<std::size_t>(o * inputs_ + k)]);
    }
}

void IntegerMatrix::multiply(const Code* a, std::int64_t rows, std::int64_t stride,
                             std::int32_t* out) const {
  const std::int64_t panels = (outputs_ + panel - 1) / panel, pairs = inputs_ / 2;
  const bool odd = inputs_ % 2 != 0;
  const std::int64_t size = ((inputs_ + 1) / 2) * 2 * panel;
  std::int32_t sums[4][panel];
  for (std::int64_t r = 0; r < rows; r += 4) {
    const std::int64_t some = std::min<std::int64_t>(4, rows - r);
    for (std::int64_t p = 0; p < panels; ++p) {
      const Code* const from = a + r * stride;
      const Code* const w = packed_.data() + p * size;
      if (some == 4)
        block<4>(from, stride, w, pairs, odd, sums);
      else
        for (std::int64_t i = 0; i < some; ++i)
          block<1>(from + i * stride, stride, w, pairs, odd, sums + i);
      const auto width = static_cast<std::size_t>(std::min(panel, outputs_ - p * panel));
      for (std::int64_t i = 0; i < some; ++i)
        std::memcpy(out + (r + i) * outputs_ + p * panel, sums[i], width * sizeof(std::int32_t));
    }
  }
}

void IntegerMatrix::multiply(const Code* a, std::int64_t rows, std::int64_t stride,
                             std::int64_t* out) const {
  switch (options_.kernel) {
    case ProductKernel::multiply: {
      std::vector<std::int32_t> narrow(static_cast<std::size_t>(rows * outputs_));
      multiply(a, rows, stride, narrow.data());
      std::copy(narrow.begin(), narrow.end(), out);
      return;
    }
    case ProductKernel::wide: {
      using Matrix = Eigen::Matrix<std::int64_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
      using Codes = Eigen::Matrix<Code, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
      const Eigen::Map<const Codes, 0, Eigen::OuterStride<>> left(a, rows, inputs_,
                                                                  Eigen::OuterStride<>(stride));
      const Eigen::Map<const Matrix> right(wide_.data(), outputs_, inputs_);
      Eigen::Map<Matrix>(out, rows, outputs_).noalias() =
          left.cast<std::int64_t>().eval() * right.transpose();
      return;
    }
    case ProductKernel::ternary:
    case ProductKernel::shifts:
      return addTerms(a, rows, stride, out);
    case ProductKernel::xnor:
      return countBits(a, rows, stride, out);
    case ProductKernel::sliced:
      return slice(a, rows, stride, out);
    case ProductKernel::fixed:
      return truncate(a, rows, stride, out);
  }
}

/// A weight as signed powers of two, at most as many as its digits of -1, 0, 1 need.
void IntegerMatrix::listTerms() {
  terms_.resize(static_cast<std::size_t>(outputs_));
  for (std::int64_t o = 0; o < outputs_; ++o)
    for (std::int64_t k = 0; k < inputs_; ++k) {
      std::int32_t left = weights_[static_cast<std::size_t>(o * inputs_ + k)];
      while (left != 0) {
        const int low = std::countr_zero(static_cast<std::uint32_t>(left));
        // The nearest multiple of four leaves the fewest digits.
        const bool negative = ((left >> low) & 3) == 3;
        terms_[static_cast<std::size_t>(o)].push_back(
            {static_cast<std::int32_t>(k), static_cast<std::int8_t>(low), negative});
        left -= (negative ? -1 : 1) * (std::int32_t{1} << low);
        ++work_.additions;
        if (low > 0) ++work_.shifts;
      }
    }
}

void IntegerMatrix::addTerms(const Code* a, std::int64_t rows, std::int64_t stride,
                             std::int64_t* out) const {
  // Inputs of many rows side by side, so that one term is added to all of them at once.
  constexpr std::int64_t many = 256;
  std::vector<std::int32_t> inputs(static_cast<std::size_t>(inputs_ * many)), sums(many);
  for (std::int64_t first = 0; first < rows; first += many) {
    const std::int64_t some = std::min(many, rows - first);
    for (std::int64_t r = 0; r < some; ++r)
      for (std::int64_t k = 0; k < inputs_; ++k)
        inputs[static_cast<std::size_t>(k * many + r)] = a[(first + r) * stride + k];
    for (std::int64_t o = 0; o < outputs_; ++o) {
      std::int32_t* const sum = sums.data();
      std::fill(sums.begin(), sums.end(), 0);
      for (const Term& term : terms_[static_cast<std::size_t>(o)]) {
        const std::int32_t* const u = inputs.data() + term.input * many;
        const int shift = term.shift;
        if (shift == 0 && !term.negative)
          for (std::int64_t r = 0; r < many; ++r) sum[r] += u[r];
        else if (shift == 0)
          for (std::int64_t r = 0; r < many; ++r) sum[r] -= u[r];
        else if (!term.negative)
          for (std::int64_t r = 0; r < many; ++r)
            sum[r] += static_cast<std::int32_t>(static_cast<std::uint32_t>(u[r]) << shift);
        else
          for (std::int64_t r = 0; r < many; ++r)
            sum[r] -= static_cast<std::int32_t>(static_cast<std::uint32_t>(u[r]) << shift);
      }
      for (std::int64_t r = 0; r < some; ++r)
        out[(first + r) * outputs_ + o] = sums[static_cast<std::size_t>(r)];
    }
  }
}

void IntegerMatrix::countBits(const Code* a, std::int64_t rows, std::int64_t stride,
                              std::int64_t* out) const {
  const std::int64_t words = (inputs_ + 63) / 64;
  std::vector<std::uint64_t> sign(static_cast<std::size_t>(words)), known(sign.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    std::fill(sign.begin(), sign.end(), 0);
    std::fill(known.begin(), known.end(), 0);
    std::int64_t places = 0;  // padded ones are 0 and count for nothing
    for (std::int64_t k = 0; k < inputs_; ++k) {
      const Code q = a[r * stride + k];
      const std::uint64_t bit = std::uint64_t{1} << (k % 64);
      if (q > 0) sign[static_cast<std::size_t>(k / 64)] |= bit;
      if (q != 0) known[static_cast<std::size_t>(k / 64)] |= bit, ++places;
    }
    for (std::int64_t o = 0; o < outputs_; ++o) {
      std::int64_t different = 0;
      for (std::int64_t i = 0; i < words; ++i) {
        const auto at = static_cast<std::size_t>(i);
        different +=
            std::popcount((signs_[static_cast<std::size_t>(o * words + i)] ^ sign[at]) & known[at]);
      }
      out[r * outputs_ + o] = places - 2 * different;
    }
  }
}

void IntegerMatrix::slice(const Code* a, std::int64_t rows, std::int64_t stride,
                          std::int64_t* out) const {
  const auto n = static_cast<std::size_t>(rows * outputs_);
  std::vector<Code> part(static_cast<std::size_t>(rows * inputs_));
  std::vector<std::int32_t> sums(n);
  std::fill(out, out + n, 0);
  const int digit = options_.activationDigit;
  for (int at = 0; at < options_.activationBits; at += digit) {
    const bool top = at + digit >= options_.activationBits;
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t k = 0; k < inputs_; ++k) {
        const int q = a[r * stride + k];
        part[static_cast<std::size_t>(r * inputs_ + k)] =
            static_cast<Code>(top ? q >> at : (q >> at) & ((1 << digit) - 1));
      }
    for (std::size_t w = 0; w < digits_.size(); ++w) {
      digits_[w].multiply(part.data(), rows, inputs_, sums.data());
      const int shift = at + static_cast<int>(w) * options_.weightDigit;
      for (std::size_t i = 0; i < n; ++i)
        out[i] += static_cast<std::int64_t>(sums[i]) * (std::int64_t{1} << shift);
    }
  }
}

void IntegerMatrix::truncate(const Code* a, std::int64_t rows, std::int64_t stride,
                             std::int64_t* out) const {
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t o = 0; o < outputs_; ++o) {
      const std::int32_t* const w = weights_.data() + o * inputs_;
      std::int64_t sum = 0;
      for (std::int64_t k = 0; k < inputs_; ++k)
        sum += (static_cast<std::int64_t>(w[k]) * a[r * stride + k]) >> options_.fractionBits;
      out[r * outputs_ + o] = sum;
    }
}

}  // namespace wattlas
