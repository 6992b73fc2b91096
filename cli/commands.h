// One function per command: adds it to the application. A command's callback sets
// Context::exitCode or throws InputError.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace wattlas {

void addRun(CLI::App& app, Context& context);
void addCompare(CLI::App& app, Context& context);
void addOffload(CLI::App& app, Context& context);
void addPredict(CLI::App& app, Context& context);
void addExplore(CLI::App& app, Context& context);
void addCampaign(CLI::App& app, Context& context);
void addImport(CLI::App& app, Context& context);
void addLists(CLI::App& app, Context& context);
void addSchema(CLI::App& app, Context& context);
void addBanks(CLI::App& app, Context& context);
void addCalibrate(CLI::App& app, Context& context);
void addValidate(CLI::App& app, Context& context);
void addDpu(CLI::App& app, Context& context);
void addDram(CLI::App& app, Context& context);
void addFolding(CLI::App& app, Context& context);
void addExecute(CLI::App& app, Context& context);
void addEval(CLI::App& app, Context& context);
void addFiles(CLI::App& app, Context& context);
void addReport(CLI::App& app, Context& context);

void addInit(CLI::App& app, Context& context);
void addCompletion(CLI::App& app, Context& context);

void addDpuIsa(CLI::App& dpu, Context& context);
void addDpuLayers(CLI::App& dpu, Context& context);
void addDpuKernels(CLI::App& dpu, Context& context);

void addDpuLaunch(CLI::App& dpu, Context& context);

}  // namespace wattlas
