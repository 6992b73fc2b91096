// Any bytes are a study (and, behind a form feed, a plan.yaml beside it) or an InputError. A study
// that is planned gives the same plan when its folder is read.
#include <cstddef>
#include <cstdint>
#include <fstream>

#include "explorer/campaign/campaign_plan.h"
#include "models/base/error.h"
#include "tests/fuzz/file.h"

using namespace wattlas;

namespace {

constexpr std::uint64_t mostPoints = 2000;  ///< of a study that is planned: speed

bool isSmall(const Study& study) {
  const SpaceSize size = sizeOf(study);
  const auto budget = static_cast<std::uint64_t>(study.search.budget);
  return budget <= mostPoints && (budget > 0 || size.infinite || size.points <= mostPoints);
}

void write(const std::string& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = input.find('\f');
  const std::string text(input.substr(0, cut));
  const CampaignServices services{"build", [](const ExperimentSpec&) { return std::string("x"); }};
  try {
    const Study study = compileStudy(parseYaml(text, "study.yaml"), "study.yaml");
    if (!isSmall(study)) return 0;
    const CampaignPlan plan = makePlan(study, fuzz::folder(), services);
    write(plan.studyFile(), study.tree.toYaml());
    write(plan.planFile(), cut == input.npos ? plan.text() : std::string(input.substr(cut + 1)));
    if (loadPlan(fuzz::folder(), services).id != plan.id) __builtin_trap();
  } catch (const InputError& refused) {
    static_cast<void>(refused.what());
  }
  return 0;
}
