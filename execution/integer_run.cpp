// Integer execution of the steps (docs/integer-arithmetic.md).
#include <bit>
#include <cmath>
#include <map>

#include "execution/integer_engine.h"
#include "models/base/error.h"
#include "models/base/multiples.h"
#include "workloads/graph/kind.h"

namespace wattlas {
void IntegerEngine::run(const std::vector<float>& input, std::int64_t samples) {
  const Quantiser& in = quantisers_.front();
  if (network_.tokens) {
    tokens_.assign(input.begin(), input.end());
  } else {
    values_[0].resize(input.size());
    const double one = std::ldexp(1.0, in.bits);
    for (std::size_t k = 0; k < input.size(); ++k) {
      if (format_.weight.isFixed()) {
        double v = std::floor(input[k] / in.scale);
        v -= one * std::floor(v / one + 0.5);
        values_[0][k] = static_cast<Code>(v);
      } else {
        values_[0][k] = static_cast<Code>(in.quantise(input[k]));
      }
    }
  }
  for (std::size_t i = 0; i < network_.steps.size(); ++i)
    values_[i + 1].resize(count(samples * network_.steps[i].out.values()));
  runSteps(*this, network_, samples);
  if (!isProductStep(network_.steps.back()) || format_.weight.isFixed())
    output_ = reals(network_.steps.size());
}

std::vector<float> IntegerEngine::reals(std::size_t value) const {
  const bool sums = value == network_.steps.size() && value > 0 && !format_.weight.isFixed() &&
                    isProductStep(network_.steps.back());
  if (sums) return output_;
  std::vector<float> out(values_[value].size());
  for (std::size_t k = 0; k < out.size(); ++k)
    out[k] = static_cast<float>(quantisers_[value].value(values_[value][k]));
  return out;
}

void IntegerEngine::note(std::size_t i, std::int64_t acc) {
  if (use_ == nullptr) return;
  const auto size = static_cast<std::uint64_t>(std::abs(acc));
  ++(*use_)[i].lengths[count(static_cast<std::int64_t>(std::bit_width(size)))];
}

/// An output from its sum in units of its own scale.
void IntegerEngine::emit(std::size_t i, std::size_t at, std::int64_t sum) {
  if (format_.weight.isFixed()) {
    const std::int64_t kept = wrapTo(sum, format_.activation.bits);
    if (kept != sum && use_ != nullptr) ++(*use_)[i].overflows;
    values_[i + 1][at] = static_cast<Code>(kept);
    return;
  }
  const Quantiser& out = quantisers_[i + 1];
  values_[i + 1][at] = static_cast<Code>(out.saturate(sum + out.zero));
}

template <class Sum>
void IntegerEngine::finishProduct(std::size_t i, const Sum* sums, std::int64_t rows,
                                  std::int64_t group) {
  const PreparedProduct& p = *products_[i];
  const std::int64_t each = p.matrices.front().outputs(), all = network_.steps[i].out.channels;
  const bool last = isLast(i) && !format_.weight.isFixed();
  // Sums over codes may wrap where those over values do not: the offset takes them back.
  const int width = sizeof(Sum) == 4 ? 32 : 64;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t o = 0; o < each; ++o) {
      const std::int64_t channel = group * each + o, at = r * all + channel;
      const auto c = count(channel);
      std::int64_t acc =
          wrapTo(static_cast<std::int64_t>(sums[r * each + o]) + p.offsets[c] + p.bias[c], width);
      note(i, acc);
      if (accumulatorBitsOf(format_) > 0 && !format_.weight.isFixed()) {
        const std::int64_t kept = wrapTo(acc, accumulatorBitsOf(format_));
        if (kept != acc && use_ != nullptr) ++(*use_)[i].overflows;
        acc = kept;
      }
      if (last) {
        accumulators_[count(at)] = acc;
        output_[count(at)] = static_cast<float>(p.scales[c] * static_cast<double>(acc));
      } else {
        emit(i, count(at), format_.weight.isFixed() ? acc : p.requantisers[c].apply(acc));
      }
    }
}

