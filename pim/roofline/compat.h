// The closed forms of upmem_llm_framework, defects included, so that its users can check us.
// docs/roofline-peer.md lists what is wrong with them and by how much.
#pragma once

#include "models/device.h"
#include "pim/roofline/program.h"

namespace wattlas::pim {

/// Which operators the tool has an equation for.
Support toolSupport(const Operator& op);
/// The tool's calls for all instances of the operator of `item`.
Expected<std::shared_ptr<const Program>, Refusal> toolLower(const WorkItem& item,
                                                            const ToolProfile& profile);

}  // namespace wattlas::pim
