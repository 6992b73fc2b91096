// Device kind `near-bank`: memory whose banks multiply. HBM-PIM, GDDR6-AiM, AttAcc, NeuPIMs and
// bit-serial row computing are configurations of it.
#pragma once

#include <memory>
#include <vector>

#include "models/memory_device.h"
#include "models/registry.h"
#include "pim/nearbank/channel.h"

namespace wattlas::pim::nearbank {

/// One operator: commands of a channel, reads of the matrix unit beside them, element work behind.
struct NearBankOp {
  Sequence sequence;             ///< of the busiest channel
  Ticks matrix;                  ///< matrix unit: its reads or its arithmetic, whichever is longer
  std::int64_t matrixSlots = 0;  ///< command slots of its reads on one channel
  bool beside = false;           ///< matrix unit and sequence run at the same time
  Ticks chained;                 ///< element work between the commands, beside the matrix unit
  Ticks elements;                ///< element unit, softmax of the processor
  std::int64_t macs = 0;
  Ticks bound;
  EnergyCounts energy;
  Bits resident, workspace;
  bool alone = false;  ///< a program of its own: refreshes may be postponed behind it
  std::vector<Assumption> assumptions;
};

/// One operator of a region whose work is spread over interleaved stages.
struct RegionShare {
  bool inBanks = false;
  Ticks outside;  ///< matrix and vector units, both halves
  std::int64_t macs = 0;
  EnergyCounts energy;
};

class NearBankProgram final : public Program {
 public:
  /// `operators` one after the other; with `shares` they are stages of a region of that many
  /// operators.
  NearBankProgram(std::vector<NearBankOp> operators, bool explained,
                  std::vector<RegionShare> shares = {});
  Hash128 hash() const override { return hash_; }
  const std::vector<Footprint>& footprint() const override { return footprint_; }
  Ticks lowerBound() const override { return bound_; }
  const std::vector<NearBankOp>& operators() const { return operators_; }
  const std::vector<RegionShare>& shares() const { return shares_; }
  /// Phases are listed in the assumptions: programs of a single operator that stands alone.
  bool explained() const { return explained_; }

 private:
  std::vector<NearBankOp> operators_;
  std::vector<RegionShare> shares_;
  std::vector<Footprint> footprint_;
  Hash128 hash_;
  Ticks bound_;
  bool explained_;
};

class NearBankDevice final : public ConfiguredDevice, public BankDevice {
 public:
  bool configure(const ConfigNode& config, const std::string& prefix, Problems& problems);

  int modelVersion() const override { return 3; }
  const KindSet& kinds() const override;
  std::vector<std::vector<OpId>> partition(const Graph& graph,
                                           const std::vector<OpId>& mine) const override;
  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override;
  Profile estimate(const Program& program) const override;
  std::vector<Fidelity> fidelities() const override {
    return {Fidelity::analytic, Fidelity::event, Fidelity::detailed};
  }
  Profile simulate(const Program& program, Fidelity fidelity) const override;
  Profile simulateInto(dram::CommandLog& log, const Program& program,
                       Fidelity fidelity) const override;
  CopyCost copy(const CopyRequest& request) const override;
  LaunchCost launch() const override;
  Bits residentBits(const Operator& op) const override;

  const NearBankParams& params() const { return params_; }
  /// Sequence, matrix unit and elements of an operator: what of it runs at the same time.
  Ticks duration(const NearBankOp& op, Ticks sequence) const;
  Profile profileOf(const NearBankProgram& program, const std::vector<Ticks>& times) const;
  /// Adds the phases of a program that explains itself.
  void explain(const NearBankProgram& program, Profile& profile) const;

 private:
  Support supportKnown(const Operator& op) const override;
  struct Product {
    std::int64_t matrices = 1, outputs = 1, inputs = 1, vectors = 1;
    int bits = 16;
    double stored = 0;  ///< bits of all matrices as stored, for reads by the matrix unit
  };
  /// `mayLeave`: attention may leave the banks for the matrix unit where the pins are faster.
  NearBankOp plan(const Operator& op, bool mayLeave = true) const;
  /// `banksOnly`: the matrix unit takes no share (attention, as published for NeuPIMs).
  void planProduct(const Product& product, bool banksOnly, NearBankOp& out) const;
  void planBitSerial(const Operator& op, NearBankOp& out) const;
  void planElementUnit(const Operator& op, const OpCost& cost, NearBankOp& out) const;
  void planElements(const Operator& op, NearBankOp& out) const;
  void planAttention(const Operator& op, bool inBanks, NearBankOp& out) const;
  void close(NearBankOp& out) const;
  /// Time of `stored` bits of weights and `macs` products in the matrix unit, with their energy.
  void addMatrixUnit(double stored, double macs, NearBankOp& out) const;
  Ticks timeOf(const NearBankOp& op) const;
  /// One attention of a decode over at least two sequences and work of equal rows around it.
  bool canInterleave(const WorkItem& item) const;
  /// It can, and two stages are shorter than the operators one by one.
  bool interleaves(const WorkItem& item) const;
  std::shared_ptr<const NearBankProgram> interleaved(const WorkItem& item) const;
  NearBankOp planOutside(const Operator& op) const;
  Profile interleavedProfile(const NearBankProgram& program, const std::vector<Ticks>& times) const;
  MatrixWork workOf(const Product& product, std::int64_t outputs) const;
  bool lookedUp(const Operator& op) const;
  bool readsBack(const WorkItem& item, OpId id) const;
  std::int64_t lanes(int bits) const;
  double outsideRate() const;

  NearBankParams params_;
  CoefficientId activation_ = 0, cell_ = 0, bankGroup_ = 0, io_ = 0, tsv_ = 0, offChip_ = 0,
                command_ = 0, mac_ = 0, buffer_ = 0, element_ = 0, matrixMac_ = 0;
};

}  // namespace wattlas::pim::nearbank