void IntegerEngine::groupedProduct(std::size_t i, const Code* rows, std::int64_t n,
                                   std::int64_t group) {
  const PreparedProduct& p = *products_[i];
  const std::int64_t each = p.matrices.front().outputs(), all = network_.steps[i].out.channels;
  const std::int64_t inputs = productShapeOf(network_.steps[i]).inputs, parts = p.scaleGroups;
  std::vector<Code> stored;
  if (!p.columns.empty()) {
    stored.resize(count(n * inputs));
    for (std::int64_t r = 0; r < n; ++r)
      for (std::int64_t k = 0; k < inputs; ++k)
        stored[count(r * inputs + k)] = rows[r * inputs + p.columns[count(k)]];
    rows = stored.data();
  }
  std::vector<std::int64_t> sums(count(n * each * parts));
  for (std::int64_t g = 0; g < parts; ++g)
    p.matrices[count(group * parts + g)].multiply(rows + g * p.groupSize, n, inputs,
                                                  sums.data() + g * n * each);
  for (std::int64_t r = 0; r < n; ++r)
    for (std::int64_t o = 0; o < each; ++o) {
      const std::int64_t channel = group * each + o;
      const auto c = count(channel), at = count(r * all + channel);
      std::int64_t sum = 0;
      double real = p.biasScales[c] * static_cast<double>(p.bias[c]);
      if (!isLast(i)) sum = p.bias[c] * p.shared[c].multipliers.back();
      for (std::int64_t g = 0; g < parts; ++g) {
        const auto scale = count(channel * parts + g);
        const std::int64_t acc = sums[count((g * n + r) * each + o)] + p.offsets[scale];
        note(i, acc);
        if (isLast(i))
          real += p.scales[scale] * static_cast<double>(acc);
        else
          sum += acc * p.shared[c].multipliers[count(g)];
      }
      if (isLast(i))
        output_[at] = static_cast<float>(real);
      else
        emit(i, at, p.shared[c].finish(sum));
    }
}

void IntegerEngine::product(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const PreparedProduct& p = *products_[i];
  const PlaneShape& in = network_.shapeOf(step.inputs.front());
  const ProductShape shape = productShapeOf(step);
  const std::int64_t n = samples * step.out.places();
  if (isLast(i)) {
    output_.resize(count(n * shape.outputs));
    accumulators_.resize(output_.size());
  }
  const bool conv = isConvolution(step.op.kind);
  const std::int64_t channels = in.channels / shape.groups, each = shape.outputs / shape.groups;
  const auto zero = static_cast<Code>(quantisers_[step.inputs.front()].zero);
  std::vector<Code> selected;
  if (readsSome(step, in)) selected = placesRead(values_[step.inputs.front()], step, in, samples);
  const Code* const rows = selected.empty() ? values_[step.inputs.front()].data() : selected.data();
  std::vector<Code> patches(conv ? count(n * shape.inputs) : 0);
  for (std::int64_t g = 0; g < shape.groups; ++g) {
    for (std::int64_t s = 0; conv && s < samples; ++s)
      p.window.fill(rows + s * in.values(), g * channels, channels, zero,
                    patches.data() + s * step.out.places() * shape.inputs);
    const Code* const from = conv ? patches.data() : rows;
    if (p.scaleGroups > 1) {
      groupedProduct(i, from, n, g);
      continue;
    }
    const IntegerMatrix& matrix = p.matrices[count(g)];
    if (matrix.options().kernel == ProductKernel::multiply) {
      std::vector<std::int32_t> sums(count(n * each));
      matrix.multiply(from, n, shape.inputs, sums.data());
      finishProduct(i, sums.data(), n, g);
    } else {
      std::vector<std::int64_t> sums(count(n * each));
      matrix.multiply(from, n, shape.inputs, sums.data());
      finishProduct(i, sums.data(), n, g);
    }
  }
}

