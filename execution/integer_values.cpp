// Integer execution: functions of one value, and of several at one place.
#include <cmath>

#include "execution/integer_engine.h"
#include "models/base/error.h"
#include "models/base/multiples.h"
#include "workloads/graph/kind.h"

namespace wattlas {
namespace {

/// The table's own output, from all values that it can have.
Quantiser rangeOf(OpVariant variant, const Quantiser& in) {
  double low = 0, high = 0;
  const int step = in.bits > 8 ? 1 << (in.bits - 8) : 1;
  for (std::int32_t q = in.low(); q <= in.high(); q += step) {
    const double y = valueOf(variant, in.value(q));
    low = std::min(low, y), high = std::max(high, y);
  }
  return Quantiser::forRange(low, high, in.bits);
}

}  // namespace

void IntegerEngine::combine(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const Quantiser& out = quantisers_[i + 1];
  const bool product = step.op.kind == OpKind::multiply;
  const bool joins = step.op.kind == OpKind::concat;
  const OpVariant variant = step.op.variant;
  std::vector<double> ratios;
  double ratio = 1 / out.scale;
  std::int64_t bound = product ? 1 : 0;
  for (const std::size_t value : step.inputs) {
    const Quantiser& in = quantisers_[value];
    ratios.push_back(in.scale / out.scale);
    if (variant == OpVariant::subtract && ratios.size() == 2) ratios.back() = -ratios.back();
    ratio *= in.scale;
    if (product && bound > (std::int64_t{1} << 40))
      throw InputError("operator '" + step.name + "' multiplies more than 62 bits hold",
                       "fewer factors, or a narrower format");
    bound = product ? bound * in.reach() : bound + in.reach();
  }
  std::vector<std::int64_t> sums;
  std::int64_t channel = 0;
  const int fraction = format_.weight.fractionBits;
  if (!joins) sums.assign(count(samples * step.out.values()), 0);
  const SharedRequantiser shared = product || joins || format_.weight.isFixed()
                                       ? SharedRequantiser{}
                                       : SharedRequantiser::of(ratios, bound);
  for (std::size_t j = 0; j < step.inputs.size(); ++j) {
    const PlaneShape& in = network_.shapeOf(step.inputs[j]);
    const Quantiser& q = quantisers_[step.inputs[j]];
    const bool same = q.scale == out.scale && q.zero == out.zero;
    const Requantiser moved =
        joins && !same ? Requantiser::of(ratios[j], q.reach()) : Requantiser{};
    const std::int64_t factor = shared.multipliers.empty()
                                    ? (variant == OpVariant::subtract && j == 1 ? -1 : 1)
                                    : shared.multipliers[j];
    for (std::int64_t s = 0; s < samples; ++s) {
      const Code* const x = values_[step.inputs[j]].data() + s * in.values();
      const std::int64_t to = s * step.out.values();
      if (joins) {
        for (std::int64_t p = 0; p < in.places(); ++p)
          for (std::int64_t c = 0; c < in.channels; ++c) {
            const Code code = x[p * in.channels + c];
            const std::size_t at = count(to + p * step.out.channels + channel + c);
            if (same)
              values_[i + 1][at] = code;
            else
              emit(i, at, moved.apply(code - q.zero));
          }
        continue;
      }
      Broadcast(in, step.out).forEach([&](std::int64_t at, std::int64_t from) {
        std::int64_t& sum = sums[count(to + at)];
        const std::int64_t u = x[from] - q.zero;
        if (product && format_.weight.isFixed() && j > 0)
          sum = wrapTo((sum * u) >> fraction, format_.activation.bits);
        else if (product)
          sum = j == 0 ? u : sum * u;
        else if (j > 0 && variant == OpVariant::maximum)
          sum = std::max(sum, u * factor);
        else if (j > 0 && variant == OpVariant::minimum)
          sum = std::min(sum, u * factor);
        else
          sum += u * factor;
      });
    }
    channel += in.channels;
  }
  if (joins) return;
  const Requantiser scaled =
      product && !format_.weight.isFixed() ? Requantiser::of(ratio, bound) : Requantiser{};
  for (std::size_t at = 0; at < sums.size(); ++at)
    emit(i, at,
         format_.weight.isFixed() ? sums[at]
         : product                ? scaled.apply(sums[at])
                                  : shared.finish(sums[at]));
}

void IntegerEngine::rows(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const Quantiser& in = quantisers_[step.inputs.front()];
  const Quantiser& out = quantisers_[i + 1];
  const std::vector<Code>& x = values_[step.inputs.front()];
  std::vector<Code>& y = values_[i + 1];
  const std::int64_t n = step.out.channels, all = samples * step.out.places();
  if (step.op.kind == OpKind::embedding) {
    for (std::int64_t r = 0; r < all; ++r) {
      const std::int64_t row = rowOf(step, tokens_[count(r)]);
      std::copy(tables_[i].begin() + row * n, tables_[i].begin() + (row + 1) * n,
                y.begin() + r * n);
    }
    return;
  }
  if (step.op.kind == OpKind::softmax) {
    const SoftmaxTable table(in.scale, in.bits);
    std::vector<std::int32_t> scores(count(n)), shares(count(n));
    for (std::int64_t r = 0; r < all; ++r) {
      std::copy(x.begin() + r * n, x.begin() + (r + 1) * n, scores.begin());
      table.apply(scores.data(), n, out.bits, shares.data());
      for (std::int64_t c = 0; c < n; ++c)
        y[count(r * n + c)] = static_cast<Code>(shares[count(c)] + out.zero);
    }
    return;
  }
  const OpVariant variant = step.op.variant;
  const std::size_t from = step.inputs.front();
  if (from > 0 && network_.steps[from - 1].clampedBy == i && !format_.weight.isFixed()) {
    y = x;
    return;
  }
  if (format_.weight.isFixed()) {
    if (isGated(variant))
      throw InputError("operator '" + step.name + "' has no rule in " + format_.name,
                       "activations with a scale");
    for (std::size_t k = 0; k < x.size(); ++k)
      emit(i, k,
           static_cast<std::int64_t>(std::floor(
               std::clamp(valueOf(variant, in.value(x[k])) / in.scale, -0x1p40, 0x1p40))));
    return;
  }
  if (isClamp(variant) && in.bits > 8) {
    const Code high = variant == OpVariant::relu6 ? static_cast<Code>(in.quantise(6))
                                                  : static_cast<Code>(in.high());
    for (std::size_t k = 0; k < x.size(); ++k)
      y[k] = std::clamp(x[k], static_cast<Code>(in.zero), high);
    return;
  }
  const auto function = [variant](double v) { return valueOf(variant, v); };
  if (!isGated(variant)) {
    const ValueTable table(function, in, out);
    for (std::size_t k = 0; k < x.size(); ++k) y[k] = static_cast<Code>(table.at(x[k]));
    return;
  }
  const Quantiser gate = rangeOf(variant, in);
  const ValueTable table(function, in, gate);
  const Requantiser r =
      Requantiser::of(gate.scale * in.scale / out.scale, gate.reach() * in.reach());
  for (std::int64_t row = 0; row < all; ++row)
    for (std::int64_t c = 0; c < n; ++c) {
      const std::int64_t open = table.at(x[count(2 * row * n + c)]) - gate.zero;
      emit(i, count(row * n + c), r.apply(open * (x[count((2 * row + 1) * n + c)] - in.zero)));
    }
}

void IntegerEngine::recurrent(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const Dims& d = step.op.dims;
  const Quantiser& out = quantisers_[i + 1];
  const std::vector<Code>& x = values_[step.inputs.front()];
  const std::int64_t hidden = d[Dim::N], steps = d[Dim::steps], width = step.out.channels;
  const bool lstm = step.op.kind == OpKind::lstm;
  const auto limit = [](std::int64_t v) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(v, -32768, 32767));
  };
  constexpr double one = 1.0 / 32768;
  const Quantiser gate{std::ldexp(1.0, -12), 0, 16}, share{one, 0, 16},
      cell{insideScales_[i], 0, 16};
  const auto tangent = [](double v) { return std::tanh(v); };
  const ValueTable sigmoid([](double v) { return 1 / (1 + std::exp(-v)); }, gate, share),
      tanhOfGate(tangent, gate, share), tanhOfCell(tangent, cell, share);
  constexpr std::int64_t most = std::int64_t{1} << 31;
  const SharedRequantiser toCell =
      lstm ? SharedRequantiser::of({one, one * one / cell.scale}, most) : SharedRequantiser{};
  const SharedRequantiser toState = SharedRequantiser::of({one * one / out.scale, one}, most);
  for (std::size_t w = 0; w < recurrences_[i].size(); ++w) {
    const PreparedRecurrence& r = recurrences_[i][w];
    const std::int64_t gates = r.input.matrix.outputs();
    std::vector<std::int64_t> own(count(samples * steps * gates)), past(count(gates));
    r.input.matrix.multiply(x.data(), samples * steps, d[Dim::K], own.data());
    // A sum of 12 fraction bits.
    const auto gateOf = [&](const PreparedRecurrence::Side& side, std::int64_t sum,
                            std::int64_t g) {
      const std::int64_t acc = sum + side.offsets[count(g)];
      note(i, acc);
      return side.requantisers[count(g)].apply(acc) + side.bias[count(g)];
    };
    for (std::int64_t s = 0; s < samples; ++s) {
      std::vector<Code> h(count(hidden), static_cast<Code>(out.zero));
      std::vector<std::int32_t> c(count(hidden), 0);
      for (std::int64_t t = 0; t < steps; ++t) {
        const std::int64_t row = s * steps + (w == 0 ? t : steps - 1 - t);
        r.hidden.matrix.multiply(h.data(), 1, hidden, past.data());
        for (std::int64_t k = 0; k < hidden; ++k) {
          const auto side = [&](const PreparedRecurrence::Side& from, std::int64_t g) {
            const std::int64_t at = g * hidden + k;
            return gateOf(from, &from == &r.input ? own[count(row * gates + at)] : past[count(at)],
                          at);
          };
          const auto opened = [&](std::int64_t g) -> std::int64_t {
            return sigmoid.at(limit(side(r.input, g) + side(r.hidden, g)));
          };
          std::int64_t state = 0;
          if (lstm) {
            std::int32_t& kept = c[count(k)];
            const std::int64_t fresh = tanhOfGate.at(limit(side(r.input, 2) + side(r.hidden, 2)));
            kept = limit(toCell.finish(opened(1) * kept * toCell.multipliers[0] +
                                       opened(0) * fresh * toCell.multipliers[1]));
            state = opened(3) * tanhOfCell.at(kept) * toState.multipliers[0];
          } else {
            const std::int64_t part = limit(side(r.hidden, 2)), keep = opened(1);
            const std::int64_t fresh =
                tanhOfGate.at(limit(side(r.input, 2) + ((opened(0) * part + (1 << 14)) >> 15)));
            state = (32768 - keep) * fresh * toState.multipliers[0] +
                    keep * (h[count(k)] - out.zero) * toState.multipliers[1];
          }
          const std::size_t at = count(row * width + static_cast<std::int64_t>(w) * hidden + k);
          emit(i, at, toState.finish(state));
        }
        const auto from =
            values_[i + 1].begin() + row * width + static_cast<std::int64_t>(w) * hidden;
        std::copy(from, from + hidden, h.begin());
      }
    }
  }
}

void IntegerEngine::rotary(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const Quantiser& in = quantisers_[step.inputs.front()];
  const Quantiser& out = quantisers_[i + 1];
  const std::vector<Code>& x = values_[step.inputs.front()];
  const Requantiser turned = Requantiser::of(std::ldexp(in.scale / out.scale, -14),
                                             in.reach() * 2 * 16384),
                    moved = Requantiser::of(in.scale / out.scale, in.reach());
  forEachTurned(
      step, samples,
      [&](std::size_t a, std::size_t b, std::int64_t position, std::int64_t pair) {
        const double angle = angleOf(step, position, pair);
        const std::int64_t cosine = std::llrint(std::ldexp(std::cos(angle), 14)),
                           sine = std::llrint(std::ldexp(std::sin(angle), 14));
        const std::int64_t u = x[a] - in.zero, v = x[b] - in.zero;
        emit(i, a, turned.apply(u * cosine - v * sine));
        emit(i, b, turned.apply(v * cosine + u * sine));
      },
      [&](std::size_t at) { emit(i, at, moved.apply(x[at] - in.zero)); });
}

}  // namespace wattlas
