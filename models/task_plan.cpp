#include "models/task_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "models/collective.h"
#include "models/heft.h"

namespace wattlas {
namespace {

class TaskPlanner {
 public:
  TaskPlanner(const TaskFile& file, const Platform& platform, const Network& network)
      : file_(file), platform_(platform), network_(network) {}

  TaskPlan run() {
    for (std::size_t i = 0; i < file_.tasks.size(); ++i) index_[file_.tasks[i].name] = i;
    checkCircles();
    place();
    problems_.finish();
    last_.resize(file_.tasks.size());
    first_.resize(file_.tasks.size());
    foldGroups();
    for (std::size_t i = 0; i < file_.tasks.size(); ++i) {
      try {
        add(i);
      } catch (const InputError& error) {
        for (Problem problem : error.problems()) {
          problem.place = file_.tasks[i].place;
          problem.key = file_.tasks[i].name;
          problems_.add(std::move(problem));
        }
      }
    }
    problems_.finish();
    for (std::size_t i = 0; i < file_.tasks.size(); ++i)
      for (const std::string& name : file_.tasks[i].after) order(index_.at(name), i);
    for (const TaskEdge& edge : file_.edges) pass(edge);
    for (const auto& [before, after] : sequence_) order(before, after);
    problems_.finish();
    return std::move(plan_);
  }

 private:
  void checkCircles() {
    std::vector<int> left(file_.tasks.size(), 0);
    std::vector<std::vector<std::size_t>> after(file_.tasks.size());
    const auto edge = [&](std::size_t from, std::size_t to) {
      after[from].push_back(to);
      ++left[to];
    };
    for (std::size_t i = 0; i < file_.tasks.size(); ++i)
      for (const std::string& name : file_.tasks[i].after) edge(index_.at(name), i);
    for (const TaskEdge& e : file_.edges) edge(index_.at(e.from), index_.at(e.to));
    std::vector<std::size_t> next;
    for (std::size_t i = 0; i < left.size(); ++i)
      if (left[i] == 0) next.push_back(i);
    for (std::size_t k = 0; k < next.size(); ++k)
      for (const std::size_t to : after[next[k]])
        if (--left[to] == 0) next.push_back(to);
    if (next.size() == left.size()) return;
    const auto stuck = std::find_if(left.begin(), left.end(), [](int n) { return n > 0; });
    const TaskSpec& task = file_.tasks[static_cast<std::size_t>(stuck - left.begin())];
    throw InputError(task.place, "tasks", "'" + task.name + "' waits for itself in a circle",
                     "an order without circles");
  }

  /// Seats that `on` names; a group of several stands for all of its members.
  std::vector<SeatId> seatsOf(const std::string& on, const Place& place) {
    if (on == "host" && network_.host() >= 0) return {network_.host()};
    const std::size_t bracket = on.find('[');
    const std::string name = on.substr(0, bracket);
    std::vector<std::string> names{"host"};
    for (std::size_t g = 0; g < platform_.groups.size(); ++g) {
      const DeviceGroup& group = platform_.groups[g];
      names.push_back(group.device.name);
      if (group.device.name != name) continue;
      std::vector<SeatId> seats;
      if (bracket == std::string::npos) {
        for (std::int64_t m = 0; m < group.count; ++m) seats.push_back(network_.seat(g, m));
        return seats;
      }
      const std::int64_t member = std::atoll(on.c_str() + bracket + 1);
      if (on.back() == ']' && member >= 0 && member < group.count)
        return {network_.seat(g, member)};
      problems_.add(place, on, "is no member of the group",
                    fmt::format("{}[0] to {}[{}]", name, name, group.count - 1));
      return {};
    }
    problems_.add(place, on, "is neither a group nor the host",
                  fmt::format("{}", fmt::join(names, ", ")), didYouMean(name, names));
    return {};
  }

  SeatId oneOf(const std::string& on, const Place& place) {
    const std::vector<SeatId> seats = seatsOf(on, place);
    if (seats.size() > 1)
      problems_.add(place, on, fmt::format("has {} members", seats.size()),
                    "one of them, such as " + on + "[0]");
    return seats.empty() ? -1 : seats.front();
  }

  const std::string& groupName(SeatId seat) const {
    const std::size_t g = network_.groupOf(seat);
    return g < platform_.groups.size() ? platform_.groups[g].device.name : platform_.host.name;
  }

