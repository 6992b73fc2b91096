#include "models/device_module.h"

#include <stdexcept>

namespace wattlas {

Profile runAlone(DeviceModule& module, const Program& program) {
  bool finished = false;
  module.reset();
  module.start(program, [&finished] {
    finished = true;
    sc_core::sc_pause();
  });
  // A pause leaves future events of the module (none should exist) for the next start.
  sc_core::sc_start();
  if (!finished) throw std::logic_error("a device module stopped without finishing its program");
  return module.take();
}

}  // namespace wattlas
