// How the classes of a drawing look, in SVG (light and dark) and in PDF (light).
#pragma once

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

}  // namespace wattlas
