// Colours of families and categories: the same in pictures and reports.
#pragma once

#include <array>
#include <cstddef>

namespace wattlas {

inline constexpr std::size_t colourCount = 10;

/// Chosen by search so that any two are told apart with normal sight and with each of the three
/// colour-vision deficiencies, and all have contrast 3:1 with their ground (tests/results/
/// palette_test.cpp). `light` stands on white, `dark` on near-black; equal places have equal hues.
struct Colour {
  const char* light;
  const char* dark;
};
inline constexpr std::array<Colour, colourCount> palette = {{
    {"#2d36b5", "#5c94ed"},  // blue
    {"#9a5c0f", "#eda544"},  // orange
    {"#4e9265", "#c5f3b9"},  // green
    {"#8e5dcb", "#7457d9"},  // purple
    {"#f95284", "#c23f0a"},  // red
    {"#05a2c2", "#6be2fb"},  // cyan
    {"#674920", "#b68961"},  // brown
    {"#979a10", "#fdd837"},  // yellow
    {"#616162", "#a5abb8"},  // grey
    {"#850374", "#9b5785"},  // magenta
}};

}  // namespace wattlas