  Ticks timeOn(const TaskSpec& task, SeatId seat) const {
    const std::string& name = network_.resources().seats[static_cast<std::size_t>(seat)].name;
    Ticks found(-1);
    for (const auto& [group, time] : task.times) {
      if (group == name) return time;  // a member by its name wins
      if (group.empty() || group == groupName(seat)) found = time;
    }
    return found;
  }

  void place() {
    const auto n = static_cast<SeatId>(network_.resources().seats.size());
    SchedulingProblem problem;
    problem.seats = static_cast<std::size_t>(n);
    seat_.assign(file_.tasks.size(), -1);
    bool chosen = false;
    for (std::size_t i = 0; i < file_.tasks.size(); ++i) {
      const TaskSpec& task = file_.tasks[i];
      auto& times = problem.time.emplace_back(problem.seats, Ticks(-1));
      if (task.kind != TaskSpec::Kind::run) {
        times.assign(problem.seats, Ticks(0));
        continue;
      }
      std::vector<SeatId> seats;
      if (!task.on.empty()) {
        seats = seatsOf(task.on, task.place);
      } else if (file_.mapper == "fixed") {
        problems_.add(task.place, task.name, "runs nowhere", "`on: GROUP`, or `mapper: heft`");
      } else {
        for (SeatId s = 0; s < n; ++s) seats.push_back(s);
        chosen = true;
      }
      SeatId best = -1;
      for (const SeatId s : seats) {
        const Ticks time = timeOn(task, s);
        if (time.ps < 0) continue;
        times[static_cast<std::size_t>(s)] = time;
        if (best < 0 || time < times[static_cast<std::size_t>(best)]) best = s;
      }
      if (best < 0 && !seats.empty())
        problems_.add(task.place, task.name, "has no time for " + groupName(seats.front()),
                      "`time: {" + groupName(seats.front()) + ": ...}`");
      seat_[i] = best;
    }
    if (!problems_.empty() || file_.mapper != "heft" || !chosen) return;
    for (const TaskEdge& edge : file_.edges)
      problem.edges.push_back(
          {index_.at(edge.from), index_.at(edge.to), [this, &edge](std::size_t a, std::size_t b) {
             return passing(static_cast<SeatId>(a), static_cast<SeatId>(b), edge.amount);
           }});
    for (std::size_t i = 0; i < file_.tasks.size(); ++i)
      for (const std::string& name : file_.tasks[i].after)
        problem.edges.push_back(
            {index_.at(name), i, [](std::size_t, std::size_t) { return Ticks(0); }});
    const Placement placement = heft(problem);
    std::vector<std::vector<std::size_t>> bySeat(problem.seats);
    for (std::size_t i = 0; i < file_.tasks.size(); ++i) {
      if (file_.tasks[i].kind != TaskSpec::Kind::run) continue;
      seat_[i] = static_cast<SeatId>(placement.seat[i]);
      bySeat[placement.seat[i]].push_back(i);
    }
    for (auto& tasks : bySeat) {
      std::stable_sort(tasks.begin(), tasks.end(), [&](std::size_t a, std::size_t b) {
        return placement.start[a] < placement.start[b];
      });
      for (std::size_t k = 1; k < tasks.size(); ++k) sequence_.emplace_back(tasks[k - 1], tasks[k]);
    }
  }

  Ticks passing(SeatId a, SeatId b, Bits amount) const {
    const Network::Route* route = network_.route(a, b);
    if (route == nullptr) return Ticks(std::int64_t{1} << 60);
    return route->latency + toTicks(amount / route->rate);
  }

  TaskPlan::Row& row(std::string name, std::string kind, std::string device, bool transfer) {
    plan_.rows.push_back({std::move(name), std::move(kind), std::move(device), transfer,
                          std::vector<double>(platform_.links.size(), 0)});
    return plan_.rows.back();
  }

  /// Counts what transfers from `begin` on bring to the links.
  void countLinks(std::size_t begin, SeatId from, SeatId to, double members) {
    const Network::Route* route = network_.route(from, to);
    if (route == nullptr) return;
    for (std::size_t t = begin; t < plan_.graph.tasks.size(); ++t)
      for (const auto& [link, hops] : route->hops)
        plan_.rows.back().linkBits[static_cast<std::size_t>(link)] +=
            plan_.graph.tasks[t].wire.value * static_cast<double>(plan_.graph.tasks[t].repeat) *
            static_cast<double>(hops) * members;
  }

