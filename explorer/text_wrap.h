// Lines for terminals, as summaries print them.
#pragma once

#include <string>

namespace wattlas {

/// Breaks at spaces into lines of at most 110 columns; later lines start with `indent` spaces. Ends
/// with a line break.
std::string wrapText(const std::string& text, std::size_t indent);

}  // namespace wattlas
