// Comparisons as data: the files configs/validation/GROUP.yaml. docs/validation.md describes them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "validation/probe.h"
#include "validation/row.h"

namespace wattlas {

/// One row that is written out in the file.
struct RowSpec {
  std::string id, quantity, unit, source;
  Settings settings;
  std::optional<Settings> over;  ///< ours is divided by what these settings give
  double reference = 0, gate = -1, target = -1;
  bool figure = false, higherIsBetter = false;
  std::vector<std::string> fittedOn;
};

/// Rows that are made from the lines of a data file.
struct FigureSpec {
  std::string name;  ///< {name} of the id
  /// Only lines whose cell of each column is one of the values.
  std::vector<std::pair<std::string, std::vector<std::string>>> where;
  double mean = -1, largest = -1, each = -1;  ///< gates of the statistics; negative = not made
  bool reported = false;                      ///< mean without a gate
  double target = -1;
  double above = 0;        ///< lines whose reference is less are left out, in the unit of the set
  std::size_t fewest = 1;  ///< groups with fewer lines are left out
  std::vector<std::string> fittedOn;
  std::string source;
};

struct SetSpec {
  std::string probe, source, quantity, unit;
  ReferenceBasis basis = ReferenceBasis::measured;
  Settings settings;
  std::vector<RowSpec> rows;
  // Of sets with a data file:
  std::string data, id, referenceColumn, peerColumn, peerName;
  std::vector<std::string> fidelities;  ///< empty: as the settings say
  std::vector<FigureSpec> figures;
  std::vector<std::string> fittedOn;
};

struct GroupSpec {
  std::string name, what;
  std::vector<SetSpec> sets;
};

/// Throws InputError with place: unknown keys, missing ones, a blind or seen row without a gate.
GroupSpec readGroup(const std::string& name, const SearchPath& path);

/// Size of a unit in SI ("us" -> 1e-6); 1 for everything that is no scaled unit ("cycles", "x").
double scaleOf(const std::string& unit);

// From comparisons as data to rows: one runner for every group.

using Probes = std::map<std::string, Probe>;

/// Asks the probes and fills the rows in the order of the file. Nothing is fitted here. A question
/// that has no answer is a row without a number, which fails its gate; lines of a data file that
/// have none are left out of a mean and counted in its `quantity`.
/// Throws InputError: unknown probe, figure or column.
ValidationRows validationRows(const GroupSpec& group, const Probes& probes, const SearchPath& path);

}  // namespace wattlas
