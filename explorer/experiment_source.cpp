#include "explorer/experiment_source.h"

#include <bit>
#include <cmath>

#include "explorer/point_order.h"
#include "explorer/study_names.h"

namespace wattlas {

ExperimentSource::ExperimentSource(const Study& study, ExperimentMaker& maker)
    : study_(study), maker_(maker) {
  for (std::size_t g = 0; g < study.parameters.size(); ++g) {
    const std::string key = setKeyOf(study.parameters[g].key);
    decides(sectionOf(key), key, &Inputs::parameters, g);
  }
  for (std::size_t d = 0; d < study.derived.size(); ++d)
    if (study.derived[d].sets()) {
      const std::string key = setKeyOf(study.derived[d].key);
      decides(sectionOf(key), key, &Inputs::derived, d);
    }
  // Points that come in blocks of networks need a network for a moment only.
  if (inNetworkBlocks(study)) mostWorkloads_ = networksAtOnce;
  maker_.keepWorkloads(networksAtOnce);
}

void ExperimentSource::prepare() {
  std::vector<std::string> platforms;
  for (const auto& [key, value] : study_.sets)
    if (key == "platform") platforms.push_back(canonicalText(value));
  const int parameter = study_.parameterIndex("platform");
  if (parameter >= 0) {
    const DesignParameter& choices = study_.parameters[static_cast<std::size_t>(parameter)];
    for (std::size_t i = 0; i < choices.choices(); ++i)
      platforms.push_back(canonicalText(choices.node(static_cast<Coordinate>(i))));
  }
  // A file that cannot be read becomes the row of each point that names it.
  const auto attempt = [](const auto& read) {
    try {
      (void)read();
    } catch (const InputError&) {
    }
  };
  for (const std::string& id : platforms) attempt([&] { return maker_.readPlatform(id).id; });
  for (const std::string& id : study_.workloads) attempt([&] { return maker_.readWorkload(id); });
}

void ExperimentSource::decides(Section section, const std::string& key,
                               std::vector<std::size_t> Inputs::*list, std::size_t index) {
  const auto add = [&](Section s) {
    (inputs_[static_cast<std::size_t>(s)].*list).push_back(index);
  };
  add(section);
  // A mapping file changes the platform; a merged configuration given as platform brings run
  // options of its own.
  if (key == "run.mapping") add(Section::platform);
  if (key == "platform") add(Section::run);
}

Hash128 ExperimentSource::keyOf(Section section, const DesignPoint& point) const {
  const Inputs& inputs = inputs_[static_cast<std::size_t>(section)];
  Hasher hasher;
  const PointValues values(study_, point);
  if (section == Section::workload) hasher.integer(point.workload);
  for (const std::size_t g : inputs.parameters) {
    const Coordinate c = point.parameters[g];
    hasher.integer(std::isnan(c) ? -1 : std::bit_cast<std::int64_t>(c));
  }
  for (const std::size_t d : inputs.derived) {
    const Value v = values.at(study_.slots.firstDerived() + static_cast<int>(d));
    hasher.integer(static_cast<int>(v.kind)).text(v.text);
    hasher.real(v.hasNumber() || v.kind == Value::Kind::boolean ? v.number : 0);
  }
  return hasher.finish();
}

Experiment ExperimentSource::at(const DesignPoint& point) {
  const Hash128 platformKey = keyOf(Section::platform, point),
                workloadKey = keyOf(Section::workload, point), runKey = keyOf(Section::run, point);
  const auto platform = platforms_.find(platformKey);
  const auto workload = workloads_.find(workloadKey);
  const auto run = runs_.find(runKey);
  if (platform != platforms_.end() && workload != workloads_.end() && run != runs_.end())
    return maker_.assemble(platform->second, workload->second, run->second);

  const auto parts = maker_.build(specOf(study_, point));
  const auto keep = [](auto& kept, const Hash128& key, const auto& part, std::size_t most) {
    if (kept.size() >= most) kept.clear();
    kept.insert_or_assign(key, part);
  };
  keep(platforms_, platformKey, parts.platform, mostKept);
  keep(workloads_, workloadKey, parts.workload, mostWorkloads_);
  keep(runs_, runKey, parts.run, mostKept);
  return maker_.assemble(parts.platform, parts.workload, parts.run);
}

}  // namespace wattlas
