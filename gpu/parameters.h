// Parameters of a GPU: what a device file holds. Rates are dense (no structured sparsity) and per
// streaming multiprocessor (SM; "compute unit" on CDNA) and clock.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/base/parameter.h"

namespace wattlas::gpu {

/// MACs that an SM starts per clock; 0 = the unit does not exist (formats are then emulated).
struct MacRates {
  std::int64_t cluster = 1;  ///< CTAs that share operand loads from L2 (multicast)
  Sourced<Ratio> fp32, tf32, fp16, bf16, fp8, fp4, int8, int4, binary;
  void bind(Binder& b);
};

/// Ordinary (non-matrix) lanes of an SM, operations per clock.
struct VectorRates {
  Sourced<Ratio> fp32;     ///< FMA
  Sourced<Ratio> fp16;     ///< FMA, packed
  Sourced<Ratio> int32;    ///< multiply-add
  Sourced<Ratio> logic;    ///< 32-bit XOR + population count
  Sourced<Ratio> special;  ///< exponentials
  void bind(Binder& b);
};

struct MemorySystem {
  std::string type;
  Sourced<Bits> capacity;
  Sourced<BitRate> bandwidth;
  Sourced<Ratio> reach;  ///< reachable share over that of the part the constants were fitted on
  Sourced<Bits> l2Size;
  Sourced<BitRate> l2Bandwidth;    ///< at the nominal clock
  Sourced<Ratio> l2ResidentShare;  ///< half of a loop of this share of the L2 size still hits
  Sourced<Ratio> l2Steepness;      ///< how sharply hits fall around that size
  Sourced<Bits> sharedMemory;      ///< per SM, usable by matrix kernels
  void bind(Binder& b);
};

/// Constants of the matrix kernels, fitted per (device, software stack), never pooled.
struct MatrixFit {
  Sourced<Seconds> start;         ///< t0: fixed time of a kernel on the device
  Sourced<Ratio> efficiency;      ///< eta: share of the peak MAC rate the largest tile reaches
  Sourced<Ratio> dramEfficiency;  ///< eta_d: share of the DRAM peak
  Sourced<Seconds> latency;       ///< lat: memory latency under load, pipeline fill
  Sourced<Ratio> tilePenalty;     ///< pen: how much smaller tiles lose
  Sourced<Ratio> overlapLoss;     ///< ov: share of memory time that compute does not hide
  Sourced<Ratio> ctasToFill;      ///< CTAs that an SM needs to reach its rate
  bool finerTiles = false;        ///< the library also has tiles of 192, 160 and 96
  /// Tile of the one kernel that the library has for batched products; 0 = it chooses.
  std::int64_t batchedRows = 0, batchedColumns = 0;
  void bind(Binder& b);
};

/// Convolutions: implicit product over windows, or Winograd's transforms for 3x3 with stride 1.
struct ConvolutionFit {
  Sourced<Seconds> start;
  Sourced<Ratio> efficiency;      ///< share of the peak MAC rate of the implicit product
  Sourced<Ratio> winograd;        ///< of the fused F(2x2) kernel, of its own multiplications
  Sourced<Ratio> winogradStored;  ///< of the product of F(4x4), whose transforms are stored
  Sourced<Ratio> memory;          ///< share of the DRAM peak
  Sourced<Ratio> tilePenalty;     ///< loss of tiles smaller than 256x128
  Sourced<Ratio> ctasToFill;
  std::int64_t fewestChannels = 8;  ///< input channels below which Winograd is not chosen
  void bind(Binder& b);
};

/// What a software stack launches beside the kernels of its libraries.
struct StackRules {
  /// Dynamic quantisation of 16-bit activations before fp8, int8 and fp4 products by kernels of its
  /// own: fixed time, and bytes moved an element. 0 = none (static scales, or fused).
  Sourced<Seconds> quantiseStart;
  Sourced<Ratio> quantiseBytes;
  bool graph = false;          ///< kernels are replayed as a CUDA graph
  bool fusedAttention = true;  ///< false: stored scores, with kernels for scale, mask and softmax
  std::int64_t scoreKernels = 2;  ///< element kernels over stored scores beside the softmax
  std::int64_t geluKernels = 1;   ///< element kernels of one GELU
  /// Element operators that ride in the kernel of the product or convolution before them, at most.
  std::int64_t epilogues = 0;
  bool normWithAdd = false;  ///< a norm adds the residual before it
  std::int64_t streams = 1;  ///< independent neighbours that are launched beside each other
  /// A kernel of its own writes the new keys and values of a prefill to the cache, a CTA for each
  /// token: its life, and what each round of its threads over the token's values adds. 0 = none.
  Sourced<Seconds> cacheWriteToken, cacheWriteRound;
  /// Between two measured calls of a single operator; the power limit holds for the average.
  Sourced<Seconds> rest;
  /// Regions of more than one operator exist.
  bool fuses() const { return epilogues > 0 || normWithAdd || streams > 1; }
  void bind(Binder& b);
};

/// Fused attention kernels of one library. A CTA holds a block of queries and walks over blocks of
/// keys; decode splits the keys when the CTAs would not fill the SMs.
struct AttentionFit {
  Sourced<Seconds> prefillStart, decodeStart;
  Sourced<Ratio> prefillEfficiency;  ///< share of the peak MAC rate in the blocks of a prefill
  Sourced<Ratio> decodeEfficiency;   ///< share of the DRAM peak
  Sourced<BitRate> smBandwidth;      ///< keys and values that a CTA alone on an SM works through
  Sourced<BitRate> appendBandwidth;  ///< new keys that a CTA copies to the cache; 0 = not its job
  Sourced<Seconds> blockTime;        ///< start and end of one decode CTA
  Sourced<Seconds> queryBlockTime;   ///< start and end of one query block in prefill
  Sourced<Seconds> combine;          ///< kernel that merges split keys
  Sourced<Seconds> regroup;          ///< kernels that bring query heads of a key head together
  std::int64_t queryRows = 64;       ///< queries of a CTA in prefill
  std::int64_t slots = 2;            ///< CTAs that an SM holds
  std::string splitRule;             ///< "waves" (fill the SMs) or "work" (equal shares of keys)
  std::int64_t splitSlots = 1;       ///< CTAs per SM that the rule "waves" wants
  std::int64_t splitLength = 0;      ///< keys that the rule is asked for; 0 = those there are
  std::int64_t splitHeads = 0;       ///< key heads that the rule is asked for; 0 = those there are
  bool splitSingle = true;           ///< also split when every query head has keys of its own
  void bind(Binder& b);
};

/// Law of one class of streaming kernels.
struct StreamFit {
  Sourced<Seconds> start;
  Sourced<Ratio> efficiency;  ///< share of the DRAM (or L2) peak
  Sourced<Seconds> rowTime;   ///< a CTA's time for one row of 4,096 elements
  void bind(Binder& b);
};

struct StreamFits {
  StreamFit add, gated, activation, norm, rope, softmax, gather;
  std::int64_t elementBits = 16;  ///< of the elements whose row times these are
  /// GB/s of memory bandwidth for each SM of the part they were measured on; with more of it rows
  /// take less.
  Sourced<Ratio> measuredPerSm;
  void bind(Binder& b);
};

/// Ring and NVLS collectives: t = start + perDevice n + root sqrt(S) + S 2(n-1) / (n bandwidth).
struct CollectiveFit {
  Sourced<Seconds> start, perDevice;
  Sourced<Seconds> rootPerMegabyte;  ///< the square-root term at S = 1 MB
  Sourced<BitRate> bandwidth;        ///< algorithm bandwidth; 0 = no link between devices
  void bind(Binder& b);
};

/// What the clock of a measurement sees of the host for one kind of call.
struct CallCost {
  Sourced<Seconds> before;  ///< between the first event record and the kernel's arrival
  Sourced<Seconds> least;   ///< two events around a call are at least this far apart
  Sourced<Seconds> sync;    ///< added by timing at the host with synchronisation
  void bind(Binder& b);
};
struct CallCosts {
  CallCost element, module, softmax, norm, product, batched, convolution, attention;
  void bind(Binder& b);
};

struct LaunchParameters {
  Sourced<Seconds> perKernel;     ///< host time to launch one kernel
  Sourced<Seconds> perGraphNode;  ///< the same inside a CUDA graph
  Sourced<Seconds> hostSync;      ///< of a call that a host thread issues and waits for
  CallCosts calls;                ///< by kind of call, for measurements
  bool graph = false;
  void bind(Binder& b);
};

struct EnergyParameters {
  Sourced<Joules> macFp32, macFp16, macFp8, macFp4, macInt8, macInt4, macBinary, vectorOp;
  Sourced<JoulesPerBit> dram, l2, shared, link;
  Sourced<Joules> launch;
  void bind(Binder& b);
};

struct PowerParameters {
  Sourced<Watts> tdp, idle, active;
  Sourced<Watts> uncore;           ///< while a kernel runs, whatever the clock: memory, fabric
  Sourced<Ratio> voltageExponent;  ///< supply voltage follows clock^exponent
  Sourced<Ratio> voltageFloor;     ///< lowest supply voltage over that at the nominal clock
  Sourced<Ratio> lowestClock;      ///< share of the nominal clock
  bool capped = true;
  void bind(Binder& b);
};

/// All constants of one software stack.
struct Calibration {
  std::string stack;                 ///< the software stack they were measured on
  std::vector<std::string> aliases;  ///< further exact names by which rows may ask for it
  MatrixFit gemm;                    ///< on the matrix units
  MatrixFit lanes;                   ///< on the ordinary lanes
  ConvolutionFit convolution;
  AttentionFit attention;
  StreamFits stream;
  CollectiveFit collective;
  StackRules launches;
  void bind(Binder& b);
};

struct Parameters {
  std::string title, architecture;
  std::string stack;  ///< software stack that runs; none = library kernels alone
  std::int64_t sms = 0;
  Sourced<Hertz> clock;
  MacRates matrix;
  VectorRates vector;
  MemorySystem memory;
  Sourced<BitRate> hostLink;   ///< per direction
  Sourced<BitRate> groupLink;  ///< in a group of devices; 0 = that of the constants
  Sourced<Seconds> copyLatency;
  Sourced<SquareMm> area;
  Calibration fit;                               ///< of the library kernels alone
  std::map<std::string, Calibration> otherFits;  ///< software stacks, asked for by name
  LaunchParameters launch;
  EnergyParameters energy;
  PowerParameters power;

  void bind(Binder& b);
  /// Bandwidth of a group of these devices, bits/s; 0 = they are not linked.
  double groupBandwidth() const;
  /// Constants of the stack `wanted`; null when it is not known.
  const Calibration* findFit(const std::string& wanted) const;
  std::vector<std::string> stackNames() const;
};

}  // namespace wattlas::gpu
