// Reads a file with a library that was not made for hostile files, first in a process of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace wattlas {

/// Runs `read` in a child that may use memory and processor time in proportion to `fileBytes`.
/// What makes the library crash, run on or ask for all memory ends the child; the answer then says
/// so ("makes the HDF5 library crash ..."). Nothing when the child ended by itself, whether `read`
/// threw or not: reading again here then gives the data or a better message.
std::optional<std::string> readInChild(const std::function<void()>& read, std::uint64_t fileBytes);

}  // namespace wattlas
