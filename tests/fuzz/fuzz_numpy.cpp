// Any bytes are an array, an archive of arrays, or an InputError; what was read is written and read
// again to the same.
#include <cstddef>
#include <cstdint>

#include "execution/npy.h"
#include "models/base/error.h"

using namespace wattlas;

namespace {

void check(const NumpyArray& array) {
  const NumpyArray again = parseNpy(npyBytes(array), "again");
  if (again.shape != array.shape || again.bytes != array.bytes) __builtin_trap();
  if (static_cast<std::int64_t>(array.reals().size()) != array.size()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    check(parseNpy(bytes, "fuzz"));
  } catch (const InputError&) {
  }
  try {
    const NumpyArchive archive = parseNpz(bytes, "fuzz");
    for (const auto& [name, array] : archive) check(array);
    if (parseNpz(npzBytes(archive), "again").size() != archive.size()) __builtin_trap();
  } catch (const InputError&) {
  }
  return 0;
}
