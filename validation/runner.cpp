#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "models/base/units.h"
#include "validation/group_file.h"
#include "validation/operator_csv.h"

namespace wattlas {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

const Probe& probeOf(const SetSpec& set, const Probes& probes) {
  const auto at = probes.find(set.probe);
  if (at != probes.end()) return at->second;
  std::vector<std::string> known;
  for (const auto& [name, probe] : probes) known.push_back(name);
  throw InputError("'" + set.probe.substr(0, 40) + "' is no probe", "one of the probes that exist",
                   didYouMean(set.probe, known));
}

/// Throws InputError when the answer does not have the figure; NaN when there is no answer.
double figureOf(const Answer& answer, const std::string& quantity, const std::string& who) {
  if (!answer.reason.empty()) return nothing;
  const auto at = answer.figures.find(quantity);
  if (at != answer.figures.end()) return at->second;
  std::vector<std::string> known;
  for (const auto& [name, value] : answer.figures) known.push_back(name);
  throw InputError(who + ": there is no figure '" + quantity.substr(0, 60) + "'", {},
                   didYouMean(quantity, known));
}

void writtenRows(const std::string& group, const SetSpec& set, const Probe& probe,
                 ValidationRows& out) {
  // Rows of one run ask for it once.
  std::vector<Settings> questions;
  const auto indexOf = [&](const Settings& s) {
    const auto at = std::find(questions.begin(), questions.end(), s);
    const auto index = static_cast<std::size_t>(at - questions.begin());
    if (at == questions.end()) questions.push_back(s);
    return index;
  };
  std::vector<std::pair<std::size_t, std::optional<std::size_t>>> asked;
  for (const RowSpec& spec : set.rows) {
    const std::size_t mine = indexOf(spec.settings);
    asked.emplace_back(mine, spec.over ? std::optional(indexOf(*spec.over)) : std::nullopt);
  }
  const std::vector<Answer> answers = probe(questions);
  for (std::size_t i = 0; i < set.rows.size(); ++i) {
    const RowSpec& spec = set.rows[i];
    ValidationRow row;
    row.group = group;
    row.id = spec.id;
    row.kind = kindOf(set.basis, spec.fittedOn);
    row.quantity = spec.quantity;
    row.unit = spec.unit;
    row.reference = spec.reference;
    row.gate = spec.gate;
    row.target = spec.target;
    row.figure = spec.figure;
    row.higherIsBetter = spec.higherIsBetter;
    row.source = spec.source;
    row.fittedOn = spec.fittedOn;
    const Answer& mine = answers[asked[i].first];
    double ours = figureOf(mine, spec.quantity, spec.id) / scaleOf(spec.unit);
    row.reason = mine.reason;
    if (asked[i].second) {
      ours /= figureOf(answers[*asked[i].second], spec.quantity, spec.id) / scaleOf(spec.unit);
      if (row.reason.empty()) row.reason = answers[*asked[i].second].reason;
    }
    row.ours = rounded(ours);
    out.push_back(std::move(row));
  }
}

/// "{device} {name}" with the cells of a line; names that no column has stay for the caller.
std::string expanded(std::string text, const Settings& line, const FigureSpec& figure,
                     const std::string& fidelity) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find('{', at), close = text.find('}', open);
    if (close == std::string::npos) return out + text.substr(at);
    const std::string name = text.substr(open + 1, close - open - 1);
    out += text.substr(at, open - at);
    if (name == "name")
      out += figure.name;
    else if (name == "fidelity")
      out += fidelity;
    else if (const std::string* cell = line.find(name))
      out += *cell;
    else if (name == "statistic")
      out += "{statistic}";
    else
      throw InputError("id '" + text + "': there is no column '" + name.substr(0, 40) + "'");
    at = close + 1;
  }
  return out;
}

bool chosen(const FigureSpec& figure, const Settings& line) {
  return std::all_of(figure.where.begin(), figure.where.end(), [&](const auto& condition) {
    const std::string* cell = line.find(condition.first);
    if (cell == nullptr)
      throw InputError("where: there is no column '" + condition.first.substr(0, 40) + "'");
    return std::find(condition.second.begin(), condition.second.end(), *cell) !=
           condition.second.end();
  });
}

