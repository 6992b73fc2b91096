// The DPU kernels in assembly below configs/kernels/dpu, assembled on demand.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "models/base/config.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu {

class KernelLibrary {
 public:
  explicit KernelLibrary(const SearchPath& path) : path_(path) {}

  /// The program of kernels/dpu/<name>.s for that many tasklets. Throws InputError when there is no
  /// such file or it does not assemble.
  const Program& program(const std::string& name, unsigned tasklets, const Defines& defines = {});

 private:
  SearchPath path_;
  std::map<std::string, Program> programs_;
};

}  // namespace wattlas::dpu
