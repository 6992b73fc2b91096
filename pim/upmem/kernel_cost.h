// What the inner loops of a DPU cost, as instructions per item. The default source is a table in
// the configuration; an executor that measures generated assembly can take its place.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "models/base/parameter.h"
#include "workloads/graph/operator.h"

namespace wattlas::pim {

/// Instructions of one loop, per item.
struct KernelCost {
  double instructions = 0;
  double perTile = 0;     ///< once per tile: set-up and DMA calls
  bool executed = false;  ///< counted while running checked assembly, otherwise stated
  std::string basis;      ///< for people: which loop, from where
  double perWindow = 0;   ///< once per output of a pool, or row of a norm or softmax
  double joules = 0;      ///< of added instructions, per item
};

/// Instructions of an inner-product kernel: a tile is one chunk of a weight row in WRAM, a pass the
/// product of that chunk with one vector, an output one finished sum.
struct MatrixCost {
  double mac = 0, perTile = 0, perPass = 0, perOutput = 0, perRow = 0;
  int group = 1;  ///< multiply-accumulates that the loop does at once; chunks are padded to it
  bool executed = false;
  std::string basis;
  double joules = 0;  ///< of added instructions, per multiply-accumulate
  /// Once per value of the vectors: sums or bit planes that the loop wants beside or instead of it.
  double perValue = 0;
  bool byEach = false;      ///< every tasklet does that for itself
  std::int64_t header = 0;  ///< bytes before the weights of a tile: bias and scale of the row
};

class KernelCostSource {
 public:
  virtual ~KernelCostSource() = default;
  /// Inner products; `mac` is one multiply-accumulate (loads, multiply, add, loop control).
  virtual MatrixCost matrix(const NumberFormat& weight, const NumberFormat& activation) const = 0;
  /// Bringing one stored activation into the form in which `mac` multiplies it (0 when none).
  virtual KernelCost decode(const NumberFormat& stored) const = 0;
  /// One element of an element-wise operator, softmax included (attention: one score).
  virtual KernelCost element(OpKind kind, OpVariant variant, const NumberFormat& format) const = 0;
  /// Re-layout of one byte of keys and values into the order that the bank's MACs read.
  virtual KernelCost pack() const = 0;
  /// Once per tile: loop set-up and two DMA calls. And per output: scale and store.
  virtual double perTile() const = 0;
  virtual double perOutput() const = 0;
  virtual std::string name() const = 0;
};

/// Costs of a source, asked for once per kind of loop and kept: lowering asks very often. Give-outs
/// stay valid as long as this object. May be used from several threads.
class KernelCosts {
 public:
  explicit KernelCosts(const KernelCostSource& source);
  const MatrixCost& matrix(const NumberFormat& weight, const NumberFormat& activation) const;
  const KernelCost& decode(const NumberFormat& stored) const;
  const KernelCost& element(OpKind kind, OpVariant variant, const NumberFormat& format) const;
  const KernelCost& pack() const;
  double perTile() const;
  double perOutput() const;

 private:
  template <class Cost>
  struct Entry {
    NumberFormat first, second;
    OpKind kind = OpKind::gemm;
    OpVariant variant = OpVariant::none;
    Cost cost;
  };
  const KernelCostSource& source_;
  mutable std::mutex mutex_;
  mutable std::deque<Entry<MatrixCost>> matrices_;
  mutable std::deque<Entry<KernelCost>> decodes_, elements_;
  mutable std::optional<KernelCost> pack_;
  mutable std::optional<double> perTile_, perOutput_;
};

/// Instructions of single steps, without the loop around them.
struct ElementSteps {
  Sourced<Ratio> add, multiply, divide, exponential, compare;
  void bind(Binder& binder);
};

/// The table: stated instruction counts.
class KernelTable final : public KernelCostSource {
 public:
  void bind(Binder& binder);

  MatrixCost matrix(const NumberFormat& weight, const NumberFormat& activation) const override;
  KernelCost decode(const NumberFormat& stored) const override;
  KernelCost element(OpKind kind, OpVariant variant, const NumberFormat& format) const override;
  KernelCost pack() const override;
  double perTile() const override { return tile_.value.value; }
  double perOutput() const override { return output_.value.value; }
  std::string name() const override { return "table of instruction counts"; }
  /// Puts other costs of an fp32 sum and product, loop included, and of the expansion to fp32.
  void replaceFloat(double add, double multiply, double expand);

 private:
  struct Mac {
    Sourced<Ratio> binary, ternary, int2, int4, int8, int16, int32, fp32;
  } mac_;
  struct Decode {
    Sourced<Ratio> integer, fp16, bf16, fp8, fp4;
  } decode_;
  ElementSteps integer_, floating_;
  KernelCost mac(const NumberFormat& weight, const NumberFormat& activation) const;

  Sourced<Ratio> loop_, tile_, output_;
};

/// True when a DPU computes in software floating point for this pair.
bool usesSoftFloat(const NumberFormat& weight, const NumberFormat& activation);

}  // namespace wattlas::pim
