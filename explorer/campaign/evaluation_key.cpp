#include "explorer/campaign/evaluation_key.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "models/metric.h"

namespace wattlas {
namespace {

/// The note of the main program, which the loader lists first.
int findBuildId(dl_phdr_info* info, std::size_t, void* out) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = info->dlpi_phdr[i];
    if (part.p_type != PT_NOTE) continue;
    const char* at = reinterpret_cast<const char*>(info->dlpi_addr + part.p_vaddr);
    const char* const end = at + part.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const char* name = at + sizeof note;
      const char* data = name + (note.n_namesz + 3U) / 4U * 4U;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && data + note.n_descsz <= end &&
          std::memcmp(name, "GNU", 4) == 0) {
        *static_cast<std::string*>(out) = std::string(data, note.n_descsz);
        return 1;
      }
      at = data + (note.n_descsz + 3U) / 4U * 4U;
    }
  }
  return 1;  // only the first entry
}

}  // namespace

std::string buildFingerprint() {
  std::string bytes;
  dl_iterate_phdr(findBuildId, &bytes);
  if (bytes.empty()) {
    std::ifstream self("/proc/self/exe", std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(self), {});
  }
  return hashText(bytes).hex().substr(0, 16);
}

EvaluationKeys::EvaluationKeys(const Study& study, bool withDetail, const std::string& build) {
  Hasher hasher;
  hasher.text("wattlas evaluation 1").text(build).text(study.fidelity).integer(withDetail ? 1 : 0);
  for (const int metric : study.metrics) hasher.text(metricAt(metric).name);
  for (const Constraint& constraint : study.constraints)
    hasher.text(constraint.expression.source());
  // Names in constraints may be derived values that set nothing and are in no point id.
  for (const DerivedValue& derived : study.derived)
    hasher.text(derived.key).text(derived.expression.source());
  hasher.text(study.accuracy.inputs);
  context_ = hasher.finish();
}

}  // namespace wattlas
