#include <set>

#include "models/base/random.h"
#include "models/dram/memory.h"
#include "validation/probes/probes.h"

namespace wattlas {
namespace {

constexpr std::uint64_t requests = 20000;

/// The request patterns of configs/validation/dram-ramulator.csv on one channel with one rank, made
/// as its source made them, from other random numbers.
class Traces {
 public:
  explicit Traces(const dram::DramSpec& spec)
      : bytes_(static_cast<std::uint64_t>(spec.organisation.accessBytes())),
        total_(static_cast<std::uint64_t>(spec.organisation.channelBytes()) / bytes_),
        row_(total_ / static_cast<std::uint64_t>(spec.organisation.rows)) {}

  std::vector<dram::Access> make(const std::string& pattern) {
    if (pattern == "stream") return list([&](std::uint64_t i) { return read(i); });
    if (pattern == "random") return list([&](std::uint64_t) { return read(fresh()); });
    if (pattern == "mixstream")
      return list([&](std::uint64_t i) {
        const std::uint64_t third = i / 3;
        return i % 3 == 2 ? write(total_ / 2 + third) : read(2 * third + i % 3);
      });
    if (pattern == "mixrandom")
      return list(
          [&](std::uint64_t) { return random_.below(3) == 0 ? write(fresh()) : read(fresh()); });
    if (pattern == "pieces") return pieces();
    if (pattern == "idle") {
      std::vector<dram::Access> out;
      for (std::uint64_t i = 0; i < 500; ++i) {
        out.push_back(read(fresh()));
        out.back().at = static_cast<dram::Clock>(1000 * i);
      }
      return out;
    }
    if (pattern == "onebank") {
      std::vector<dram::Access> out;
      for (std::uint64_t i = 0; i < 2000; ++i) out.push_back(read(i * row_));
      return out;
    }
    throw InputError("pattern '" + pattern + "' is unknown",
                     "stream, random, mixstream, mixrandom, pieces, idle or onebank");
  }

 private:
  dram::Access read(std::uint64_t n) const { return {0, n * bytes_, false}; }
  dram::Access write(std::uint64_t n) const { return {0, n * bytes_, true}; }
  std::uint64_t fresh() {
    for (;;)
      if (const std::uint64_t n = random_.below(total_); used_.insert(n).second) return n;
  }
  template <class Make>
  std::vector<dram::Access> list(Make make) {
    std::vector<dram::Access> out;
    for (std::uint64_t i = 0; i < requests; ++i) out.push_back(make(i));
    return out;
  }
  /// 4 to 60 accesses in a row at random places, three of ten pieces written.
  std::vector<dram::Access> pieces() {
    std::vector<dram::Access> out;
    while (out.size() < requests) {
      const std::uint64_t start = random_.below(total_ - 64), length = 4 + random_.below(57);
      const bool writes = random_.below(10) < 3;
      bool taken = false;
      for (std::uint64_t i = 0; i < length; ++i) taken = taken || used_.contains(start + i);
      if (taken) continue;
      for (std::uint64_t i = 0; i < length && out.size() < requests; ++i) {
        used_.insert(start + i);
        out.push_back(writes ? write(start + i) : read(start + i));
      }
    }
    return out;
  }

  std::uint64_t bytes_, total_, row_;
  Random random_{7};
  std::set<std::uint64_t> used_;
};

}  // namespace

Probe makeDramProbe(const ProbeContext& context) {
  return [context](const std::vector<Settings>& questions) {
    std::vector<Answer> answers;
    for (const Settings& question : questions) {
      const dram::DramSpec spec =
          dram::loadDramSpec(context.path, question.get("spec"),
                             {{"organisation.channels", ConfigNode::ofScalar("1")},
                              {"organisation.pseudoChannels", ConfigNode::ofScalar("1")},
                              {"organisation.ranks", ConfigNode::ofScalar("1")}});
      dram::ControllerParams params;
      params.refresh = question.get("refresh", "all-bank") == "none" ? "none" : "all";
      dram::DramMemory memory(spec, params, dram::Level::event);
      const dram::MemoryResult result = memory.run(Traces(spec).make(question.get("pattern")));
      answers.push_back(
          {{{"time_s", toSeconds(result.time).value}, {"read_latency_s", result.readLatencyMeanS}},
           {}});
    }
    return answers;
  };
}

}  // namespace wattlas
