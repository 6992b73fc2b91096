// Any bytes are a journal, with more or less damage in it. An input that begins with 'r' is the
// file; any other is cut at "|next|" into payloads of sound records, so that what is behind the
// checksums is reached.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <stdexcept>

#include "explorer/campaign/journal_record.h"
#include "explorer/campaign/journal_set.h"
#include "explorer/campaign/journal_writer.h"
#include "tests/fuzz/file.h"

using namespace wattlas;

constexpr std::string_view border = "|next|";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string journal;
  std::vector<Hash128> keys;
  if (input.starts_with('r')) {
    journal = input.substr(1);
  } else {
    while (!input.empty()) {
      const std::string_view payload = input.substr(0, input.find(border));
      journal += encodeRecord(payload);
      if (payload.size() > 16) keys.push_back(keyOf(payload));
      input.remove_prefix(std::min(input.size(), payload.size() + border.size()));
    }
  }
  std::ofstream(fuzz::folder() + "/a.journal", std::ios::binary) << journal;
  JournalSet set(fuzz::folder(), {"time_s", "energy_j"});
  try {
    set.refresh();
    set.refresh();  // nothing is new
    for (const Hash128& key : keys)
      if (set.settled(key)) static_cast<void>(set.outcome(key));
    for (const JournalSummary& summary : set.summaries())
      if (summary.damage.bytes > journal.size()) __builtin_trap();
    set.requireAgreement();
  } catch (const JournalFailure&) {
  } catch (const ConflictError&) {
  }
  return 0;
}
