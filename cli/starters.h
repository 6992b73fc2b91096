// Commands that help to start: template files, completion of words in a shell.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace wattlas {

void addInit(CLI::App& app, Context& context);
void addCompletion(CLI::App& app, Context& context);

}  // namespace wattlas
