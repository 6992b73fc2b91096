#include "models/tariff.h"

namespace wattlas {

std::vector<ComponentIndex> Tariff::components() const {
  std::vector<ComponentIndex> all{onDevice};
  if (hasHost()) all.push_back(onHost);
  all.push_back(onLink);
  for (std::size_t g = 1; g < x_.platform->groups.size(); ++g) all.push_back(componentOf(g));
  return all;
}

const DeviceGroup& Tariff::group(ComponentIndex component) const {
  return x_.platform->groups[groupOf(component)];
}

const std::string& Tariff::nameOf(ComponentIndex component) const {
  static const std::string link = "link";
  return component == onLink   ? link
         : component == onHost ? x_.platform->host.name
                               : group(component).device.name;
}

const EnergyTable& Tariff::tableOf(ComponentIndex component) const {
  if (component == onLink) return x_.platform->linkEnergy;
  return component == onHost ? x_.platform->host.device->energy()
                             : group(component).device.device->energy();
}

bool Tariff::counted(ComponentIndex component, const Coefficient& c) const {
  if (x_.run.energyMode == EnergyMode::tdp) return false;
  if ((component == onHost || component == onLink) && x_.run.scope < Scope::node) return false;
  return c.scope <= x_.run.scope;
}

double Tariff::joules(ComponentIndex component, const EnergyCounts& counts) const {
  double sum = 0;
  const EnergyTable& table = tableOf(component);
  for (const auto& entry : counts.entries()) {
    const Coefficient& c = table.at(entry.id);
    if (counted(component, c)) sum += c.perCount.value.value * static_cast<double>(entry.count);
  }
  return sum;
}

void Tariff::charge(ComponentIndex component, const EnergyCounts& counts, double factor,
                    std::vector<Charge>& to) const {
  const EnergyTable& table = tableOf(component);
  for (const auto& entry : counts.entries())
    if (counted(component, table.at(entry.id)))
      to.push_back({component, entry.id, static_cast<double>(entry.count) * factor});
}

template <class Each>
void Tariff::forStatic(const Each& each) const {
  for (const ComponentIndex component : components())
    if (component == onHost)
      each(component, x_.platform->hostShare);
    else if (component != onLink)
      each(component, static_cast<double>(group(component).count));
}

double Tariff::staticPower() const {
  if (x_.run.energyMode == EnergyMode::tdp) return ratedPower();
  double watts = 0;
  forStatic([&](ComponentIndex component, double share) {
    const EnergyTable& table = tableOf(component);
    for (const CoefficientId id : table.powers())
      if (counted(component, table.at(id)))
        watts += table.at(id).perCount.value.value * 1e12 * share;
  });
  return watts;
}

void Tariff::chargeStatic(Ticks duration, std::vector<Charge>& to) const {
  forStatic([&](ComponentIndex component, double share) {
    const EnergyTable& table = tableOf(component);
    for (const CoefficientId id : table.powers())
      if (counted(component, table.at(id)))
        to.push_back({component, id, static_cast<double>(duration.ps) * share});
  });
}

double Tariff::ratedPower() const {
  double watts = 0;
  for (const DeviceGroup& group : x_.platform->groups) {
    const double device = group.device.device->info().tdp.value.value;
    if (device <= 0)
      throw InputError({"--energy", 0}, x_.platform->id, "no rated power is known",
                       "--energy activity");
    watts += device * static_cast<double>(group.count);
  }
  return x_.run.scope >= Scope::node && hasHost()
             ? watts + x_.platform->hostShare * x_.platform->host.device->info().tdp.value.value
             : watts;
}

double Tariff::supply() const {
  return x_.run.scope == Scope::wall
             ? x_.platform->pue.value.value / x_.platform->supplyEfficiency.value.value
             : 1.0;
}

}  // namespace wattlas
