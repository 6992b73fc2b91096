// A valid results file with changes to it, behind a right end mark: it is read, or an InputError.
// An input is a list of changes of seven bytes: what, place (3), value (3).
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "models/base/error.h"
#include "results/store.h"
#include "results/store_layout.h"
#include "results/store_table.h"
#include "tests/fuzz/file.h"

using namespace wattlas;

namespace {

constexpr std::size_t bytesEach = 7;

std::string validBody() {
  StoreWriter writer({"fuzz", "node", "activity", "name: fuzz\n"});
  for (int i = 0; i < 3; ++i) {
    PointRow row;
    row.id = "id" + std::to_string(i);
    row.platform = "upmem-dimm";
    row.scope = "node";
    row.timeS = row.energyJ = 1.0 + i;
    row.parameters = {{"dpu.clock", "350 MHz"}};
    row.extra = {{"decode.energy_j", 1.5}};
    writer.append(row, "{\"schema\": 1}");
  }
  writer.addTable(tableOf<HistoryStep>({{1, 0.5, 1, "net"}, {2, 0.75, 1, "net"}}));
  std::string bytes = writer.finish();
  bytes.resize(bytes.size() - layout::endSize);
  return bytes;
}

std::uint32_t number(const std::uint8_t* at) {
  return at[0] | std::uint32_t{at[1]} << 8 | std::uint32_t{at[2]} << 16;
}

void change(std::string& bytes, const std::uint8_t* how) {
  if (bytes.size() < 64) return;
  const std::size_t at = number(how + 1) % (bytes.size() - 8);
  const std::uint32_t value = number(how + 4);
  switch (how[0] % 6) {
    case 0:
      bytes[at] = static_cast<char>(value);
      return;
    case 1:
      std::memcpy(bytes.data() + at, &value, 4);
      return;
    case 2:  // a length or an address that is far too large
      std::memset(bytes.data() + at, 0xFF, 1 + value % 8);
      return;
    case 3:
      bytes.resize(std::max<std::size_t>(64, at));
      return;
    case 4:  // one part over another
      std::memmove(bytes.data() + at, bytes.data() + value % (bytes.size() - 8), 8);
      return;
    default:
      bytes.insert(at, 1 + value % 4096, static_cast<char>(value >> 16));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string valid = validBody();
  std::string bytes = valid;
  for (std::size_t at = 0; at + bytesEach <= std::min<std::size_t>(size, 16 * bytesEach);
       at += bytesEach)
    change(bytes, data + at);
  const fuzz::File file(bytes + layout::endMark(bytes));
  try {
    const Store store(file.path());
    for (std::size_t i = 0; i < store.rows().size(); ++i) {
      static_cast<void>(store.json(i));
      static_cast<void>(store.result(i));
    }
    static_cast<void>(rowsOf<HistoryStep>(store));
  } catch (const InputError&) {
  }
  return 0;
}
