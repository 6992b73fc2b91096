// Text from outside, made fit for a terminal, a log or one cell of a table.
#pragma once

#include <string>
#include <string_view>

namespace wattlas {

/// `text` without control characters (a line break or tab becomes a space, anything else that a
/// terminal would act on becomes '?'), as valid UTF-8, and cut to about `longest` bytes with "...".
std::string plainText(std::string_view text, std::size_t longest = 1000);

}  // namespace wattlas
