// Drawings as PDF, with libHaru: no fonts of the machine and no time go in, so that equal drawings
// give equal bytes everywhere.
#include <hpdf.h>

#include <cmath>
#include <map>
#include <memory>
#include <stdexcept>

#include "results/style.h"
#include "results/svg.h"

namespace wattlas {
namespace {

constexpr double pointsPerPixel = 0.75;
constexpr double plainText = 11;  ///< pixels, as in the style sheet
constexpr const char* defaultInk = "#1f2933";

HPDF_REAL real(double v) {
  return static_cast<HPDF_REAL>(v);
}

/// The standard fonts know the letters of Windows-1252.
std::string windows1252(std::string_view utf8) {
  static const std::map<unsigned, char> special = {
      {0x20AC, '\x80'}, {0x2026, '\x85'}, {0x2018, '\x91'}, {0x2019, '\x92'}, {0x201C, '\x93'},
      {0x201D, '\x94'}, {0x2022, '\x95'}, {0x2013, '\x96'}, {0x2014, '\x97'}, {0x2212, '-'}};
  std::string out;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto first = static_cast<unsigned char>(utf8[i]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    unsigned code = first < 0x80 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < utf8.size(); ++k)
      code = code << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3FU);
    i += length;
    if (code >= 0x20 && (code < 0x7F || (code >= 0xA0 && code < 0x100)))
      out += static_cast<char>(code);
    else if (const auto known = special.find(code); known != special.end())
      out += known->second;
    else if (code >= 0x20)
      out += '?';
  }
  return out;
}

struct Rgb {
  HPDF_REAL r, g, b;
};
Rgb rgb(const std::string& hex) {
  const auto part = [&](std::size_t at) {
    return real(std::stoi(hex.substr(at, 2), nullptr, 16) / 255.0);
  };
  return {part(1), part(3), part(5)};
}

class Page {
 public:
  Page(double width, double height, std::string_view title)
      : doc_(HPDF_New(nullptr, nullptr), HPDF_Free), height_(height) {
    if (!doc_) throw std::bad_alloc();
    HPDF_SetCompressionMode(doc_.get(), HPDF_COMP_ALL);
    HPDF_SetInfoAttr(doc_.get(), HPDF_INFO_TITLE, windows1252(title).c_str());
    plain_ = HPDF_GetFont(doc_.get(), "Helvetica", "WinAnsiEncoding");
    bold_ = HPDF_GetFont(doc_.get(), "Helvetica-Bold", "WinAnsiEncoding");
    page_ = HPDF_AddPage(doc_.get());
    HPDF_Page_SetWidth(page_, real(width * pointsPerPixel));
    HPDF_Page_SetHeight(page_, real(height * pointsPerPixel));
    HPDF_Page_Concat(page_, real(pointsPerPixel), 0, 0, real(pointsPerPixel), 0, 0);
  }

  void draw(const DrawnPart& part) {
    DrawingStyle style = combined(part.style);
    HPDF_Page_GSave(page_);
    if (style.opacity < 1) HPDF_Page_SetExtGState(page_, alpha(style.opacity));
    if (part.kind == DrawnPart::Kind::text) {
      text(part, style);
    } else {
      // An area without a colour is black in SVG; a line is never filled here.
      const bool fill = (part.closed || part.kind == DrawnPart::Kind::circle) &&
                        !style.fill.empty() && style.fill != "none";
      if (fill) {
        const Rgb c = rgb(style.fill);
        HPDF_Page_SetRGBFill(page_, c.r, c.g, c.b);
      }
      if (!style.stroke.empty()) {
        const Rgb c = rgb(style.stroke);
        HPDF_Page_SetRGBStroke(page_, c.r, c.g, c.b);
        HPDF_Page_SetLineWidth(page_, real(style.width));
        static constexpr HPDF_UINT16 dashes[] = {4, 3};
        if (style.dashed) HPDF_Page_SetDash(page_, dashes, 2, 0);
      }
      if (fill || !style.stroke.empty()) path(part, fill, !style.stroke.empty());
    }
    HPDF_Page_GRestore(page_);
  }

