#include "models/tariff.h"

namespace wattlas {

const char* nameOf(ComponentIndex component) {
  static constexpr const char* names[] = {"device", "host", "link"};
  return names[component];
}

const EnergyTable& Tariff::tableOf(ComponentIndex component) const {
  if (component == onLink) return x_.platform->linkEnergy;
  return component == onHost ? x_.platform->host.device->energy()
                             : x_.platform->device.device->energy();
}

bool Tariff::counted(ComponentIndex component, const Coefficient& c) const {
  if (x_.run.energyMode == EnergyMode::tdp) return false;
  if (component != onDevice && x_.run.scope < Scope::node) return false;
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

double Tariff::staticPower() const {
  if (x_.run.energyMode == EnergyMode::tdp) return ratedPower();
  double watts = 0;
  const auto add = [&](ComponentIndex component, double share) {
    const EnergyTable& table = tableOf(component);
    for (const CoefficientId id : table.powers())
      if (counted(component, table.at(id)))
        watts += table.at(id).perCount.value.value * 1e12 * share;
  };
  add(onDevice, 1.0);
  if (hasHost()) add(onHost, x_.platform->hostShare);
  return watts;
}

void Tariff::chargeStatic(Ticks duration, std::vector<Charge>& to) const {
  const auto add = [&](ComponentIndex component, double share) {
    const EnergyTable& table = tableOf(component);
    for (const CoefficientId id : table.powers())
      if (counted(component, table.at(id)))
        to.push_back({component, id, static_cast<double>(duration.ps) * share});
  };
  add(onDevice, 1.0);
  if (hasHost()) add(onHost, x_.platform->hostShare);
}

double Tariff::ratedPower() const {
  const double device = x_.platform->device.device->info().tdp.value.value;
  if (device <= 0)
    throw InputError(Problem{
        {"--energy", 0}, x_.platform->id, "no rated power is known", "--energy activity", {}});
  return x_.run.scope >= Scope::node && hasHost()
             ? device + x_.platform->hostShare * x_.platform->host.device->info().tdp.value.value
             : device;
}

double Tariff::supply() const {
  return x_.run.scope == Scope::wall
             ? x_.platform->pue.value.value / x_.platform->supplyEfficiency.value.value
             : 1.0;
}

}  // namespace wattlas