class DataRows {
 public:
  DataRows(const std::string& group, const SetSpec& set, const Probe& probe, const SearchPath& path,
           ValidationRows& out)
      : group_(group), set_(set), out_(out) {
    const auto file = path.findPart("validation/" + set.data);
    if (!file) throw InputError("validation/" + set.data + " was not found on the search path");
    const CsvFile csv = CsvFile::read(*file, set.referenceColumn, true);
    for (const CsvRecord& record : csv.records) {
      if (record.cells.size() > csv.header.size())
        throw InputError(
            Problem{{*file, record.line}, {}, "has more cells than the header", {}, {}});
      Settings line = set.settings;
      for (std::size_t i = 0; i < record.cells.size(); ++i)
        line.put(csv.header[i], record.cells[i]);
      if (line.get(set.referenceColumn).empty()) continue;
      lines_.push_back(std::move(line));
    }
    const auto fidelities = set.fidelities.empty() ? std::vector<std::string>{""} : set.fidelities;
    for (const FigureSpec& figure : set.figures) makeGroups(figure, fidelities.front());
    for (const std::string& fidelity : fidelities) ask(probe, fidelity);
    for (const FigureSpec& figure : set.figures)
      for (const std::vector<std::size_t>& members : groups_[&figure])
        for (const std::string& fidelity : fidelities) make(figure, members, fidelity);
  }

