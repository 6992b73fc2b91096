// The oracles of a study as one.
#pragma once

#include <memory>

#include "explorer/accuracy.h"

namespace wattlas {

/// Asks those that the study names until one knows, each network once. Null when it names none.
/// Throws InputError: data that are not there, bad tables, a program without leave to run.
std::unique_ptr<AccuracyOracle> makeOracle(const AccuracyOptions& options, const SearchPath& path);

}  // namespace wattlas
