// `dpu run --trace`: one line per issued instruction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "models/base/atomic_file.h"
#include "pim/dpu/exec/options.h"

namespace wattlas {

class DpuTrace {
 public:
  /// `file`: "-" for stderr. `tasklets`: "0,3,8-11", `range`: "FROM-TO" (instruction indices or
  /// symbols) or one symbol; empty = all. Throws InputError.
  DpuTrace(const std::string& file, const dpu::Program& program, const std::string& tasklets,
           const std::string& range);

  void write(const dpu::TraceEvent& event);
  /// Puts the file in place. Throws InputError when it could not be written.
  void finish();

 private:
  std::uint32_t place(const std::string& text, bool last) const;

  void flush();

  const dpu::Program& program_;
  std::optional<AtomicFile> file_;  ///< none: stderr
  std::string pending_;
  std::uint32_t tasklets_ = ~0U, from_ = 0, to_ = ~0U;
};

}  // namespace wattlas