void IntegerEngine::pool(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const PlaneShape& in = network_.shapeOf(step.inputs.front());
  const Quantiser& from = quantisers_[step.inputs.front()];
  const Quantiser& out = quantisers_[i + 1];
  const bool largest = step.op.variant == OpVariant::maximum;
  const bool moves = step.op.kind == OpKind::upsample || step.op.kind == OpKind::slice;
  std::map<std::int64_t, Requantiser> means;
  std::vector<std::int64_t> sums(count(step.out.values())), places(count(step.out.places()));
  for (std::int64_t s = 0; s < samples; ++s) {
    const Code* const x = values_[step.inputs.front()].data() + s * in.values();
    std::fill(sums.begin(), sums.end(), largest ? from.low() : 0);
    std::fill(places.begin(), places.end(), 0);
    forEachPooled(step, in, [&](std::int64_t to, std::int64_t place) {
      ++places[count(to)];
      if (place < 0) return;
      for (std::int64_t c = 0; c < in.channels; ++c) {
        std::int64_t& sum = sums[count(to * in.channels + c)];
        const Code q = x[place * in.channels + c];
        sum = largest || moves ? std::max<std::int64_t>(moves ? q : sum, q) : sum + q - from.zero;
      }
    });
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const std::size_t at = count(s * step.out.values()) + k;
      if (largest || moves) {
        values_[i + 1][at] = static_cast<Code>(sums[k]);
        continue;
      }
      const std::int64_t n = places[k / count(in.channels)];
      if (format_.weight.isFixed()) {
        emit(i, at, (sums[k] - (sums[k] < 0 ? n - 1 : 0)) / n);  // rounds down
        continue;
      }
      auto mean = means.find(n);
      if (mean == means.end())
        mean = means
                   .emplace(n, Requantiser::of(from.scale / (out.scale * static_cast<double>(n)),
                                               from.reach() * n))
                   .first;
      emit(i, at, mean->second.apply(sums[k]));
    }
  }
}

void IntegerEngine::norm(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const StepWeights& w = step.weights;
  const std::vector<Code>& x = values_[step.inputs.front()];
  const Quantiser& in = quantisers_[step.inputs.front()];
  const Quantiser& out = quantisers_[i + 1];
  const std::int64_t channels = step.out.channels;
  if (step.op.variant == OpVariant::batch) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto k = count(c);
      const double root = std::sqrt((w.variance.empty() ? 1 : w.variance[k]) + normEpsilon);
      const double a = (w.weight.empty() ? 1 : w.weight[k]) / root;
      const double b = (w.bias.empty() ? 0 : w.bias[k]) - (w.mean.empty() ? 0 : w.mean[k]) * a;
      if (format_.weight.isFixed()) {
        const auto g = static_cast<std::int64_t>(std::floor(a / out.scale));
        const auto d = static_cast<std::int64_t>(std::floor(b / out.scale));
        for (std::size_t at = k; at < x.size(); at += count(channels))
          emit(i, at, ((g * x[at]) >> format_.weight.fractionBits) + d);
        continue;
      }
      const double scale = (a != 0 ? std::abs(a) : 1.0) / 32767;
      const std::int64_t g = a == 0 ? 0 : a > 0 ? 32767 : -32767;
      const auto d = static_cast<std::int64_t>(
          std::clamp(std::nearbyint(b / (scale * in.scale)), -0x1p40, 0x1p40));
      const Requantiser r =
          Requantiser::of(scale * in.scale / out.scale, 32767 * in.reach() + std::abs(d));
      for (std::size_t at = k; at < x.size(); at += count(channels))
        emit(i, at, r.apply(g * (x[at] - in.zero) + d));
    }
    return;
  }
  double largest = 0;
  for (const float g : w.weight) largest = std::max<double>(largest, std::abs(g));
  const bool gains = largest > 0;
  const double scale = gains ? largest / 32767 : 1;
  std::vector<std::int64_t> gain(count(channels), 1), bias(count(channels), 0);
  std::int64_t mostBias = 0;
  for (std::size_t c = 0; c < gain.size(); ++c) {
    if (gains) gain[c] = static_cast<std::int64_t>(std::nearbyint(w.weight[c] / scale));
    if (!w.bias.empty())
      bias[c] = static_cast<std::int64_t>(
          std::clamp(std::nearbyint(w.bias[c] * 16384 / scale), -0x1p45, 0x1p45));
    mostBias = std::max(mostBias, std::abs(bias[c]));
  }
  const bool centre = step.op.variant != OpVariant::rms;
  const std::int64_t epsilon = epsilonOf(normEpsilon, in.scale, in.bits);
  std::vector<std::int32_t> u;
  std::vector<std::int64_t> y;
  std::map<std::int64_t, Requantiser> known;
  forEachNormRow(step, samples, [&](const NormRow& row) {
    u.clear();
    row.forEach([&](std::size_t at, std::int64_t) { u.push_back(x[at] - in.zero); });
    y.resize(u.size());
    normalise(u.data(), row.size(), in.bits, centre, epsilon, y.data());
    auto r = known.find(row.size());
    if (r == known.end()) {
      // A normalised value is at most the root of their number.
      const std::int64_t most = (integerRoot(row.size()) + 1) * 16384;
      r = known
              .emplace(row.size(), Requantiser::of(scale / 16384 / out.scale,
                                                   most * (gains ? 32767 : 1) + mostBias))
              .first;
    }
    std::size_t k = 0;
    row.forEach([&](std::size_t at, std::int64_t channel) {
      const auto c = count(channel);
      emit(i, at, r->second.apply(y[k++] * gain[c] + bias[c]));
    });
  });
}

