// Execution in integers by the rules of docs/integer-arithmetic.md: what a device computes.
#pragma once

#include <memory>
#include <optional>

#include "execution/calibration.h"
#include "execution/integer_product.h"

namespace wattlas {

struct IntegerOptions {
  Rounding rounding = {};
  /// Bits of a digit of weights and activations; 0 = whole operands.
  int weightDigit = 0, activationDigit = 0;
};

/// Bits that accumulators of one step used: counts by length of |acc| in binary.
struct AccumulatorUse {
  std::vector<std::int64_t> lengths = std::vector<std::int64_t>(64, 0);
  std::int64_t overflows = 0;
};

/// What a product step was prepared to.
struct PreparedProduct {
  std::vector<IntegerMatrix> matrices;    ///< of each group of channels, then of scales
  std::vector<std::int32_t> columns;      ///< executed column of each stored one, when grouped
  std::vector<std::int64_t> bias;         ///< by output
  std::vector<std::int64_t> offsets;      ///< -z sum w: outputs x groups of scales
  std::vector<Requantiser> requantisers;  ///< by output
  std::vector<SharedRequantiser> shared;  ///< by output, with groups of scales
  std::vector<double> scales;             ///< of an accumulator: outputs x groups of scales
  std::vector<double> biasScales;         ///< by output: the largest of its scales
  std::int64_t scaleGroups = 1, groupSize = 0;
  std::int64_t bound = 0;  ///< of |acc|
  Patches window;
};

/// One direction of a recurrence. Sums of gates have 12 fraction bits.
struct PreparedRecurrence {
  /// One side of a gate's sum: what enters, or the hidden values.
  struct Side {
    IntegerMatrix matrix;
    std::vector<std::int64_t> offsets, bias;  ///< -z sum w; of 12 fraction bits
    std::vector<Requantiser> requantisers;
  };
  Side input, hidden;
};

class IntegerEngine {
 public:
  /// Throws InputError for a format that is executed in floating point, and for operators that have
  /// no rule in it.
  IntegerEngine(const ExecutableNetwork& network, const ExecutionFormat& format,
                const Calibration& calibration, const IntegerOptions& options = {});
  ~IntegerEngine();

  /// Quantises `samples` inputs and executes; the result stays until the next run.
  void run(const std::vector<float>& input, std::int64_t samples);
  /// Reals behind the output of all samples.
  const std::vector<float>& output() const { return output_; }
  /// Codes of a value (not of an output that is accumulators) and what they mean.
  const std::vector<Code>& codes(std::size_t value) const { return values_[value]; }
  const Quantiser& quantiser(std::size_t value) const { return quantisers_[value]; }
  std::vector<float> reals(std::size_t value) const;
  /// The output's accumulators when the last step is a product.
  const std::vector<std::int64_t>& accumulators() const { return accumulators_; }

  /// Records accumulators from now on; null = no longer.
  void record(std::vector<AccumulatorUse>* use) { use_ = use; }
  /// Operations of one sample.
  ProductWork work() const;
  /// Widest accumulator that the weights and widths can need, in bits with sign.
  int accumulatorBits() const;

 private:
  template <class Engine>
  friend void runSteps(Engine&, const ExecutableNetwork&, std::int64_t);
  void prepareRecurrence(std::size_t i, const IntegerOptions& options);
  PreparedRecurrence::Side prepareSide(const Step& step, const std::vector<float>& weights,
                                       const std::vector<float>& bias, std::int64_t inputs,
                                       const Quantiser& in, const IntegerOptions& options) const;
  void prepareProduct(std::size_t i, const IntegerOptions& options);
  void prepareScales(PreparedProduct& p, const QuantisedMatrix& matrix, std::size_t i);
  void chooseQuantisers(const Calibration& calibration);
  ProductOptions kernelFor(const NumberFormat& w, std::int64_t bound,
                           const IntegerOptions& options) const;
  bool isLast(std::size_t i) const { return i + 1 == network_.steps.size(); }

  void product(std::size_t i, std::int64_t samples);
  template <class Sum>
  void finishProduct(std::size_t i, const Sum* sums, std::int64_t rows, std::int64_t group);
  void groupedProduct(std::size_t i, const Code* rows, std::int64_t count, std::int64_t group);
  void pool(std::size_t i, std::int64_t samples);
  void combine(std::size_t i, std::int64_t samples);
  void norm(std::size_t i, std::int64_t samples);
  void attention(std::size_t i, std::int64_t samples);
  void rows(std::size_t i, std::int64_t samples);
  void recurrent(std::size_t i, std::int64_t samples);
  void rotary(std::size_t i, std::int64_t samples);
  void emit(std::size_t i, std::size_t at, std::int64_t sum);
  void note(std::size_t i, std::int64_t acc);

  const ExecutableNetwork& network_;
  ExecutionFormat format_;
  std::vector<double> insideScales_;  ///< of scores and cells, by step
  std::vector<Quantiser> quantisers_;
  std::vector<std::unique_ptr<PreparedProduct>> products_;
  std::vector<std::vector<PreparedRecurrence>> recurrences_;  ///< by step and direction
  std::vector<std::vector<Code>> tables_;                     ///< embeddings, by step
  std::vector<std::vector<Code>> values_;
  std::vector<std::int32_t> tokens_;
  std::vector<std::int64_t> accumulators_;
  std::vector<float> output_;
  std::vector<AccumulatorUse>* use_ = nullptr;
};

}  // namespace wattlas