  /// Groups whose members all do the same: one of them stands for all. Whoever names a member, or
  /// moves data to or from one, makes them differ.
  void foldGroups() {
    for (std::size_t g = 0; g < platform_.groups.size(); ++g) {
      const DeviceGroup& group = platform_.groups[g];
      if (group.count < 2 || !group.fold) continue;
      bool used = false, equal = true;
      const auto names = [&](const std::string& on) {
        return on.substr(0, on.find('[')) == group.device.name;
      };
      for (const TaskSpec& task : file_.tasks) {
        for (const auto& [where, time] : task.times)
          if (where.find('[') != std::string::npos && names(where)) equal = false;
        if (names(task.from) || names(task.to)) equal = false;
        if (task.on.empty() || !names(task.on)) continue;
        used = true;
        if (task.on != group.device.name) equal = false;
        if (task.kind == TaskSpec::Kind::run && task.amount.value > 0) equal = false;
        if (task.kind == TaskSpec::Kind::collective) {
          CollectiveSpec spec{task.operation, task.algorithm, membersOf(g), task.amount};
          equal = equal && foldable(spec, network_);
        }
      }
      for (const TaskEdge& edge : file_.edges)
        if (edge.amount.value > 0) {
          const std::string &a = file_.tasks[index_.at(edge.from)].on,
                            &b = file_.tasks[index_.at(edge.to)].on;
          if (names(a) != names(b)) equal = false;
        }
      if (!used || !equal) continue;
      plan_.folded.insert(g);
      plan_.replications.push_back({ReplicationKind::symmetry, group.count,
                                    fmt::format("{} members of {}", group.count, group.device.name),
                                    "equal tasks on all of them, transfers on links of their own"});
    }
  }

  std::vector<SeatId> membersOf(std::size_t group) const {
    std::vector<SeatId> seats;
    for (std::int64_t m = 0; m < platform_.groups[group].count; ++m)
      seats.push_back(network_.seat(group, m));
    return seats;
  }

  bool folded(const std::vector<SeatId>& seats) const {
    return seats.size() > 1 && plan_.folded.count(network_.groupOf(seats.front())) > 0;
  }

  void add(std::size_t i) {
    const TaskSpec& task = file_.tasks[i];
    const auto owner = static_cast<std::int32_t>(plan_.rows.size());
    TaskGraph& graph = plan_.graph;
    const std::size_t begin = graph.tasks.size();
    if (task.kind == TaskSpec::Kind::run) {
      std::vector<SeatId> seats{seat_[i]};
      if (!task.on.empty()) seats = seatsOf(task.on, task.place);
      row(task.name, "run",
          seats.size() > 1 ? groupName(seats.front())
                           : network_.resources().seats[static_cast<std::size_t>(seats[0])].name,
          false);
      if (folded(seats)) seats.resize(1);
      for (const SeatId seat : seats) {
        Task run;
        run.seat = seat;
        run.local = run.alone = timeOn(task, seat);
        if (task.amount.value > 0) addTraffic(task, run);
        run.repeat = task.repeat;
        run.priority = static_cast<std::uint8_t>(task.priority);
        run.owner = owner;
        first_[i].emplace_back(seat, static_cast<TaskId>(graph.tasks.size()));
        graph.tasks.push_back(std::move(run));
      }
      last_[i] = first_[i];
    } else if (task.kind == TaskSpec::Kind::move) {
      const SeatId from = oneOf(task.from, task.place), to = oneOf(task.to, task.place);
      if (from < 0 || to < 0) return;
      row(task.name, "transfer", "link", true);
      const TaskId id = addMove(network_, from, to, task.amount, owner, graph);
      Task& move = graph.tasks[static_cast<std::size_t>(id)];
      move.repeat = task.repeat;
      move.priority = static_cast<std::uint8_t>(task.priority);
      countLinks(begin, from, to, 1);
      close(move, from, to);
      first_[i] = last_[i] = {{-1, id}};
    } else {
      addCollectiveTask(i, owner);
    }
  }

