// Small pictures of shapes with style classes (results/style.h). As SVG: light and dark by the
// viewer's preference, no scripts, no fonts, no links. As PDF: light, one page, standard fonts.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wattlas {

/// Marks of device families; each can be told from the others without colour.
enum class Shape { circle, square, diamond, triangleUp, triangleDown, hexagon, plus, cross, star };
enum class Anchor { start, middle, end };

/// Corners of a mark, clockwise; empty for the circle. Radii that give all shapes about one area.
std::vector<std::pair<double, double>> cornersOf(Shape shape, double x, double y, double radius);

/// What was drawn, for the PDF.
struct DrawnPart {
  enum class Kind { path, circle, text } kind = Kind::path;
  std::vector<std::pair<double, double>> points = {};  ///< path: corners; others: the place
  bool closed = false;
  double radius = 0, rotate = 0;  ///< pixels, degrees clockwise
  Anchor anchor = Anchor::start;
  std::string text = {}, style = {};
};

class Svg {
 public:
  /// Size in pixels; the picture scales with its container.
  Svg(double width, double height) : width_(width), height_(height) {}

  void line(double x1, double y1, double x2, double y2, std::string_view style);
  void rect(double x, double y, double w, double h, std::string_view style,
            std::string_view tip = {});
  void text(double x, double y, std::string_view text, std::string_view style,
            Anchor anchor = Anchor::start, double rotate = 0);
  /// A filled area with these corners.
  void area(const std::vector<std::pair<double, double>>& corners, std::string_view style);
  /// An open line through points given as "x,y x,y ..." (see point()).
  void polyline(std::string_view points, std::string_view style);
  /// `style` names fill and stroke; `tip` is shown by a viewer under the pointer.
  void mark(Shape shape, double x, double y, double radius, std::string_view style,
            std::string_view tip = {});
  /// The finished picture; `label` describes it to readers who cannot see it.
  std::string finish(std::string_view label) const;
  /// The same as PDF. Equal drawings give equal bytes. Letters outside of Western European ones
  /// appear as '?', because the standard fonts have no others.
  std::string pdf(std::string_view title) const;

  static std::string point(double x, double y);

 private:
  double width_, height_;
  std::string body_;
  std::vector<DrawnPart> parts_;
};

/// Text as it stands in XML and HTML.
std::string escaped(std::string_view text);

/// Style class of colour 0..9: `c0` fills, `o0` draws an outline; from Svg's own sheet.
std::string fillClass(std::size_t colour);
std::string outlineClass(std::size_t colour);

}  // namespace wattlas
