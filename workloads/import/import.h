// Networks of other programs -> workload descriptions, as a file of the library holds them: ONNX
// graphs and configurations of Hugging Face models.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/base/config.h"

namespace wattlas {

struct ImportOptions {
  std::string as;                            ///< onnx, hf, or empty: by content
  std::map<std::string, std::int64_t> bind;  /// values of dimensions and of scalar inputs by name
  bool allowUnknown = false;                 ///< unknown operators become a note, not an error
};

struct UnknownOperator {
  std::string op;
  std::int64_t count = 0;
};

struct ImportedModel {
  ConfigNode description;  ///< tree of a workload file
  std::vector<std::string> notes;
  std::vector<UnknownOperator> unknown;  ///< empty unless allowed
};

/// Reads `path`: a file of ONNX, a config.json, or a folder that holds one. Throws InputError: what
/// it is not able to represent, all of it at once.
ImportedModel importModel(const std::string& path, const ImportOptions& options = {});
/// Whether `path` looks like a model that importModel can read.
bool isForeignModel(const std::string& path);
/// Description of a model for `-w`: importModel with notes in `note`.
ConfigNode readForeignModel(const std::string& path);
/// One example of ONNX's own tests: a folder with model.onnx and test_data_set_0.
struct OnnxExample {
  bool imported = false;  ///< every operator has a meaning here
  bool exact = false;     ///< all outputs have the shapes of the reference
  bool executed = false;  ///< evaluated on the inputs, all outputs have the values of the reference
  std::string reason;     ///< why not
};
OnnxExample readOnnxExample(const std::string& folder);
/// Whether this build can read ONNX.
bool readsOnnx();

}  // namespace wattlas
