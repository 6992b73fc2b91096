#include "results/svg.h"

#include <fmt/format.h>

#include <cmath>

#include "results/palette.h"

namespace wattlas {
namespace {

std::string number(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
  }
  return out;
}

std::string closed(std::string_view tip, const char* element) {
  if (tip.empty()) return "/>\n";
  return "><title>" + escaped(tip) + "</title></" + element + ">\n";
}

/// A regular polygon or star as path data.
std::string around(double x, double y, double radius, int corners, double startDegrees,
                   double innerRatio) {
  constexpr double degree = 3.14159265358979323846 / 180;
  std::string path;
  const int points = innerRatio < 1 ? 2 * corners : corners;
  for (int i = 0; i < points; ++i) {
    const double angle = (startDegrees + 360.0 * i / points) * degree;
    const double r = i % 2 == 1 ? radius * innerRatio : radius;
    path += (i == 0 ? "M" : "L") + number(x + r * std::cos(angle)) + " " +
            number(y + r * std::sin(angle));
  }
  return path + "Z";
}

std::string sheet() {
  std::string css =
      "text{font:11px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1f2933}"
      ".bg{fill:#fff}.title{font-size:14px;font-weight:600}.head{font-size:12px;font-weight:600}"
      ".small{font-size:10px}.dim{fill:#66727f}.grid{stroke:#e3e8ee}.minor{stroke:#f1f4f7}"
      ".axis{stroke:#8a96a3}.front{stroke:#66727f;stroke-dasharray:4 3;fill:none}"
      ".halo{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}"
      ".roof{stroke:#66727f;stroke-width:1.5;fill:none}.lead{stroke:#a9b4bf;stroke-width:.7}";
  for (std::size_t i = 0; i < palette.size(); ++i)
    css += fmt::format(
        ".c{0}{{fill:{1};stroke:#fff;stroke-width:.8}}"
        ".o{0}{{fill:none;stroke:{1};stroke-width:1.2;opacity:.55}}",
        i, palette[i].light);
  css +=
      "@media(prefers-color-scheme:dark){text{fill:#d7dee6}.bg{fill:#11161c}.dim{fill:#93a0ad}"
      ".grid{stroke:#262e37}.minor{stroke:#1a2027}.axis{stroke:#5d6975}"
      ".front,.roof{stroke:#93a0ad}.lead{stroke:#4a5560}.halo{stroke:#11161c}";
  for (std::size_t i = 0; i < palette.size(); ++i)
    css += fmt::format(".c{0}{{fill:{1};stroke:#11161c}}.o{0}{{stroke:{1}}}", i, palette[i].dark);
  return css + "}";
}

}  // namespace

std::string fillClass(std::size_t colour) {
  return fmt::format("c{}", colour % colourCount);
}
std::string outlineClass(std::size_t colour) {
  return fmt::format("o{}", colour % colourCount);
}

std::string Svg::point(double x, double y) {
  return number(x) + "," + number(y) + " ";
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view style) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", number(x1),
                       number(y1), number(x2), number(y2), style);
}

void Svg::rect(double x, double y, double w, double h, std::string_view style,
               std::string_view tip) {
  body_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{}\"", number(x),
                       number(y), number(w), number(h), style) +
           closed(tip, "rect");
}

void Svg::text(double x, double y, std::string_view text, std::string_view style, Anchor anchor,
               double rotate) {
  const char* place = anchor == Anchor::start    ? "start"
                      : anchor == Anchor::middle ? "middle"
                                                 : "end";
  const std::string turn = rotate == 0 ? ""
                                       : fmt::format(" transform=\"rotate({} {} {})\"",
                                                     number(rotate), number(x), number(y));
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\" text-anchor=\"{}\"{}>{}</text>\n",
                       number(x), number(y), style, place, turn, escaped(text));
}

void Svg::polyline(std::string_view points, std::string_view style) {
  body_ += fmt::format("<polyline points=\"{}\" class=\"{}\"/>\n", points, style);
}

void Svg::mark(Shape shape, double x, double y, double radius, std::string_view style,
               std::string_view tip) {
  if (shape == Shape::circle) {
    body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"{}\"", number(x), number(y),
                         number(radius), style) +
             closed(tip, "circle");
    return;
  }
  // Radii that give all shapes about the same area.
  const double r = radius;
  std::string path;
  switch (shape) {
    case Shape::square:
      path = around(x, y, r * 1.25, 4, 45, 1);
      break;
    case Shape::diamond:
      path = around(x, y, r * 1.3, 4, 0, 1);
      break;
    case Shape::triangleUp:
      path = around(x, y, r * 1.4, 3, -90, 1);
      break;
    case Shape::triangleDown:
      path = around(x, y, r * 1.4, 3, 90, 1);
      break;
    case Shape::hexagon:
      path = around(x, y, r * 1.15, 6, 0, 1);
      break;
    case Shape::plus:
      path = around(x, y, r * 1.4, 4, 0, 0.42);
      break;
    case Shape::cross:
      path = around(x, y, r * 1.4, 4, 45, 0.42);
      break;
    default:
      path = around(x, y, r * 1.5, 5, -90, 0.45);
  }
  body_ += fmt::format("<path d=\"{}\" class=\"{}\"", path, style) + closed(tip, "path");
}

std::string Svg::finish(std::string_view label) const {
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" "
             "width=\"{0}\" height=\"{1}\" role=\"img\" aria-label=\"{2}\">\n"
             "<style>{3}</style>\n<rect width=\"{0}\" height=\"{1}\" class=\"bg\"/>\n",
             number(width_), number(height_), escaped(label), sheet()) +
         body_ + "</svg>\n";
}

}  // namespace wattlas
