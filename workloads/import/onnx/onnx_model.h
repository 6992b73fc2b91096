// Reader of ONNX models. Inside the module; headers of ONNX and protobuf stay in .cpp files.
#pragma once

#include <string_view>

#include "workloads/import/import.h"

namespace wattlas::onnx_import {

/// `name` becomes the title.
ImportedModel importFile(const std::string& file, const std::string& name,
                         const ImportOptions& options);
/// The same for bytes in memory; `file` is for messages and for data beside the model.
ImportedModel importBytes(std::string_view bytes, const std::string& file, const std::string& name,
                          const ImportOptions& options);

}  // namespace wattlas::onnx_import
