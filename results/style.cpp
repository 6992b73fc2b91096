#include "results/style.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace wattlas {
namespace {

constexpr const char* ink = "#1f2933";
constexpr const char* darkInk = "#d7dee6";
constexpr const char* ground = "#ffffff";
constexpr const char* darkGround = "#11161c";

/// Colour between two colours of the form #rrggbb.
std::string between(const char* from, const char* to, double share) {
  std::string out = "#";
  for (std::size_t i = 1; i < 7; i += 2) {
    const int a = std::stoi(std::string(from + i, 2), nullptr, 16);
    const int b = std::stoi(std::string(to + i, 2), nullptr, 16);
    out += fmt::format("{:02x}", static_cast<int>(std::lround(a + share * (b - a))));
  }
  return out;
}

std::vector<DrawingStyle> makeStyles() {
  std::vector<DrawingStyle> all = {
      {.name = "bg", .fill = ground, .darkFill = darkGround},
      {.name = "title", .size = 14, .bold = true},
      {.name = "head", .size = 12, .bold = true},
      {.name = "small", .size = 10},
      {.name = "dim", .fill = "#566270", .darkFill = "#93a0ad"},
      {.name = "grid", .stroke = "#e3e8ee", .darkStroke = "#262e37"},
      {.name = "minor", .stroke = "#f1f4f7", .darkStroke = "#1a2027"},
      {.name = "axis", .stroke = "#8a96a3", .darkStroke = "#5d6975"},
      {.name = "front",
       .fill = "none",
       .stroke = "#66727f",
       .darkStroke = "#93a0ad",
       .dashed = true},
      {.name = "ring",
       .fill = "none",
       .stroke = "#8a5a00",
       .darkStroke = "#f0bf62",
       .width = 1.4,
       .dashed = true},
      {.name = "roof", .fill = "none", .stroke = "#66727f", .darkStroke = "#93a0ad", .width = 1.5},
      {.name = "mark", .stroke = ink, .darkStroke = darkInk, .width = 1.6},
      {.name = "lead", .stroke = "#a9b4bf", .darkStroke = "#4a5560", .width = 0.7},
      {.name = "curve",
       .fill = "none",
       .stroke = palette[0].light,
       .darkStroke = palette[0].dark,
       .width = 2},
      {.name = "band", .fill = palette[0].light, .darkFill = palette[0].dark, .opacity = 0.18},
      {.name = "absent", .fill = "#f1f4f7", .darkFill = "#1a2027"},
      {.name = "halo", .stroke = ground, .darkStroke = darkGround, .width = 3}};
  for (std::size_t i = 0; i < palette.size(); ++i) {
    all.push_back({.name = fmt::format("c{}", i),
                   .fill = palette[i].light,
                   .darkFill = palette[i].dark,
                   .stroke = ground,
                   .darkStroke = darkGround,
                   .width = 0.8});
    all.push_back({.name = fmt::format("o{}", i),
                   .fill = "none",
                   .stroke = palette[i].light,
                   .darkStroke = palette[i].dark,
                   .width = 1.2,
                   .opacity = 0.55});
  }
  for (int i = 0; i < heatSteps; ++i) {
    const double share = i / (heatSteps - 1.0);
    all.push_back({.name = heatClass(i),
                   .fill = between("#eaf0fa", "#1d2a86", share),
                   .darkFill = between("#1b2430", "#9cc0ff", share),
                   .stroke = ground,
                   .darkStroke = darkGround});
  }
  all.push_back({.name = "onlow", .fill = ink, .darkFill = darkInk});
  all.push_back({.name = "onhigh", .fill = ground, .darkFill = darkGround});
  return all;
}

std::string rule(const DrawingStyle& s, const std::string& fill, const std::string& stroke,
                 bool dark) {
  std::string css;
  if (!fill.empty()) css += ";fill:" + fill;
  if (!stroke.empty()) css += ";stroke:" + stroke;
  if (!dark) {
    if (!stroke.empty() && s.width != 1) css += fmt::format(";stroke-width:{}", s.width);
    if (s.dashed) css += ";stroke-dasharray:4 3";
    if (s.opacity < 1) css += fmt::format(";opacity:{}", s.opacity);
    if (s.size > 0) css += fmt::format(";font-size:{}px", s.size);
    if (s.bold) css += ";font-weight:600";
    if (s.name == "halo") css += ";paint-order:stroke;stroke-linejoin:round";
  }
  return css.empty() ? "" : "." + s.name + "{" + css.substr(1) + "}";
}

}  // namespace

const std::vector<DrawingStyle>& styles() {
  static const std::vector<DrawingStyle> all = makeStyles();
  return all;
}

const DrawingStyle* styleOf(std::string_view name) {
  for (const DrawingStyle& style : styles())
    if (style.name == name) return &style;
  return nullptr;
}

DrawingStyle combined(std::string_view names) {
  DrawingStyle out;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    if (const DrawingStyle* s = styleOf(names.substr(0, end))) {
      if (!s->fill.empty()) out.fill = s->fill;
      if (!s->stroke.empty()) {
        out.stroke = s->stroke;
        out.width = s->width;
      }
      out.dashed |= s->dashed;
      out.opacity *= s->opacity;
      out.bold |= s->bold;
      if (s->size > 0) out.size = s->size;
    }
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return out;
}

std::string styleSheet() {
  std::string light =
      fmt::format("text{{font:11px system-ui,-apple-system,'Segoe UI',sans-serif;fill:{}}}", ink);
  std::string dark = fmt::format("@media(prefers-color-scheme:dark){{text{{fill:{}}}", darkInk);
  for (const DrawingStyle& s : styles()) {
    light += rule(s, s.fill, s.stroke, false);
    dark += rule(s, s.darkFill, s.darkStroke, true);
  }
  return light + dark + "}";
}

std::string heatClass(int step) {
  return fmt::format("h{}", step);
}

std::string heatTextClass(int step) {
  return step < heatSteps / 2 ? "onlow" : "onhigh";
}

}  // namespace wattlas
