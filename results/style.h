// How the classes of a drawing look, in SVG (light and dark) and in PDF (light).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wattlas {

/// One class. Empty colours are not drawn; `none` is written where a default must be switched off.
struct DrawingStyle {
  std::string name;
  std::string fill = {}, darkFill = {}, stroke = {}, darkStroke = {};
  double width = 1;  ///< of the stroke, pixels
  bool dashed = false;
  double opacity = 1;
  double size = 0;  ///< of text, pixels; 0 = the size of plain text (11)
  bool bold = false;
};

const std::vector<DrawingStyle>& styles();
/// A class by its name; nullptr = unknown.
const DrawingStyle* styleOf(std::string_view name);
/// The classes named in a text ("small dim"), later ones over earlier ones.
DrawingStyle combined(std::string_view names);
/// The style sheet of an SVG.
std::string styleSheet();

/// Class of step 0..9 of a scale from little to much, and of the text that stands on it.
inline constexpr int heatSteps = 10;
std::string heatClass(int step);
std::string heatTextClass(int step);

// Colours of families and categories: the same in pictures and reports.

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