void IntegerEngine::attention(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const Dims& d = step.op.dims;
  const Quantiser& in = quantisers_[step.inputs.front()];
  const Quantiser& out = quantisers_[i + 1];
  const std::int64_t size = d[Dim::headDim], n = d[Dim::queries], heads = d[Dim::heads];
  const std::int64_t width = (heads + 2 * d[Dim::kvHeads]) * size;
  const double score = insideScales_[i];
  const Requantiser toScore =
      Requantiser::of(in.scale * in.scale / (std::sqrt(static_cast<double>(size)) * score),
                      in.reach() * in.reach() * size);
  const Requantiser toValue =
      Requantiser::of(std::ldexp(in.scale, -16) / out.scale, (65536 + n) * in.reach());
  const SoftmaxTable table(score, 16);
  std::vector<std::int32_t> scores(count(n)), shares(count(n));
  for (std::int64_t s = 0; s < samples; ++s)
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t r = 0; r < n; ++r) {
        const Code* const x = values_[step.inputs.front()].data() + s * n * width;
        const std::int64_t shared = h / (heads / d[Dim::kvHeads]);
        const Code* const q = x + r * width + h * size;
        const auto [begin, end] = visible(step.op, r, n);
        for (std::int64_t j = begin; j < end; ++j) {
          const Code* const k = x + j * width + (heads + shared) * size;
          std::int64_t acc = 0;
          for (std::int64_t c = 0; c < size; ++c)
            acc += static_cast<std::int64_t>(q[c] - in.zero) * (k[c] - in.zero);
          note(i, acc);
          scores[count(j)] = static_cast<std::int32_t>(
              std::clamp<std::int64_t>(toScore.apply(acc), -32768, 32767));
        }
        table.apply(scores.data() + begin, end - begin, 16, shares.data() + begin);
        for (std::int64_t c = 0; c < size; ++c) {
          std::int64_t acc = 0;
          for (std::int64_t j = begin; j < end; ++j)
            acc += static_cast<std::int64_t>(shares[count(j)]) *
                   (x[j * width + (heads + d[Dim::kvHeads] + shared) * size + c] - in.zero);
          emit(i, count(((s * n + r) * heads + h) * size + c), toValue.apply(acc));
        }
      }
}

}  // namespace wattlas
