// docs/formats.md: which device runs which operator in which format natively, emulated or not.
#pragma once

#include <string>

namespace wattlas::suite {

/// The page as Markdown; depends on the device files only.
std::string formatsPage();

}  // namespace wattlas::suite
