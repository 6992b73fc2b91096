#include "explorer/campaign/campaign_plan.h"

#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <unordered_set>

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

constexpr const char* planKind = "wattlas campaign";
constexpr int planSchema = 1;
constexpr std::size_t mostProbed = 1024;  ///< platforms x workloads whose configuration is hashed
constexpr int probesEach = 4;             ///< points tried to find a valid one

/// Changes when a file behind one of the platforms or workloads changes: one valid point of each
/// pair stands for all.
std::string configurationOf(const Study& study, const std::vector<DesignPoint>& points,
                            const CampaignServices& services) {
  struct Probe {
    int tried = 0;
    std::string hash;
  };
  std::map<std::string, Probe> probes;
  for (const DesignPoint& point : points) {
    const std::string pair = fmt::format("{} on {}", point.workload, platformOf(study, point));
    const auto at = probes.find(pair);
    if (at == probes.end() && probes.size() >= mostProbed) continue;
    Probe& probe = at == probes.end() ? probes[pair] : at->second;
    if (!probe.hash.empty() || probe.tried >= probesEach) continue;
    ++probe.tried;
    try {
      probe.hash = services.configHash(specOf(study, point));
    } catch (const InputError&) {
      // Not a valid combination; another point of the pair may be.
    }
  }
  Hasher hasher;
  for (const auto& [pair, probe] : probes) hasher.text(pair).text(probe.hash);
  return hasher.finish().hex();
}

InputError refused(const CampaignPlan& plan, const std::string& what, const std::string& hint) {
  return InputError(Problem{{plan.planFile(), 0}, "", what, "the plan as it was made", hint});
}

std::string entry(const ConfigNode& tree, const char* key) {
  const ConfigNode* node = tree.find(key);
  return node != nullptr && node->isScalar() ? node->scalar() : std::string();
}

/// Keeps each design once, in the order of the plan.
void keepFirsts(CampaignPlan& plan) {
  const PointIds ids(plan.study);
  std::unordered_set<Hash128, Hash128Hasher> seen;
  for (DesignPoint& point : plan.points) {
    const Hash128 id = ids.of(point);
    if (!seen.insert(id).second) continue;
    DesignPoint& place = plan.points[plan.ids.size()];
    if (&place != &point) place = std::move(point);
    plan.ids.push_back(id);
  }
  plan.points.resize(plan.ids.size());
}

ConfigNode readYaml(const std::string& file) {
  return parseYaml(readTextFile(file), file);
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

CampaignPlan makePlan(const Study& study, const std::string& folder,
                      const CampaignServices& services) {
  const ExploreOptions defaults;
  CampaignPlan plan;
  plan.folder = folder;
  plan.build = services.build;
  plan.study = study;
  plan.points = planPoints(study, defaults.limit, plan.method);
  plan.planned = plan.points.size();
  plan.withDetail = plan.planned <= defaults.detailLimit;
  plan.adaptive = adapts(study, plan.method);
  plan.configuration = configurationOf(study, plan.points, services);
  if (plan.adaptive)
    plan.points = {};
  else
    keepFirsts(plan);
  Hash128 chain;  // folded, so that a million ids need no second copy
  for (const Hash128& id : plan.ids) chain = Hasher().add(chain).add(id).finish();
  plan.pointsHash =
      Hasher().add(chain).integer(static_cast<std::int64_t>(plan.planned)).finish().hex();
  plan.id = Hasher()
                .text("wattlas campaign 1")
                .text(study.tree.toYaml())
                .text(plan.build)
                .text(plan.configuration)
                .text(plan.pointsHash)
                .text(study.accuracy.inputs)
                .finish()
                .hex();
  return plan;
}

CampaignPlan loadPlan(const std::string& folder, const CampaignServices& services) {
  CampaignPlan named;
  named.folder = folder;
  std::error_code ignored;
  if (!std::filesystem::exists(named.planFile(), ignored))
    throw InputError(Problem{{folder, 0},
                             "",
                             "holds no campaign (there is no plan.yaml)",
                             "a folder made by 'wattlas campaign plan'",
                             "wattlas campaign plan STUDY.yaml -o " + folder});
  const ConfigNode written = readYaml(named.planFile());
  if (entry(written, "kind") != planKind || entry(written, "schema") != std::to_string(planSchema))
    throw refused(named, "is not a plan that this version reads",
                  "make a new one with 'wattlas campaign plan'");
  if (entry(written, "build") != services.build)
    throw refused(named,
                  "was made by another build of wattlas (" + entry(written, "build") +
                      ", this is " + services.build + "), whose numbers may differ",
                  "use the executable that made the plan, on every machine (scripts/bundle.sh), or "
                  "make a new plan with this one");
  CampaignPlan plan =
      makePlan(compileStudy(readYaml(named.studyFile()), named.studyFile()), folder, services);
  if (plan.configuration != entry(written, "configuration"))
    throw refused(named,
                  "a platform, device or workload file of this study is not the one that the plan "
                  "was made with",
                  "restore the file (or WATTLAS_PATH), or make a new plan in another folder");
  if (plan.id != entry(written, "plan"))
    throw refused(
        named,
        "study.yaml, plan.yaml, or a file of weights or accuracies was changed after the plan "
        "was made",
        "make a new plan in another folder");
  return plan;
}

std::string CampaignPlan::text() const {
  return fmt::format(
      "# Made by `wattlas campaign plan` from study.yaml beside it. Do not edit: make a new plan.\n"
      "kind: {}\nschema: {}\nplan: {}\nbuild: {}\nmethod: {}\nadaptive: {}\npoints: {}\n"
      "points_hash: {}\nconfiguration: {}\n",
      planKind, planSchema, id, build, nameOf(method), adaptive, planned, pointsHash,
      configuration);
}

}  // namespace wattlas