  void addCollectiveTask(std::size_t i, std::int32_t owner) {
    const TaskSpec& task = file_.tasks[i];
    TaskGraph& graph = plan_.graph;
    CollectiveSpec spec{task.operation, task.algorithm, seatsOf(task.on, task.place), task.amount};
    if (spec.members.size() < 2) {
      problems_.add(task.place, task.name, "needs a group of at least two", "`on: GROUP`");
      return;
    }
    spec.folded = folded(spec.members);
    row(task.name, fmt::format("{} ({})", task.operation, nameOf(algorithmOf(spec, network_))),
        "link", true);
    const std::size_t sides = spec.folded ? 1 : spec.members.size();
    MemberTasks ready;
    for (std::size_t m = 0; m < sides; ++m) {
      ready.push_back(addSync(owner, graph));
      first_[i].emplace_back(spec.members[m], ready.back());
    }
    const std::size_t begin = graph.tasks.size();
    for (std::int64_t r = 0; r < task.repeat; ++r)
      ready = addCollective(spec, network_, ready, owner, graph);
    for (std::size_t m = 0; m < sides; ++m) last_[i].emplace_back(spec.members[m], ready[m]);
    for (std::size_t t = begin; t < graph.tasks.size(); ++t)
      graph.tasks[t].priority = static_cast<std::uint8_t>(task.priority);
    countLinks(begin, spec.members[0], spec.members[1],
               spec.folded ? static_cast<double>(spec.members.size()) : 1.0);
  }

  void addTraffic(const TaskSpec& task, Task& run) {
    const Seat& seat = network_.resources().seats[static_cast<std::size_t>(run.seat)];
    if (seat.in.empty())
      throw InputError("takes data from the host, but no link leads there",
                       "a link that joins both, or no `amount`");
    BitRate rate(1e300);
    for (const ChannelId c : seat.in)
      rate = std::min(rate, network_.resources().channels[static_cast<std::size_t>(c)].rate);
    Profile& profile = plan_.profiles.emplace_back();
    Segment& segment = profile.segments.emplace_back();
    segment.local = run.local;
    segment.demands.push_back({0, task.amount, rate, 0, false});
    run.alone = profile.alone();
    run.profile = &profile;
  }

  void close(Task& move, SeatId from, SeatId to) const {
    const auto closed = [&](SeatId seat) {
      const std::size_t g = network_.groupOf(seat);
      if (g >= platform_.groups.size()) return false;
      const auto& tiers = platform_.groups[g].device.device->info().tiers;
      return !tiers.empty() && tiers.front().closedWhileRunning;
    };
    if (closed(from)) move.closedFrom = from;
    if (closed(to)) move.closedTo = to;
  }

  /// Member by member where both are on the same seats, else all before all.
  void order(std::size_t before, std::size_t after) {
    const auto &from = last_[before], &to = first_[after];
    const bool alike = from.size() == to.size() &&
                       std::equal(from.begin(), from.end(), to.begin(),
                                  [](const auto& a, const auto& b) { return a.first == b.first; });
    for (std::size_t b = 0; b < from.size(); ++b)
      for (std::size_t a = 0; a < to.size(); ++a)
        if (!alike || a == b) plan_.graph.edges.emplace_back(from[b].second, to[a].second);
  }

  void pass(const TaskEdge& edge) {
    const std::size_t from = index_.at(edge.from), to = index_.at(edge.to);
    if (edge.amount.value <= 0 || first_[to].size() != 1 || last_[from].size() != 1)
      return order(from, to);
    const SeatId a = last_[from].front().first, b = first_[to].front().first;
    if (a < 0 || b < 0 || a == b) return order(from, to);
    const std::size_t begin = plan_.graph.tasks.size();
    row(edge.from + " to " + edge.to, "transfer", "link", true);
    try {
      const TaskId id = addMove(network_, a, b, edge.amount,
                                static_cast<std::int32_t>(plan_.rows.size()) - 1, plan_.graph);
      countLinks(begin, a, b, 1);
      close(plan_.graph.tasks[static_cast<std::size_t>(id)], a, b);
      plan_.graph.edges.emplace_back(last_[from].front().second, id);
      plan_.graph.edges.emplace_back(id, first_[to].front().second);
    } catch (const InputError& error) {
      problems_.add(edge.place, "edges", error);
    }
  }

  const TaskFile& file_;
  const Platform& platform_;
  const Network& network_;
  Problems problems_;
  std::map<std::string, std::size_t> index_;
  std::vector<SeatId> seat_;  ///< by task of the file
  /// By task of the file: tasks with their seats (-1: none).
  std::vector<std::vector<std::pair<SeatId, TaskId>>> first_, last_;
  std::vector<std::pair<std::size_t, std::size_t>> sequence_;  ///< order on seats, by the mapper
  TaskPlan plan_;
};

}  // namespace

TaskPlan planTasks(const TaskFile& file, const Platform& platform, const Network& network) {
  return TaskPlanner(file, platform, network).run();
}

}  // namespace wattlas
