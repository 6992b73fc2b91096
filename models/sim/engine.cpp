#include "models/sim/engine.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include "models/sim/link.h"
#include "models/sim/replay.h"

namespace wattlas {
namespace {

bool elaborated = false;

Fidelity levelOf(const Device& device, Fidelity wanted) {
  const auto list = device.fidelities();
  if (std::find(list.begin(), list.end(), wanted) != list.end()) return wanted;
  return Fidelity::event;
}

bool hasModule(const Device& device) {
  const auto list = device.fidelities();
  return std::find(list.begin(), list.end(), Fidelity::event) != list.end() ||
         std::find(list.begin(), list.end(), Fidelity::detailed) != list.end();
}

class SystemCEngine final : public EventEngine {
 public:
  SystemCEngine(const Platform& platform, Fidelity fidelity) {
    const double rate = platform.link.rate.value.value;
    // A platform without a host has no link; its profiles carry no demands.
    link_ = std::make_unique<LinkModule>("link", BitRate(rate > 0 ? rate : 1e15),
                                         parseSharing(platform.link.sharing));
    replay_ = std::make_unique<ReplayModule>("replay", *link_);
    livePort_ = std::make_unique<LinkPort>("live_port", *link_);
    for (const Component* component : {&platform.device, &platform.host}) {
      if (component->device == nullptr || !hasModule(*component->device)) continue;
      auto module = component->device->elaborate(component->name.c_str(),
                                                 levelOf(*component->device, fidelity));
      module->connect(0, *livePort_);
      modules_.emplace(component->name, std::move(module));
    }
  }

  Profile profile(const std::string& component, const Program& program) override {
    return runAlone(moduleOf(component), program);
  }

  Ticks replay(const Profile& profile) override {
    const Ticks begin = fromScTime(sc_core::sc_time_stamp());
    bool finished = false;
    replay_->play(profile, 1, [&finished] { finished = true; });
    sc_core::sc_start();
    if (!finished) throw std::logic_error("a replay ended before its profile");
    return fromScTime(sc_core::sc_time_stamp()) - begin;
  }

  Ticks live(const std::string& component, const Program& program) override {
    DeviceModule& module = moduleOf(component);
    if (!module.canRunLive())
      throw InputError("coupling 'live' is not available for this device", "coupling replayed",
                       "alone, both give the same time");
    const Ticks begin = fromScTime(sc_core::sc_time_stamp());
    Ticks end;
    module.reset();
    module.setLive(true);
    module.start(program, [&end] { end = fromScTime(sc_core::sc_time_stamp()); });
    sc_core::sc_start();
    module.setLive(false);
    (void)module.take();
    return end - begin;
  }

  std::int64_t events() const override { return link_->events() + replay_->events(); }

 private:
  DeviceModule& moduleOf(const std::string& component) {
    const auto at = modules_.find(component);
    if (at == modules_.end()) throw std::logic_error("no module for component " + component);
    return *at->second;
  }

  std::unique_ptr<LinkModule> link_;
  std::unique_ptr<ReplayModule> replay_;
  std::unique_ptr<LinkPort> livePort_;
  std::map<std::string, std::unique_ptr<DeviceModule>> modules_;
};

}  // namespace

std::unique_ptr<EventEngine> makeEventEngine(const Platform& platform, Fidelity fidelity) {
  if (elaborated) throw std::logic_error("SystemC can elaborate only one platform per process");
  elaborated = true;
  return std::make_unique<SystemCEngine>(platform, fidelity);
}

}  // namespace wattlas
