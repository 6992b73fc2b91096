#include "validation/row.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/base/error.h"
#include "models/base/units.h"

namespace wattlas {
namespace {

bool isParameter(const std::string& entry) {
  return entry.starts_with("parameter ");
}

/// `group/id: text` entries; nested maps of the file are for people.
std::map<std::string, std::string> entriesOf(const SearchPath& path, const std::string& name) {
  std::map<std::string, std::string> out;
  const auto file = path.findPart("validation/" + name);
  if (!file) return out;
  const ConfigNode tree = loadConfig(*file, path);
  for (const auto& [key, value] : tree.entries())
    if (value.isScalar()) out[key] = value.scalar();
  return out;
}

}  // namespace

const char* nameOf(RowKind kind) {
  static constexpr const char* names[rowKindCount] = {"identity", "calibration", "seen", "blind"};
  return names[static_cast<int>(kind)];
}

RowKind kindOf(ReferenceBasis basis, const std::vector<std::string>& fittedOn) {
  for (const std::string& entry : fittedOn)
    if (!isParameter(entry) && !entry.starts_with("form "))
      throw InputError("fitted_on: '" + entry.substr(0, 60) + "' says neither what was fitted",
                       "'parameter NAME' or 'form TEXT'");
  if (basis == ReferenceBasis::equations) return RowKind::identity;
  if (fittedOn.empty()) return RowKind::blind;
  return std::any_of(fittedOn.begin(), fittedOn.end(), isParameter) ? RowKind::calibration
                                                                    : RowKind::seen;
}

double ValidationRow::error() const {
  if (figure) return ours;
  if (reference == 0) return std::abs(ours);
  return std::abs(ours - reference) / std::abs(reference);
}

bool ValidationRow::pass() const {
  if (!gated()) return true;
  const double e = error();
  if (!std::isfinite(e)) return false;
  return higherIsBetter ? e >= gate : e <= gate;
}

int ValidationRow::fittedParameters() const {
  return static_cast<int>(std::count_if(fittedOn.begin(), fittedOn.end(), isParameter));
}

const char* nameOf(Verdict verdict) {
  static constexpr const char* names[] = {"pass", "GAP", "FAIL", "WORSE", "-"};
  return names[static_cast<std::size_t>(verdict)];
}

Judge::Judge(const SearchPath& path, bool strict)
    : gaps_(entriesOf(path, "known-gaps.yaml")),
      achieved_(entriesOf(path, "achieved.yaml")),
      strict_(strict) {}

Judged Judge::judge(const ValidationRow& row) const {
  Judged out{row, row.gated() ? Verdict::pass : Verdict::ungated, row.reason};
  const std::string key = row.group + "/" + row.id;
  if (!row.pass()) {
    const auto gap = gaps_.find(key);
    out.verdict = gap != gaps_.end() && !strict_ ? Verdict::gap : Verdict::fail;
    if (gap != gaps_.end()) out.note = gap->second;
  }
  // The ratchet: an error may not grow beyond what was reached before (1 % of slack for the
  // twelfth digit and rounding of the file).
  const auto best = achieved_.find(key);
  if (best != achieved_.end() && out.verdict != Verdict::fail) {
    const double reached = parseQuantity(best->second, Dimension::ratio);
    const double now = row.error();
    const bool worse =
        row.higherIsBetter ? !(now >= reached * 0.99 - 1e-9) : !(now <= reached * 1.01 + 1e-9);
    if (worse) {
      out.verdict = Verdict::worse;
      out.note = fmt::format("was {:.4g} (configs/validation/achieved.yaml)", reached);
    }
  }
  return out;
}

std::vector<std::string> Judge::staleGaps(const std::string& group,
                                          const ValidationRows& rows) const {
  std::vector<std::string> out;
  for (const auto& gap : gaps_) {
    const std::string& key = gap.first;
    if (!key.starts_with(group + "/")) continue;
    const auto at = std::find_if(rows.begin(), rows.end(), [&](const ValidationRow& row) {
      return key == row.group + "/" + row.id;
    });
    if (at == rows.end() || at->pass()) out.push_back(key);
  }
  return out;
}

void Tally::add(const Judged& judged) {
  ++count_[static_cast<std::size_t>(judged.row.kind)][static_cast<std::size_t>(judged.verdict)];
}

int Tally::of(RowKind kind) const {
  int sum = 0;
  for (const int n : count_[static_cast<std::size_t>(kind)]) sum += n;
  return sum;
}

int Tally::of(Verdict verdict) const {
  int sum = 0;
  for (const auto& kind : count_) sum += kind[static_cast<std::size_t>(verdict)];
  return sum;
}

}  // namespace wattlas
