#include "results/svg.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <sstream>

#include "results/style.h"

namespace wattlas {
namespace {

using Corners = std::vector<std::pair<double, double>>;

std::string number(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

/// Control characters have no place in a picture.
std::string visible(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return escaped(out);
}

std::string closed(std::string_view tip, const char* element) {
  if (tip.empty()) return "/>\n";
  return "><title>" + visible(tip) + "</title></" + element + ">\n";
}

/// A regular polygon or star.
Corners around(double x, double y, double radius, int corners, double startDegrees,
               double innerRatio) {
  constexpr double degree = 3.14159265358979323846 / 180;
  Corners out;
  const int points = innerRatio < 1 ? 2 * corners : corners;
  for (int i = 0; i < points; ++i) {
    const double angle = (startDegrees + 360.0 * i / points) * degree;
    const double r = i % 2 == 1 ? radius * innerRatio : radius;
    out.emplace_back(x + r * std::cos(angle), y + r * std::sin(angle));
  }
  return out;
}

std::string pathData(const Corners& corners) {
  std::string path;
  for (const auto& [x, y] : corners)
    path += (path.empty() ? "M" : "L") + number(x) + " " + number(y);
  return path + "Z";
}

}  // namespace

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
    else
      out += c;
  }
  return out;
}

std::string fillClass(std::size_t colour) {
  return fmt::format("c{}", colour % colourCount);
}
std::string outlineClass(std::size_t colour) {
  return fmt::format("o{}", colour % colourCount);
}

Corners cornersOf(Shape shape, double x, double y, double r) {
  struct Form {
    double radius;
    int corners;
    double startDegrees, innerRatio;
  };
  static const std::map<Shape, Form> forms = {
      {Shape::square, {1.25, 4, 45, 1}},     {Shape::diamond, {1.3, 4, 0, 1}},
      {Shape::triangleUp, {1.4, 3, -90, 1}}, {Shape::triangleDown, {1.4, 3, 90, 1}},
      {Shape::hexagon, {1.15, 6, 0, 1}},     {Shape::plus, {1.4, 4, 0, 0.42}},
      {Shape::cross, {1.4, 4, 45, 0.42}},    {Shape::star, {1.5, 5, -90, 0.45}}};
  const auto form = forms.find(shape);
  if (form == forms.end()) return {};
  const auto& [radius, corners, startDegrees, innerRatio] = form->second;
  return around(x, y, r * radius, corners, startDegrees, innerRatio);
}

std::string Svg::point(double x, double y) {
  return number(x) + "," + number(y) + " ";
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view style) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", number(x1),
                       number(y1), number(x2), number(y2), style);
  parts_.push_back({.points = {{x1, y1}, {x2, y2}}, .style = std::string(style)});
}

void Svg::rect(double x, double y, double w, double h, std::string_view style,
               std::string_view tip) {
  body_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{}\"", number(x),
                       number(y), number(w), number(h), style) +
           closed(tip, "rect");
  parts_.push_back({.points = {{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}},
                    .closed = true,
                    .style = std::string(style)});
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
                       number(x), number(y), style, place, turn, visible(text));
  parts_.push_back({.kind = DrawnPart::Kind::text,
                    .points = {{x, y}},
                    .rotate = rotate,
                    .anchor = anchor,
                    .text = std::string(text),
                    .style = std::string(style)});
}

void Svg::polyline(std::string_view points, std::string_view style) {
  body_ += fmt::format("<polyline points=\"{}\" class=\"{}\"/>\n", points, style);
  DrawnPart part{.style = std::string(style)};
  std::istringstream in{std::string(points)};
  char comma = ',';
  for (double x = 0, y = 0; in >> x >> comma >> y;) part.points.emplace_back(x, y);
  parts_.push_back(std::move(part));
}

void Svg::mark(Shape shape, double x, double y, double radius, std::string_view style,
               std::string_view tip) {
  if (shape == Shape::circle) {
    body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"{}\"", number(x), number(y),
                         number(radius), style) +
             closed(tip, "circle");
    parts_.push_back({.kind = DrawnPart::Kind::circle,
                      .points = {{x, y}},
                      .radius = radius,
                      .style = std::string(style)});
    return;
  }
  body_ +=
      fmt::format("<path d=\"{}\" class=\"{}\"", pathData(cornersOf(shape, x, y, radius)), style) +
      closed(tip, "path");
  parts_.push_back(
      {.points = cornersOf(shape, x, y, radius), .closed = true, .style = std::string(style)});
}

void Svg::area(const Corners& corners, std::string_view style) {
  body_ += fmt::format("<path d=\"{}\" class=\"{}\"/>\n", pathData(corners), style);
  parts_.push_back({.points = corners, .closed = true, .style = std::string(style)});
}

std::string Svg::finish(std::string_view label) const {
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" "
             "width=\"{0}\" height=\"{1}\" role=\"img\" aria-label=\"{2}\">\n"
             "<style>{3}</style>\n<rect width=\"{0}\" height=\"{1}\" class=\"bg\"/>\n",
             number(width_), number(height_), visible(label), styleSheet()) +
         body_ + "</svg>\n";
}

}  // namespace wattlas
