// Small SVG pictures written by hand: shapes with style classes, light and dark by the viewer's
// preference, no scripts, no fonts, no links.
#pragma once

#include <string>
#include <string_view>

namespace wattlas {

/// Marks of device families; each can be told from the others without colour.
enum class Shape { circle, square, diamond, triangleUp, triangleDown, hexagon, plus, cross, star };
enum class Anchor { start, middle, end };

class Svg {
 public:
  /// Size in pixels; the picture scales with its container.
  Svg(double width, double height) : width_(width), height_(height) {}

  void line(double x1, double y1, double x2, double y2, std::string_view style);
  void rect(double x, double y, double w, double h, std::string_view style,
            std::string_view tip = {});
  void text(double x, double y, std::string_view text, std::string_view style,
            Anchor anchor = Anchor::start, double rotate = 0);
  /// An open line through points given as "x,y x,y ..." (see point()).
  void polyline(std::string_view points, std::string_view style);
  /// `style` names fill and stroke; `tip` is shown by a viewer under the pointer.
  void mark(Shape shape, double x, double y, double radius, std::string_view style,
            std::string_view tip = {});
  /// The finished picture; `label` describes it to readers who cannot see it.
  std::string finish(std::string_view label) const;

  static std::string point(double x, double y);

 private:
  double width_, height_;
  std::string body_;
};

/// Style class of colour 0..9: `c0` fills, `o0` draws an outline; from Svg's own sheet.
std::string fillClass(std::size_t colour);
std::string outlineClass(std::size_t colour);

}  // namespace wattlas