  std::string bytes() {
    if (HPDF_SaveToStream(doc_.get()) != HPDF_OK || HPDF_GetError(doc_.get()) != HPDF_OK)
      throw std::runtime_error("libHaru cannot make the PDF");
    HPDF_UINT32 size = HPDF_GetStreamSize(doc_.get());
    std::string out(size, '\0');
    HPDF_ReadFromStream(doc_.get(), reinterpret_cast<HPDF_BYTE*>(out.data()), &size);
    out.resize(size);
    return out;
  }

 private:
  HPDF_REAL up(double y) const { return real(height_ - y); }

  HPDF_ExtGState alpha(double opacity) {
    HPDF_ExtGState& state = alphas_[opacity];
    if (state == nullptr) {
      state = HPDF_CreateExtGState(doc_.get());
      HPDF_ExtGState_SetAlphaFill(state, real(opacity));
      HPDF_ExtGState_SetAlphaStroke(state, real(opacity));
    }
    return state;
  }

  void path(const DrawnPart& part, bool fill, bool stroke) {
    if (part.points.empty()) return;
    const auto& [x0, y0] = part.points.front();
    if (part.kind == DrawnPart::Kind::circle) {
      HPDF_Page_Circle(page_, real(x0), up(y0), real(part.radius));
    } else {
      HPDF_Page_MoveTo(page_, real(x0), up(y0));
      for (std::size_t i = 1; i < part.points.size(); ++i)
        HPDF_Page_LineTo(page_, real(part.points[i].first), up(part.points[i].second));
      if (part.closed) HPDF_Page_ClosePath(page_);
    }
    if (fill && stroke)
      HPDF_Page_FillStroke(page_);
    else if (fill)
      HPDF_Page_Fill(page_);
    else
      HPDF_Page_Stroke(page_);
  }

  void text(const DrawnPart& part, const DrawingStyle& style) {
    const std::string words = windows1252(part.text);
    HPDF_Page_SetFontAndSize(page_, style.bold ? bold_ : plain_,
                             real(style.size > 0 ? style.size : plainText));
    const double width = HPDF_Page_TextWidth(page_, words.c_str());
    const double shift = part.anchor == Anchor::start ? 0 : part.anchor == Anchor::middle ? 0.5 : 1;
    constexpr double degree = 3.14159265358979323846 / 180;
    const double c = std::cos(-part.rotate * degree), s = std::sin(-part.rotate * degree);
    const double x = part.points.front().first - shift * width * c;
    const double y = height_ - part.points.front().second - shift * width * s;
    const auto show = [&](const std::string& colour, HPDF_TextRenderingMode mode) {
      const Rgb ink = rgb(colour);
      HPDF_Page_SetRGBFill(page_, ink.r, ink.g, ink.b);
      HPDF_Page_SetRGBStroke(page_, ink.r, ink.g, ink.b);
      HPDF_Page_SetTextRenderingMode(page_, mode);
      HPDF_Page_BeginText(page_);
      HPDF_Page_SetTextMatrix(page_, real(c), real(s), real(-s), real(c), real(x), real(y));
      HPDF_Page_ShowText(page_, words.c_str());
      HPDF_Page_EndText(page_);
    };
    if (!style.stroke.empty()) {  // a halo behind the letters
      HPDF_Page_SetLineWidth(page_, real(style.width));
      show(style.stroke, HPDF_STROKE);
    }
    show(style.fill.empty() || style.fill == "none" ? defaultInk : style.fill, HPDF_FILL);
  }

  std::unique_ptr<std::remove_pointer_t<HPDF_Doc>, void (*)(HPDF_Doc)> doc_;
  HPDF_Page page_ = nullptr;
  HPDF_Font plain_ = nullptr, bold_ = nullptr;
  std::map<double, HPDF_ExtGState> alphas_;
  double height_;
};

}  // namespace

std::string Svg::pdf(std::string_view title) const {
  Page page(width_, height_, title);
  for (const DrawnPart& part : parts_) page.draw(part);
  return page.bytes();
}

}  // namespace wattlas