 private:
  void makeGroups(const FigureSpec& figure, const std::string& fidelity) {
    std::vector<std::string> ids;
    auto& groups = groups_[&figure];
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (!chosen(figure, lines_[i]) || lines_[i].number(set_.referenceColumn) < figure.above)
        continue;
      const std::string id = expanded(set_.id, lines_[i], figure, fidelity);
      const auto at = std::find(ids.begin(), ids.end(), id);
      const auto index = static_cast<std::size_t>(at - ids.begin());
      if (at == ids.end()) {
        ids.push_back(id);
        groups.emplace_back();
      }
      groups[index].push_back(i);
    }
    std::erase_if(groups, [&](const auto& members) { return members.size() < figure.fewest; });
    if (groups.empty())
      throw InputError("validation/" + set_.data + ": no line belongs to figure '" + figure.name +
                       "'");
  }

  void ask(const Probe& probe, const std::string& fidelity) {
    std::vector<std::size_t> wanted;
    for (const auto& [figure, groups] : groups_)
      for (const auto& members : groups)
        wanted.insert(wanted.end(), members.begin(), members.end());
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    std::vector<Settings> questions;
    for (const std::size_t i : wanted) {
      questions.push_back(lines_[i]);
      if (!fidelity.empty()) questions.back().put("fidelity", fidelity);
    }
    std::vector<Answer> answers = probe(questions);
    for (std::size_t k = 0; k < wanted.size(); ++k)
      answers_[{fidelity, wanted[k]}] = std::move(answers[k]);
  }

  void make(const FigureSpec& figure, const std::vector<std::size_t>& members,
            const std::string& fidelity) {
    const std::string id = expanded(set_.id, lines_[members.front()], figure, fidelity);
    const double scale = scaleOf(set_.unit);
    double sum = 0, largest = 0, peerSum = 0, peerLargest = 0;
    std::size_t counted = 0, peers = 0;
    std::vector<RowPoint> points;
    for (const std::size_t i : members) {
      const Answer& answer = answers_.at({fidelity, i});
      RowPoint p{expanded(pointName(lines_[i]), lines_[i], figure, fidelity),
                 figureOf(answer, set_.quantity, id),
                 lines_[i].number(set_.referenceColumn) * scale, answer.reason};
      if (std::isfinite(p.ours)) {
        const double error = std::abs(p.ours / p.reference - 1);
        sum += error;
        largest = std::max(largest, error);
        ++counted;
      }
      if (!set_.peerColumn.empty() && !lines_[i].get(set_.peerColumn).empty()) {
        const double error = std::abs(lines_[i].number(set_.peerColumn) * scale / p.reference - 1);
        peerSum += error;
        peerLargest = std::max(peerLargest, error);
        ++peers;
      }
      points.push_back(std::move(p));
    }
    const double mean = counted > 0 ? sum / static_cast<double>(counted) : nothing;
    const double peerMean = peers > 0 ? peerSum / static_cast<double>(peers) : 0;
    if (figure.mean >= 0 || figure.reported)
      add(figure, id, "mean", mean, peerMean, figure.mean, counted, points);
    if (figure.largest >= 0)
      add(figure, id, "max", counted > 0 ? largest : nothing, peerLargest, figure.largest, counted,
          points);
    if (figure.each >= 0) addEach(figure, id, points);
  }

  static std::string pointName(const Settings& line) {
    std::string name;
    for (const auto& [key, value] : line.entries())
      if (!value.empty() && key != "source" && !key.starts_with("measured") && key != "note")
        name += (name.empty() ? "" : " ") + key + "=" + value;
    return name;
  }

  ValidationRow base(const FigureSpec& figure, std::string id, const std::string& statistic) const {
    const std::string mark = "{statistic}";
    if (const auto at = id.find(mark); at != std::string::npos)
      id.replace(at, mark.size(), statistic);
    ValidationRow row;
    row.group = group_;
    row.id = std::move(id);
    row.kind = kindOf(set_.basis, figure.fittedOn);
    row.source = figure.source;
    row.fittedOn = figure.fittedOn;
    row.target = figure.target;
    return row;
  }

  void add(const FigureSpec& figure, const std::string& id, const std::string& statistic,
           double ours, double peer, double gate, std::size_t counted,
           const std::vector<RowPoint>& points) {
    ValidationRow row = base(figure, id, statistic);
    row.quantity = fmt::format("{} error of {} over {} of {} values",
                               statistic == "max" ? "largest" : statistic, set_.quantity, counted,
                               points.size());
    if (!set_.peerColumn.empty()) row.quantity += "; reference: " + set_.peerName;
    row.unit = "1";
    row.figure = true;
    row.ours = rounded(ours);
    row.reference = rounded(peer);
    row.gate = gate;
    row.points = points;
    if (counted == 0) row.reason = points.front().reason;
    out_.push_back(std::move(row));
  }

  void addEach(const FigureSpec& figure, const std::string& id,
               const std::vector<RowPoint>& points) {
    if (points.size() > 1)
      throw InputError("validation/" + set_.data + ": " + std::to_string(points.size()) +
                       " lines have the id '" + id + "' of `each`");
    ValidationRow row = base(figure, id, "each");
    row.quantity = set_.quantity;
    row.unit = set_.unit;
    row.ours = rounded(points.front().ours / scaleOf(set_.unit));
    row.reference = rounded(points.front().reference / scaleOf(set_.unit));
    row.gate = figure.each;
    row.reason = points.front().reason;
    out_.push_back(std::move(row));
  }

  const std::string& group_;
  const SetSpec& set_;
  ValidationRows& out_;
  std::vector<Settings> lines_;
  std::map<const FigureSpec*, std::vector<std::vector<std::size_t>>> groups_;
  std::map<std::pair<std::string, std::size_t>, Answer> answers_;
};

}  // namespace

ValidationRows validationRows(const GroupSpec& group, const Probes& probes,
                              const SearchPath& path) {
  ValidationRows rows;
  for (const SetSpec& set : group.sets) {
    const Probe& probe = probeOf(set, probes);
    if (set.data.empty())
      writtenRows(group.name, set, probe, rows);
    else
      DataRows(group.name, set, probe, path, rows);
  }
  std::vector<std::string> ids;
  for (const ValidationRow& row : rows) ids.push_back(row.id);
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end())
    throw InputError("group " + group.name + " has two rows '" + *twice + "'");
  return rows;
}

}  // namespace wattlas
