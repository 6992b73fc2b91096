// What the inner loops of a DPU cost, as instructions per item. The default source is a table in
// the configuration; an executor that measures generated assembly can take its place.
#pragma once

#include <memory>
#include <string>

#include "models/base/parameter.h"
#include "workloads/graph/operator.h"

namespace wattlas::pim {

/// Instructions of one loop, per item.
struct KernelCost {
  double instructions = 0;
  std::string basis;  ///< for people: which loop, from where
};

class KernelCostSource {
 public:
  virtual ~KernelCostSource() = default;
  /// One multiply-accumulate of an inner loop (loads, multiply, add, loop control).
  virtual KernelCost mac(const NumberFormat& weight, const NumberFormat& activation) const = 0;
  /// Bringing one stored activation into the form in which `mac` multiplies it (0 when none).
  virtual KernelCost decode(const NumberFormat& stored) const = 0;
  /// One element of an element-wise operator, softmax included (attention: one score).
  virtual KernelCost element(OpKind kind, OpVariant variant, const NumberFormat& format) const = 0;
  /// Once per tile: loop set-up and two DMA calls. And per output: scale and store.
  virtual double perTile() const = 0;
  virtual double perOutput() const = 0;
  virtual std::string name() const = 0;
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

  KernelCost mac(const NumberFormat& weight, const NumberFormat& activation) const override;
  KernelCost decode(const NumberFormat& stored) const override;
  KernelCost element(OpKind kind, OpVariant variant, const NumberFormat& format) const override;
  double perTile() const override { return tile_.value.value; }
  double perOutput() const override { return output_.value.value; }
  std::string name() const override { return "table of instruction counts"; }

 private:
  struct Mac {
    Sourced<Ratio> binary, ternary, int2, int4, int8, int16, int32, fp32;
  } mac_;
  struct Decode {
    Sourced<Ratio> integer, fp16, bf16, fp8, fp4;
  } decode_;
  ElementSteps integer_, floating_;
  Sourced<Ratio> loop_, tile_, output_;
};

/// True when a DPU computes in software floating point for this pair.
bool usesSoftFloat(const NumberFormat& weight, const NumberFormat& activation);

}  // namespace wattlas::pim
