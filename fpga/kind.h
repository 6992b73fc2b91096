// What the kinds of this family share: reading parameters, printing their schema, saying no.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "models/registry.h"

namespace wattlas::fpga {

inline Support refused(std::string why) {
  return {Support::Level::refused, std::move(why)};
}
/// A kind whose devices `make` builds from parameters that were read without problems.
template <class Parameters, class Make>
DeviceKind kindOf(const std::string& name, const std::string& title, Make make) {
  return {name, title,
          [make](const ConfigNode& config, const std::string& prefix,
                 Problems& problems) -> std::unique_ptr<Device> {
            Parameters p;
            const std::size_t before = problems.list().size();
            ResolvedConfig bound =
                bindConfig(config, prefix, problems, [&p](Binder& binder) { p.bind(binder); });
            if (problems.list().size() > before) return nullptr;
            return make(std::move(p), std::move(bound));
          },
          [name] {
            Parameters p;
            return schemaOf(name + " device", [&p](Binder& binder) { p.bind(binder); });
          }};
}

}  // namespace wattlas::fpga
