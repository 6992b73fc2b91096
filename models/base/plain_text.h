// Text from outside, made fit for a terminal, a log or one cell of a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wattlas {

/// `text` without control characters (a line break or tab becomes a space, anything else that a
/// terminal would act on becomes '?'), as valid UTF-8, and cut to about `longest` bytes with "...".
std::string plainText(std::string_view text, std::size_t longest = 1000);

/// A whole number, where all of `text` is one.
std::optional<std::int64_t> wholeNumber(std::string_view text);

}  // namespace wattlas
