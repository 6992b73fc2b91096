// The steps of a network as differentiable functions of its weights.
#pragma once

#include <torch/torch.h>

#include <map>
#include <optional>

#include "execution/calibration.h"
#include "execution/network.h"
#include "execution/weight_format.h"

namespace wattlas {

class TorchNetwork {
 public:
  /// Weights drawn with `seed` (uniform, He et al.). Throws InputError naming operators that cannot
  /// be trained.
  TorchNetwork(const ExecutableNetwork& network, std::uint64_t seed,
               std::optional<ExecutionFormat> format);

  /// Logits of a batch: samples x values, channels first.
  torch::Tensor forward(const torch::Tensor& input, bool training);
  /// Trained tensors by the names of the archive.
  std::map<std::string, torch::Tensor>& parameters() { return parameters_; }
  const std::map<std::string, torch::Tensor>& statistics() const { return statistics_; }
  NumpyArchive archive() const;
  void load(const NumpyArchive& archive);
  /// Ranges of activations, part of what a restart needs; each a float.
  std::vector<ValueRange>& ranges() { return ranges_; }
  /// Runs a part of the network from now on: the first channels of each layer.
  void use(const ExecutableNetwork& part);
  /// Keeps only weights where the mask is 1, from now on.
  void prune(const std::string& pattern, double density);

 private:
  torch::Tensor step(const Step& step, const std::vector<torch::Tensor>& values, bool training);
  torch::Tensor convolution(const Step& step, const torch::Tensor& x);
  torch::Tensor pool(const Step& step, const torch::Tensor& x);
  torch::Tensor norm(const Step& step, const torch::Tensor& x, bool training);
  torch::Tensor weightOf(const Step& step);
  /// Of a trained tensor what the network in use needs.
  torch::Tensor parameter(const std::string& name) const;
  torch::Tensor biasOf(const Step& step) const;
  torch::Tensor rounded(std::size_t value, const torch::Tensor& x, bool training);

  const ExecutableNetwork* network_;
  std::map<std::string, std::vector<std::int64_t>> shapes_;  ///< of the network in use
  std::optional<ExecutionFormat> format_;
  std::map<std::string, torch::Tensor> parameters_, statistics_, masks_;
  std::vector<ValueRange> ranges_;  ///< of activations, followed while training
};

}  // namespace wattlas
