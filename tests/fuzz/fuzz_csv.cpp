// Any bytes are a table of operators or an InputError.
#include <cstddef>
#include <cstdint>

#include "models/base/error.h"
#include "tests/fuzz/file.h"
#include "validation/operator_csv.h"

using namespace wattlas;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::File file({reinterpret_cast<const char*>(data), size});
  for (const bool comments : {false, true}) {
    try {
      CsvFile::stream(file.path(), "op", comments, {}, [](const CsvFile& header, CsvRecord&& row) {
        try {
          static_cast<void>(operatorOf(header, row));
        } catch (const InputError&) {
          // The reason of this row; the others go on.
        }
      });
    } catch (const InputError&) {
    }
  }
  return 0;
}
